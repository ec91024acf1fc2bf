//! Serves the API's `$default` route: every request that matches no other endpoint. An unknown path is 404; a wrong method is
//! 405 with `Allow`. API Gateway also sends CORS preflight requests here.

use crate::ENDPOINTS;
use frontrow_domain::Error;
use frontrow_edge::{
    Answer, App, Call, Descriptor, Endpoint, ErrorCode, Failure, Route, answer::Nothing, caller::Anyone,
    endpoint::NoBody, route::matches,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::IgnoredAny};

/// Any query; none is rejected.
#[derive(Debug, JsonSchema)]
pub struct AnyQuery {}

impl<'de> Deserialize<'de> for AnyQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self {})
    }
}

/// Any path. Path parameters found by the gateway are ignored.
#[derive(Debug)]
pub struct AnyPath;

impl frontrow_edge::endpoint::PathId for AnyPath {
    fn parse(_: Option<&str>) -> Result<Self, frontrow_domain::ids::NotAnId> {
        Ok(Self)
    }
}

/// The endpoint.
pub struct Unmatched;

/// The endpoint. It has no path of its own, so it is not in [`ENDPOINTS`].
pub const UNMATCHED: Descriptor = Descriptor::of::<Unmatched>();

impl Endpoint for Unmatched {
    const ROUTE: Route = Route::get("$default", "unmatched")
        .tag("Others")
        .summary("Handle unknown paths and wrong methods")
        .success(&[204])
        .errors(&[ErrorCode::NotFound, ErrorCode::MethodNotAllowed]);
    type Caller = Anyone;
    type Path = AnyPath;
    type Query = AnyQuery;
    type Body = NoBody;
    type Reply = Nothing;

    async fn call(_: &App, call: Call<Self>) -> Result<Answer<Nothing>, Failure> {
        match why_unmatched(&call.raw_path) {
            // Browsers require a success status for preflight requests. The API itself adds the CORS headers.
            Failure::MethodNotAllowed { .. } if call.is_preflight => Ok(Answer::no_content()),
            why => Err(why),
        }
    }
}

/// The routes without their endpoints, computed at compile time so that the binary contains no other endpoint.
const ROUTES: [&Route; ENDPOINTS.len()] = {
    let mut routes = [ENDPOINTS[0].route; ENDPOINTS.len()];
    let mut next = 1;
    while next < routes.len() {
        routes[next] = ENDPOINTS[next].route;
        next += 1;
    }
    routes
};

fn why_unmatched(path: &str) -> Failure {
    let known = ROUTES.iter().filter(|route| matches(route.path, path));
    let mut methods: Vec<&str> = known.flat_map(|route| route.methods()).collect();
    methods.sort_unstable();
    methods.dedup();
    if methods.is_empty() { Error::NotFound.into() } else { Failure::MethodNotAllowed { allow: methods.join(", ") } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_path_lists_its_methods() {
        assert_eq!(why_unmatched("/shows"), Failure::MethodNotAllowed { allow: "GET, HEAD, POST".to_owned() });
        assert_eq!(
            why_unmatched("/members/me"),
            Failure::MethodNotAllowed { allow: "DELETE, GET, HEAD, PUT".to_owned() }
        );
        assert_eq!(why_unmatched("/show"), Error::NotFound.into());
        assert_eq!(why_unmatched("/"), Error::NotFound.into());
    }
}
