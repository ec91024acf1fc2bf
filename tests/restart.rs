//! `--data DIR` and `kill -9`: everything acknowledged with 2xx is still there, and unsent mail is sent.

use crate::{
    faults::number_of,
    harness::{binaries, client::Client, hold, pay},
};
use frontrow_domain::ids::ReservationId;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinSet,
};

/// A local stack in its own process.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) anyone: Client,
}

impl Process {
    pub(crate) async fn start(data: &Path) -> Self {
        let mut child = Command::new(binaries::local())
            .args(["--port", "0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the local stack starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let port = loop {
            let line = lines.next_line().await.expect("readable").expect("the banner names the port");
            let port = line
                .split("localhost:")
                .nth(1)
                .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
            if let Some(port) = port.filter(|port| !port.is_empty()) {
                break port;
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let anyone = Client::new(reqwest::Client::new(), format!("http://localhost:{port}"));
        anyone.get("/_local/ready").await.expect(200);
        Self { child, anyone }
    }

    async fn log_in(&self, who: &str) -> Client {
        let body = json!({"email": format!("{who}@example.com"), "password": "frontrow-demo"});
        self.anyone.with_login(&self.anyone.post("/sessions", body).await.expect(200).text("accessToken"))
    }

    async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }
}

/// Everything acknowledged with 2xx.
#[derive(Default)]
struct Acknowledged {
    top_ups: Vec<Value>,
    payments: Vec<Value>,
}

type Shared = Arc<Mutex<Acknowledged>>;

/// Books and tops up until the process is gone.
async fn load(client: Client, performance: String, row: usize, known: Shared) {
    let known = |note: &dyn Fn(&mut Acknowledged)| note(&mut known.lock().unwrap_or_else(PoisonError::into_inner));
    for number in 1.. {
        let Some(topped) = client.attempt("POST", "/points/top-ups", Some(json!({"amount": 10_000}))).await else {
            return;
        };
        known(&|all| all.top_ups.push(topped.json["entryId"].clone()));
        let seats = json!({"seatIds": [format!("A-{row}-{number}")]});
        let Some(held) = client.attempt("POST", &format!("/performances/{performance}/holds"), Some(seats)).await
        else {
            return;
        };
        if held.status != 201 {
            continue;
        }
        let body = json!({"holdId": held.json["holdId"], "method": "points"});
        let Some(paid) = client.attempt("POST", "/payments", Some(body)).await else { return };
        if paid.status == 201 {
            known(&|all| all.payments.push(paid.json.clone()));
        }
    }
}

/// Mails of one queue that are sent at the same time. Those that the mail service has accepted when the process dies
/// are sent again, because nothing can be recorded at the same moment.
const MAILS_AT_ONCE: usize = 10;

/// `KILLS=30` kills thirty times.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_by_kill_9() {
    let data = tempfile::tempdir().expect("a folder");
    let known = Shared::default();
    let kills = number_of("KILLS").unwrap_or(3);
    for round in 1..=kills {
        let process = Process::start(data.path()).await;
        let performance = list(&process).await;
        let mut crowd = JoinSet::new();
        for (row, who) in [(1, "alice"), (2, "bob")] {
            let client = process.log_in(who).await;
            crowd.spawn(load(client, performance.clone(), row, Arc::clone(&known)));
        }
        let enough = || known.lock().unwrap_or_else(PoisonError::into_inner).payments.len() as u64 >= 2 * round;
        while !enough() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(200 * (1 + round % 3) + fastrand::u64(..200))).await;
        process.kill().await;
        crowd.join_all().await;
    }

    let process = Process::start(data.path()).await;
    let (alice, bob) = (process.log_in("alice").await, process.log_in("bob").await);
    let (mut entries, mut payments) = (Vec::new(), Vec::new());
    for client in [&alice, &bob] {
        entries.extend(client.all("/points/entries").await.into_iter().map(|entry| entry["entryId"].clone()));
        payments.extend(client.all("/payments").await);
    }
    {
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in &known.top_ups {
            assert!(entries.contains(entry), "the top-up {entry} is lost");
        }
        for payment in &known.payments {
            assert!(payments.contains(payment), "the payment {payment} is lost");
        }
    }
    let again = every_reservation_is_mailed(&process, &payments).await;
    println!("{kills} kills: {} ticket mails, {again} of them sent again", payments.len());
    assert!(again <= MAILS_AT_ONCE * usize::try_from(kills).expect("few"), "{again} mails were sent again");

