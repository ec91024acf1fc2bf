//! The embedded SQS: every queue with the dead-letter queue behind it, in memory.

use crate::{engine::because, thread};
use aws_sdk_sqs::{
    Client,
    types::{Message, QueueAttributeName},
};
use frontrow_edge::clients::Aws;
use frontrow_workers::queue::{Queue, Sender};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustack_sqs_core::{config::SqsConfig, handler::RustackSqsHandler, provider::RustackSqs};
use rustack_sqs_http::service::{SqsHttpConfig, SqsHttpService};
use std::{collections::HashMap, sync::Arc};
use tokio::{net::TcpListener, runtime::Handle};

/// Of the queues' ARNs.
pub(crate) const REGION: &str = "ap-northeast-2";

/// Seconds that one long poll waits for a message.
const WAIT_SECONDS: i32 = 1;
/// Messages of one batch: Lambda's default.
const BATCH_MESSAGES: i32 = 10;
/// Mails of one batch, as in a deployment: as many of the largest end within a function's time here.
const BATCH_MAILS: i32 = 5;

/// One queue with the dead-letter queue behind it.
#[derive(Debug, Clone)]
struct Pair {
    url: String,
    arn: String,
    dead_letter_url: String,
}

/// The running queues.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    served_at: String,
    pairs: HashMap<Queue, Pair>,
}

/// What of a queue is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Messages that can be received or that somebody works on.
    Due,
    /// These, and the ones that are to be received later.
    All,
}

impl Queues {
    /// Serves SQS on `runtime` and makes all queues. Their URLs say that they are at `told_port`.
    pub(crate) async fn start(
        runtime: &Handle,
        told_port: u16,
        visibility_seconds: u32,
        max_receives: u32,
    ) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(because("bind the queues"))?;
        let port = listener.local_addr().map_err(because("bind the queues"))?.port();
        let config = SqsConfig { default_region: REGION.to_owned(), port: told_port, ..SqsConfig::default() };
        let handler = Arc::new(RustackSqsHandler::new(Arc::new(RustackSqs::new(config))));
        let http = SqsHttpConfig { region: REGION.to_owned(), ..SqsHttpConfig::default() };
        runtime.spawn(serve(listener, SqsHttpService::new(handler, http)));

        let served_at = format!("http://127.0.0.1:{port}");
        let client = Aws::emulated(&served_at).sqs();
        let mut pairs = HashMap::new();
        for queue in Queue::ALL {
            let dead_letters = format!("{}-dead-letters", queue.name());
            let (dead_letter_url, dead_letter_arn) = make(&client, &dead_letters, HashMap::new()).await?;
            let redrive = format!(r#"{{"deadLetterTargetArn":"{dead_letter_arn}","maxReceiveCount":{max_receives}}}"#);
            let attributes = HashMap::from([
                (QueueAttributeName::VisibilityTimeout, visibility_seconds.to_string()),
                (QueueAttributeName::RedrivePolicy, redrive),
            ]);
            let (url, arn) = make(&client, queue.name(), attributes).await?;
            pairs.insert(queue, Pair { url, arn, dead_letter_url });
        }
        Ok(Self { client, pairs, served_at })
    }

    /// A client of these queues.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where they are served.
    pub(crate) fn served_at(&self) -> &str {
        &self.served_at
    }

    /// The URL of each.
    pub fn urls(&self) -> HashMap<Queue, String> {
        self.pairs.iter().map(|(queue, pair)| (*queue, pair.url.clone())).collect()
    }

    /// What sends to them.
    pub fn sender(&self) -> Sender {
        Sender::new(self.client.clone(), self.urls())
    }

    pub(crate) fn arn(&self, queue: Queue) -> &str {
        &self.pairs[&queue].arn
    }

    /// Messages that are neither handled nor parked. A queue whose worker sends to another is counted before that one, so
    /// that no message is missed on its way.
    pub(crate) async fn waiting(&self, counted: Counted) -> Result<u32, String> {
        let mut waiting = 0;
        for queue in Queue::ALL {
            waiting += self.count(&self.pairs[&queue].url, counted).await?;
        }
        Ok(waiting)
    }

    /// Messages parked in the dead-letter queues.
    ///
    /// # Errors
    /// The queues' words.
    pub async fn parked(&self) -> Result<u32, String> {
        let mut parked = 0;
        for pair in self.pairs.values() {
            parked += self.count(&pair.dead_letter_url, Counted::All).await?;
        }
        Ok(parked)
    }

    async fn count(&self, queue_url: &str, counted: Counted) -> Result<u32, String> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed, ApproximateNumberOfMessagesNotVisible,
        };
        let mut names = vec![ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible];
        names.extend((counted == Counted::All).then_some(ApproximateNumberOfMessagesDelayed));
        let call = self.client.get_queue_attributes().queue_url(queue_url).set_attribute_names(Some(names.clone()));
        let found = call.send().await.map_err(|error| format!("count messages: {:?}", error.into_service_error()))?;
        let attributes = found.attributes.unwrap_or_default();
        let number = |name| {
            let text = attributes.get(name).ok_or_else(|| format!("count messages: no {name}"))?;
            text.parse::<u32>().map_err(because("count messages"))
        };
        names.iter().map(number).sum()
    }

    /// The next batch; empty when none came in time.
    pub(crate) async fn receive(&self, queue: Queue) -> Result<Vec<Message>, String> {
        use aws_sdk_sqs::types::MessageSystemAttributeName::All;
        let call = self.client.receive_message().queue_url(&self.pairs[&queue].url);
        let batch = if Queue::OF_MAILS.contains(&queue) { BATCH_MAILS } else { BATCH_MESSAGES };
        let call = call.max_number_of_messages(batch).wait_time_seconds(WAIT_SECONDS);
        let received = call.message_system_attribute_names(All).message_attribute_names("All").send().await;
        let received = received.map_err(|error| format!("receive: {:?}", error.into_service_error()))?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Acknowledges one message.
    pub(crate) async fn delete(&self, queue: Queue, message: &Message) -> Result<(), String> {
        let call = self.client.delete_message().queue_url(&self.pairs[&queue].url);
        let deleted = call.set_receipt_handle(message.receipt_handle.clone()).send().await;
        deleted.map(drop).map_err(|error| format!("delete: {:?}", error.into_service_error()))
    }
}

async fn serve(listener: TcpListener, service: SqsHttpService<RustackSqsHandler>) {
    loop {
        let Ok((stream, _)) = listener.accept().await.inspect_err(|error| tracing::warn!(%error, "accept")) else {
            thread::breathe().await;
            continue;
        };
        let service = service.clone();
        tokio::spawn(async move {
            let served = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            served.unwrap_or_else(|error| tracing::debug!(error, "a connection to the queues ended"));
        });
    }
}

/// Makes a queue; answers its URL and ARN.
async fn make(
    client: &Client,
    name: &str,
    attributes: HashMap<QueueAttributeName, String>,
) -> Result<(String, String), String> {
    let made = client.create_queue().queue_name(name).set_attributes(Some(attributes)).send().await;
    let made = made.map_err(|error| format!("make queue {name}: {:?}", error.into_service_error()))?;
    let url = made.queue_url.ok_or_else(|| format!("queue {name} has no URL"))?;
    let call = client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::QueueArn);
    let found = call.send().await.map_err(|error| format!("describe {name}: {:?}", error.into_service_error()))?;
    let arn = found.attributes.and_then(|mut found| found.remove(&QueueAttributeName::QueueArn));
    Ok((url, arn.ok_or_else(|| format!("queue {name} has no ARN"))?))
}
