//! Access and queue tokens: PASETO v4.local, which has one algorithm and is opaque to its bearer. The footer names
//! the key, so keys can be changed while tokens are valid.
//!
//! Refresh tokens consist of a member, a session and a number with their HMAC-SHA256. The same three values give the
//! same token, so a retry gets the token of the lost response although no token is stored.

use crate::{codes::derive, keys::KeyRing, limits::TOKEN_MAX_CHARS};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use frontrow_domain::{
    Timestamp,
    ids::{MemberId, PerformanceId, SessionId},
    member::{EmailAddress, Name, Role},
    session::RefreshClaims,
    text::as_stored,
    waiting_room::{Admission, LinePosition},
};
use hmac::{Hmac, KeyInit, Mac};
use pasetors::{
    Local,
    keys::SymmetricKey,
    token::UntrustedToken,
    version4::{LocalToken, V4},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;
use std::sync::Arc;

/// The caller's identity according to the access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The logged-in member.
    pub member_id: MemberId,
    /// The member's permissions.
    pub role: Role,
    /// The member's address for mails.
    pub email: EmailAddress,
    /// The member's name in mails.
    pub name: Name,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// The session that the token was issued for; `None` in tokens issued before sessions existed.
    #[serde(default)]
    pub session_id: Option<SessionId>,
    /// How often all sessions of the member had been ended when the session began.
    #[serde(default)]
    pub edition: u64,
}

/// The content of a queue token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueClaims {
    /// The performance of the line.
    pub performance_id: PerformanceId,
    /// The owner of the place.
    pub member_id: MemberId,
    /// The shard and index that were drawn.
    pub place: LinePosition,
    /// The position in the whole line.
    pub position: u64,
    /// Whether the member had been admitted when it was issued.
    pub admitted: bool,
    /// Until when it may be presented; the endpoint defines what that means.
    pub expires_at: Timestamp,
}

impl QueueClaims {
    /// The admission of a member who had been admitted.
    pub fn admission(&self) -> Admission {
        Admission {
            performance_id: self.performance_id.clone(),
            position: self.position,
            member_id: self.member_id,
            ends_at: self.expires_at,
        }
    }
}

/// Issues and opens tokens.
#[derive(Clone)]
pub struct Tokens {
    keys: Arc<[Key]>,
}

struct Key {
    id: String,
    sealing: SymmetricKey<V4>,
    refresh: [u8; 32],
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// Derives all keys from `signing_keys`. Without any, no token opens.
    pub fn new(signing_keys: &KeyRing) -> Self {
        let key = |(id, secret): (&str, &str)| Key {
            id: id.to_owned(),
            sealing: SymmetricKey::from(&derive(secret, "token")).expect("a key has 32 bytes"),
            refresh: derive(secret, "refresh"),
        };
        Self { keys: signing_keys.keys().map(key).collect() }
    }

    /// Issues an access token.
    pub fn access(&self, identity: &Identity) -> String {
        self.seal("access", identity)
    }

    /// Opens an access token; `None` if it is forged, malformed or expired.
    pub fn open_access(&self, token: &str, now: Timestamp) -> Option<Identity> {
        self.open::<Identity>("access", token).filter(|identity| now < identity.expires_at)
    }

