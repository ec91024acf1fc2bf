//! Password hashes: Argon2id, m = 19 MiB, t = 2, p = 1 (OWASP's first choice).

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use frontrow_domain::{Error, Result, member::Password};

/// A hash of no password anyone can know: verified against for unknown addresses, so that they take the same time.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZnJvbnRyb3ctbm9ib2R5$8nUbHhQ3kHT7WZ1Ff0rBnWlS6cQOe6lQ2VXJv9bQkSg";

fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("constant parameters are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The hash to store, as a PHC string with a fresh salt.
///
/// # Errors
/// [`Error::Internal`] when the system has no randomness.
pub fn hash(password: &Password) -> Result<String> {
    argon2()
        .hash_password(password.reveal().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::internal("hash a password", error))
}

/// Whether `password` is the one that was hashed. With no hash (unknown address) it takes as long and says no.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    let hash = PasswordHash::new(stored.unwrap_or(NOBODY)).ok();
    let matches = hash.is_some_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
    matches && stored.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_of_a_known_member_is_accepted() {
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        let stored = hash(&password).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse", Some(&stored)));
        assert!(!verify("wrong horse", Some(&stored)));
        assert!(!verify("correct horse", None));
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
