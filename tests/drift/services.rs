//! The services of the template against the code: the table, the queues, the API.

use super::template::Complaints;
use crate::{generated::queue_name, harness::template::Template};
use frontrow_domain::limits::BREAKER_PROBE_SECONDS;
use frontrow_edge::{
    Queue,
    function::MEMORY_MEGABYTES,
    headers::{CORS_ANSWER_HEADERS, CORS_METHODS, CORS_REQUEST_HEADERS},
    limits::{CORS_MAX_AGE_SECONDS, ENDPOINT_TIMEOUT_SECONDS, MAIL_LEASE_SECONDS, MAIL_MAX_RECEIVES},
};
use frontrow_endpoints::{ENDPOINTS, limits::POLL_TIMEOUT_SECONDS};
use frontrow_store::keys::{PK, SK, TTL};
use frontrow_store::limits::{TURN_LEASE_SECONDS, TURN_MAX_MILLIS};
use frontrow_workers::limits::{
    ANNOUNCING_MAX_MILLIS, PROVIDER_CALL_MILLIS, VISIBILITY_SECONDS, WORKER_TIMEOUT_SECONDS,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// As long as SQS keeps messages: parked messages survive a holiday.
const KEPT_SECONDS: u32 = 14 * 24 * 3600;

pub(super) fn check(template: &Template, complaints: &mut Complaints) {
    check_globals(template, complaints);
    check_table(template, complaints);
    check_queues(template, complaints);
    check_api(template, complaints);
    for output in
        ["ApiUrl", "TableName", "SigningKeysArn", "PasswordPeppersArn", "ProviderKeyArn", "StreamFailureQueueUrl"]
    {
        complaints.unless(!template.0["Outputs"][output]["Value"].is_null(), || format!("no output {output}"));
    }
}

fn check_globals(template: &Template, complaints: &mut Complaints) {
    let globals = &template.0["Globals"]["Function"];
    for (name, expected) in [
        ("CodeUri", json!("functions/endpoints")),
        ("Runtime", json!("provided.al2023")),
        ("Handler", json!("bootstrap")),
        ("Architectures", json!([{"Ref": "Architecture"}])),
        ("MemorySize", json!(MEMORY_MEGABYTES)),
        ("Timeout", json!(ENDPOINT_TIMEOUT_SECONDS)),
        (
            "Environment",
            json!({"Variables": {
                "TABLE_NAME": {"Ref": "Table"}, "STACK_NAME": {"Ref": "AWS::StackName"}, "AWS_ENDPOINT_URL": {"Ref": "AwsEndpointUrl"},
            }}),
        ),
    ] {
        complaints.expect(format!("{name} of all functions"), &globals[name], &expected);
    }
    for (name, group) in template.resources("AWS::Logs::LogGroup") {
        let kept = &group["Properties"]["RetentionInDays"];
        complaints.expect(format!("RetentionInDays of {name}"), kept, &json!({"Ref": "LogRetentionDays"}));
    }
}

fn check_table(template: &Template, complaints: &mut Complaints) {
    let table = &template.resource("Table")["Properties"];
    for (name, expected) in [
        ("BillingMode", json!("PAY_PER_REQUEST")),
        ("KeySchema", json!([{"AttributeName": PK, "KeyType": "HASH"}, {"AttributeName": SK, "KeyType": "RANGE"}])),
        ("TimeToLiveSpecification", json!({"AttributeName": TTL, "Enabled": true})),
        ("StreamSpecification", json!({"StreamViewType": "NEW_AND_OLD_IMAGES"})),
        ("PointInTimeRecoverySpecification", json!({"PointInTimeRecoveryEnabled": true})),
        ("DeletionProtectionEnabled", json!({"Ref": "DeletionProtection"})),
        ("GlobalSecondaryIndexes", Value::Null),
        ("LocalSecondaryIndexes", Value::Null),
    ] {
        complaints.expect(format!("{name} of the table"), &table[name], &expected);
    }
}

fn check_queues(template: &Template, complaints: &mut Complaints) {
    for name in Queue::ALL.map(queue_name) {
        let queue = name.trim_end_matches("Queue");
        let properties = &template.resource(&name)["Properties"];
        let parked = json!({"Fn::GetAtt": [format!("{queue}DeadLetterQueue"), "Arn"]});
        let redrive = json!({"deadLetterTargetArn": parked, "maxReceiveCount": MAIL_MAX_RECEIVES});
        complaints.expect(format!("the redrive of {name}"), &properties["RedrivePolicy"], &redrive);
        complaints.expect(
            format!("the visibility of {name}"),
            &properties["VisibilityTimeout"],
            &json!(VISIBILITY_SECONDS),
        );
    }
    for (name, queue) in template.resources("AWS::SQS::Queue") {
        let kept = &queue["Properties"]["MessageRetentionPeriod"];
        let encrypted = queue["Properties"]["SqsManagedSseEnabled"] == true;
        complaints.unless(encrypted, || format!("{name} is not encrypted"));
        complaints.unless(*kept == KEPT_SECONDS, || format!("{name} keeps messages for {kept} s"));
    }
}

fn check_api(template: &Template, complaints: &mut Complaints) {
    let api = &template.resource("Api")["Properties"];
    let cors = |methods: &[&str]| {
        json!({
            "AllowOrigins": {"Fn::Split": [",", {"Ref": "AllowedOrigins"}]},
            "AllowMethods": methods, "AllowHeaders": CORS_REQUEST_HEADERS, "ExposeHeaders": CORS_ANSWER_HEADERS,
            "MaxAge": CORS_MAX_AGE_SECONDS,
        })
    };
    complaints.expect("CORS".to_owned(), &api["CorsConfiguration"], &cors(&CORS_METHODS));
    let url = &template.resource("PollQueueUrl")["Properties"];
    complaints.expect("CORS of the URL of polls".to_owned(), &url["Cors"], &cors(&["GET"]));
    let settings = &api["DefaultRouteSettings"];
    let throttled = !settings["ThrottlingRateLimit"].is_null() && !settings["ThrottlingBurstLimit"].is_null();
    complaints.unless(throttled, || "the API is not throttled".to_owned());
    complaints.unless(!api["AccessLogSettings"]["Format"].is_null(), || "the API has no access log".to_owned());
    let routes: BTreeSet<String> =
        ENDPOINTS.iter().map(|endpoint| format!("{} {}", endpoint.route.method, endpoint.route.path)).collect();
    let own = api["RouteSettings"].as_object().into_iter().flatten();
    for (route, _) in own.filter(|(route, _)| !routes.contains(*route)) {
        complaints.add(format!("{route} is throttled, and is no route"));
    }
    // Password guessing and mails to strangers are slowed down.
    for route in ["POST /sessions", "POST /members", "PUT /members/password", "POST /email-verifications"] {
        complaints.unless(!api["RouteSettings"][route].is_null(), || format!("{route} is not throttled"));
    }
}

/// Durations that must be shorter than others. The other checks compare the template's values with these.
#[test]
fn timeouts_are_ordered() {
    let poll = ENDPOINTS.iter().map(|endpoint| &endpoint.route.function).find(|function| function.name == "poll_queue");
    assert_eq!(poll.map(|function| function.timeout_seconds), Some(POLL_TIMEOUT_SECONDS));
    let in_order = |shorter: u64, longer: i64| assert!(i64::try_from(shorter).is_ok_and(|shorter| shorter < longer));
    // A dead owner of the turnstile cannot write during the next turn.
    in_order(POLL_TIMEOUT_SECONDS, TURN_LEASE_SECONDS);
    in_order(TURN_MAX_MILLIS, (POLL_TIMEOUT_SECONDS * 1_000).cast_signed());
    // The same for mailers, and for probes of the provider.
    in_order(WORKER_TIMEOUT_SECONDS, MAIL_LEASE_SECONDS);
    in_order(MAIL_LEASE_SECONDS.cast_unsigned(), VISIBILITY_SECONDS.into());
    in_order(WORKER_TIMEOUT_SECONDS, BREAKER_PROBE_SECONDS);
    in_order(4 * PROVIDER_CALL_MILLIS, (WORKER_TIMEOUT_SECONDS * 1_000).cast_signed());
    in_order(ANNOUNCING_MAX_MILLIS.cast_unsigned(), (WORKER_TIMEOUT_SECONDS * 1_000).cast_signed());
    assert!(u64::from(VISIBILITY_SECONDS) >= 6 * WORKER_TIMEOUT_SECONDS, "what Lambda advises");
}
