//! What is there at the start: an organizer, and members and performances to try things with.

use frontrow_domain::{
    Error, Result,
    ids::MemberId,
    member::{Email, Member, Name, Password, Role},
};
use frontrow_edge::{App, entropy, passwords};
use std::{fs, path::Path};
use tokio::sync::OnceCell;

/// The organizer's address.
pub(crate) const ORGANIZER: &str = "organizer@example.com";

/// The members' addresses and names.
const MEMBERS: [(&str, &str); 2] = [("alice@example.com", "Alice"), ("bob@example.com", "Bob")];

/// Everybody's password.
const PASSWORD: &str = "frontrow-demo";

/// Plants the seeds, once where `marker` is kept with the data. Each of them is planted only where it is missing, so a
/// start that was cut short is made good by the next.
pub(crate) async fn plant(app: &App, demo: bool, marker: Option<&Path>) -> Result<(), String> {
    if marker.is_some_and(Path::exists) {
        return Ok(());
    }
    let planted = async {
        member(app, ORGANIZER, "Organizer", Role::Organizer).await?;
        if demo {
            for (address, name) in MEMBERS {
                member(app, address, name, Role::Member).await?;
            }
        }
        Ok::<(), Error>(())
    };
    planted.await.map_err(|error| format!("plant the seeds: {error}"))?;
    marker.map_or(Ok(()), |marker| fs::write(marker, "")).map_err(|error| format!("plant the seeds: {error}"))
}

/// A constant address.
pub(crate) fn email(address: &str) -> Email {
    Email::try_from(address.to_owned()).expect("the seeds' addresses are valid")
}

async fn member(app: &App, address: &str, name: &str, role: Role) -> Result<MemberId> {
    let member = Member {
        member_id: MemberId(entropy::fresh_uuid()),
        email: email(address),
        name: Name::try_from(name.to_owned()).expect("the seeds' names are valid"),
        role,
        alerts: Vec::new(),
        created_at: app.clock.now(),
    };
    match app.store.create_member(&member, password_hash().await?, None).await {
        Ok(()) => Ok(member.member_id),
        Err(Error::EmailTaken) => {
            let known = app.store.credentials(&member.email).await?.ok_or(Error::EmailTaken)?;
            Ok(known.member.member_id)
        }
        Err(error) => Err(error),
    }
}

/// Made once per process: it is slow on purpose, and there are processes with many stacks.
async fn password_hash() -> Result<String> {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let password = || Password::try_from(PASSWORD.to_owned()).expect("the seeds' password is valid");
    HASH.get_or_try_init(|| passwords::hash(password())).await.cloned()
}
