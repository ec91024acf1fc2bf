//! Members, their verifications, and what is counted per address. Signing up is one transaction: profile, unique address,
//! wallet, and the verification's use. A new password is one too.

use crate::{
    Store,
    conditions::{ATTEMPTS_ARE_LEFT, EMAIL_IS_FREE, MEMBER_EXISTS, RATE_IS_BELOW, VERIFICATION_IS_OPEN},
    db::{Consistency, Refused},
    keys::{self, Item, Key, from_item, item_of},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{MemberId, SessionId, VerificationId},
    limits::{
        LOGIN_MAX_FAILURES, LOGIN_WINDOW_SECONDS, PASSWORD_MAIL_KEPT_SECONDS, RENAMES_PER_DAY, RENAMES_WINDOW_SECONDS,
        VERIFICATION_MAX_ATTEMPTS, VERIFICATION_WINDOW_SECONDS, VERIFICATIONS_PER_HOUR, WRONG_CODES_PER_DAY,
        WRONG_CODES_WINDOW_SECONDS,
    },
    member::{Email, Member},
    session::RefreshClaims,
    verification::{Purpose, Verification},
    wallet::Wallet,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A member with the hash of his password; without `Debug`, so that it reaches no log.
#[derive(Serialize, Deserialize)]
pub struct Credentials {
    /// The member.
    #[serde(flatten)]
    pub member: Member,
    /// The hash, as a PHC string.
    pub password_hash: String,
    /// How often all sessions of the member were ended.
    #[serde(default)]
    pub sessions_edition: u64,
    /// When the member was last renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct EmailItem {
    member_id: MemberId,
}

#[derive(Deserialize)]
struct RateItem {
    count: u32,
}

/// Who is counted: strangers to an address all together, and apart from them each device that logged in with it before.
/// So nobody can use up what the owner's own device may do.
#[derive(Debug, Clone, Copy)]
pub struct Attempts<'a> {
    /// The address.
    pub email: &'a Email,
    /// The session that the device proved to have had; `None`: a stranger.
    pub device: Option<&'a SessionId>,
}

/// Something counted per address in windows of time. An address, never an IP: many members share one.
pub(crate) struct Rate {
    what: &'static str,
    /// How the address is counted: as it is, or with all others of its mailbox.
    of: fn(&Email) -> String,
    limit: u32,
    window_seconds: i64,
}

/// Codes mailed.
const VERIFICATIONS: Rate = Rate {
    what: "verification",
    of: Email::mailbox,
    limit: VERIFICATIONS_PER_HOUR,
    window_seconds: VERIFICATION_WINDOW_SECONDS,
};
/// Wrong codes, over all verifications of an address.
const WRONG_CODES: Rate =
    Rate { what: "code", of: Email::to_string, limit: WRONG_CODES_PER_DAY, window_seconds: WRONG_CODES_WINDOW_SECONDS };
/// New names of a member.
pub(crate) const RENAMES: Rate =
    Rate { what: "rename", of: Email::to_string, limit: RENAMES_PER_DAY, window_seconds: RENAMES_WINDOW_SECONDS };
/// Logins with a wrong password.
const FAILED_LOGINS: Rate =
    Rate { what: "login", of: Email::to_string, limit: LOGIN_MAX_FAILURES, window_seconds: LOGIN_WINDOW_SECONDS };

impl Rate {
    fn window(&self, now: Timestamp) -> i64 {
        now.millis().div_euclid(self.window_seconds * 1000)
    }

    fn window_end(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis((self.window(now) + 1) * self.window_seconds * 1000)
    }

    pub(crate) fn retry_after_seconds(&self, now: Timestamp) -> i64 {
        self.window_end(now).seconds_since(now)
    }

    fn key(&self, of: Attempts<'_>, now: Timestamp) -> Key {
        keys::rate(self.what, &(self.of)(of.email), of.device, self.window(now))
    }

    /// That no more attempts of this window are judged.
    fn used_up(&self, now: Timestamp) -> Error {
        Error::TooManyAttempts { retry_after_seconds: self.retry_after_seconds(now) }
    }

    pub(crate) fn count_one(&self, of: Attempts<'_>, now: Timestamp) -> Write {
        Write::update(self.key(of, now), "SET #entity = :rate, #ttl = :ttl ADD #count :one")
            .when(&RATE_IS_BELOW)
            .value("limit", self.limit)
            .value("one", 1)
            .value("rate", "rate")
            .value("ttl", self.window_end(now).ttl_seconds())
    }
}

