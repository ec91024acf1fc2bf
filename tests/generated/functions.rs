//! The functions of the template, with their roles and events.

use crate::harness::template::{function_name, pascal_case};
use frontrow_edge::{
    Descriptor, Function, Method, Queue, Route, Secret,
    function::MEMORY_MEGABYTES,
    limits::{ENDPOINT_TIMEOUT_SECONDS, MAIL_MAX_RECEIVES},
    worker::{Concurrency, Trigger, WorkerDescriptor},
};
use frontrow_endpoints::{ENDPOINTS, UNMATCHED};
use frontrow_workers::WORKERS;

/// `template` with its generated parts as the code declares them.
pub(super) fn template(template: &str) -> String {
    let endpoints = ENDPOINTS.iter().chain([&UNMATCHED]).map(endpoint);
    let functions: String = endpoints.chain(WORKERS.iter().map(worker)).collect();
    let gets = ENDPOINTS.iter().map(|endpoint| endpoint.route).filter(|route| route.method == Method::GET);
    let called =
        gets.clone().map(|route| format!("                  - !GetAtt {}.Arn\n", function_name(route.operation())));
    let text = replaced(
        template,
        "        paths:\n",
        &gets.map(get_and_head).collect::<String>(),
        "          # End of the GET routes.\n",
    );
    let begin = "                  # Functions of GET routes, generated.\n";
    let text = replaced(
        &text,
        begin,
        &called.collect::<String>(),
        "                  # End of the functions of GET routes.\n",
    );
    let begin = "  # Functions, generated from the code by `cargo test -p frontrow-tests generated`.\n";
    replaced(&text, begin, &functions, "  # End of the generated functions.\n")
}

/// `text` with `part` between the markers.
fn replaced(text: &str, begin: &str, part: &str, end: &str) -> String {
    let (before, rest) = text.split_once(begin).expect("a marker");
    let (_, after) = rest.split_once(end).expect("a marker");
    format!("{before}{begin}{part}{end}{after}")
}

/// The routes of a GET endpoint, which also serves HEAD.
fn get_and_head(route: &Route) -> String {
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters: String = in_path
        .map(|name| format!("parameters: [{{name: {name}, in: path, required: true, schema: {{type: string}}}}], "))
        .collect();
    let function = function_name(route.operation());
    let called = |method: &str| {
        format!(
            "            {}: {{{parameters}responses: {{}}, x-amazon-apigateway-integration: {{type: aws_proxy, httpMethod: POST, payloadFormatVersion: \"2.0\", credentials: !GetAtt ApiRole.Arn, uri: !Sub \"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{function}.Arn}}/invocations\"}}}}\n",
            method.to_lowercase()
        )
    };
    format!("          \"{}\":\n{}", route.path, route.methods().map(called).collect::<String>())
}

fn endpoint(endpoint: &Descriptor) -> String {
    let route = endpoint.route;
    let event =
        |call: String| format!("      Events: {{Call: {{Type: HttpApi, Properties: {{ApiId: !Ref Api{call}}}}}}}\n");
    let events = match &route.method {
        _ if route.path.starts_with('$') => event(String::new()),
        &Method::GET => String::new(),
        method => event(format!(", Method: {method}, Path: \"{}\"", route.path)),
    };
    resources(&route.function, &endpoint.secrets(), "Endpoint", &events, &[])
}

