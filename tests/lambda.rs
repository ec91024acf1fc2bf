//! Each Lambda binary starts under the Lambda runtime API, accepts an event as AWS sends it, and responds.

use crate::harness::{World, lambdas::Lambdas};
use frontrow_edge::{Descriptor, caller::Access};
use frontrow_endpoints::{ENDPOINTS, UNMATCHED};
use frontrow_workers::WORKERS;
use serde_json::{Value, json};

/// Invokes a function that has only the environment from the template.
async fn invoke(lambdas: &Lambdas, operation: &str, event: Value) -> Value {
    let answer = lambdas.call(operation, event.to_string()).await;
    let answer = answer.unwrap_or_else(|| panic!("{operation} did not respond: {:?}", lambdas.lines_of(operation)));
    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{operation} responded {answer}: {error}"))
}

/// An event of API Gateway's HTTP API, payload version 2.0.
fn request(endpoint: &Descriptor, path: &str) -> Value {
    let route = &endpoint.route;
    json!({
        "version": "2.0", "routeKey": format!("{} {}", route.method, route.path), "rawPath": path, "rawQueryString": "",
        "headers": {"host": "api.example.com", "content-type": "application/x-www-form-urlencoded"},
        "pathParameters": {"id": "0193f1b07c8a7d3fae52c1d1a5b0c001"},
        "requestContext": {
            "accountId": "0", "apiId": "a", "domainName": "api.example.com", "domainPrefix": "api", "requestId": "gateway-1",
            "routeKey": "$default", "stage": "$default", "time": "24/Dec/2026:10:30:00 +0000", "timeEpoch": 1_798_108_200_000_i64,
            "http": {"method": route.method.as_str(), "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "curl"}
        },
        "body": "e30=", "isBase64Encoded": true
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_runs_on_lambda() {
    World::run(async |world| {
        let lambdas = Lambdas::default();
        lambdas.tell(world.stack.variables(), &[]);
        for endpoint in ENDPOINTS.iter().chain([&UNMATCHED]) {
            let operation = endpoint.route.operation();
            let path = endpoint.route.path.replace(['{', '}'], "");
            let answer = invoke(&lambdas, operation, request(endpoint, &path)).await;
            let status = answer["statusCode"].as_i64().unwrap_or_default();
            assert_eq!(answer["headers"]["x-request-id"], "gateway-1", "{operation}: {answer}");
            assert_eq!(answer["headers"]["x-content-type-options"], "nosniff", "{operation}: {answer}");
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
            match endpoint.access {
                // Some of them refuse the empty body first.
                Access::Member | Access::Organizer => assert!(status == 401 || status == 400, "{operation}: {answer}"),
                Access::Public => assert!(matches!(status, 200 | 400 | 404), "{operation}: {answer}"),
            }
            assert!(status == 200 || body["code"].is_string(), "{operation}: {answer}");
        }
    })
    .await;
}

fn endpoint(operation: &str) -> &'static Descriptor {
    ENDPOINTS.iter().find(|endpoint| endpoint.route.operation() == operation).expect("an endpoint")
}

/// A request to a function URL: its event names neither route nor parameters.
fn past_the_api(operation: &str, domain: &str, method: &str, path: &str) -> Value {
    let mut event = request(endpoint(operation), path);
    event["routeKey"] = "$default".into();
    event["requestContext"]["domainName"] = domain.into();
    event["requestContext"]["http"]["method"] = method.into();
    for field in ["pathParameters", "body"] {
        event.as_object_mut().expect("fields").remove(field);
    }
    event
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default()
}

/// What `poll_queue` has logged, without its metrics.
fn logged(lambdas: &Lambdas) -> impl Iterator<Item = Value> {
    let of_polls = lambdas.printed().into_iter().filter(|one| one.operation == "poll_queue");
    of_polls.map(|one| one.json).filter(|line| line["_aws"].is_null())
}

#[tokio::test(flavor = "multi_thread")]
async fn members_poll_past_the_api_where_the_stack_says_so() {
    const DOMAIN: &str = "abc.lambda-url.ap-northeast-2.on.aws";
    World::run(async |world| {
        let lambdas = Lambdas::default();
        let url = format!("https://{DOMAIN}/");
        lambdas.tell(world.stack.variables(), &[("POLL_URL", &url), ("POLL_LOG_PERCENT", "100")]);
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 5}})).await;
        let person = world.member(0).await;
        let login = format!("Bearer {}", world.app().tokens.access(&person.identity));
        let path = format!("/performances/{performance}/queue");
        let poll_url = format!("https://{DOMAIN}{path}");

        let mut join = request(endpoint("join_queue"), &path);
        (join["body"], join["pathParameters"]) = (Value::Null, json!({"performanceId": performance}));
        join["headers"]["authorization"] = login.as_str().into();
        let joined = invoke(&lambdas, "join_queue", join).await;
        assert_eq!((&joined["statusCode"], &body(&joined)["pollUrl"]), (&json!(201), &json!(poll_url)), "{joined}");

        let mut poll = past_the_api("poll_queue", DOMAIN, "GET", &path);
        poll["headers"]["authorization"] = login.as_str().into();
        poll["headers"]["queue-token"] = body(&joined)["queueToken"].clone();
        let polled = invoke(&lambdas, "poll_queue", poll.clone()).await;
        assert_eq!((&polled["statusCode"], &body(&polled)["pollUrl"]), (&json!(200), &json!(poll_url)), "{polled}");
        poll["requestContext"]["http"]["method"] = "HEAD".into();
        let polled = invoke(&lambdas, "poll_queue", poll).await;
        assert_eq!((&polled["statusCode"], polled["body"].as_str().unwrap_or_default()), (&json!(200), ""));

        // What the API would not let through.
        for (method, path, status) in [
            ("POST", path.as_str(), 405),
            ("GET", "/performances", 404),
            ("GET", "/", 404),
            ("PUT", "/shows/1/queue", 404),
        ] {
            let answer = invoke(&lambdas, "poll_queue", past_the_api("poll_queue", DOMAIN, method, path)).await;
            assert_eq!(answer["statusCode"], status, "{method} {path}: {answer}");
            assert_eq!(answer["headers"]["allow"].as_str(), (status == 405).then_some("GET, HEAD"), "{answer}");
        }
        // Six polls, each logged once: refusals are not logged beside the sample.
        let statuses: Vec<Value> = logged(&lambdas).map(|line| line["fields"]["status"].clone()).collect();
        assert_eq!(json!(statuses), json!([200, 200, 405, 404, 404, 404]));
    })
    .await;
}

/// By default, members poll through the API, and polls are not logged.
#[tokio::test(flavor = "multi_thread")]
async fn polls_are_quiet() {
    World::run(async |world| {
        let lambdas = Lambdas::default();
        lambdas.tell(world.stack.variables(), &[]);
        let poll = request(endpoint("poll_queue"), "/performances/1/queue");
        assert_eq!(invoke(&lambdas, "poll_queue", poll).await["statusCode"], 401);
        assert_eq!(logged(&lambdas).next(), None);
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 5}})).await;
        let place =
            world.member(0).await.post(&format!("/performances/{performance}/queue"), Value::Null).await.expect(201);
        assert_eq!(place.text("pollUrl"), format!("/performances/{performance}/queue"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_worker_runs_on_lambda() {
    World::run(async |world| {
        let lambdas = Lambdas::default();
        lambdas.tell(world.stack.variables(), &[]);
        for worker in WORKERS.iter().map(|worker| worker.function.name) {
            let answer = invoke(&lambdas, worker, json!({"Records": []})).await;
            assert_eq!(answer["batchItemFailures"], json!([]), "{worker}");
        }
    })
    .await;
}
