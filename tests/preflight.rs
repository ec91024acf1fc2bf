//! The preflight's data about the template. `generated` writes it.

use crate::harness::template::Template;
use frontrow_preflight::{prices::Prices, template::Template as Known};
use serde_json::Value;
use std::collections::BTreeMap;

/// The facts in `template` that determine costs.
pub(crate) fn known(template: &Template) -> Known {
    let memory = |function: &Value| {
        let common = &template.0["Globals"]["Function"]["MemorySize"];
        function["Properties"]["MemorySize"].as_f64().or(common.as_f64()).expect("a number")
    };
    let binary = |function: &Value| {
        let name = function["Metadata"]["BuildProperties"]["Binary"].as_str();
        name.expect("a binary").to_owned()
    };
    let functions =
        template.resources("AWS::Serverless::Function").map(|(_, one)| (binary(one), memory(one))).collect();
    let parameters = template.0["Parameters"].as_object().expect("parameters").iter();
    let default = |(name, parameter): (&String, &Value)| Some((name.clone(), parameter["Default"].as_f64()?));
    let metrics = |alarm: &Value| match alarm["Properties"]["Metrics"].as_array() {
        Some(metrics) => metrics.iter().filter(|metric| !metric["MetricStat"].is_null()).count(),
        None => 1,
    };
    let mut resources = BTreeMap::new();
    for resource in template.0["Resources"].as_object().expect("resources").values() {
        *resources.entry(resource["Type"].as_str().expect("a type").to_owned()).or_default() += 1.0;
    }
    Known {
        memory_megabytes: functions,
        parameters: parameters.filter(|(_, one)| one["Type"] == "Number").filter_map(default).collect(),
        alarm_metrics: template.resources("AWS::CloudWatch::Alarm").map(|(_, alarm)| metrics(alarm) as f64).sum(),
        resources,
    }
}

#[test]
fn a_changed_template_is_detected() {
    for (place, value) in [
        ("/Resources/PollQueueFunction/Properties/MemorySize", 513),
        ("/Globals/Function/MemorySize", 257),
        ("/Parameters/ThrottleRate/Default", 2_001),
    ] {
        let mut changed = Template::read();
        *changed.0.pointer_mut(place).unwrap_or_else(|| panic!("no {place}")) = value.into();
        assert_ne!(known(&changed), known(&Template::read()), "{place}");
    }
}

/// The access log's line of a poll, by the template's format.
#[test]
fn access_logs_are_as_long_as_assumed() {
    let template = Template::read();
    let format = template.0.pointer("/Resources/Api/Properties/AccessLogSettings/Format").and_then(Value::as_str);
    let values = [
        ("$context.requestId", "JKJaXmPLvHcESHA="),
        ("$context.requestTime", "28/Nov/2026:10:00:00 +0000"),
        ("$context.identity.sourceIp", "203.0.113.117"),
        ("$context.httpMethod", "GET"),
        ("$context.path", "/performances/01939c5f-2d0e-7cc3-98c4-dc0c0c07398f/queue"),
        ("$context.routeKey", "GET /performances/{performanceId}/queue"),
        ("$context.status", "200"),
        ("$context.responseLength", "612"),
        ("$context.responseLatency", "12"),
        ("$context.integrationLatency", "10"),
        ("$context.error.message", "-"),
        ("$context.integrationErrorMessage", "-"),
    ];
    let line =
        values.iter().fold(format.expect("a format").to_owned(), |line, (name, value)| line.replace(name, value));
    assert!(!line.contains('$'), "unknown variables: {line}");
    let (bytes, assumed) = (line.len() as f64, Prices::committed().assumptions.access_log_bytes.0);
    assert!((bytes..=1.2 * bytes).contains(&assumed), "a line has {bytes} bytes, prices.json assumes {assumed}");
}
