//! `GET /unsubscribe`.

use crate::{harness::World, routes::needs_no_login};
use serde_json::json;

/// The page asks for confirmation, in the reader's language, and changes nothing: mail filters open links.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let person = world.member(0).await;
        person.put("/members/me/alerts", json!({"categories": ["play"]})).await.expect(200);
        let token = world.app().codes.unsubscribe_token(&person.identity.member_id);
        let path = format!("/unsubscribe?token={token}");
        for (language, words) in [("en", "Stop receiving emails about new shows?"), ("ko", "그만 받으시겠습니까?")]
        {
            let page = world.anyone().with("Accept-Language", language).get(&path).await.expect(200);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(page.header("cache-control"), "no-store");
            let page = String::from_utf8(page.bytes).unwrap();
            assert!(page.contains(words) && page.contains("<form method=\"post\">"), "{page}");
            assert!(!page.contains(&token), "the page does not contain the token");
        }
        assert_eq!(person.get("/members/me").await.expect(200).json["alerts"], json!(["play"]));
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let token = world.app().codes.unsubscribe_token(&world.member(0).await.identity.member_id);
        needs_no_login(world, "GET", &format!("/unsubscribe?token={token}"), None, 200).await;
        for wrong in ["x", ".", "0193f1b07c8a7d3fae52c1d1a5b0c005.AAAAAAAAAAAAAAAAAAAAAA", &format!("{token}A")] {
            world.anyone().get(&format!("/unsubscribe?token={wrong}")).await.problem(404, "not_found");
        }
        for query in ["", "?token", "?tokens=x", &format!("?token={token}&to=x")] {
            let status = world.anyone().get(&format!("/unsubscribe{query}")).await.status;
            assert!([400, 404].contains(&status), "{query}: {status}");
        }
    })
    .await;
}
