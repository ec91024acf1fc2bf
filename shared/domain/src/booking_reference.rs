//! Booking references: short codes that people say at the door or on the phone instead of a reservation's id.

use crate::{ids::ReservationId, text::typed};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// Crockford's base 32, which has no letters that look like digits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const NO_REFERENCE: &str = "expected a booking reference such as K7QX-4M2P";
/// Characters of a reference, of five bits each.
const CHARS: usize = 8;

/// A reservation's reference, such as `K7QX-4M2P`. It is derived from the id, so it is not stored. It is not a secret
/// and not unique: among a million reservations, about one pair shares a reference (40 bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BookingReference([u8; CHARS]);

impl ReservationId {
    /// The reference of this reservation.
    pub fn booking_reference(&self) -> BookingReference {
        // FNV-1a of 64 bits, of which the highest are folded into the lowest 40.
        let hash = self
            .key()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let number = hash ^ (hash >> 40);
        let mut symbols = [0; CHARS];
        for (place, symbol) in symbols.iter_mut().rev().enumerate() {
            *symbol = ALPHABET[usize::try_from(number >> (5 * place) & 31).expect("five bits")];
        }
        BookingReference(symbols)
    }
}

/// The symbol for a character: small letters count as capitals, and letters that look like a digit count as that
/// digit.
fn symbol(character: char) -> Option<u8> {
    let symbol = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    u8::try_from(symbol).ok().filter(|symbol| ALPHABET.contains(symbol))
}

impl TryFrom<String> for BookingReference {
    type Error = String;

    /// Accepts the reference as people type it, with any hyphens and blanks.
    ///
    /// # Errors
    /// If the text is not a reference.
    fn try_from(text: String) -> Result<Self, String> {
        let between =
            |character: &char| character.is_whitespace() || character.is_control() || "-‐–—−ー_.".contains(*character);
        let symbols: Option<Vec<u8>> = typed(&text).chars().filter(|it| !between(it)).map(symbol).collect();
        symbols.and_then(|symbols| symbols.try_into().ok()).map(Self).ok_or_else(|| NO_REFERENCE.to_owned())
    }
}

impl From<BookingReference> for String {
    fn from(reference: BookingReference) -> Self {
        reference.to_string()
    }
}

impl fmt::Display for BookingReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, symbol) in self.0.iter().enumerate() {
            if index == CHARS / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*symbol))?;
        }
        Ok(())
    }
}

impl JsonSchema for BookingReference {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "BookingReference".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "example": "K7QX-4M2P", "x-also-refused": [NO_REFERENCE]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: &str) -> String {
        id.parse::<ReservationId>().unwrap().booking_reference().to_string()
    }

    /// References in mails that were sent must stay valid.
    #[test]
    fn a_reference_is_stable() {
        assert_eq!(of("r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo"), "87MG-Z5FT");
        assert_ne!(of("r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo"), of("r-0193f1b07c8a7d3fae52c1d1a5b0c007.demo"));
        assert_ne!(of("r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo"), of("r-0193f1b07c8a7d3fae52c1d1a5b0c006.other"));
    }

    #[test]
    fn a_reference_is_accepted_as_people_type_it() {
        let read = |text: &str| BookingReference::try_from(text.to_owned());
        let reference = read("K7Q0-1M2P").unwrap();
        assert_eq!(reference.to_string(), "K7Q0-1M2P");
        for typed in [
            "k7q0-1m2p",
            " K7QO IM2P\r\n",
            "k7qolm2p",
            "Ｋ７Ｑ０－１Ｍ２Ｐ",
            "K7Q0–1M2P",
            "\u{feff}K7Q0\u{2011}1M2P\u{200b}",
        ] {
            assert_eq!(read(typed), Ok(reference), "{typed}");
        }
        for wrong in ["", "K7Q0-1M2", "K7Q0-1M2PP", "K7Q0-1M2U", "예매번호일이삼사", "K7Q0/1M2P"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn references_rarely_collide() {
        let references: std::collections::HashSet<_> = (0..20_000).map(|n| of(&format!("r-{n:032x}.demo"))).collect();
        assert!(references.len() >= 19_999, "{}", references.len());
        for place in (0..CHARS + 1).filter(|place| *place != CHARS / 2) {
            let used: std::collections::HashSet<_> = references.iter().map(|text| text.as_bytes()[place]).collect();
            assert_eq!(used.len(), ALPHABET.len(), "every symbol occurs at every position");
        }
    }
}
