//! The mains of the Lambda binaries: start once, then serve events one at a time.

use crate::{App, Endpoint, Request, dispatch};
use frontrow_domain::Result;
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
        Ok::<_, Infallible>(dispatch::respond::<E>(app, request).await)
    }))
    .await
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
        let outcome = worker.handle(event.payload).await;
        outcome.inspect_err(|error| tracing::error!(worker = W::NAME, %error, "failed")).map_err(Error::from)
    }))
    .await
}

fn log_as_json() {
    tracing_subscriber::fmt().json().with_target(false).with_current_span(true).without_time().init();
}
