//! Rings of keys, so that a key can be replaced while what the old one signed still counts.

use crate::limits::{KEY_ID_MAX_CHARS, KEY_MIN_CHARS};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// Keys by id. The current one signs, and all of them verify.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyRing(Arc<[(String, String)]>);

impl KeyRing {
    /// Parses `{"current": "k2", "k1": "<key>", "k2": "<key>"}`. Ids have at most 8 letters and digits, keys at least
    /// 32 characters.
    ///
    /// # Errors
    /// Describes the fault without the keys.
    pub fn parse(json: &str) -> Result<Self, String> {
        let mut keys: BTreeMap<String, String> =
            serde_json::from_str(json).map_err(|_| "expected a JSON object of strings".to_owned())?;
        let current = keys.remove("current").ok_or("`current` is missing")?;
        for (id, key) in &keys {
            if !(1..=KEY_ID_MAX_CHARS).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(format!("expected key ids of 1 to {KEY_ID_MAX_CHARS} letters and digits"));
            }
            if key.len() < KEY_MIN_CHARS {
                return Err(format!("key {id} has fewer than {KEY_MIN_CHARS} characters"));
            }
        }
        let key = keys.remove(&current).ok_or("the `current` key is not in the ring")?;
        Ok(Self([(current, key)].into_iter().chain(keys).collect()))
    }

    /// All ids and keys, the current one first.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(id, key)| (id.as_str(), key.as_str()))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys().map(|(id, _)| id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "00000000000000000000000000000000";

    #[test]
    fn the_current_key_comes_first_and_no_key_is_printed() {
        let ring = KeyRing::parse(&format!(r#"{{"current":"k2","k1":"{KEY}","k2":"{KEY}2"}}"#)).unwrap();
        assert_eq!(ring.keys().collect::<Vec<_>>(), [("k2", format!("{KEY}2").as_str()), ("k1", KEY)]);
        assert_eq!(format!("{ring:?}"), r#"["k2", "k1"]"#);
    }

    #[test]
    fn unusable_key_rings_are_refused() {
        for bad in [
            "".to_owned(),
            "k1:0".to_owned(),
            format!(r#"{{"k1":"{KEY}"}}"#),
            format!(r#"{{"current":"k2","k1":"{KEY}"}}"#),
            r#"{"current":"k1","k1":"short"}"#.to_owned(),
            format!(r#"{{"current":"k:1","k:1":"{KEY}"}}"#),
            format!(r#"{{"current":"k1","k1":"{KEY}","":"{KEY}"}}"#),
        ] {
            let why = KeyRing::parse(&bad).unwrap_err();
            assert!(!why.contains(KEY), "{why}");
        }
    }
}
