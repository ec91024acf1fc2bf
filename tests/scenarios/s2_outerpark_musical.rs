//! S2: the OuterPark musical. Its script of five steps with its own numbers, then its two non-functional wishes:
//! payments that outlive their provider's outage, and orders that wait while the provider is overloaded.

use crate::{
    cards::{impatient, pay_by_card, reservation_once, switch},
    harness::{Person, World, client::Reply, hold_of_grade, pay, show_details},
};
use serde_json::{Value, json};

/// The price of one ticket in the script.
const PRICE: i64 = 50_000;

/// Step 1: the MD registers "Frozen" with 100 places.
async fn frozen(world: &World) -> String {
    let md = world.organizer().await;
    let mut show = show_details();
    show["title"] = json!("Frozen");
    let show = md.post("/shows", show).await.expect(201).text("showId");
    let areas = json!([{"grade": "R", "price": PRICE, "capacity": 100}]);
    let details = json!({
        "startsAt": world.stack.clock().now().plus_seconds(30 * 24 * 3600).to_string(),
        "maxSeatsPerMember": 50,
        "seating": {"type": "general", "areas": areas},
    });
    let made = md.post(&format!("/shows/{show}/performances"), details).await.expect(201);
    assert_eq!(made.json["grades"], json!([{"grade": "R", "price": PRICE, "total": 100, "available": 100}]));
    made.text("performanceId")
}

async fn hold_count(person: &Person, performance: &str, quantity: i64) -> Reply {
    hold_of_grade(person, performance, "R", quantity).await
}

/// Holds and pays this many places. Returns the reservation's id.
async fn reserve(person: &Person, performance: &str, quantity: i64) -> String {
    let held = hold_count(person, performance, quantity).await.expect(201);
    assert_eq!((held.number("quantity"), held.number("totalPrice")), (quantity, quantity * PRICE));
    pay(person, &held.text("holdId")).await.expect(201).text("reservationId")
}

async fn remaining(world: &World, performance: &str) -> i64 {
    let found = world.anyone().get(&format!("/performances/{performance}")).await.expect(200);
    found.json["grades"][0]["available"].as_i64().expect("a count")
}

async fn rows(world: &World, person: &Person, path: &str) -> Vec<Value> {
    world.settle().await;
    person.get(path).await.expect(200).items()
}

/// The values of `field`, newest first.
fn column<'a>(rows: &'a [Value], field: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row[field].as_str().unwrap_or_default()).collect()
}

/// Steps 1 to 5, with the rows that the script counts: H4, C6, R4, R5, R7, R8.
#[tokio::test]
async fn c6_h4_r4_r5_r7_r8_the_script_runs() {
    World::run(async |world| {
        let performance = frozen(world).await;
        let customer = world.member(25 * PRICE).await;

        // 2.1 and 2.2: 10 and 15 places. 2.3: 200 are refused.
        let first = reserve(&customer, &performance, 10).await;
        let second = reserve(&customer, &performance, 15).await;
        let other = world.member(0).await;
        hold_count(&other, &performance, 200).await.problem(422, "too_many_seats");

        // 3.1: 75 remain. The document's 200 stands for this: more than remain are refused, and none are taken.
        assert_eq!(remaining(world, &performance).await, 75);
        hold_count(&other, &performance, 50).await.expect(201);
        let refused = hold_count(&world.member(0).await, &performance, 50).await.problem(409, "not_enough_seats");
        assert_eq!(refused.number("available"), 25);
        let held = other.get("/holds").await.expect(200).items();
        other.delete(&format!("/holds/{}", held[0]["holdId"].as_str().unwrap())).await.expect(204);
        assert_eq!(remaining(world, &performance).await, 75);

        // 3.2 to 3.4: two payments, two notices, two rows of my page.
        assert_eq!(column(&rows(world, &customer, "/payments").await, "status"), ["approved", "approved"]);
        let notices = rows(world, &customer, "/notices").await;
        assert_eq!(column(&notices, "type"), ["payment_approved", "payment_approved"]);
        assert_eq!(column(&notices, "reservationId"), [second.as_str(), first.as_str()]);
        let page = rows(world, &customer, "/my-page").await;
        assert_eq!(column(&page, "type"), ["reservation", "reservation"]);
        assert_eq!(column(&page, "status"), ["payment_approved", "payment_approved"]);
        assert_eq!((&page[0]["quantity"], &page[1]["quantity"]), (&json!(15), &json!(10)));

        // 4.1 and 4.2: the first is cancelled, the second stays.
        customer.delete(&format!("/reservations/{first}")).await.expect(200);
        let left = customer.get("/reservations?status=confirmed").await.expect(200).items();
        assert_eq!(column(&left, "reservationId"), [second.as_str()]);

        // 5.1 to 5.4: 85 remain; a payment changed its row, and a notice and a row of my page were added.
        assert_eq!(remaining(world, &performance).await, 85);
        assert_eq!(column(&rows(world, &customer, "/payments").await, "status"), ["approved", "cancelled"]);
        let notices = rows(world, &customer, "/notices").await;
        assert_eq!(column(&notices, "type"), ["reservation_cancelled", "payment_approved", "payment_approved"]);
        assert_eq!(notices[0]["reservationId"], first.as_str());
        let page = rows(world, &customer, "/my-page").await;
        assert_eq!(page.len(), 3, "{page:?}");
        let cancellation: Vec<_> = page.iter().filter(|row| row["type"] == "cancellation").collect();
        assert_eq!((cancellation.len(), &cancellation[0]["status"]), (1, &json!("payment_cancelled")));
        assert_eq!(cancellation[0]["reservationId"], first.as_str());
        let points = customer.get("/points").await.expect(200).number("balance");
        assert_eq!(points, 10 * PRICE, "the first was refunded");
    })
    .await;
}