    // Afterwards it works as before.
    let performance = list(&process).await;
    let held = hold(&alice, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    pay(&alice, &held).await.expect(201);
    process.kill().await;
}

async fn list(process: &Process) -> String {
    let organizer = process.log_in("organizer").await;
    let venue = format!("Hall {}", fastrand::u64(..));
    let show = json!({"title": "Aida", "category": "musical", "venue": venue});
    let show = organizer.post("/shows", show).await.expect(201).text("showId");
    let seating = json!({"type": "numbered", "sections": [{"name": "A", "grade": "R", "price": 10_000, "rows": 2, "seatsPerRow": 100}]});
    let body = json!({"startsAt": "2099-12-24T10:30:00Z", "maxSeatsPerMember": 50, "seating": seating});
    organizer.post(&format!("/shows/{show}/performances"), body).await.expect(201).text("performanceId")
}

/// The reference in mails for the reservation in `answer`.
fn reference(answer: &Value) -> String {
    let id = answer["reservationId"].as_str().and_then(|id| id.parse::<ReservationId>().ok());
    id.expect("a reservation's id").booking_reference().to_string()
}

/// Each reservation is mailed. Returns how many mails were sent again: each process but the last was killed, and may
/// have died between a mail's acceptance and its marker.
async fn every_reservation_is_mailed(process: &Process, payments: &[Value]) -> usize {
    let references: Vec<String> = payments.iter().map(reference).collect();
    for _ in 0..900 {
        let mails = process.anyone.get("/_local/mails").await.expect(200).json;
        let texts: Vec<String> = mails.as_array().into_iter().flatten().map(|mail| mail["text"].to_string()).collect();
        let times = |reference: &String| texts.iter().filter(|text| text.contains(reference)).count();
        let times: Vec<usize> = references.iter().map(times).collect();
        if !times.contains(&0) {
            return times.iter().sum::<usize>() - times.len();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("some reservations are not mailed");
}

/// Other accounts of the machine can read neither the table nor the mails nor the keys.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn stored_data_is_readable_only_by_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("new");
    let process = Process::start(&data).await;
    process.anyone.post("/email-verifications", json!({"email": "kim@example.com"})).await.expect(202);
    while process.anyone.get("/_local/mails").await.expect(200).json.as_array().is_none_or(Vec::is_empty) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (mut folders, mut files) = (vec![data], 0);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let mode = fs::metadata(&path).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} has {mode:o}", path.display());
            if path.is_dir() { folders.push(path) } else { files += 1 }
        }
    }
    assert!(files >= 4, "table, keys and a mail: {files}");
    process.kill().await;
}

/// An interrupted cancellation by an organizer is completed by the next process: everybody is refunded once and
/// notified.
#[tokio::test(flavor = "multi_thread")]
async fn an_organizers_cancellation_completes_after_kill_9() {
    const EACH: usize = 25;
    let data = tempfile::tempdir().expect("a folder");
    let process = Process::start(data.path()).await;
    let performance = list(&process).await;
    for (row, who) in [(1, "alice"), (2, "bob")] {
        let client = process.log_in(who).await;
        for number in 1..=EACH {
            let held = hold(&client, &performance, &[&format!("A-{row}-{number}")]).await.expect(201).text("holdId");
            pay(&client, &held).await.expect(201);
        }
    }
    let path = format!("/performances/{performance}/cancellation");
    process.log_in("organizer").await.post(&path, json!({"reason": "Flood"})).await.expect(202);
    tokio::time::sleep(Duration::from_millis(fastrand::u64(..300))).await;
    process.kill().await;

    let process = Process::start(data.path()).await;
    for who in ["alice", "bob"] {
        let client = process.log_in(who).await;
        let cancelled = async || {
            let all = client.all("/reservations").await;
            all.iter().filter(|one| one["cancelReason"] == "Flood").count()
        };
        let mut tries = 0;
        while cancelled().await < EACH {
            tries += 1;
            assert!(tries < 300, "{} of {EACH} are cancelled", cancelled().await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(client.get("/points").await.number("balance"), 1_000_000, "{who} is refunded once");
        every_cancellation_is_mailed(&process, &client).await;
    }
    process.kill().await;
}

/// Once; twice only if the process was killed between the mail's acceptance and its marker.
async fn every_cancellation_is_mailed(process: &Process, client: &Client) {
    let reservations = client.all("/reservations").await;
    for _ in 0..300 {
        let mails = process.anyone.get("/_local/mails").await.expect(200).json;
        let texts = mails.as_array().into_iter().flatten().map(|mail| mail["text"].as_str().unwrap_or_default());
        let texts: Vec<&str> = texts.filter(|text| text.contains("Flood")).collect();
        let times = |reservation: &Value| {
            let reference = reference(reservation);
            texts.iter().filter(|text| text.contains(&reference)).count()
        };
        assert!(reservations.iter().all(|one| times(one) <= 2), "a member was notified more than twice");
        if reservations.iter().all(|one| times(one) > 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not every member is notified");
}
