//! Emulates Lambda's event source mappings: reads a stream or a queue, calls a function with the JSON of a Lambda event, and
//! handles the `batchItemFailures` of its response.

use crate::{
    checkpoint::{Checkpoint, Outbox},
    engine::Stream,
    filters::Filters,
    functions::Function,
    queues::{Messages, Queues, REGION},
    thread,
};
use aws_sdk_sqs::types::Message;
use frontrow_edge::{Queue, worker::Trigger};
use frontrow_workers::limits::WORKER_TIMEOUT_SECONDS;
use serde_json::{Value, json};
use std::{collections::HashMap, future::pending, sync::Arc, time::Duration};
use tokio::{runtime::Handle, sync::watch, time::sleep};

/// Concurrent batches per queue: the minimum of Lambda's concurrency limit.
const BATCHES_AT_ONCE: usize = 2;
/// Records per batch from the stream: Lambda's default.
const BATCH_RECORDS: usize = 100;
/// Wait after the first record, so that records arriving together form one batch.
const GATHERING: Duration = Duration::from_millis(5);
/// How often to check whether relayed records are settled: while a caller waits for it, and while it is unsaved.
const LOOK_FOR_WAITERS: Duration = Duration::from_millis(20);
const LOOK_TO_SAVE: Duration = Duration::from_millis(100);
/// How often the stream is trimmed.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// Progress of each reader of the stream, by its name.
pub(crate) type Checkpoints = HashMap<&'static str, Checkpoint>;

/// The event sources of one stack.
pub(crate) struct EventSources {
    runtime: Handle,
    queues: Queues,
    /// The stream and its readers.
    pub(crate) outbox: Outbox,
    /// Timeout of functions that receive messages.
    timeout: Duration,
}

impl EventSources {
    /// Event sources of a stream and of `queues`, whose visibility timeout is `visibility_seconds`.
    pub(crate) fn new(runtime: &Handle, stream: &Stream, queues: &Queues, visibility_seconds: u32) -> Self {
        let outbox = Outbox { stream: stream.clone(), checkpoints: Vec::new() };
        let timeout = Duration::from_secs(u64::from(visibility_seconds - 2));
        Self { runtime: runtime.clone(), queues: queues.clone(), outbox, timeout }
    }

    /// Delivers to `function` what triggers it. A reader of the stream starts at its checkpoint.
    pub(crate) fn attach(&mut self, function: impl Function + Clone, trigger: Trigger, checkpoints: &mut Checkpoints) {
        match trigger {
            Trigger::Stream { filters, .. } => {
                let checkpoint =
                    checkpoints.remove(function.name()).expect("each reader of the stream has a checkpoint");
                self.stream(function, filters, checkpoint);
            }
            Trigger::Queues { queues, batch } => {
                for (queue, _) in queues.iter().flat_map(|queue| [queue; BATCHES_AT_ONCE]) {
                    let (function, queues) = (function.clone(), self.queues.clone());
                    self.runtime.spawn(read_queue(function, *queue, batch, queues, self.timeout));
                }
            }
        }
    }

    fn stream(&mut self, function: impl Function, filters: &[&str], checkpoint: Checkpoint) {
        let checkpoint = Arc::new(checkpoint);
        self.outbox.checkpoints.push(checkpoint.clone());
        let reader =
            Reader { function, filters: Filters::new(filters), stream: self.outbox.stream.clone(), checkpoint };
        self.runtime.spawn(reader.read(self.queues.clone()));
    }

    /// Trims the stream periodically, until the runtime ends.
    pub(crate) fn trim(&self) {
        self.runtime.spawn(self.outbox.clone().trim_every(TRIM_EVERY));
    }
}

/// Reads the stream for one function.
struct Reader<F> {
    function: F,
    filters: Filters,
    stream: Stream,
    checkpoint: Arc<Checkpoint>,
}

impl<F: Function> Reader<F> {
    /// Relays the table's stream in order, until the runtime ends. A failed batch is retried from its first failed record.
    async fn read(self, queues: Queues) {
        let mut written = self.stream.written();
        loop {
            written.mark_unchanged();
            let rested = match self.relay_batch().await {
                Ok(0) => self.rest(&queues, &mut written).await,
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = rested {
                tracing::warn!(function = self.function.name(), error, "batch failed; retrying");
                thread::pause().await;
            }
        }
    }

    /// Waits until there may be more records, and meanwhile checks whether relayed records are settled, where needed.
    async fn rest(&self, queues: &Queues, written: &mut watch::Receiver<()>) -> Result<(), String> {
        settle(queues, &self.checkpoint).await?;
        let look = match (self.checkpoint.is_awaited(), self.checkpoint.is_saved()) {
            (true, _) => Some(LOOK_FOR_WAITERS),
            (false, false) => Some(LOOK_TO_SAVE),
            (false, true) => None,
        };
        let looks = async {
            match look {
                Some(look) => sleep(look).await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = written.changed() => sleep(GATHERING).await,
            () = self.checkpoint.asked() => {}
            () = looks => {}
        }
        Ok(())
    }

    /// Returns the number of records that were relayed or filtered out.
    async fn relay_batch(&self) -> Result<usize, String> {
        let records = self.stream.after(self.checkpoint.relayed(), BATCH_RECORDS)?;
        let numbers: Vec<_> = records.iter().filter_map(|record| text(&record["dynamodb"]["SequenceNumber"])).collect();
        let mut handed: Vec<_> = records.into_iter().filter(|record| self.filters.pass(record)).collect();
        for record in &mut handed {
            record["eventSourceARN"] = json!(self.stream.arn());
        }
        let failures = match handed.is_empty() {
            true => Vec::new(),
            false => {
                let timeout = Duration::from_secs(WORKER_TIMEOUT_SECONDS);
                invoke(&self.function, json!({"Records": handed}), timeout).await?
            }
        };
        let done = before_first_failure(&numbers, &failures);
        if let Some(last) = done.last() {
            self.checkpoint.relay(last);
        }
        if done.len() < numbers.len() {
            return Err(format!("{} of {} records failed", numbers.len() - done.len(), numbers.len()));
        }
        Ok(done.len())
    }
}

/// Lambda treats a stream batch as done up to the first failed record; an unknown failure id fails the whole batch.
fn before_first_failure<'a>(numbers: &'a [String], failures: &[String]) -> &'a [String] {
    if failures.iter().any(|failure| !numbers.contains(failure)) {
        return &[];
    }
    let first = numbers.iter().position(|number| failures.contains(number)).unwrap_or(numbers.len());
    &numbers[..first]
}

