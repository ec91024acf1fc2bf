//! The single table and its keys. Every key string is built in this module.
//!
//! # Entities
//! | Entity | pk | sk | Attributes beyond the type's own |
//! |---|---|---|---|
//! | member | `member#<memberId>` | `profile` | `password_hash`, `sessions_edition`, `changed_at`; of a deleted account only `deleted_at`, `changed_at` |
//! | session | `member#<memberId>` | `session#<sessionId>` | `edition`, `number`, `renewed_at` |
//! | e-mail (unique) | `email#<address>` | `email` | `member_id` |
//! | verification | `verification#<id>` | `verification` | `email`, `attempts`, `expires_at`, `used_for`, a marker per mail |
//! | rate | `rate#<what>#<address>`, of a known device `rate#<what>#<address>#<sessionId>` | window's number | `count` |
//! | wallet | `member#<memberId>` | `wallet` | `balance`, `seq`, `closed_at` |
//! | ledger entry | `member#<memberId>` | `entry#<seq>` | |
//! | stake | `member#<memberId>` | `stake#<performanceId>` | `hold`, `hold_until`, `paid_seats`, `pending_hold_id`; when the last three holds were taken (`unpaid_first` …); `cleared_until`, up to which a payment cleared them; `forgiven` |
//! | reservation (with its payment) | `member#<memberId>` | `reservation#<uuid>.<performanceId>` | `status`, `card`, `door` (`check_ins`, `generations`), `mailing`, `request_id`, a marker per mail |
//! | subscriber to alerts | `alerts#<category>#<shard>` | `<memberId>` | |
//! | alert (mail) | `member#<memberId>` | `alert#<showId>` | its mail's marker |
//! | idempotency record | `member#<memberId>` | `receipt#<operation>#<key>` | `fingerprint`, `expires_at`, the response |
//! | show | `shows` | `<showId>` | |
//! | show by title, by ending | `shows#title`, `shows#ending` | `<title>␁<showId>`, `<lastStartsAt>#<showId>` | a copy of the show, so that a list is one query |
//! | performance | `performance#<performanceId>` | `performance` | |
//! | long description of a show | `description#<showId>` | `description` | `whole` |
//! | date of a show | `show#<showId>` | `date#<startsAt>#<performanceId>` | a copy of the performance, so that a list is one query |
//! | slot (unique) | `slot#<startsAt>#<venue>` | `slot` | `performance_id` |
//! | seat taken | `seats#<performanceId>#<layout>#<block>` | `<seatId>` | `status`, `hold_id`, `hold_expires_at` |
//! | shard of an area | `stripe#<performanceId>#<layout>#<shard>` | `stripe` | `taken`, `version`, `unswept`, `b<bucket end>`: places held in that bucket |
//! | notice (projection) | `member#<memberId>` | `notice#<createdAt>#<noticeId>` | |
//! | my page's row (projection) | `member#<memberId>` | `page#<createdAt>#<entryId>` | |
//! | door list's row (projection) | `door#<performanceId>` | `name#<name>␁<uuid>.<performanceId>` | `seq` |
//! | sums (projection) | `sales#<performanceId>` | `all#<grade>`, `day#<day>#<grade>` | `seats`, `amount` |
//! | map of a large house (projection) | `map#<performanceId>#<layout>` | `<block or shard>` | `row`, `seq`, `read_at` |
//! | room | `room#<performanceId>` | `room` | `policy`, `stripes`, `serving`, `next_tick_at`, `lease_until`, `owner`, `minute`, `used`, `pace`, `inside`, `given_up`, `stock` |
//! | line | `line#<performanceId>#<shard>` | `line` | `n`; for each recent draw: `d<slot>`, the member and the number of the draw, and `x<slot>`, the index drawn |
//! | place | `place#<performanceId>#<memberId>` | `place` | `s`, `i` (0: given up), `draws`, `given_up` |
//! | admission | `adm#<performanceId>#<position mod 8>` | `<position>` | `state`, `member`, `claim_until`, `expires_at`, `hold_until`, `parked_until` |
//! | missed | `missed#<performanceId>#<position mod 8>` | `<position>` | |
//! | breaker | `breaker` | `breaker` | `epoch`, `phase` |
//! | left | `left#<performanceId>#<position div 1024>` | `<position>` | |
//!
//! A free seat has no item. Neither has a shard from which nothing was ever taken. Seats, shards, lines and
//! admissions are written in bursts, so they have partition keys of their own.
//! `ttl` (seconds) only collects garbage; no rule reads it. There is no secondary index.
//! # Access patterns
//! | Question | Call |
//! |---|---|
//! | may this member hold seats; which seats do they hold | get the stake, or a condition on it |
//! | my holds, my reservations, my ledger, my notices, my page | query the member's partition with a sort key prefix |
//! | attendees of a performance; its sales | query its door list, by name; query its sums |
//! | pay | batch get stake and wallet, then one transaction |
//! | may the payment provider be called | get the breaker |
//! | free seats of a house | query each block, batch get the shards; for a large house, query its map |
//! | check in at the door | one update of the reservation; the ticket code contains its key |
//! | dates of a show | query the show's partition between two starts |
//! | shows: newest, by title, ending soon | query the shows in that order |
//! | does a show have a performance within a range | its first and last start; if they do not decide, query its dates |
//! | subscribers to new shows of a category | query each shard of the category, page by page |
//! | login | get the e-mail, get the member |
//! | refresh | batch get session and member, then one write |
//! | waiting and admitted members | line, admission partitions, left; missed is read only by the transaction that brings a member back |

