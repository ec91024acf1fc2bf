//! Handles the messages of one batch concurrently.

use crate::queue::{request_of, reservation_in};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsMessage};
use frontrow_domain::{Error, Result, ids::RequestId};
use std::{collections::HashMap, future::Future};
use tokio::task::JoinSet;
use tracing::{Instrument, Span};

/// Handles all messages of a batch and returns the failed ones. A message that fails, hangs or panics does not delay the
/// others. All of them end with this call. Each log line names the originating request and the reservation.
pub(crate) async fn side_by_side<F>(messages: Vec<SqsMessage>, handle: impl Fn(SqsMessage) -> F) -> SqsBatchResponse
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut ids = HashMap::new();
    for message in messages {
        let message_id = message.message_id.clone().unwrap_or_default();
        let span = span_of(&message);
        ids.insert(running.spawn(handle(message).instrument(span.clone())).id(), (message_id, span));
    }
    let mut response = SqsBatchResponse::default();
    while let Some(ended) = running.join_next_with_id().await {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(panic) => (panic.id(), Err(Error::internal("handle a message", panic))),
        };
        let (message_id, span) = ids.remove(&id).unwrap_or_else(|| (String::new(), Span::none()));
        if let Err(error) = outcome {
            span.in_scope(|| tracing::warn!(message_id, %error, "message failed"));
            response.add_failure(message_id);
        }
    }
    response
}

fn span_of(message: &SqsMessage) -> Span {
    let request = request_of(message);
    let request_id = request.as_ref().map(RequestId::as_str);
    let reservation_id = reservation_in(message.body.as_deref().unwrap_or_default());
    tracing::info_span!("message", request_id, reservation_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(ids: &[&str]) -> Vec<SqsMessage> {
        let message = |id: &&str| {
            let mut message = SqsMessage::default();
            message.message_id = Some((*id).to_owned());
            message
        };
        ids.iter().map(message).collect()
    }

    #[tokio::test]
    async fn a_failing_or_panicking_message_does_not_block_the_others() {
        let handle = |message: SqsMessage| async move {
            match message.message_id.as_deref() {
                Some("fails") => Err(Error::Busy),
                Some("panics") => panic!("on purpose"),
                _ => Ok(()),
            }
        };
        let response = side_by_side(messages(&["fine", "fails", "panics", "too"]), handle).await;
        let mut failed: Vec<_> = response.batch_item_failures.into_iter().map(|one| one.item_identifier).collect();
        failed.sort();
        assert_eq!(failed, ["fails", "panics"]);
    }

    #[tokio::test]
    async fn dropping_a_batch_cancels_its_messages() {
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let sender = std::sync::Mutex::new(Some(sender));
        let handle = |_| {
            let held = sender.lock().unwrap().take();
            async move {
                std::future::pending::<()>().await;
                drop(held);
                Ok(())
            }
        };
        let call = side_by_side(messages(&["hangs"]), handle);
        tokio::time::timeout(std::time::Duration::from_millis(20), call).await.unwrap_err();
        assert!(receiver.await.is_err());
    }
}
