//! Seats are defined by the layout alone: sections in the organizer's order, rows and numbers. A free seat has no
//! item.

use crate::{
    FieldErrors,
    general_admission::{Area, GeneralAdmission},
    limits::{
        BLOCK_SEATS, GRADE_MAX_CHARS, ROWS_MAX, SEATS_MAX, SEATS_PER_ROW_MAX, SECTION_NAME_MAX_CHARS, SECTIONS_MAX,
    },
    number::within,
    price::{GradeTotal, Price},
    text::{Text, same_name},
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::{collections::HashSet, ops::Range};

/// A seat's id within its performance: `section-row-number`, e.g. `A-1-12`.
pub type SeatId = String;

/// A section of a house with numbered seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Section {
    /// Unique within the house; no `-`, which separates the parts of a seat's id.
    pub name: Text<SECTION_NAME_MAX_CHARS>,
    /// Grade of all seats of the section; several sections may have the same grade.
    pub grade: Text<GRADE_MAX_CHARS>,
    /// Price of each seat; the same in all sections of a grade.
    pub price: Price,
    /// Number of rows; rows are numbered from 1.
    #[serde(deserialize_with = "within::<_, 1, { ROWS_MAX as i64 }>")]
    #[schemars(range(min = 1, max = ROWS_MAX))]
    pub rows: u32,
    /// Number of seats in each row; seats are numbered from 1.
    #[serde(deserialize_with = "within::<_, 1, { SEATS_PER_ROW_MAX as i64 }>")]
    #[schemars(range(min = 1, max = SEATS_PER_ROW_MAX))]
    pub seats_per_row: u32,
}

impl Section {
    fn seats(&self) -> u32 {
        self.rows * self.seats_per_row
    }
}

/// The seats or places of a house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Seating {
    /// Numbered seats in sections.
    Numbered(Numbered),
    /// Places without numbers, in areas.
    General(GeneralAdmission),
}

/// [`Seating`] as it is received. It is not a tagged serde enum, because those do not report the field of an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    r#type: Kind,
    sections: Option<Vec<Section>>,
    areas: Option<Vec<Area>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Numbered,
    General,
}

impl<'de> Deserialize<'de> for Seating {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl TryFrom<Fields> for Seating {
    type Error = FieldErrors;

    /// # Errors
    /// Names the field that is missing, not allowed for this type, or breaks a rule of the contract.
    fn try_from(fields: Fields) -> Result<Self, FieldErrors> {
        match (fields.r#type, fields.sections, fields.areas) {
            (Kind::Numbered, Some(sections), None) => Numbered::new(sections).map(Self::Numbered),
            (Kind::General, None, Some(areas)) => GeneralAdmission::new(areas).map(Self::General),
            (Kind::Numbered, None, _) => Err(FieldErrors::one("sections", "required for numbered seating")),
            (Kind::General, _, None) => Err(FieldErrors::one("areas", "required for general seating")),
            (Kind::Numbered, ..) => Err(FieldErrors::one("areas", "not allowed for numbered seating")),
            (Kind::General, ..) => Err(FieldErrors::one("sections", "not allowed for general seating")),
        }
    }
}

impl Seating {
    /// Total number of seats or places.
    pub fn places(&self) -> u32 {
        match self {
            Self::Numbered(house) => house.seats(),
            Self::General(house) => house.places(),
        }
    }

    /// Grades in the organizer's order.
    pub fn grades(&self) -> Vec<GradeTotal> {
        match self {
            Self::Numbered(house) => house.grades(),
            Self::General(house) => house.grades(),
        }
    }
}

/// Messages for a house whose fields are valid on their own, but not together.
const HYPHEN: &str = "must not contain a hyphen";
const SAME_NAME: &str = "another section already has this name";
const TWO_PRICES: &str = "another section of this grade has a different price";
const TOO_MANY_SEATS: &str = "expected at most 50000 seats";
const _: () = assert!(SEATS_MAX == 50_000);

/// The layout of a house with numbered seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline, extend("x-also-refused" = [HYPHEN, SAME_NAME, TWO_PRICES, TOO_MANY_SEATS]))]
pub struct Numbered {
    #[schemars(length(min = 1, max = SECTIONS_MAX))]
    sections: Vec<Section>,
}

/// A seat in the layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatSpot<'a> {
    /// The section that contains the seat.
    pub section: &'a Section,
    /// Row, from 1.
    pub row: u32,
    /// Number within the row, from 1.
    pub number: u32,
    /// Index in layout order, from 0.
    pub index: u32,
}

