//! One table. Every key text is in this file.
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
//! | stake | `member#<memberId>` | `stake#<performanceId>` | `hold`, `hold_until`, `paid_seats`, `pending_hold_id`, when the last three holds were taken (`unpaid_first` …), until when they were cleared by a payment, `forgiven` |
//! | reservation (with its payment) | `member#<memberId>` | `reservation#<uuid>.<performanceId>` | `status`, `card`, `door` (`check_ins`, `generations`), `mailing`, `request_id`, a marker per mail |
//! | subscriber to alerts | `alerts#<category>#<shard>` | `<memberId>` | |
//! | alert (mail) | `member#<memberId>` | `alert#<showId>` | its mail's marker |
//! | receipt | `member#<memberId>` | `receipt#<operation>#<key>` | `fingerprint`, `expires_at`, the answer |
//! | show | `shows` | `<showId>` | |
//! | show by title, by ending | `shows#title`, `shows#ending` | `<title>␁<showId>`, `<lastStartsAt>#<showId>` | the show's, so that a list is one query |
//! | performance | `performance#<performanceId>` | `performance` | |
//! | description of a show, where it is long | `description#<showId>` | `description` | `whole` |
//! | date of a show | `show#<showId>` | `date#<startsAt>#<performanceId>` | the performance's, so that a list is one query |
//! | slot (unique) | `slot#<startsAt>#<venue>` | `slot` | `performance_id` |
//! | seat taken | `seats#<performanceId>#<layout>#<block>` | `<seatId>` | `status`, `hold_id`, `hold_expires_at` |
//! | stripe of an area | `stripe#<performanceId>#<layout>#<stripe>` | `stripe` | `taken`, `version`, `unswept`, `b<bucket's end>`: places held in it |
//! | notice (projection) | `member#<memberId>` | `notice#<createdAt>#<noticeId>` | |
//! | my page's row (projection) | `member#<memberId>` | `page#<createdAt>#<entryId>` | |
//! | door list's row (projection) | `door#<performanceId>` | `name#<name>␁<uuid>.<performanceId>` | `seq` |
//! | sums (projection) | `sales#<performanceId>` | `all#<grade>`, `day#<day>#<grade>` | `seats`, `amount` |
//! | map of a large house (projection) | `map#<performanceId>#<layout>` | `<block or stripe>` | `row`, `seq`, `read_at` |
//! | room | `room#<performanceId>` | `room` | `policy`, `stripes`, `serving`, `next_tick_at`, `lease_until`, `owner`, `minute`, `used`, `pace`, `inside`, `given_up`, `stock` |
//! | line | `line#<performanceId>#<stripe>` | `line` | `n`; of the last draws: `d<slot>`, member and number of the draw, and `x<slot>`, what it drew |
//! | place | `place#<performanceId>#<memberId>` | `place` | `s`, `i` (0: given up), `draws`, `given_up` |
//! | admission | `adm#<performanceId>#<position mod 8>` | `<position>` | `state`, `member`, `claim_until`, `expires_at`, `hold_until`, `parked_until` |
//! | breaker | `breaker` | `breaker` | `epoch`, `phase` |
//! | left | `left#<performanceId>#<position div 1024>` | `<position>` | |
//!
//! A free seat has no item, and a stripe of which nothing was ever taken has none. A seat, a stripe, a line and an admission have partition keys of their own: they are written in a rush.
//! `ttl` (seconds) collects garbage only; no rule reads it. There is no secondary index.
//! # Access patterns
//! | Question | Call |
//! |---|---|
//! | may this member hold, what does he hold | get or condition on the stake |
//! | my holds, my reservations, my ledger, my notices, my page | query of the member with a sort key prefix |
//! | who comes to a performance; what was sold of it | query of its door list, by name; of its sums |
//! | pay | batch get of stake and wallet, then one transaction |
//! | may the payment provider be asked | get of the breaker |
//! | what is free of a house | query of each block, batch get of the stripes; of a large house, query of its map |
//! | check in at the door | one update of the reservation, whose key the ticket's code has |
//! | dates of a show | query of the show, between two starts |
//! | shows: newest, by title, ending soon | query of the shows in that order |
//! | does a show play within a range | its first and last start; where they do not tell, query of its dates |
//! | who is told of a new show | query of each shard of its category, page by page |
//! | login | get of the e-mail, get of the member |
//! | refresh | batch get of session and member, then one write |
//! | who waits, who is in | line, admission partitions, left |

use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    door_list::sorted_name,
    ids::{MemberId, PerformanceId, ReservationId, ShowId},
    limits::{ALERT_SHARDS, LEFT_BLOCK_POSITIONS},
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
pub use parts::{Part, Place};
pub(crate) use parts::{map_partition, map_row};

/// An item as DynamoDB gives it.
pub type Item = HashMap<String, AttributeValue>;

