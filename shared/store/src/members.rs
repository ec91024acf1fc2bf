//! Members, their verifications, and what is counted per address. Signing up is one transaction: profile, unique address,
//! wallet, and the verification's use. A new password is one too.

use crate::{
    Store,
    conditions::{ATTEMPTS_ARE_LEFT, EMAIL_IS_FREE, RATE_IS_BELOW, VERIFICATION_IS_OPEN},
    db::{Consistency, Refused},
    keys::{self, Item, Key, from_item, item_of},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{MemberId, VerificationId},
    limits::{
        LOGIN_MAX_FAILURES, LOGIN_WINDOW_SECONDS, VERIFICATION_MAX_ATTEMPTS, VERIFICATION_WINDOW_SECONDS,
        VERIFICATIONS_PER_HOUR,
    },
    member::{Email, Member},
    verification::Verification,
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
}

#[derive(Serialize, Deserialize)]
struct EmailItem {
    member_id: MemberId,
}

#[derive(Deserialize)]
struct RateItem {
    count: u32,
}

/// Something counted per address in windows of time. An address, never an IP: many members share one.
struct Rate {
    what: &'static str,
    limit: u32,
    window_seconds: i64,
}

/// Codes mailed.
const VERIFICATIONS: Rate =
    Rate { what: "verification", limit: VERIFICATIONS_PER_HOUR, window_seconds: VERIFICATION_WINDOW_SECONDS };
/// Logins with a wrong password.
const FAILED_LOGINS: Rate = Rate { what: "login", limit: LOGIN_MAX_FAILURES, window_seconds: LOGIN_WINDOW_SECONDS };

impl Rate {
    fn window(&self, now: Timestamp) -> i64 {
        now.millis().div_euclid(self.window_seconds * 1000)
    }

    fn window_end(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis((self.window(now) + 1) * self.window_seconds * 1000)
    }

    fn retry_after_seconds(&self, now: Timestamp) -> i64 {
        self.window_end(now).seconds_since(now)
    }

    fn key(&self, address: &str, now: Timestamp) -> Key {
        keys::rate(self.what, address, self.window(now))
    }

    fn count_one(&self, address: &str, now: Timestamp) -> Write {
        Write::update(self.key(address, now), "SET #entity = :rate, #ttl = :ttl ADD #count :one")
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
        let count = VERIFICATIONS.count_one(&verification.email.mailbox(), now);
        match self.transact(vec![count, put]).await {
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

    /// Counts a wrong code. A transaction of one write, because its request token keeps a repeated send from counting
    /// twice.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] when others have used up the attempts meanwhile.
    pub async fn count_wrong_code(&self, id: &VerificationId, now: Timestamp) -> Result<()> {
        let count = Write::update(keys::verification(id), "ADD #attempts :one")
            .when(&ATTEMPTS_ARE_LEFT)
            .value("attempts_max", VERIFICATION_MAX_ATTEMPTS)
            .value("one", 1);
        match self.transact(vec![count]).await {
            Ok(()) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(mut images)) => Err(why_not_open(images.swap_remove(0), now)),
        }
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
        let credentials = Credentials { member: member.clone(), password_hash };
        let email = item_of(keys::email(&member.email), "email", &EmailItem { member_id: *id });
        let mut writes = vec![
            Write::put(item_of(keys::member(id), "member", &credentials)),
            Write::put(email).when(&EMAIL_IS_FREE),
            Write::put(item_of(keys::wallet(id), "wallet", &Wallet::default())),
        ];
        writes.extend(verification.map(|verification| use_up(verification, id)));
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

    /// Gives `member` another password, using up the verification of his address. What was counted of wrong ones is
    /// forgotten.
    ///
    /// # Errors
    /// [`Error::VerificationExpired`] or [`Error::TooManyAttempts`] when the verification was used or killed meanwhile.
    pub async fn replace_password(
        &self,
        member: &Member,
        password_hash: String,
        verification: &VerificationId,
        now: Timestamp,
    ) -> Result<()> {
        let id = &member.member_id;
        let writes = vec![
            use_up(verification, id),
            Write::update(keys::member(id), "SET #password_hash = :password_hash")
                .value("password_hash", password_hash),
            Write::delete(FAILED_LOGINS.key(member.email.as_str(), now)),
        ];
        match self.transact(writes).await {
            Ok(()) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(mut images)) => Err(why_not_open(images.swap_remove(0), now)),
        }
    }

    /// A member.
    ///
    /// # Errors
    /// As any read.
    pub async fn member(&self, id: &MemberId) -> Result<Option<Member>> {
        self.get(&keys::member(id), Consistency::Strong).await?.map(from_item).transpose()
    }

    /// Who signed up with `email`. An unknown address costs the same two reads as a known one.
    ///
    /// # Errors
    /// As any read.
    pub async fn credentials(&self, email: &Email) -> Result<Option<Credentials>> {
        let known =
            self.get(&keys::email(email), Consistency::Strong).await?.map(from_item::<EmailItem>).transpose()?;
        let id = known.map_or(MemberId(Uuid::nil()), |known| known.member_id);
        self.get(&keys::member(&id), Consistency::Strong).await?.map(from_item).transpose()
    }

    /// Counts a login with a wrong password.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] when the address has had its failures of this window.
    pub async fn count_failed_login(&self, email: &Email, now: Timestamp) -> Result<()> {
        match self.write(FAILED_LOGINS.count_one(email.as_str(), now)).await {
            Ok(_) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(_)) => Err(too_many_logins(now)),
        }
    }

    /// Whether a right password may still log in. Asked after the password was checked: of many guesses at once, those
    /// beyond the limit learn nothing, also where one is right.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] when the address has had its failures of this window.
    pub async fn check_failed_logins(&self, email: &Email, now: Timestamp) -> Result<()> {
        let item = self.get(&FAILED_LOGINS.key(email.as_str(), now), Consistency::Strong).await?;
        let rate = item.map(from_item::<RateItem>).transpose()?;
        let used_up = rate.is_some_and(|rate| rate.count >= FAILED_LOGINS.limit);
        if used_up { Err(too_many_logins(now)) } else { Ok(()) }
    }
}

/// A verification is used once, for whatever.
fn use_up(verification: &VerificationId, member: &MemberId) -> Write {
    Write::update(keys::verification(verification), "SET #used_by = :used_by")
        .when(&VERIFICATION_IS_OPEN)
        .value("used_by", member.to_string())
        .value("attempts_max", VERIFICATION_MAX_ATTEMPTS)
}

fn too_many_logins(now: Timestamp) -> Error {
    Error::TooManyAttempts { retry_after_seconds: FAILED_LOGINS.retry_after_seconds(now) }
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
