//! Rules for every request to any endpoint: invalid input is refused and named, values are never quoted, and fields
//! of a response can be sent back.

use crate::harness::{Person, World, performance_details, show_details};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use frontrow_edge::{Descriptor, openapi};
use frontrow_endpoints::ENDPOINTS;
use lambda_http::request::LambdaRequest;
use reqwest::{Method, header::HeaderValue};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The fields that a problem names, sorted.
fn fields(problem: &Value) -> Vec<&str> {
    let mut fields: Vec<_> =
        problem["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str()).collect();
    fields.sort_unstable();
    fields
}

/// A top-up with exactly these `headers`. Returns the status and the body.
async fn top_up(world: &World, person: &Person, headers: &[(&str, &[u8])], body: &str) -> (u16, Value) {
    let login = format!("Bearer {}", world.app().tokens.access(&person.identity));
    let request = reqwest::Client::new().post(format!("{}/points/top-ups", world.stack.url())).body(body.to_owned());
    let mut request = request.header("Authorization", login);
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_bytes(value).expect("a header"));
    }
    let answer = request.send().await.expect("a response");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

const HUNDRED: &str = r#"{"amount":100}"#;

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_headers_are_refused_rather_than_ignored() {
    World::run(async |world| {
        let member = world.member(0).await;
        let key = "Idempotency-Key";
        for odd in ["결제-1".as_bytes(), b"\xb0\xe1\xc1\xa6-1", b"caf\xe9", b"a,b", b"", &[b'k'; 256]] {
            let (status, problem) = top_up(world, &member, &[(key, odd)], HUNDRED).await;
            assert_eq!((status, fields(&problem)), (400, vec![key]), "{odd:?}");
        }
        let twice: [(&str, &[u8]); 2] = [(key, b"a"), (key, b"a")];
        assert_eq!(top_up(world, &member, &twice, HUNDRED).await.0, 400);
        let login: [(&str, &[u8]); 1] = [("Authorization", b"Bearer x")];
        let (status, problem) = top_up(world, &member, &login, HUNDRED).await;
        assert_eq!((status, fields(&problem)), (400, vec!["Authorization"]), "two logins");
        assert_eq!(member.get("/points").await.number("balance"), 0);

        let login = format!("Bearer {}", world.app().tokens.access(&member.identity));
        let seats = format!("{}/performances/demo/seats", world.stack.url());
        for (name, value) in
            [("Queue-Token", "표".as_bytes()), ("Authorization", b"Bearer \xff"), ("Queue-Token", b"a,a")]
        {
            let request =
                reqwest::Client::new().get(&seats).header(name, HeaderValue::from_bytes(value).expect("a header"));
            let request = if name == "Queue-Token" { request.header("Authorization", &login) } else { request };
            let answer = request.send().await.expect("a response");
            let (status, problem) = (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"));
            assert_eq!((status, fields(&problem)), (400, vec![name]));
        }
    })
    .await;
}

/// As a function receives it from API Gateway, which joins headers of the same name.
#[tokio::test(flavor = "multi_thread")]
async fn joined_headers_are_refused() {
    World::run(async |world| {
        let member = world.member(0).await;
        let login = format!("Bearer {}", world.app().tokens.access(&member.identity));
        let descriptor = |operation: &str| {
            ENDPOINTS.iter().find(|one| one.route.operation() == operation).expect("an endpoint")
        };
        let asked = async |endpoint: &Descriptor, headers: Value, query: &str, body: Option<&str>| {
            let path = endpoint.route.path;
            let event = json!({
                "version": "2.0", "routeKey": format!("{} {path}", endpoint.route.method), "rawPath": path,
                "rawQueryString": query, "headers": headers, "isBase64Encoded": false, "body": body,
                "requestContext": {
                    "accountId": "0", "apiId": "a", "domainName": "api.example.com", "domainPrefix": "api", "requestId": "r",
                    "routeKey": "$default", "stage": "$default", "timeEpoch": 1_798_108_200_000_i64,
                    "http": {"method": endpoint.route.method.as_str(), "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "curl"},
                },
            });
            let request: LambdaRequest = serde_json::from_str(&event.to_string()).expect("an event");
            let response = (endpoint.respond)(world.app(), request.into()).await;
            let body: &[u8] = response.body().as_ref();
            (response.status().as_u16(), serde_json::from_slice::<Value>(body).unwrap_or_default())
        };
        let top_up = descriptor("top_up_points");
        for odd in ["결제-1", "ê²°ì œ-1", "a,a"] {
            let headers = json!({"authorization": login, "idempotency-key": odd});
            let (status, problem) = asked(top_up, headers, "", Some(HUNDRED)).await;
            assert_eq!((status, fields(&problem)), (400, vec!["Idempotency-Key"]), "{odd}");
        }
        let (status, problem) = asked(descriptor("list_shows"), json!({}), "keyword=%FF", None).await;
        assert_eq!((status, fields(&problem)), (400, vec!["keyword"]));
        assert_eq!(member.get("/points").await.number("balance"), 0);
    })
    .await;
}

#[tokio::test]
async fn unreadable_queries_are_refused() {
    World::run(async |world| {
        let anyone = world.anyone();
        for (query, field) in [
            ("keyword=%FF", "keyword"),
            ("keyword=%ED%95", "keyword"),
            ("keyword=a&keyword=a", "keyword"),
            ("limit=1&limit=2", "limit"),
            ("sort=best", "sort"),
            ("nonsense=1", "nonsense"),
        ] {
            let refused = anyone.get(&format!("/shows?{query}")).await.problem(400, "invalid_request");
            assert_eq!(fields(&refused.json), [field], "{query}");
        }
        let many = anyone.get("/shows?limit=0x&sort=best&from=now&x=1").await.problem(400, "invalid_request");
        assert_eq!(fields(&many.json), ["from", "limit", "sort", "x"]);

        let hint = anyone.get("/shows?from=2026-12-24T19:30:00+09:00").await.problem(400, "invalid_request");
        let message = hint.json["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains("%2B"), "{message}");
        anyone.get("/shows?from=2026-12-24T19:30:00%2B09:00").await.expect(200);
    })
    .await;
}

/// A single parse: the typed body and the key's fingerprint are built from the same tree.
#[tokio::test(flavor = "multi_thread")]
async fn equivalent_bodies_are_one_request() {
    World::run(async |world| {
        let member = world.member(0).await;
        let key: [(&str, &[u8]); 1] = [("Idempotency-Key", b"top-up-1")];
        let (status, first) = top_up(world, &member, &key, HUNDRED).await;
        assert_eq!(status, 201);
        for same in [
            r#"{"amount":100,"note":null}"#,
            r#"{ "note" : null, "amount":1e2 }"#,
            r#"{"amount":100.0}"#,
            "\u{feff}{\"amount\":100}",
            r#"{"\u0061mount":100}"#,
        ] {
            let (status, again) = top_up(world, &member, &key, same).await;
            assert_eq!((status, &again), (201, &first), "{same}");
        }
        assert_eq!(top_up(world, &member, &key, r#"{"amount":101}"#).await.0, 422);
        for (repeated, field) in [
            (r#"{"amount":100,"amount":1,"x":null}"#, "amount"),
            (r#"{"amount":100,"amount":100}"#, "amount"),
            (r#"{"amount":100,"amount":null}"#, "amount"),
            (r#"{"amount":100,"x":null,"x":null}"#, "x"),
            (r#"{"amount":100,"\u0061mount":100}"#, "amount"),
        ] {
            let (status, problem) = top_up(world, &member, &key, repeated).await;
            assert_eq!((status, fields(&problem)), (400, vec![field]), "{repeated}");
        }
        let (_, problem) = top_up(world, &member, &[], r#"{"amount":1,"x":{"y":[{"z":1,"z":1}]}}"#).await;
        assert_eq!(fields(&problem), ["x", "x.y[0].z"]);
        for no in ["100.5", "1e30", "\"100\"", "true", "-0"] {
            assert_eq!(top_up(world, &member, &[], &format!("{{\"amount\":{no}}}")).await.0, 400, "{no}");
        }
        assert_eq!(member.get("/points").await.number("balance"), 100);
    })
    .await;
}

/// For each endpoint with a body: its path, and the fields that its schema requires.
fn required() -> Vec<(&'static Descriptor, Vec<String>)> {
    let document = openapi::document(ENDPOINTS);
    let of = |endpoint: &'static Descriptor| {
        let route = &endpoint.route;
        let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let named = schema["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
        let schema = named.unwrap_or(schema);
        let names = |name: &Value| name.as_str().map(str::to_owned);
        let fields = schema["required"].as_array().into_iter().flatten().filter_map(names).collect();
        (!schema.is_null()).then_some((endpoint, fields))
    };
    ENDPOINTS.iter().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_missing_or_unknown_field_is_reported() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        for (endpoint, mut expected) in required() {
            let path = endpoint.route.path.replace(['{', '}'], "");
            let body = br#"{"surprise":"4815162342","another":[]}"#.to_vec();
            let refused = organizer.send(endpoint.route.method.as_str(), &path, Some(body)).await;
            let refused = refused.problem(400, "invalid_request");
            expected.extend(["another".to_owned(), "surprise".to_owned()]);
            let named: BTreeSet<_> = fields(&refused.json).into_iter().collect();
            let expected: BTreeSet<_> = expected.iter().map(String::as_str).collect();
            assert!(named.is_superset(&expected), "{}: {named:?} of {expected:?}", endpoint.route.operation());
            assert!(!refused.json.to_string().contains("4815"), "{}", refused.json);
        }
    })
    .await;
}

#[tokio::test]
async fn refusals_never_quote_the_request() {
    World::run(async |world| {
        let anyone = world.anyone();
        for secret in ["4815162342", "4815.162342", "true", "[4815]", "{\"a\":4815}", "\"x4815\""] {
            let body = format!(
                r#"{{"email":{secret},"password":{secret},"verificationId":{secret},"code":{secret},"name":{secret}}}"#
            );
            for (method, path) in [("POST", "/members"), ("POST", "/sessions"), ("PUT", "/members/password")] {
                let answer = anyone.send(method, path, Some(body.clone().into_bytes())).await;
                assert!(!String::from_utf8_lossy(&answer.bytes).contains("4815"), "{:?}", answer.json);
            }
        }
        let member = world.member(0).await;
        let card = r#"{"holdId":4815162342,"method":"4815162342","cardToken":4111111111111111}"#;
        let refused = member.send("POST", "/payments", Some(card.into())).await.problem(400, "invalid_request");
        assert_eq!(fields(&refused.json), ["cardToken", "holdId", "method"]);
        assert!(!refused.json.to_string().contains("4815") && !refused.json.to_string().contains("4111"));
        for query in ["sort=4815", "category=4815", "limit=4815x", "from=4815", "cursor=4815"] {
            let refused = anyone.get(&format!("/shows?{query}")).await.problem(400, "invalid_request");
            assert!(!refused.json.to_string().contains("4815"), "{}", refused.json);
        }
    })
    .await;
}

/// A cursor as it was built before cursors were signed; anybody can make it.
fn forged(scope: &str, after: &str, tag_bytes: usize) -> String {
    let digest = Sha256::digest([scope, after].join("\n"));
    URL_SAFE_NO_PAD.encode([&digest[..tag_bytes], after.as_bytes()].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_cursors_are_refused() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let organizer = world.organizer().await;
        let show = organizer.get(&format!("/performances/{performance}")).await.text("showId");
        let lists = [
            (
                "/shows".to_owned(),
                "shows/Recent/ShowFilter { category: None, keyword: None, from: None, to: None }".to_owned(),
            ),
            (format!("/shows/{show}/performances"), format!("performances/{show}/None/None")),
            ("/holds".to_owned(), "holds".to_owned()),
            ("/points/entries".to_owned(), "entries".to_owned()),
            ("/payments".to_owned(), "payments".to_owned()),
            ("/reservations".to_owned(), "reservations/None".to_owned()),
            ("/notices".to_owned(), "notices".to_owned()),
            ("/my-page".to_owned(), "my-page".to_owned()),
            (format!("/performances/{performance}/reservations"), format!("door/{performance}/None//")),
            (format!("/performances/{performance}/sales"), format!("sales/{performance}")),
        ];
        for (path, scope) in lists {
            for prefix in ["", "a", "stake#", "entry#", "reservation#", "notice#", "page#", "name#", "day#", "date#"] {
                for after in [prefix.to_owned(), format!("{prefix}{}", "9".repeat(2_000))] {
                    for tag_bytes in [8, 16] {
                        let cursor = forged(&scope, &after, tag_bytes);
                        let refused = organizer.get(&format!("{path}?cursor={cursor}")).await;
                        refused.problem(400, "invalid_request");
                    }
                }
            }
        }
    })
    .await;
}

/// Endpoints of lists with signed cursors need the key.
#[test]
fn lists_declare_the_signing_keys() {
    let document = openapi::document(ENDPOINTS);
    for endpoint in ENDPOINTS {
        let route = &endpoint.route;
        let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
        let pages = operation["parameters"].as_array().into_iter().flatten().any(|one| one["name"] == "cursor");
        let signs = endpoint.secrets().contains(&frontrow_edge::Secret::SigningKeys);
        assert!(!pages || signs, "{} signs cursors without a key", route.operation());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_can_be_edited_and_sent_back() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut show = organizer.post("/shows", show_details()).await.expect(201).json;
        let path = format!("/shows/{}", show["showId"].as_str().expect("an id"));
        let changed = async |path: &str, field: &str, value: Value| {
            let mut shown = organizer.get(path).await.expect(200).json;
            shown[field] = value.clone();
            let put = organizer.put(path, shown.clone()).await.expect(200);
            assert_eq!(put.json[field], value, "{path}");
            shown["surprise"] = true.into();
            let refused = organizer.put(path, shown).await.problem(400, "invalid_request");
            assert_eq!(fields(&refused.json), ["surprise"], "{path}");
        };
        changed(&path, "title", "Aida II".into()).await;
        show["title"] = "Aida III".into();
        organizer.put(&path, show).await.expect(200);

        let details = performance_details(world.app(), json!({"waitingRoom": {"maxActive": 5}}));
        let made = organizer.post(&format!("{path}/performances"), details).await.expect(201).text("performanceId");
        let path = format!("/performances/{made}");
        changed(&path, "maxSeatsPerMember", 7.into()).await;
        changed(
            &path,
            "waitingRoom",
            json!({"maxActive": 6, "admitPerMinute": null, "admissionSeconds": 60, "paused": true}),
        )
        .await;

        let path = format!("{path}/waiting-room");
        let mut room = organizer.get(&path).await.expect(200).json;
        room["policy"]["maxActive"] = 9.into();
        assert_eq!(organizer.put(&path, room.clone()).await.expect(200).number("maxActive"), 9);
        room["paused"] = json!(!room["paused"].as_bool().expect("a flag"));
        assert_eq!(fields(&organizer.put(&path, room.clone()).await.problem(400, "invalid_request").json), ["policy"]);
        room["policy"]["paused"] = room["paused"].clone();
        organizer.put(&path, room).await.expect(200);

        let member = world.member(0).await;
        let mut me = member.get("/members/me").await.expect(200).json;
        me["alerts"] = json!(["musical"]);
        assert_eq!(member.put("/members/me/alerts", me.clone()).await.expect(200).json["alerts"], json!(["musical"]));
        me["categories"] = json!([]);
        member.put("/members/me/alerts", me).await.problem(400, "invalid_request");
        // Only existing fields may be sent back.
        member
            .put("/members/me/alerts", json!({"categories": [], "password": "x"}))
            .await
            .problem(400, "invalid_request");
    })
    .await;
}

/// Each `PUT` ignores the fields that the `GET` of the same path shows.
#[test]
fn puts_ignore_the_extra_fields_of_their_gets() {
    let put = |path: &str| ENDPOINTS.iter().find(|one| one.route.method == Method::PUT && one.route.path == path);
    for get in ENDPOINTS.iter().filter(|one| one.route.method == Method::GET) {
        let sent_back = put(get.route.path).is_none_or(|put| put.sends_back);
        assert!(sent_back, "PUT {} refuses fields of its GET response", get.route.path);
    }
}

#[tokio::test]
async fn head_responds_like_get_without_a_body() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let member = world.member(0).await;
        let paths = [
            "/shows".to_owned(),
            format!("/performances/{performance}"),
            format!("/performances/{performance}/seats"),
            "/members/me".to_owned(),
            "/shows/nope".to_owned(),
            "/shows?limit=x".to_owned(),
            "/nowhere".to_owned(),
            "/".to_owned(),
            "/docs/".to_owned(),
            "/openapi.json".to_owned(),
            "/_local/mails".to_owned(),
        ];
        for path in paths {
            let (get, head) = (member.get(&path).await, member.send("HEAD", &path, None).await);
            assert_eq!((head.status, head.bytes.len()), (get.status, 0), "{path}");
            for name in ["etag", "cache-control", "content-type", "vary"] {
                assert_eq!(head.header(name), get.header(name), "{name} of {path}");
            }
            // It may contain the length of the GET body, but not claim that there is none.
            assert_ne!(head.header("content-length"), "0", "{path}");
        }
        let head = member.send("HEAD", "/shows", None).await;
        let same = member.with("If-None-Match", &head.header("etag"));
        assert_eq!(same.send("HEAD", "/shows", None).await.status, 304);
        member.send("HEAD", "/sessions", None).await.expect(405);
    })
    .await;
}
