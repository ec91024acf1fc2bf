//! Typed ids: opaque, URL-safe and ordered by time. All derive from UUIDv7. The caller creates them, so that a
//! retried write carries the same id.
//!
//! A hold's id contains its performance, which locates its stake. Reservation, payment and tickets derive from the
//! hold: `h-<uuid>.<performance>` becomes `r-…`, `p-…` and `t-….<n>`, so paying again finds the first payment. A
//! payment after a declined one has its own id: `p-<uuid>_2.<performance>` and so on, up to 9.

use crate::{
    Timestamp,
    limits::{HOLD_REMEMBERED_SECONDS, ID_MAX_CHARS, PAYMENT_ATTEMPTS_MAX},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};
use uuid::{Builder, Uuid};

/// The text is not an id of this kind. Nothing with that id can exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct NotAnId;

/// Whether `text` may be an id created elsewhere: short, and made of URL-safe characters.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

macro_rules! id_as_text {
    ($name:ident, $pattern:expr, $example:expr) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "maxLength": ID_MAX_CHARS, "pattern": $pattern, "example": $example})
            }
        }
    };
}

macro_rules! plain_id {
    ($(#[$doc:meta])* $name:ident, $example:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Creates an id from a fresh UUIDv7.
            pub fn new(fresh: Uuid) -> Self {
                Self(fresh.simple().to_string())
            }
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if is_plain(text) { Ok(Self(text.to_owned())) } else { Err(NotAnId) }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        id_as_text!($name, "^[A-Za-z0-9_-]{1,64}$", $example);
    };
}

plain_id!(/** A production. */ ShowId, "0193f1b07c8a7d3fae52c1d1a5b0c001");
plain_id!(/** A dated occurrence of a show. */ PerformanceId, "0193f1b07c8a7d3fae52c1d1a5b0c002");
plain_id!(/** One e-mail verification. */ VerificationId, "0193f1b07c8a7d3fae52c1d1a5b0c003");
plain_id!(/** One login: what its refresh tokens share. */ SessionId, "0193f1b07c8a7d3fae52c1d1a5b0c007");
plain_id!(/** One ledger entry of a wallet. */ EntryId, "0193f1b07c8a7d3fae52c1d1a5b0c004");

/// The id of the HTTP request that started something, as assigned by API Gateway: 1 to 64 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RequestId {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text)) } else { Err(NotAnId) }
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

/// A member or organizer: a UUIDv7 with hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub Uuid);

impl FromStr for MemberId {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        Uuid::parse_str(text).map(Self).map_err(|_| NotAnId)
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.hyphenated())
    }
}

id_as_text!(MemberId, "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005");

/// The text that a hold and everything bought by it share after their prefixes: `<uuid>.<performance>`, or
/// `<uuid>_<attempt>.<performance>` from the second attempt to pay the hold on. The attempt has one digit, so that
/// later attempts sort after earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Purchase {
    uuid: Uuid,
    attempt: u8,
    performance: PerformanceId,
}

impl Purchase {
    fn parse(text: &str, prefix: &str, attempts_max: u8) -> Result<Self, NotAnId> {
        let (name, performance) = text.strip_prefix(prefix).and_then(|rest| rest.split_once('.')).ok_or(NotAnId)?;
        let (uuid, attempt) = match name.split_once('_') {
            None => (name, 1),
            Some((uuid, attempt)) => (uuid, attempt.parse().map_err(|_| NotAnId)?),
        };
        let uuid = Uuid::parse_str(uuid).map_err(|_| NotAnId)?;
        let parsed = Self { uuid, attempt, performance: performance.parse()? };
        // There is one spelling for each id: other spellings are other ids, which name nothing.
        if (1..=attempts_max).contains(&attempt) && parsed.name() == name { Ok(parsed) } else { Err(NotAnId) }
    }

    /// The part before the dot, unique by itself.
    fn name(&self) -> String {
        match self.attempt {
            1 => self.uuid.simple().to_string(),
            attempt => format!("{}_{attempt}", self.uuid.simple()),
        }
    }

    fn of_attempt(&self, attempt: u8) -> Self {
        Self { attempt, ..self.clone() }
    }
}

impl fmt::Display for Purchase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.name(), self.performance)
    }
}

macro_rules! purchase_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $attempts_max:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Purchase);

        impl $name {
            /// The performance that is part of the id.
            pub fn performance(&self) -> &PerformanceId {
                &self.0.performance
            }
            /// The part after the prefix, used in sort keys.
            pub fn key(&self) -> String {
                self.0.to_string()
            }
        }
        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Purchase::parse(text, $prefix, $attempts_max).map(Self)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0)
            }
        }
        id_as_text!(
            $name,
            concat!("^", $prefix, "[0-9a-f]{32}[.][A-Za-z0-9_-]{1,64}$"),
            concat!($prefix, "0193f1b07c8a7d3fae52c1d1a5b0c006.demo")
        );
    };
}

purchase_id!(/** A hold on seats: `h-<uuid>.<performance>`. */ HoldId, "h-", 1);
purchase_id!(/** A purchase: `r-<uuid>.<performance>`, of the hold it was bought by. */ ReservationId, "r-", PAYMENT_ATTEMPTS_MAX);
purchase_id!(/** A payment: `p-<uuid>.<performance>`, of the hold it paid. */ PaymentId, "p-", PAYMENT_ATTEMPTS_MAX);

