//! The number of resources of the stack.

use crate::harness::template::Template;
use serde_json::Map;

/// CloudFormation's quota for a stack.
const RESOURCES_MAX: usize = 500;
/// The number of functions to leave room for.
const FUNCTIONS: usize = 90;

/// SAM expands an API to itself and its stage, and each event to a permission or to an event source mapping. New functions
/// are assumed to have as many events as the present ones.
#[test]
fn ninety_functions_with_an_alias_and_a_version_each_fit_into_a_stack() {
    let template = Template::read();
    let functions: Vec<_> = template.resources("AWS::Serverless::Function").collect();
    let events = functions.iter().map(|(_, function)| function["Properties"]["Events"].as_object().map_or(0, Map::len));
    let events: usize = events.sum();
    let written = template.0["Resources"].as_object().map_or(0, Map::len);
    let now = written + events + template.resources("AWS::Serverless::HttpApi").count();
    let more = FUNCTIONS - functions.len();
    let roles_and_events = more + (more * events).div_ceil(functions.len());
    let aliases_and_versions = 2 * FUNCTIONS;
    let then = now + more + roles_and_events + aliases_and_versions;
    println!("{now} resources; {then} with {FUNCTIONS} functions, an alias and a version each");
    assert!(then <= RESOURCES_MAX, "{FUNCTIONS} functions would need {then} resources, now there are {now}");
}