use crate::limits::ALERT_SHARDS;
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    door_list::sorted_name,
    ids::{MemberId, PerformanceId, ReservationId, ShowId},
    limits::LEFT_BLOCK_POSITIONS,
    member::Name,
    my_page::PageEntry,
    notice::Notice,
    show::{Category, Show},
    text::as_stored,
};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;

mod accounts;
mod parts;

pub(crate) use accounts::{SESSION_PREFIX, email, in_member, member, member_partition, rate, session, verification};
pub use parts::Part;
pub(crate) use parts::{map_partition, map_row};

/// An item as DynamoDB returns it.
pub type Item = HashMap<String, AttributeValue>;

/// Attribute name of the partition key.
pub const PK: &str = "pk";
/// Attribute name of the sort key.
pub const SK: &str = "sk";
/// Attribute name of the TTL, in seconds since the epoch.
pub const TTL: &str = "ttl";
/// Attribute name of the entity, which the stream's filters read.
pub const ENTITY: &str = "entity";
/// Attribute name of the request that last changed the item; messages that follow from the change carry it.
pub const REQUEST_ID: &str = "request_id";
/// The marker of a reservation's ticket mail with this number; the first is 0.
pub(crate) fn ticket_mail(number: u32) -> String {
    if number == 0 { "ticket_mail".to_owned() } else { format!("ticket_mail_{number}") }
}
/// The marker of a reservation's cancellation mail.
pub const CANCELLATION_MAIL: &str = "cancellation_mail";
/// The marker of an alert's mail.
pub const ALERT_MAIL: &str = "alert_mail";
/// The marker of a verification's mail.
pub const CODE_MAIL: &str = "code_mail";
/// The marker of the mail that confirms a password reset.
pub const PASSWORD_MAIL: &str = "password_mail";

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// The key of `item`.
    pub(crate) fn of(item: &Item) -> Self {
        let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        Self { pk: text(PK), sk: text(SK) }
    }
}

impl From<Key> for Item {
    fn from(key: Key) -> Self {
        HashMap::from([(PK.to_owned(), AttributeValue::S(key.pk)), (SK.to_owned(), AttributeValue::S(key.sk))])
    }
}

pub(crate) fn wallet(member: &MemberId) -> Key {
    Key::new(member_partition(member), "wallet")
}

/// Sort key prefix of a member's ledger.
pub(crate) const ENTRY_PREFIX: &str = "entry#";

pub(crate) fn entry(member: &MemberId, seq: u64) -> Key {
    Key::new(member_partition(member), format!("{ENTRY_PREFIX}{seq:012}"))
}

/// Sort key prefix of a member's stakes.
pub(crate) const STAKE_PREFIX: &str = "stake#";

pub(crate) fn stake(member: &MemberId, performance: &PerformanceId) -> Key {
    Key::new(member_partition(member), format!("{STAKE_PREFIX}{performance}"))
}

/// Sort key prefix of a member's reservations.
pub(crate) const RESERVATION_PREFIX: &str = "reservation#";

pub(crate) fn reservation(member: &MemberId, id: &ReservationId) -> Key {
    Key::new(member_partition(member), format!("{RESERVATION_PREFIX}{}", id.key()))
}

/// Sort key prefix of a member's notices.
pub(crate) const NOTICE_PREFIX: &str = "notice#";

pub(crate) fn notice(member: &MemberId, notice: &Notice) -> Key {
    let sk = format!("{NOTICE_PREFIX}{:015}#{}", notice.created_at.millis(), notice.notice_id);
    Key::new(member_partition(member), sk)
}

/// Sort key prefix of the rows of a member's page.
pub(crate) const PAGE_PREFIX: &str = "page#";