impl HoldId {
    /// Creates a hold id for `performance` and `member` at `now`, from a fresh UUID.
    ///
    /// The id is a UUIDv7 of `now` whose last 32 bits are a checksum over the other bits, the member and the
    /// performance. So a hold that left no trace, because it expired or was released, can still be recognized as the
    /// member's for a while (410), while anybody else's is not found (404). The id is not a secret: conditions decide
    /// who may pay.
    pub fn new(fresh: Uuid, member: &MemberId, performance: PerformanceId, now: Timestamp) -> Self {
        let millis = u64::try_from(now.millis()).unwrap_or_default();
        let mut random = [0; 10];
        random[..6].copy_from_slice(&fresh.as_bytes()[10..]);
        let mut bytes = *Builder::from_unix_timestamp_millis(millis, &random).as_uuid().as_bytes();
        let check = check_of(&bytes, member, &performance);
        bytes[12..].copy_from_slice(&check);
        Self(Purchase { uuid: Uuid::from_bytes(bytes), attempt: 1, performance })
    }
    /// Whether the hold was created for `member`.
    pub fn is_of(&self, member: &MemberId) -> bool {
        let bytes = self.0.uuid.as_bytes();
        bytes[12..] == check_of(bytes, member, &self.0.performance)
    }
    /// Whether an unpaid hold is so old that the response is 404.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.made_at().plus_seconds(HOLD_REMEMBERED_SECONDS) <= now
    }
    /// The second in which the hold was created.
    pub fn made_at(&self) -> Timestamp {
        let made = self.0.uuid.get_timestamp().map_or(0, |made| made.to_unix().0);
        Timestamp::from_millis(i64::try_from(made).unwrap_or_default().saturating_mul(1000))
    }
    /// One of `count` starting points; holds are spread over them at random.
    pub fn spread(&self, count: usize) -> usize {
        let random = self.0.uuid.as_bytes()[9..13].iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
        random % count.max(1)
    }
    /// The reservation made by the `attempt`-th attempt to pay this hold, from 1.
    pub fn purchase(&self, attempt: u8) -> ReservationId {
        ReservationId(self.0.of_attempt(attempt))
    }
}

/// FNV-1a over the first 12 bytes of an id, its member and its performance, folded to 32 bits.
fn check_of(bytes: &[u8; 16], member: &MemberId, performance: &PerformanceId) -> [u8; 4] {
    let parts = bytes[..12].iter().chain(member.0.as_bytes()).chain(performance.as_str().as_bytes());
    let hash =
        parts.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let [a, b, c, d, e, f, g, h] = hash.to_be_bytes();
    [a ^ e, b ^ f, c ^ g, d ^ h]
}

impl ReservationId {
    /// Creates the id from its parts.
    pub(crate) fn of(uuid: Uuid, attempt: u8, performance: PerformanceId) -> Self {
        Self(Purchase { uuid, attempt, performance })
    }
    /// The UUID of its hold.
    pub fn uuid(&self) -> Uuid {
        self.0.uuid
    }
    /// The number of the attempt to pay its hold, from 1.
    pub fn attempt(&self) -> u8 {
        self.0.attempt
    }
    /// The hold that was paid.
    pub fn hold(&self) -> HoldId {
        HoldId(self.0.of_attempt(1))
    }
    /// The payment of the reservation.
    pub fn payment(&self) -> PaymentId {
        PaymentId(self.0.clone())
    }
    /// The ticket of the reservation's `index`-th seat, from 0.
    pub fn ticket(&self, index: u32) -> TicketId {
        TicketId { reservation: self.clone(), index }
    }
}

impl PaymentId {
    /// The payment's order id at the payment provider: at most 36 letters, digits, hyphens and underscores. It is
    /// unique without the performance, and providers accept nothing longer.
    pub fn order(&self) -> String {
        format!("p-{}", self.0.name())
    }
    /// The reservation that was paid.
    pub fn reservation(&self) -> ReservationId {
        ReservationId(self.0.clone())
    }
}

/// One ticket of a reservation: `t-<uuid>.<performance>.<n>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketId {
    reservation: ReservationId,
    index: u32,
}

impl TicketId {
    /// The reservation that the ticket belongs to.
    pub fn reservation(&self) -> &ReservationId {
        &self.reservation
    }
    /// The index of the ticket within its reservation, from 0.
    pub fn index(&self) -> u32 {
        self.index
    }
}

impl FromStr for TicketId {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let (purchase, index) = text.rsplit_once('.').ok_or(NotAnId)?;
        let parsed = index.parse::<u32>().map_err(|_| NotAnId)?;
        if parsed.to_string() != index {
            return Err(NotAnId);
        }
        let purchase = Purchase::parse(purchase, "t-", PAYMENT_ATTEMPTS_MAX)?;
        Ok(Self { reservation: ReservationId(purchase), index: parsed })
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t-{}.{}", self.reservation.0, self.index)
    }
}

id_as_text!(
    TicketId,
    "^t-[0-9a-f]{32}[.][A-Za-z0-9_-]{1,64}[.](0|[1-9][0-9]*)$",
    "t-0193f1b07c8a7d3fae52c1d1a5b0c006.demo.0"
);

#[cfg(test)]
mod tests;