/// Advances the checkpoint if every message sent for the relayed records was handled or parked. A delayed message blocks
/// saving, because it would be lost with the process, but it does not block waiting callers.
async fn settle(queues: &Queues, checkpoint: &Checkpoint) -> Result<(), String> {
    let relayed = checkpoint.relayed();
    if checkpoint.is_awaited() && queues.waiting(Messages::Due).await? == 0 {
        checkpoint.settle(relayed.clone());
    }
    if checkpoint.is_saved() || queues.waiting(Messages::All).await? > 0 {
        return Ok(());
    }
    checkpoint.save(relayed)
}

/// Delivers the messages of `queue` to its function, until the runtime ends. Unhandled messages are received again later.
async fn read_queue(function: impl Function, queue: Queue, batch: u32, queues: Queues, timeout: Duration) {
    loop {
        if let Err(error) = handle_batch(&function, queue, batch, &queues, timeout).await {
            tracing::warn!(function = function.name(), error, "messages failed; the queue redelivers them");
            thread::pause().await;
        }
    }
}

async fn handle_batch(
    function: &impl Function,
    queue: Queue,
    batch: u32,
    queues: &Queues,
    timeout: Duration,
) -> Result<(), String> {
    let messages = queues.receive(queue, batch).await?;
    if messages.is_empty() {
        return Ok(());
    }
    let records: Vec<_> = messages.iter().map(|message| record_of(message, queues.arn(queue))).collect();
    let failures = invoke(function, json!({"Records": records}), timeout).await?;
    for message in handled(&messages, &failures) {
        queues.delete(queue, message).await?;
    }
    Ok(())
}

/// The messages that did not fail; none if a failure id is unknown.
fn handled<'a>(messages: &'a [Message], failures: &[String]) -> Vec<&'a Message> {
    let failed = |message: &Message| failures.iter().any(|failure| message.message_id.as_deref() == Some(failure));
    if messages.iter().filter(|message| failed(message)).count() < failures.len() {
        return Vec::new();
    }
    messages.iter().filter(|message| !failed(message)).collect()
}

/// A message in the format of a Lambda event.
fn record_of(message: &Message, queue_arn: &str) -> Value {
    let attributes: serde_json::Map<_, _> = message
        .attributes
        .iter()
        .flatten()
        .map(|(name, value)| (name.as_str().to_owned(), Value::from(value.as_str())))
        .collect();
    let named: serde_json::Map<_, _> = message
        .message_attributes
        .iter()
        .flatten()
        .map(|(name, value)| (name.clone(), json!({"stringValue": value.string_value, "dataType": value.data_type})))
        .collect();
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "md5OfBody": message.md5_of_body,
        "attributes": attributes,
        "messageAttributes": named,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    })
}

/// Calls the function as Lambda does, and returns the ids of failed items.
async fn invoke(function: &impl Function, event: Value, timeout: Duration) -> Result<Vec<String>, String> {
    let reply = tokio::time::timeout(timeout, function.call(event)).await;
    let reply = reply.map_err(|_| format!("stopped after {timeout:?}"))?;
    Ok(failures_of(&reply?))
}

fn failures_of(reply: &Value) -> Vec<String> {
    let failures = reply["batchItemFailures"].as_array().into_iter().flatten();
    failures.map(|failure| text(&failure["itemIdentifier"]).unwrap_or_default()).collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_stream_never_skips_a_failed_record() {
        let numbers = texts(&["1", "2", "3"]);
        assert_eq!(before_first_failure(&numbers, &[]), numbers);
        assert_eq!(before_first_failure(&numbers, &texts(&["3", "2"])), ["1"]);
        assert!(before_first_failure(&numbers, &texts(&["9"])).is_empty());
        assert!(before_first_failure(&numbers, &texts(&[""])).is_empty());
    }

    #[test]
    fn only_successful_messages_are_deleted() {
        let messages = ["a", "b"].map(|id| Message::builder().message_id(id).build());
        let ids = |failures: &[&str]| {
            let handled = handled(&messages, &texts(failures));
            handled.into_iter().filter_map(|message| message.message_id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&[]), ["a", "b"]);
        assert_eq!(ids(&["a"]), ["b"]);
        assert!(ids(&["c"]).is_empty());
        assert!(ids(&[""]).is_empty());
    }

    #[test]
    fn a_response_without_failures_is_a_success() {
        assert!(failures_of(&json!(null)).is_empty());
        assert!(failures_of(&json!({"batchItemFailures": []})).is_empty());
        let failed = json!({"batchItemFailures": [{"itemIdentifier": "m1"}, {}]});
        assert_eq!(failures_of(&failed), ["m1", ""]);
    }
}
