//! `template.yaml` matches the code. Each rule is also seen to fail on a template that breaks it.

use super::{alarms, functions, services};
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
    functions::check(template, &mut complaints);
    services::check(template, &mut complaints);
    alarms::check(template, &mut complaints);
    complaints.0
}

#[test]
fn the_template_says_what_the_code_says() {
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
    [functions_broken(), rights_broken(), services_broken(), alarms_broken()].into_iter().flatten().collect()
}

fn functions_broken() -> Vec<Control> {
    let hold = |what: &str, value, complaint| at(format!("/Resources/HoldSeatsFunction/{what}"), value, complaint);
    let event = |event: &str, what: &str| format!("/Resources/{event}/Properties/{what}");
    let mailer = |what: &str, value, complaint| {
        at(event("TicketMailerFunction/Properties/Events/Messages", what), value, complaint)
    };
    let relay = |what: &str, value, complaint| {
        at(event("RelayOutboxFunction/Properties/Events/Changes", what), value, complaint)
    };
    vec![
        at("/Resources/HoldSeatsFunction", Value::Null, "hold_seats has no function"),
        at("/Resources/TicketMailerFunction", Value::Null, "ticket_mailer has no function"),
        at("/Resources/HoldFunction", json!({"Type": "AWS::Serverless::Function"}), "HoldFunction has no endpoint"),
        hold("Metadata/BuildProperties/Binary", json!("get_hold"), "what builds hold_seats"),
        hold("Properties/Events/Call/Properties/Path", json!("/holds"), "what starts hold_seats"),
        hold("Properties/Events/Call/Properties/Method", json!("PUT"), "what starts hold_seats"),
        hold("Properties/Events/Again", json!({}), "what starts hold_seats"),
        hold("Properties/Timeout", json!(11), "the timeout of hold_seats"),
        hold("Properties/Role", json!({"Fn::GetAtt": ["PayRole", "Arn"]}), "the role of hold_seats"),
        hold("Properties/LoggingConfig", Value::Null, "the log of hold_seats"),
        hold("Properties/Environment/Variables/KEYS_EDITION", Value::Null, "the variables of hold_seats"),
        hold(
            "Properties/Environment/Variables/PROVIDER_URL",
            json!({"Ref": "ProviderUrl"}),
            "the variables of hold_seats",
        ),
        at("/Resources/HoldSeatsLogs/Properties/RetentionInDays", Value::Null, "the log group of hold_seats"),
        at("/Resources/UnmatchedFunction/Properties/Events/Call/Properties/Path", json!("/x"), "what starts unmatched"),
        at("/Globals/Function/Runtime", json!("provided.al2"), "Runtime of all functions"),
        at("/Globals/Function/Environment/Variables/TABLE_NAME", Value::Null, "Environment of all functions"),
        at("/Globals/Function/Timeout", json!(20), "the timeout of poll_queue"),
        mailer("FunctionResponseTypes", Value::Null, "what ticket_mailer reports"),
        mailer("Queue", json!({"Fn::GetAtt": ["PaymentQueue", "Arn"]}), "Queue of ticket_mailer"),
        mailer("ScalingConfig", Value::Null, "ticket_mailer has no bound"),
        at(event("TicketMailerFunction", "Events/Codes"), Value::Null, "how many events start ticket_mailer"),
        relay("FunctionResponseTypes", Value::Null, "what relay_outbox reports"),
        relay("BisectBatchOnFunctionError", json!(false), "BisectBatchOnFunctionError of relay_outbox"),
        relay("DestinationConfig", Value::Null, "DestinationConfig of relay_outbox"),
        relay("FilterCriteria/Filters/1", Value::Null, "the filters of relay_outbox"),
        relay("FilterCriteria/Filters/0/Pattern", json!("{"), "the filters of relay_outbox"),
        relay("MaximumRetryAttempts", Value::Null, "relay_outbox has no bound"),
        relay("ParallelizationFactor", json!(2), "ParallelizationFactor of relay_outbox"),
        relay("MaximumRecordAgeInSeconds", json!(60), "MaximumRecordAgeInSeconds of relay_outbox"),
        relay("StartingPosition", json!("LATEST"), "StartingPosition of relay_outbox"),
    ]
}

fn rights_broken() -> Vec<Control> {
    let statement = |role: &str, number: usize, part: &str| {
        format!("/Resources/{role}/Properties/Policies/0/PolicyDocument/Statement/{number}/{part}")
    };
    vec![
        at(statement("HoldSeatsRole", 0, "Action/0"), Value::Null, "hold_seats may not dynamodb:BatchGetItem"),
        at(statement("HoldSeatsRole", 0, "Action/0"), json!("dynamodb:Scan"), "hold_seats may dynamodb:Scan"),
        at(statement("HoldSeatsRole", 0, "Resource"), json!("*"), "hold_seats may dynamodb:GetItem on \"*\""),
        at(statement("HoldSeatsRole", 0, "Effect"), json!("Deny"), "hold_seats may not dynamodb:GetItem"),
        at(
            statement("HoldSeatsRole", 1, "Resource"),
            json!({"Ref": "ProviderKey"}),
            "hold_seats may not secretsmanager",
        ),
        at(statement("HoldSeatsRole", 2, "Resource"), json!("*"), "hold_seats may logs:PutLogEvents on \"*\""),
        at(statement("RelayOutboxRole", 2, "Resource/1"), Value::Null, "relay_outbox may not sqs:SendMessage"),
        at(statement("RelayOutboxRole", 0, "Action/0"), Value::Null, "relay_outbox may not dynamodb:DescribeStream"),
        at(statement("TicketMailerRole", 3, "Resource/0"), json!("*"), "ticket_mailer may ses:SendRawEmail on \"*\""),
        at(statement("TicketMailerRole", 3, "Condition"), Value::Null, "ticket_mailer may ses:SendRawEmail"),
        at(statement("LogInRole", 0, "Condition"), Value::Null, "log_in may dynamodb:GetItem"),
        at(
            statement("LogInRole", 0, "Condition/ForAllValues:StringLike/dynamodb:LeadingKeys/0"),
            json!("*"),
            "log_in may dynamodb:GetItem",
        ),
        at(
            "/Resources/HoldSeatsRole/Properties/ManagedPolicyArns",
            json!(["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]),
            "the role of hold_seats has",
        ),
        at(
            "/Resources/HoldSeatsRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal",
            json!("*"),
            "who has the role of hold_seats",
        ),
    ]
}

fn services_broken() -> Vec<Control> {
    vec![
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
