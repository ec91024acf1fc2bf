//! Who may call an endpoint; named as its `Caller` type.

use crate::{App, tokens::Identity};
use frontrow_domain::{Error, Result, Timestamp, member::Role};

/// Who may call, as the OpenAPI document and the route tests read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Public,
    /// Who is logged in.
    Member,
    /// Organizers.
    Organizer,
}

/// A kind of caller.
pub trait Caller: Sized + Send {
    /// Its name in documents.
    const ACCESS: Access;

    /// Judges who is calling.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Forbidden`].
    fn admit(identity: Result<Identity>) -> Result<Self>;
}

/// Anyone, logged in or not.
#[derive(Debug)]
pub struct Anyone(Result<Identity>);

impl Anyone {
    /// Who it is, for the few public calls that sometimes ask.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`].
    pub fn identity(&self) -> Result<&Identity> {
        self.0.as_ref().map_err(Clone::clone)
    }
}

impl Caller for Anyone {
    const ACCESS: Access = Access::Public;
    fn admit(identity: Result<Identity>) -> Result<Self> {
        Ok(Self(identity))
    }
}

/// Who is logged in: a member, or an organizer as a buyer.
pub type Member = Identity;

impl Caller for Member {
    const ACCESS: Access = Access::Member;
    fn admit(identity: Result<Identity>) -> Result<Self> {
        identity
    }
}

/// An organizer.
#[derive(Debug)]
pub struct Organizer(pub Identity);

impl Caller for Organizer {
    const ACCESS: Access = Access::Organizer;
    fn admit(identity: Result<Identity>) -> Result<Self> {
        let identity = identity?;
        if identity.role == Role::Organizer { Ok(Self(identity)) } else { Err(Error::Forbidden) }
    }
}

/// The identity that an `Authorization` header proves.
pub(crate) fn identify(app: &App, header: Option<&str>, now: Timestamp) -> Result<Identity> {
    let (scheme, token) = header.and_then(|header| header.split_once(' ')).ok_or(Error::Unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::Unauthenticated);
    }
    app.tokens.open_access(token.trim(), now).ok_or(Error::Unauthenticated)
}
