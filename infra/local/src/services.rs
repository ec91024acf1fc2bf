//! All AWS services at one address, as `AWS_ENDPOINT_URL` requires: `X-Amz-Target` selects the service of a request; a form
//! without it is for SES. The payment provider and the local stack's own pages are served there too.

use crate::{
    engine::{Core, context},
    http::page,
    in_process::Service,
    local_pages::{self, Pages},
    mailbox::Mailbox,
    queues::Sqs,
    secrets::SecretStore,
};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    response::Response,
};
use http::{
    HeaderName, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, HOST, ORIGIN, TRANSFER_ENCODING},
    request::Parts,
};
use reqwest::Client;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Size limit of requests to any service, including encoding overhead.
const REQUEST_MAX_BYTES: usize = 40 * 1024 * 1024;

/// Hop-by-hop headers.
const OF_CONNECTION: [HeaderName; 4] = [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

/// The services to route to.
pub(crate) struct Services {
    pub(crate) dynamodb: Core,
    pub(crate) sqs: Sqs,
    pub(crate) ses: Mailbox,
    /// URL of the payment provider.
    pub(crate) provider: String,
    /// Secrets that Secrets Manager serves.
    pub(crate) secrets: SecretStore,
    /// The local stack's own pages.
    pub(crate) pages: Pages,
}

struct Front {
    services: Services,
    http: Client,
}

impl Services {
    /// Serves the services on `listener`, until the runtime ends.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let http = Client::builder()
            .no_proxy()
            .tls_built_in_root_certs(false)
            .build()
            .map_err(context("create the HTTP client"));
        let served = match http {
            Ok(http) => {
                let front = Arc::new(Front { services: self, http });
                let router = Router::new().fallback(answer).with_state(front);
                axum::serve(listener, router).await.map_err(context("serve"))
            }
            Err(why) => Err(why),
        };
        served.unwrap_or_else(|error| tracing::error!(error, "the services stopped"));
    }
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // No web page calls AWS services here.
    if parts.headers.contains_key(ORIGIN) {
        return page(StatusCode::FORBIDDEN, "text/plain", "Web pages may not send requests here.\n");
    }
    let Ok(bytes) = to_bytes(body, REQUEST_MAX_BYTES).await else {
        return page(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "too large");
    };
    let services = &front.services;
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    match target.split(['.', '_']).next().unwrap_or_default() {
        "DynamoDB" | "DynamoDBStreams" => services.dynamodb.answer(target, &bytes).await.into_http(),
        "AmazonSQS" => services.sqs.answer(target, &bytes).await.into_http(),
        "secretsmanager" => services.secrets.answer(target, &bytes),
        _ if parts.uri.path().starts_with("/v1/payments/") => {
            front.forward(&services.provider, &parts, bytes).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "the payment provider did not respond");
                page(StatusCode::BAD_GATEWAY, "text/plain", "the service did not respond")
            })
        }
        _ => match local_pages::answer(&services.pages, &parts, &bytes).await {
            Some(page) => page,
            None => services.ses.answer(target, &bytes).await.into_http(),
        },
    }
}

impl Front {
    async fn forward(&self, service: &str, parts: &Parts, bytes: Bytes) -> reqwest::Result<Response> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut headers = parts.headers.clone();
        OF_CONNECTION.iter().for_each(|name| drop(headers.remove(name)));
        let call = self.http.request(parts.method.clone(), format!("{service}{path}")).headers(headers).body(bytes);
        let mut answer = call.send().await?;
        let mut response = Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            *headers = std::mem::take(answer.headers_mut());
            OF_CONNECTION.iter().for_each(|name| drop(headers.remove(name)));
        }
        Ok(response.body(Body::from(answer.bytes().await?)).expect("the headers come from a valid response"))
    }
}
