//! A process without HTTP in front: requests go straight to the handlers, as from Lambda.

use super::{enrol, performance_details, show_details};
use frontrow_domain::member::{EmailAddress, Name, Role};
use frontrow_edge::{App, Method, tokens::Identity};
use frontrow_endpoints::ENDPOINTS;
use lambda_http::{Body, RequestExt, http};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A response.
#[derive(Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) json: Value,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)?;
        self.json["code"].as_str().map_or(Ok(()), |code| write!(f, " {code}"))
    }
}

impl Response {
    pub(crate) fn text(&self, field: &str) -> String {
        self.json[field].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends one request through the handler that serves it.
pub(crate) async fn call(app: &App, method: &Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Response {
    let route = |template: &'static str| -> Option<HashMap<String, String>> {
        let (wanted, found): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        let name = |part: &&str| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).map(str::to_owned);
        let fits = wanted.len() == found.len()
            && wanted.iter().zip(&found).all(|(part, value)| part == value || name(part).is_some());
        fits.then(|| {
            wanted.iter().zip(found).filter_map(|(part, value)| Some((name(part)?, value.to_owned()))).collect()
        })
    };
    let (endpoint, parameters) = ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.route.method == *method)
        .find_map(|endpoint| Some((endpoint, route(endpoint.route.path)?)))
        .expect("a route");
    let mut request = http::Request::builder().method(method).uri(format!("http://localhost{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { Body::Empty } else { Body::Text(body.to_string()) };
    let request = request.body(body).expect("a request").with_path_parameters(parameters);
    let response = (endpoint.respond)(app, request).await;
    let bytes: &[u8] = response.body().as_ref();
    Response { status: response.status().as_u16(), json: serde_json::from_slice(bytes).unwrap_or_default() }
}

/// A new member, logged in: their identity and their `Authorization` header.
pub(crate) async fn member(app: &App, name: &str) -> (Identity, String) {
    person(app, name, Role::Member).await
}

/// A new organizer, logged in.
pub(crate) async fn organizer(app: &App, name: &str) -> (Identity, String) {
    person(app, name, Role::Organizer).await
}

async fn person(app: &App, name: &str, role: Role) -> (Identity, String) {
    let email = EmailAddress::try_from(format!("{name}@example.com")).expect("an address");
    let identity = enrol(app, email, Name::try_from(name.to_owned()).expect("a name"), role).await;
    let header = format!("Bearer {}", app.tokens.access(&identity));
    (identity, header)
}

/// Creates a performance of a new show. Returns its id.
pub(crate) async fn listed(app: &App, details: Value) -> String {
    let (_, login) = person(app, "organizer", Role::Organizer).await;
    let headers = [("authorization", login.as_str())];
    let show = call(app, &Method::POST, "/shows", &headers, &show_details()).await;
    let path = format!("/shows/{}/performances", show.text("showId"));
    let made = call(app, &Method::POST, &path, &headers, &performance_details(app, details)).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.text("performanceId")
}

/// Tops up.
pub(crate) async fn give_points(app: &App, login: &str, amount: i64) {
    let response =
        call(app, &Method::POST, "/points/top-ups", &[("authorization", login)], &json!({"amount": amount})).await;
    assert_eq!(response.status, 201, "{response:?}");
}