fn worker(worker: &WorkerDescriptor) -> String {
    let WorkerDescriptor { function, trigger, .. } = worker;
    let mut statements = Vec::new();
    let mut events = "      Events:\n".to_owned();
    match trigger {
        Trigger::Stream { filters, batch } => {
            events += &on_stream(filters, *batch);
            let actions = "[dynamodb:DescribeStream, dynamodb:GetRecords, dynamodb:GetShardIterator]";
            statements.push(allow(actions, "!GetAtt Table.StreamArn"));
            statements.push(allow("dynamodb:ListStreams", "!Sub \"${Table.Arn}/stream/*\""));
            statements.push(allow("sqs:SendMessage", "!GetAtt StreamFailureQueue.Arn"));
        }
        Trigger::Queues { queues, batch } => {
            for (place, (queue, concurrency)) in queues.iter().enumerate() {
                let name = if place == 0 { "Messages".to_owned() } else { format!("{queue:?}") };
                events += &on_queue(&name, *queue, *batch, *concurrency);
            }
            let arns: Vec<_> = queues.iter().map(|(queue, _)| queue_arn(*queue)).collect();
            let actions = "[sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes]";
            statements.push(allow(actions, &one_or_many(&arns)));
        }
    }
    if function.variables.contains(&"MAIL_FROM") {
        statements.push(SEND_MAIL.to_owned());
    }
    resources(function, function.secrets, "Worker", &events, &statements)
}

/// In order, and without a maximum age: records that only wait behind a rush must not be dropped. A record that cannot
/// be processed blocks its shard, so that later records do not overtake it. 1,000 retries outlast an outage of minutes.
fn on_stream(filters: &[&str], batch: u32) -> String {
    let filters = filters.iter().map(|filter| format!("                - Pattern: '{filter}'\n"));
    format!(
        "        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: {batch}
            FunctionResponseTypes: [ReportBatchItemFailures]
            BisectBatchOnFunctionError: true
            MaximumRetryAttempts: 1000
            DestinationConfig: {{OnFailure: {{Type: SQS, Destination: !GetAtt StreamFailureQueue.Arn}}}}
            FilterCriteria:
              Filters:
{}",
        filters.collect::<String>()
    )
}

fn on_queue(name: &str, queue: Queue, batch: u32, concurrency: Concurrency) -> String {
    let concurrency = match concurrency {
        Concurrency::Of(number) => number.to_string(),
        Concurrency::Parameter(name) => format!("!Ref {name}"),
    };
    let arn = queue_arn(queue);
    format!(
        "        {name}:
          Type: SQS
          Properties:
            Queue: {arn}
            BatchSize: {batch}
            FunctionResponseTypes: [ReportBatchItemFailures]
            ScalingConfig: {{MaximumConcurrency: {concurrency}}}
"
    )
}

