//! Seed data for a new stack: an organizer, and members and performances to try.

use crate::data::write_private;
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{EntryId, MemberId, ShowId},
    member::{EmailAddress, Language, Member, Name, Password, Role},
    money::Won,
    performance::{Performance, PerformanceDetails},
    show::{Show, ShowDetails},
    time::UtcTime,
    wallet::{Change, EntryKind},
};
use frontrow_edge::{App, entropy, keys::KeyRing};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::Path;
use tokio::sync::Mutex;

/// The organizer's address.
pub(crate) const ORGANIZER: &str = "organizer@example.com";

/// The members' addresses and names.
pub(crate) const MEMBERS: [(&str, &str); 2] = [("alice@example.com", "Alice"), ("bob@example.com", "Bob")];

/// Password of all seeded members.
pub(crate) const PASSWORD: &str = "frontrow-demo";

/// Initial points of each member.
const POINTS: Won = Won(1_000_000);

/// Maximum number of seats per member and performance.
const SEATS_EACH: u32 = 20;

/// Creates the seed data, once if `marker` is stored with the data. Each item is created only if it is missing, so an
/// interrupted start is completed by the next. Returns whether any were to be created.
pub(crate) async fn create(app: &App, demo: bool, marker: Option<&Path>) -> Result<bool, String> {
    if marker.is_some_and(Path::exists) {
        return Ok(false);
    }
    let created = async {
        member(app, ORGANIZER, "Organizer", Role::Organizer).await?;
        if demo {
            for (address, name) in MEMBERS {
                let member_id = member(app, address, name, Role::Member).await?;
                give_points(app, &member_id).await?;
            }
            let show = show(app).await?;
            performance(app, &show, "demo", 30, &seats(), &Value::Null).await?;
            performance(app, &show, "demo-queue", 31, &seats(), &json!({"maxActive": 10})).await?;
            performance(app, &show, "demo-general", 32, &places(), &Value::Null).await?;
        }
        Ok::<(), Error>(())
    };
    created.await.map_err(|error| format!("create the demo data: {error}"))?;
    marker
        .map_or(Ok(()), |marker| write_private(marker, b""))
        .map_err(|error| format!("create the demo data: {error}"))?;
    Ok(true)
}

/// A constant address.
pub(crate) fn email(address: &str) -> EmailAddress {
    EmailAddress::try_from(address.to_owned()).expect("the seeds' addresses are valid")
}

async fn member(app: &App, address: &str, name: &str, role: Role) -> Result<MemberId> {
    let member = Member {
        member_id: MemberId(entropy::fresh_uuid()),
        email: email(address),
        name: Name::try_from(name.to_owned()).expect("the seeds' names are valid"),
        role,
        // The language of the page and guides that name these members.
        language: Language::En,
        alerts: Vec::new(),
        created_at: app.clock.now(),
    };
    match app.store.create_member(&member, password_hash(app).await?, None).await {
        Ok(()) => Ok(member.member_id),
        Err(Error::EmailTaken) => {
            let known = app.store.credentials(&member.email).await?.ok_or(Error::EmailTaken)?;
            Ok(known.member.member_id)
        }
        Err(error) => Err(error),
    }
}

async fn give_points(app: &App, member_id: &MemberId) -> Result<()> {
    if app.store.wallet(member_id).await?.balance > Won(0) {
        return Ok(());
    }
    let change = Change {
        entry_id: EntryId::new(entropy::fresh_uuid()),
        kind: EntryKind::TopUp,
        amount: POINTS,
        reservation_id: None,
        created_at: app.clock.now(),
    };
    app.store.top_up(member_id, &change, None).await.map(drop)
}

async fn show(app: &App) -> Result<Show> {
    // Lists order shows by id, newest first; this id is older than any other.
    let id: ShowId = "00-demo".parse().expect("the seeds' ids are valid");
    if let Some(existing) = app.store.show(&id).await? {
        return Ok(existing);
    }
    let details = parsed::<ShowDetails>(json!({
        "title": "The Opening Night",
        "category": "musical",
        "venue": "Front Row Hall",
        "runningMinutes": 150,
        "description": "A show to try frontrow with.",
    }));
    let show = Show::new(id, details, app.clock.now());
    app.store.create_show(&show).await?;
    Ok(show)
}

/// A house of 50 seats in three grades.
fn seats() -> Value {
    json!({"type": "numbered", "sections": [
        {"name": "A", "grade": "R", "price": 120_000, "rows": 2, "seatsPerRow": 10},
        {"name": "B", "grade": "S", "price": 80_000, "rows": 2, "seatsPerRow": 10},
        {"name": "C", "grade": "A", "price": 50_000, "rows": 1, "seatsPerRow": 10},
    ]})
}

/// A general admission house of 300 places.
fn places() -> Value {
    json!({"type": "general", "areas": [
        {"grade": "Standing", "price": 60_000, "capacity": 200},
        {"grade": "Balcony", "price": 40_000, "capacity": 100},
    ]})
}

/// A performance of `seating`, on sale, that starts at 19:30 Korean time, `days` from now.
async fn performance(app: &App, show: &Show, id: &str, days: i64, seating: &Value, waiting_room: &Value) -> Result<()> {
    let now = app.clock.now();
    let midnight = Timestamp::from_millis(now.millis() - now.millis().rem_euclid(86_400_000));
    let details = parsed::<PerformanceDetails>(json!({
        "startsAt": UtcTime(midnight.plus_seconds(days * 86_400 + 37_800)),
        "seating": seating,
        "waitingRoom": waiting_room,
        // High enough for several bookings while trying things out.
        "maxSeatsPerMember": SEATS_EACH,
    }));
    let waiting_room = details.waiting_room.map(|policy| (policy, details.shards));
    let id = id.parse().expect("the seeds' ids are valid");
    let performance = Performance::new(id, show.show_id.clone(), details, now);
    match app.store.create_performance(&performance, show, waiting_room).await {
        Err(Error::SlotTaken) => Ok(()),
        made => made,
    }
}

/// Deserializes seed data in the format of a client's request.
fn parsed<T: DeserializeOwned>(seed: Value) -> T {
    serde_json::from_value(seed).expect("the seeds are valid")
}

/// Cached per process and pepper: hashing is slow on purpose, and some processes run many stacks.
async fn password_hash(app: &App) -> Result<String> {
    static HASHES: Mutex<Vec<(KeyRing, String)>> = Mutex::const_new(Vec::new());
    let mut hashes = HASHES.lock().await;
    let peppers = &app.config.secrets.password_peppers;
    if let Some((_, hash)) = hashes.iter().find(|(ring, _)| ring == peppers) {
        return Ok(hash.clone());
    }
    let password = Password::try_from(PASSWORD.to_owned()).expect("the seeds' password is valid");
    let hash = app.passwords.hash(password).await?;
    hashes.push((peppers.clone(), hash.clone()));
    Ok(hash)
}
