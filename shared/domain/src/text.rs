//! Text from outside: the one place where typed or scanned text is normalized before it is stored, compared or
//! hashed.
//!
//! | For | Normal form | Blanks | Invisible characters |
//! |---|---|---|---|
//! | [`Text`] of one line: titles, venues, sections, grades | NFC | each run is one space, none at the ends | refused |
//! | [`Text`] of several lines: descriptions, reasons | NFC | none at the ends | those that change the direction are refused |
//! | [`clean_line`]: members' names | NFC | each run is one space, none at the ends | removed |
//! | [`typed`]: addresses, codes | NFKC | none at the ends | removed |
//! | [`search_key`]: keywords and the texts they are searched in | NFKC, lower case | each run is one space | removed |
//! | passwords | NFKC | kept | kept |
//!
//! Joiners, variation selectors and tags stay where their neighbours need them: in emoji, after ideographs, and
//! between letters of scripts that join. Limits apply to the normalized text. Stored text was checked when it came
//! in, by the rules of that time; see [`as_stored`].

use icu_normalizer::{ComposingNormalizerBorrowed, properties::CanonicalCombiningClassMapBorrowed};
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed,
    props::{
        DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory, Ideographic, JoiningType,
        PrependedConcatenationMark,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, cell::Cell};

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();
const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
const COMBINING_CLASS: CanonicalCombiningClassMapBorrowed<'static> = CanonicalCombiningClassMapBorrowed::new();
const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::<GeneralCategory>::new();
const JOINING: CodePointMapDataBorrowed<'static, JoiningType> = CodePointMapData::<JoiningType>::new();
const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();
const PREPENDED: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<PrependedConcatenationMark>();
const PICTOGRAPH: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<ExtendedPictographic>();
const MODIFIER: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<EmojiModifier>();
const IDEOGRAPH: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<Ideographic>();

/// The combining class of viramas, after which a joiner chooses the shape of a conjunct.
const VIRAMA: u8 = 9;

/// `text` in normal form C: texts that look the same are the same.
pub fn composed(text: &str) -> Cow<'_, str> {
    NFC.normalize(text)
}

/// `text` in normal form KC: full-width and other variants of a character become that character.
pub fn compatible(text: &str) -> Cow<'_, str> {
    NFKC.normalize(text)
}

/// Whether any character of `text` is visible. Blanks, control and invisible characters are not, nor are marks
/// without a letter.
pub fn shows(text: &str) -> bool {
    text.chars().any(|character| {
        let mark = matches!(
            CATEGORY.get(character),
            GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark | GeneralCategory::EnclosingMark
        );
        !(mark || is_blank(character) || character.is_control() || is_invisible(character))
    })
}

/// `text` on one line, without invisible characters.
pub fn clean_line(text: &str) -> String {
    line(text, |_| Ok(())).unwrap_or_default()
}

/// Normalizes typed or scanned text of which only the characters matter.
pub fn typed(text: &str) -> String {
    let seen: String = compatible(text).chars().filter(|character| !is_invisible(*character)).collect();
    compatible(seen.trim()).into_owned()
}

/// A key that is equal for texts that should be found by each other.
pub fn search_key(text: &str) -> String {
    // Both small sigmas are the same letter.
    let lower = |letter: char| letter.to_lowercase().map(|letter| if letter == 'ς' { 'σ' } else { letter });
    clean_line(&compatible(text).chars().flat_map(lower).collect::<String>())
}

/// Whether two names look the same, regardless of their Unicode spelling.
pub fn same_name(one: &str, other: &str) -> bool {
    one == other || clean_line(one) == clean_line(other)
}

/// Whether the character takes space and shows nothing.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{2800}' | '\u{1d159}')
}

/// Whether the character takes no space and shows nothing.
fn is_invisible(character: char) -> bool {
    IGNORABLE.contains(character)
        || (CATEGORY.get(character) == GeneralCategory::Format && !PREPENDED.contains(character))
}

/// Whether the character changes the direction of the text around it, even beyond its own line if it is not
/// terminated.
fn turns(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line of `text`: each run of blanks becomes one space, and invisible characters that `judge` accepts are
/// removed.
fn line(text: &str, judge: impl Fn(&'static str) -> Result<(), &'static str>) -> Result<String, &'static str> {
    let characters: Vec<char> = composed(text).trim().chars().collect();
    let mut line = String::with_capacity(text.len());
    let mut blank = false;
    for (place, character) in characters.iter().copied().enumerate() {
        if character.is_control() {
            judge(CONTROLS)?;
            blank = true;
        } else if is_blank(character) {
            blank = true;
        } else if is_invisible(character) && !belongs(&characters[..place], character, &characters[place + 1..]) {
            judge(INVISIBLE)?;
        } else {
            if blank && !line.is_empty() {
                line.push(' ');
            }
            blank = false;
            line.push(character);
        }
    }
    Ok(composed(&line).into_owned())
}

/// Normalizes a text of several lines.
fn lines(text: &str) -> Result<String, &'static str> {
    let unified = composed(text).replace("\r\n", "\n").replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let lines = unified.trim();
    if lines.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\t')) {
        return Err(CONTROLS);
    }
    if lines.chars().any(turns) {
        return Err(TURNING);
    }
    Ok(lines.to_owned())
}

