//! Where the outside meets the rules: HTTP requests parsed into types, callers, replies, the clock, randomness, the
//! environment and the SDK clients. The only crate that knows `lambda_http` and `lambda_runtime`.
//!
//! | Module | Holds |
//! |---|---|
//! | [`endpoint`] | what an endpoint is: route, caller, path, query, body, reply |
//! | [`dispatch`] | one request through one endpoint: parse, identify, call, answer, replay |
//! | `json`, `query`, `reading` | what was sent, read into types; every field that does not fit is named |
//! | [`answer`], [`problem`] | successes and failures as HTTP |
//! | `negotiate`, [`rendered`] | `ETag` and gzip; large answers rendered once |
//! | [`security`] | what browsers are told: headers of every answer, whose pages may call |
//! | [`openapi`] | the OpenAPI document of a list of endpoints |
//! | [`caller`], [`tokens`], [`passwords`], [`codes`], [`cursors`] | who is calling, and what proves it; what only we can have made |
//! | [`secrets`] | what only functions may know |
//! | [`qr`] | QR codes as pictures |
//! | [`metrics`] | counts for an on-sale's dashboard |
//! | [`app`], [`config`], [`clients`] | what an endpoint works with |
//! | [`clock`], [`entropy`] | the only places where time and randomness are read |
//! | [`lambda`] | the mains of the Lambda binaries |

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
mod json;
pub mod lambda;
pub mod metrics;
pub mod negotiate;
pub mod openapi;
pub mod passwords;
pub mod problem;
pub mod qr;
mod query;
pub mod reading;
pub mod rendered;
pub mod secrets;
pub mod security;
pub mod tokens;

pub use answer::{Answer, Html, Png};
pub use app::App;
pub use endpoint::{Call, Descriptor, Endpoint, NoBody, NoPath, NoQuery, Page, PageQuery, Route, Shown};
/// A request as API Gateway hands it over.
pub use lambda_http::Request;
/// Methods of routes.
pub use lambda_http::http::Method;
pub use secrets::Secret;
/// A response as API Gateway takes it.
pub type Response = lambda_http::http::Response<lambda_http::Body>;