impl Store {
    /// Keeps a fresh verification; its arrival in the table's stream mails the code.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when the mailbox has had its codes of this hour.
    pub async fn start_verification(&self, verification: &Verification, now: Timestamp) -> Result<()> {
        let item = item_of(keys::verification(&verification.verification_id), "verification", verification);
        let put = Write::put(keys::with_ttl(item, verification.expires_at)).caused_by(self.request());
        match self.transact(vec![VERIFICATIONS.count_one(attempts_at(verification), now), put]).await {
            Ok(()) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(_)) => {
                Err(Error::TooManyRequests { retry_after_seconds: VERIFICATIONS.retry_after_seconds(now) })
            }
        }
    }

    /// A verification for which a code is still looked at.
    ///
    /// # Errors
    /// [`Error::VerificationExpired`] for unknown, used and lapsed ones, [`Error::TooManyAttempts`].
    pub async fn open_verification(&self, id: &VerificationId, now: Timestamp) -> Result<Verification> {
        let item = self.get(&keys::verification(id), Consistency::Strong).await?;
        judge_verification(item, now)
    }

    /// Counts a wrong code, for its verification and for the day of its address. A transaction, because its request token
    /// keeps a repeated send from counting twice.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] when the verification's attempts or those of the day are used up.
    pub async fn count_wrong_code(&self, verification: &Verification, now: Timestamp) -> Result<()> {
        let count = Write::update(keys::verification(&verification.verification_id), "ADD #attempts :one")
            .when(&ATTEMPTS_ARE_LEFT)
            .value("attempts_max", VERIFICATION_MAX_ATTEMPTS)
            .value("one", 1);
        match self.transact(vec![count, WRONG_CODES.count_one(attempts_at(verification), now)]).await {
            Ok(()) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(mut images)) => match images.swap_remove(0) {
                Some(image) => Err(why_not_open(Some(image), now)),
                None => Err(WRONG_CODES.used_up(now)),
            },
        }
    }

    /// Whether a right code for `verification` still counts. Asked after it was found right: of many guesses at once, those
    /// beyond the limit learn nothing.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] when the wrong codes of the day are used up.
    pub async fn check_wrong_codes(&self, verification: &Verification, now: Timestamp) -> Result<()> {
        self.check(&WRONG_CODES, attempts_at(verification), now).await
    }

    /// Makes a member with an empty wallet, using up the verification, if there is one (the local stack's own members
    /// have none).
    ///
    /// # Errors
    /// [`Error::VerificationExpired`] or [`Error::TooManyAttempts`] when the verification was used or killed meanwhile;
    /// [`Error::EmailTaken`].
    pub async fn create_member(
        &self,
        member: &Member,
        password_hash: String,
        verification: Option<&VerificationId>,
    ) -> Result<()> {
        let id = &member.member_id;
        let credentials = Credentials { member: member.clone(), password_hash, sessions_edition: 0, changed_at: None };
        let email = item_of(keys::email(&member.email), "email", &EmailItem { member_id: *id });
        let mut writes = vec![
            Write::put(item_of(keys::member(id), "member", &credentials)),
            Write::put(email).when(&EMAIL_IS_FREE),
            Write::put(item_of(keys::wallet(id), "wallet", &Wallet::default())),
        ];
        let used = |verification| use_up(verification, id, Purpose::SignUp);
        writes.extend(verification.map(used));
        match self.transact(writes).await {
            Ok(()) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            // The verification first, as for one whose use is long past.
            Err(Refused::Conditions(mut images)) => match images.get_mut(3).and_then(Option::take) {
                Some(image) => Err(why_not_open(Some(image), member.created_at)),
                None => Err(Error::EmailTaken),
            },
        }
    }

    /// Gives a member another password, using up the verification of their address, and ends all their sessions. What was
    /// counted of wrong passwords is forgotten. The verification's arrival in the table's stream mails that this was done.
    ///
    /// # Errors
    /// [`Error::VerificationExpired`] or [`Error::TooManyAttempts`] when the verification was used or killed meanwhile;
    /// [`Error::NotFound`] when the account was deleted meanwhile.
    pub async fn replace_password(
        &self,
        id: &MemberId,
        password_hash: String,
        verification: &Verification,
        now: Timestamp,
    ) -> Result<()> {
        let of = attempts_at(verification);
        let mut writes = vec![
            use_up(&verification.verification_id, id, Purpose::Password)
                .value("ttl", now.plus_seconds(PASSWORD_MAIL_KEPT_SECONDS).ttl_seconds())
                .caused_by(self.request()),
            Write::update(keys::member(id), "SET #password_hash = :password_hash ADD #sessions_edition :one")
                .when(&MEMBER_EXISTS)
                .value("password_hash", password_hash)
                .value("one", 1),
            Write::delete(FAILED_LOGINS.key(Attempts { device: None, ..of }, now)),
        ];
        writes.extend(of.device.map(|_| Write::delete(FAILED_LOGINS.key(of, now))));
        match self.transact(writes).await {
            Ok(()) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(mut images)) => match images.swap_remove(0) {
                Some(image) => Err(why_not_open(Some(image), now)),
                None => Err(Error::NotFound),
            },
        }
    }

    /// A member.
    ///
    /// # Errors
    /// As any read.
    pub async fn member(&self, id: &MemberId) -> Result<Option<Member>> {
        Ok(self.account(id).await?.live().map(|credentials| credentials.member))
    }

    /// The device whose refresh token says that it logged in as the member of `email` before; `None` for everybody else's.
    ///
    /// # Errors
    /// As any read.
    pub async fn device_of(&self, email: &Email, claims: Option<RefreshClaims>) -> Result<Option<SessionId>> {
        let Some(claims) = claims else { return Ok(None) };
        let known =
            self.get(&keys::email(email), Consistency::Strong).await?.map(from_item::<EmailItem>).transpose()?;
        Ok(known.filter(|known| known.member_id == claims.member_id).map(|_| claims.session_id))
    }

    /// Who signed up with `email`. An unknown address costs the same two reads as a known one.
    ///
    /// # Errors
    /// As any read.
    pub async fn credentials(&self, email: &Email) -> Result<Option<Credentials>> {
        let known =
            self.get(&keys::email(email), Consistency::Strong).await?.map(from_item::<EmailItem>).transpose()?;
        let id = known.map_or(MemberId(Uuid::nil()), |known| known.member_id);
        Ok(self.account(&id).await?.live())
    }

    /// Counts a login with a wrong password.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] when the address has had its failures of this window.
    pub async fn count_failed_login(&self, of: Attempts<'_>, now: Timestamp) -> Result<()> {
        match self.write(FAILED_LOGINS.count_one(of, now)).await {
            Ok(_) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(_)) => Err(FAILED_LOGINS.used_up(now)),
        }
    }

    /// Whether a right password may still log in. Asked after the password was checked: of many guesses at once, those
    /// beyond the limit learn nothing, also where one is right.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] when the address has had its failures of this window.
    pub async fn check_failed_logins(&self, of: Attempts<'_>, now: Timestamp) -> Result<()> {
        self.check(&FAILED_LOGINS, of, now).await
    }

    async fn check(&self, rate: &Rate, of: Attempts<'_>, now: Timestamp) -> Result<()> {
        let item = self.get(&rate.key(of, now), Consistency::Strong).await?;
        let counted = item.map(from_item::<RateItem>).transpose()?;
        let used_up = counted.is_some_and(|counted| counted.count >= rate.limit);
        if used_up { Err(rate.used_up(now)) } else { Ok(()) }
    }
}

