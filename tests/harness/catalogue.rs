//! Invariants of shows and performances after every test.

use super::audit::{Snapshot, text};
use frontrow_domain::{
    performance::Performance,
    reservation::{Reservation, ReservationStatus},
    show::Show,
};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

fn all<T: DeserializeOwned>(snapshot: &Snapshot, entity: &str) -> Vec<(String, T)> {
    let keyed = snapshot.of_kind(entity).map(|item| {
        let key = format!("{}/{}", text(item, "pk"), text(item, "sk"));
        (key, serde_dynamo::from_item(item.clone()).expect("an entity"))
    });
    keyed.collect()
}

/// Every performance has its date and its slot, every show lists its performances and is in every order once, and
/// every ticket has a performance.
pub(super) fn check(snapshot: &Snapshot) -> Result<(), String> {
    let shows: BTreeMap<_, _> =
        all::<Show>(snapshot, "show").into_iter().map(|(_, show)| (show.show_id.clone(), show)).collect();
    let performances: Vec<_> = all::<Performance>(snapshot, "performance").into_iter().map(|(_, one)| one).collect();
    let mut dates: BTreeMap<String, Performance> = all(snapshot, "date").into_iter().collect();
    let slots: BTreeMap<String, String> = snapshot
        .of_kind("slot")
        .map(|item| (text(item, "pk").to_owned(), text(item, "performance_id").to_owned()))
        .collect();
    let mut starts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in &performances {
        let (id, millis) = (&one.performance_id, one.starts_at.millis());
        let show = shows.get(&one.show_id).ok_or_else(|| format!("{id} has no show"))?;
        let date = dates.remove(&format!("show#{}/date#{millis:015}#{id}", one.show_id));
        let shown = |one: &Performance| (one.hold_seconds, one.seating.clone(), one.layout, one.cancellation.clone());
        let same = |date: &Performance| shown(date) == shown(one);
        if !date.as_ref().is_some_and(same) {
            return Err(format!("the date of {one:?} is {date:?}"));
        }
        let slot = slots.get(&format!("slot#{millis:015}#{}", show.details.venue.as_str()));
        if slot != Some(&id.to_string()) {
            return Err(format!("the slot of {id} is {slot:?}"));
        }
        starts.entry(one.show_id.clone()).or_default().push(one.starts_at);
    }
    if !dates.is_empty() {
        return Err(format!("dates without performances: {:?}", dates.keys()));
    }
    let mut orders: BTreeMap<String, Show> = all(snapshot, "listed_show").into_iter().collect();
    for show in shows.values() {
        let mut starts = starts.remove(&show.show_id).unwrap_or_default();
        starts.sort();
        let known = (show.performances as usize, show.first_starts_at, show.last_starts_at);
        if known != (starts.len(), starts.first().copied(), starts.last().copied()) {
            return Err(format!("a show lists {known:?} of {starts:?}"));
        }
        let id = &show.show_id;
        let mut keys = vec![format!("shows#title/{}\u{1}{id}", show.details.title.as_str().to_lowercase())];
        keys.extend(show.last_starts_at.map(|last| format!("shows#ending/{:015}#{id}", last.millis())));
        for key in keys {
            let listed = orders.remove(&key);
            let same = |listed: &Show| (&listed.details, listed.performances) == (&show.details, show.performances);
            if !listed.as_ref().is_some_and(same) {
                return Err(format!("{key} is {listed:?}"));
            }
        }
    }
    if !orders.is_empty() {
        return Err(format!("listed without a show: {:?}", orders.keys()));
    }
    let layouts: BTreeSet<_> = performances.iter().map(|one| (one.performance_id.to_string(), one.layout)).collect();
    let homeless = |one: &&Reservation| {
        one.status == ReservationStatus::Confirmed
            && !layouts.contains(&(one.sold.performance_id.to_string(), one.layout))
    };
    match snapshot.reservations().iter().find(homeless) {
        Some(one) => Err(format!("{} has seats of a house that is gone", one.reservation_id)),
        None => Ok(()),
    }
}
