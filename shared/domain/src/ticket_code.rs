//! The text inside a ticket's QR code: `FR1:<claim>:<signature>`. It is signed with Ed25519 over everything before
//! the last colon, so a forged or altered code is refused without a read.
//!
//! The claim identifies the reservation's item by member, purchase and performance, so that the door needs one write
//! and no read. Claim and signature are in base 32: a QR code packs capitals and digits into 5.5 bits, so that they
//! take little more space than bytes would, and the code can be copied, typed and sent as JSON.

use crate::{
    ids::{MemberId, PerformanceId, ReservationId, TicketId},
    limits::{PAYMENT_ATTEMPTS_MAX, TICKET_CODE_MAX_CHARS},
    text::typed,
};
use data_encoding::BASE32_NOPAD;
use uuid::Uuid;

/// Bit offset, in the ticket's number, of the attempt to pay the hold that bought it: 0 for the first.
const ATTEMPT_SHIFT: u32 = 24;
/// Version of the format; the first part of every code.
const VERSION: &str = "FR1";
/// Separates the three parts; base 32 does not contain it.
const SEPARATOR: char = ':';
/// Marks a performance id that is a UUID, as created by this system; its 16 bytes follow.
const AS_UUID: u8 = 0;
/// Marks any other performance id; its text follows.
const AS_TEXT: u8 = 1;

/// The content of a code: a ticket and its issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketClaim {
    /// The member whose reservation the ticket belongs to.
    pub member_id: MemberId,
    /// The ticket's id.
    pub ticket_id: TicketId,
    /// How often the ticket had been reissued when the code was made.
    pub generation: u32,
}

/// A parsed code whose signature has not been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified<'a> {
    /// The id of the key that it claims to be signed with.
    pub key_id: String,
    /// The unverified content.
    pub claim: TicketClaim,
    /// The signed part of the text.
    pub signed_part: &'a str,
    /// Ed25519 signature of the signed part.
    pub signature: Vec<u8>,
}

/// The signed part of a code; `key_id` has at most 255 bytes.
pub fn signed_part(key_id: &str, claim: &TicketClaim) -> String {
    let reservation = claim.ticket_id.reservation();
    let mut bytes = vec![u8::try_from(key_id.len()).expect("key ids are short")];
    bytes.extend(key_id.as_bytes());
    bytes.extend(claim.member_id.0.as_bytes());
    bytes.extend(reservation.uuid().as_bytes());
    let attempt = u32::from(reservation.attempt() - 1) << ATTEMPT_SHIFT;
    bytes.extend((attempt | claim.ticket_id.index()).to_be_bytes());
    bytes.extend(claim.generation.to_be_bytes());
    let performance = reservation.performance().as_str();
    match Uuid::parse_str(performance).ok().filter(|uuid| uuid.simple().to_string() == performance) {
        Some(uuid) => {
            bytes.push(AS_UUID);
            bytes.extend(uuid.as_bytes());
        }
        None => {
            bytes.push(AS_TEXT);
            bytes.extend(performance.as_bytes());
        }
    }
    format!("{VERSION}{SEPARATOR}{}", BASE32_NOPAD.encode(&bytes))
}

/// Joins the signed part and its signature into a code.
pub fn code(signed_part: &str, signature: &[u8]) -> String {
    format!("{signed_part}{SEPARATOR}{}", BASE32_NOPAD.encode(signature))
}

/// A scanned code, without the characters that scanners and keyboards add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The cleaned text; a code, if a code was scanned.
    pub code: String,
    /// Whether it contains Korean letters: a scanner that acts as a keyboard types with the active input method.
    pub is_korean: bool,
}

impl Scan {
    /// Cleans scanned text. Removes control characters such as STX, ETX, GS and line ends, blanks, byte order marks
    /// and a symbology identifier (ISO/IEC 15424, `]Q1`), and turns full-width and small letters (Caps Lock) into
    /// capitals.
    pub fn of(sent: &str) -> Self {
        let typed: String =
            typed(sent).chars().filter(|character| !character.is_control() && !character.is_whitespace()).collect();
        let identified = typed
            .strip_prefix(']')
            .filter(|rest| rest.bytes().take(2).all(|byte| byte.is_ascii_alphanumeric()))
            .and_then(|rest| rest.get(2..));
        let is_korean = typed.chars().any(is_hangul);
        Self { code: identified.unwrap_or(&typed).to_ascii_uppercase(), is_korean }
    }
}

fn is_hangul(character: char) -> bool {
    matches!(character, '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}')
}

/// Parses a code; `None` if it does not have this format.
pub fn parse(text: &str) -> Option<Unverified<'_>> {
    if text.len() > TICKET_CODE_MAX_CHARS {
        return None;
    }
    let (signed_part, signature) = text.rsplit_once(SEPARATOR)?;
    let claim = signed_part.strip_prefix(VERSION)?.strip_prefix(SEPARATOR)?;
    let (key_id, claim) = read_claim(&BASE32_NOPAD.decode(claim.as_bytes()).ok()?)?;
    let signature = BASE32_NOPAD.decode(signature.as_bytes()).ok()?;
    Some(Unverified { key_id, claim, signed_part, signature })
}

