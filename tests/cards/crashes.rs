//! A worker that dies before or after any of its calls to the table, at each of them in turn: the message is
//! delivered again to another worker, and the result is the same.

use crate::{
    faults::Testbed,
    harness::{
        process::{call, listed, member},
        wire::{Answering, Execute, Interceptor, Wire},
    },
};
use frontrow_domain::{
    card::CardState,
    ids::{MemberId, ReservationId},
};
use frontrow_edge::{App, Method, Worker, clients::Aws};
use frontrow_local::provider::{Provider, SECRET_KEY};
use frontrow_workers::{PaymentWorker, message::PaymentDue, queue::Sender};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

/// Kills the process at one of its calls.
struct CrashAt {
    left: AtomicUsize,
    after: bool,
    died: Arc<Notify>,
}

impl Interceptor for CrashAt {
    fn intercept(&self, _: &str, _: &Value, execute: Execute) -> Answering {
        let (dies, after, died) = (self.left.fetch_sub(1, Ordering::SeqCst) == 0, self.after, Arc::clone(&self.died));
        Box::pin(async move {
            if !dies {
                return execute().await;
            }
            if after {
                execute().await?;
            }
            died.notify_one();
            std::future::pending().await
        })
    }
}

/// A worker over `app` whose messages to itself are lost; the test delivers the ones that must come again.
pub(crate) fn worker(app: &App, provider: &Provider, call_millis: u64) -> PaymentWorker {
    let client = frontrow_workers::provider::Provider::new(provider.url(), SECRET_KEY.to_owned(), call_millis);
    let sender = Sender::new(Aws::emulated(provider.url()).sqs(), HashMap::new());
    PaymentWorker::new(app.clone(), client.expect("a client"), sender)
}

/// The event that delivers these messages.
pub(crate) fn event(due: &[PaymentDue]) -> <PaymentWorker as Worker>::Event {
    let record = |(number, due): (usize, &PaymentDue)| {
        let (id, none) = (number.to_string(), json!({}));
        json!({"messageId": id, "receiptHandle": "r", "body": due.encode(), "attributes": none, "messageAttributes": none})
    };
    let records: Vec<_> = due.iter().enumerate().map(record).collect();
    serde_json::from_value(json!({"Records": records})).expect("an event")
}

/// One course of a purchase, and its expected outcome.
#[derive(Debug, Clone, Copy)]
enum Course {
    Confirmed,
    Declined,
    Expired,
    Refunded,
    CancelledPending,
}

impl Course {
    const ALL: [Self; 5] = [Self::Confirmed, Self::Declined, Self::Expired, Self::Refunded, Self::CancelledPending];

    fn end(self) -> CardState {
        match self {
            Self::Confirmed => CardState::Approved,
            Self::Declined => CardState::Declined,
            Self::Expired | Self::CancelledPending => CardState::Voided,
            Self::Refunded => CardState::Refunded,
        }
    }
}

struct Bought {
    login: String,
    due: PaymentDue,
}

async fn buy(faultless: &App, performance: &str, course: Course, name: &str) -> Bought {
    let (identity, login) = member(faultless, name).await;
    let headers = [("authorization", login.as_str())];
    let map = call(faultless, &Method::GET, &format!("/performances/{performance}/seats"), &[], &Value::Null).await;
    let mut seats = map.json["seats"].as_array().into_iter().flatten();
    let free = seats.find(|seat| seat["status"] == "free").expect("one is free");
    let seats = json!({"seatIds": [free["seatId"]]});
    let held = call(faultless, &Method::POST, &format!("/performances/{performance}/holds"), &headers, &seats).await;
    assert_eq!(held.status, 201, "{held:?}");
    let token = if matches!(course, Course::Declined) { "declined" } else { "tok" };
    let body = json!({"holdId": held.json["holdId"], "method": "card", "cardToken": token});
    let paid = call(faultless, &Method::POST, "/payments", &headers, &body).await;
    assert_eq!(paid.status, 202, "{paid:?}");
    let member_id: MemberId = identity.member_id;
    let reservation_id: ReservationId = paid.text("reservationId").parse().expect("an id");
    Bought { login, due: PaymentDue { member_id, reservation_id } }
}

