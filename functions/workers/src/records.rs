//! Stream records, as both functions of the stream read them.

use aws_lambda_events::{
    dynamodb::EventRecord,
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use frontrow_domain::Result;
use frontrow_store::Change;

/// Sequence number of the record.
pub(crate) fn sequence_number(record: &EventRecord) -> String {
    record.change.sequence_number.clone().unwrap_or_default()
}

/// Decodes a record.
pub(crate) fn change(record: &EventRecord) -> Result<Change> {
    Change::parse(&record.change.keys, &record.change.old_image, &record.change.new_image)
}

/// The response that makes the stream redeliver this record and all later ones, which preserves their order.
pub(crate) fn from_here(sequence_number: String) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    response
}
