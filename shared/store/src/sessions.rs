//! Sessions: one item for each login, with the number of its valid refresh token. Ending a session deletes its item.
//! Ending all sessions of a member increments an edition on their profile, because a transaction has room for only a
//! hundred items.

use crate::{
    Store,
    accounts::Account,
    conditions::{SESSION_UNCHANGED, SESSIONS_OF_EDITION},
    db::Consistency,
    keys::{self, from_item, item_of},
    write::Write,
};
use frontrow_domain::{
    Error, Result,
    ids::{MemberId, SessionId},
    member::Member,
    session::Session,
};

/// The outcome of renewing a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The session was renewed.
    Done,
    /// The session has changed: another refresh came first, or it has ended.
    Overtaken,
}

impl Store {
    /// Stores a new session.
    ///
    /// # Errors
    /// As any write.
    pub async fn begin_session(&self, session: &Session) -> Result<()> {
        let item = item_of(keys::session(&session.member_id, &session.session_id), "session", session);
        self.write_always(Write::put(keys::with_ttl(item, session.expires_at))).await
    }

    /// A session with its member, read consistently.
    ///
    /// # Errors
    /// [`Error::SessionExpired`] if it does not exist, or was ended together with all other sessions of its member.
    pub async fn live_session(&self, member: &MemberId, id: &SessionId) -> Result<(Session, Member)> {
        let found = self.get_two([keys::session(member, id), keys::member(member)], Consistency::Strong).await?;
        let [Some(session), Some(member)] = found else { return Err(Error::SessionExpired) };
        let member = Account::of(Some(member))?.live().ok_or(Error::SessionExpired)?;
        let session: Session = from_item(session)?;
        if session.edition == member.sessions_edition {
            Ok((session, member.member))
        } else {
            Err(Error::SessionExpired)
        }
    }

    /// Replaces the session that was `seen` by `next`.
    ///
    /// # Errors
    /// As any write.
    pub async fn renew_session(&self, seen: &Session, next: &Session) -> Result<Renewal> {
        let key = keys::session(&seen.member_id, &seen.session_id);
        let renew = Write::update(
            key,
            "SET #number = :number, #renewed_at = :renewed_at, #expires_at = :expires_at, #ttl = :ttl",
        );
        let renew = renew
            .when(&SESSION_UNCHANGED)
            .value("seen", seen.number)
            .value("number", next.number)
            .value("renewed_at", next.renewed_at)
            .value("expires_at", next.expires_at)
            .value("ttl", next.expires_at.ttl_seconds());
        Ok(if self.write(renew).await?.is_ok() { Renewal::Done } else { Renewal::Overtaken })
    }

    /// Ends a session. It may already have ended.
    ///
    /// # Errors
    /// As any write.
    pub async fn end_session(&self, member: &MemberId, id: &SessionId) -> Result<()> {
        self.write_always(Write::delete(keys::session(member, id))).await
    }

    /// Ends a session whose refresh token was used twice.
    ///
    /// # Errors
    /// As any write.
    pub async fn end_reused_session(&self, session: &Session) -> Result<()> {
        tracing::warn!(member_id = %session.member_id, "refresh token reused; ending its session");
        self.end_session(&session.member_id, &session.session_id).await
    }

    /// Ends all sessions of the member that began in `edition`; later ones stay.
    ///
    /// # Errors
    /// As any write.
    pub async fn end_all_sessions(&self, member: &MemberId, edition: u64) -> Result<()> {
        let end = Write::update(keys::member(member), "SET #sessions_edition = :next")
            .when(&SESSIONS_OF_EDITION)
            .value("edition", edition)
            .value("next", edition + 1);
        // If it is refused, they had already ended, or the account is deleted.
        self.write(end).await.map(drop)
    }

    pub(crate) async fn delete_session_item(&self, member: &MemberId, sort_key: String) -> Result<()> {
        self.write_always(Write::delete(keys::in_member(member, sort_key))).await
    }
}
