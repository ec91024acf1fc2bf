//! The policy by which a waiting room admits members.

use super::shards_for;
use crate::{
    FieldErrors,
    limits::{ADMISSION_DEFAULT_SECONDS, ADMISSION_MAX_SECONDS, EXPECTED_ARRIVALS_MAX, ROOM_RATE_MAX, SHARDS_DEFAULT},
    number::Whole,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A limit of a waiting room.
pub type Limit = Whole<1, { ROOM_RATE_MAX as i64 }>;
/// Duration of an admission.
pub type Seconds = Whole<1, ADMISSION_MAX_SECONDS>;

/// The message for a policy without a limit.
pub const NO_LIMIT: &str = "maxActive and admitPerMinute must not both be null";

/// How a waiting room admits members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", try_from = "PolicyFields")]
pub struct WaitingRoomPolicy {
    /// Maximum number of members inside at once; `null` for no such limit.
    pub max_active: Option<u32>,
    /// Maximum number of members admitted per minute; `null` for no such limit.
    pub admit_per_minute: Option<u32>,
    /// How long an admission lasts, in seconds.
    pub admission_seconds: i64,
    /// While true, nobody is admitted; admitted members continue.
    pub paused: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline, extend("x-also-refused" = [NO_LIMIT]))]
struct PolicyFields {
    max_active: Option<Limit>,
    admit_per_minute: Option<Limit>,
    admission_seconds: Option<Seconds>,
    paused: Option<bool>,
}

impl TryFrom<PolicyFields> for WaitingRoomPolicy {
    type Error = FieldErrors;

    fn try_from(fields: PolicyFields) -> Result<Self, FieldErrors> {
        Self::new(fields.max_active, fields.admit_per_minute, fields.admission_seconds, fields.paused)
    }
}

impl WaitingRoomPolicy {
    /// A policy, with the contract's defaults for absent values.
    ///
    /// # Errors
    /// If neither limit is set.
    pub fn new(
        max_active: Option<Limit>,
        admit_per_minute: Option<Limit>,
        admission_seconds: Option<Seconds>,
        paused: Option<bool>,
    ) -> Result<Self, FieldErrors> {
        if max_active.is_none() && admit_per_minute.is_none() {
            return Err(FieldErrors::one("maxActive", NO_LIMIT));
        }
        Ok(Self {
            max_active: max_active.map(Whole::to_u32),
            admit_per_minute: admit_per_minute.map(Whole::to_u32),
            admission_seconds: admission_seconds.map_or(ADMISSION_DEFAULT_SECONDS, Whole::get),
            paused: paused.unwrap_or(false),
        })
    }
}

/// A waiting room as requested with a performance: its policy and its number of shards.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(try_from = "RoomFields")]
pub(crate) struct NewRoom {
    pub(crate) policy: WaitingRoomPolicy,
    pub(crate) shards: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline, extend("x-also-refused" = [NO_LIMIT]))]
struct RoomFields {
    max_active: Option<Limit>,
    admit_per_minute: Option<Limit>,
    admission_seconds: Option<Seconds>,
    paused: Option<bool>,
    /// Expected number of joins within the busiest minute; fixed when the room is created. Up to 30,000, positions
    /// follow request order exactly; a larger crowd joins several lines that are served in turn.
    expected_arrivals_per_minute: Option<Whole<1, { EXPECTED_ARRIVALS_MAX as i64 }>>,
}

impl TryFrom<RoomFields> for NewRoom {
    type Error = FieldErrors;

    /// # Errors
    /// Names the fields that are out of range.
    fn try_from(fields: RoomFields) -> Result<Self, FieldErrors> {
        let RoomFields { max_active, admit_per_minute, admission_seconds, paused, expected_arrivals_per_minute } =
            fields;
        let policy = WaitingRoomPolicy::new(max_active, admit_per_minute, admission_seconds, paused)?;
        let shards = expected_arrivals_per_minute.map_or(SHARDS_DEFAULT, |expected| shards_for(expected.to_u32()));
        Ok(Self { policy, shards })
    }
}
