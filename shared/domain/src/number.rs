//! Whole numbers within bounds that their schema states.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, Unexpected, Visitor},
};
use std::{borrow::Cow, fmt};

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    /// The number as an `i64`.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The number as a `u32`; the bounds must fit one.
    ///
    /// # Panics
    /// If the bounds do not fit a `u32`.
    pub fn to_u32(self) -> u32 {
        u32::try_from(self.0).expect("the bounds fit a u32")
    }
}

/// Deserializes a `u32` from `MIN` to `MAX`.
///
/// # Errors
/// The parser's error for anything else.
pub(crate) fn within<'de, D: Deserializer<'de>, const MIN: i64, const MAX: i64>(from: D) -> Result<u32, D::Error> {
    Whole::<MIN, MAX>::deserialize(from).map(Whole::to_u32)
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Within<const MIN: i64, const MAX: i64>;
        impl<const MIN: i64, const MAX: i64> Visitor<'_> for Within<MIN, MAX> {
            type Value = Whole<MIN, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from {MIN} to {MAX}")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                let fits = (MIN..=MAX).contains(&number);
                if fits { Ok(Whole(number)) } else { Err(E::invalid_value(Unexpected::Signed(number), &self)) }
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                let signed = i64::try_from(number);
                signed
                    .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
                    .and_then(|it| self.visit_i64(it))
            }
        }
        from.deserialize_i64(Within)
    }
}

impl<const MIN: i64, const MAX: i64> JsonSchema for Whole<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Whole_{MIN}_to_{MAX}").into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": MIN, "maximum": MAX})
    }
}

#[cfg(test)]
mod tests {
    use super::Whole;

    #[test]
    fn numbers_outside_the_bounds_are_refused() {
        let read = |text: &str| serde_json::from_str::<Whole<1, 50>>(text).ok().map(Whole::get);
        assert_eq!((read("1"), read("50")), (Some(1), Some(50)));
        for other in ["0", "51", "-1", "18446744073709551615", "1.5", "\"1\"", "null"] {
            assert_eq!(read(other), None, "{other}");
        }
        let why = serde_json::from_str::<Whole<1, 50>>("51").unwrap_err().to_string();
        assert!(why.contains("a whole number from 1 to 50"), "{why}");
        assert_eq!(schemars::schema_for!(Whole<1, 50>).get("maximum"), Some(&50.into()));
    }
}
