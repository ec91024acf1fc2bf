//! The definition of the table: keys, stream and TTL. `template.yaml` defines the same for AWS.

use crate::keys::{PK, SK, TTL};
use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
        StreamViewType, TimeToLiveSpecification,
    },
};

/// Creates the table on an empty engine.
///
/// # Errors
/// The engine's error message, if it refuses.
pub async fn create(client: &Client, table: &str) -> Result<(), String> {
    const COMPLETE: &str = "all parts are set";
    let key = |name: &str, kind: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect(COMPLETE)
    };
    let text = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .expect(COMPLETE)
    };
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages);
    client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key(PK, KeyType::Hash))
        .key_schema(key(SK, KeyType::Range))
        .attribute_definitions(text(PK))
        .attribute_definitions(text(SK))
        .stream_specification(stream.build().expect(COMPLETE))
        .send()
        .await
        .map_err(|error| format!("create the table: {:?}", error.into_service_error()))?;
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(TTL).build().expect(COMPLETE);
    client
        .update_time_to_live()
        .table_name(table)
        .time_to_live_specification(ttl)
        .send()
        .await
        .map(drop)
        .map_err(|error| format!("enable TTL: {:?}", error.into_service_error()))
}
