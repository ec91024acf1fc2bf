//! Members and organizers, with their addresses, names and passwords.

use crate::{
    FieldError, Timestamp, common_passwords,
    ids::MemberId,
    limits::{EMAIL_MAX_CHARS, NAME_MAX_CHARS, PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS},
    show::Category,
    text::{self, clean_line, compatible, shows, typed},
};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An e-mail address in lower case, with an internationalized domain as its A-labels (`xn--…`), so that both
/// spellings are the same address. Only its form is checked; the mailed code proves that it is in use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", extend("format" = "email", "maxLength" = EMAIL_MAX_CHARS, "x-also-refused" = [NOT_AN_ADDRESS]))]
pub struct EmailAddress(String);

const NOT_AN_ADDRESS: &str = "expected an e-mail address such as alice@example.com";
/// Placeholder for the address of a deleted account. No mail reaches it (RFC 2606).
const NO_ADDRESS: &str = "deleted@account.invalid";
/// Placeholder for the name of a deleted account.
const NO_NAME: &str = "—";

impl EmailAddress {
    /// The placeholder for the address of a deleted account.
    pub fn erased() -> Self {
        Self(NO_ADDRESS.to_owned())
    }

    /// Whether this is the placeholder of a deleted account.
    pub fn is_erased(&self) -> bool {
        self.0 == NO_ADDRESS
    }

    /// The normalized address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The mailbox behind the address: without a `+tag`, and for Gmail without dots, which it ignores. Mails to its
    /// different spellings are counted together. Members are identified by the whole address.
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

impl TryFrom<String> for EmailAddress {
    type Error = String;

    /// # Errors
    /// Describes the expected form of an address.
    fn try_from(text: String) -> Result<Self, String> {
        if text::is_stored() {
            return Ok(Self(text));
        }
        let address = with_plain_domain(&typed(&text).to_lowercase()).unwrap_or_default();
        let well_formed = address.len() <= EMAIL_MAX_CHARS
            && address.split_once('@').is_some_and(|(local, domain)| {
                let plain =
                    local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&byte));
                let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
                !local.is_empty() && local.len() <= 64 && plain && dots && domain.contains('.')
            });
        if well_formed { Ok(Self(address)) } else { Err(NOT_AN_ADDRESS.to_owned()) }
    }
}

impl From<EmailAddress> for String {
    fn from(email: EmailAddress) -> Self {
        email.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address with its domain in ASCII form; `None` if that is not a valid domain name.
fn with_plain_domain(address: &str) -> Option<String> {
    let (local, domain) = address.split_once('@')?;
    let domain = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()?;
    Some(format!("{local}@{domain}"))
}

/// A password in normal form KC, in which every keyboard types it the same. That form is counted and hashed. It is
/// never printed or stored; only its hash is stored.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("minLength" = PASSWORD_MIN_CHARS, "maxLength" = PASSWORD_MAX_CHARS, "x-also-refused" = [password_length(), COMMON.to_owned(), KNOWN.to_owned()]))]
pub struct Password(String);

impl Password {
    /// The text to hash.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Checks whether it may be the password of the member with this address.
    ///
    /// # Errors
    /// If it is the address, the part before the `@`, or the name of this site, with nothing but digits and
    /// punctuation around it.
    pub fn check_for(&self, email: &EmailAddress) -> Result<(), FieldError> {
        let (core, local) = (common_passwords::core(&self.0), email.0.split('@').next().unwrap_or_default());
        let known = [&email.0, local, SITE].map(common_passwords::core);
        let is_address = EmailAddress::try_from(self.0.clone()).is_ok_and(|typed| typed == *email);
        if is_address || (!core.is_empty() && known.contains(&core)) {
            return Err(FieldError::new("password", KNOWN));
        }
        Ok(())
    }
}

/// Messages for refused passwords. The length is that of the normal form.
const COMMON: &str = "must not be one of the most common passwords";
const KNOWN: &str = "must not be the e-mail address or the name of this site";

fn password_length() -> String {
    format!("expected {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters")
}

/// The site's name, which is easy to guess.
const SITE: &str = "frontrow";

impl TryFrom<String> for Password {
    type Error = String;

    /// # Errors
    /// If the password is shorter or longer than allowed, or one of the most common ones.
    fn try_from(text: String) -> Result<Self, String> {
        let password = compatible(&text).into_owned();
        if !(PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS).contains(&password.chars().count()) {
            return Err(password_length());
        }
        if common_passwords::is_common(&password) {
            return Err(COMMON.to_owned());
        }
        Ok(Self(password))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A member's name: one line of 1 to 100 characters. Any characters are accepted; invisible ones are removed, so that
/// no name breaks a mail or a door list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1, "maxLength" = NAME_MAX_CHARS, "x-also-refused" = [name_length()]))]
pub struct Name(String);

fn name_length() -> String {
    format!("expected 1 to {NAME_MAX_CHARS} characters, at least one of them visible")
}

impl Name {
    /// The placeholder for the name of a deleted account.
    pub fn erased() -> Self {
        Self(NO_NAME.to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it would be stored today; unchanged if that would leave nothing of it.
    #[must_use]
    pub fn renewed(self) -> Self {
        Self::try_from(self.0.clone()).unwrap_or(self)
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    /// # Errors
    /// If no character is visible, or the name is too long.
    fn try_from(text: String) -> Result<Self, String> {
        if text::is_stored() {
            return Ok(Self(text));
        }
        let name = clean_line(&text);
        if shows(&name) && name.chars().count() <= NAME_MAX_CHARS { Ok(Self(name)) } else { Err(name_length()) }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// Permissions of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Role {
    /// May book.
    Member,
    /// May manage shows, and book.
    Organizer,
}

/// The language of a member's mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Korean, the default.
    #[default]
    Ko,
    /// English.
    En,
}

impl Language {
    /// The best supported language for an `Accept-Language` header (RFC 9110 12.5.4): the highest weight, and the
    /// first among equals.
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
    /// Time-ordered id of the member.
    pub member_id: MemberId,
    /// The verified e-mail address.
    pub email: EmailAddress,
    /// The name shown in mails.
    pub name: Name,
    /// Permissions of the member.
    pub role: Role,
    /// The language of mails that are not tied to a purchase: the one in which the address was verified.
    #[serde(default)]
    pub language: Language,
    /// Categories whose new shows are announced to the member by mail.
    #[serde(default)]
    pub alerts: Vec<Category>,
    /// When the member signed up.
    pub created_at: Timestamp,
}

impl Member {
    /// The member, subscribed to new shows of `categories`, without duplicates.
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
mod tests;
