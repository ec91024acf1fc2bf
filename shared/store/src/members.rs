//! Members, their verifications and per-address counters. Signing up is one transaction: profile, unique address,
//! wallet, and use of the verification. So is setting a new password.

use crate::{
    Store,
    conditions::{ATTEMPTS_ARE_LEFT, EMAIL_IS_FREE, MEMBER_EXISTS, RATE_IS_BELOW, VERIFICATION_IS_OPEN},
    db::Consistency,
    keys::{self, Item, Key, from_item, item_of},
    limits::PASSWORD_MAIL_KEPT_SECONDS,
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{MemberId, SessionId, VerificationId},
    limits::{
        LOGIN_MAX_FAILURES, LOGIN_WINDOW_SECONDS, RENAMES_PER_DAY, RENAMES_WINDOW_SECONDS, VERIFICATION_MAX_ATTEMPTS,
        VERIFICATION_WINDOW_SECONDS, VERIFICATIONS_PER_HOUR, WRONG_CODES_PER_DAY, WRONG_CODES_WINDOW_SECONDS,
    },
    member::{EmailAddress, Member},
    session::RefreshClaims,
    verification::{Purpose, Verification},
    wallet::Wallet,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A member with the hash of their password. It has no `Debug`, so that it cannot be logged.
#[derive(Serialize, Deserialize)]
pub struct Credentials {
    /// The member without the hash.
    #[serde(flatten)]
    pub member: Member,
    /// The password hash as a PHC string.
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

/// Whose attempts are counted: each device that has logged in to the address before separately, and all others
/// together. So nobody can use up the attempts of the owner's own device.
#[derive(Debug, Clone, Copy)]
pub struct Attempts<'a> {
    /// The e-mail address under attempt.
    pub email: &'a EmailAddress,
    /// The session that the device has proved to have had; `None` for an unknown device.
    pub device: Option<&'a SessionId>,
}

/// A counter per address and time window. It counts by address, never by IP, because many members share one.
pub(crate) struct Rate {
    what: &'static str,
    /// How an address is counted: by itself, or together with all others of its mailbox.
    of: fn(&EmailAddress) -> String,
    limit: u32,
    window_seconds: i64,
}

/// Mailed codes.
const VERIFICATIONS: Rate = Rate {
    what: "verification",
    of: EmailAddress::mailbox,
    limit: VERIFICATIONS_PER_HOUR,
    window_seconds: VERIFICATION_WINDOW_SECONDS,
};
/// Wrong codes over all verifications of an address.
const WRONG_CODES: Rate = Rate {
    what: "code",
    of: EmailAddress::to_string,
    limit: WRONG_CODES_PER_DAY,
    window_seconds: WRONG_CODES_WINDOW_SECONDS,
};
/// A member's changes of name.
pub(crate) const RENAMES: Rate = Rate {
    what: "rename",
    of: EmailAddress::to_string,
    limit: RENAMES_PER_DAY,
    window_seconds: RENAMES_WINDOW_SECONDS,
};
/// Logins with a wrong password.
const FAILED_LOGINS: Rate = Rate {
    what: "login",
    of: EmailAddress::to_string,
    limit: LOGIN_MAX_FAILURES,
    window_seconds: LOGIN_WINDOW_SECONDS,
};

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

    /// The error for attempts beyond the limit of this window.
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
    /// Stores a new verification. Its record in the table's stream triggers the mail with the code.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] if the mailbox has received its codes of this hour.
    pub async fn start_verification(&self, verification: &Verification, now: Timestamp) -> Result<()> {
        let item = item_of(keys::verification(&verification.verification_id), "verification", verification);
        let put = Write::put(keys::with_ttl(item, verification.expires_at)).caused_by(self.request());
        let started = self.transact(vec![VERIFICATIONS.count_one(attempts_at(verification), now), put]).await?;
        started.map_err(|_| Error::TooManyRequests { retry_after_seconds: VERIFICATIONS.retry_after_seconds(now) })
    }

    /// A verification that still accepts codes.
    ///
    /// # Errors
    /// [`Error::VerificationExpired`] for unknown, used and expired ones, [`Error::TooManyAttempts`].
    pub async fn open_verification(&self, id: &VerificationId, now: Timestamp) -> Result<Verification> {
        let item = self.get(&keys::verification(id), Consistency::Strong).await?;
        judge_verification(item, now)
    }

    /// Counts a wrong code for its verification and for its address's day. It is a transaction, because the request
    /// token keeps a retry from counting twice.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] if the attempts of the verification or of the day are used up.
    pub async fn count_wrong_code(&self, verification: &Verification, now: Timestamp) -> Result<()> {
        let key = keys::verification(&verification.verification_id);
        let count = Write::update(key.clone(), "ADD #attempts :one")
            .when(&ATTEMPTS_ARE_LEFT)
            .value("attempts_max", VERIFICATION_MAX_ATTEMPTS)
            .value("one", 1);
        let counted = self.transact(vec![count, WRONG_CODES.count_one(attempts_at(verification), now)]).await?;
        counted.map_err(|refusal| match refusal.image(&key) {
            Some(image) => why_not_open(Some(image), now),
            None => WRONG_CODES.used_up(now),
        })
    }

    /// Checks whether a correct code for `verification` still counts. Called after the code was found correct, so
    /// that of many concurrent guesses those beyond the limit reveal nothing.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] if the wrong codes of the day are used up.
    pub async fn check_wrong_codes(&self, verification: &Verification, now: Timestamp) -> Result<()> {
        self.check(&WRONG_CODES, attempts_at(verification), now).await
    }

    /// Creates a member with an empty wallet and uses up the verification, if there is one (the local stack's own
    /// members have none).
    ///
    /// # Errors
    /// [`Error::VerificationExpired`] or [`Error::TooManyAttempts`] if the verification was used or exhausted
    /// meanwhile; [`Error::EmailTaken`].
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
        let created = self.transact(writes).await?;
        // The verification first, as for one that was used long ago.
        created.map_err(|refusal| {
            match verification.and_then(|verification| refusal.image(&keys::verification(verification))) {
                Some(image) => why_not_open(Some(image), member.created_at),
                None => Error::EmailTaken,
            }
        })
    }

    /// Sets a member's password, uses up the verification of their address, ends all their sessions, and clears their
    /// failed logins. The verification's record in the table's stream triggers the confirmation mail.
    ///
    /// # Errors
    /// [`Error::VerificationExpired`] or [`Error::TooManyAttempts`] if the verification was used or exhausted
    /// meanwhile; [`Error::NotFound`] if the account was deleted meanwhile.
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
        let replaced = self.transact(writes).await?;
        replaced.map_err(|refusal| match refusal.image(&keys::verification(&verification.verification_id)) {
            Some(image) => why_not_open(Some(image), now),
            None => Error::NotFound,
        })
    }

    /// A member, or `None` if the account was deleted or never existed.
    ///
    /// # Errors
    /// As any read.
    pub async fn member(&self, id: &MemberId) -> Result<Option<Member>> {
        Ok(self.account(id).await?.live().map(|credentials| credentials.member))
    }

    /// The device whose refresh token proves an earlier login as the member of `email`; `None` for any other token.
    ///
    /// # Errors
    /// As any read.
    pub async fn device_of(&self, email: &EmailAddress, claims: Option<RefreshClaims>) -> Result<Option<SessionId>> {
        let Some(claims) = claims else { return Ok(None) };
        let known =
            self.get(&keys::email(email), Consistency::Strong).await?.map(from_item::<EmailItem>).transpose()?;
        Ok(known.filter(|known| known.member_id == claims.member_id).map(|_| claims.session_id))
    }

    /// The member with the address `email`. An unknown address costs the same two reads as a known one.
    ///
    /// # Errors
    /// As any read.
    pub async fn credentials(&self, email: &EmailAddress) -> Result<Option<Credentials>> {
        let known =
            self.get(&keys::email(email), Consistency::Strong).await?.map(from_item::<EmailItem>).transpose()?;
        let id = known.map_or(MemberId(Uuid::nil()), |known| known.member_id);
        Ok(self.account(&id).await?.live())
    }

    /// Counts a login with a wrong password.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] if the address has used up its failures of this window.
    pub async fn count_failed_login(&self, of: Attempts<'_>, now: Timestamp) -> Result<()> {
        self.write(FAILED_LOGINS.count_one(of, now)).await?.map(drop).map_err(|_| FAILED_LOGINS.used_up(now))
    }

    /// Checks whether a correct password may still log in. Called after the password was checked, so that of many
    /// concurrent guesses those beyond the limit reveal nothing, even if one is correct.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] if the address has used up its failures of this window.
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

/// Uses up a verification, which works once, whatever its purpose.
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

/// Whose attempts count for codes of `verification`: those of the device that requested it.
fn attempts_at(verification: &Verification) -> Attempts<'_> {
    Attempts { email: &verification.email, device: verification.device.as_ref() }
}

fn judge_verification(item: Option<Item>, now: Timestamp) -> Result<Verification> {
    let item = item.filter(|item| !item.is_empty()).ok_or(Error::VerificationExpired)?;
    let verification: Verification = from_item(item)?;
    verification.check_open(now)?;
    Ok(verification)
}

/// Why the verification in the image of a failed condition is not open.
fn why_not_open(image: Option<Item>, now: Timestamp) -> Error {
    judge_verification(image, now).err().unwrap_or(Error::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_adjacent() {
        let last = Timestamp::from_millis(7_199_999);
        let next = Timestamp::from_millis(7_200_000);
        assert_eq!((VERIFICATIONS.window(last), VERIFICATIONS.window(next)), (1, 2));
        assert_eq!((VERIFICATIONS.retry_after_seconds(last), VERIFICATIONS.retry_after_seconds(next)), (1, 3_600));
    }
}
