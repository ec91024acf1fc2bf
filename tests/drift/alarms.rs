//! Alarms and the dashboard of the template refer to existing resources and cover everything that must be watched.

use super::template::Complaints;
use crate::harness::{
    root,
    template::{Template, function_name},
};
use frontrow_edge::worker::Trigger;
use frontrow_endpoints::ENDPOINTS;
use frontrow_workers::WORKERS;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

/// A metric of a resource, or of the whole account.
type Watched = (String, String);

pub(super) fn check(template: &Template, complaints: &mut Complaints) {
    let topic = json!({"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]});
    let mut watched = BTreeSet::new();
    for (name, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        complaints.expect(format!("whom {name} tells"), &properties["AlarmActions"], &topic);
        let many = properties["Metrics"].as_array().into_iter().flatten().map(|one| &one["MetricStat"]["Metric"]);
        for metric in many.chain([properties]).filter(|metric| metric["MetricName"].is_string()) {
            match watched_by(template, metric) {
                Some(resource) => drop(watched.insert((text(&metric["MetricName"]), resource))),
                None => complaints.add(format!("{name} watches {}", metric["Dimensions"])),
            }
        }
    }
    for (metric, resource) in to_be_watched(template).difference(&watched) {
        complaints.add(format!("nobody watches {metric} of {resource}"));
    }
    if let Err(why) = check_dashboard(template) {
        complaints.add(format!("the dashboard: {why}"));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The resource whose metric it is; `None` if there is no such resource.
fn watched_by(template: &Template, metric: &Value) -> Option<String> {
    let Some(dimensions) = metric["Dimensions"].as_array() else { return Some("the account".to_owned()) };
    if metric["Namespace"] == "frontrow" {
        return refusals(dimensions);
    }
    let [dimension] = dimensions.as_slice() else { return None };
    let value = &dimension["Value"];
    let (kind, name) = match dimension["Name"].as_str()? {
        "FunctionName" => ("AWS::Serverless::Function", &value["Ref"]),
        "QueueName" if value["Fn::GetAtt"][1] == "QueueName" => ("AWS::SQS::Queue", &value["Fn::GetAtt"][0]),
        "TableName" => ("AWS::DynamoDB::Table", &value["Ref"]),
        "ApiId" => ("AWS::Serverless::HttpApi", &value["Ref"]),
        _ => return None,
    };
    let name = name.as_str()?;
    (template.resource(name)["Type"] == kind).then(|| name.to_owned())
}

/// The problem code that one of this platform's metrics counts for this stack; `None` if no endpoint responds with
/// it.
fn refusals(dimensions: &[Value]) -> Option<String> {
    let [stack, code] = dimensions else { return None };
    let is_ours = *stack == json!({"Name": "Stack", "Value": {"Ref": "AWS::StackName"}}) && code["Name"] == "Code";
    let code = code["Value"].as_str().filter(|_| is_ours)?;
    ENDPOINTS
        .iter()
        .any(|endpoint| endpoint.route.errors.iter().any(|known| known.as_str() == code))
        .then(|| code.to_owned())
}

fn to_be_watched(template: &Template) -> BTreeSet<Watched> {
    let parked = |name: &&str| name.ends_with("DeadLetterQueue") || *name == "StreamFailureQueue";
    let queues = template.resources("AWS::SQS::Queue").map(|(name, _)| name).filter(parked);
    let mut watched: Vec<_> = queues.map(|name| ("ApproximateNumberOfMessagesVisible", name.to_owned())).collect();
    for worker in WORKERS {
        let name = function_name(worker.function.name);
        if let Trigger::Stream { .. } = worker.trigger {
            watched.push(("IteratorAge", name.clone()));
        }
        watched.extend([("Errors", name.clone()), ("Throttles", name)]);
    }
    watched.extend(
        ["MailQueue", "CodeQueue", "PaymentQueue"].map(|name| ("ApproximateAgeOfOldestMessage", name.to_owned())),
    );
    watched.push(("NumberOfMessagesSent", "CodeQueue".to_owned()));
    watched.extend(
        [("ReadThrottleEvents", "Table"), ("WriteThrottleEvents", "Table")]
            .map(|(metric, name)| (metric, name.to_owned())),
    );
    watched.extend(
        [("Refused", "wrong_credentials"), ("Refused", "wrong_code")].map(|(metric, code)| (metric, code.to_owned())),
    );
    watched.extend(
        [("5xx", "Api"), ("Duration", "PayFunction"), ("Throttles", "the account")]
            .map(|(metric, name)| (metric, name.to_owned())),
    );
    watched.into_iter().map(|(metric, name)| (metric.to_owned(), name)).collect()
}

/// The dashboard is JSON, names existing resources, and has no overlapping widgets.
fn check_dashboard(template: &Template) -> Result<(), String> {
    let body = text(&template.resource("Dashboard")["Properties"]["DashboardBody"]["Fn::Sub"]);
    for name in body.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next()) {
        if !name.starts_with("AWS::") && template.resource(name).is_null() {
            return Err(format!("there is no {name}"));
        }
    }
    let board: Value = serde_json::from_str(&body).map_err(|error| format!("not JSON: {error}"))?;
    let (mut covered, mut shown) = (BTreeSet::new(), BTreeSet::new());
    for widget in board["widgets"].as_array().into_iter().flatten() {
        let number = |name: &str| widget[name].as_u64().ok_or_else(|| format!("no {name} of {widget}"));
        let (x, y, width, height) = (number("x")?, number("y")?, number("width")?, number("height")?);
        for place in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            if place.0 >= 24 || !covered.insert(place) {
                return Err(format!("widgets lie over each other at {place:?}"));
            }
        }
        for row in widget["properties"]["metrics"].as_array().into_iter().flatten() {
            shown.extend(our_metric(row)?);
        }
    }
    let ours = OURS.map(|(name, by)| (name.to_owned(), by.to_owned())).into();
    if shown == ours { Ok(()) } else { Err(format!("{shown:?} are shown in place of {ours:?}")) }
}

/// The metrics that functions print, and the dimension that separates them within a stack.
const OURS: [(&str, &str); 6] = [
    ("Done", "Operation"),
    ("Refused", "Code"),
    ("Payments", "Outcome"),
    ("Mails", "Kind"),
    ("Waiting", ""),
    ("Active", ""),
];

#[test]
fn alarms_use_metrics_that_functions_print() {
    let source = fs::read_to_string(root().join("shared/edge/src/runtime/metrics.rs")).expect("a source file");
    for (name, by) in OURS.into_iter().filter(|(_, by)| !by.is_empty()) {
        assert!(source.contains(&format!("self.count(\"{name}\", (\"{by}\", ")), "{name} by {by} is not printed");
    }
    let counted = OURS.iter().filter(|(_, by)| !by.is_empty()).count();
    assert_eq!(source.matches("self.count(").count(), counted, "there are others");
    assert!(source.contains(r#"{"Waiting": crowd.waiting, "Active": crowd.active}"#));
}

/// This platform's metric shown in a row, if it is one; its operation must exist.
fn our_metric(row: &Value) -> Result<Option<(String, String)>, String> {
    if let Some(search) = row[0]["expression"].as_str().and_then(|text| text.strip_prefix("SEARCH('{frontrow,Stack,")) {
        let (by, rest) = search.split_once("} MetricName=\"").ok_or("a search without a metric")?;
        return Ok(rest.split_once('"').map(|(name, _)| (name.to_owned(), by.to_owned())));
    }
    if row[0] != "frontrow" {
        return Ok(None);
    }
    let by = row[4].as_str().unwrap_or_default();
    if by == "Operation" && !ENDPOINTS.iter().any(|endpoint| row[5] == endpoint.route.operation()) {
        return Err(format!("{} is no operation", row[5]));
    }
    Ok(Some((text(&row[1]), by.to_owned())))
}