/// A function and its role. `statements` are those of its trigger.
fn resources(function: &Function, secrets: &[Secret], kind: &str, events: &str, statements: &[String]) -> String {
    let (name, resource) = (function.name, pascal_case(function.name));
    let mut settings = String::new();
    if kind == "Worker" {
        settings += "      CodeUri: functions/workers\n";
    }
    if function.memory_megabytes != MEMORY_MEGABYTES {
        settings += &format!("      MemorySize: {}\n", function.memory_megabytes);
    }
    if function.timeout_seconds != ENDPOINT_TIMEOUT_SECONDS {
        settings += &format!("      Timeout: {}\n", function.timeout_seconds);
    }
    let mut logging = format!("LogGroup: !Ref {kind}Logs");
    if function.is_polled {
        logging += ", LogFormat: JSON, SystemLogLevel: WARN";
        settings += "      ReservedConcurrentExecutions: !If [PollsPastApi, !Ref PollConcurrency, !Ref AWS::NoValue]\n";
    }
    let statements: String = role(function, secrets, statements, kind).concat();
    let variables = variables(function, secrets);
    format!(
        "  {resource}Function:
    Type: AWS::Serverless::Function
    Metadata: {{BuildMethod: rust-cargolambda, BuildProperties: {{Binary: {name}}}}}
    Properties:
{settings}      Role: !GetAtt {resource}Role.Arn
      LoggingConfig: {{{logging}}}
{variables}{events}  {resource}Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{Version: \"2012-10-17\", Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: sts:AssumeRole}}]}}
      Policies:
        - PolicyName: {name}
          PolicyDocument:
            Version: \"2012-10-17\"
            Statement:
{statements}
"
    )
}

/// The environment beyond the variables of every function.
fn variables(function: &Function, secrets: &[Secret]) -> String {
    let of_secrets = secrets.iter().map(|secret| format!("{}: !Ref {secret:?}", secret.variable()));
    let edition = (!secrets.is_empty()).then(|| "KEYS_EDITION: !Ref KeysEdition".to_owned());
    let own = function.variables.iter().map(|name| match *name {
        "MAIL_MAX_RECEIVES" => format!("{name}: \"{MAIL_MAX_RECEIVES}\""),
        "API_URL" => format!(
            "{name}: !If [HasPublicApiUrl, !Ref PublicApiUrl, !Sub \"https://${{Api}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}\"]"
        ),
        "POLL_URL" => format!("{name}: !If [PollsPastApi, !GetAtt PollQueueUrl.FunctionUrl, \"\"]"),
        _ => format!("{name}: !Ref {}", pascal_case(&name.to_lowercase())),
    });
    let of_queues = function.sends_to.iter().map(|queue| format!("{}: !Ref {}", queue.variable(), queue_name(*queue)));
    let all: Vec<_> = of_secrets.chain(edition).chain(own).chain(of_queues).collect();
    match all.len() {
        0 => String::new(),
        1 | 2 => format!("      Environment: {{Variables: {{{}}}}}\n", all.join(", ")),
        _ => format!("      Environment:\n        Variables:\n          {}\n", all.join("\n          ")),
    }
}

/// The statements of a role: what is declared, and nothing else.
fn role(function: &Function, secrets: &[Secret], of_trigger: &[String], kind: &str) -> Vec<String> {
    let mut statements = Vec::new();
    if !function.table.is_empty() {
        let actions: Vec<_> = function.table.iter().map(|action| action.in_iam()).collect();
        let mut resource = "!GetAtt Table.Arn".to_owned();
        if !function.table_keys.is_empty() {
            let keys = function.table_keys;
            resource +=
                &format!(", Condition: {{\"ForAllValues:StringLike\": {{\"dynamodb:LeadingKeys\": {keys:?}}}}}");
        }
        statements.push(allow(&format!("[{}]", actions.join(", ")), &resource));
    }
    if !secrets.is_empty() {
        let secrets: Vec<_> = secrets.iter().map(|secret| format!("!Ref {secret:?}")).collect();
        statements.push(allow("secretsmanager:GetSecretValue", &one_or_many(&secrets)));
    }
    statements.extend(of_trigger.iter().cloned());
    if !function.sends_to.is_empty() {
        let queues: Vec<_> = function.sends_to.iter().map(|queue| queue_arn(*queue)).collect();
        statements.push(allow("sqs:SendMessage", &one_or_many(&queues)));
    }
    statements.push(allow("[logs:CreateLogStream, logs:PutLogEvents]", &format!("!GetAtt {kind}Logs.Arn")));
    statements
}

fn allow(action: &str, resource: &str) -> String {
    format!("              - {{Effect: Allow, Action: {action}, Resource: {resource}}}\n")
}

fn one_or_many(values: &[String]) -> String {
    if let [one] = values { one.clone() } else { format!("[{}]", values.join(", ")) }
}

/// A queue's name in the template: `MailQueue` for `Mails`.
pub(crate) fn queue_name(queue: Queue) -> String {
    format!("{}Queue", format!("{queue:?}").trim_end_matches('s'))
}

fn queue_arn(queue: Queue) -> String {
    format!("!GetAtt {}.Arn", queue_name(queue))
}

/// The condition extracts the address from `MailFrom`, with or without a display name.
const SEND_MAIL: &str = r#"              - Effect: Allow
                Action: ses:SendRawEmail
                Resource:
                  - !Sub "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailIdentity}"
                  - !If
                    - HasMailConfigurationSet
                    - !Sub "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/${MailConfigurationSet}"
                    - !Ref AWS::NoValue
                Condition: {StringEquals: {"ses:FromAddress": !Select [0, !Split [">", !Select [1, !Split ["<", !Sub "${MailFrom}<${MailFrom}"]]]]}}
"#;
