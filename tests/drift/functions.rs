//! Functions of the template against the code: names, binaries, timeouts, variables, triggers and permissions.

use super::{
    declared::{Declared, Trigger, functions, queue_name, secret_name},
    template::Complaints,
};
use crate::harness::template::{Template, function_name, pascal_case};
use frontrow_workers::queue::Queue;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

pub(super) fn check(template: &Template, complaints: &mut Complaints) {
    check_globals(template, complaints);
    let declared = functions();
    let known: BTreeSet<String> = declared.iter().map(|one| function_name(one.name)).collect();
    for (name, _) in template.resources("AWS::Serverless::Function").filter(|(name, _)| !known.contains(*name)) {
        complaints.add(format!("{name} has no endpoint and no worker"));
    }
    for one in &declared {
        let function = template.resource(&function_name(one.name));
        if function.is_null() {
            complaints.add(format!("{} has no function", one.name));
            continue;
        }
        check_function(one, function, template, complaints);
        check_role(one, template, complaints);
    }
}

fn check_globals(template: &Template, complaints: &mut Complaints) {
    let globals = &template.0["Globals"]["Function"];
    for (name, expected) in [
        ("Runtime", json!("provided.al2023")),
        ("Handler", json!("bootstrap")),
        ("Architectures", json!([{"Ref": "Architecture"}])),
        (
            "Environment",
            json!({"Variables": {
                "TABLE_NAME": {"Ref": "Table"}, "STACK_NAME": {"Ref": "AWS::StackName"}, "AWS_ENDPOINT_URL": {"Ref": "AwsEndpointUrl"},
            }}),
        ),
    ] {
        complaints.expect(format!("{name} of all functions"), &globals[name], &expected);
    }
}

fn check_function(one: &Declared, function: &Value, template: &Template, complaints: &mut Complaints) {
    let (name, properties) = (one.name, &function["Properties"]);
    let here = pascal_case(name);
    let globals = &template.0["Globals"]["Function"];
    let property = |name: &str| if properties[name].is_null() { &globals[name] } else { &properties[name] };
    let metadata = json!({"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": name}});
    complaints.expect(format!("what builds {name}"), &function["Metadata"], &metadata);
    complaints.expect(format!("where {name} is built"), property("CodeUri"), &json!(one.folder));
    complaints.expect(format!("the timeout of {name}"), property("Timeout"), &json!(one.timeout_seconds));
    complaints.expect(
        format!("the role of {name}"),
        property("Role"),
        &json!({"Fn::GetAtt": [format!("{here}Role"), "Arn"]}),
    );
    let logs = format!("{here}Logs");
    complaints.expect(format!("the log of {name}"), property("LoggingConfig"), &json!({"LogGroup": {"Ref": logs}}));
    let group = format!("/aws/lambda/${{AWS::StackName}}/{name}");
    let group = json!({"LogGroupName": {"Fn::Sub": group}, "RetentionInDays": {"Ref": "LogRetentionDays"}});
    complaints.expect(format!("the log group of {name}"), &template.resource(&logs)["Properties"], &group);
    let variables = &properties["Environment"]["Variables"];
    let none = Value::Object(Map::new());
    let found = if variables.is_null() { &none } else { variables };
    complaints.expect(format!("the variables of {name}"), found, &variables_of(one));
    check_events(one, &properties["Events"], complaints);
}

/// The environment variables of a function beyond the common ones.
fn variables_of(one: &Declared) -> Value {
    let mut variables = Map::new();
    for secret in one.secrets {
        variables.insert(secret.variable().to_owned(), json!({"Ref": secret_name(*secret)}));
        variables.insert("KEYS_EDITION".to_owned(), json!({"Ref": "KeysEdition"}));
    }
    for name in one.variables {
        let queue = Queue::ALL.into_iter().find(|queue| queue.variable() == *name);
        let value = match (queue, *name) {
            (Some(queue), _) => json!({"Ref": format!("{}Queue", queue_name(queue))}),
            (None, "MAIL_MAX_RECEIVES") => json!(frontrow_domain::limits::MAIL_MAX_RECEIVES.to_string()),
            (None, "API_URL") => {
                let own = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}";
                json!({"Fn::If": ["HasPublicApiUrl", {"Ref": "PublicApiUrl"}, {"Fn::Sub": own}]})
            }
            (None, parameter) => json!({"Ref": pascal_case(&parameter.to_lowercase())}),
        };
        variables.insert((*name).to_owned(), value);
    }
    Value::Object(variables)
}

