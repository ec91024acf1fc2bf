//! Cursors: the position where a page of a list ended, bound to the list and its filters. They are authenticated,
//! because the table starts reading at the key in them.

use crate::{
    codes::derive,
    keys::KeyRing,
    limits::{CURSOR_MAX_CHARS, CURSOR_TAG_BYTES},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{fmt, sync::Arc};

/// Seals and opens cursors.
#[derive(Clone)]
pub struct Cursors {
    keys: Arc<[[u8; 32]]>,
}

impl fmt::Debug for Cursors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursors(…)")
    }
}

impl Cursors {
    /// Derives all keys from `signing_keys`. Without any, no cursor opens.
    pub fn new(signing_keys: &KeyRing) -> Self {
        Self { keys: signing_keys.keys().map(|(_, secret)| derive(secret, "cursor")).collect() }
    }

    /// The cursor of a page of the list `scope` that ended with the sort key `after`. It is the same in every
    /// process.
    pub fn seal(&self, after: &str, scope: &str) -> String {
        let key = self.keys.first().expect("functions that return lists declare the signing keys");
        let tag = mac(key, after, scope).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([&tag[..CURSOR_TAG_BYTES], after.as_bytes()].concat())
    }

    /// The sort key in a cursor of that list; `None` for any other text.
    pub fn open(&self, cursor: &str, scope: &str) -> Option<String> {
        if cursor.len() > CURSOR_MAX_CHARS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, after) = bytes.split_at_checked(CURSOR_TAG_BYTES)?;
        let after = std::str::from_utf8(after).ok()?;
        let is_ours = |key| mac(key, after, scope).verify_truncated_left(tag).is_ok();
        self.keys.iter().any(is_ours).then(|| after.to_owned())
    }
}

fn mac(key: &[u8; 32], after: &str, scope: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("any length is a key");
    for part in [scope, after] {
        mac.update(&part.len().to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest;

    const OLD: &str = r#""a":"00000000000000000000000000000000""#;
    const NEW: &str = r#""b":"11111111111111111111111111111111""#;

    fn with(current: &str, keys: &str) -> Cursors {
        Cursors::new(&KeyRing::parse(&format!(r#"{{"current":"{current}",{keys}}}"#)).unwrap())
    }

    #[test]
    fn cursors_belong_to_one_list_and_survive_key_rotation() {
        let cursors = with("a", OLD);
        let cursor = cursors.seal("date#1", "shows");
        assert_eq!(cursor, with("a", OLD).seal("date#1", "shows"), "the same for every process");
        assert_eq!(cursors.open(&cursor, "shows").as_deref(), Some("date#1"));
        assert_eq!(cursors.open(&cursor, "shows/"), None);
        assert_eq!(with("b", &format!("{OLD},{NEW}")).open(&cursor, "shows").as_deref(), Some("date#1"));
        assert_eq!(with("b", NEW).open(&cursor, "shows"), None);
        assert_eq!(Cursors::new(&KeyRing::default()).open(&cursor, "shows"), None);
    }

    #[test]
    fn forged_cursors_are_refused() {
        let cursors = with("a", OLD);
        let cursor = cursors.seal("date#1", "shows");
        for at in 0..cursor.len() {
            let other = if cursor[at..].starts_with('A') { "Q" } else { "A" };
            let altered = [&cursor[..at], other, &cursor[at + 1..]].concat();
            assert_eq!(cursors.open(&altered, "shows"), None, "{at}");
            assert_eq!(cursors.open(&cursor[..at], "shows"), None, "up to {at}");
        }
        // Without a key: a plain digest of the content.
        let digest = Sha256::digest("shows\ndate#1");
        for bytes in [8, CURSOR_TAG_BYTES, 32] {
            let forged = URL_SAFE_NO_PAD.encode([&digest[..bytes], b"date#1"].concat());
            assert_eq!(cursors.open(&forged, "shows"), None);
        }
        assert_eq!(cursors.open(&"A".repeat(CURSOR_MAX_CHARS + 1), "shows"), None);
    }

    #[test]
    fn the_longest_sort_key_fits() {
        let cursors = with("a", OLD);
        let after = "k".repeat(1_024);
        assert_eq!(cursors.open(&cursors.seal(&after, "list"), "list"), Some(after));
    }
}
