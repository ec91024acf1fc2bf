//! Sample events of endpoints, as API Gateway sends them. Bodies and queries are the examples of the OpenAPI document.

use frontrow_edge::{Descriptor, Header, caller::Access};
use serde_json::{Map, Value, json};

/// The example of a path parameter, among the demo's data.
fn of_path(parameter: &str, has_room: bool) -> &'static str {
    match parameter {
        "showId" => "00-demo",
        "performanceId" if has_room => "demo-queue",
        "performanceId" => "demo",
        "holdId" => "h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo",
        "paymentId" => "p-0193f1b07c8a7d3fae52c1d1a5b0c006.demo",
        "reservationId" => "r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo",
        "ticketId" => "t-0193f1b07c8a7d3fae52c1d1a5b0c006.demo.0",
        _ => panic!("{parameter} has no example in tests/generated/events.rs"),
    }
}

/// The sample for an endpoint.
pub(super) fn sample(endpoint: &Descriptor, document: &Value) -> Value {
    let route = endpoint.route;
    let is_default = route.path.starts_with('$');
    let key = if is_default { route.path.to_owned() } else { format!("{} {}", route.method, route.path) };
    let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
    let has_room = route.tag == "Waiting room";
    let mut path = if is_default { "/nowhere" } else { route.path }.to_owned();
    let (mut in_path, mut in_query) = (Map::new(), Map::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().expect("a name");
        if parameter["in"] == "path" {
            path = path.replace(&format!("{{{name}}}"), of_path(name, has_room));
            in_path.insert(name.to_owned(), of_path(name, has_room).into());
        } else if parameter["required"] == true {
            in_query.insert(name.to_owned(), parameter["schema"]["examples"][0].clone());
        }
    }
    let mut headers = json!({
        "accept": "application/json", "host": "a1b2c3d4e5.execute-api.ap-northeast-2.amazonaws.com",
        "user-agent": "curl/8.5.0", "x-forwarded-for": "203.0.113.7", "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    });
    if endpoint.access != Access::Public {
        headers["authorization"] = "Bearer ACCESS_TOKEN".into();
    }
    for header in route.headers {
        match header {
            Header::AcceptLanguage => headers["accept-language"] = "en".into(),
            Header::IdempotencyKey => headers["idempotency-key"] = format!("8f7a3d1e-{}", route.operation()).into(),
            Header::QueueToken if has_room => headers["queue-token"] = "QUEUE_TOKEN".into(),
            Header::QueueToken => {}
        }
    }
    let pairs = in_query.iter().map(|(name, value)| format!("{name}={}", value.as_str().expect("an example")));
    let mut event = json!({
        "version": "2.0", "routeKey": key, "rawPath": path,
        "rawQueryString": pairs.collect::<Vec<_>>().join("&"), "isBase64Encoded": false,
        "requestContext": {
            "accountId": "123456789012", "apiId": "a1b2c3d4e5", "domainPrefix": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.ap-northeast-2.amazonaws.com",
            "http": {
                "method": route.method.as_str(), "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=", "routeKey": key, "stage": "$default",
            "time": "24/Dec/2026:10:30:00 +0000", "timeEpoch": 1_798_108_200_000_i64,
        },
    });
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let example = &document["components"]["schemas"][name]["examples"][0];
        assert!(example.is_object(), "{name} has no example: #[schemars(example = …)]");
        headers["content-type"] = "application/json".into();
        event["body"] = example.to_string().into();
    }
    for (name, found) in [("pathParameters", in_path), ("queryStringParameters", in_query)] {
        if !found.is_empty() {
            event[name] = found.into();
        }
    }
    event["headers"] = headers;
    event
}
