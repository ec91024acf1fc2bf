//! Password hashes: Argon2id, m = 19 MiB, t = 2, p = 1 (OWASP's first choice).

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use frontrow_domain::{Error, Result, member::Password};

/// A hash of no password anyone can know: verified against for unknown addresses, so that they take the same time.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZnJvbnRyb3ctbm9ib2R5$8nUbHhQ3kHT7WZ1Ff0rBnWlS6cQOe6lQ2VXJv9bQkSg";

fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("constant parameters are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The hash to store, as a PHC string with a fresh salt. Made on a thread of its own: it takes too long to stall others.
///
/// # Errors
/// [`Error::Internal`] when the system has no randomness.
pub async fn hash(password: Password) -> Result<String> {
    let hashing = move || argon2().hash_password(password.reveal().as_bytes()).map(|hash| hash.to_string());
    let hashed = tokio::task::spawn_blocking(hashing).await;
    let hashed = hashed.map_err(|error| Error::internal("hash a password", error))?;
    hashed.map_err(|error| Error::internal("hash a password", error))
}

/// Whether `password` is the one that was hashed. With no hash (unknown address) it takes as long and says no.
///
/// # Errors
/// [`Error::Internal`] when the thread that hashes broke.
pub async fn verify(password: String, stored: Option<String>) -> Result<bool> {
    let verifying = move || {
        let hash = PasswordHash::new(stored.as_deref().unwrap_or(NOBODY)).ok();
        let matches = hash.is_some_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
        matches && stored.is_some()
    };
    tokio::task::spawn_blocking(verifying).await.map_err(|error| Error::internal("verify a password", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_member_is_accepted() {
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        let stored = hash(password).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse".to_owned(), Some(stored.clone())).await.unwrap());
        assert!(!verify("wrong horse".to_owned(), Some(stored)).await.unwrap());
        assert!(!verify("correct horse".to_owned(), None).await.unwrap());
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
