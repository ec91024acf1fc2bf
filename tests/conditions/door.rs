//! Guards of tickets after their sale.

use super::{GuardResult, ensure, interlude::Interlude};
use crate::harness::{Person, World, door::Tickets};
use frontrow_domain::{
    ids::{EntryId, ReservationId},
    performance::Reason,
    reservation::CancelReason,
};
use frontrow_edge::{App, entropy};
use serde_json::{Value, json};

/// The organizer cancels the reservation.
async fn take_back(app: App, owner: Person, reservation: String) {
    let id: ReservationId = reservation.trim_start_matches("/reservations/").parse().expect("an id");
    let reason = CancelReason::Organizer(Reason::try_from("fire".to_owned()).expect("a reason"));
    let entry_id = EntryId::new(entropy::fresh_uuid());
    let (member, now) = (owner.identity.member_id, app.clock.now());
    app.store.cancel_reservation(&member, &id, reason, entry_id, now).await.expect("they are taken back");
}

async fn balance(tickets: &Tickets) -> i64 {
    tickets.owner.get("/points").await.number("balance")
}

async fn mails(world: &World, tickets: &Tickets) -> usize {
    world.mails_to(tickets.owner.identity.email.as_str()).await.len()
}

pub(super) async fn the_organizer_refunds_once(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1"]).await;
    let app = world.app().clone();
    let cancellation = take_back(app.clone(), tickets.owner.clone(), tickets.reservation.clone());
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", cancellation)));
    take_back(app, tickets.owner.clone(), tickets.reservation.clone()).await;
    let left = balance(&tickets).await;
    ensure(left == 1_000_000, || format!("taken back twice, {left} of 1000000 are there"))
}

pub(super) async fn a_ticket_used_meanwhile_is_not_refunded(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
    let (organizer, body) = (tickets.organizer.clone(), tickets.scan_body(&tickets.codes[1]));
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        organizer.post("/check-ins", body).await.expect(201);
    })));
    let answer = tickets.owner.delete(&tickets.reservation).await;
    let left = balance(&tickets).await;
    ensure(answer.status == 409 && left == 900_000, || format!("a used ticket was refunded: {answer:?}, {left}"))
}

pub(super) async fn a_ticket_lets_in_once(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1"]).await;
    tickets.scan(&tickets.codes[0]).await.expect(201);
    let second = tickets.scan(&tickets.codes[0]).await;
    ensure(second.status == 409, || "one ticket was used twice".to_owned())
}

pub(super) async fn a_cancelled_ticket_lets_nobody_in(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1"]).await;
    tickets.owner.delete(&tickets.reservation).await.expect(200);
    let answer = tickets.scan(&tickets.codes[0]).await;
    ensure(answer.status == 409, || "a refunded ticket was accepted".to_owned())
}

pub(super) async fn a_void_code_lets_nobody_in(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1"]).await;
    tickets.reissue(0).await.expect(200);
    let answer = tickets.scan(&tickets.codes[0]).await;
    ensure(answer.status == 409, || "a void code was accepted".to_owned())
}

pub(super) async fn a_ticket_used_meanwhile_is_not_reissued(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1"]).await;
    let (organizer, body) = (tickets.organizer.clone(), tickets.scan_body(&tickets.codes[0]));
    world.wire.intercept(Some(Interlude::before_update("#generations", async move {
        organizer.post("/check-ins", body).await.expect(201);
    })));
    let answer = tickets.reissue(0).await;
    ensure(answer.status == 409, || "a used ticket was reissued".to_owned())
}

pub(super) async fn a_ticket_cancelled_meanwhile_is_not_reissued(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1"]).await;
    let (owner, reservation) = (tickets.owner.clone(), tickets.reservation.clone());
    world.wire.intercept(Some(Interlude::before_update("#generations", async move {
        owner.delete(&reservation).await.expect(200);
    })));
    let answer = tickets.reissue(0).await;
    ensure(answer.status == 404, || "a cancelled ticket was reissued".to_owned())
}

pub(super) async fn two_reissues_at_once_have_two_mails(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
    let (owner, other) = (tickets.owner.clone(), format!("/tickets/{}/reissue", tickets.ids[1]));
    world.wire.intercept(Some(Interlude::before_update("#generations", async move {
        owner.post(&other, Value::Null).await.expect(200);
    })));
    tickets.reissue(0).await.expect(200);
    let mails = mails(world, &tickets).await;
    ensure(mails == 3, || format!("{mails} mails of a payment and two reissues"))
}

pub(super) async fn tickets_cancelled_meanwhile_are_not_mailed(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1"]).await;
    let (owner, reservation) = (tickets.owner.clone(), tickets.reservation.clone());
    world.wire.intercept(Some(Interlude::before_update("#mailing", async move {
        owner.delete(&reservation).await.expect(200);
    })));
    let answer = tickets.mail_again().await;
    ensure(answer.status == 409, || "a mail with cancelled tickets was promised".to_owned())
}

pub(super) async fn a_late_request_takes_no_number_back(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1"]).await;
    let (owner, path) = (tickets.owner.clone(), format!("{}/ticket-mail", tickets.reservation));
    world.wire.intercept(Some(Interlude::before_update("#mailing", async move {
        for _ in 0..2 {
            owner.post(&path, json!(null)).await.expect(202);
        }
    })));
    tickets.mail_again().await.expect(202);
    world.settle().await;
    tickets.mail_again().await.expect(202);
    let mails = mails(world, &tickets).await;
    ensure(mails == 4, || format!("{mails} mails, though the last request was a new one"))
}

pub(super) async fn each_code_of_a_ticket_lets_in(world: &World) -> GuardResult {
    let tickets = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
    let first = tickets.scan(&tickets.codes[0]).await;
    ensure(first.status == 201, || format!("a ticket is not accepted: {first:?}"))?;
    tickets.reissue(1).await.expect(200);
    let reissued = tickets.scan(&tickets.shown(1).await).await;
    ensure(reissued.status == 201, || format!("a reissued ticket is not accepted: {reissued:?}"))
}
