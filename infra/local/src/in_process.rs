//! Calls of the AWS SDK to services in this process, without sockets or signatures. Test wrappers between SDK and service
//! still apply, as they would in front of a socket.

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use axum::{body::Body, response::Response};
use frontrow_edge::clients::Aws;
use http::header::CONTENT_TYPE;
use std::{fmt, future::Future};

/// A service's response: status, media type and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media_type: &'static str,
    pub(crate) body: Vec<u8>,
}

/// An AWS service that runs in this process. Clones share it.
pub(crate) trait Service: Clone + Send + Sync + 'static {
    /// Handles a call. `target` is its `X-Amz-Target`, or empty.
    fn answer(&self, target: &str, body: &[u8]) -> impl Future<Output = Answer> + Send;
}

/// Configuration for a client of `service`.
pub(crate) fn aws(service: impl Service) -> Aws {
    Aws::within(SharedHttpClient::new(Within(service)))
}

impl Answer {
    /// The response in the form of an HTTP server.
    pub(crate) fn into_http(self) -> Response {
        let response = Response::builder().status(self.status).header(CONTENT_TYPE, self.media_type);
        response.body(Body::from(self.body)).expect("media types are ASCII")
    }
}

#[derive(Clone)]
struct Within<S>(S);

impl<S> fmt::Debug for Within<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Within")
    }
}

impl<S: Service> HttpClient for Within<S> {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl<S: Service> HttpConnector for Within<S> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let service = self.0.clone();
        HttpConnectorFuture::new(async move {
            // Yields to other tasks, as a real network call would.
            tokio::task::yield_now().await;
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let answer = service.answer(target, request.body().bytes().unwrap_or_default()).await;
            let status = StatusCode::try_from(answer.status).expect("a status");
            let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
            response.headers_mut().insert(CONTENT_TYPE.as_str(), answer.media_type);
            Ok(response)
        })
    }
}
