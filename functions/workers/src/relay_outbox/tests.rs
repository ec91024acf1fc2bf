//! Tests with records as the stream delivers them.

use super::*;
use crate::fakes::{Scripted, Service};
use frontrow_domain::{
    ids::{MemberId, ReservationId},
    mailing::Occasion,
};
use serde_json::{Value, json};

const MEMBER: &str = "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005";
const RESERVATION: &str = "r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo";

fn record(name: &str, old: Option<Value>, new: Option<Value>) -> EventRecord {
    let mut change = json!({
        "ApproximateCreationDateTime": 1_764_547_200,
        "Keys": {"pk": {"S": "k"}, "sk": {"S": "k"}},
        "SequenceNumber": "111", "SizeBytes": 26, "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    if let Some(old) = old {
        change["OldImage"] = old;
    }
    if let Some(new) = new {
        change["NewImage"] = new;
    }
    serde_json::from_value(json!({
        "eventID": "1", "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "ap-northeast-2", "dynamodb": change, "eventSourceARN": "arn:aws:dynamodb:ap-northeast-2:1:table/t/stream/1",
    }))
    .unwrap()
}

fn reservation(status: &str) -> Value {
    json!({
        "pk": {"S": format!("member#{MEMBER}")}, "sk": {"S": "reservation#x"}, "entity": {"S": "reservation"},
        "reservation_id": {"S": RESERVATION}, "status": {"S": status}, "created_at": {"N": "1764547200000"},
        "cancelled_at": {"NULL": true}, "cancel_reason": {"NULL": true}, "mailing": {"M": {"number": {"N": "0"}}},
        "layout": {"N": "1"}, "method": {"S": "points"}, "door": {"M": {"check_ins": {"M": {}}, "generations": {"M": {}}}},
        "sold": {"M": {
            "show_id": {"S": "s1"}, "show_title": {"S": "Aida"}, "poster_url": {"NULL": true}, "venue": {"S": "Hall"},
            "time_zone": {"S": "Asia/Seoul"}, "performance_id": {"S": "demo"}, "starts_at": {"N": "1764633600000"},
        }},
        "buyer": {"M": {
            "member_id": {"S": MEMBER}, "email": {"S": "alice@example.com"}, "name": {"S": "Alice"}, "language": {"S": "ko"},
        }},
        "seats": {"L": [{"M": {"seat_id": {"S": "A-1-7"}, "block": {"N": "0"}, "grade": {"S": "VIP"}, "price": {"N": "1"}}}]},
    })
}

fn with_marker(mut image: Value, name: &str) -> Value {
    image[name] = json!({"M": {"claimed_by": {"S": "x"}, "lease_until": {"N": "5"}, "status": {"S": "queued"}}});
    image
}

fn verification() -> Value {
    json!({
        "pk": {"S": "verification#v1"}, "sk": {"S": "verification"}, "entity": {"S": "verification"},
        "verification_id": {"S": "v1"}, "email": {"S": "a@example.com"}, "language": {"S": "ko"}, "expires_at": {"N": "600000"},
        "attempts": {"N": "0"},
    })
}

fn said(name: &str, old: Option<Value>, new: Option<Value>) -> Option<String> {
    let messages = messages_of(&record(name, old, new)).unwrap();
    let is_mail = |message: &Outgoing| matches!(message.queue, Queue::Mails | Queue::Codes | Queue::Alerts);
    messages.into_iter().find(is_mail).map(|message| message.body)
}

fn message_about_reservation(kind: &str) -> Option<String> {
    Some(format!(r#"{{"kind":"{kind}","memberId":"{MEMBER}","reservationId":"{RESERVATION}"}}"#))
}

#[test]
fn a_reservation_is_announced_when_it_is_confirmed_and_when_it_is_cancelled() {
    let (pending, confirmed, cancelled) = (reservation("pending"), reservation("confirmed"), reservation("cancelled"));
    assert_eq!(said("INSERT", None, Some(confirmed.clone())), message_about_reservation("ticket"));
    assert_eq!(said("INSERT", None, Some(pending.clone())), None);
    assert_eq!(said("MODIFY", Some(pending), Some(confirmed.clone())), message_about_reservation("ticket"));
    assert_eq!(said("MODIFY", Some(confirmed), Some(cancelled)), message_about_reservation("cancellation"));
}

fn by_card(status: &str, state: &str) -> Value {
    let mut image = reservation(status);
    image["card"] = json!({"M": {"state": {"S": state}, "deadline": {"N": "5"}, "token": {"S": "tok_secret"}}});
    image
}

#[test]
fn a_payment_by_card_is_due_when_it_is_accepted_and_when_it_is_to_be_given_back() {
    let due = |old: Option<Value>, new: Value| {
        let name = if old.is_some() { "MODIFY" } else { "INSERT" };
        let sent = messages_of(&record(name, old, Some(new))).unwrap();
        let of_payments: Vec<_> = sent.into_iter().filter(|one| one.queue == Queue::Payments).collect();
        assert!(of_payments.iter().all(|one| !one.body.contains("tok") && one.delay_seconds == 0));
        of_payments.into_iter().map(|one| one.body).next()
    };
    let said = Some(format!(r#"{{"memberId":"{MEMBER}","reservationId":"{RESERVATION}"}}"#));
    let pending = by_card("pending", "pending");
    assert_eq!(due(None, pending.clone()), said);
    assert_eq!(due(Some(pending.clone()), by_card("cancelled", "voiding")), said);
    assert_eq!(due(Some(by_card("confirmed", "approved")), by_card("cancelled", "refund_due")), said);
    for (before, after) in [
        (pending.clone(), with_marker(pending.clone(), "ticket_mail")),
        (pending.clone(), by_card("confirmed", "approved")),
        (pending, by_card("cancelled", "declined")),
        (by_card("cancelled", "voiding"), by_card("cancelled", "voided")),
        (by_card("cancelled", "refund_due"), by_card("cancelled", "refunded")),
        (reservation("confirmed"), reservation("cancelled")),
    ] {
        assert_eq!(due(Some(before), after), None);
    }
    assert_eq!(due(None, reservation("confirmed")), None);
}

#[test]
fn a_show_is_announced_to_each_part_of_its_subscribers_when_it_is_new() {
    let show = |entity: &str| {
        let details = json!({"M": {"title": {"S": "Aida"}, "category": {"S": "musical"}, "venue": {"S": "Hall"}}});
        json!({
            "pk": {"S": "shows"}, "sk": {"S": "s1"}, "entity": {"S": entity}, "show_id": {"S": "s1"}, "details": details,
            "created_at": {"N": "1764547200000"}, "edition": {"N": "1"}, "performances": {"N": "0"},
            "first_starts_at": {"NULL": true}, "last_starts_at": {"NULL": true},
        })
    };
    let sent = |name: &str, old, new| messages_of(&record(name, old, new)).unwrap();
    let announced = sent("INSERT", None, Some(show("show")));
    assert!(announced.iter().all(|one| one.queue == Queue::Announcements));
    let bodies: Vec<_> = announced.into_iter().map(|one| one.body).collect();
    let body = |shard: u8| format!(r#"{{"showId":"s1","category":"musical","shard":{shard}}}"#);
    assert_eq!(bodies, (0..8).map(body).collect::<Vec<_>>());
    assert!(sent("MODIFY", Some(show("show")), Some(show("show"))).is_empty(), "a change is not news");
    assert!(sent("INSERT", None, Some(show("listed_show"))).is_empty(), "its other orders are the same show");
    assert!(sent("REMOVE", Some(show("show")), None).is_empty());
}

#[test]
fn tickets_are_mailed_again_when_that_was_asked_for_and_once_for_each_number() {
    let mut asked = reservation("confirmed");
    asked["mailing"] =
        json!({"M": {"number": {"N": "2"}, "occasion": {"S": "reissue"}, "hour": {"N": "9"}, "asked": {"N": "1"}}});
    let message =
        message_about_reservation("ticket").map(|one| one.replace('}', r#","number":2,"occasion":"reissue"}"#));
    assert_eq!(said("MODIFY", Some(reservation("confirmed")), Some(asked.clone())), message);
    assert_eq!(said("MODIFY", Some(asked.clone()), Some(with_marker(asked, "ticket_mail_2"))), None);
}

#[test]
fn a_new_password_is_relayed_once() {
    let used = |purpose: &str| {
        let mut used = verification();
        used["used_for"] = json!({"S": purpose});
        used
    };
    let message = r#"{"kind":"password","verificationId":"v1"}"#.to_owned();
    assert_eq!(said("MODIFY", Some(verification()), Some(used("password"))), Some(message));
    assert_eq!(said("MODIFY", Some(verification()), Some(used("sign_up"))), None);
    let marked = with_marker(used("password"), "password_mail");
    assert_eq!(said("MODIFY", Some(used("password")), Some(marked)), None);
}

#[test]
fn a_renamed_or_deleted_member_is_relayed_once() {
    let member = |name: &str, at: i64| {
        json!({
            "pk": {"S": "m"}, "sk": {"S": "profile"}, "entity": {"S": "member"}, "member_id": {"S": MEMBER},
            "name": {"S": name}, "changed_at": {"N": at.to_string()}, "alerts": {"L": []},
        })
    };
    let sent = |old: &Value, new: &Value| messages_of(&record("MODIFY", Some(old.clone()), Some(new.clone()))).unwrap();
    let said = |at: i64| format!(r#"{{"kind":"member","memberId":"{MEMBER}","changedAt":{at}}}"#);
    let (zoe, yuna, again) = (member("Zoe", 5), member("Yuna", 7), member("Xena", 7));
    let mut gone = member("", 8);
    gone.as_object_mut().unwrap().remove("name");
    for (old, new, at) in [(&zoe, &yuna, 7), (&yuna, &again, 7), (&again, &gone, 8)] {
        let messages = sent(old, new);
        assert_eq!(messages.iter().map(|one| one.body.clone()).collect::<Vec<_>>(), [said(at)]);
        assert!(messages.iter().all(|one| one.queue == Queue::Cancellations && one.delay_seconds == 0));
    }
    let mut alerted = zoe.clone();
    alerted["alerts"] = json!({"L": [{"S": "musical"}]});
    assert!(sent(&zoe, &alerted).is_empty());
}

#[test]
fn a_verification_is_announced_when_it_is_new() {
    let message = r#"{"kind":"code","verificationId":"v1"}"#.to_owned();
    assert_eq!(said("INSERT", None, Some(verification())), Some(message));
    let mut guessed = verification();
    guessed["attempts"] = json!({"N": "1"});
    assert_eq!(said("MODIFY", Some(verification()), Some(guessed)), None);
}

fn performance(cancelled: bool) -> Value {
    let mut image = json!({
        "pk": {"S": "performance#p1"}, "sk": {"S": "performance"}, "entity": {"S": "performance"},
        "performance_id": {"S": "p1"}, "show_id": {"S": "s1"}, "starts_at": {"N": "1764633600000"},
        "sales_open_at": {"NULL": true}, "sales_close_at": {"N": "1764633600000"}, "max_seats_per_member": {"N": "4"},
        "hold_seconds": {"N": "300"}, "layout": {"N": "1"}, "has_waiting_room": {"BOOL": false},
        "created_at": {"N": "1764547200000"}, "revision": {"N": "1"},
        "seating": {"M": {"type": {"S": "general"}, "areas": {"L": [
            {"M": {"grade": {"S": "Standing"}, "price": {"N": "1"}, "capacity": {"N": "1"}}},
        ]}}},
    });
    if cancelled {
        image["cancellation"] = json!({"M": {"reason": {"S": "Rain"}, "cancelled_at": {"N": "5"}}});
    }
    image
}

#[test]
fn a_performance_that_becomes_cancelled_ends_its_reservations_once() {
    let said = |old, new| messages_of(&record("MODIFY", old, new)).unwrap();
    let begun = said(Some(performance(false)), Some(performance(true)));
    assert_eq!(
        begun,
        [Outgoing::now(Queue::Cancellations, r#"{"kind":"performance","performanceId":"p1"}"#.to_owned())]
    );
    assert!(said(None, Some(performance(false))).is_empty());
    assert!(said(Some(performance(true)), Some(performance(true))).is_empty());
    assert!(said(Some(performance(true)), None).is_empty());
    let mut date = performance(true);
    date["entity"] = json!({"S": "date"});
    assert!(said(Some(performance(false)), Some(date)).is_empty());
}

#[test]
fn markers_collected_garbage_and_other_items_tell_nobody_anything() {
    let (confirmed, cancelled) = (reservation("confirmed"), reservation("cancelled"));
    let claimed = with_marker(confirmed.clone(), "ticket_mail");
    assert_eq!(said("MODIFY", Some(confirmed), Some(claimed.clone())), None);
    assert_eq!(said("MODIFY", Some(cancelled.clone()), Some(with_marker(cancelled, "cancellation_mail"))), None);
    assert_eq!(said("MODIFY", Some(verification()), Some(with_marker(verification(), "code_mail"))), None);
    assert_eq!(said("REMOVE", Some(verification()), None), None);
    assert_eq!(said("REMOVE", Some(claimed), None), None);
    let wallet = json!({"pk": {"S": "p"}, "sk": {"S": "wallet"}, "entity": {"S": "wallet"}, "seq": {"N": "1"}});
    assert_eq!(said("INSERT", None, Some(wallet)), None);
    let unnamed = json!({"pk": {"S": "p"}, "sk": {"S": "s"}});
    assert_eq!(said("INSERT", None, Some(unnamed)), None);
}

#[test]
fn a_reservation_that_cannot_be_read_is_not_passed_over() {
    let mut broken = reservation("confirmed");
    broken["buyer"] = json!({"S": "nobody"});
    assert!(messages_of(&record("INSERT", None, Some(broken))).is_err());
}

fn accepting(ids: impl IntoIterator<Item = usize>) -> Scripted {
    let entry = |id: usize| json!({"Id": id.to_string(), "MessageId": "m", "MD5OfMessageBody": "x"});
    let successful: Vec<_> = ids.into_iter().map(entry).collect();
    Scripted::Answer(200, json!({"Successful": successful, "Failed": []}).to_string())
}

/// Records numbered from 0, of which every second one leads to a message.
fn event(count: usize) -> Event {
    let numbered = |number: usize| {
        let new = if number.is_multiple_of(2) { verification() } else { json!({"entity": {"S": "seat"}}) };
        let mut record = record("INSERT", None, Some(new));
        record.change.sequence_number = Some(number.to_string());
        record
    };
    let mut event = Event::default();
    event.records = (0..count).map(numbered).collect();
    event
}

async fn relayed(event: Event, said: Vec<Scripted>) -> (Option<String>, Vec<usize>) {
    let sqs = Service::default();
    sqs.script(said);
    let urls = [(Queue::Codes, "http://service.invalid/q".to_owned())].into();
    let relay = RelayOutbox::new(Sender::new(sqs.aws().sqs(), urls));
    let response = relay.handle(event).await.unwrap();
    assert!(response.batch_item_failures.len() <= 1);
    let failed = response.batch_item_failures.into_iter().next().and_then(|failure| failure.item_identifier);
    let sizes = sqs.received().iter().map(|body| body.matches("verificationId").count()).collect();
    (failed, sizes)
}

/// Mails that anyone can request, and mails to many members, do not delay the mails about purchases.
#[test]
fn each_kind_of_mail_has_its_queue() {
    let (member_id, reservation_id): (MemberId, ReservationId) =
        (MEMBER.parse().unwrap(), RESERVATION.parse().unwrap());
    let of = |kind: &str| match kind {
        "ticket" => MailJob::Ticket {
            member_id,
            reservation_id: reservation_id.clone(),
            number: 0,
            occasion: Occasion::Payment,
        },
        "cancellation" => MailJob::Cancellation { member_id, reservation_id: reservation_id.clone() },
        "alert" => MailJob::Alert { member_id, show_id: "show".parse().unwrap() },
        "password" => MailJob::Password { verification_id: "v".parse().unwrap() },
        _ => MailJob::Code { verification_id: "v".parse().unwrap() },
    };
    let queues = MailJob::KINDS.map(|kind| (kind, Outgoing::mail(&of(kind)).queue));
    let expected = [Queue::Mails, Queue::Mails, Queue::Alerts, Queue::Codes, Queue::Mails];
    assert_eq!(queues.map(|(_, queue)| queue), expected, "{queues:?}");
}

#[tokio::test]
async fn a_batch_is_relayed_ten_messages_at_a_time() {
    assert_eq!(
        relayed(event(48), vec![accepting(0..10), accepting(0..10), accepting(0..4)]).await,
        (None, vec![10, 10, 4])
    );
    assert_eq!(relayed(Event::default(), vec![]).await, (None, vec![]));
}

#[tokio::test]
async fn the_stream_comes_back_with_the_first_record_whose_message_was_not_accepted() {
    let third_missing = accepting((0..10).filter(|id| *id != 3));
    assert_eq!(relayed(event(48), vec![accepting(0..10), third_missing]).await, (Some("26".to_owned()), vec![10, 10]));
    let refusal = || Scripted::Answer(400, json!({"__type": "QueueDoesNotExist"}).to_string());
    assert_eq!(relayed(event(48), vec![accepting(0..10), refusal()]).await, (Some("20".to_owned()), vec![10, 10]));
}

#[tokio::test]
async fn what_comes_before_a_record_that_cannot_be_read_is_relayed_and_nothing_after_it() {
    let mut event = event(48);
    event.records[5] = record("INSERT", None, Some(json!({"entity": {"S": "reservation"}})));
    event.records[5].change.sequence_number = Some("5".to_owned());
    assert_eq!(relayed(event, vec![accepting(0..3)]).await, (Some("5".to_owned()), vec![3]));
}