/// Whether an invisible character is part of how its neighbours are written.
fn belongs(before: &[char], character: char, after: &[char]) -> bool {
    let (last, next) = (before.last().copied(), after.first().copied());
    let last_is = |fits: &dyn Fn(char) -> bool| last.is_some_and(fits);
    let next_is = |fits: &dyn Fn(char) -> bool| next.is_some_and(fits);
    let pictograph = |character| PICTOGRAPH.contains(character);
    match character {
        '\u{200c}' | '\u{200d}' if last_is(&|last| COMBINING_CLASS.get_u8(last) == VIRAMA) => true,
        '\u{200c}' | '\u{200d}' if joins(before, after) => true,
        '\u{200d}' => {
            last_is(&|last| pictograph(last) || MODIFIER.contains(last) || last == '\u{fe0f}') && next_is(&pictograph)
        }
        '\u{fe0e}' | '\u{fe0f}' => {
            let keycap = last_is(&|last| matches!(last, '0'..='9' | '#' | '*')) && next == Some('\u{20e3}');
            keycap || last_is(&pictograph)
        }
        '\u{180b}'..='\u{180d}' | '\u{180f}' => last_is(&|last| matches!(last, '\u{1820}'..='\u{18aa}')),
        '\u{e0100}'..='\u{e01ef}' => last_is(&|last| IDEOGRAPH.contains(last)),
        // Part of flags such as Scotland's.
        '\u{e0020}'..='\u{e007f}' => last_is(&|last| matches!(last, '\u{1f3f4}' | '\u{e0020}'..='\u{e007e}')),
        _ => false,
    }
}

/// Whether letters of a joining script stand on both sides, as defined in RFC 5892.
fn joins(before: &[char], after: &[char]) -> bool {
    let joining = |character: &char| JOINING.get(*character);
    let beside = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let left = before.iter().rev().map(joining).find(beside);
    let right = after.iter().map(joining).find(beside);
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

thread_local!(static STORED: Cell<bool> = const { Cell::new(false) });

/// Reads with `read` data that this system wrote: its texts are accepted unchanged, because they were checked when
/// they came in, and keys are built from them. Text accepted by an older version stays readable and stays under its
/// key.
pub fn as_stored<T>(read: impl FnOnce() -> T) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            STORED.set(self.0);
        }
    }
    let _back = Back(STORED.replace(true));
    read()
}

/// Whether the current parse runs within [`as_stored`].
pub(crate) fn is_stored() -> bool {
    STORED.get()
}

/// Messages for refused texts, besides their length.
pub(crate) const CONTROLS: &str = "control characters are not allowed";
const INVISIBLE: &str = "invisible characters are not allowed";
const TURNING: &str = "characters that change the text direction are not allowed";

/// Messages for texts that match their schema but are refused: the length limit applies to the normalized text.
fn also_refused(max: usize, lines: bool) -> [String; 4] {
    [
        format!("expected 1 to {max} characters, at least one of them visible"),
        format!("expected 1 to {max} characters"),
        CONTROLS.to_owned(),
        if lines { TURNING } else { INVISIBLE }.to_owned(),
    ]
}

/// An organizer's text of 1 to `MAX` characters, at least one of them visible; of several lines only if `LINES` is
/// set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1, "maxLength" = MAX, "x-also-refused" = also_refused(MAX, LINES)))]
pub struct Text<const MAX: usize, const LINES: bool = false>(String);

impl<const MAX: usize, const LINES: bool> Text<MAX, LINES> {
    /// The normalized text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize, const LINES: bool> TryFrom<String> for Text<MAX, LINES> {
    type Error = String;

    /// # Errors
    /// If no character is visible, the text is too long, or it contains characters that are not allowed.
    fn try_from(text: String) -> Result<Self, String> {
        if is_stored() {
            return Ok(Self(text));
        }
        if !shows(&text) {
            return Err(format!("expected 1 to {MAX} characters, at least one of them visible"));
        }
        let text = if LINES { lines(&text) } else { line(&text, Err) }?;
        if text.chars().count() > MAX {
            return Err(format!("expected 1 to {MAX} characters"));
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize, const LINES: bool> From<Text<MAX, LINES>> for String {
    fn from(text: Text<MAX, LINES>) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests;