pub(crate) fn page_entry(member: &MemberId, entry: &PageEntry) -> Key {
    let sk = format!("{PAGE_PREFIX}{:015}#{}", entry.created_at.millis(), entry.entry_id);
    Key::new(member_partition(member), sk)
}

/// The partition of a performance's door list.
pub(crate) fn door_partition(performance: &PerformanceId) -> String {
    format!("door#{performance}")
}

/// The sort key prefix of rows whose member's name begins with `name`. String order is name order.
pub(crate) fn door_prefix(name: &str) -> String {
    format!("name#{}", sorted_name(name))
}

pub(crate) fn door_row(reservation: &ReservationId, name: &Name) -> Key {
    // Sorts below every letter, so a name comes before all names that begin with it.
    let sk = format!("{}\u{1}{}", door_prefix(name.as_str()), reservation.key());
    Key::new(door_partition(reservation.performance()), sk)
}

/// The partition of a performance's sums.
pub(crate) fn sales_partition(performance: &PerformanceId) -> String {
    format!("sales#{performance}")
}

/// Sort key prefix of a performance's sums over all days.
pub(crate) const SALES_PREFIX: &str = "all#";
/// Sort key prefix of a performance's sums per day.
pub(crate) const SALES_OF_DAY_PREFIX: &str = "day#";

pub(crate) fn sales(performance: &PerformanceId, grade: &str) -> Key {
    Key::new(sales_partition(performance), format!("{SALES_PREFIX}{grade}"))
}

pub(crate) fn sales_of_day(performance: &PerformanceId, day: &str, grade: &str) -> Key {
    Key::new(sales_partition(performance), format!("{SALES_OF_DAY_PREFIX}{day}#{grade}"))
}

pub(crate) fn idempotency_record(member: &MemberId, operation: &str, key: &str) -> Key {
    Key::new(member_partition(member), format!("receipt#{operation}#{key}"))
}

/// The circuit breaker for the payment provider.
pub(crate) fn breaker() -> Key {
    Key::new("breaker".to_owned(), "breaker")
}

/// One shard of the members subscribed to new shows of a category.
pub(crate) fn alerts_partition(category: Category, shard: u8) -> String {
    format!("alerts#{}#{shard}", category.as_str())
}

/// Each member is in exactly one shard.
pub(crate) fn subscriber(category: Category, member: &MemberId) -> Key {
    let shard = member.0.as_bytes()[15] % ALERT_SHARDS;
    Key::new(alerts_partition(category, shard), member.to_string())
}

pub(crate) fn alert(member: &MemberId, show: &ShowId) -> Key {
    Key::new(member_partition(member), format!("alert#{show}"))
}

/// The partition of all shows.
pub(crate) const SHOWS: &str = "shows";

/// The partition of all shows, ordered by title.
pub(crate) const SHOWS_BY_TITLE: &str = "shows#title";

/// Separates a title from the show's id. It sorts below every title character, so a title comes before all titles
/// that begin with it.
const TITLE_END: &str = "\u{1}";

/// The partition of all shows that have performances, ordered by the start of the last one.
pub(crate) const SHOWS_BY_ENDING: &str = "shows#ending";

/// The sort key prefix of shows whose last performance starts at `moment`. String order is time order.
pub(crate) fn ending_prefix(moment: Timestamp) -> String {
    format!("{:015}", moment.millis())
}

/// The keys of `show` in the title and ending orders.
pub(crate) fn show_orders(show: &Show) -> Vec<Key> {
    let title = show.details.title.as_str().to_lowercase();
    let ending = |last| Key::new(SHOWS_BY_ENDING.to_owned(), format!("{}#{}", ending_prefix(last), show.show_id));
    let by_title = Key::new(SHOWS_BY_TITLE.to_owned(), format!("{title}{TITLE_END}{}", show.show_id));
    std::iter::once(by_title).chain(show.last_starts_at.map(ending)).collect()
}

pub(crate) fn show(id: &ShowId) -> Key {
    Key::new(SHOWS.to_owned(), id.as_str())
}

/// A long description, stored apart from the show's own item, which lists read.
pub(crate) fn description(id: &ShowId) -> Key {
    Key::new(format!("description#{id}"), "description")
}

pub(crate) fn performance(id: &PerformanceId) -> Key {
    Key::new(format!("performance#{id}"), "performance")
}

/// The partition of a show's dates.
pub(crate) fn dates_partition(show: &ShowId) -> String {
    format!("show#{show}")
}

/// The sort key prefix of dates at `starts_at`. String order is time order.
pub(crate) fn date_prefix(starts_at: Timestamp) -> String {
    format!("date#{:015}", starts_at.millis())
}

