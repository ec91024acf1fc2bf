//! `GET /members/me`.

use crate::{harness::World, routes::needs_login};
use frontrow_domain::member::Role;
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        for role in [Role::Member, Role::Organizer] {
            let person = world.person(&format!("dana.{role:?}@example.com"), "영나", role).await;
            let me = person.get("/members/me").await.expect(200);
            assert_eq!(me.text("memberId"), person.identity.member_id.to_string());
            assert_eq!(me.text("email"), format!("dana.{role:?}@example.com").to_lowercase());
            assert_eq!((me.text("name"), me.json["alerts"].clone()), ("영나".to_owned(), json!([])));
            assert_eq!(me.text("role"), format!("{role:?}").to_lowercase());
            assert_eq!(me.header("cache-control"), "no-store", "not cached");
        }
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_login(world, "GET", "/members/me", None).await;
        let person = world.member(0).await;
        world.advance_seconds(12 * 3600);
        person.get("/members/me").await.problem(401, "unauthenticated");
        world.log_in_again(&person).get("/members/me").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn unknown_parameters_are_refused() {
    World::run(async |world| {
        world.member(0).await.get("/members/me?memberId=x").await.problem(400, "invalid_request");
    })
    .await;
}
