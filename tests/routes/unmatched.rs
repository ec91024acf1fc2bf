//! Requests without an endpoint: unknown paths and wrong methods.

use crate::{harness::World, routes::needs_no_login};
use frontrow_endpoints::ENDPOINTS;
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for endpoint in ENDPOINTS {
            methods.entry(endpoint.route.path).or_default().insert(endpoint.route.method.as_str());
        }
        for (path, allowed) in methods {
            let mut allowed = allowed;
            if allowed.contains("GET") {
                allowed.insert("HEAD");
            }
            let allow: Vec<&str> = allowed.iter().copied().collect();
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
                if !allowed.contains(method) {
                    let sent = path.replace(['{', '}'], "");
                    let refused = world.anyone().send(method, &sent, None).await.problem(405, "method_not_allowed");
                    assert_eq!(refused.header("allow"), allow.join(", "), "{method} {path}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_no_login(world, "GET", "/nowhere", None, 404).await).await;
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    World::run(async |world| {
        for path in [
            "/",
            "/show",
            "/shows/",
            "/Shows",
            "/shows//performances",
            "/shows/x/performances/y",
            "/performances",
            "/members",
            "/members/me/",
            "/points/top-ups/x",
            "/$default",
            "/shows/x/../../members/me/x",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/nowhere?limit=many",
        ] {
            let status = world.anyone().send("PATCH", path, None).await;
            let expected = if path == "/members" { (405, "method_not_allowed") } else { (404, "not_found") };
            status.problem(expected.0, expected.1);
        }
        let long = format!("/{}", "x".repeat(5_000));
        world.anyone().get(&long).await.problem(404, "not_found");
        let huge = Some(vec![b'x'; 70_000]);
        world.anyone().send("POST", "/nowhere", huge).await.problem(413, "body_too_large");
    })
    .await;
}