pub(crate) fn date(show: &ShowId, starts_at: Timestamp, id: &PerformanceId) -> Key {
    Key::new(dates_partition(show), format!("{}#{id}", date_prefix(starts_at)))
}

pub(crate) fn slot(venue: &str, starts_at: Timestamp) -> Key {
    Key::new(format!("slot#{:015}#{venue}", starts_at.millis()), "slot")
}

/// The partition of one block of seats.
pub(crate) fn block_partition(performance: &PerformanceId, layout: u32, block: u32) -> String {
    format!("seats#{performance}#{layout}#{block}")
}

pub(crate) fn seat(performance: &PerformanceId, layout: u32, block: u32, seat_id: &str) -> Key {
    Key::new(block_partition(performance, layout, block), seat_id)
}

/// A shard of a general admission area.
pub(crate) fn shard(performance: &PerformanceId, layout: u32, shard: u32) -> Key {
    Key::new(format!("stripe#{performance}#{layout}#{shard}"), "stripe")
}

/// Prefix of the attribute names of a shard's buckets; no other attribute of a shard begins with it.
const BUCKET_PREFIX: &str = "b";

/// The attribute name of the bucket that ends at `end`.
pub(crate) fn bucket(end: Timestamp) -> String {
    format!("{BUCKET_PREFIX}{}", end.millis())
}

/// The end of the bucket stored in `attribute`; `None` if it is not a bucket.
pub(crate) fn bucket_end(attribute: &str) -> Option<Timestamp> {
    attribute.strip_prefix(BUCKET_PREFIX)?.parse().ok().map(Timestamp::from_millis)
}

/// The seat `seat_id` in the partition of its block.
pub(crate) fn block_seat(partition: &str, seat_id: &str) -> Key {
    Key::new(partition.to_owned(), seat_id)
}

pub(crate) fn room(performance: &PerformanceId) -> Key {
    Key::new(format!("room#{performance}"), "room")
}

pub(crate) fn line(performance: &PerformanceId, shard: u32) -> Key {
    Key::new(format!("line#{performance}#{shard}"), "line")
}

pub(crate) fn place(performance: &PerformanceId, member: &MemberId) -> Key {
    Key::new(format!("place#{performance}#{member}"), "place")
}

/// One of the partitions that a room's admissions are spread over.
pub(crate) fn admission_partition(performance: &PerformanceId, partition: u64) -> String {
    format!("adm#{performance}#{partition}")
}

/// A position as a sort key. String order is numeric order.
pub(crate) fn position_text(position: u64) -> String {
    format!("{position:015}")
}

pub(crate) fn admission(performance: &PerformanceId, position: u64) -> Key {
    let partition = position % frontrow_domain::limits::ADMISSION_PARTITIONS;
    Key::new(admission_partition(performance, partition), position_text(position))
}

/// A position whose owner missed the call.
pub(crate) fn missed(performance: &PerformanceId, position: u64) -> Key {
    let partition = position % frontrow_domain::limits::ADMISSION_PARTITIONS;
    Key::new(format!("missed#{performance}#{partition}"), position_text(position))
}

pub(crate) fn left_partition(performance: &PerformanceId, block: u64) -> String {
    format!("left#{performance}#{block}")
}

pub(crate) fn left(performance: &PerformanceId, position: u64) -> Key {
    Key::new(left_partition(performance, position / LEFT_BLOCK_POSITIONS), position_text(position))
}

/// Serializes `value` as the item under `key`.
pub(crate) fn item_of<T: Serialize>(key: Key, entity: &str, value: &T) -> Item {
    let mut item: Item = serde_dynamo::to_item(value).expect("entities are maps of plain data");
    item.extend(Item::from(key));
    item.insert(ENTITY.to_owned(), AttributeValue::S(entity.to_owned()));
    item
}

/// Adds a TTL to `item`; it may be collected some time after `moment`.
pub(crate) fn with_ttl(mut item: Item, moment: Timestamp) -> Item {
    item.insert(TTL.to_owned(), AttributeValue::N(moment.ttl_seconds().to_string()));
    item
}

/// Deserializes an item that this crate wrote.
///
/// # Errors
/// [`Error::Internal`] when the item does not have the expected form.
pub fn from_item<T: DeserializeOwned>(item: Item) -> Result<T> {
    // The parser's message quotes what it found, which may be personal data.
    as_stored(|| serde_dynamo::from_item(item)).map_err(|_| Error::internal("read an item", std::any::type_name::<T>()))
}

/// Serializes part of an item as the value of an expression.
pub(crate) fn attribute<T: Serialize>(value: &T) -> AttributeValue {
    serde_dynamo::to_attribute_value(value).expect("entities are plain data")
}
