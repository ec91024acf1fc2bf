//! Sessions: a login that outlives its access token. Its refresh tokens are numbered and form one family; each can be
//! used once. If one is used a second time, it is unknown which of the two users stole it, so the family ends.

use crate::{
    Error, Result, Timestamp,
    ids::{MemberId, SessionId},
    limits::{REFRESH_RETRY_SECONDS, REFRESH_TOKEN_SECONDS},
};
use serde::{Deserialize, Serialize};

/// The content of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshClaims {
    /// The member who logged in.
    pub member_id: MemberId,
    /// The session that the token belongs to.
    pub session_id: SessionId,
    /// The token's number within the session, from 0.
    pub number: u32,
}

/// A session as stored: without any token, only the number of the valid one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Shared by all refresh tokens of the login.
    pub session_id: SessionId,
    /// The member who logged in.
    pub member_id: MemberId,
    /// How often all sessions of the member had been ended when this one began. The session is live while that number
    /// stays the same.
    pub edition: u64,
    /// The number of the valid refresh token.
    pub number: u32,
    /// When that token was created.
    pub renewed_at: Timestamp,
    /// When that token expires.
    pub expires_at: Timestamp,
}

/// The outcome of presenting a genuine refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// It was valid; this is the session with the next token.
    Renewed(Session),
    /// It was used a moment ago: a retry, which gets the same valid successor again.
    Again,
    /// It had already been used: the family ends.
    Reused,
}

impl Session {
    /// A session that begins at `now`.
    pub fn begin(session_id: SessionId, member_id: MemberId, edition: u64, now: Timestamp) -> Self {
        let expires_at = now.plus_seconds(REFRESH_TOKEN_SECONDS);
        Self { session_id, member_id, edition, number: 0, renewed_at: now, expires_at }
    }

    /// Evaluates the refresh token with this `number` at `now`.
    ///
    /// # Errors
    /// [`Error::SessionExpired`].
    pub fn present(&self, number: u32, now: Timestamp) -> Result<Presented> {
        if self.expires_at <= now || number > self.number {
            return Err(Error::SessionExpired);
        }
        if number == self.number {
            let expires_at = now.plus_seconds(REFRESH_TOKEN_SECONDS);
            let number = number.checked_add(1).ok_or(Error::SessionExpired)?;
            return Ok(Presented::Renewed(Self { number, renewed_at: now, expires_at, ..self.clone() }));
        }
        let is_retry = number + 1 == self.number && now < self.renewed_at.plus_seconds(REFRESH_RETRY_SECONDS);
        Ok(if is_retry { Presented::Again } else { Presented::Reused })
    }

    /// The content of the valid refresh token.
    pub fn claims(&self) -> RefreshClaims {
        RefreshClaims { member_id: self.member_id, session_id: self.session_id.clone(), number: self.number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn session() -> Session {
        let member = "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap();
        Session::begin("s".parse().unwrap(), member, 0, NOW)
    }

    fn renewed(session: &Session, now: Timestamp) -> Session {
        match session.present(session.number, now) {
            Ok(Presented::Renewed(next)) => next,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_refresh_token_lives_for_two_weeks() {
        let first = session();
        let last_moment = NOW.plus_seconds(14 * 24 * 3600 - 1);
        let second = renewed(&first, last_moment);
        assert_eq!((second.number, second.expires_at), (1, last_moment.plus_seconds(14 * 24 * 3600)));
        assert_eq!(first.present(0, NOW.plus_seconds(14 * 24 * 3600)), Err(Error::SessionExpired));
    }

    #[test]
    fn a_reused_token_is_a_retry_for_a_minute_and_then_a_theft() {
        let third = renewed(&renewed(&session(), NOW), NOW);
        assert_eq!(third.present(1, NOW.plus_seconds(59)), Ok(Presented::Again));
        assert_eq!(third.present(1, NOW.plus_seconds(60)), Ok(Presented::Reused));
        assert_eq!(third.present(0, NOW), Ok(Presented::Reused), "only the last token can be retried");
        assert_eq!(third.present(3, NOW), Err(Error::SessionExpired), "a token that was not issued yet");
    }
}
