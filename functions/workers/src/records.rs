//! Records of the table's stream, as both of its functions read them.

use aws_lambda_events::{
    dynamodb::EventRecord,
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use frontrow_domain::{Error, Result, text::as_stored};
use serde::{Deserialize, de::DeserializeOwned};

/// The record's name in the stream.
pub(crate) fn sequence_number(record: &EventRecord) -> String {
    record.change.sequence_number.clone().unwrap_or_default()
}

/// What the record's item is; empty where the item is gone.
pub(crate) fn entity(record: &EventRecord) -> Result<String> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(default)]
        entity: String,
    }
    let new = &record.change.new_image;
    if new.is_empty() { Ok(String::new()) } else { Ok(read::<Kind>(new)?.entity) }
}

/// What an image says.
pub(crate) fn read<T: DeserializeOwned>(image: &serde_dynamo::Item) -> Result<T> {
    as_stored(|| serde_dynamo::from_item(image.clone())).map_err(|error| Error::internal("read an image", error))
}

/// The answer that makes the stream come back with this record and all after it, so that order is kept.
pub(crate) fn from_here(sequence_number: String) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    response
}