fn read_claim(bytes: &[u8]) -> Option<(String, TicketClaim)> {
    let (length, rest) = bytes.split_first()?;
    let (key_id, rest) = rest.split_at_checked(usize::from(*length))?;
    let (member, rest) = rest.split_first_chunk()?;
    let (purchase, rest) = rest.split_first_chunk()?;
    let (number, rest) = rest.split_first_chunk()?;
    let (generation, rest) = rest.split_first_chunk()?;
    let performance: PerformanceId = match rest.split_first()? {
        (&AS_UUID, uuid) => PerformanceId::new(Uuid::from_slice(uuid).ok()?),
        (&AS_TEXT, text) => str::from_utf8(text).ok()?.parse().ok()?,
        _ => return None,
    };
    let number = u32::from_be_bytes(*number);
    let attempt = u8::try_from(number >> ATTEMPT_SHIFT).ok()?.checked_add(1)?;
    if attempt > PAYMENT_ATTEMPTS_MAX {
        return None;
    }
    let reservation = ReservationId::of(Uuid::from_bytes(*purchase), attempt, performance);
    let claim = TicketClaim {
        member_id: MemberId(Uuid::from_bytes(*member)),
        ticket_id: reservation.ticket(number & ((1 << ATTEMPT_SHIFT) - 1)),
        generation: u32::from_be_bytes(*generation),
    };
    Some((String::from_utf8(key_id.to_vec()).ok()?, claim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claim(performance: &str, attempt: u8, index: u32, generation: u32) -> TicketClaim {
        let reservation = ReservationId::of(Uuid::from_u128(7), attempt, performance.parse().unwrap());
        TicketClaim { member_id: MemberId(Uuid::from_u128(8)), ticket_id: reservation.ticket(index), generation }
    }

    /// Characters that a QR code packs densely.
    fn is_dense(text: &str) -> bool {
        text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b':')
    }

    proptest! {
        #[test]
        fn a_code_contains_its_claim(
            performance in "[0-9a-f]{32}|[A-Za-z0-9_-]{1,64}",
            key_id in "[a-zA-Z0-9]{1,40}",
            attempt in 1..=PAYMENT_ATTEMPTS_MAX,
            (index, generation) in (0_u32..1 << ATTEMPT_SHIFT, any::<u32>()),
        ) {
            let claim = claim(&performance, attempt, index, generation);
            let signed = signed_part(&key_id, &claim);
            let text = code(&signed, &[7; 64]);
            prop_assert!(is_dense(&text));
            let parsed = parse(&text).unwrap();
            prop_assert_eq!((parsed.key_id, parsed.claim), (key_id, claim));
            prop_assert_eq!((parsed.signed_part, parsed.signature), (signed.as_str(), vec![7; 64]));
        }

        #[test]
        fn malformed_codes_never_panic(text in "(FR1:)?[A-Z2-7:]{0,250}|\\PC{0,40}") {
            if let Some(parsed) = parse(&text) {
                prop_assert_eq!(signed_part(&parsed.key_id, &parsed.claim).len(), parsed.signed_part.len());
            }
        }
    }

    #[test]
    fn characters_added_by_scanners_are_removed() {
        let code = "FR1:ABC234:XYZ567";
        let wide: String = code.chars().map(|letter| char::from_u32(letter as u32 + 0xfee0).unwrap()).collect();
        for sent in [
            code.to_lowercase(),
            "fR1:AbC234:xyz567".to_owned(),
            format!("\u{2}{code}\u{3}"),
            format!("{code}\u{1d}\u{4}\r\n"),
            format!("\u{feff}{code}\n"),
            format!("]Q1{code}"),
            format!("\u{feff}\u{2}]q3{}\u{3}\r", code.to_lowercase()),
            format!("\0{code}\0\0"),
            " FR1:ABC\u{1d}234 :XYZ\u{200b}567\t".to_owned(),
            wide.clone(),
            format!("］Ｑ１{wide}"),
        ] {
            assert_eq!(Scan::of(&sent), Scan { code: code.to_owned(), is_korean: false }, "{sent:?}");
        }
        for sent in ["ㄹㄱ1:ㅁㅠㅊ", "ㄹㄲ1ㅁㅠ", "래1:뮻", "\u{1105}1:", "ﾣﾡ1:"] {
            assert!(Scan::of(sent).is_korean, "{sent:?}");
        }
        assert_eq!(Scan::of("]").code, "]");
        assert_eq!(Scan::of("]é漢").code, "]é漢");
    }

    #[test]
    fn a_code_has_one_spelling_and_a_maximum_length() {
        let text = code(&signed_part("a", &claim("0193f1b07c8a7d3fae52c1d1a5b0c002", 1, 0, 0)), &[0; 64]);
        assert_eq!(text.len(), 203);
        assert!(parse(&text).is_some());
        let long = "A".repeat(TICKET_CODE_MAX_CHARS);
        for other in
            [text.to_lowercase(), format!("{text}="), format!(" {text}"), format!("{text}{long}"), String::new()]
        {
            assert_eq!(parse(&other), None, "{other}");
        }
    }
}
