//! Members and organizers: who buys, and who lists shows.

use crate::{
    FieldError, Timestamp, common_passwords,
    ids::MemberId,
    limits::{EMAIL_MAX_CHARS, NAME_MAX_CHARS, PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS},
    show::Category,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An e-mail address, lower-cased. Checked for shape only: the mailed code proves that it is somebody's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct Email(String);

/// Stands for the address of a member who deleted the account; mail to it is never sent (RFC 2606).
const NO_ADDRESS: &str = "deleted@account.invalid";
/// Stands for that member's name.
const NO_NAME: &str = "—";

impl Email {
    /// What stands for the address of a member who deleted the account.
    pub fn erased() -> Self {
        Self(NO_ADDRESS.to_owned())
    }

    /// Whether it stands for no address.
    pub fn is_erased(&self) -> bool {
        self.0 == NO_ADDRESS
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The mailbox behind the address: without a `+tag`, and for Gmail without dots, which it ignores. Mails to different
    /// spellings of it are counted together. Members are told apart by the whole address.
    pub fn mailbox(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let untagged = local.split_once('+').map_or(local, |(untagged, _)| untagged);
        let untagged = if untagged.is_empty() { local } else { untagged };
        match domain {
            "gmail.com" | "googlemail.com" => format!("{}@gmail.com", untagged.replace('.', "")),
            _ => format!("{untagged}@{domain}"),
        }
    }
}

impl TryFrom<String> for Email {
    type Error = String;

    /// # Errors
    /// Says what an address looks like when the text has no such shape.
    fn try_from(text: String) -> Result<Self, String> {
        let address = text.trim().to_lowercase();
        let well_formed = address.len() <= EMAIL_MAX_CHARS
            && address.split_once('@').is_some_and(|(local, domain)| {
                let dotted = domain.split('.').count() >= 2
                    && domain.split('.').all(|label| {
                        !label.is_empty()
                            && !label.starts_with('-')
                            && !label.ends_with('-')
                            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    });
                let plain =
                    local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&byte));
                let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
                !local.is_empty() && local.len() <= 64 && plain && dots && dotted
            });
        if well_formed {
            Ok(Self(address))
        } else {
            Err("expected an e-mail address such as alice@example.com".to_owned())
        }
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A password as typed. Never printed, never stored: only its hash is.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
pub struct Password(String);

impl Password {
    /// The text to hash.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it may be the password of the member with that address.
    ///
    /// # Errors
    /// When it is the address, what stands before its `@`, or the name of this site, with no more than digits and signs
    /// around it.
    pub fn check_for(&self, email: &Email) -> Result<(), FieldError> {
        let (core, local) = (common_passwords::core(&self.0), email.0.split('@').next().unwrap_or_default());
        let known = [&email.0, local, SITE].map(common_passwords::core);
        if self.0.to_lowercase() == email.0 || (!core.is_empty() && known.contains(&core)) {
            return Err(FieldError::new(
                "password",
                "expected something else than the e-mail address or this site's name",
            ));
        }
        Ok(())
    }
}

/// The site's name, which everybody knows.
const SITE: &str = "frontrow";

impl TryFrom<String> for Password {
    type Error = String;

    /// # Errors
    /// When the password is shorter or longer than allowed, or one of those that are guessed first.
    fn try_from(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if !(PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS).contains(&length) {
            return Err(format!("expected {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters"));
        }
        if common_passwords::is_common(&text) {
            return Err("expected a password that is not among the most common ones".to_owned());
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A member's name: 1 to 100 characters, any characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct Name(String);

impl Name {
    /// What stands for the name of a member who deleted the account.
    pub fn erased() -> Self {
        Self(NO_NAME.to_owned())
    }

    /// The name as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    /// # Errors
    /// When the name is empty or too long.
    fn try_from(text: String) -> Result<Self, String> {
        if (1..=NAME_MAX_CHARS).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(format!("expected 1 to {NAME_MAX_CHARS} characters"))
        }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Role {
    /// Books.
    Member,
    /// Lists shows, and books.
    Organizer,
}

/// The language of a member's mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Korean, unless the member asks otherwise.
    #[default]
    Ko,
    /// English.
    En,
}

impl Language {
    /// The best of ours for an `Accept-Language` header (RFC 9110 12.5.4): highest weight, first among equals.
    pub fn negotiate(header: Option<&str>) -> Self {
        let mut best = (0.0, Self::default());
        for range in header.unwrap_or_default().split(',').take(32) {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight: f32 = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let language = match tag.split('-').next().unwrap_or_default() {
                "ko" => Self::Ko,
                "en" => Self::En,
                _ => continue,
            };
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// A member as stored, without the password's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Id.
    pub member_id: MemberId,
    /// Verified address.
    pub email: Email,
    /// Name, shown in mails.
    pub name: Name,
    /// Role.
    pub role: Role,
    /// The language of mails that nothing else decides: the one in which the address was verified.
    #[serde(default)]
    pub language: Language,
    /// Categories whose new shows are mailed to the member (C2).
    #[serde(default)]
    pub alerts: Vec<Category>,
    /// Sign-up.
    pub created_at: Timestamp,
}

impl Member {
    /// The same member, told of new shows of those categories; each counts once.
    #[must_use]
    pub fn alerted_of(self, mut categories: Vec<Category>) -> Self {
        let mut seen = Vec::new();
        categories.retain(|category| {
            let first = !seen.contains(category);
            seen.push(*category);
            first
        });
        Self { alerts: categories, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_lower_cased_and_odd_ones_refused() {
        assert_eq!(Email::try_from(" Alice.B+x@Example.COM ".to_owned()).unwrap().as_str(), "alice.b+x@example.com");
        for bad in [
            "",
            "a",
            "a@b",
            "a@@b.c",
            "a b@c.de",
            "a@b..c",
            "a@-b.c",
            ".a@b.cd",
            "a@b.c\r\nBcc: x@y.z",
            "한글@example.com",
        ] {
            assert!(Email::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn spellings_of_one_mailbox_are_one() {
        for (address, mailbox) in [
            ("kim@example.com", "kim@example.com"),
            ("kim+a@example.com", "kim@example.com"),
            ("kim+a+b@example.com", "kim@example.com"),
            ("k.i.m@example.com", "k.i.m@example.com"),
            ("+kim@example.com", "+kim@example.com"),
            ("K.i.m+a@gmail.com", "kim@gmail.com"),
            ("kim@googlemail.com", "kim@gmail.com"),
            ("k.im@mail.gmail.com", "k.im@mail.gmail.com"),
        ] {
            assert_eq!(Email::try_from(address.to_owned()).unwrap().mailbox(), mailbox);
        }
    }

    #[test]
    fn what_everybody_knows_is_no_password() {
        let email = Email::try_from("dana.kim@example.com".to_owned()).unwrap();
        let password = |text: &str| Password::try_from(text.to_owned()).unwrap();
        for known in [
            "dana.kim@example.com",
            "Dana.Kim@Example.com",
            "dana.kim",
            "DANA.KIM1!",
            "1dana.kim",
            "frontrow",
            "Frontrow2026",
        ] {
            assert_eq!(password(known).check_for(&email).unwrap_err().field, "password", "{known}");
        }
        for own in ["correct horse", "dana.kim likes opera", "frontrow-demo", "3.14159265358"] {
            assert_eq!(password(own).check_for(&email), Ok(()), "{own}");
        }
        let digits = Email::try_from("2026@example.com".to_owned()).unwrap();
        assert_eq!(password("27182818").check_for(&digits), Ok(()));
    }

    #[test]
    fn the_mail_speaks_the_language_preferred_most() {
        assert_eq!(Language::negotiate(None), Language::Ko);
        assert_eq!(Language::negotiate(Some("en-US,en;q=0.9,ko;q=0.8")), Language::En);
        assert_eq!(Language::negotiate(Some("fr, en;q=0.3, ko-KR;q=0.7")), Language::Ko);
        assert_eq!(Language::negotiate(Some("de")), Language::Ko);
        assert_eq!(Language::negotiate(Some("en;q=0")), Language::Ko);
    }
}
