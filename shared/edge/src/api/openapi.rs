//! Builds the OpenAPI 3.1 document of a list of endpoints from their routes and types.

use crate::{
    Descriptor, ErrorCode, Header,
    caller::Access,
    problem::{self, status_and_code},
};
use lambda_http::http::{Method, StatusCode};
use schemars::{
    SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

mod problems;
mod refusals;

/// Prefix of references to named schemas.
const SCHEMAS: &str = "#/components/schemas/";
/// Name of the security scheme for access tokens.
const LOGIN: &str = "accessToken";
/// Name of the security scheme for queue tokens.
const QUEUE_TOKEN: &str = "queueToken";

/// Returns the document.
///
/// # Panics
/// If a route names an error code without a problem.
pub fn document(endpoints: &[Descriptor]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut codes = BTreeSet::new();
    for endpoint in endpoints {
        let errors = errors(endpoint);
        let method = endpoint.route.method.as_str().to_ascii_lowercase();
        let operation = operation(endpoint, &errors, &mut schemas);
        paths.entry(endpoint.route.path).or_default().insert(method, operation);
        codes.extend(errors);
    }
    let examples: Map<String, Value> = codes
        .into_iter()
        .map(|code| (code.to_string(), json!({"value": problem::body(&problems::of(code))})))
        .collect();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "frontrow",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A ticketing API built for on-sale rushes: shows, waiting rooms, holds, payments and e-mailed tickets.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "examples": examples,
            "headers": headers(),
            "securitySchemes": {
                LOGIN: {"type": "http", "scheme": "bearer", "description": "`accessToken` of POST /sessions."},
                QUEUE_TOKEN: {
                    "type": "apiKey", "in": "header", "name": Header::QueueToken.name(),
                    "description": "`queueToken` of the member's place in line; required if the performance has a waiting room.",
                },
            },
        },
    });
    schemas.finish(&mut document);
    document
}

/// Schemas of request bodies and replies. The same type may have a different schema in each direction (absent fields,
/// defaults), so each direction has its own generator.
struct Schemas {
    requests: SchemaGenerator,
    replies: SchemaGenerator,
    queries: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let generator = |contract: Contract, inline: bool| {
            let settings = SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
                settings.contract = contract;
                settings.inline_subschemas = inline;
            });
            settings.into_generator()
        };
        Self {
            requests: generator(Contract::Deserialize, false),
            replies: generator(Contract::Serialize, false),
            queries: generator(Contract::Deserialize, true),
        }
    }

    /// Adds the named schemas to the document. A request schema that differs from the reply schema of the same name is
    /// renamed to `…Input`.
    fn finish(mut self, document: &mut Value) {
        let mut requests = self.requests.take_definitions(true);
        let mut named = self.replies.take_definitions(true);
        let mut differing: BTreeSet<String> = BTreeSet::new();
        loop {
            let differs = |name: &String, schema: &Value| {
                let other = named.get(name).is_some_and(|reply| reply != schema);
                other || named.contains_key(name) && differing.iter().any(|inner| refers(schema, inner))
            };
            let more: Vec<_> = requests.iter().filter(|(name, schema)| differs(name, schema)).collect();
            let more: Vec<_> = more.into_iter().map(|(name, _)| name.clone()).collect();
            let before = differing.len();
            differing.extend(more);
            if differing.len() == before {
                break;
            }
        }
        for schema in requests.values_mut() {
            rename_references(schema, &differing);
        }
        for operation in document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            for operation in operation.as_object_mut().into_iter().flat_map(Map::values_mut) {
                if let Some(body) = operation.get_mut("requestBody") {
                    rename_references(body, &differing);
                }
            }
        }
        for (name, schema) in requests {
            let name = if differing.contains(&name) { format!("{name}Input") } else { name };
            named.insert(name, schema);
        }
        named.insert("Problem".to_owned(), problems::schema());
        document["components"]["schemas"] = named.into();
    }
}

fn refers(schema: &Value, name: &str) -> bool {
    match schema {
        Value::Object(fields) => fields.iter().any(|(key, value)| {
            (key == "$ref" && value.as_str().is_some_and(|target| target.strip_prefix(SCHEMAS) == Some(name)))
                || refers(value, name)
        }),
        Value::Array(items) => items.iter().any(|item| refers(item, name)),
        _ => false,
    }
}

fn rename_references(schema: &mut Value, differing: &BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str().and_then(|target| target.strip_prefix(SCHEMAS)) {
                    Some(name) if key == "$ref" && differing.contains(name) => {
                        *value = format!("{SCHEMAS}{name}Input").into();
                    }
                    _ => rename_references(value, differing),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_references(item, differing)),
        _ => {}
    }
}

