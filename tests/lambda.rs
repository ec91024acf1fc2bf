//! Each Lambda binary starts under the Lambda runtime API, takes an event as AWS sends it, and answers.

use crate::harness::{World, binaries, template::Template};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use frontrow_edge::{Descriptor, caller::Access};
use frontrow_endpoints::{ENDPOINTS, UNMATCHED};
use serde_json::{Value, json};
use std::{process::Stdio, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    process::Command,
    sync::{Mutex, mpsc},
};

/// The runtime API with one event to hand out.
#[derive(Clone)]
struct Runtime {
    event: Arc<Mutex<Option<String>>>,
    answers: mpsc::Sender<Result<Value, String>>,
}

async fn next(State(runtime): State<Runtime>) -> impl IntoResponse {
    let Some(event) = runtime.event.lock().await.take() else { return std::future::pending().await };
    let mut headers = HeaderMap::new();
    headers.insert("lambda-runtime-aws-request-id", "request-1".parse().expect("a header"));
    headers.insert("lambda-runtime-deadline-ms", "4102444800000".parse().expect("a header"));
    headers.insert(
        "lambda-runtime-invoked-function-arn",
        "arn:aws:lambda:ap-northeast-2:0:function:f".parse().expect("a header"),
    );
    (headers, event)
}

async fn answered(State(runtime): State<Runtime>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    let _ = runtime.answers.send(serde_json::from_slice(&body).map_err(|error| error.to_string())).await;
    StatusCode::ACCEPTED
}

async fn failed(State(runtime): State<Runtime>, body: Bytes) -> StatusCode {
    let _ = runtime.answers.send(Err(String::from_utf8_lossy(&body).into_owned())).await;
    StatusCode::ACCEPTED
}

/// Starts `binary` with nothing but what the template sets, hands it `event`, and answers its answer.
async fn invoke(world: &World, binary: &str, event: Value) -> Result<Value, String> {
    let (answers, mut answer) = mpsc::channel(4);
    let runtime = Runtime { event: Arc::new(Mutex::new(Some(event.to_string()))), answers };
    let api = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
        .route("/2018-06-01/runtime/init/error", post(failed))
        .with_state(runtime);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let serving = tokio::spawn(async move { axum::serve(listener, api).await });
    let mut child = Command::new(binaries::folder().join(binary))
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", &address)
        .env("AWS_LAMBDA_FUNCTION_NAME", binary)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_REGION", "ap-northeast-2")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .envs(Template::read().environment(binary, world.stack.variables()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary starts");
    let answered = tokio::select! {
        answered = answer.recv() => answered.expect("the API lives"),
        ended = child.wait() => Err(format!("{binary} ended: {ended:?}")),
        () = tokio::time::sleep(Duration::from_secs(20)) => Err(format!("{binary} did not answer")),
    };
    serving.abort();
    answered
}

/// The event of API Gateway's HTTP API, payload version 2.0.
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
async fn every_endpoint_starts_and_answers_on_lambda() {
    World::run(async |world| {
        for endpoint in ENDPOINTS.iter().chain([&UNMATCHED]) {
            let operation = endpoint.route.operation;
            let path = endpoint.route.path.replace(['{', '}'], "");
            let answer = invoke(world, operation, request(endpoint, &path))
                .await
                .unwrap_or_else(|why| panic!("{operation}: {why}"));
            let status = answer["statusCode"].as_i64().unwrap_or_default();
            assert_eq!(answer["headers"]["x-request-id"], "gateway-1", "{operation}: {answer}");
            assert_eq!(answer["headers"]["x-content-type-options"], "nosniff", "{operation}: {answer}");
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
            match endpoint.access {
                // An empty body is what some of them refuse first.
                Access::Member | Access::Organizer => assert!(status == 401 || status == 400, "{operation}: {answer}"),
                Access::Public => assert!(matches!(status, 200 | 400 | 404), "{operation}: {answer}"),
            }
            assert!(status == 200 || body["code"].is_string(), "{operation}: {answer}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_worker_starts_and_answers_on_lambda() {
    World::run(async |world| {
        for worker in
            ["announce_show", "payment_worker", "relay_outbox", "project", "ticket_mailer", "cancel_reservations"]
        {
            let answer =
                invoke(world, worker, json!({"Records": []})).await.unwrap_or_else(|why| panic!("{worker}: {why}"));
            assert_eq!(answer["batchItemFailures"], json!([]), "{worker}");
        }
    })
    .await;
}
