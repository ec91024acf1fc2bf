//! The kinds of callers of endpoints, named in their `Caller` type.

use crate::{App, Secret, tokens::Identity};
use frontrow_domain::{Error, Result, Timestamp, member::Role};

/// Required access level, as read by the OpenAPI document and the route tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, with or without login.
    Public,
    /// Any logged-in member or organizer.
    Member,
    /// Only organizers.
    Organizer,
}

impl Access {
    /// `declared`, and the signing keys if a login is verified with them.
    pub fn secrets(self, declared: &[Secret]) -> Vec<Secret> {
        let of_login = (self != Self::Public).then_some(Secret::SigningKeys);
        of_login.into_iter().chain(declared.iter().copied()).collect()
    }
}

/// A kind of caller.
pub trait Caller: Sized + Send {
    /// Access level in documents.
    const ACCESS: Access;

    /// Checks that this caller may call the endpoint.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Forbidden`].
    fn admit(identity: Result<Identity>) -> Result<Self>;
}

/// Anyone, logged in or not.
#[derive(Debug)]
pub struct Anyone(Result<Identity>);

impl Anyone {
    /// The caller's identity, for the few public endpoints that sometimes require it.
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

/// A logged-in member, or an organizer acting as a buyer.
pub type Member = Identity;

impl Caller for Member {
    const ACCESS: Access = Access::Member;
    fn admit(identity: Result<Identity>) -> Result<Self> {
        identity
    }
}

/// A logged-in organizer.
#[derive(Debug)]
pub struct Organizer(pub Identity);

impl Caller for Organizer {
    const ACCESS: Access = Access::Organizer;
    fn admit(identity: Result<Identity>) -> Result<Self> {
        let identity = identity?;
        if identity.role == Role::Organizer { Ok(Self(identity)) } else { Err(Error::Forbidden) }
    }
}

/// The identity proven by an `Authorization` header.
pub(crate) fn identify(app: &App, header: Option<&str>, now: Timestamp) -> Result<Identity> {
    let (scheme, token) = header.and_then(|header| header.split_once(' ')).ok_or(Error::Unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::Unauthenticated);
    }
    app.tokens.open_access(token.trim(), now).ok_or(Error::Unauthenticated)
}
