//! Tests the mailer against an embedded DynamoDB and a scripted mail service.

use super::*;
use crate::fakes::{Scripted, Service, TABLE, losing_answers, table};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Timestamp,
    ids::{MemberId, ReservationId, VerificationId},
    limits::VERIFICATION_SECONDS,
    mailing::Occasion,
    member::{EmailAddress, Language},
    reservation::MailStatus,
    verification::Verification,
};
use frontrow_edge::{clock::Clock, keys::KeyRing, limits::MAIL_LEASE_SECONDS, secrets::Secrets};
use serde_json::json;

const RESERVATION: &str = "r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo";
const MEMBER: &str = "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005";

struct World {
    mailer: TicketMailer,
    ses: Service,
    dynamodb: aws_sdk_dynamodb::Client,
}

fn accepted() -> Scripted {
    let answer = "<SendRawEmailResponse><SendRawEmailResult><MessageId>m</MessageId></SendRawEmailResult></SendRawEmailResponse>";
    Scripted::Answer(200, answer.to_owned())
}

fn refused(status: u16) -> Scripted {
    let answer = "<ErrorResponse><Error><Type>Sender</Type><Code>MessageRejected</Code></Error></ErrorResponse>";
    Scripted::Answer(status, answer.to_owned())
}

fn code(id: &str) -> MailJob {
    MailJob::Code { verification_id: id.parse().unwrap() }
}

fn ticket() -> MailJob {
    let (member_id, reservation_id) = (MEMBER.parse().unwrap(), RESERVATION.parse().unwrap());
    MailJob::Ticket { member_id, reservation_id, number: 0, occasion: Occasion::Payment }
}

impl World {
    async fn new() -> Self {
        Self::over(&Aws::emulated(&table().await))
    }

