//! Best available seats. The best seats are in the fewest pieces: all side by side in one row if any row has enough
//! of them, otherwise in as few runs of neighbours as possible, near each other.
//!
//! If every buyer got the same best seats, all but one of the concurrent buyers would lose the race for them. So the
//! row is a random one of the suitable rows, and so is the position within it. But groups of that size are counted
//! from the end of each run, so that equal parties leave no odd seats between them.

use crate::seating::SeatSpot;

/// Chooses `quantity` of the `free` seats of a grade, which are in layout order. `row_die` and `seat_die` are random
/// numbers in `0.0..1.0`. `None` if there are too few.
pub fn choose<'a>(free: &[SeatSpot<'a>], quantity: usize, row_die: f64, seat_die: f64) -> Option<Vec<SeatSpot<'a>>> {
    if quantity == 0 || free.len() < quantity {
        return None;
    }
    together(free, quantity, row_die, seat_die).or_else(|| Some(in_few_pieces(free, quantity, row_die)))
}

/// `quantity` seats side by side in one row; `None` if no row has that many.
pub fn together<'a>(free: &[SeatSpot<'a>], quantity: usize, row_die: f64, seat_die: f64) -> Option<Vec<SeatSpot<'a>>> {
    let runs: Vec<_> = runs(free).into_iter().filter(|run| run.len() >= quantity).collect();
    let mut rows: Vec<&[&[SeatSpot<'a>]]> = runs.chunk_by(|one, other| same_row(&one[0], &other[0])).collect();
    if rows.is_empty() {
        return None;
    }
    let row = rows.swap_remove(below(rows.len(), row_die));
    // Complete groups in the row, run by run.
    let groups = row.iter().flat_map(|run| run.chunks_exact(quantity));
    let groups: Vec<_> = groups.collect();
    Some(groups[below(groups.len(), seat_die)].to_vec())
}

/// The longest runs as a whole, then the shortest run that has the rest; near the first run if several are suitable.
fn in_few_pieces<'a>(free: &[SeatSpot<'a>], quantity: usize, row_die: f64) -> Vec<SeatSpot<'a>> {
    let mut runs = runs(free);
    let first = below(runs.len(), row_die);
    runs.rotate_left(first);
    let mut chosen: Vec<SeatSpot<'a>> = Vec::with_capacity(quantity);
    while chosen.len() < quantity {
        let missing = quantity - chosen.len();
        let distance = |run: &[SeatSpot<'a>]| chosen.first().map_or(0, |first| run[0].index.abs_diff(first.index));
        // Runs that have all of the rest come first, those with the fewest additional seats before others.
        let rank = |run: &[SeatSpot<'a>]| match run.len().checked_sub(missing) {
            Some(beyond) => (0, beyond, distance(run)),
            None => (1, missing - run.len(), distance(run)),
        };
        let best = (0..runs.len()).min_by_key(|index| rank(runs[*index])).expect("as many are free as are wanted");
        let run = runs.swap_remove(best);
        chosen.extend_from_slice(&run[..run.len().min(missing)]);
    }
    chosen
}

/// Maximal runs of free neighbouring seats.
fn runs<'s, 'a>(free: &'s [SeatSpot<'a>]) -> Vec<&'s [SeatSpot<'a>]> {
    free.chunk_by(|one, next| same_row(one, next) && one.number + 1 == next.number).collect()
}

fn same_row(one: &SeatSpot<'_>, other: &SeatSpot<'_>) -> bool {
    one.section.name == other.section.name && one.row == other.row
}

/// A number in `0..end`, from a die in `0.0..1.0`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small counts")]
fn below(end: usize, die: f64) -> usize {
    ((end as f64 * die) as usize).min(end.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seating::Numbered;
    use proptest::prelude::*;

    fn house() -> Numbered {
        let sections = r#"[
            {"name":"A","grade":"R","price":1,"rows":4,"seatsPerRow":6},
            {"name":"B","grade":"R","price":1,"rows":2,"seatsPerRow":5}]"#;
        Numbered::new(serde_json::from_str(sections).unwrap()).unwrap()
    }

    fn names(places: &[SeatSpot<'_>]) -> Vec<String> {
        places.iter().map(SeatSpot::seat_id).collect()
    }

    #[test]
    fn a_group_sits_together_and_leaves_no_single_seats() {
        let house = house();
        let row: Vec<_> = house.places().take(6).collect();
        let mut seen: Vec<_> = (0..30).map(|n| names(&choose(&row, 2, 0.5, f64::from(n) / 30.0).unwrap())).collect();
        seen.dedup();
        assert_eq!(seen, [["A-1-1", "A-1-2"], ["A-1-3", "A-1-4"], ["A-1-5", "A-1-6"]]);
    }

    #[test]
    fn a_split_group_gets_few_pieces_close_together() {
        let house = house();
        let wanted = ["A-1-1", "A-1-3", "A-1-4", "A-2-1", "A-2-2", "A-4-1", "B-2-1"];
        let free: Vec<_> = house.places().filter(|place| wanted.contains(&place.seat_id().as_str())).collect();
        assert_eq!(names(&choose(&free, 3, 0.0, 0.0).unwrap()), ["A-1-3", "A-1-4", "A-1-1"]);
        assert_eq!(names(&choose(&free, 4, 0.5, 0.0).unwrap()), ["A-2-1", "A-2-2", "A-1-3", "A-1-4"]);
        assert_eq!(choose(&free, 7, 0.3, 0.3).unwrap().len(), 7);
        assert!(choose(&free, 8, 0.0, 0.0).is_none());
    }

    proptest! {
        #[test]
        fn chosen_seats_are_free_and_in_the_fewest_pieces(
            free in prop::collection::vec(any::<bool>(), 34), quantity in 1_usize..20, dice in (0.0..1.0_f64, 0.0..1.0_f64),
        ) {
            let house = house();
            let free: Vec<_> = house.places().zip(&free).filter(|(_, free)| **free).map(|(place, _)| place).collect();
            let Some(mut chosen) = choose(&free, quantity, dice.0, dice.1) else {
                prop_assert!(free.len() < quantity);
                return Ok(());
            };
            chosen.sort_by_key(|place| place.index);
            chosen.dedup();
            prop_assert_eq!(chosen.len(), quantity);
            prop_assert!(chosen.iter().all(|place| free.contains(place)));
            let mut lengths: Vec<_> = runs(&free).iter().map(|run| run.len()).collect();
            lengths.sort_unstable_by_key(|length| std::cmp::Reverse(*length));
            let mut least = 0;
            let mut reached = 0;
            while reached < quantity {
                reached += lengths[least];
                least += 1;
            }
            prop_assert_eq!(runs(&chosen).len(), least, "pieces of {:?} from {:?}", names(&chosen), names(&free));
        }
    }
}
