//! What stands between the SDK of a function and the engine.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use frontrow_edge::clients::Aws;
use std::sync::Arc;

/// Wraps the HTTP client between a function's SDK and the engine, for example to inject faults or count calls. `None` as the
/// function stands for direct users of the stack's [`app`](crate::Stack::app).
pub type WrapHttp = Arc<dyn Fn(Option<&'static str>, SharedHttpClient) -> SharedHttpClient + Send + Sync>;

/// `aws` with the wrapper that `wrap_http` returns for the named function.
pub(crate) fn wrapped(aws: &Aws, wrap_http: Option<&WrapHttp>, function: Option<&'static str>) -> Aws {
    let http = wrap_http.map_or_else(|| aws.http(), |wrap| wrap(function, aws.http()));
    aws.clone().through(http)
}
