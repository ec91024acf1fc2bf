//! The main functions of the Lambda binaries, which serve events one at a time. Clients are created and secrets are
//! read on the first event, so that a process started in advance makes no calls. If this fails, the next event
//! retries it.

use crate::{
    App, Endpoint, Failure, Request, Response, Worker, caller::Caller, clock::Clock, config::Config, dispatch,
    env::variable, headers, limits::LAMBDA_ANSWER_MAX_BYTES, metrics::Metrics, problem,
};
use lambda_http::{
    Body,
    http::header::{ACCEPT_ENCODING, VARY},
};
pub use lambda_runtime::Error;
use lambda_runtime::{LambdaEvent, service_fn};
use std::convert::Infallible;
use tokio::sync::OnceCell;
use tracing::Instrument;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    prelude::*,
};

/// Serves one endpoint behind API Gateway.
///
/// # Errors
/// If the environment is incomplete or the runtime ends.
pub async fn serve<E: Endpoint>() -> Result<(), Error> {
    log_as_json(E::ROUTE.function.is_polled);
    let (config, app) = (Config::from_env()?, OnceCell::new());
    let (config, app) = (&config, &app);
    lambda_http::run(lambda_http::service_fn(move |request: Request| async move {
        // Boxed, because the compiler limits how deeply futures may be nested.
        let secrets = E::Caller::ACCESS.secrets(E::ROUTE.function.secrets);
        let started = app.get_or_try_init(|| Box::pin(App::start(config.clone(), &secrets))).await;
        Ok::<_, Infallible>(match started {
            Ok(app) => {
                limit_size(E::ROUTE.operation(), Box::pin(dispatch::respond::<E>(app, request)).await, &config.metrics)
            }
            Err(why) => dispatch::not_started::<E>(&request, &why, &config.metrics),
        })
    }))
    .await
}

/// The response if it fits Lambda's limit, otherwise a problem with advice. Lambda's result is JSON, in which quotes
/// of a text are escaped and bytes are base64. A response that is too large is text, and its gzip form is a tenth of
/// the size.
fn limit_size(operation: &str, response: Response, metrics: &Metrics) -> Response {
    let bytes = match response.body() {
        Body::Text(text) => text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count(),
        Body::Binary(bytes) => bytes.len().div_ceil(3) * 4,
        _ => 0,
    };
    if bytes <= LAMBDA_ANSWER_MAX_BYTES {
        return response;
    }
    tracing::info!(operation, bytes, "response too large without gzip");
    metrics.refused(problem::status_and_code(&Failure::GzipNeeded).1, Clock::default().now());
    let mut problem = problem::respond(&Failure::GzipNeeded);
    let (from, to) = (response.headers(), problem.headers_mut());
    if let Some(id) = from.get(dispatch::REQUEST_ID) {
        to.insert(dispatch::REQUEST_ID, id.clone());
    }
    to.insert(VARY, ACCEPT_ENCODING.into());
    headers::harden(to);
    problem
}

/// Serves one event-triggered function.
///
/// # Errors
/// If the environment is incomplete or the runtime ends.
pub async fn work<W: Worker>() -> Result<(), Error> {
    log_as_json(false);
    let worker = OnceCell::new();
    let worker = &worker;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<W::Event>| async move {
        let handled = async {
            let started = worker.get_or_try_init(|| Box::pin(W::from_env())).await;
            let worker: &W = started.inspect_err(|why| tracing::error!(why, "not started"))?;
            let outcome = Box::pin(worker.handle(event.payload)).await;
            outcome.inspect_err(|error| tracing::error!(%error, "failed")).map_err(Error::from)
        };
        // Workers share a log group, so each line names its worker.
        handled.instrument(tracing::info_span!("batch", worker = W::FUNCTION.name)).await
    }))
    .await
}

/// Logs at the level of `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the function's `ApplicationLogLevel`; a polled
/// function logs no `INFO`, except for its sample. Libraries never log below `INFO`, because their lower levels contain
/// requests and responses, which may hold secrets.
fn log_as_json(is_polled: bool) {
    let level = variable("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let level = if is_polled && level == LevelFilter::INFO { LevelFilter::WARN } else { level };
    let wanted = Targets::new()
        .with_default(level.min(LevelFilter::INFO))
        .with_target("frontrow", level)
        .with_target(dispatch::SAMPLE, LevelFilter::INFO);
    let lines = fmt::layer().json().with_target(false).with_current_span(true).without_time();
    tracing_subscriber::registry().with(lines.with_filter(wanted)).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handed_over(body: Body) -> u16 {
        let response = lambda_http::http::Response::builder().header(dispatch::REQUEST_ID, "r1").body(body).unwrap();
        let handed = limit_size("hello", response, &Metrics::default());
        assert_eq!(handed.headers()[dispatch::REQUEST_ID], "r1");
        assert_eq!(handed.headers().contains_key("x-content-type-options"), handed.status() != 200);
        handed.status().as_u16()
    }

    #[test]
    fn responses_too_large_for_lambda_become_problems() {
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
