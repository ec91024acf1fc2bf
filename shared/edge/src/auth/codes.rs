//! Codes for people: the six digits of a verification mail, and the text inside a ticket's QR code.

use crate::keys::KeyRing;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_compact::{KeyPair, Seed, Signature};
use frontrow_domain::{
    ids::{MemberId, VerificationId},
    ticket_code::{self, TicketClaim},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Creates and checks codes. Each purpose has a key derived from the signing keys.
#[derive(Debug, Clone)]
pub struct Codes {
    keys: Arc<[Key]>,
}

struct Key {
    id: String,
    verification: [u8; 32],
    unsubscription: [u8; 32],
    ticket: KeyPair,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Codes {
    /// Derives all keys from `signing_keys`. Without any, no code is valid.
    pub fn new(signing_keys: &KeyRing) -> Self {
        let key = |(id, secret): (&str, &str)| Key {
            id: id.to_owned(),
            verification: derive(secret, "verification"),
            unsubscription: derive(secret, "unsubscription"),
            ticket: KeyPair::from_seed(Seed::new(derive(secret, "ticket"))),
        };
        Self { keys: signing_keys.keys().map(key).collect() }
    }

    fn current(&self) -> &Key {
        self.keys.first().expect("functions that make codes declare the signing keys")
    }

    /// The six digits mailed for a verification. They are derived both when mailed and when checked, so they are
    /// never stored or sent through a queue.
    pub fn verification_code(&self, id: &VerificationId) -> String {
        digits(self.current(), id)
    }

    /// Whether `code` was mailed for the verification, under any of the keys; in constant time.
    pub fn is_verification_code(&self, id: &VerificationId, code: &str) -> bool {
        self.keys.iter().any(|key| digits(key, id).as_bytes().ct_eq(code.as_bytes()).into())
    }

    /// The token of the unsubscribe link in mails to `member`. It ends their alerts without a login, and does not expire
    /// because mails are kept for years.
    pub fn unsubscribe_token(&self, member: &MemberId) -> String {
        let tag = unsubscription_tag(self.current(), member);
        format!("{}.{}", member.0.simple(), URL_SAFE_NO_PAD.encode(tag))
    }

    /// The member of an unsubscribe token, under any of the keys; `None` if the token was not issued by this system.
    pub fn open_unsubscribe_token(&self, token: &str) -> Option<MemberId> {
        let (member, tag) = token.split_once('.')?;
        let (member, tag) = (member.parse().ok()?, URL_SAFE_NO_PAD.decode(tag).ok()?);
        let is_ours = |key: &Key| unsubscription_tag(key, &member).ct_eq(&tag).into();
        self.keys.iter().any(is_ours).then_some(member)
    }

    /// The text of a ticket's QR code.
    pub fn ticket_code(&self, claim: &TicketClaim) -> String {
        let key = self.current();
        let signed = ticket_code::signed_part(&key.id, claim);
        let signature = key.ticket.sk.sign(signed.as_bytes(), None);
        ticket_code::code(&signed, signature.as_ref())
    }

    /// The content of a ticket's code; `None` if it was not issued by this system. The door decides whether it is
    /// still valid.
    pub fn open_ticket(&self, code: &str) -> Option<TicketClaim> {
        let unproven = ticket_code::parse(code)?;
        let key = self.keys.iter().find(|key| key.id == unproven.key_id)?;
        let signature = Signature::from_slice(&unproven.signature).ok()?;
        key.ticket.pk.verify(unproven.signed_part, &signature).ok()?;
        Some(unproven.claim)
    }
}

/// Length of the tag in a token: 128 bits.
const TAG_BYTES: usize = 16;

fn unsubscription_tag(key: &Key, member: &MemberId) -> Vec<u8> {
    mac_of(&key.unsubscription, member.0.as_bytes())[..TAG_BYTES].to_vec()
}

fn mac_of(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn digits(key: &Key, id: &VerificationId) -> String {
    let bytes = mac_of(&key.verification, id.as_str().as_bytes());
    let number = u64::from_be_bytes(bytes[..8].try_into().expect("a digest has 32 bytes"));
    format!("{:06}", number % 1_000_000)
}

/// Derives a key for one purpose.
pub(crate) fn derive(secret: &str, purpose: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"frontrow/");
    digest.update(purpose.as_bytes());
    digest.update([0]);
    digest.update(secret.as_bytes());
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#""a":"00000000000000000000000000000000""#;
    const NEW: &str = r#""b":"11111111111111111111111111111111""#;

    fn with(current: &str, keys: &str) -> Codes {
        Codes::new(&KeyRing::parse(&format!(r#"{{"current":"{current}",{keys}}}"#)).unwrap())
    }

    fn claim() -> TicketClaim {
        TicketClaim {
            member_id: "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap(),
            ticket_id: "t-0193f1b07c8a7d3fae52c1d1a5b0c006.demo.0".parse().unwrap(),
            generation: 1,
        }
    }

    #[test]
    fn ticket_codes_survive_key_rotation_and_unknown_keys_are_refused() {
        let code = with("a", OLD).ticket_code(&claim());
        assert_eq!(with("b", &format!("{OLD},{NEW}")).open_ticket(&code), Some(claim()));
        assert_eq!(with("b", NEW).open_ticket(&code), None);
        assert_eq!(with("a", &NEW.replace("\"b\"", "\"a\"")).open_ticket(&code), None);
        assert_eq!(Codes::new(&KeyRing::default()).open_ticket(&code), None);
    }

    #[test]
    fn unsubscribe_links_identify_their_member_and_survive_key_rotation() {
        let member: MemberId = "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap();
        let other: MemberId = "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c006".parse().unwrap();
        let token = with("a", OLD).unsubscribe_token(&member);
        let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        assert!(token.bytes().all(url_safe), "{token}");
        assert_eq!(with("b", &format!("{OLD},{NEW}")).open_unsubscribe_token(&token), Some(member));
        assert_eq!(with("b", NEW).open_unsubscribe_token(&token), None);
        assert_eq!(Codes::new(&KeyRing::default()).open_unsubscribe_token(&token), None);
        let of_other = token.replacen(&member.0.simple().to_string(), &other.0.simple().to_string(), 1);
        for wrong in
            ["", ".", &of_other, &token[..token.len() - 1], &format!("{token}A"), token.split_once('.').unwrap().0]
        {
            assert_eq!(with("a", OLD).open_unsubscribe_token(wrong), None, "{wrong}");
        }
    }

    /// Every character counts: a code with one character changed, removed or added is not valid.
    #[test]
    fn altered_codes_are_invalid() {
        let codes = with("a", OLD);
        let code = codes.ticket_code(&claim());
        assert_eq!(codes.open_ticket(&code), Some(claim()));
        for at in 0..code.len() {
            let (before, after) = (&code[..at], &code[at + 1..]);
            for other in ['A', 'B', '7', ':', 'é'].into_iter().filter(|other| !code[at..].starts_with(*other)) {
                assert_eq!(codes.open_ticket(&format!("{before}{other}{after}")), None, "{at}: {other}");
            }
            assert_eq!(codes.open_ticket(&format!("{before}{after}")), None, "without {at}");
            assert_eq!(codes.open_ticket(&code[..at]), None, "up to {at}");
        }
        let second = codes.ticket_code(&TicketClaim { generation: 2, ..claim() });
        let (signed, _) = code.rsplit_once(':').unwrap();
        let (_, signature) = second.rsplit_once(':').unwrap();
        assert_eq!(codes.open_ticket(&format!("{signed}:{signature}")), None);
    }
}