    fn over(aws: &Aws) -> Self {
        let vars = |name: &str| match name {
            "TABLE_NAME" => Some(TABLE.to_owned()),
            _ => None,
        };
        let signing_keys = KeyRing::parse(r#"{"current":"a","a":"00000000000000000000000000000000"}"#).unwrap();
        let secrets = Secrets { signing_keys, ..Secrets::default() };
        let config = Config { secrets, ..Config::from_vars(&vars).unwrap() };
        let app = App::new(config, aws, Clock::default());
        let ses = Service::default();
        Self { mailer: TicketMailer::new(app, ses.aws().ses()), ses, dynamodb: aws.dynamodb() }
    }

    fn now(&self) -> Timestamp {
        self.mailer.app.clock.now()
    }

    async fn verify(&self, id: &str) -> MailJob {
        let id: VerificationId = id.parse().unwrap();
        let email = EmailAddress::try_from(format!("{id}@example.com")).unwrap();
        let verification = Verification::new(id, email, Language::En, self.now());
        self.mailer.app.store.start_verification(&verification, self.now()).await.unwrap();
        code(verification.verification_id.as_str())
    }

    async fn reserve(&self, status: &str) {
        let reservation = json!({
            "pk": format!("member#{MEMBER}"), "sk": format!("reservation#{}", &RESERVATION[2..]), "entity": "reservation",
            "reservation_id": RESERVATION, "status": status, "method": "points", "layout": 1, "created_at": 0,
            "buyer": {"member_id": MEMBER, "email": "alice@example.com", "name": "Alice", "language": "en"},
            "sold": {
                "show_id": "s", "show_title": "Aida", "venue": "Hall", "time_zone": "Asia/Seoul",
                "performance_id": "demo", "starts_at": 1_798_108_200_000_i64,
            },
            "seats": [{"seat_id": "A-1-7", "block": 0, "grade": "VIP", "price": 150_000}],
            "door": {"check_ins": {}, "generations": {}}, "mailing": {"number": 0},
        });
        let item = serde_dynamo::to_item(reservation).unwrap();
        self.dynamodb.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    /// Delivers messages as one batch, and returns the indexes of those that failed.
    async fn deliver(&self, bodies: &[String], receive: u32) -> Vec<usize> {
        let record = |(index, body): (usize, &String)| {
            json!({
                "messageId": index.to_string(), "receiptHandle": "r", "body": body, "messageAttributes": {},
                "attributes": {"ApproximateReceiveCount": receive.to_string()},
            })
        };
        let records: Vec<_> = bodies.iter().enumerate().map(record).collect();
        let event = serde_json::from_value(json!({"Records": records})).unwrap();
        let response = self.mailer.handle(event).await.unwrap();
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.parse().unwrap()).collect()
    }

    async fn deliver_one(&self, mail: &MailJob, receive: u32) -> bool {
        self.deliver(&[message::encode(mail)], receive).await.is_empty()
    }

    async fn claim(&self, mail: &MailJob) -> Claim {
        self.mailer.app.store.claim_mail(mail, self.now(), MAIL_LEASE_SECONDS, MailStatus::Queued).await.unwrap()
    }

    /// Status of the ticket mail, as the buyer sees it.
    async fn ticket_mail(&self) -> MailStatus {
        let (member, id): (MemberId, ReservationId) = (MEMBER.parse().unwrap(), RESERVATION.parse().unwrap());
        self.mailer.app.store.booked(&member, &id).await.unwrap().unwrap().ticket_mail()
    }
}

#[tokio::test]
async fn an_accepted_mail_is_sent_once() {
    let world = World::new().await;
    world.reserve("confirmed").await;
    world.ses.script([accepted()]);
    assert_eq!(world.ticket_mail().await, MailStatus::Queued);
    assert!(world.deliver_one(&ticket(), 1).await);
    assert_eq!(world.ticket_mail().await, MailStatus::Sent);
    world.mailer.app.clock.advance_seconds(3600);
    assert!(world.deliver_one(&ticket(), 1).await, "a duplicate is done");
    assert_eq!(world.ses.received().len(), 1);
    assert!(world.ses.received()[0].contains("Destinations.member.1=alice%40example.com"));
}

#[tokio::test]
async fn a_cancelled_reservation_gets_its_cancellation_mail_but_no_tickets() {
    let world = World::new().await;
    world.reserve("cancelled").await;
    assert!(world.deliver_one(&ticket(), 1).await);
    assert!(world.ses.received().is_empty());
    world.ses.script([accepted()]);
    let (member_id, reservation_id) = (MEMBER.parse().unwrap(), RESERVATION.parse().unwrap());
    assert!(world.deliver_one(&MailJob::Cancellation { member_id, reservation_id }, 1).await);
    assert_eq!(world.ses.received().len(), 1);
}

#[tokio::test]
async fn a_leased_mail_is_not_acknowledged_until_the_lease_expires() {
    let world = World::new().await;
    let mail = world.verify("v").await;
    assert!(matches!(world.claim(&mail).await, Claim::Granted(_)));
    assert!(!world.deliver_one(&mail, 1).await);
    assert!(world.ses.received().is_empty());
    world.mailer.app.clock.advance_seconds(u32::try_from(MAIL_LEASE_SECONDS).unwrap());
    world.ses.script([accepted()]);
    assert!(world.deliver_one(&mail, 2).await);
    assert_eq!(world.ses.received().len(), 1);
}

#[tokio::test]
async fn a_refused_mail_is_released_at_once_and_an_unanswered_one_is_not() {
    let world = World::new().await;
    for (id, status) in [("a", 400), ("b", 454), ("c", 503)] {
        let mail = world.verify(id).await;
        world.ses.script([refused(status), accepted()]);
        assert!(!world.deliver_one(&mail, 1).await, "{status}");
        assert!(world.deliver_one(&mail, 2).await, "{status}");
    }
    for (id, said) in [("d", Scripted::Nothing), ("e", refused(500))] {
        let mail = world.verify(id).await;
        world.ses.script([said]);
        assert!(!world.deliver_one(&mail, 1).await);
        assert!(!world.deliver_one(&mail, 2).await, "it may have been accepted");
        world.mailer.app.clock.advance_seconds(u32::try_from(MAIL_LEASE_SECONDS).unwrap());
        world.ses.script([accepted()]);
        assert!(world.deliver_one(&mail, 3).await);
    }
    assert_eq!(world.ses.received().len(), 3 * 2 + 2 * 2);
}

/// Throttling does not count as a refusal: a rush would soon use up five receives.
#[tokio::test]
async fn a_throttled_mail_is_retried() {
    let throttled = Scripted::Answer(
        400,
        "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Maximum sending rate exceeded.\
         </Message></Error></ErrorResponse>"
            .to_owned(),
    );
    let world = World::new().await;
    let mail = world.verify("a").await;
    world.ses.script([throttled.clone(), throttled, accepted()]);
    assert!(world.deliver_one(&mail, 1).await);
    assert_eq!(world.ses.received().len(), 3);
}

#[tokio::test]
async fn the_last_failed_receive_marks_the_mail_and_a_redrive_sends_it() {
    let world = World::new().await;
    world.reserve("confirmed").await;
    world.ses.script([refused(400), refused(400)]);
    assert!(!world.deliver_one(&ticket(), 4).await);
    assert_eq!(world.ticket_mail().await, MailStatus::Queued);
    assert!(!world.deliver_one(&ticket(), 5).await);
    assert_eq!(world.ticket_mail().await, MailStatus::Failed);
    world.ses.script([accepted()]);
    assert!(world.deliver_one(&ticket(), 1).await);
    assert_eq!(world.ticket_mail().await, MailStatus::Sent);
}

#[tokio::test]
async fn the_last_receive_fails_an_abandoned_mail_that_may_still_be_marked_sent() {
    let world = World::new().await;
    world.reserve("confirmed").await;
    let Claim::Granted(claimed) = world.claim(&ticket()).await else { panic!("it is free") };
    assert!(!world.deliver_one(&ticket(), 5).await);
    assert_eq!(world.ticket_mail().await, MailStatus::Failed);
    assert!(world.mailer.app.store.mark_mail_sent(&claimed).await.unwrap());
    assert_eq!(world.ticket_mail().await, MailStatus::Sent);
    assert!(
        !world.mailer.app.store.mark_mail_failed(&ticket(), world.now()).await.unwrap(),
        "what was sent has not failed"
    );
    assert_eq!(world.ticket_mail().await, MailStatus::Sent);
}

/// A function that is stopped at its timeout, or crashes, cannot report anything.
#[tokio::test]
async fn an_interrupted_last_receive_leaves_the_mail_failed_and_a_redrive_sends_it() {
    let world = World::new().await;
    world.reserve("confirmed").await;
    for receive in [4, 5] {
        world.ses.script([Scripted::Silence]);
        let body = [message::encode(&ticket())];
        let cut_off = tokio::time::timeout(Duration::from_millis(500), world.deliver(&body, receive));
        assert!(cut_off.await.is_err());
        let expected = if receive == 5 { MailStatus::Failed } else { MailStatus::Queued };
        assert_eq!(world.ticket_mail().await, expected);
        world.mailer.app.clock.advance_seconds(u32::try_from(MAIL_LEASE_SECONDS).unwrap());
    }
    world.ses.script([accepted()]);
    assert!(world.deliver_one(&ticket(), 1).await);
    assert_eq!(world.ticket_mail().await, MailStatus::Sent);
}

#[tokio::test]
async fn a_mail_that_was_never_claimed_is_failed_after_its_last_receive() {
    let world = World::new().await;
    world.reserve("confirmed").await;
    assert!(world.mailer.app.store.mark_mail_failed(&ticket(), world.now()).await.unwrap());
    assert_eq!(world.ticket_mail().await, MailStatus::Failed);
    assert!(matches!(world.claim(&ticket()).await, Claim::Granted(_)), "a redriven message need not wait");
}

#[tokio::test]
async fn used_and_expired_codes_are_not_mailed() {
    let world = World::new().await;
    let [lapsed, used] = [world.verify("lapsed").await, world.verify("used").await];
    let key = [("pk", "verification#used"), ("sk", "verification")];
    let key = key.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned()))).into();
    let call = world.dynamodb.update_item().table_name(TABLE).set_key(Some(key));
    let call = call.update_expression("SET used_by = :member");
    call.expression_attribute_values(":member", AttributeValue::S(MEMBER.to_owned())).send().await.unwrap();
    assert!(world.deliver_one(&used, 1).await);
    world.mailer.app.clock.advance_seconds(u32::try_from(VERIFICATION_SECONDS).unwrap() - 1);
    let fresh = world.verify("fresh").await;
    world.mailer.app.clock.advance_seconds(1);
    assert!(world.deliver_one(&lapsed, 1).await);
    assert!(world.ses.received().is_empty());
    world.ses.script([accepted()]);
    assert!(world.deliver_one(&fresh, 1).await);
    assert_eq!(world.ses.received().len(), 1);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_changes_nothing() {
    let world = World::new().await;
    world.reserve("confirmed").await;
    let store = &world.mailer.app.store;
    let Claim::Granted(late) = world.claim(&ticket()).await else { panic!("it is free") };
    world.mailer.app.clock.advance_seconds(u32::try_from(MAIL_LEASE_SECONDS).unwrap());
    let Claim::Granted(current) = world.claim(&ticket()).await else { panic!("the lease is over") };
    assert!(!store.mark_mail_sent(&late).await.unwrap());
    assert_eq!(world.ticket_mail().await, MailStatus::Queued);
    assert!(!store.release_mail(&late, world.now()).await.unwrap());
    assert!(matches!(world.claim(&ticket()).await, Claim::Taken));
    assert!(store.release_mail(&current, world.now()).await.unwrap());
    assert!(matches!(world.claim(&ticket()).await, Claim::Granted(_)));
}

