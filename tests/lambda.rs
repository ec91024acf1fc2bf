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
