//! Projections, checked against their sources.

use super::{
    World,
    audit::{Item, Snapshot, text},
};
use frontrow_domain::{door_list::DoorRow, my_page::PageEntry, notice::Notice, reservation::Reservation, sales::Sale};
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, fmt::Debug};

/// By partition and id.
type Rows<T> = BTreeMap<(String, String), T>;

/// Entities whose items projectors write.
const DERIVED: [&str; 4] = ["notice", "page_entry", "door_row", "sales"];

impl Snapshot {
    /// Everything that projectors wrote about reservations, without the write counts.
    pub(crate) fn derived(&self) -> BTreeMap<(String, String), Item> {
        let mine = self.items.iter().filter(|item| is_derived(item)).cloned().map(|mut item| {
            item.remove("seq");
            ((text(&item, "pk").to_owned(), text(&item, "sk").to_owned()), item)
        });
        mine.collect()
    }

    /// Deletes all projections.
    pub(crate) async fn forget_derived(&self, world: &World) {
        for item in self.items.iter().filter(|item| is_derived(item)) {
            let delete = world.stack.engine().dynamodb().delete_item().table_name(&world.app().config.table_name);
            delete
                .key("pk", item["pk"].clone())
                .key("sk", item["sk"].clone())
                .send()
                .await
                .expect("the engine deletes");
        }
    }

    fn rows<T: DeserializeOwned>(&self, entity: &str, id: impl Fn(&T) -> String) -> Rows<T> {
        let read = |item: &Item| {
            let row: T = serde_dynamo::from_item(item.clone()).expect("a row");
            ((text(item, "pk").to_owned(), id(&row)), row)
        };
        self.of_kind(entity).map(read).collect()
    }

    /// Notices, my pages, door lists and sums match the reservations.
    pub(crate) fn projections_are_true(&self) -> Result<(), String> {
        let reservations = self.reservations();
        let id = |notice: &Notice| notice.notice_id.clone();
        same("notices", &self.rows("notice", id), &expected(&reservations, member, Notice::all_of, id))?;
        let id = |entry: &PageEntry| entry.entry_id.clone();
        same("my page", &self.rows("page_entry", id), &expected(&reservations, member, PageEntry::all_of, id))?;
        let id = |row: &DoorRow| row.reservation_id.to_string();
        let door = |reservation: &Reservation| format!("door#{}", reservation.sold.performance_id);
        let rows = expected(&reservations, door, |one| vec![DoorRow::of(one)], id);
        same("door list", &self.rows("door_row", id), &rows)?;
        same("sums", &self.sums(), &expected_sums(&reservations))
    }

    /// Sums that are not zero.
    fn sums(&self) -> Rows<(i64, i64)> {
        let number = |item: &Item, name: &str| item[name].as_n().expect("a number").parse::<i64>().expect("a number");
        let sum = |item: &Item| {
            let key = (text(item, "pk").to_owned(), text(item, "sk").to_owned());
            (key, (number(item, "seats"), number(item, "amount")))
        };
        self.of_kind_at("sales#").map(sum).filter(|(_, sum)| *sum != (0, 0)).collect()
    }

    fn of_kind_at(&self, partition: &str) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| text(item, "pk").starts_with(partition))
    }
}

fn is_derived(item: &Item) -> bool {
    DERIVED.contains(&text(item, "entity")) || text(item, "pk").starts_with("sales#")
}

fn member(reservation: &Reservation) -> String {
    format!("member#{}", reservation.buyer.member_id)
}

fn expected<T>(
    reservations: &[Reservation],
    partition: impl Fn(&Reservation) -> String,
    derive: impl Fn(&Reservation) -> Vec<T>,
    id: impl Fn(&T) -> String,
) -> Rows<T> {
    let rows = reservations
        .iter()
        .flat_map(|one| derive(one).into_iter().map(|row| (partition(one), row)).collect::<Vec<_>>());
    rows.map(|(partition, row)| ((partition, id(&row)), row)).collect()
}

fn expected_sums(reservations: &[Reservation]) -> Rows<(i64, i64)> {
    let mut sums: Rows<(i64, i64)> = BTreeMap::new();
    for reservation in reservations {
        let partition = format!("sales#{}", reservation.sold.performance_id);
        for Sale { day, grade, seats, amount } in Sale::all_of(reservation) {
            for key in [format!("all#{grade}"), format!("day#{day}#{grade}")] {
                let sum = sums.entry((partition.clone(), key)).or_default();
                *sum = (sum.0 + seats, sum.1 + amount.0);
            }
        }
    }
    sums
}

fn same<T: PartialEq + Debug>(what: &str, found: &Rows<T>, expected: &Rows<T>) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let odd = |these: &Rows<T>, those: &Rows<T>| {
        let odd: Vec<_> =
            these.iter().filter(|(key, row)| those.get(key) != Some(row)).take(3).map(|it| format!("{it:?}")).collect();
        odd.join("\n")
    };
    Err(format!("{what}: there is {}\nbut there should be {}", odd(found, expected), odd(expected, found)))
}
