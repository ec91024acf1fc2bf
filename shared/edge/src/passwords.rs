//! Password hashes: Argon2id, m = 19 MiB, t = 2, p = 1 (OWASP's first choice), with a pepper that is not in the table. A
//! hash names its pepper, so that peppers can be changed; an old one is needed as long as there are passwords made with it.

use crate::secrets::KeyRing;
use argon2::{
    Algorithm, Argon2, KeyId, Params, ParamsBuilder, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::PasswordHash,
};
use frontrow_domain::{Error, Result, member::Password, text::compatible};
use std::fmt::Display;

/// A hash of no password anyone can know: verified against for unknown addresses, so that they take the same time.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZnJvbnRyb3ctbm9ib2R5$8nUbHhQ3kHT7WZ1Ff0rBnWlS6cQOe6lQ2VXJv9bQkSg";

/// Makes and checks password hashes.
#[derive(Debug, Clone)]
pub struct Passwords {
    peppers: KeyRing,
}

impl Passwords {
    /// With `peppers`; the current one is for new hashes.
    pub fn new(peppers: KeyRing) -> Self {
        Self { peppers }
    }

    /// The hash to store, as a PHC string with a fresh salt. Made on a thread of its own: it takes too long to stall others.
    ///
    /// # Errors
    /// [`Error::Internal`] without a pepper, or when the system has no randomness.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let peppers = self.peppers.clone();
        aside("hash a password", move || {
            let (id, pepper) = peppers.keys().next().ok_or("there is no pepper")?;
            let hash = argon2(id, pepper)?.hash_password(password.reveal().as_bytes()).map_err(words)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` is the one that was hashed: in its normal form, or as it is, because hashes of an older version were
    /// made of what was typed. How long it takes depends on what is typed alone: one hash, or two where that is not in normal
    /// form. With no hash to compare with (unknown address) it takes as long and says no.
    ///
    /// # Errors
    /// [`Error::Internal`] without the pepper of the hash, or when the thread that hashes broke.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        let peppers = self.peppers.clone();
        aside("verify a password", move || {
            let hash = PasswordHash::new(stored.as_deref().unwrap_or(NOBODY)).map_err(words)?;
            let params = Params::try_from(&hash).map_err(words)?;
            let its = |id: &str| stored.is_none() || id.as_bytes() == params.keyid();
            let (id, pepper) = peppers.keys().find(|(id, _)| its(id)).ok_or("a pepper is not in the ring any more")?;
            let (argon2, normal) = (argon2(id, pepper)?, compatible(&password));
            let matches = |typed: &str| argon2.verify_password(typed.as_bytes(), &hash).is_ok();
            let matches_one = matches(&normal) | (*normal != *password && matches(&password));
            Ok(matches_one && stored.is_some())
        })
        .await
    }
}

fn argon2<'a>(id: &str, pepper: &'a str) -> std::result::Result<Argon2<'a>, String> {
    let id = KeyId::new(id.as_bytes()).map_err(words)?;
    let params = ParamsBuilder::new().m_cost(19_456).t_cost(2).p_cost(1).keyid(id).build().map_err(words)?;
    Argon2::new_with_secret(pepper.as_bytes(), Algorithm::Argon2id, Version::V0x13, params).map_err(words)
}

async fn aside<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> std::result::Result<T, String> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Error::internal(doing, error))?;
    done.map_err(|why| Error::internal(doing, why))
}

fn words(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(ring: &str) -> Passwords {
        Passwords::new(KeyRing::parse(ring).unwrap())
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_member_is_accepted() {
        let passwords = with(r#"{"current":"p1","p1":"00000000000000000000000000000000"}"#);
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        let stored = passwords.hash(password).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="), "{stored}");
        let right = |password: &str, stored: Option<String>| passwords.verify(password.to_owned(), stored);
        assert!(right("correct horse", Some(stored.clone())).await.unwrap());
        assert!(!right("wrong horse", Some(stored)).await.unwrap());
        assert!(!right("correct horse", None).await.unwrap());
    }

    #[tokio::test]
    async fn every_keyboard_types_the_same_password_and_an_older_hash_stays_good() {
        let passwords = with(r#"{"current":"p1","p1":"00000000000000000000000000000000"}"#);
        let decomposed = "cre\u{300}me bru\u{302}le\u{301}e";
        let right = |password: &str, stored: &str| passwords.verify(password.to_owned(), Some(stored.to_owned()));
        let stored = passwords.hash(Password::try_from(decomposed.to_owned()).unwrap()).await.unwrap();
        for typed in [decomposed, "crème brûlée", "ｃrème\u{a0}brûlée"] {
            assert!(right(typed, &stored).await.unwrap(), "{typed:?}");
        }
        assert!(!right("creme brulee", &stored).await.unwrap());
        // As an older version made it.
        let (id, pepper) = passwords.peppers.keys().next().unwrap();
        let older = argon2(id, pepper).unwrap().hash_password(decomposed.as_bytes()).unwrap().to_string();
        assert!(right(decomposed, &older).await.unwrap());
        assert!(!right("crème brûlée", &older).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_needs_its_pepper_and_outlives_a_new_one() {
        let old = r#""p1":"00000000000000000000000000000000""#;
        let new = r#""p2":"11111111111111111111111111111111""#;
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        let stored = with(&format!(r#"{{"current":"p1",{old}}}"#)).hash(password).await.unwrap();
        let verify = |ring: String| {
            let stored = stored.clone();
            async move { with(&ring).verify("correct horse".to_owned(), Some(stored)).await }
        };
        assert!(verify(format!(r#"{{"current":"p2",{old},{new}}}"#)).await.unwrap());
        assert!(verify(format!(r#"{{"current":"p2",{new}}}"#)).await.is_err());
        assert!(!verify(r#"{"current":"p1","p1":"22222222222222222222222222222222"}"#.to_owned()).await.unwrap());
    }
}