    /// The refresh token for `claims`.
    pub fn refresh(&self, claims: &RefreshClaims) -> String {
        let signed = format!("{}.{}.{}", claims.member_id, claims.session_id, claims.number);
        let mac = refresh_mac(self.current(), &signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// The content of a refresh token; `None` if it is forged or malformed. The session decides whether it is still
    /// valid.
    pub fn open_refresh(&self, token: &str) -> Option<RefreshClaims> {
        if token.len() > TOKEN_MAX_CHARS {
            return None;
        }
        let (signed, mac) = token.rsplit_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        self.keys.iter().find(|key| refresh_mac(key, signed).verify_slice(&mac).is_ok())?;
        let mut parts = signed.split('.');
        let claims = RefreshClaims {
            member_id: parts.next()?.parse().ok()?,
            session_id: parts.next()?.parse().ok()?,
            number: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(claims)
    }

    fn current(&self) -> &Key {
        self.keys.first().expect("functions that sign tokens declare the signing keys")
    }

    /// Issues a queue token.
    pub fn queue(&self, claims: &QueueClaims) -> String {
        self.seal("queue", claims)
    }

    /// Opens a queue token; `None` if it is forged or malformed. The endpoint checks its expiry.
    pub fn open_queue(&self, token: &str) -> Option<QueueClaims> {
        self.open("queue", token)
    }

    /// `kind` is the implicit assertion, so that one kind of token never passes for another.
    fn seal<T: Serialize>(&self, kind: &str, claims: &T) -> String {
        let key = self.current();
        let message = serde_json::to_vec(claims).expect("claims are plain data");
        LocalToken::encrypt(&key.sealing, &message, Some(key.id.as_bytes()), Some(kind.as_bytes()))
            .expect("the system has randomness")
    }

    fn open<T: DeserializeOwned>(&self, kind: &str, token: &str) -> Option<T> {
        if token.len() > TOKEN_MAX_CHARS {
            return None;
        }
        let untrusted = UntrustedToken::<Local, V4>::try_from(token).ok()?;
        let key = self.keys.iter().find(|key| key.id.as_bytes() == untrusted.untrusted_footer())?;
        let trusted = LocalToken::decrypt(&key.sealing, &untrusted, None, Some(kind.as_bytes())).ok()?;
        as_stored(|| serde_json::from_str(trusted.payload())).ok()
    }
}

fn refresh_mac(key: &Key, signed: &str) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(&key.refresh).expect("any length is a key").chain_update(signed)
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
            place: LinePosition { shard: 0, index: 7 },
            position: 7,
            admitted: false,
            expires_at: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn tokens_survive_key_rotation_and_forged_ones_are_refused() {
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
    fn refresh_tokens_are_deterministic_and_tamper_proof() {
        let (old, new) = (r#""a":"00000000000000000000000000000000""#, r#""b":"11111111111111111111111111111111""#);
        let claims = RefreshClaims { member_id: claims().member_id, session_id: "s7".parse().unwrap(), number: 3 };
        let token = with(&format!(r#"{{"current":"a",{old}}}"#)).refresh(&claims);
        let both = with(&format!(r#"{{"current":"a",{old},{new}}}"#));
        assert_eq!(both.refresh(&claims), token);
        let both = with(&format!(r#"{{"current":"b",{old},{new}}}"#));
        assert_eq!(both.open_refresh(&token), Some(claims.clone()));
        assert_eq!(with(&format!(r#"{{"current":"b",{new}}}"#)).open_refresh(&token), None);
        for place in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[place] = if altered[place] == b'4' { b'5' } else { b'4' };
            assert_eq!(both.open_refresh(&String::from_utf8(altered).unwrap()), None, "{place}");
        }
        for odd in ["", ".", "...", &token[1..], &format!("{token}="), &format!("{token}."), &"x".repeat(3_000)] {
            assert_eq!(both.open_refresh(odd), None, "{odd}");
        }
    }

    /// Tokens issued before sessions existed are accepted until they expire.
    #[test]
    fn tokens_from_before_sessions_are_accepted() {
        let tokens = with(r#"{"current":"a","a":"00000000000000000000000000000000"}"#);
        let before = serde_json::json!({
            "member_id": claims().member_id, "role": "member", "email": "a@b.cd", "name": "A", "expires_at": 2,
        });
        let identity = tokens.open_access(&tokens.seal("access", &before), Timestamp::from_millis(1)).unwrap();
        assert_eq!((identity.session_id, identity.edition), (None, 0));
    }

    #[test]
    fn a_queue_token_is_not_a_login() {
        let tokens = with(r#"{"current":"a","a":"00000000000000000000000000000000"}"#);
        let token = tokens.queue(&claims());
        assert!(tokens.open::<QueueClaims>("access", &token).is_none());
        assert!(tokens.open_access(&token, Timestamp::from_millis(0)).is_none());
    }
}
