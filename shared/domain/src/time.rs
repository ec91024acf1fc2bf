//! A point in time in milliseconds: stored as a number, shown as RFC 3339 UTC with second precision.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00Z. Serialized with `serde` as that number; [`UtcTime`] is its form in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The latest time accepted from outside: the end of the year 9998.
    pub const MAX: Self = Self(253_370_764_799_000);

    /// Creates a timestamp from milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded up, as used in a TTL attribute.
    pub const fn ttl_seconds(self) -> i64 {
        self.0.div_euclid(1000) + 1
    }

    /// `seconds` later (earlier if negative).
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Whole seconds since `earlier`, never negative, rounded up.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        let millis = self.0 - earlier.0;
        if millis <= 0 { 0 } else { (millis + 999) / 1000 }
    }

    /// Converts to `jiff`, for calendar arithmetic.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// Parses RFC 3339 with any offset, e.g. `2026-12-24T19:30:00+09:00`.
    ///
    /// # Errors
    /// Describes the expected form if the text is not a time between the years 1970 and 9998.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed: jiff::Timestamp = text.parse().map_err(|_| NO_TIME.to_owned())?;
        let moment = Self(parsed.as_millisecond());
        if moment.0 < 0 || moment > Self::MAX {
            return Err("the time is out of range".to_owned());
        }
        Ok(moment)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

/// A [`Timestamp`] in its JSON form: `2026-12-24T10:30:00Z`. Fractions of a second are also dropped when it is
/// parsed, so that times that look equal are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UtcTime(pub Timestamp);

impl From<Timestamp> for UtcTime {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}

impl Serialize for UtcTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for UtcTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let moment = Timestamp::parse(&text).map_err(de::Error::custom)?;
        Ok(Self(Timestamp(moment.0 - moment.0 % 1000)))
    }
}

/// Also used for dates that do not exist in the calendar.
const NO_TIME: &str = "expected an RFC 3339 time such as 2026-12-24T10:30:00Z";

/// The accepted years, and an offset that every parser accepts.
const YEARS: &str =
    "^(19[789]|[2-8][0-9]{2}|9[0-8][0-9]|99[0-8])[0-9]-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$";

impl JsonSchema for UtcTime {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "UtcTime".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time", "pattern": YEARS, "x-also-refused": [NO_TIME], "example": "2026-12-24T10:30:00Z"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_in_utc_to_the_second() {
        let moment = Timestamp::parse("2026-12-24T19:30:00.900+09:00").unwrap();
        assert_eq!(moment.to_string(), "2026-12-24T10:30:00Z");
        assert_eq!(moment.millis() % 1000, 900);
        assert!(Timestamp::parse("tomorrow").is_err());
        assert!(Timestamp::parse("-000001-01-01T00:00:00Z").is_err());
    }

    #[test]
    fn a_ttl_is_after_its_moment() {
        assert_eq!(Timestamp::from_millis(1_999).ttl_seconds(), 2);
        assert_eq!(Timestamp::from_millis(2_000).ttl_seconds(), 3);
    }
}