#[tokio::test]
async fn a_claim_with_a_lost_response_still_belongs_to_its_claimer() {
    let url = table().await;
    let world = World::over(&Aws::emulated(&url));
    let mail = world.verify("v").await;
    let store = World::over(&losing_answers(&url, 1)).mailer.app.store;
    let claim = store.claim_mail(&mail, world.now(), MAIL_LEASE_SECONDS, MailStatus::Queued).await.unwrap();
    let Claim::Granted(claimed) = claim else { panic!("the first send took it: {claim:?}") };
    assert_eq!(claimed.verification().unwrap().verification_id.as_str(), "v");
    assert!(matches!(world.claim(&mail).await, Claim::Taken));
    assert!(store.mark_mail_sent(&claimed).await.unwrap());
}

#[tokio::test]
async fn a_poison_message_and_a_refused_mail_do_not_block_others() {
    let world = World::new().await;
    world.verify("a").await;
    world.verify("b").await;
    world.ses.script([accepted(), accepted()]);
    let bodies =
        ["poison".to_owned(), message::encode(&code("a")), message::encode(&ticket()), message::encode(&code("b"))];
    assert_eq!(world.deliver(&bodies, 1).await, [0, 2], "the poison, and the reservation that is not there");
    assert_eq!(world.ses.received().len(), 2);
}

#[tokio::test]
async fn a_deleted_verification_is_neither_mailed_nor_recreated() {
    let world = World::new().await;
    assert!(world.deliver_one(&code("gone"), 1).await);
    assert!(world.ses.received().is_empty());
    let key = [("pk", "verification#gone"), ("sk", "verification")];
    let key = key.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned()))).into();
    let found = world.dynamodb.get_item().table_name(TABLE).set_key(Some(key)).send().await.unwrap();
    assert_eq!(found.item, None);
}
