//! Common passwords. They are refused, because an attacker needs only a few tries for them.
//!
//! The list contains the 3,000 most frequent passwords of at least eight characters from the leaks ranked by zxcvbn
//! (MIT licence, copyright 2012-2016 Dan Wheeler and Dropbox, Inc.), and some that are common on Korean keyboards. It
//! is 28 kB; all dictionaries of an estimator like zxcvbn are a megabyte, most of it for advice that this system does
//! not show.

const LIST: &str = include_str!("common_passwords.txt");

/// Longest repetition or run that is checked. A longer password is protected by its length, which is a secret, too.
const PATTERN_MAX_CHARS: usize = 32;

/// Whether `password` is common: in the list, ignoring case and surrounding blanks; one short piece repeated; or a
/// run of neighbours such as `12345678`.
pub(crate) fn is_common(password: &str) -> bool {
    let lower: Vec<char> = password.trim().to_lowercase().chars().collect();
    let is_short = lower.len() <= PATTERN_MAX_CHARS;
    (is_short && (is_repetition(&lower) || is_run(&lower))) || {
        let lower: String = lower.into_iter().collect();
        LIST.lines().any(|line| line == lower)
    }
}

/// Whether the text repeats one piece of at most half its length, as in `abcabcab`.
fn is_repetition(text: &[char]) -> bool {
    (1..=text.len() / 2).any(|period| text.iter().zip(&text[period..]).all(|(one, next)| one == next))
}

/// Whether each character follows the one before it, or each precedes it.
fn is_run(text: &[char]) -> bool {
    let steps =
        |by: i64| text.windows(2).all(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])) == by);
    steps(1) || steps(-1)
}

/// `text` in lower case, without blanks and without digits and punctuation around it.
pub(crate) fn core(text: &str) -> String {
    let text = text.to_lowercase().replace(char::is_whitespace, "");
    text.trim_matches(|character: char| !character.is_alphabetic()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_passwords_are_found_in_any_spelling() {
        for common in [
            "password",
            "password1 ",
            "PassWord",
            "12345678",
            "87654321",
            "11111111",
            "abcabcabc",
            "1q2w3e4r",
            "qwertyuiop",
            "iloveyou",
            "asdfasdf",
            "qlalfqjsgh",
            "가나가나가나가나",
            "abcdefghij",
            "zyxwvuts",
            "password1!",
        ] {
            assert!(is_common(common), "{common}");
        }
        for own in
            ["correct horse", "battery staple", "frontrow-demo", "다람쥐 헌 쳇바퀴", "12345678 steps", "abcabcxabc"]
        {
            assert!(!is_common(own), "{own}");
        }
    }

    #[test]
    fn the_list_is_stored_in_its_compared_form() {
        for line in LIST.lines() {
            assert!(line.chars().count() >= 8 && line.to_lowercase() == line, "{line}");
        }
    }

    #[test]
    fn digits_and_punctuation_do_not_disguise_a_common_word() {
        assert_eq!(core("2024Frontrow!!"), "frontrow");
        assert_eq!(core("frontrow-demo"), "frontrow-demo");
        assert_eq!(core("1234"), "");
    }
}