/// Shared by the runs of one course.
struct Place {
    testbed: Testbed,
    provider: Provider,
    performance: String,
}

/// Runs one course with a worker that dies at its `number`-th call. `false` if it makes fewer calls.
async fn run(place: &Place, course: Course, number: usize, after: bool) -> bool {
    let Place { testbed, provider, performance } = place;
    let faultless = testbed.faultless();
    let worker = |app: &App| worker(app, provider, 2_000);
    let bought = buy(&faultless, performance, course, &format!("buyer-{number}-{after}")).await;
    let message = || event(std::slice::from_ref(&bought.due));
    let cancel = async || {
        let path = format!("/reservations/{}", bought.due.reservation_id);
        let response =
            call(&faultless, &Method::DELETE, &path, &[("authorization", &bought.login)], &Value::Null).await;
        assert_eq!(response.status, 200, "{response:?}");
    };
    let switch = |mode: &str| provider.switch(json!({"mode": mode}).to_string().as_bytes()).expect("a mode");
    match course {
        Course::Confirmed | Course::Declined => {}
        // The provider has the money, and no process knows.
        Course::Expired | Course::CancelledPending => {
            switch("answer_late");
            let unanswered = worker(&faultless);
            let asked = tokio::time::timeout(Duration::from_millis(300), unanswered.handle(message())).await;
            assert!(asked.is_err(), "{course:?}: the response arrived");
            switch("normal");
        }
        Course::Refunded => {
            worker(&faultless).handle(message()).await.expect("handled");
            cancel().await;
        }
    }
    match course {
        Course::Expired => testbed.clock.advance_seconds(601),
        Course::CancelledPending => cancel().await,
        _ => {}
    }

    let died = Arc::new(Notify::new());
    let wire = Wire::default();
    wire.intercept(Some(Arc::new(CrashAt { left: AtomicUsize::new(number), after, died: Arc::clone(&died) })));
    let crashing = testbed.through(&wire);
    let first_worker = worker(&crashing);
    let first = tokio::select! {
        handled = first_worker.handle(message()) => Some(handled),
        () = died.notified() => None,
    };
    worker(&faultless).handle(message()).await.expect("handled");
    worker(&faultless).handle(message()).await.expect("handled again");

    let snapshot = testbed.snapshot().await;
    let all = snapshot.reservations();
    let one = all.iter().find(|one| one.reservation_id == bought.due.reservation_id).expect("it is there");
    assert_eq!(one.card.as_ref().expect("a card").state, course.end(), "{course:?} at call {number}");
    snapshot.check().unwrap_or_else(|why| panic!("{course:?} at call {number}: {why}"));
    let audited = snapshot.provider_has_what_was_bought(&provider.entries());
    audited.unwrap_or_else(|why| panic!("{course:?} at call {number}: {why}"));
    first.is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redelivered_message_recovers_from_a_crash_at_any_call() {
    for course in Course::ALL {
        let testbed = Testbed::new().await.expect("an engine");
        let provider = Provider::start(&tokio::runtime::Handle::current(), None).await.expect("a provider");
        let sections = json!([{"name": "A", "grade": "R", "price": 30_000, "rows": 5, "seatsPerRow": 20}]);
        let performance =
            listed(&testbed.faultless(), json!({"seating": {"type": "numbered", "sections": sections}})).await;
        let place = Place { testbed, provider, performance };
        let mut deaths = 0;
        for after in [false, true] {
            for number in 0.. {
                if !run(&place, course, number, after).await {
                    break;
                }
                deaths += 1;
            }
        }
        assert!(deaths >= 6, "{course:?}: only {deaths} deaths");
    }
}
