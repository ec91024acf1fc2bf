//! Invariants of the table and the mails after every test.

use super::World;
use aws_sdk_dynamodb::{Client, config::timeout::TimeoutConfig, types::AttributeValue};
use frontrow_domain::{
    card::CardState,
    hold::{Taken, taken},
    ids::{HoldId, MemberId},
    performance::Performance,
    reservation::{CancelReason, PaymentMethod, PaymentStatus, Reservation, ReservationStatus},
    seating::Seating,
    wallet::{EntryKind, LedgerEntry, Wallet},
};
use frontrow_local::provider::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The content of the table.
pub(crate) struct Snapshot {
    pub(crate) items: Vec<Item>,
}

pub(crate) fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

impl Snapshot {
    /// Reads the table of a stack.
    pub(crate) async fn of(world: &World) -> Self {
        Self::read(&world.stack.engine().dynamodb(), &world.app().config.table_name).await
    }

    /// Reads a whole table, past the wire, however long that takes.
    pub(crate) async fn read(client: &Client, table: &str) -> Self {
        let patient = client.config().to_builder().timeout_config(TimeoutConfig::disabled());
        let client = Client::from_conf(patient.build());
        let mut pages = client.scan().table_name(table).consistent_read(true).into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.expect("the engine can be scanned"));
        }
        Self { items }
    }

    pub(crate) fn of_kind(&self, entity: &str) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| text(item, "entity") == entity)
    }

    pub(crate) fn reservations(&self) -> Vec<Reservation> {
        self.of_kind("reservation").map(|item| serde_dynamo::from_item(item.clone()).expect("a reservation")).collect()
    }

    fn by_member<T: for<'a> serde::Deserialize<'a>>(&self, entity: &str) -> BTreeMap<MemberId, Vec<T>> {
        let mut found: BTreeMap<MemberId, Vec<T>> = BTreeMap::new();
        for item in self.of_kind(entity) {
            let member = text(item, "pk").trim_start_matches("member#").parse().expect("a member's partition");
            found.entry(member).or_default().push(serde_dynamo::from_item(item.clone()).expect("an entity"));
        }
        found
    }

    /// Every sold seat is in exactly one confirmed reservation, and vice versa.
    pub(crate) fn seats_are_sold_once(&self) -> Result<(), String> {
        let mut sold: BTreeMap<String, String> = BTreeMap::new();
        for seat in self.of_kind("seat").filter(|seat| text(seat, "status") == "sold") {
            sold.insert(format!("{}/{}", text(seat, "pk"), text(seat, "sk")), text(seat, "hold_id").to_owned());
        }
        let mut owned: BTreeMap<String, String> = BTreeMap::new();
        for reservation in self.reservations().iter().filter(|one| one.status == ReservationStatus::Confirmed) {
            for seat in &reservation.seats {
                let Taken::Seat { seat_id, block } = &seat.taken else { continue };
                let performance = &reservation.sold.performance_id;
                let key = format!("seats#{performance}#{}#{block}/{seat_id}", reservation.layout);
                let hold = reservation.reservation_id.hold().to_string();
                if let Some(other) = owned.insert(key.clone(), hold.clone()) {
                    return Err(format!("{key} is owned by {other} and {hold}"));
                }
            }
        }
        if sold == owned { Ok(()) } else { Err(format!("sold {sold:?}\nbut owned {owned:?}")) }
    }

    /// The taken places of each shard are those held in its buckets plus the sold ones, and never more than the
    /// shard has.
    pub(crate) fn places_are_sold_once(&self) -> Result<(), String> {
        let mut sold: BTreeMap<String, u64> = BTreeMap::new();
        for reservation in self.reservations().iter().filter(|one| one.status == ReservationStatus::Confirmed) {
            for (taken, count) in taken(&reservation.seats) {
                let Taken::Place { shard } = taken else { continue };
                let performance = &reservation.sold.performance_id;
                let key = format!("stripe#{performance}#{}#{shard}", reservation.layout);
                *sold.entry(key).or_default() += u64::from(count);
            }
        }
        let mut shares: BTreeMap<String, u32> = BTreeMap::new();
        for item in self.of_kind("performance") {
            let performance: Performance = serde_dynamo::from_item(item.clone()).expect("a performance");
            let Seating::General(house) = &performance.seating else { continue };
            for share in house.areas().flat_map(|(_, shares)| shares) {
                let key = format!("stripe#{}#{}#{}", performance.performance_id, performance.layout, share.shard);
                shares.insert(key, share.places);
            }
        }
        for shard in self.of_kind("stripe") {
            let count = |name: &str| -> Result<u64, String> {
                let number = shard.get(name).and_then(|value| value.as_n().ok()).map_or("0", String::as_str);
                number.parse().map_err(|_| format!("{name} of {} is {number}", text(shard, "pk")))
            };
            let buckets = shard.keys().filter(|name| name.starts_with('b'));
            let held = buckets.map(|name| count(name)).sum::<Result<u64, String>>()?;
            let (taken, sold) = (count("taken")?, sold.remove(text(shard, "pk")).unwrap_or_default());
            let most = u64::from(shares.get(text(shard, "pk")).copied().unwrap_or_default());
            if taken != held + sold || taken > most {
                let pk = text(shard, "pk");
                return Err(format!("{pk}: {taken} taken of {most}, but {held} are held and {sold} sold"));
            }
        }
        if sold.is_empty() { Ok(()) } else { Err(format!("sold without a shard: {sold:?}")) }
    }

    /// Each wallet is the sum of its ledger, and none is negative; wallet balances plus live point payments equal
    /// total top-ups.
    pub(crate) fn money_is_conserved(&self) -> Result<(), String> {
        let wallets: BTreeMap<MemberId, Vec<Wallet>> = self.by_member("wallet");
        let mut ledgers: BTreeMap<MemberId, Vec<LedgerEntry>> = self.by_member("entry");
        let (mut balances, mut top_ups) = (0, 0);
        for (member, wallet) in wallets {
            let wallet = wallet[0];
            let mut ledger = ledgers.remove(&member).unwrap_or_default();
            ledger.sort_by_key(|entry| entry.seq);
            let mut balance = 0;
            for (seq, entry) in (1..).zip(&ledger) {
                balance += entry.amount.0;
                if entry.seq != seq || entry.balance.0 != balance || balance < 0 {
                    return Err(format!("{member}: entry {seq} is {entry:?}, expected balance {balance}"));
                }
                top_ups += if entry.kind == EntryKind::TopUp { entry.amount.0 } else { 0 };
            }
            if wallet.seq != ledger.len() as u64 || wallet.balance.0 != balance {
                return Err(format!("{member}: {wallet:?} but the ledger says {balance} after {}", ledger.len()));
            }
            balances += balance;
        }
        if !ledgers.is_empty() {
            return Err(format!("ledgers without wallets: {ledgers:?}"));
        }
        let paid: i64 = self
            .reservations()
            .iter()
            .filter(|one| one.status == ReservationStatus::Confirmed && one.method == PaymentMethod::Points)
            .map(|reservation| reservation.total().0)
            .sum();
        if balances + paid == top_ups {
            Ok(())
        } else {
            Err(format!("{balances} in wallets + {paid} paid != {top_ups} topped up"))
        }
    }

    /// Each stake counts the seats of its live reservations.
    pub(crate) fn stakes_count_paid_seats(&self) -> Result<(), String> {
        let mut paid: BTreeMap<String, usize> = BTreeMap::new();
        for reservation in self.reservations().iter().filter(|one| one.status == ReservationStatus::Confirmed) {
            let stake = format!("member#{}/stake#{}", reservation.buyer.member_id, reservation.sold.performance_id);
            *paid.entry(stake).or_default() += reservation.seats.len();
        }
        for stake in self.of_kind("stake") {
            let key = format!("{}/{}", text(stake, "pk"), text(stake, "sk"));
            let counted =
                stake.get("paid_seats").and_then(|value| value.as_n().ok()).map_or(0, |n| n.parse().unwrap_or(-1));
            let expected = i64::try_from(paid.remove(&key).unwrap_or_default()).unwrap_or(-2);
            if counted != expected {
                return Err(format!("{key} counts {counted}, but {expected} seats are paid"));
            }
        }
        if paid.is_empty() { Ok(()) } else { Err(format!("paid without a stake: {paid:?}")) }
    }

    /// A stake names a hold as pending exactly while that hold's purchase is pending.
    pub(crate) fn pending_purchases_are_staked(&self) -> Result<(), String> {
        let staked: BTreeSet<&str> = self.of_kind("stake").map(|stake| text(stake, "pending_hold_id")).collect();
        let staked: BTreeSet<String> = staked.into_iter().filter(|id| !id.is_empty()).map(str::to_owned).collect();
        let pending = |one: &Reservation| one.status == ReservationStatus::Pending;
        let pending: BTreeSet<String> = self
            .reservations()
            .iter()
            .filter(|one| pending(one))
            .map(|one| one.reservation_id.hold().to_string())
            .collect();
        if staked == pending { Ok(()) } else { Err(format!("pending are {pending:?}, staked {staked:?}")) }
    }

    /// All attempts to pay a hold except the last were declined, and its orders at the provider are all different.
    pub(crate) fn a_hold_is_paid_once(&self) -> Result<(), String> {
        let mut attempts: BTreeMap<HoldId, BTreeMap<u8, PaymentStatus>> = BTreeMap::new();
        for one in self.reservations() {
            let id = &one.reservation_id;
            attempts.entry(id.hold()).or_default().insert(id.attempt(), one.payment_status());
        }
        for (hold, found) in attempts {
            let in_turn = (1..).zip(found.keys()).all(|(number, attempt)| number == *attempt);
            let before = found.values().rev().skip(1).all(|status| *status == PaymentStatus::Declined);
            if !in_turn || !before {
                return Err(format!("{hold} was paid by {found:?}"));
            }
        }
        Ok(())
    }

    /// An admission is parked only for a pending payment.
    pub(crate) fn parked_places_are_paid_for(&self) -> Result<(), String> {
        let pending = |one: Reservation| {
            let position = one.card.as_ref().filter(|_| one.status == ReservationStatus::Pending)?.admission()?;
            Some(format!("{}/{position}", one.sold.performance_id))
        };
        let pending: BTreeSet<String> = self.reservations().into_iter().filter_map(pending).collect();
        for place in self.of_kind("admission").filter(|place| text(place, "state") == "parked") {
            let performance = text(place, "pk").trim_start_matches("adm#").rsplit_once('#').map_or("", |(id, _)| id);
            let position: u64 = text(place, "sk").parse().map_err(|_| format!("no position: {place:?}"))?;
            if !pending.contains(&format!("{performance}/{position}")) {
                return Err(format!("{performance}/{position} is parked, and pending are {pending:?}"));
            }
        }
        Ok(())
    }

    /// The payment provider has the price of every confirmed card purchase, once. It may or may not have the money of
    /// a purchase that is not settled.
    pub(crate) fn provider_has_what_was_bought(&self, entries: &[Entry]) -> Result<(), String> {
        let mut held: BTreeMap<&str, i64> =
            entries.iter().map(|entry| (entry.order_id.as_str(), entry.balance_amount)).collect();
        for reservation in self.reservations() {
            let Some(card) = &reservation.card else { continue };
            let balance = held.remove(reservation.payment_id().order().as_str()).unwrap_or_default();
            let confirmed = reservation.status == ReservationStatus::Confirmed;
            let expected = if confirmed { reservation.total().0 } else { 0 };
            if card.state.is_settled() && balance != expected {
                return Err(format!("the provider has {balance} of {reservation:?}, expected {expected}"));
            }
            if card.state != CardState::Pending && card.token.is_some() {
                return Err(format!("the token was not removed: {reservation:?}"));
            }
        }
        held.retain(|_, balance| *balance != 0);
        if held.is_empty() { Ok(()) } else { Err(format!("the provider has money without a purchase: {held:?}")) }
    }

    /// No reservation with used tickets was cancelled by its member, and each reissue has its own mail.
    pub(crate) fn used_tickets_are_not_refunded(&self) -> Result<(), String> {
        for reservation in self.reservations() {
            let id = &reservation.reservation_id;
            if reservation.cancel_reason == Some(CancelReason::Member) && reservation.door.first_check_in_at().is_some()
            {
                return Err(format!("{id} was used, and cancelled by its member"));
            }
            let reissues: u32 = reservation.tickets().map(|(ticket, _)| reservation.door.generation(&ticket)).sum();
            if reissues > reservation.mailing.number {
                return Err(format!("{id} has {reissues} reissues and {} mails", reservation.mailing.number));
            }
        }
        Ok(())
    }

    /// Admissions of all rooms that were granted or claimed and not given back. A member who waits to be called again
    /// is not inside.
    pub(crate) fn admissions(&self) -> usize {
        let called = self.items.iter().filter(|item| text(item, "pk").starts_with("adm#"));
        called.filter(|item| text(item, "state") != "returned").count()
    }

    /// Positions of all rooms that are claimed.
    pub(crate) fn claimed(&self) -> impl Iterator<Item = i64> {
        let claimed = self.of_kind("admission").filter(|item| matches!(text(item, "state"), "active" | "parked"));
        claimed.filter_map(|item| text(item, "sk").parse().ok())
    }

    /// A member who missed the call is neither inside nor waiting to be called again: no position has both items.
    pub(crate) fn missed_places_are_outside(&self) -> Result<(), String> {
        let places = |prefix: &str| -> BTreeSet<(String, String)> {
            let items = self.items.iter().filter_map(|item| Some((text(item, "pk").strip_prefix(prefix)?, item)));
            items.map(|(partition, item)| (partition.to_owned(), text(item, "sk").to_owned())).collect()
        };
        let (missed, admitted) = (places("missed#"), places("adm#"));
        let both: Vec<_> = missed.intersection(&admitted).collect();
        if both.is_empty() { Ok(()) } else { Err(format!("missed and admitted: {both:?}")) }
    }

    /// Deletes admissions, as a turn of the turnstile does with expired ones.
    pub(crate) async fn end_admissions(&self, world: &World) {
        for item in self.items.iter().filter(|item| text(item, "pk").starts_with("adm#")) {
            let delete = world.stack.engine().dynamodb().delete_item().table_name(&world.app().config.table_name);
            let delete = delete.key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
            delete.send().await.expect("the engine deletes");
        }
    }

    /// Checks all rules about the table.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.seats_are_sold_once()?;
        self.places_are_sold_once()?;
        self.money_is_conserved()?;
        self.pending_purchases_are_staked()?;
        self.a_hold_is_paid_once()?;
        self.parked_places_are_paid_for()?;
        self.missed_places_are_outside()?;
        self.stakes_count_paid_seats()?;
        self.used_tickets_are_not_refunded()?;
        super::catalogue::check(self)
    }
}

