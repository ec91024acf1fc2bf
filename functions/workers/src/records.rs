//! Stream records, as both functions of the stream read them.

use aws_lambda_events::{
    dynamodb::EventRecord,
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use frontrow_domain::{Error, Result, text::as_stored};
use serde::{Deserialize, de::DeserializeOwned};

/// Sequence number of the record.
pub(crate) fn sequence_number(record: &EventRecord) -> String {
    record.change.sequence_number.clone().unwrap_or_default()
}

/// The type of the record's item; empty if the item was deleted.
pub(crate) fn entity(record: &EventRecord) -> Result<String> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(default)]
        entity: String,
    }
    let new = &record.change.new_image;
    if new.is_empty() { Ok(String::new()) } else { Ok(read::<Kind>(new)?.entity) }
}

/// Deserializes an image.
pub(crate) fn read<T: DeserializeOwned>(image: &serde_dynamo::Item) -> Result<T> {
    as_stored(|| serde_dynamo::from_item(image.clone())).map_err(|error| Error::internal("read an image", error))
}

/// The response that makes the stream redeliver this record and all later ones, which preserves their order.
pub(crate) fn from_here(sequence_number: String) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    response
}
