//! Records as the stream delivers them.

use super::*;
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
        "cancelled_at": {"NULL": true},
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
        "verification_id": {"S": "v1"}, "email": {"S": "a@example.com"}, "expires_at": {"N": "600000"}, "attempts": {"N": "0"},
    })
}

fn said(name: &str, old: Option<Value>, new: Option<Value>) -> Option<String> {
    mail_of(&record(name, old, new)).unwrap().map(|mail| message::encode(&mail))
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

#[test]
fn a_verification_is_announced_when_it_is_new() {
    let message = r#"{"kind":"code","verificationId":"v1"}"#.to_owned();
    assert_eq!(said("INSERT", None, Some(verification())), Some(message));
    let mut guessed = verification();
    guessed["attempts"] = json!({"N": "1"});
    assert_eq!(said("MODIFY", Some(verification()), Some(guessed)), None);
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
    assert!(mail_of(&record("INSERT", None, Some(broken))).is_err());
}
