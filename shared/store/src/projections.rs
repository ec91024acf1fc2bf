//! Rows derived from reservations: the member's notices and page, and the performance's door list and sums.
//!
//! A reservation's rows are rebuilt from the reservation itself, in one transaction conditioned on the `seq` of its
//! row in the door list, which is read first. So rebuilding is safe any number of times, in any order and by any
//! number of concurrent projectors, and each change of the sums is counted once.

use crate::{
    Images, PageOf, PageRequest, Store,
    conditions::{DOOR_ROW_STANDS, DOOR_ROW_UNCHANGED},
    db::Consistency,
    keys::{self, Key, from_item, item_of},
    limits::{PAGE_MAX_ITEMS, PROJECTION_ATTEMPTS, TRANSACTION_WRITES_MAX},
    page::Range,
    write::Write,
};
use frontrow_domain::{
    Error, Result,
    door_list::DoorRow,
    ids::{MemberId, PerformanceId, ReservationId},
    limits::{GRADES_MAX, RENAMES_PER_DAY},
    member::Name,
    money::Won,
    my_page::PageEntry,
    notice::Notice,
    reservation::{Reservation, ReservationStatus},
    sales::Sale,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A reservation that changed, identified by values that never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirtyReservation {
    /// The buyer.
    pub member_id: MemberId,
    /// The reservation that changed.
    pub reservation_id: ReservationId,
    /// The names under which its row may be listed.
    pub names: Vec<Name>,
}

impl DirtyReservation {
    /// `reservation`, with all its names.
    pub fn of(reservation: &Reservation) -> Self {
        Self {
            member_id: reservation.buyer.member_id,
            reservation_id: reservation.reservation_id.clone(),
            names: reservation.buyer.names().cloned().collect(),
        }
    }

    /// The reservation of a change, with its names before and after; `None` if only its mail markers changed.
    pub fn of_change(images: &Images<Reservation>) -> Option<Self> {
        let mut dirty = Self::of(&images.new);
        if let Some(old) = &images.old {
            if *old == images.new {
                return None;
            }
            dirty.names.extend(old.buyer.names().cloned());
        }
        Some(dirty)
    }

    /// The keys that its row may have, without duplicates.
    fn places(&self) -> Vec<Key> {
        let mut places: Vec<Key> = Vec::new();
        for name in &self.names {
            let place = keys::door_row(&self.reservation_id, name);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// Adds the names of `reservation`. Returns whether any is new.
    fn learn(&mut self, reservation: &Reservation) -> bool {
        let before = self.names.len();
        for name in reservation.buyer.names() {
            if !self.names.contains(name) {
                self.names.push(name.clone());
            }
        }
        self.names.len() > before
    }
}

/// A row of the door list with its guard, and the member's rows written with it.
#[derive(Serialize, Deserialize)]
struct StoredRow {
    #[serde(flatten)]
    row: DoorRow,
    /// Counts the writes of this row.
    seq: u64,
    /// The member's rows that exist.
    #[serde(rename = "told")]
    shown: Vec<String>,
}

/// A performance's sales of one grade.
#[derive(Debug, Clone, Deserialize)]
pub struct SalesOfGrade {
    /// The grade's name.
    pub grade: String,
    /// Seats sold and not cancelled since.
    pub seats: i64,
    /// The total price of these seats.
    pub amount: Won,
}

/// A performance's sales of one grade on one day.
#[derive(Debug, Clone, Deserialize)]
pub struct SalesOfDay {
    /// The calendar day in the show's time zone: `2026-12-24`.
    pub day: String,
    /// The grade's sales of that day that were not cancelled since.
    #[serde(flatten)]
    pub sales: SalesOfGrade,
}

/// A sum of a performance: of one grade, on one day or (`None`) over all days.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Sum {
    performance_id: PerformanceId,
    day: Option<String>,
    grade: String,
}

/// The change of each sum: seats and won.
type Sums = BTreeMap<Sum, (i64, Won)>;

/// The most rows of a reservation: its keys in the door list under the names of a day and the one before, two
/// notices, and two rows of the member's page.
const ROWS_MAX: usize = RENAMES_PER_DAY as usize + 6;
// For each grade, one sum per day and one over all days.
const _: () = assert!(ROWS_MAX + 2 * GRADES_MAX <= TRANSACTION_WRITES_MAX);

/// The writes that bring the rows and sums of one reservation up to date, or of several, if they fit into one
/// transaction.
#[derive(Default)]
struct Change {
    rows: Vec<Write>,
    sums: Sums,
}

impl Change {
    /// The writes that bring the rows of `reservation` up to date, given its current rows and their keys in `before`;
    /// empty if they are. One row stays, under the buyer's current name. Any other is deleted and subtracted from the
    /// sums.
    fn of(reservation: &Reservation, before: Vec<(Key, StoredRow)>) -> Self {
        let (member, row) = (&reservation.buyer.member_id, DoorRow::of(reservation));
        let (notices, entries) = (Notice::all_of(reservation), PageEntry::all_of(reservation));
        let mut shown: Vec<String> = notices.iter().map(|notice| notice.notice_id.clone()).collect();
        shown.extend(entries.iter().map(|entry| format!("{}.{}", entry.entry_id, entry.updated_at.millis())));
        let key = keys::door_row(&reservation.reservation_id, &reservation.buyer.name);
        let mut change = Self::default();
        if let [(place, stored)] = &before[..]
            && *place == key
            && stored.row == row
            && stored.shown == shown
        {
            return change;
        }
        let are_shown = !before.is_empty() && before.iter().all(|(_, stored)| stored.shown == shown);
        let (mut seen, mut sales_before) = (0, Vec::new());
        for (place, stored) in before {
            sales_before.extend(stored.row.sales);
            if place == key {
                seen = stored.seq;
            } else {
                change.rows.push(Write::delete(place).when(&DOOR_ROW_STANDS).value("seen", stored.seq));
            }
        }
        if !are_shown {
            let notice = |notice| Write::put(item_of(keys::notice(member, notice), "notice", notice));
            change.rows.extend(notices.iter().map(notice));
            let entry = |entry| Write::put(item_of(keys::page_entry(member, entry), "page_entry", entry));
            change.rows.extend(entries.iter().map(entry));
        }
        if sales_before != row.sales {
            for sale in sales_before.iter().map(Sale::undone).chain(row.sales.iter().cloned()) {
                change.count(&reservation.sold.performance_id, sale);
            }
        }
        let stored = StoredRow { row, seq: seen + 1, shown };
        change.rows.push(Write::put(item_of(key, "door_row", &stored)).when(&DOOR_ROW_UNCHANGED).value("seen", seen));
        change
    }

    fn count(&mut self, performance: &PerformanceId, sale: Sale) {
        for day in [None, Some(sale.day)] {
            let sum = Sum { performance_id: performance.clone(), day, grade: sale.grade.clone() };
            self.add_to(sum, (sale.seats, sale.amount));
        }
    }

    fn add_to(&mut self, sum: Sum, (seats, amount): (i64, Won)) {
        let (all_seats, all) = self.sums.entry(sum).or_default();
        (*all_seats, *all) = (*all_seats + seats, *all + amount);
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Merges `other`, or returns it if it does not fit into the same transaction.
    fn join(&mut self, other: Self) -> Result<(), Self> {
        let more = other.sums.keys().filter(|sum| !self.sums.contains_key(sum)).count();
        if self.rows.len() + self.sums.len() + other.rows.len() + more > TRANSACTION_WRITES_MAX {
            return Err(other);
        }
        self.rows.extend(other.rows);
        for (sum, by) in other.sums {
            self.add_to(sum, by);
        }
        Ok(())
    }

    fn into_writes(self) -> Vec<Write> {
        let write = |(sum, (seats, amount)): (Sum, (i64, Won))| {
            let write = match sum.day {
                Some(day) => Write::update(
                    keys::sales_of_day(&sum.performance_id, &day, &sum.grade),
                    "SET #grade = :grade, #day = :day ADD #seats :seats, #amount :amount",
                )
                .value("day", day),
                None => Write::update(
                    keys::sales(&sum.performance_id, &sum.grade),
                    "SET #grade = :grade ADD #seats :seats, #amount :amount",
                ),
            };
            write.value("grade", sum.grade).value("seats", seats).value("amount", amount)
        };
        self.rows.into_iter().chain(self.sums.into_iter().map(write)).collect()
    }
}

impl Store {
    /// Rebuilds the rows of these reservations, which must be distinct. Returns those that are live.
    ///
    /// # Errors
    /// [`Error::Busy`] after [`PROJECTION_ATTEMPTS`] lost races; as any read or write. Some may have been rebuilt.
    pub async fn project_reservations(&self, dirty: &[DirtyReservation]) -> Result<Vec<DirtyReservation>> {
        let mut dirty = dirty.to_vec();
        for attempt in 1..=PROJECTION_ATTEMPTS {
            // Rows first: the reservations must be read after the rows they replace.
            let places: Vec<Vec<Key>> = dirty.iter().map(DirtyReservation::places).collect();
            let mut rows = self.get_all(places.concat(), Consistency::Strong).await?.into_iter();
            let truth = |one: &DirtyReservation| keys::reservation(&one.member_id, &one.reservation_id);
            let truths = self.get_all(dirty.iter().map(truth).collect(), Consistency::Strong).await?;
            let (mut live, mut changes, mut learned) = (Vec::new(), Vec::new(), false);
            for ((one, places), truth) in dirty.iter_mut().zip(places).zip(truths) {
                let found = places.into_iter().zip(rows.by_ref()).filter_map(|(place, row)| Some((place, row?)));
                let found = found.map(|(place, row)| Ok((place, from_item(row)?))).collect::<Result<Vec<_>>>()?;
                let Some(truth) = truth else { continue };
                let reservation: Reservation = from_item(truth)?;
                learned |= one.learn(&reservation);
                if reservation.status != ReservationStatus::Cancelled {
                    live.push(one.clone());
                }
                changes.push(Change::of(&reservation, found));
            }
            // The row may be under a name that was not read yet: read that first.
            if !learned && self.write_changes(changes).await? {
                return Ok(live);
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// `false` if another projector was faster for one of them.
    async fn write_changes(&self, changes: Vec<Change>) -> Result<bool> {
        let mut batches = vec![Change::default()];
        for change in changes {
            let last = batches.last_mut().expect("there is at least one batch");
            if let Err(change) = last.join(change) {
                batches.push(change);
            }
        }
        for batch in batches.into_iter().filter(|batch| !batch.is_empty()) {
            if self.transact(batch.into_writes()).await?.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the door list has the reservation once, under its buyer's current name.
    ///
    /// # Errors
    /// As any read.
    pub async fn is_listed_by_name(&self, reservation: &Reservation) -> Result<bool> {
        let present = keys::door_row(&reservation.reservation_id, &reservation.buyer.name);
        let places = DirtyReservation::of(reservation).places();
        let rows = self.get_all(places.clone(), Consistency::Strong).await?;
        Ok(places.iter().zip(rows).all(|(place, row)| row.is_some() == (*place == present)))
    }

    /// The member's notices, newest first.
    ///
    /// # Errors
    /// As any read.
    pub async fn notices(&self, member: &MemberId, page: &PageRequest) -> Result<PageOf<Notice>> {
        self.newest_first(&keys::member_partition(member), keys::NOTICE_PREFIX, page, |_| true).await
    }

    /// The rows of the member's page, newest first.
    ///
    /// # Errors
    /// As any read.
    pub async fn my_page(&self, member: &MemberId, page: &PageRequest) -> Result<PageOf<PageEntry>> {
        self.newest_first(&keys::member_partition(member), keys::PAGE_PREFIX, page, |_| true).await
    }

    /// The rows of a performance's door list that match `keep` and whose member's name begins with `name`, by name.
    /// Each read fetches `rows_a_read` rows: more than the page's limit if `keep` drops most of them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor of another list.
    pub async fn door_list(
        &self,
        performance: &PerformanceId,
        name: &str,
        page: &PageRequest,
        rows_a_read: u32,
        keep: impl Fn(&DoorRow) -> bool,
    ) -> Result<PageOf<DoorRow>> {
        let range = Range::prefix(&keys::door_prefix(name));
        self.searched_page(&keys::door_partition(performance), range, page, rows_a_read, keep).await
    }

    /// A performance's sales by grade. Not paged, because a house has few grades.
    ///
    /// # Errors
    /// As any read.
    pub async fn sales(&self, performance: &PerformanceId) -> Result<Vec<SalesOfGrade>> {
        let (partition, range) = (keys::sales_partition(performance), Range::prefix(keys::SALES_PREFIX));
        let mut grades = Vec::new();
        let mut page = PageRequest { limit: PAGE_MAX_ITEMS, after: None };
        loop {
            let found = self.page(&partition, range.clone(), &page, |sold: &SalesOfGrade| sold.seats != 0).await?;
            grades.extend(found.items);
            page.after = found.next;
            if page.after.is_none() {
                return Ok(grades);
            }
        }
    }

    /// A performance's sales by day and grade, latest day first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor of another list.
    pub async fn sales_by_day(&self, performance: &PerformanceId, page: &PageRequest) -> Result<PageOf<SalesOfDay>> {
        let partition = keys::sales_partition(performance);
        self.newest_first(&partition, keys::SALES_OF_DAY_PREFIX, page, |sold: &SalesOfDay| sold.sales.seats != 0).await
    }
}
