//! The boundary between the outside and the rules: HTTP requests parsed into types, callers, responses, the clock,
//! randomness, the environment and the SDK clients. The only crate that depends on `lambda_http` and
//! `lambda_runtime`.
//!
//! Four rooms; each uses only those above it. [`lambda`] has the main functions of the Lambda binaries.
//!
//! | Module | Contents |
//! |---|---|
//! | `auth` | |
//! | [`keys`], [`tokens`], [`passwords`], [`codes`], [`cursors`] | credentials of callers; authenticated codes and cursors |
//! | `http` | |
//! | `json`, `query`, [`reading`] | request data parsed into types; every invalid field is named |
//! | [`answer`], [`problem`] | successful and failed HTTP responses |
//! | [`accepts`], [`render_cache`] | `ETag` and gzip; large responses rendered once |
//! | [`headers`] | security headers and CORS |
//! | `runtime` | |
//! | [`function`], [`queue`], [`worker`] | what functions declare: permissions, settings, triggers |
//! | [`env`], [`secrets`], [`clients`], [`config`], [`app`] | from the environment to the context of a function |
//! | [`clock`], [`entropy`] | the only places where time and randomness are read |
//! | [`metrics`] | counts for an on-sale's dashboard |
//! | `api` | |
//! | [`route`], [`caller`], [`endpoint`], [`descriptor`] | the definition of an endpoint |
//! | `dispatch` | one request of one endpoint: parse, identify, call, respond, replay |
//! | [`openapi`] | the OpenAPI document of a list of endpoints |
//! | [`qr`] | QR codes as pictures |

mod api {
    pub mod caller;
    pub mod descriptor;
    pub(crate) mod dispatch;
    pub mod endpoint;
    pub mod openapi;
    pub mod route;
}
mod auth {
    pub mod codes;
    pub mod cursors;
    pub mod keys;
    pub mod passwords;
    pub mod tokens;
}
mod http {
    pub mod accepts;
    pub mod answer;
    pub mod headers;
    pub(crate) mod json;
    pub mod problem;
    pub(crate) mod query;
    pub mod reading;
    pub mod render_cache;
}
pub mod lambda;
pub mod limits;
pub mod qr;
mod runtime {
    pub mod app;
    pub mod clients;
    pub mod clock;
    pub mod config;
    pub mod entropy;
    pub mod env;
    pub mod function;
    pub mod metrics;
    pub mod queue;
    pub mod secrets;
    pub mod worker;
}

pub(crate) use api::dispatch;
pub use api::{caller, descriptor, endpoint, openapi, route};
pub use auth::{codes, cursors, keys, passwords, tokens};
pub use http::{accepts, answer, headers, problem, reading, render_cache};
pub(crate) use http::{json, query};
pub use runtime::{app, clients, clock, config, entropy, env, function, metrics, queue, secrets, worker};

pub use answer::{Answer, Html, Png};
pub use app::App;
pub use descriptor::Descriptor;
pub use endpoint::{Call, Cursor, Endpoint, NoBody, NoPath, NoQuery, OpenPage, Page, PageQuery, Shown};
pub use function::{Function, TableAction};
/// A request as received from API Gateway.
pub use lambda_http::Request;
/// HTTP methods of routes.
pub use lambda_http::http::Method;
pub use problem::{ErrorCode, Failure};
pub use queue::Queue;
pub use route::{Header, Route};
pub use secrets::Secret;
/// A response as returned to API Gateway.
pub type Response = lambda_http::http::Response<lambda_http::Body>;
pub use worker::Worker;
