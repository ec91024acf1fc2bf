//! Won: whole numbers, never floats. A point is worth one won.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, iter::Sum, ops::Add};

/// An amount in won; negative only as a ledger entry's amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Won(pub i64);

/// The currency of all amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
pub enum Currency {
    /// South Korean won.
    #[default]
    Krw,
}

impl Won {
    /// The amount multiplied by `times`. The limits on prices and seats keep it far below overflow.
    pub const fn times(self, times: i64) -> Self {
        Self(self.0 * times)
    }
}

impl Add for Won {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Won {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::ops::Neg for Won {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Won {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(0), Add::add)
    }
}

impl fmt::Display for Won {
    /// With thousands separators: `132,000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Won;

    #[test]
    fn thousands_have_separators() {
        assert_eq!(Won(0).to_string(), "0");
        assert_eq!(Won(999).to_string(), "999");
        assert_eq!(Won(132_000).to_string(), "132,000");
        assert_eq!(Won(-1_234_567).to_string(), "-1,234,567");
    }
}
