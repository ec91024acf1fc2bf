//! Security headers and CORS, and requests that never reach a function.

use crate::harness::{World, client::Client};
use frontrow_edge::headers::{CORS_ANSWER_HEADERS, CORS_METHODS, CORS_REQUEST_HEADERS};
use frontrow_edge::limits::{CORS_MAX_AGE_SECONDS, REQUEST_HEAD_MAX_BYTES};
use frontrow_endpoints::ENDPOINTS;
use frontrow_local::Options;
use reqwest::{Method, Response};

const OURS: &str = "https://shop.example.com";

/// A browser's preflight request before a page of `origin` sends `method` with special headers.
async fn preflight(world: &World, origin: &str, method: &str) -> Response {
    let request = reqwest::Client::new().request(Method::OPTIONS, format!("{}/payments", world.stack.url()));
    let request = request.header("origin", origin).header("access-control-request-method", method);
    request.header("access-control-request-headers", "authorization").send().await.expect("a response")
}

fn words(response: &Response, name: &str) -> Vec<String> {
    let text = response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_allowed_origins_may_send_requests() {
    let options = Options { demo: false, allowed_origins: vec![OURS.to_owned()], ..Options::default() };
    World::run_with(options, async |world| {
        let response = preflight(world, OURS, "POST").await;
        assert_eq!(response.status(), 204);
        assert_eq!(words(&response, "access-control-allow-origin"), [OURS]);
        assert_eq!(words(&response, "access-control-max-age"), [CORS_MAX_AGE_SECONDS.to_string()]);
        for endpoint in ENDPOINTS {
            let method = endpoint.route.method.to_string();
            assert!(words(&response, "access-control-allow-methods").contains(&method), "{method}");
            for header in endpoint.route.headers {
                let header = header.name().to_ascii_lowercase();
                assert!(words(&response, "access-control-allow-headers").contains(&header), "{header}");
            }
        }
        let own = world.anyone().with("Origin", OURS).get("/shows").await.expect(200);
        assert_eq!(own.header("access-control-allow-origin"), OURS);
        assert!(own.header("access-control-expose-headers").contains("x-request-id"));
        assert!(own.header("access-control-expose-headers").contains("date"));
        let vary =
            own.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
        assert!(vary.contains("origin") && vary.contains("accept-encoding"), "{vary}");
        let refused = world.anyone().with("Origin", OURS).get("/members/me").await.problem(401, "unauthenticated");
        assert_eq!(refused.header("access-control-allow-origin"), OURS, "a page may read why");

        for origin in ["https://evil.example.com", "https://shop.example.com.evil.example.com", "null"] {
            let response = preflight(world, origin, "POST").await;
            assert_eq!((response.status().as_u16(), words(&response, "access-control-allow-origin").len()), (204, 0));
            let other = world.anyone().with("Origin", origin).get("/shows").await.expect(200);
            assert_eq!(other.header("access-control-allow-origin"), "", "{origin}");
            assert!(other.headers.get_all("vary").iter().any(|value| value == "origin"), "{origin}");
        }
        // Not a preflight: no method is requested.
        world.anyone().with("Origin", OURS).send("OPTIONS", "/shows", None).await.problem(405, "method_not_allowed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_may_send_requests_without_allowed_origins() {
    let options = Options { demo: false, allowed_origins: Vec::new(), ..Options::default() };
    World::run_with(options, async |world| {
        let response = preflight(world, OURS, "POST").await;
        assert_eq!((response.status().as_u16(), words(&response, "access-control-allow-origin").len()), (204, 0));
        let response = world.anyone().with("Origin", OURS).get("/shows").await.expect(200);
        assert_eq!(response.header("access-control-allow-origin"), "");
    })
    .await;
}

#[test]
fn pages_may_use_all_methods_and_headers_of_endpoints() {
    for endpoint in ENDPOINTS {
        assert!(CORS_METHODS.contains(&endpoint.route.method.as_str()), "{}", endpoint.route.method);
        for header in endpoint.route.headers {
            assert!(CORS_REQUEST_HEADERS.contains(&header.name().to_ascii_lowercase().as_str()), "{}", header.name());
        }
    }
    assert!(CORS_REQUEST_HEADERS.contains(&"authorization") && CORS_REQUEST_HEADERS.contains(&"content-type"));

    let template = include_str!("../template.yaml");
    for line in [
        format!("AllowMethods: [{}]", CORS_METHODS.join(", ")),
        format!("AllowHeaders: [{}]", CORS_REQUEST_HEADERS.join(", ")),
        format!("ExposeHeaders: [{}]", CORS_ANSWER_HEADERS.join(", ")),
        format!("MaxAge: {CORS_MAX_AGE_SECONDS}"),
    ] {
        assert!(template.lines().any(|known| known.trim() == line), "the template differs: {line}");
    }
}

/// API Gateway refuses a request with too long a head; anything it accepts gets a response from a function, whichever
/// header is long.
#[tokio::test(flavor = "multi_thread")]
async fn long_headers_are_refused() {
    World::run(async |world| {
        let member = world.member(0).await;
        let long = "a".repeat(REQUEST_HEAD_MAX_BYTES - 2_000);
        for header in ["Authorization", "Queue-Token", "Idempotency-Key", "Accept-Language", "If-None-Match"] {
            let reply = member.with(header, &long).get("/members/me").await;
            reply.expect(if header == "Authorization" { 401 } else { 200 });
            let longer = format!("{long}{long}");
            let refused = member.with(header, &longer).get("/members/me").await.expect(431);
            assert_eq!(refused.json["message"], "Request Header Fields Too Large");
        }
        let query = |bytes: usize| format!("/shows?keyword={}", "k".repeat(bytes));
        member.get(&query(8_000)).await.problem(400, "invalid_request");
        member.get(&query(REQUEST_HEAD_MAX_BYTES)).await.expect(431);
    })
    .await;
}

/// `Content-Security-Policy` of a page of the local stack.
async fn policy(anyone: &Client, path: &str) -> String {
    let page = anyone.get(path).await.expect(200);
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
    page.header("content-security-policy")
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_local_stack_load_no_foreign_scripts() {
    World::run(async |world| {
        let anyone = world.anyone();
        let docs = policy(&anyone, "/docs").await;
        assert!(docs.contains("default-src 'none'") && docs.contains("script-src 'self';"), "{docs}");
        assert_eq!(policy(&anyone, "/openapi.json").await, policy(&anyone, "/shows").await);

        anyone.post("/email-verifications", serde_json::json!({"email": "dana@example.com"})).await.expect(202);
        let mails = anyone.get("/_local/mails").await.expect(200);
        let mail = mails.json[0]["mailId"].as_str().expect("a mail").to_owned();
        let shown = policy(&anyone, &format!("/_local/mails/{mail}.html")).await;
        assert!(shown.contains("default-src 'none'") && !shown.contains("script-src"), "{shown}");
    })
    .await;
}

/// Pages of the local stack are only for its own machine: pages of other sites can neither read them nor send to
/// them, under any host name.
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_local_stack_are_for_this_machine_only() {
    World::run(async |world| {
        world.anyone().get("/_local/ready").await.expect(200);
        for (path, body) in
            [("/_local/mails", None), ("/_local/provider", None), ("/_local/clock", Some(r#"{"advanceSeconds":1}"#))]
        {
            let method = if body.is_some() { "POST" } else { "GET" };
            let send =
                async |client: Client| client.send(method, path, body.map(|body| body.as_bytes().to_vec())).await;
            for (name, value) in
                [("Host", "evil.example"), ("Host", "10.0.0.1"), ("Origin", "https://evil.example"), ("Origin", "null")]
            {
                let refused = send(world.anyone().with(name, value)).await.expect(403);
                assert_eq!(refused.header("access-control-allow-origin"), "", "{name}: {value}");
            }
            let own = send(world.anyone().with("Origin", world.stack.url())).await.expect(200);
            assert_eq!(own.header("access-control-allow-origin"), "");
        }
        let asked = reqwest::Client::new().request(Method::OPTIONS, format!("{}/_local/clock", world.stack.url()));
        let asked = asked.header("origin", "https://evil.example").header("access-control-request-method", "POST");
        let response = asked.send().await.expect("a response");
        assert_eq!(words(&response, "access-control-allow-origin"), [""; 0]);

        let start = world.anyone().get("/").await.expect(200);
        assert!(start.header("content-security-policy").contains("default-src 'none'"));
        assert_eq!(
            world.anyone().with("Origin", "https://evil.example").get("/").await.header("access-control-allow-origin"),
            ""
        );
        let page = |reply: crate::harness::client::Reply| String::from_utf8_lossy(&reply.bytes).into_owned();
        assert!(page(start).contains("/_local/mails") || page(world.anyone().get("/").await).contains("No mails yet"));
        assert!(!page(world.anyone().with("Host", "evil.example").get("/").await).contains("/_local/mails"));

        let services =
            world.stack.variables().iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL").map(|(_, url)| url.to_owned());
        let scan =
            reqwest::Client::new().post(services.expect("an address")).header("x-amz-target", "DynamoDB_20120810.Scan");
        let scan = scan.body(r#"{"TableName":"frontrow"}"#);
        let from_page = scan.try_clone().expect("a text").header("origin", "https://evil.example");
        assert_eq!(from_page.send().await.expect("a response").status(), 403);
        assert_eq!(scan.send().await.expect("a response").status(), 200);
    })
    .await;
}