/// E6: one id leads from the payment to the ledger, the notice, my page and the mails.
#[tokio::test]
async fn e6_the_reservation_id_correlates_all_records() {
    World::run(async |world| {
        let performance = frozen(world).await;
        let customer = world.member(PRICE).await;
        let id = reserve(&customer, &performance, 1).await;
        customer.delete(&format!("/reservations/{id}")).await.expect(200);
        for path in ["/reservations", "/payments", "/notices", "/my-page"] {
            let found = rows(world, &customer, path).await;
            assert!(
                !found.is_empty() && column(&found, "reservationId").iter().all(|it| *it == id),
                "{path}: {found:?}"
            );
        }
        let ledger = rows(world, &customer, "/points/entries").await;
        let of_it: Vec<_> = ledger.iter().filter(|entry| entry["reservationId"] == id.as_str()).collect();
        assert_eq!(of_it.len(), 2, "payment and refund: {ledger:?}");
        assert!(!world.mails_to(customer.identity.email.as_str()).await.is_empty());
        for mail in world.stack.mailbox().to(customer.identity.email.as_str()) {
            let raw = String::from_utf8_lossy(&mail.raw);
            assert!(raw.contains(&format!("X-Frontrow-Reservation-Id: {id}\r\n")), "{raw}");
        }
    })
    .await;
}

/// R6: reservations are accepted while payments cannot be made, and each failed step is compensated.
#[tokio::test(flavor = "multi_thread")]
async fn r6_reservations_are_accepted_while_the_provider_is_down() {
    World::run_with(impatient(), async |world| {
        let performance = frozen(world).await;
        switch(world, json!({"mode": "refuse"})).await;
        let customer = world.member(0).await;
        let held = hold_count(&customer, &performance, 10).await.expect(201).text("holdId");
        let paid = pay_by_card(&customer, &held, "tok_visa").await.expect(202);
        assert_eq!(paid.text("status"), "pending");
        assert_eq!(remaining(world, &performance).await, 90);
        let page = rows(world, &customer, "/my-page").await;
        assert_eq!((column(&page, "type"), column(&page, "status")), (vec!["reservation"], vec!["payment_pending"]));

        switch(world, json!({"mode": "normal"})).await;
        reservation_once(world, &customer, &paid, "confirmed").await;
        assert_eq!(column(&rows(world, &customer, "/my-page").await, "status"), ["payment_approved"]);
        assert_eq!(column(&rows(world, &customer, "/notices").await, "type"), ["payment_approved"]);

        // The compensation: a declined payment returns the places to their hold, and members without another card
        // release them.
        switch(world, json!({"mode": "decline"})).await;
        let other = world.member(0).await;
        let held = hold_count(&other, &performance, 15).await.expect(201).text("holdId");
        let declined = pay_by_card(&other, &held, "tok_visa").await.expect(202);
        reservation_once(world, &other, &declined, "cancelled").await;
        assert_eq!(remaining(world, &performance).await, 75);
        other.delete(&format!("/holds/{held}")).await.expect(204);
        assert_eq!(remaining(world, &performance).await, 90);
        assert_eq!(column(&rows(world, &other, "/notices").await, "type"), ["payment_declined"]);
        assert_eq!(column(&rows(world, &other, "/payments").await, "status"), ["declined"]);
    })
    .await;
}

/// R6: an overloaded provider is not called: buyers are asked to retry later, and keep their places meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn r6_an_overloaded_provider_is_spared_and_buyers_keep_their_seats() {
    World::run_with(impatient(), async |world| {
        let performance = frozen(world).await;
        switch(world, json!({"mode": "fail"})).await;
        let customer = world.member(10 * PRICE).await;
        let held = hold_count(&customer, &performance, 10).await.expect(201);
        let mut accepted = Vec::new();
        loop {
            let person = world.member(0).await;
            let place = hold_count(&person, &performance, 1).await.expect(201).text("holdId");
            let paid = pay_by_card(&person, &place, "tok_visa").await;
            if paid.status == 503 {
                break;
            }
            accepted.push((person, paid.expect(202)));
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        let busy = pay_by_card(&customer, &held.text("holdId"), "tok_visa").await.problem(503, "payments_busy");
        assert!(busy.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        let prolonged = customer.get(&held.header("location")).await.expect(200);
        assert!(prolonged.text("expiresAt") > held.text("expiresAt"));
        pay(&customer, &held.text("holdId")).await.expect(201);

        switch(world, json!({"mode": "normal"})).await;
        world.advance_seconds(60);
        for (person, paid) in &accepted {
            reservation_once(world, person, paid, "confirmed").await;
        }
    })
    .await;
}
