//! The functions behind event sources and the gateway: a worker in this process, or functions that run elsewhere and are
//! called through Lambda's Invoke API, as `sam local start-lambda` serves it.

use crate::engine::context;
use frontrow_edge::Worker;
use reqwest::Client;
use serde_json::Value;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// Header that Lambda sends for a failed function; some emulators report it only in the body.
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// How long calls are suspended after a refused connection.
const REST: Duration = Duration::from_secs(1);

/// A function that takes the JSON of a Lambda event and returns JSON.
pub(crate) trait Function: Send + Sync + 'static {
    /// Name of the function, such as `relay_outbox`.
    fn name(&self) -> &'static str;

    /// Calls the function.
    fn call(&self, event: Value) -> impl Future<Output = Result<Value, String>> + Send;
}

/// A worker in this process.
#[derive(Clone)]
pub(crate) struct InProcess<W>(pub(crate) W);

impl<W: Worker> Function for InProcess<W> {
    fn name(&self) -> &'static str {
        W::FUNCTION.name
    }

    async fn call(&self, event: Value) -> Result<Value, String> {
        let event = serde_json::from_value(event).map_err(context("read the event"))?;
        let reply = self.0.handle(event).await.map_err(context("handle the event"))?;
        serde_json::to_value(reply).map_err(context("write the response"))
    }
}

/// Functions that run elsewhere.
#[derive(Debug, Clone)]
pub struct Functions {
    http: Client,
    url: Arc<str>,
    names: Arc<HashMap<String, String>>,
}

impl Functions {
    /// Functions behind the Invoke API at `url`, under their names in the template.
    ///
    /// # Errors
    /// If the HTTP client cannot be created.
    pub fn at(url: &str) -> Result<Self, String> {
        let http = Client::builder()
            .no_proxy()
            .tls_built_in_root_certs(false)
            .build()
            .map_err(context("create the HTTP client"))?;
        Ok(Self { http, url: url.trim_end_matches('/').into(), names: Arc::default() })
    }

    /// Maps names in the template to the names of a deployment.
    #[must_use]
    pub fn named(self, names: HashMap<String, String>) -> Self {
        Self { names: Arc::new(names), ..self }
    }

    /// Calls the function of `operation`, and returns its response.
    ///
    /// # Errors
    /// If the function is unreachable or failed.
    pub async fn invoke(&self, operation: &str, event: &Value) -> Result<Value, String> {
        let name = in_template(operation);
        let name = self.names.get(&name).unwrap_or(&name);
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.url);
        let answer = self.http.post(url).body(event.to_string()).send().await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => {
                // The functions may still be starting; suspending calls avoids a busy loop and repeated warnings.
                tokio::time::sleep(REST).await;
                return Err(format!("no functions are reachable at {}", self.url));
            }
            Err(error) => return Err(format!("call {name}: {error:?}")),
        };
        let (status, failed) = (answer.status(), answer.headers().contains_key(FUNCTION_ERROR));
        let text = answer.text().await.map_err(context("read the response"))?;
        let reply: Value = serde_json::from_str(&text).unwrap_or_default();
        if !status.is_success() || failed || reply["errorType"].is_string() {
            return Err(format!("{name} responded {status}: {text}"));
        }
        Ok(reply)
    }
}

/// The function's name in the template: `HoldSeatsFunction` for `hold_seats`.
pub fn in_template(operation: &str) -> String {
    let words = operation.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.chain(["Function".to_owned()]).collect()
}

/// A worker that runs elsewhere.
#[derive(Clone)]
pub(crate) struct Remote {
    pub(crate) functions: Functions,
    pub(crate) name: &'static str,
}

impl Function for Remote {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn call(&self, event: Value) -> Result<Value, String> {
        self.functions.invoke(self.name, &event).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, extract::Path, http::StatusCode, routing::post};

    async fn answer(
        Path(name): Path<String>,
        event: String,
    ) -> (StatusCode, [(&'static str, &'static str); 1], String) {
        let (status, header) = match &*event {
            "\"unknown\"" => (StatusCode::NOT_FOUND, "x-other"),
            "\"failed\"" => (StatusCode::OK, FUNCTION_ERROR),
            _ => (StatusCode::OK, "x-other"),
        };
        let body =
            if event == "\"reported\"" { r#"{"errorType":"Timeout"}"#.to_owned() } else { format!("[\"{name}\"]") };
        (status, [(header, "Unhandled")], body)
    }

    #[tokio::test]
    async fn functions_are_invoked_by_name_and_failures_are_errors() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().route("/2015-03-31/functions/{name}/invocations", post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let functions = Functions::at(&url).unwrap();
        assert_eq!(functions.invoke("hold_seats", &"fine".into()).await.unwrap()[0], "HoldSeatsFunction");
        for failed in ["unknown", "failed", "reported"] {
            assert!(functions.invoke("hold_seats", &failed.into()).await.is_err(), "{failed}");
        }
        let deployed = functions.named(HashMap::from([("HoldSeatsFunction".to_owned(), "f-1".to_owned())]));
        assert_eq!(deployed.invoke("hold_seats", &"fine".into()).await.unwrap()[0], "f-1");
        assert!(Functions::at("http://127.0.0.1:1").unwrap().invoke("pay", &"fine".into()).await.is_err());
    }
}
