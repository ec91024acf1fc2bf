//! The table's stream.

use super::{TABLE, calls::Core, context};
use dynoxide::{
    actions::{
        describe_stream::DescribeStreamRequest, get_records::GetRecordsRequest,
        get_shard_iterator::GetShardIteratorRequest,
    },
    streams::shard_id,
};
use serde_json::Value;
use tokio::sync::watch;

/// Records deleted per batch, before other calls can run.
const TRIMMED_AT_ONCE: u32 = 500;

/// The table's stream, read in order.
#[derive(Clone)]
pub(crate) struct Stream {
    pub(super) arn: String,
    pub(super) core: Core,
}

impl Stream {
    /// ARN of the stream.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// A receiver that is notified when there may be more records.
    pub(crate) fn written(&self) -> watch::Receiver<()> {
        self.core.written()
    }

    /// Returns at most `limit` records after sequence number `position`, oldest first, in the format that Lambda receives.
    pub(crate) fn after(&self, position: Option<String>, limit: usize) -> Result<Vec<Value>, String> {
        let kind = if position.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
        let found = self.core.with(|opened| {
            let iterator = opened
                .database
                .get_shard_iterator(GetShardIteratorRequest {
                    stream_arn: self.arn.clone(),
                    shard_id: shard_id(TABLE),
                    shard_iterator_type: kind.to_owned(),
                    sequence_number: position,
                })
                .map_err(context("read the stream"))?
                .shard_iterator
                .unwrap_or_default();
            let request = GetRecordsRequest { shard_iterator: iterator, limit: Some(limit) };
            opened.database.get_records(request).map_err(context("read the stream"))
        })?;
        let to_json = |record| serde_json::to_value(record).map_err(context("read the stream"));
        found.records.into_iter().map(to_json).collect()
    }

    /// Sequence number of the newest record; `None` if the stream is empty.
    pub(crate) fn last(&self) -> Result<Option<String>, String> {
        self.core.with(|opened| {
            let request = DescribeStreamRequest { stream_arn: self.arn.clone(), ..Default::default() };
            let described = opened.database.describe_stream(request).map_err(context("describe the stream"))?;
            let shard = described.stream_description.shards.into_iter().next();
            Ok(shard.and_then(|shard| shard.sequence_number_range.ending_sequence_number))
        })
    }

    /// Deletes the records before sequence number `position`. That record stays, so that later records get higher numbers
    /// whatever the clock shows.
    pub(crate) fn trim(&self, position: &str) -> Result<(), String> {
        const SQL: &str = "DELETE FROM _stream_records WHERE rowid IN (
            SELECT rowid FROM _stream_records
            WHERE table_name = ?1 AND shard_id = ?2 AND CAST(sequence_number AS INTEGER) < ?3 LIMIT ?4)";
        // While expired items are deleted, another thread writes; the next run trims the stream.
        let Ok(_upkeep) = self.core.upkeep.try_lock() else { return Ok(()) };
        // Public numbers have 21 digits: a one, and the stored number with leading zeros.
        let stored: i64 = position.get(1..).unwrap_or_default().parse().map_err(context("trim the stream"))?;
        loop {
            let trimmed = self.core.with(|opened| {
                let mut statement = opened.beside.prepare_cached(SQL).map_err(context("trim the stream"))?;
                let trimmed = statement.execute(rusqlite::params![TABLE, shard_id(TABLE), stored, TRIMMED_AT_ONCE]);
                trimmed.map_err(context("trim the stream"))
            })?;
            if trimmed < TRIMMED_AT_ONCE as usize {
                return Ok(());
            }
        }
    }
}
