//! Verification of an e-mail address. The mailed code is derived from the verification's id, so it is not stored
//! here.

use crate::{
    Error, Result, Timestamp,
    ids::{MemberId, SessionId, VerificationId},
    limits::{VERIFICATION_CODE_DIGITS, VERIFICATION_MAX_ATTEMPTS, VERIFICATION_SECONDS},
    member::{EmailAddress, Language},
    text::typed,
};
use icu_properties::{CodePointMapData, props::GeneralCategory};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a code was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signing up.
    SignUp,
    /// Setting a new password.
    Password,
}

/// One mailed code: valid for one use and for ten minutes, until too many wrong guesses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The code is derived from this id.
    pub verification_id: VerificationId,
    /// The address that the code was mailed to.
    pub email: EmailAddress,
    /// The language of that mail.
    pub language: Language,
    /// When the code expires.
    pub expires_at: Timestamp,
    /// Number of wrong codes so far.
    pub attempts: u32,
    /// The session that the requesting device has proved to have had; its wrong codes are counted separately.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub device: Option<SessionId>,
    /// The member who used it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used_by: Option<MemberId>,
    /// What it was used for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used_for: Option<Purpose>,
}

impl Verification {
    /// A new verification, requested at `now`.
    pub fn new(verification_id: VerificationId, email: EmailAddress, language: Language, now: Timestamp) -> Self {
        let expires_at = now.plus_seconds(VERIFICATION_SECONDS);
        Self { verification_id, email, language, expires_at, attempts: 0, device: None, used_by: None, used_for: None }
    }

    /// Marks it as requested by a device that has logged in before.
    #[must_use]
    pub fn by_device(self, device: Option<SessionId>) -> Self {
        Self { device, ..self }
    }

    /// Checks whether a code for it is still accepted.
    ///
    /// # Errors
    /// [`Error::VerificationExpired`] if it has expired or was used, [`Error::TooManyAttempts`] after too many wrong
    /// codes.
    pub fn check_open(&self, now: Timestamp) -> Result<()> {
        if self.used_by.is_some() || self.expires_at <= now {
            return Err(Error::VerificationExpired);
        }
        if self.attempts >= VERIFICATION_MAX_ATTEMPTS {
            return Err(Error::TooManyAttempts { retry_after_seconds: self.expires_at.seconds_since(now) });
        }
        Ok(())
    }
}

/// A six-digit code as typed or pasted; full-width digits and separators are accepted. Anything else is not a code
/// and costs no attempt.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("example" = "481516", "x-also-refused" = [no_code()]))]
pub struct Code(String);

fn no_code() -> String {
    format!("expected the {VERIFICATION_CODE_DIGITS}-digit code from the e-mail")
}

impl Code {
    /// The digits, without separators.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Code {
    type Error = String;

    /// # Errors
    /// If the text is anything but six digits and separators.
    fn try_from(text: String) -> Result<Self, String> {
        let separates = |character: char| {
            let dash = CodePointMapData::<GeneralCategory>::new().get(character) == GeneralCategory::DashPunctuation;
            dash || character == '\u{2212}' || character.is_whitespace() || character.is_control()
        };
        let digits: String = typed(&text).chars().filter(|character| !separates(*character)).collect();
        let fits = digits.len() == VERIFICATION_CODE_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(digits)) } else { Err(no_code()) }
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_a_code_in_any_spelling() {
        let code = |text: &str| Code::try_from(text.to_owned()).map(|code| code.as_str().to_owned());
        for typed in [
            "042317",
            " 042317\r\n",
            "042 317",
            "042-317",
            "0 4 2 3 1 7",
            "０４２３１７",
            "０４２－３１７",
            "\u{feff}042317",
            "042\u{a0}317",
            "042\u{200b}317",
            "042\u{3000}317",
            "\t042\u{2011}317\u{0}",
            "\u{2}042317\u{3}",
            "042\u{2013}317",
            "\u{202a}042317\u{202c}",
        ] {
            assert_eq!(code(typed).as_deref(), Ok("042317"), "{typed:?}");
        }
        for other in
            ["", "      ", "04231", "0423177", "04231a", "+42317", "４２３１７", "042.317x", "042317 042317", "sesame"]
        {
            assert!(code(other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_verification_is_open_until_expired_used_or_locked() {
        let now = Timestamp::from_millis(1_000);
        let email = EmailAddress::try_from("alice@example.com".to_owned()).unwrap();
        let fresh = Verification::new("v".parse().unwrap(), email, Language::Ko, now);
        assert_eq!(fresh.check_open(now.plus_seconds(599)), Ok(()));
        assert_eq!(fresh.check_open(now.plus_seconds(600)), Err(Error::VerificationExpired));
        let used = Verification {
            used_by: Some("0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap()),
            attempts: 5,
            ..fresh.clone()
        };
        assert_eq!(used.check_open(now), Err(Error::VerificationExpired));
        let guessed = Verification { attempts: 4, ..fresh.clone() };
        assert_eq!(guessed.check_open(now), Ok(()));
        let killed = Verification { attempts: 5, ..fresh };
        assert_eq!(killed.check_open(now), Err(Error::TooManyAttempts { retry_after_seconds: 600 }));
    }
}