impl SeatSpot<'_> {
    /// The seat's id.
    pub fn seat_id(&self) -> SeatId {
        format!("{}-{}-{}", self.section.name.as_str(), self.row, self.number)
    }

    /// The block of at most 1,000 seats that stores it.
    pub fn block(&self) -> u32 {
        self.index / BLOCK_SEATS
    }
}

impl Numbered {
    /// # Errors
    /// Names every rule of the contract that the layout breaks.
    pub(crate) fn new(sections: Vec<Section>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        if sections.is_empty() || sections.len() > SECTIONS_MAX {
            return Err(FieldErrors::one("sections", format!("expected 1 to {SECTIONS_MAX} sections")));
        }
        let mut names = HashSet::new();
        let mut prices = std::collections::HashMap::new();
        for (index, section) in sections.iter().enumerate() {
            let at = |field: &str| format!("sections[{index}].{field}");
            let name = section.name.as_str();
            errors.check(name.contains('-'), at("name"), HYPHEN);
            errors.check(!names.insert(name), at("name"), SAME_NAME);
            let price = *prices.entry(section.grade.as_str()).or_insert(section.price);
            errors.check(price != section.price, at("price"), TWO_PRICES);
        }
        let seats = |section: &Section| u64::from(section.rows) * u64::from(section.seats_per_row);
        let too_many = sections.iter().map(seats).sum::<u64>() > u64::from(SEATS_MAX);
        errors.check(too_many, "sections", TOO_MANY_SEATS);
        errors.or(Self { sections })
    }

    /// Total number of seats.
    pub fn seats(&self) -> u32 {
        self.sections.iter().map(Section::seats).sum()
    }

    /// Number of blocks that store the seats.
    pub fn blocks(&self) -> u32 {
        self.seats().div_ceil(BLOCK_SEATS)
    }

    /// The seat with this id, if the house has it. Unicode spelling variants of the section's name are accepted.
    pub fn find(&self, seat_id: &str) -> Option<SeatSpot<'_>> {
        let (name, row, number) = position(seat_id)?;
        let named = |is: &dyn Fn(&str) -> bool| self.sections().find(|(section, _)| is(section.name.as_str()));
        let (section, seats) = named(&|known| known == name).or_else(|| named(&|known| same_name(known, name)))?;
        let there = row <= section.rows && number <= section.seats_per_row;
        let index = u32::try_from(seats.start).ok()? + (row - 1) * section.seats_per_row + number - 1;
        there.then_some(SeatSpot { section, row, number, index })
    }

    /// The house's own spelling of a grade, if the house has it.
    pub fn grade(&self, grade: &str) -> Option<&str> {
        let named = |is: &dyn Fn(&str) -> bool| {
            self.sections.iter().map(|section| section.grade.as_str()).find(|known| is(known))
        };
        named(&|known| known == grade).or_else(|| named(&|known| same_name(known, grade)))
    }

    /// Every section, with the indexes of its seats in layout order.
    pub fn sections(&self) -> impl Iterator<Item = (&Section, Range<usize>)> {
        let mut next = 0;
        self.sections.iter().map(move |section| {
            let first = next;
            next += section.seats() as usize;
            (section, first..next)
        })
    }

    /// Every seat in layout order.
    pub fn places(&self) -> impl Iterator<Item = SeatSpot<'_>> {
        let numbered = self.sections.iter().flat_map(|section| {
            (0..section.seats())
                .map(move |seat| (section, seat / section.seats_per_row + 1, seat % section.seats_per_row + 1))
        });
        (0..).zip(numbered).map(|(index, (section, row, number))| SeatSpot { section, row, number, index })
    }

    /// Every seat of `grade` in layout order.
    pub fn places_of(&self, grade: &str) -> impl Iterator<Item = SeatSpot<'_>> {
        self.places().filter(move |place| place.section.grade.as_str() == grade)
    }

    /// The blocks that store seats of `grade`, in layout order.
    pub fn blocks_of(&self, grade: &str) -> Vec<u32> {
        let mut blocks: Vec<u32> = self.places_of(grade).map(|place| place.block()).collect();
        blocks.dedup();
        blocks
    }

    /// Grades in the order they first appear.
    pub fn grades(&self) -> Vec<GradeTotal> {
        let mut grades: Vec<GradeTotal> = Vec::new();
        for section in &self.sections {
            match grades.iter_mut().find(|grade| grade.grade == section.grade.as_str()) {
                Some(grade) => grade.total += section.seats(),
                None => grades.push(GradeTotal {
                    grade: section.grade.as_str().to_owned(),
                    price: section.price.won(),
                    total: section.seats(),
                }),
            }
        }
        grades
    }
}

