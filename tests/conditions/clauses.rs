//! Takes a condition apart: each clause, and the condition without that clause.

use crate::harness::wire::Weakened;
use frontrow_store::conditions::{ALL, Condition};
use std::{collections::BTreeSet, ops::Range};

/// The clause that stands for the whole condition.
pub(super) const WHOLE: &str = "";

/// Makes the preceding clause true. The clause itself stays, because DynamoDB refuses unused names and values.
const TRUE: &str = "OR attribute_not_exists(never_there)";
/// Makes the preceding clause false.
const FALSE: &str = "AND attribute_exists(never_there)";

/// A part of an expression.
struct Node {
    /// Its position in the text, without the parentheses around it.
    range: Range<usize>,
    joined: Joined,
}

enum Joined {
    /// All of these hold.
    And(Vec<Node>),
    /// At least one of these holds.
    Or(Vec<Node>),
    /// It has no parts.
    Atom,
}

/// The condition without each of its clauses, one at a time, together with the clause's text. A part of an `AND`
/// becomes true, a part of an `OR` false. Without all of it ([`WHOLE`]) it always holds; for an `AND`, the parts
/// already show that.
pub(super) fn weakenings(condition: &Condition) -> Vec<(&'static str, Weakened)> {
    let text = condition.expression;
    let root = parse(text, 0..text.len());
    let mut found = Vec::new();
    if !matches!(root.joined, Joined::And(_)) {
        found.push((WHOLE, Weakened { condition: text, instead: format!("{text} {TRUE}") }));
    }
    collect(text, &root, &mut found);
    found
}

fn collect(text: &'static str, node: &Node, found: &mut Vec<(&'static str, Weakened)>) {
    let (parts, constant) = match &node.joined {
        Joined::And(parts) => (parts, TRUE),
        Joined::Or(parts) => (parts, FALSE),
        Joined::Atom => return,
    };
    for part in parts {
        let (before, clause, after) = (&text[..part.range.start], &text[part.range.clone()], &text[part.range.end..]);
        let alone = matches!((&node.joined, &part.joined), (Joined::And(_), Joined::Atom));
        let (open, close) = if alone { ("(", ")") } else { ("", "") };
        let instead = format!("{before}{open}{clause} {constant}{close}{after}");
        found.push((clause, Weakened { condition: text, instead }));
        collect(text, part, found);
    }
}

fn parse(text: &str, range: Range<usize>) -> Node {
    for (word, join) in [(" OR ", Joined::Or as fn(Vec<Node>) -> Joined), (" AND ", Joined::And)] {
        let parts = split(text, range.clone(), word);
        if parts.len() > 1 {
            let parts = parts.into_iter().map(|part| parse(text, part)).collect();
            return Node { range, joined: join(parts) };
        }
    }
    match text[range.clone()].strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(_) => parse(text, range.start + 1..range.end - 1),
        None => Node { range, joined: Joined::Atom },
    }
}

/// The parts of the text between `word`s outside parentheses.
fn split(text: &str, range: Range<usize>, word: &str) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut depth) = (Vec::new(), range.start, 0);
    for (at, letter) in text[range.clone()].char_indices().map(|(at, letter)| (range.start + at, letter)) {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && text[at..range.end].starts_with(word) => {
                parts.push(start..at);
                start = at + word.len();
            }
            _ => {}
        }
    }
    parts.push(start..range.end);
    parts
}

#[test]
fn a_condition_is_weakened_by_one_clause_at_a_time() {
    const CONDITION: Condition =
        Condition { name: "", expression: "(a(#x) OR #x < :y) AND size(#z) = :z AND b(#w)", protects: "" };
    let found: Vec<_> =
        weakenings(&CONDITION).into_iter().map(|(clause, weakened)| (clause, weakened.instead)).collect();
    assert_eq!(
        found,
        [
            ("a(#x) OR #x < :y", format!("(a(#x) OR #x < :y {TRUE}) AND size(#z) = :z AND b(#w)")),
            ("a(#x)", format!("(a(#x) {FALSE} OR #x < :y) AND size(#z) = :z AND b(#w)")),
            ("#x < :y", format!("(a(#x) OR #x < :y {FALSE}) AND size(#z) = :z AND b(#w)")),
            ("size(#z) = :z", format!("(a(#x) OR #x < :y) AND (size(#z) = :z {TRUE}) AND b(#w)")),
            ("b(#w)", format!("(a(#x) OR #x < :y) AND size(#z) = :z AND (b(#w) {TRUE})")),
        ]
    );
    let either = Condition { expression: "a(#x) OR (b(#x) AND #y <= :y)", ..CONDITION };
    let clauses: Vec<_> = weakenings(&either).into_iter().map(|(clause, _)| clause).collect();
    assert_eq!(clauses, [WHOLE, "a(#x)", "b(#x) AND #y <= :y", "b(#x)", "#y <= :y"]);
}

/// The wire finds a condition by its text, so no two may have the same; and a clause is named by its text.
#[test]
fn condition_texts_are_unique() {
    let mut texts: Vec<_> = ALL.iter().map(|condition| condition.expression).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), ALL.len());
    for condition in ALL {
        let clauses: Vec<_> = weakenings(condition).into_iter().map(|(clause, _)| clause).collect();
        let different: BTreeSet<_> = clauses.iter().collect();
        assert_eq!(different.len(), clauses.len(), "{}", condition.name);
    }
}
