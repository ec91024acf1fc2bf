//! Endpoints with their types erased, for lists of them.

use crate::{
    App, Endpoint, Request, Response, Route, Secret,
    answer::Reply,
    caller::{Access, Caller},
    dispatch,
    endpoint::{Body, PathId},
};
use schemars::{Schema, SchemaGenerator};
use std::{future::Future, pin::Pin};

/// A future that resolves to a response.
pub type Responding<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// Functions that generate the schemas of an endpoint's request and response.
pub struct Shapes {
    /// Schema of the path's parameter, if there is one.
    pub path: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// Schema of the query object.
    pub query: fn(&mut SchemaGenerator) -> Schema,
    /// Schema of the body, if there is one.
    pub body: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// Media type and schema of the response body, if there is one.
    pub reply: fn(&mut SchemaGenerator) -> Option<(&'static str, Schema)>,
}

/// An endpoint with its types erased, for the list of routes.
pub struct Descriptor {
    /// The endpoint's route and documentation.
    pub route: &'static Route,
    /// The required access level.
    pub access: Access,
    /// Path of its type.
    pub type_name: fn() -> &'static str,
    /// Whether callers may send fields of the `GET` response back, see [`Endpoint::SHOWN`].
    pub sends_back: bool,
    /// Handles one request.
    pub respond: for<'a> fn(&'a App, Request) -> Responding<'a>,
    /// Schema generators of the request and response.
    pub shapes: Shapes,
}

impl Descriptor {
    /// The descriptor of the endpoint `E`.
    pub const fn of<E: Endpoint>() -> Self {
        Self {
            route: const { &E::ROUTE },
            access: E::Caller::ACCESS,
            type_name: std::any::type_name::<E>,
            sends_back: E::SHOWN.is_some(),
            respond: |app, request| Box::pin(dispatch::respond::<E>(app, request)),
            shapes: Shapes {
                path: E::Path::schema,
                query: |generator| generator.subschema_for::<E::Query>(),
                body: E::Body::schema,
                reply: E::Reply::schema,
            },
        }
    }

    /// The secrets that its function reads.
    pub fn secrets(&self) -> Vec<Secret> {
        self.access.secrets(self.route.function.secrets)
    }
}