fn check_events(one: &Declared, events: &Value, complaints: &mut Complaints) {
    let api = json!({"Ref": "Api"});
    let expected = match one.trigger {
        Trigger::Route { method, path } => {
            let route =
                |method| json!({"Type": "HttpApi", "Properties": {"ApiId": api, "Method": method, "Path": path}});
            match method {
                // The function for GET also responds to HEAD.
                "GET" => json!({"Call": route(method), "Head": route("HEAD")}),
                _ => json!({"Call": route(method)}),
            }
        }
        Trigger::AnyOtherRoute => json!({"Call": {"Type": "HttpApi", "Properties": {"ApiId": api}}}),
        Trigger::Stream(_) | Trigger::Queues(_) => return check_source(one, events, complaints),
    };
    complaints.expect(format!("what starts {}", one.name), events, &expected);
}

/// The event of a queue for its function: the first is called Messages, others are called after their queue.
fn event_of(queue: Queue, first: bool) -> String {
    if first { "Messages".to_owned() } else { pascal_case(queue.name()) }
}

/// Queues and the stream report failed items of a batch, and the stream eventually parks them.
fn check_source(one: &Declared, events: &Value, complaints: &mut Complaints) {
    let count = events.as_object().map_or(0, Map::len);
    let (patterns, queues): (_, &[Queue]) = match one.trigger {
        Trigger::Queues(queues) => (None, queues),
        Trigger::Stream(patterns) => (Some(patterns), &[]),
        Trigger::Route { .. } | Trigger::AnyOtherRoute => return,
    };
    let expected = queues.len() + usize::from(patterns.is_some());
    complaints.expect(format!("how many events start {}", one.name), &json!(count), &json!(expected));
    for queue in queues {
        let event = &events[event_of(*queue, queue == &queues[0])];
        let arn = json!({"Fn::GetAtt": [format!("{}Queue", queue_name(*queue)), "Arn"]});
        check_event(one, event, "SQS", &[("Queue", arn)], complaints);
        complaints.unless(!event["Properties"]["ScalingConfig"]["MaximumConcurrency"].is_null(), || {
            format!("{} has no bound on its runs", one.name)
        });
    }
    if let Some(patterns) = patterns {
        check_stream(one, &events["Changes"], patterns, complaints);
    }
}

fn check_stream(one: &Declared, event: &Value, patterns: &[&str], complaints: &mut Complaints) {
    let park = json!({"Type": "SQS", "Destination": {"Fn::GetAtt": ["StreamFailureQueue", "Arn"]}});
    let expected = [
        ("Stream", json!({"Fn::GetAtt": ["Table", "StreamArn"]})),
        ("StartingPosition", json!("TRIM_HORIZON")),
        ("BisectBatchOnFunctionError", json!(true)),
        ("DestinationConfig", json!({"OnFailure": park})),
        // In order, and records are not dropped because of their age.
        ("ParallelizationFactor", Value::Null),
        ("MaximumRecordAgeInSeconds", Value::Null),
    ];
    check_event(one, event, "DynamoDB", &expected, complaints);
    let properties = &event["Properties"];
    let found = properties["FilterCriteria"]["Filters"].as_array().into_iter().flatten();
    let found: Value =
        found.filter_map(|filter| serde_json::from_str::<Value>(filter["Pattern"].as_str()?).ok()).collect();
    let patterns = patterns.iter().map(|pattern| serde_json::from_str::<Value>(pattern).expect("JSON")).collect();
    complaints.expect(format!("the filters of {}", one.name), &found, &patterns);
    complaints
        .unless(!properties["MaximumRetryAttempts"].is_null(), || format!("{} has no bound on its runs", one.name));
}

fn check_event(one: &Declared, event: &Value, kind: &str, expected: &[(&str, Value)], complaints: &mut Complaints) {
    complaints.expect(format!("what starts {}", one.name), &event["Type"], &json!(kind));
    let properties = &event["Properties"];
    for (name, value) in expected {
        complaints.expect(format!("{name} of {}", one.name), &properties[*name], value);
    }
    let reports = json!(["ReportBatchItemFailures"]);
    complaints.expect(format!("what {} reports", one.name), &properties["FunctionResponseTypes"], &reports);
}