/// A verification is used once, for whatever.
fn use_up(verification: &VerificationId, member: &MemberId, purpose: Purpose) -> Write {
    let update = match purpose {
        Purpose::SignUp => "SET #used_by = :used_by, #used_for = :used_for",
        Purpose::Password => "SET #used_by = :used_by, #used_for = :used_for, #ttl = :ttl",
    };
    Write::update(keys::verification(verification), update)
        .when(&VERIFICATION_IS_OPEN)
        .value("used_by", member.to_string())
        .value("used_for", keys::attribute(&purpose))
        .value("attempts_max", VERIFICATION_MAX_ATTEMPTS)
}

/// Who is counted for codes of `verification`: the device that asked for it.
fn attempts_at(verification: &Verification) -> Attempts<'_> {
    Attempts { email: &verification.email, device: verification.device.as_ref() }
}

fn judge_verification(item: Option<Item>, now: Timestamp) -> Result<Verification> {
    let item = item.filter(|item| !item.is_empty()).ok_or(Error::VerificationExpired)?;
    let verification: Verification = from_item(item)?;
    verification.check_open(now)?;
    Ok(verification)
}

/// Why the verification that stood in the way is not open.
fn why_not_open(image: Option<Item>, now: Timestamp) -> Error {
    judge_verification(image, now).err().unwrap_or(Error::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_where_the_next_begins() {
        let last = Timestamp::from_millis(7_199_999);
        let next = Timestamp::from_millis(7_200_000);
        assert_eq!((VERIFICATIONS.window(last), VERIFICATIONS.window(next)), (1, 2));
        assert_eq!((VERIFICATIONS.retry_after_seconds(last), VERIFICATIONS.retry_after_seconds(next)), (1, 3_600));
    }
}
