//! Access and queue tokens: PASETO v4.local, which has one algorithm and shows nothing to who carries it. The footer
//! names the key, so keys can be changed while tokens live.

use crate::{codes::derive, secrets::KeyRing};
use frontrow_domain::{
    Timestamp,
    ids::{MemberId, PerformanceId},
    limits::TOKEN_MAX_CHARS,
    member::{Email, Name, Role},
    text::as_stored,
    waiting_room::Place,
};
use pasetors::{
    Local,
    keys::SymmetricKey,
    token::UntrustedToken,
    version4::{LocalToken, V4},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// Who is calling, as the access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The member.
    pub member_id: MemberId,
    /// What he may do.
    pub role: Role,
    /// Where his mails go.
    pub email: Email,
    /// How they address him.
    pub name: Name,
    /// Until when he is logged in.
    pub expires_at: Timestamp,
}

/// What a queue token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueClaims {
    /// The performance whose line it is.
    pub performance_id: PerformanceId,
    /// Whose place it is.
    pub member_id: MemberId,
    /// The counter's value.
    pub place: Place,
    /// The position in the whole line.
    pub position: u64,
    /// Whether the member had been let in when it was signed.
    pub admitted: bool,
    /// Until when it may be shown; see the endpoint for what that means.
    pub expires_at: Timestamp,
}

/// Signs and opens tokens.
#[derive(Clone)]
pub struct Tokens {
    keys: Arc<[(String, SymmetricKey<V4>)]>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// With keys derived from `signing_keys`. Without any, no token opens.
    pub fn new(signing_keys: &KeyRing) -> Self {
        let key = |(id, secret): (&str, &str)| {
            let key = SymmetricKey::from(&derive(secret, "token")).expect("a key has 32 bytes");
            (id.to_owned(), key)
        };
        Self { keys: signing_keys.keys().map(key).collect() }
    }

    /// An access token.
    pub fn access(&self, identity: &Identity) -> String {
        self.seal("access", identity)
    }

    /// Opens an access token: `None` where it is forged, malformed or over.
    pub fn open_access(&self, token: &str, now: Timestamp) -> Option<Identity> {
        self.open::<Identity>("access", token).filter(|identity| now < identity.expires_at)
    }

    /// A queue token.
    pub fn queue(&self, claims: &QueueClaims) -> String {
        self.seal("queue", claims)
    }

    /// Opens a queue token: `None` where it is forged or malformed. Its time is the endpoint's to judge.
    pub fn open_queue(&self, token: &str) -> Option<QueueClaims> {
        self.open("queue", token)
    }

    /// `kind` is the implicit assertion: one kind of token never passes for another.
    fn seal<T: Serialize>(&self, kind: &str, claims: &T) -> String {
        let (id, key) = self.keys.first().expect("who signs declares the signing keys");
        let message = serde_json::to_vec(claims).expect("claims are plain data");
        LocalToken::encrypt(key, &message, Some(id.as_bytes()), Some(kind.as_bytes()))
            .expect("the system has randomness")
    }

    fn open<T: DeserializeOwned>(&self, kind: &str, token: &str) -> Option<T> {
        if token.len() > TOKEN_MAX_CHARS {
            return None;
        }
        let untrusted = UntrustedToken::<Local, V4>::try_from(token).ok()?;
        let (_, key) = self.keys.iter().find(|(id, _)| id.as_bytes() == untrusted.untrusted_footer())?;
        let trusted = LocalToken::decrypt(key, &untrusted, None, Some(kind.as_bytes())).ok()?;
        as_stored(|| serde_json::from_str(trusted.payload())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(ring: &str) -> Tokens {
        Tokens::new(&KeyRing::parse(ring).unwrap())
    }

    fn claims() -> QueueClaims {
        QueueClaims {
            performance_id: "demo".parse().unwrap(),
            member_id: "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap(),
            place: Place { stripe: 0, index: 7 },
            position: 7,
            admitted: false,
            expires_at: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn tokens_outlive_a_change_of_keys_and_forged_ones_do_not_open() {
        let (old, new) = (r#""a":"00000000000000000000000000000000""#, r#""b":"11111111111111111111111111111111""#);
        let token = with(&format!(r#"{{"current":"a",{old}}}"#)).queue(&claims());
        let both = with(&format!(r#"{{"current":"b",{old},{new}}}"#));
        assert_eq!(both.open_queue(&token), Some(claims()));
        assert_eq!(with(&format!(r#"{{"current":"b",{new}}}"#)).open_queue(&token), None);
        assert_eq!(Tokens::new(&KeyRing::default()).open_queue(&token), None);
        let mut forged = token.clone().into_bytes();
        forged[40] ^= 1;
        assert_eq!(both.open_queue(&String::from_utf8_lossy(&forged)), None);
    }

    #[test]
    fn a_queue_token_is_not_a_login() {
        let tokens = with(r#"{"current":"a","a":"00000000000000000000000000000000"}"#);
        let token = tokens.queue(&claims());
        assert!(tokens.open::<QueueClaims>("access", &token).is_none());
        assert!(tokens.open_access(&token, Timestamp::from_millis(0)).is_none());
    }
}