/// A role allows what is declared, and nothing else.
fn check_role(one: &Declared, template: &Template, complaints: &mut Complaints) {
    let role = &template.resource(&format!("{}Role", pascal_case(one.name)))["Properties"];
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]});
    complaints.expect(format!("who has the role of {}", one.name), &role["AssumeRolePolicyDocument"], &trust);
    let parts: BTreeSet<&str> = role.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    if parts != BTreeSet::from(["AssumeRolePolicyDocument", "Policies"]) {
        complaints.add(format!("the role of {} has {parts:?}", one.name));
    }
    let (granted, needed) = (granted(role), needed(one));
    for (action, resource) in needed.difference(&granted) {
        complaints.add(format!("{} may not {action} on {resource}", one.name));
    }
    for (action, resource) in granted.difference(&needed) {
        complaints.add(format!("{} may {action} on {resource}, and does not declare it", one.name));
    }
}

/// An action on a resource, as JSON.
type Grant = (String, String);

fn granted(role: &Value) -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    let policies = role["Policies"].as_array().into_iter().flatten();
    for statement in policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten())
    {
        let condition = &statement["Condition"];
        let parts = if condition.is_null() { 3 } else { 4 };
        let allows = statement["Effect"] == "Allow" && statement.as_object().is_some_and(|found| found.len() == parts);
        for action in one_or_many(&statement["Action"]) {
            for resource in one_or_many(&statement["Resource"]) {
                let action = action.as_str().unwrap_or("nothing");
                grants.insert((
                    if allows { action.to_owned() } else { format!("otherwise {action}") },
                    where_and_if(resource, condition),
                ));
            }
        }
    }
    grants
}

/// A resource, and the condition on its use.
fn where_and_if(resource: &Value, condition: &Value) -> String {
    if condition.is_null() { resource.to_string() } else { format!("{resource} if {condition}") }
}

fn one_or_many(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// The address in `MailFrom`, with or without a name before it: the part between `<` and `>` of the value, which is
/// written twice.
fn sender_address() -> Value {
    let twice = json!({"Fn::Split": ["<", {"Fn::Sub": "${MailFrom}<${MailFrom}"}]});
    json!({"Fn::Select": [0, {"Fn::Split": [">", {"Fn::Select": [1, twice]}]}]})
}

fn needed(one: &Declared) -> BTreeSet<Grant> {
    let arn = |resource: &str| json!({"Fn::GetAtt": [resource, "Arn"]});
    let logs = arn(&format!("{}Logs", pascal_case(one.name)));
    let mut needed = vec![("logs:CreateLogStream", logs.clone()), ("logs:PutLogEvents", logs)];
    let keys = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": one.table_keys}});
    let condition = if one.table_keys.is_empty() { Value::Null } else { keys };
    let table = where_and_if(&arn("Table"), &condition);
    let on_table = one.table_actions.iter().map(|action| ((*action).to_owned(), table.clone()));
    let secrets = one.secrets.iter().map(|secret| json!({"Ref": secret_name(*secret)}));
    needed.extend(secrets.map(|secret| ("secretsmanager:GetSecretValue", secret)));
    let sends = Queue::ALL.into_iter().filter(|queue| one.variables.contains(&queue.variable()));
    needed.extend(sends.map(|queue| ("sqs:SendMessage", arn(&format!("{}Queue", queue_name(queue))))));
    match one.trigger {
        Trigger::Queues(queues) => {
            let reads = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
            for queue in queues.iter().map(|queue| arn(&format!("{}Queue", queue_name(*queue)))) {
                needed.extend(reads.map(|action| (action, queue.clone())));
            }
        }
        Trigger::Stream(_) => {
            let stream = json!({"Fn::GetAtt": ["Table", "StreamArn"]});
            let reads = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
            needed.extend(reads.map(|action| (action, stream.clone())));
            needed.push(("dynamodb:ListStreams", json!({"Fn::Sub": "${Table.Arn}/stream/*"})));
            needed.push(("sqs:SendMessage", arn("StreamFailureQueue")));
        }
        Trigger::Route { .. } | Trigger::AnyOtherRoute => {}
    }
    let mut mails = Vec::new();
    if one.variables.contains(&"MAIL_FROM") {
        let ses = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}";
        let set = json!({"Fn::Sub": format!("{ses}:configuration-set/${{MailConfigurationSet}}")});
        mails.push(json!({"Fn::Sub": format!("{ses}:identity/${{MailIdentity}}")}));
        mails.push(json!({"Fn::If": ["HasMailConfigurationSet", set, {"Ref": "AWS::NoValue"}]}));
    }
    let sender = json!({"StringEquals": {"ses:FromAddress": sender_address()}});
    let mails = mails.iter().map(|to| ("ses:SendRawEmail".to_owned(), where_and_if(to, &sender)));
    let unconditional = needed.into_iter().map(|(action, resource)| (action.to_owned(), resource.to_string()));
    unconditional.chain(on_table).chain(mails).collect()
}