/// Partition key's attribute.
pub const PK: &str = "pk";
/// Sort key's attribute.
pub const SK: &str = "sk";
/// TTL's attribute: seconds since the epoch.
pub const TTL: &str = "ttl";
/// The entity's name, which the stream's filters read.
pub const ENTITY: &str = "entity";
/// Whose change of the item is told in messages.
pub const REQUEST_ID: &str = "request_id";
/// The marker of a reservation's ticket mail of that number; the first is 0.
pub(crate) fn ticket_mail(number: u32) -> String {
    if number == 0 { "ticket_mail".to_owned() } else { format!("ticket_mail_{number}") }
}
/// The marker of a reservation's cancellation mail.
pub const CANCELLATION_MAIL: &str = "cancellation_mail";
/// The marker of an alert's mail.
pub const ALERT_MAIL: &str = "alert_mail";
/// The marker of a verification's mail.
pub const CODE_MAIL: &str = "code_mail";
/// The marker of the mail that says that a verification replaced a password.
pub const PASSWORD_MAIL: &str = "password_mail";

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// Whether `item` has this key.
    pub(crate) fn names(&self, item: &Item) -> bool {
        let is = |name: &str, text: &str| {
            item.get(name).and_then(|value| value.as_s().ok()).is_some_and(|found| found == text)
        };
        is(PK, &self.pk) && is(SK, &self.sk)
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

/// Prefix of a member's ledger.
pub(crate) const ENTRY_PREFIX: &str = "entry#";

pub(crate) fn entry(member: &MemberId, seq: u64) -> Key {
    Key::new(member_partition(member), format!("{ENTRY_PREFIX}{seq:012}"))
}

/// Prefix of a member's stakes.
pub(crate) const STAKE_PREFIX: &str = "stake#";

pub(crate) fn stake(member: &MemberId, performance: &PerformanceId) -> Key {
    Key::new(member_partition(member), format!("{STAKE_PREFIX}{performance}"))
}

/// Prefix of a member's reservations.
pub(crate) const RESERVATION_PREFIX: &str = "reservation#";

pub(crate) fn reservation(member: &MemberId, id: &ReservationId) -> Key {
    Key::new(member_partition(member), format!("{RESERVATION_PREFIX}{}", id.key()))
}

/// Prefix of a member's notices.
pub(crate) const NOTICE_PREFIX: &str = "notice#";

pub(crate) fn notice(member: &MemberId, notice: &Notice) -> Key {
    let sk = format!("{NOTICE_PREFIX}{:015}#{}", notice.created_at.millis(), notice.notice_id);
    Key::new(member_partition(member), sk)
}

/// Prefix of the rows of a member's page.
pub(crate) const PAGE_PREFIX: &str = "page#";

pub(crate) fn page_entry(member: &MemberId, entry: &PageEntry) -> Key {
    let sk = format!("{PAGE_PREFIX}{:015}#{}", entry.created_at.millis(), entry.entry_id);
    Key::new(member_partition(member), sk)
}

/// The partition of a performance's door list.
pub(crate) fn door_partition(performance: &PerformanceId) -> String {
    format!("door#{performance}")
}

/// The beginning of the sort key of members whose name begins with `name`; text order is the order of names.
pub(crate) fn door_prefix(name: &str) -> String {
    format!("name#{}", sorted_name(name))
}

pub(crate) fn door_row(reservation: &ReservationId, name: &Name) -> Key {
    // Below every letter: a name comes before all that begin with it.
    let sk = format!("{}\u{1}{}", door_prefix(name.as_str()), reservation.key());
    Key::new(door_partition(reservation.performance()), sk)
}

/// The partition of a performance's sums.
pub(crate) fn sales_partition(performance: &PerformanceId) -> String {
    format!("sales#{performance}")
}

/// Prefix of a performance's sums over all days.
pub(crate) const SALES_PREFIX: &str = "all#";
/// Prefix of a performance's sums of each day.
pub(crate) const SALES_OF_DAY_PREFIX: &str = "day#";

pub(crate) fn sales(performance: &PerformanceId, grade: &str) -> Key {
    Key::new(sales_partition(performance), format!("{SALES_PREFIX}{grade}"))
}

pub(crate) fn sales_of_day(performance: &PerformanceId, day: &str, grade: &str) -> Key {
    Key::new(sales_partition(performance), format!("{SALES_OF_DAY_PREFIX}{day}#{grade}"))
}

pub(crate) fn receipt(member: &MemberId, operation: &str, key: &str) -> Key {
    Key::new(member_partition(member), format!("receipt#{operation}#{key}"))
}

/// The breaker before the payment provider.
pub(crate) fn breaker() -> Key {
    Key::new("breaker".to_owned(), "breaker")
}

/// The partition of a part of those who are told of new shows of a category.
pub(crate) fn alerts_partition(category: Category, shard: u8) -> String {
    format!("alerts#{}#{shard}", category.as_str())
}

/// Every member is in one shard.
pub(crate) fn subscriber(category: Category, member: &MemberId) -> Key {
    let shard = member.0.as_bytes()[15] % ALERT_SHARDS;
    Key::new(alerts_partition(category, shard), member.to_string())
}

pub(crate) fn alert(member: &MemberId, show: &ShowId) -> Key {
    Key::new(member_partition(member), format!("alert#{show}"))
}

/// The partition of all shows.
pub(crate) const SHOWS: &str = "shows";

/// The partition of all shows, by title.
pub(crate) const SHOWS_BY_TITLE: &str = "shows#title";

/// Between a title and the show's id; below every title, so that a title comes before all that begin with it.
const TITLE_END: &str = "\u{1}";

/// The partition of all shows that have performances, by the start of the last.
pub(crate) const SHOWS_BY_ENDING: &str = "shows#ending";

/// The beginning of the sort key of shows whose last performance starts at `moment`; text order is time order.
pub(crate) fn ending_prefix(moment: Timestamp) -> String {
    format!("{:015}", moment.millis())
}

/// Where `show` stands in the other orders of shows.
pub(crate) fn show_orders(show: &Show) -> Vec<Key> {
    let title = show.details.title.as_str().to_lowercase();
    let ending = |last| Key::new(SHOWS_BY_ENDING.to_owned(), format!("{}#{}", ending_prefix(last), show.show_id));
    let by_title = Key::new(SHOWS_BY_TITLE.to_owned(), format!("{title}{TITLE_END}{}", show.show_id));
    std::iter::once(by_title).chain(show.last_starts_at.map(ending)).collect()
}

pub(crate) fn show(id: &ShowId) -> Key {
    Key::new(SHOWS.to_owned(), id.as_str())
}

/// A long description, apart from the show's own item, which lists read.
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

/// The beginning of the sort key of dates at `starts_at`; text order is time order.
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

/// A stripe of an area where places are only counted.
pub(crate) fn stripe(performance: &PerformanceId, layout: u32, stripe: u32) -> Key {
    Key::new(format!("stripe#{performance}#{layout}#{stripe}"), "stripe")
}

/// What the names of a stripe's buckets begin with; no other attribute of it begins so.
const BUCKET_PREFIX: &str = "b";

/// The attribute of a stripe's bucket.
pub(crate) fn bucket(end: Timestamp) -> String {
    format!("{BUCKET_PREFIX}{}", end.millis())
}

/// The end of the bucket that the attribute is, if it is one.
pub(crate) fn bucket_end(attribute: &str) -> Option<Timestamp> {
    attribute.strip_prefix(BUCKET_PREFIX)?.parse().ok().map(Timestamp::from_millis)
}

/// The seat of that id under the partition of its block.
pub(crate) fn block_seat(partition: &str, seat_id: &str) -> Key {
    Key::new(partition.to_owned(), seat_id)
}

pub(crate) fn room(performance: &PerformanceId) -> Key {
    Key::new(format!("room#{performance}"), "room")
}

pub(crate) fn line(performance: &PerformanceId, stripe: u32) -> Key {
    Key::new(format!("line#{performance}#{stripe}"), "line")
}

pub(crate) fn place(performance: &PerformanceId, member: &MemberId) -> Key {
    Key::new(format!("place#{performance}#{member}"), "place")
}

/// One of the partitions of a room's admissions.
pub(crate) fn admission_partition(performance: &PerformanceId, partition: u64) -> String {
    format!("adm#{performance}#{partition}")
}

/// A position as a sort key: text order is number order.
pub(crate) fn position_text(position: u64) -> String {
    format!("{position:015}")
}

pub(crate) fn admission(performance: &PerformanceId, position: u64) -> Key {
    let partition = position % frontrow_domain::limits::ADMISSION_PARTITIONS;
    Key::new(admission_partition(performance, partition), position_text(position))
}

pub(crate) fn left_partition(performance: &PerformanceId, block: u64) -> String {
    format!("left#{performance}#{block}")
}

pub(crate) fn left(performance: &PerformanceId, position: u64) -> Key {
    Key::new(left_partition(performance, position / LEFT_BLOCK_POSITIONS), position_text(position))
}

/// The item of `value` under `key`.
pub(crate) fn item_of<T: Serialize>(key: Key, entity: &str, value: &T) -> Item {
    let mut item: Item = serde_dynamo::to_item(value).expect("entities are maps of plain data");
    item.extend(Item::from(key));
    item.insert(ENTITY.to_owned(), AttributeValue::S(entity.to_owned()));
    item
}

/// The same item, which TTL may collect some time after `moment`.
pub(crate) fn with_ttl(mut item: Item, moment: Timestamp) -> Item {
    item.insert(TTL.to_owned(), AttributeValue::N(moment.ttl_seconds().to_string()));
    item
}

/// Reads an item of ours.
///
/// # Errors
/// [`Error::Internal`] when it is not what was written.
pub fn from_item<T: DeserializeOwned>(item: Item) -> Result<T> {
    // The parser quotes what it found, which may be a member's.
    as_stored(|| serde_dynamo::from_item(item)).map_err(|_| Error::internal("read an item", std::any::type_name::<T>()))
}

/// A part of an item as an expression's value.
pub(crate) fn attribute<T: Serialize>(value: &T) -> AttributeValue {
    serde_dynamo::to_attribute_value(value).expect("entities are plain data")
}
