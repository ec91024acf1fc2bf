//! S3: At Ticket. Its list of features, one by one: shows with alerts by mail, performances with what is left of them,
//! booking, members.

use crate::harness::{World, book, hold, pay, performance_details, show_details};
use frontrow_domain::member::Role;
use serde_json::{Value, json};

fn titles(items: &[Value]) -> Vec<&str> {
    items.iter().map(|show| show["title"].as_str().unwrap_or_default()).collect()
}

fn show(title: &str, category: &str) -> Value {
    let mut show = show_details();
    show["title"] = json!(title);
    show["category"] = json!(category);
    show
}

/// Shows are listed, viewed, registered, changed and deleted.
#[tokio::test]
async fn c1_shows_are_listed_created_changed_and_deleted() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let made = organizer.post("/shows", show("Wicked", "musical")).await.expect(201);
        let path = made.header("location");
        assert_eq!(world.anyone().get(&path).await.expect(200).json, made.json);
        let mut changed = show("Wicked!", "musical");
        changed["venue"] = made.json["venue"].clone();
        assert_eq!(organizer.put(&path, changed).await.expect(200).text("title"), "Wicked!");
        assert_eq!(world.anyone().get(&path).await.expect(200).text("title"), "Wicked!");
        organizer.delete(&path).await.expect(204);
        world.anyone().get(&path).await.problem(404, "not_found");
        assert!(world.anyone().get("/shows").await.expect(200).items().is_empty());
    })
    .await;
}

/// C1: filters, sorts and pages.
#[tokio::test]
async fn c1_shows_are_filtered_and_sorted() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let days = |days: i64| world.stack.clock().now().plus_seconds(days * 24 * 3600).to_string();
        for (title, category, day) in [("Cats", "musical", 30), ("Aida", "musical", 10), ("Blur", "concert", 20)] {
            let id = organizer.post("/shows", show(title, category)).await.expect(201).text("showId");
            let performance = performance_details(world.app(), json!({"startsAt": days(day)}));
            organizer.post(&format!("/shows/{id}/performances"), performance).await.expect(201);
        }
        let list = async |query: &str| world.anyone().get(&format!("/shows?{query}")).await.expect(200).items();
        assert_eq!(titles(&list("").await), ["Blur", "Aida", "Cats"]);
        assert_eq!(titles(&list("sort=recent").await), ["Blur", "Aida", "Cats"]);
        assert_eq!(titles(&list("sort=title").await), ["Aida", "Blur", "Cats"]);
        assert_eq!(titles(&list("sort=ending").await), ["Aida", "Blur", "Cats"]);
        assert_eq!(titles(&list("category=musical&sort=ending").await), ["Aida", "Cats"]);
        assert_eq!(titles(&list("keyword=lu").await), ["Blur"]);
        assert_eq!(titles(&list(&format!("from={}&to={}", days(15), days(25))).await), ["Blur"]);
        world.advance_seconds(15 * 24 * 3600);
        assert_eq!(titles(&list("sort=ending").await), ["Blur", "Cats"], "past shows are not ending soon");
        world.anyone().get("/shows?sort=price").await.problem(400, "invalid_request");
    })
    .await;
}

/// C2: subscribers to a category's alerts are mailed when a show in it is registered; nobody else is.
#[tokio::test]
async fn c2_a_new_show_is_mailed_to_subscribers() {
    World::run(async |world| {
        let fan = world.person("fan@example.com", "Fan", Role::Member).await;
        let other = world.person("other@example.com", "Other", Role::Member).await;
        fan.put("/members/me/alerts", json!({"categories": ["musical"]})).await.expect(200);
        other.put("/members/me/alerts", json!({"categories": ["movie", "play"]})).await.expect(200);
        world.settle().await;
        world.organizer().await.post("/shows", show("Wicked", "musical")).await.expect(201);
        let mails = world.mails_to("fan@example.com").await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert!(mails[0]["text"].as_str().unwrap().contains("Wicked"));
        assert!(world.mails_to("other@example.com").await.is_empty());
    })
    .await;
}

/// Performances are listed, viewed, registered, changed and deleted; two at the same time in one venue are refused
/// (C3), and none with reservations is deleted (C7).
#[tokio::test]
async fn c3_c7_performances_are_listed_created_changed_and_deleted() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", show("Wicked", "musical")).await.expect(201).text("showId");
        let dates = format!("/shows/{show}/performances");
        let details = performance_details(world.app(), json!({}));
        let made = organizer.post(&dates, details.clone()).await.expect(201);
        organizer.post(&dates, details.clone()).await.problem(409, "slot_taken");
        let (id, path) = (made.text("performanceId"), made.header("location"));
        let listed = world.anyone().get(&dates).await.expect(200).items();
        assert_eq!(listed[0]["performanceId"], id.as_str());
        let later = world.stack.clock().now().plus_seconds(31 * 24 * 3600).to_string();
        let mut changed = details.clone();
        changed["startsAt"] = json!(later);
        organizer.put(&path, changed).await.expect(200);
        assert_eq!(world.anyone().get(&path).await.expect(200).text("startsAt"), later);

        world.advance_seconds(2);
        let member = world.member(50_000).await;
        let reservation = book(&member, &id, &["A-1-1"]).await.text("reservationId");
        organizer.delete(&path).await.problem(409, "has_reservations");
        organizer.delete(&format!("/shows/{show}")).await.problem(409, "has_reservations");
        member.delete(&format!("/reservations/{reservation}")).await.expect(200);
        organizer.delete(&path).await.expect(204);
        world.anyone().get(&path).await.problem(404, "not_found");
        assert!(world.anyone().get(&dates).await.expect(200).items().is_empty());
    })
    .await;
}

/// C6: the free seats, in all and by grade, fall with holds and sales.
#[tokio::test]
async fn c6_remaining_seats_fall_with_holds_and_sales() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let member = world.member(200_000).await;
        book(&member, &performance, &["A-1-1", "A-1-2"]).await;
        hold(&member, &performance, &["B-1-1"]).await.expect(201);
        let found = world.anyone().get(&format!("/performances/{performance}")).await.expect(200);
        assert_eq!(
            found.json["grades"],
            json!([
                {"grade": "VIP", "price": 50_000, "total": 20, "available": 18},
                {"grade": "R", "price": 30_000, "total": 30, "available": 29},
            ])
        );
    })
    .await;
}

/// H3: of several members who want one ticket concurrently, one gets it; a member who gives up while paying leaves it
/// to the next.
#[tokio::test]
async fn h3_one_of_several_members_gets_the_ticket() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (first, second) = (world.member(50_000).await, world.member(50_000).await);
        let (one, other) =
            tokio::join!(hold(&first, &performance, &["A-1-1"]), hold(&second, &performance, &["A-1-1"]));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        world.advance_seconds(300);
        let next = world.member(50_000).await;
        let held = hold(&next, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        pay(&next, &held).await.expect(201);
    })
    .await;
}

/// M2: members sign up and log in: in S0's scenario by mail; here, what requires a login.
#[tokio::test]
async fn m2_booking_requires_a_login() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        hold(&world.anyone(), &performance, &["A-1-1"]).await.problem(401, "unauthenticated");
        world.member(0).await.post("/shows", show_details()).await.problem(403, "forbidden");
    })
    .await;
}
