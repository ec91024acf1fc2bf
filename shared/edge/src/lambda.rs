//! The mains of the Lambda binaries: start once, then serve events one at a time.

use crate::{App, Endpoint, Request, Response, dispatch, problem};
use frontrow_domain::{Error as Failure, Result, limits::LAMBDA_ANSWER_MAX_BYTES};
use lambda_http::{
    Body,
    http::header::{ACCEPT_ENCODING, VARY},
};
pub use lambda_runtime::Error;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use std::{convert::Infallible, future::Future};

/// A function triggered by the table's stream or by a queue.
pub trait Worker: Sized + Send + Sync + 'static {
    /// Its name: file, binary, `RelayOutboxFunction` in the template.
    const NAME: &'static str;
    /// What triggers it.
    type Event: DeserializeOwned + Send;
    /// Which records of a batch failed.
    type Reply: Serialize + Send;

    /// From the environment.
    ///
    /// # Errors
    /// Names a variable that is missing or malformed.
    fn from_env() -> Result<Self, String>;

    /// Handles one batch.
    fn handle(&self, event: Self::Event) -> impl Future<Output = Result<Self::Reply>> + Send;
}

/// Serves one endpoint behind API Gateway.
///
/// # Errors
/// When the environment is incomplete or the runtime ends.
pub async fn serve<E: Endpoint>() -> Result<(), Error> {
    log_as_json();
    let app = App::from_env()?;
    let app = &app;
    lambda_http::run(lambda_http::service_fn(move |request: Request| async move {
        // Boxed, because the compiler bounds how deep futures may lie within each other.
        Ok::<_, Infallible>(fitting(Box::pin(dispatch::respond::<E>(app, request)).await))
    }))
    .await
}

/// The response if Lambda can hand it over; else a problem that says what to do. Lambda's answer is JSON, in which a text
/// has its quotes escaped and bytes are base64. What is too large is a text: the same in gzip is a tenth.
fn fitting(response: Response) -> Response {
    let bytes = match response.body() {
        Body::Text(text) => text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count(),
        Body::Binary(bytes) => bytes.len().div_ceil(3) * 4,
        _ => 0,
    };
    if bytes <= LAMBDA_ANSWER_MAX_BYTES {
        return response;
    }
    tracing::info!(bytes, "too large without gzip");
    let mut problem = problem::respond(&Failure::GzipNeeded);
    let (from, to) = (response.headers(), problem.headers_mut());
    if let Some(id) = from.get(dispatch::REQUEST_ID) {
        to.insert(dispatch::REQUEST_ID, id.clone());
    }
    to.insert(VARY, ACCEPT_ENCODING.into());
    problem
}

/// Serves one event-triggered function.
///
/// # Errors
/// When the environment is incomplete or the runtime ends.
pub async fn work<W: Worker>() -> Result<(), Error> {
    log_as_json();
    let worker = W::from_env()?;
    let worker = &worker;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<W::Event>| async move {
        let outcome = Box::pin(worker.handle(event.payload)).await;
        outcome.inspect_err(|error| tracing::error!(worker = W::NAME, %error, "failed")).map_err(Error::from)
    }))
    .await
}

fn log_as_json() {
    tracing_subscriber::fmt().json().with_target(false).with_current_span(true).without_time().init();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handed_over(body: Body) -> u16 {
        let response = lambda_http::http::Response::builder().header(dispatch::REQUEST_ID, "r1").body(body).unwrap();
        let handed = fitting(response);
        assert_eq!(handed.headers()[dispatch::REQUEST_ID], "r1");
        handed.status().as_u16()
    }

    #[test]
    fn what_lambda_cannot_hand_over_becomes_a_problem() {
        let max = LAMBDA_ANSWER_MAX_BYTES;
        assert_eq!(handed_over(Body::Text("a".repeat(max))), 200);
        assert_eq!(handed_over(Body::Text("a".repeat(max + 1))), 406);
        assert_eq!(handed_over(Body::Text("\"".repeat(max / 2))), 200);
        assert_eq!(handed_over(Body::Text("\"".repeat(max / 2 + 1))), 406);
        assert_eq!(handed_over(Body::Binary(vec![0; max / 4 * 3])), 200);
        assert_eq!(handed_over(Body::Binary(vec![0; max / 4 * 3 + 3])), 406);
        assert_eq!(handed_over(Body::Empty), 200);
    }
}
