//! Emulates IAM: a function may only use the table actions and partitions that its route or worker declares.

use crate::wire::{WrapHttp, wrapped};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use frontrow_edge::{App, Descriptor, Function, Secret, Worker, clients::Aws};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The app of each function in this process, restricted to its declaration.
#[derive(Clone)]
pub(crate) struct Roles {
    app: App,
    aws: Aws,
    wrap_http: Option<WrapHttp>,
    made: Arc<Mutex<HashMap<&'static str, Arc<App>>>>,
}

impl Roles {
    /// Roles over `app`, which call `aws` through the wrapper `wrap_http`.
    pub(crate) fn new(app: App, aws: Aws, wrap_http: Option<WrapHttp>) -> Self {
        Self { app, aws, wrap_http, made: Arc::default() }
    }

    /// The app of `endpoint`.
    pub(crate) fn endpoint(&self, endpoint: &Descriptor) -> Arc<App> {
        self.function(&endpoint.route.function, &endpoint.secrets())
    }

    /// The app of a worker.
    pub(crate) fn worker<W: Worker>(&self) -> App {
        App::clone(&self.function(&W::FUNCTION, W::FUNCTION.secrets))
    }

    fn function(&self, function: &Function, secrets: &[Secret]) -> Arc<App> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let aws = wrapped(&self.aws, self.wrap_http.as_ref(), Some(function.name));
            Arc::new(self.app.for_function(&aws.clone().through(enforce(function, aws.http())), secrets))
        };
        Arc::clone(made.entry(function.name).or_insert_with(make))
    }
}

/// Restricts `inner` to the table actions and partitions that `function` declares.
fn enforce(function: &Function, inner: SharedHttpClient) -> SharedHttpClient {
    let actions = function.table.iter().map(|action| action.in_iam()).collect();
    SharedHttpClient::new(Enforcing { actions, keys: function.table_keys, inner })
}

#[derive(Debug)]
struct Enforcing<T> {
    actions: Arc<[String]>,
    keys: &'static [&'static str],
    inner: T,
}

impl HttpClient for Enforcing<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Enforcing { actions: self.actions.clone(), keys: self.keys, inner })
    }
}

impl HttpConnector for Enforcing<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let undeclared = actions_of(operation, body)
            .into_iter()
            .find(|action| !self.actions.contains(action))
            .or_else(|| partitions_of(body).into_iter().find(|partition| !fits(self.keys, partition)));
        match undeclared {
            None => self.inner.call(request),
            Some(action) => {
                tracing::error!(action, "denied: not declared by the function");
                HttpConnectorFuture::ready(Ok(denied(&action)))
            }
        }
    }
}

/// A transaction needs the action of each of its parts.
fn actions_of(operation: &str, body: &[u8]) -> Vec<String> {
    let parts = || {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let items = request["TransactItems"].as_array().cloned().unwrap_or_default();
        items.into_iter().filter_map(|item| item.as_object()?.keys().next().cloned())
    };
    match operation {
        "TransactWriteItems" | "TransactGetItems" => parts()
            .map(|part| match part.as_str() {
                "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
                part => format!("dynamodb:{part}Item"),
            })
            .collect(),
        _ => vec![format!("dynamodb:{operation}")],
    }
}

/// Whether a partition matches a declared pattern: IAM's `StringLike` for patterns that end with `*`.
fn fits(keys: &[&str], partition: &str) -> bool {
    let like = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(prefix) => partition.starts_with(prefix),
        None => partition == *pattern,
    };
    keys.is_empty() || keys.iter().any(like)
}

/// The partitions that a call touches: those of items and keys, and of a query's condition.
fn partitions_of(body: &[u8]) -> Vec<String> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut found = Vec::new();
    collect(&request, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field["S"].as_str() {
                    Some(partition) if name == "pk" || name == ":pk" => found.push(partition.to_owned()),
                    _ => collect(field, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

fn denied(action: &str) -> HttpResponse {
    let body = json!({
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": format!("the function is not authorized to perform: {action}"),
    });
    let status = StatusCode::try_from(400).expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_needs_the_actions_of_its_parts() {
        let body = br#"{"TransactItems": [{"Put": {}}, {"Update": {}}, {"ConditionCheck": {}}]}"#;
        let needed = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"];
        assert_eq!(actions_of("TransactWriteItems", body), needed);
        assert_eq!(actions_of("Query", b"{}"), ["dynamodb:Query"]);
    }

    #[test]
    fn every_partition_of_a_call_is_checked() {
        let call = |body: &str| partitions_of(body.as_bytes());
        assert_eq!(call(r#"{"Key": {"pk": {"S": "member#1"}, "sk": {"S": "wallet"}}}"#), ["member#1"]);
        assert_eq!(
            call(
                r#"{"TransactItems": [{"Put": {"Item": {"pk": {"S": "a"}}}}, {"Update": {"Key": {"pk": {"S": "b"}}}}]}"#
            ),
            ["a", "b"]
        );
        assert_eq!(call(r#"{"Values": {":pk": {"S": "shows"}, ":from": {"S": "x"}}}"#), ["shows"]);
        assert_eq!(call(r#"{"RequestItems": {"t": {"Keys": [{"pk": {"S": "a"}}, {"pk": {"S": "b"}}]}}}"#), ["a", "b"]);
        assert!(fits(&["member#*", "shows"], "member#1") && fits(&["member#*", "shows"], "shows") && fits(&[], "x"));
        assert!(!fits(&["member#*", "shows"], "shows#title") && !fits(&["member#*"], "xmember#1"));
    }
}
