//! `template.yaml` matches the code. Each rule is also seen to fail on a template that breaks it.

use super::{alarms, services};
use crate::harness::template::Template;
use serde_json::{Value, json};

/// The faults found in a template.
#[derive(Default)]
pub(super) struct Complaints(Vec<String>);

impl Complaints {
    pub(super) fn add(&mut self, complaint: String) {
        self.0.push(complaint);
    }

    pub(super) fn expect(&mut self, what: String, found: &Value, expected: &Value) {
        if found != expected {
            self.add(format!("{what}: {found} in place of {expected}"));
        }
    }

    pub(super) fn unless(&mut self, holds: bool, complaint: impl FnOnce() -> String) {
        if !holds {
            self.add(complaint());
        }
    }
}

fn complaints(template: &Template) -> Vec<String> {
    let mut complaints = Complaints::default();
    services::check(template, &mut complaints);
    alarms::check(template, &mut complaints);
    complaints.0
}

#[test]
fn the_template_matches_the_code() {
    let complaints = complaints(&Template::read());
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// How a template is broken, and the expected complaint.
struct Control {
    place: String,
    /// The value to put there; null to remove it.
    value: Value,
    complaint: &'static str,
}

fn at(place: impl Into<String>, value: Value, complaint: &'static str) -> Control {
    Control { place: place.into(), value, complaint }
}

#[test]
fn a_broken_template_is_found() {
    let mut missed = Vec::new();
    for control in controls() {
        let mut broken = Template::read();
        breaks(&mut broken.0, &control);
        let found = complaints(&broken);
        if !found.iter().any(|found| found.contains(control.complaint)) {
            missed.push(format!("{}: {:?} is not in {found:?}", control.place, control.complaint));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

fn breaks(template: &mut Value, Control { place, value, .. }: &Control) {
    let (parent, name) = place.rsplit_once('/').expect("a place");
    let (parent, name) =
        (template.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}")), name.replace("~1", "/"));
    match parent {
        Value::Object(fields) if value.is_null() => assert!(fields.remove(&name).is_some(), "no {place}"),
        Value::Object(fields) => drop(fields.insert(name, value.clone())),
        Value::Array(values) if value.is_null() => drop(values.remove(name.parse().expect("a number"))),
        Value::Array(values) => values[name.parse::<usize>().expect("a number")] = value.clone(),
        other => panic!("{place} is within {other}"),
    }
}

fn controls() -> Vec<Control> {
    [services_broken(), alarms_broken()].into_iter().flatten().collect()
}

fn services_broken() -> Vec<Control> {
    vec![
        at("/Globals/Function/Runtime", json!("provided.al2"), "Runtime of all functions"),
        at("/Globals/Function/Timeout", json!(20), "Timeout of all functions"),
        at("/Globals/Function/Environment/Variables/TABLE_NAME", Value::Null, "Environment of all functions"),
        at("/Resources/WorkerLogs/Properties/RetentionInDays", Value::Null, "RetentionInDays of WorkerLogs"),
        at("/Resources/MailQueue/Properties/VisibilityTimeout", json!(45), "the visibility of MailQueue"),
        at("/Resources/MailQueue/Properties/SqsManagedSseEnabled", Value::Null, "MailQueue is not encrypted"),
        at("/Resources/PaymentQueue/Properties/RedrivePolicy/maxReceiveCount", json!(3), "the redrive of PaymentQueue"),
        at("/Resources/PaymentQueue/Properties/RedrivePolicy", Value::Null, "the redrive of PaymentQueue"),
        at("/Resources/MailDeadLetterQueue/Properties/MessageRetentionPeriod", json!(60), "MailDeadLetterQueue keeps"),
        at("/Resources/CancellationQueue", Value::Null, "the redrive of CancellationQueue"),
        at("/Resources/Table/Properties/KeySchema/1", Value::Null, "KeySchema of the table"),
        at("/Resources/Table/Properties/TimeToLiveSpecification/AttributeName", json!("expires_at"), "TimeToLive"),
        at("/Resources/Table/Properties/StreamSpecification/StreamViewType", json!("NEW_IMAGE"), "StreamSpecification"),
        at("/Resources/Table/Properties/PointInTimeRecoverySpecification", Value::Null, "PointInTimeRecovery"),
        at("/Resources/Table/Properties/DeletionProtectionEnabled", json!(false), "DeletionProtectionEnabled"),
        at("/Resources/Api/Properties/CorsConfiguration/AllowMethods/2", Value::Null, "CORS"),
        at("/Resources/Api/Properties/CorsConfiguration/AllowHeaders/3", Value::Null, "CORS"),
        at("/Resources/PollQueueUrl/Properties/Cors/AllowHeaders/3", Value::Null, "CORS of the URL of polls"),
        at("/Resources/Api/Properties/DefaultRouteSettings", Value::Null, "is not throttled"),
        at("/Resources/Api/Properties/AccessLogSettings", Value::Null, "has no access log"),
        at("/Resources/Api/Properties/RouteSettings/POST ~1sessions", Value::Null, "POST /sessions"),
        at("/Resources/Api/Properties/RouteSettings/PUT ~1sessions", json!({}), "PUT /sessions"),
        at("/Outputs/ApiUrl", Value::Null, "ApiUrl"),
    ]
}

fn alarms_broken() -> Vec<Control> {
    let dashboard =
        |body: &str| at("/Resources/Dashboard/Properties/DashboardBody", json!({"Fn::Sub": body}), "dashboard");
    let widget = |at: &str, metric: &str| {
        format!(r#"{{"type": "metric", {at}, "width": 8, "height": 6, "properties": {{"metrics": [[{metric}]]}}}}"#)
    };
    let operation = widget(r#""x": 0, "y": 0"#, r#""frontrow", "Done", "Stack", "s", "Operation", "hold""#);
    let twice = widget(r#""x": 0, "y": 0"#, r#""AWS/Lambda", "Throttles""#);
    vec![
        at(
            "/Resources/MailDeadLetterAlarm",
            Value::Null,
            "nobody watches ApproximateNumberOfMessagesVisible of MailDeadLetterQueue",
        ),
        at(
            "/Resources/StreamFailureAlarm",
            Value::Null,
            "nobody watches ApproximateNumberOfMessagesVisible of StreamFailureQueue",
        ),
        at("/Resources/RelayOutboxLagAlarm", Value::Null, "nobody watches IteratorAge of RelayOutboxFunction"),
        at("/Resources/WorkerErrorsAlarm/Properties/Metrics/1", Value::Null, "nobody watches Errors of"),
        at("/Resources/MailQueueLagAlarm", Value::Null, "nobody watches ApproximateAgeOfOldestMessage of MailQueue"),
        at("/Resources/CodeQueueLagAlarm", Value::Null, "nobody watches ApproximateAgeOfOldestMessage of CodeQueue"),
        at("/Resources/CodeRateAlarm", Value::Null, "nobody watches NumberOfMessagesSent of CodeQueue"),
        at("/Resources/AccountThrottlesAlarm", Value::Null, "nobody watches Throttles of the account"),
        at("/Resources/PaySlowAlarm", Value::Null, "nobody watches Duration of PayFunction"),
        at("/Resources/ServerErrorsAlarm", Value::Null, "nobody watches 5xx of Api"),
        at("/Resources/TableThrottlesAlarm", Value::Null, "nobody watches ReadThrottleEvents of Table"),
        at(
            "/Resources/PaySlowAlarm/Properties/Dimensions/0/Value",
            json!({"Ref": "PaysFunction"}),
            "PaySlowAlarm watches",
        ),
        at("/Resources/PaySlowAlarm/Properties/Dimensions/0/Name", json!("QueueName"), "PaySlowAlarm watches"),
        at("/Resources/PaySlowAlarm/Properties/AlarmActions", Value::Null, "whom PaySlowAlarm tells"),
        dashboard(r#"{"widgets": ["#),
        dashboard(r#"{"widgets": [{"x": "${HoldFunction}"}]}"#),
        dashboard(&format!(r#"{{"widgets": [{operation}]}}"#)),
        dashboard(&format!(r#"{{"widgets": [{twice}, {twice}]}}"#)),
    ]
}
