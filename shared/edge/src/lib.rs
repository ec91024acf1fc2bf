//! The boundary between the outside and the rules: HTTP requests parsed into types, callers, responses, the clock,
//! randomness, the environment and the SDK clients. The only crate that depends on `lambda_http` and
//! `lambda_runtime`.
//!
//! | Module | Contents |
//! |---|---|
//! | [`endpoint`], [`worker`] | the definitions of an endpoint and of a worker |
//! | [`route`], [`function`], [`queue`] | what they declare: route, documentation, permissions, settings |
//! | [`dispatch`] | one request of one endpoint: parse, identify, call, respond, replay |
//! | `json`, `query`, `reading` | request data parsed into types; every invalid field is named |
//! | [`answer`], [`problem`] | successful and failed HTTP responses |
//! | `accepts`, [`render_cache`] | `ETag` and gzip; large responses rendered once |
//! | [`headers`] | security headers and CORS |
//! | [`openapi`] | the OpenAPI document of a list of endpoints |
//! | [`caller`], [`tokens`], [`passwords`], [`codes`], [`cursors`] | callers and their credentials; authenticated codes and cursors |
//! | [`secrets`] | secrets of the functions |
//! | [`qr`] | QR codes as pictures |
//! | [`metrics`] | counts for an on-sale's dashboard |
//! | [`app`], [`config`], [`clients`] | the context of an endpoint |
//! | [`clock`], [`entropy`] | the only places where time and randomness are read |
//! | [`lambda`] | the main functions of the Lambda binaries |

pub mod accepts;
pub mod answer;
pub mod app;
pub mod caller;
pub mod clients;
pub mod clock;
pub mod codes;
pub mod config;
pub mod cursors;
pub mod dispatch;
pub mod endpoint;
pub mod entropy;
pub mod function;
pub mod headers;
mod json;
pub mod lambda;
pub mod metrics;
pub mod openapi;
pub mod passwords;
pub mod problem;
pub mod qr;
mod query;
pub mod queue;
pub mod reading;
pub mod render_cache;
pub mod route;
pub mod secrets;
pub mod tokens;
pub mod worker;

pub use answer::{Answer, Html, Png};
pub use app::App;
pub use endpoint::{Call, Cursor, Descriptor, Endpoint, NoBody, NoPath, NoQuery, OpenPage, Page, PageQuery, Shown};
pub use function::{Function, TableAction};
/// A request as received from API Gateway.
pub use lambda_http::Request;
/// HTTP methods of routes.
pub use lambda_http::http::Method;
pub use problem::ErrorCode;
pub use queue::Queue;
pub use route::{Header, Route};
pub use secrets::Secret;
/// A response as returned to API Gateway.
pub type Response = lambda_http::http::Response<lambda_http::Body>;
pub use worker::Worker;
