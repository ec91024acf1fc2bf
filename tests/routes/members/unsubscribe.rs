//! `POST /unsubscribe`.

use crate::{
    harness::{World, show_details},
    routes::needs_no_login,
};
use serde_json::json;

/// The body that mail programs send on one click (RFC 8058).
const ONE_CLICK: &[u8] = b"List-Unsubscribe=One-Click";

/// The link in a mail ends its member's alerts, without a login and however often it is used, but no other member's.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let (person, other, organizer) = (world.member(0).await, world.member(0).await, world.organizer().await);
        for one in [&person, &other] {
            one.put("/members/me/alerts", json!({"categories": ["musical", "play"]})).await.expect(200);
        }
        organizer.post("/shows", show_details()).await.expect(201);
        world.settle().await;
        let mail = world.stack.mailbox().to(person.identity.email.as_str()).remove(0);
        let headers = String::from_utf8(mail.raw.clone()).unwrap().replace("\r\n ", " ");
        let link = headers.split("List-Unsubscribe: <").nth(1).unwrap().split('>').next().unwrap().to_owned();
        assert!(mail.text.contains(&link), "the text contains the link too: {}", mail.text);
        let path = link.strip_prefix(world.stack.url()).unwrap();
        for _ in 0..2 {
            let page = world.anyone().with("Content-Type", "application/x-www-form-urlencoded");
            let page =
                page.with("Accept-Language", "en").send("POST", path, Some(ONE_CLICK.to_vec())).await.expect(200);
            assert!(String::from_utf8(page.bytes).unwrap().contains("no longer receive emails about new shows"));
            assert_eq!(person.get("/members/me").await.expect(200).json["alerts"], json!([]));
        }
        assert_eq!(other.get("/members/me").await.expect(200).json["alerts"], json!(["musical", "play"]));
        organizer.post("/shows", show_details()).await.expect(201);
        world.settle().await;
        let mail_count = |email: &str| world.mailed(email).len();
        assert_eq!(mail_count(person.identity.email.as_str()), 1);
        assert_eq!(mail_count(other.identity.email.as_str()), 2);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let person = world.member(0).await;
        let token = world.app().codes.unsubscribe_token(&person.identity.member_id);
        needs_no_login(world, "POST", &format!("/unsubscribe?token={token}"), None, 200).await;
        person.put("/members/me/alerts", json!({"categories": ["play"]})).await.expect(200);
        for wrong in ["x", &format!("{token}A"), &token[1..]] {
            let path = format!("/unsubscribe?token={wrong}");
            world.anyone().send("POST", &path, Some(ONE_CLICK.to_vec())).await.problem(404, "not_found");
        }
        assert_eq!(person.get("/members/me").await.expect(200).json["alerts"], json!(["play"]));
    })
    .await;
}

/// There is no member with that id any more, so there is nothing to end.
#[tokio::test]
async fn a_deleted_member_gets_the_same_page() {
    World::run(async |world| {
        let gone = "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap();
        let token = world.app().codes.unsubscribe_token(&gone);
        world.anyone().send("POST", &format!("/unsubscribe?token={token}"), None).await.expect(200);
        assert_eq!(world.app().store.member(&gone).await.unwrap(), None);
    })
    .await;
}