fn operation(endpoint: &Descriptor, errors: &BTreeSet<ErrorCode>, schemas: &mut Schemas) -> Value {
    let route = &endpoint.route;
    let mut operation = json!({
        "operationId": route.operation(),
        "tags": [route.tag],
        "summary": route.summary,
        "security": security(endpoint),
        "responses": responses(endpoint, errors, &mut schemas.replies),
    });
    let mut parameters = parameters(endpoint, &mut schemas.queries);
    if may_be_had(endpoint) {
        parameters.extend(["If-None-Match", "Accept-Encoding"].map(header_parameter));
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(schema) = (endpoint.shapes.body)(&mut schemas.requests) {
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    operation
}

fn security(endpoint: &Descriptor) -> Value {
    let queued = endpoint.route.headers.contains(&Header::QueueToken);
    match (endpoint.access, queued) {
        (Access::Public, false) => json!([]),
        (Access::Public, true) => json!([{}, {LOGIN: [], QUEUE_TOKEN: []}]),
        (Access::Member | Access::Organizer, false) => json!([{LOGIN: []}]),
        (Access::Member | Access::Organizer, true) => json!([{LOGIN: []}, {LOGIN: [], QUEUE_TOKEN: []}]),
    }
}

fn parameters(endpoint: &Descriptor, schemas: &mut SchemaGenerator) -> Vec<Value> {
    let (route, query) = (&endpoint.route, (endpoint.shapes.query)(schemas));
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = in_path
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": (endpoint.shapes.path)(schemas)}))
        .collect();
    let required = query.get("required").and_then(Value::as_array).into_iter().flatten();
    let required: Vec<_> = required.filter_map(Value::as_str).collect();
    for (name, schema) in query.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let mut schema = schema.clone();
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        // A query parameter is absent or has a value; it is never null.
        if let Some(Value::Array(types)) = schema.get("type") {
            schema["type"] = types[0].clone();
        }
        let mut parameter = json!({"name": name, "in": "query", "schema": schema});
        if required.contains(&name.as_str()) {
            parameter["required"] = true.into();
        }
        if let Some(description) = description {
            parameter["description"] = description;
        }
        parameters.push(parameter);
    }
    for header in route.headers.iter().filter(|header| **header != Header::QueueToken) {
        let mut parameter = header_parameter(header.name());
        parameter["schema"]["pattern"] = header.pattern().into();
        parameters.push(parameter);
    }
    parameters
}

fn header_parameter(name: &str) -> Value {
    json!({"name": name, "in": "header", "schema": {"type": "string"}})
}

fn responses(endpoint: &Descriptor, errors: &BTreeSet<ErrorCode>, replies: &mut SchemaGenerator) -> Value {
    let header = |name: &str| json!({"$ref": format!("#/components/headers/{name}")});
    let mut responses = Map::new();
    for status in endpoint.route.success {
        let mut response = json!({
            "description": StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason()),
            "headers": {"X-Request-Id": header("X-Request-Id"), "Cache-Control": header("Cache-Control")},
        });
        if *status == 201 {
            response["headers"]["Location"] = header("Location");
        }
        if let Some((media_type, schema)) = (endpoint.shapes.reply)(replies) {
            response["content"] = json!({media_type: {"schema": schema}});
        }
        if may_be_had(endpoint) {
            for name in ["ETag", "Vary"] {
                response["headers"][name] = header(name);
            }
            let unchanged = json!({
                "description": "Not modified: `If-None-Match` lists the current tag. No body.",
                "headers": response["headers"],
            });
            responses.insert("304".to_owned(), unchanged);
        }
        responses.insert(status.to_string(), response);
    }
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in errors {
        by_status.entry(status_and_code(&problems::of(*code)).0).or_default().push(*code);
    }
    let also_refused: Vec<String> = refusals::of(endpoint, &mut Schemas::new().queries).into_iter().collect();
    for (status, codes) in by_status {
        let mut headers = json!({"X-Request-Id": header("X-Request-Id")});
        match status {
            401 => headers["WWW-Authenticate"] = header("WWW-Authenticate"),
            429 | 503 => headers["Retry-After"] = header("Retry-After"),
            _ => {}
        }
        let examples: Map<String, Value> = codes
            .iter()
            .map(|code| (code.to_string(), json!({"$ref": format!("#/components/examples/{code}")})))
            .collect();
        let content = json!({"schema": {"$ref": format!("{SCHEMAS}Problem")}, "examples": examples});
        let mut words = codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ");
        let mut response = json!({"headers": headers, "content": {"application/problem+json": content}});
        if status == 400 && !also_refused.is_empty() {
            words = format!("{words}; also for input that matches the schema: {}", also_refused.join("; "));
            response[refusals::ALSO_REFUSED] = json!(also_refused);
        }
        response["description"] = words.into();
        responses.insert(status.to_string(), response);
    }
    responses.into()
}

/// Whether the response has an entity tag; all public `GET`s have one.
fn may_be_had(endpoint: &Descriptor) -> bool {
    endpoint.route.method == Method::GET && endpoint.access == Access::Public
}

/// The problem codes of an endpoint: its own, and those implied by its method, path and access.
fn errors(endpoint: &Descriptor) -> BTreeSet<ErrorCode> {
    let route = &endpoint.route;
    let of_all = [ErrorCode::InvalidRequest, ErrorCode::Internal, ErrorCode::Busy];
    let mut errors: BTreeSet<_> = route.errors.iter().copied().chain(of_all).collect();
    if endpoint.access != Access::Public {
        errors.insert(ErrorCode::Unauthenticated);
    }
    if endpoint.access == Access::Organizer {
        errors.insert(ErrorCode::Forbidden);
    }
    if route.path.contains('{') {
        errors.insert(ErrorCode::NotFound);
    }
    if matches!(route.method, Method::POST | Method::PUT) {
        errors.insert(ErrorCode::BodyTooLarge);
    }
    if route.headers.contains(&Header::IdempotencyKey) {
        errors.insert(ErrorCode::IdempotencyKeyReused);
    }
    errors
}

fn headers() -> Value {
    let header = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    json!({
        "X-Request-Id": header("Identifies the request in the logs."),
        "Location": header("Path of the created resource."),
        "Cache-Control": header("`public, max-age=…` for public resources, otherwise `no-store`."),
        "ETag": header("Weak entity tag for `If-None-Match`."),
        "Vary": header("`accept-encoding`: larger responses are compressed for clients that accept gzip."),
        "WWW-Authenticate": header("`Bearer`, with the problem code as `error`."),
        "Retry-After": {"description": "Seconds to wait before the next attempt.", "schema": {"type": "integer", "minimum": 1}},
    })
}
