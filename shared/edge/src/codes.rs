//! Codes that people carry: the six digits of a verification mail and the text inside a ticket's QR code.

use crate::tokens::parse_keys;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_compact::{KeyPair, Seed};
use frontrow_domain::{
    ids::{TicketId, VerificationId},
    ticket_code,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Makes and checks codes. Keys are derived from `SIGNING_KEYS`, one for each purpose.
#[derive(Debug, Clone)]
pub struct Codes {
    keys: Arc<[Key]>,
}

struct Key {
    id: String,
    verification: [u8; 32],
    ticket: KeyPair,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Codes {
    /// From `SIGNING_KEYS`.
    ///
    /// # Errors
    /// When the keys are malformed.
    pub fn new(signing_keys: &str) -> Result<Self, String> {
        let keys = parse_keys(signing_keys)?
            .into_iter()
            .map(|(id, secret)| Key {
                id,
                verification: derive(&secret, "verification"),
                ticket: KeyPair::from_seed(Seed::new(derive(&secret, "ticket"))),
            })
            .collect();
        Ok(Self { keys })
    }

    /// The six digits mailed for a verification. Derived by both sides, so they are never stored nor sent through a queue.
    pub fn verification_code(&self, id: &VerificationId) -> String {
        digits(&self.keys[0], id)
    }

    /// Whether `code` was mailed for the verification, under any of the keys; in constant time.
    pub fn is_verification_code(&self, id: &VerificationId, code: &str) -> bool {
        self.keys.iter().any(|key| digits(key, id).as_bytes().ct_eq(code.as_bytes()).into())
    }

    /// The text of a ticket's QR code.
    pub fn ticket_code(&self, ticket_id: &TicketId) -> String {
        let key = &self.keys[0];
        let signed = ticket_code::signed_part(&key.id, ticket_id);
        let signature = key.ticket.sk.sign(signed.as_bytes(), None);
        ticket_code::code(&signed, &URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn digits(key: &Key, id: &VerificationId) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.verification).expect("any length is a key");
    mac.update(id.as_str().as_bytes());
    let bytes = mac.finalize().into_bytes();
    let number = u64::from_be_bytes(bytes[..8].try_into().expect("a digest has 32 bytes"));
    format!("{:06}", number % 1_000_000)
}

/// A key for one purpose.
pub(crate) fn derive(secret: &str, purpose: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"frontrow/");
    digest.update(purpose.as_bytes());
    digest.update([0]);
    digest.update(secret.as_bytes());
    digest.finalize().into()
}
