//! Tickets as their owners have them: pictures in mails, read by a QR reader.

use super::{
    World, book,
    client::{Client, Reply},
    read_qr,
};
use crate::harness::Person;
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};
use std::borrow::Borrow;

/// The texts of the QR codes in a mail, in order.
pub(crate) async fn codes_in(world: &World, mail: &Value) -> Vec<String> {
    let path = format!("/_local/mails/{}", mail["mailId"].as_str().expect("an id"));
    let raw = world.anyone().get(&path).await.expect(200).bytes;
    let mail = MessageParser::default().parse(&raw).expect("a MIME message");
    let pictures = mail.attachments().filter(|part| part.content_id().is_some());
    pictures.map(|picture| read_qr(picture.contents())).collect()
}

/// The codes of the latest ticket mail to `person`.
pub(crate) async fn mailed_codes(world: &World, person: &Person) -> Vec<String> {
    for mail in world.mails_to(person.identity.email.as_str()).await.iter().rev() {
        let codes = codes_in(world, mail).await;
        if !codes.is_empty() {
            return codes;
        }
    }
    panic!("no mail with tickets");
}

/// The codes of all mails to `person`.
pub(crate) async fn all_mailed_codes(world: &World, person: &Person) -> Vec<String> {
    let mut codes = Vec::new();
    for mail in world.mails_to(person.identity.email.as_str()).await {
        codes.extend(codes_in(world, &mail).await);
    }
    codes
}

/// Scans `code` at the door of `performance`.
pub(crate) async fn scan(organizer: &impl Borrow<Client>, performance: &str, code: &str) -> Reply {
    organizer.borrow().post("/check-ins", json!({"performanceId": performance, "code": code})).await
}

/// Tickets of one reservation, and the door that they open.
pub(crate) struct Tickets {
    pub(crate) owner: Person,
    pub(crate) organizer: Person,
    pub(crate) performance: String,
    /// `/reservations/{reservationId}`.
    pub(crate) reservation: String,
    pub(crate) ids: Vec<String>,
    /// The codes as mailed.
    pub(crate) codes: Vec<String>,
}

impl Tickets {
    /// Buys `seats` of a new performance.
    pub(crate) async fn buy(world: &World, seats: &[&str]) -> Self {
        let performance = world.performance(json!({"maxSeatsPerMember": 50})).await;
        let owner = world.member(1_000_000).await;
        let reservation = format!("/reservations/{}", book(&owner, &performance, seats).await.text("reservationId"));
        let codes = mailed_codes(world, &owner).await;
        assert_eq!(codes.len(), seats.len());
        let found = owner.get(&reservation).await.expect(200);
        let tickets = found.json["tickets"].as_array().expect("tickets").clone();
        let ids = tickets.iter().map(|one| one["ticketId"].as_str().expect("an id").to_owned()).collect();
        Self { owner, organizer: world.organizer().await, performance, reservation, ids, codes }
    }

    /// Scans the code at the door of its performance.
    pub(crate) async fn scan(&self, code: &str) -> Reply {
        scan(&self.organizer, &self.performance, code).await
    }

    /// The request body of a scanner that read the code.
    pub(crate) fn scan_body(&self, code: &str) -> Value {
        json!({"performanceId": self.performance, "code": code})
    }

    /// Reissues the ticket with that index.
    pub(crate) async fn reissue(&self, index: usize) -> Reply {
        self.owner.post(&format!("/tickets/{}/reissue", self.ids[index]), Value::Null).await
    }

    /// Requests the mail again.
    pub(crate) async fn mail_again(&self) -> Reply {
        self.owner.post(&format!("{}/ticket-mail", self.reservation), Value::Null).await
    }

    /// The code in `qr.png` of the ticket with that index.
    pub(crate) async fn shown(&self, index: usize) -> String {
        read_qr(&self.owner.get(&format!("/tickets/{}/qr.png", self.ids[index])).await.expect(200).bytes)
    }
}