/// Panics if the stack breaks a rule.
pub(crate) async fn check(world: &World) {
    let snapshot = Snapshot::of(world).await;
    if let Err(why) = snapshot
        .check()
        .and_then(|()| snapshot.projections_are_true())
        .and_then(|()| snapshot.maps_are_true(world.stack.clock().now()))
    {
        panic!("the audit failed: {why}");
    }
    if let Err(why) = snapshot.provider_has_what_was_bought(&world.stack.provider().entries()) {
        panic!("the audit failed: {why}");
    }
    let parked = world.stack.queues().parked().await.expect("the queue can be read");
    assert_eq!(parked, 0, "messages were parked in the dead-letter queue");
    let mails = world.anyone().get("/_local/mails").await.expect(200);
    let (mut seen, mut again) = (HashMap::new(), Vec::new());
    for mail in mails.json.as_array().into_iter().flatten() {
        let id = mail["mailId"].as_str().unwrap_or_default();
        let raw = world.anyone().get(&format!("/_local/mails/{id}")).await.expect(200);
        let raw = String::from_utf8_lossy(&raw.bytes).into_owned();
        let message_id =
            raw.lines().find_map(|line| line.strip_prefix("Message-ID:")).unwrap_or_default().trim().to_owned();
        if let Some(first) = seen.insert(message_id.clone(), id.to_owned()) {
            again.push(format!("mails {first} and {id} are both {message_id}"));
        }
    }
    let claims = world.wire.repeated_mail_claims();
    assert!(again.len() <= claims, "mails went out again, and {claims} were claimed again: {again:#?}");
}