/// Section, row and number of a seat id.
pub(crate) fn position(seat_id: &str) -> Option<(&str, u32, u32)> {
    let (rest, number) = seat_id.rsplit_once('-')?;
    let (section, row) = rest.rsplit_once('-')?;
    Some((section, plain_number(row)?, plain_number(number)?))
}

/// A number from 1 as in a seat id: no sign, no leading zero.
fn plain_number(text: &str) -> Option<u32> {
    let number = text.parse::<u32>().ok()?;
    (number > 0 && number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house() -> Numbered {
        let sections = r#"[
            {"name":"A","grade":"VIP","price":150000,"rows":2,"seatsPerRow":3},
            {"name":"B","grade":"R","price":90000,"rows":40,"seatsPerRow":50}]"#;
        Numbered::new(serde_json::from_str(sections).unwrap()).unwrap()
    }

    #[test]
    fn every_seat_is_found_by_its_id() {
        let house = house();
        assert_eq!((house.seats(), house.blocks()), (2_006, 3));
        for place in house.places() {
            assert_eq!(house.find(&place.seat_id()).as_ref(), Some(&place));
        }
        assert_eq!(house.places().count(), 2_006);
        assert_eq!(house.find("B-40-50").unwrap().block(), 2);
    }

    #[test]
    fn unknown_seats_and_spellings_are_not_found() {
        for odd in ["A-3-1", "A-1-4", "A-0-1", "A-01-1", "A-+1-1", "C-1-1", "A-1", "A", "", "A-1-1-1", "a-1-1"] {
            assert!(house().find(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_layout_that_breaks_a_rule_is_refused() {
        let section = |name: &str, grade: &str, price: i64, rows: u32, seats: u32| {
            format!(r#"{{"name":"{name}","grade":"{grade}","price":{price},"rows":{rows},"seatsPerRow":{seats}}}"#)
        };
        let refused = |sections: &[String]| {
            serde_json::from_str::<Seating>(&format!(r#"{{"type":"numbered","sections":[{}]}}"#, sections.join(",")))
                .is_err()
        };
        assert!(refused(&[]));
        assert!(refused(&[section("A-1", "R", 1, 1, 1)]));
        assert!(refused(&[section("A", "R", 0, 1, 1)]));
        assert!(refused(&[section("A", "R", 10_000_001, 1, 1)]));
        assert!(refused(&[section("A", "R", 1, 0, 1)]));
        assert!(refused(&[section("A", "R", 1, 1, 101)]));
        assert!(refused(&[section("A", "R", 1, 1, 1), section("A", "R", 1, 1, 1)]));
        assert!(refused(&[section("A", "R", 1, 1, 1), section("B", "R", 2, 1, 1)]));
        assert!(refused(&[
            section("A", "R", 1, 200, 100),
            section("B", "R", 1, 200, 100),
            section("C", "R", 1, 200, 100)
        ]));
        assert!(!refused(&[section("A", "R", 1, 1, 1), section("B", "S", 2, 1, 1)]));
    }
}
