//! Password hashes: Argon2id, m = 19 MiB, t = 2, p = 1 (OWASP's first choice), with a pepper that is not in the
//! table. A hash names its pepper, so that peppers can be changed; an old pepper is needed as long as there are
//! passwords hashed with it.
//!
//! A hash takes 19 MiB and tens of milliseconds of one core. [`Hashers`] runs at most one for each core and reuses
//! its memory: blocks of that size, allocated and freed by many threads, fragment the heap to gigabytes.

use crate::{
    keys::KeyRing,
    limits::{HASH_WAIT_MILLIS, HASHES_WAITING_MAX},
};
use argon2::{
    Algorithm, Argon2, Block, KeyId, Params, ParamsBuilder, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use frontrow_domain::{Error, Result, member::Password, text::compatible};
use std::{
    fmt::{self, Display},
    sync::{Arc, Mutex, PoisonError},
    thread::available_parallelism,
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};

/// A hash of a password that nobody can know. It is verified for unknown addresses, so that they take the same time.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZnJvbnRyb3ctbm9ib2R5$8nUbHhQ3kHT7WZ1Ff0rBnWlS6cQOe6lQ2VXJv9bQkSg";

/// Creates and verifies password hashes.
#[derive(Debug, Clone)]
pub struct Passwords {
    peppers: KeyRing,
    hashers: Hashers,
}

impl Passwords {
    /// A hasher with `peppers`; new hashes use the current one.
    pub fn new(peppers: KeyRing) -> Self {
        Self { peppers, hashers: Hashers::default() }
    }

    /// A hasher with other `peppers` on the same threads and memory.
    #[must_use]
    pub fn with_peppers(&self, peppers: KeyRing) -> Self {
        Self { peppers, hashers: self.hashers.clone() }
    }

    /// The hash to store, as a PHC string with a fresh salt.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many hashes are in progress; [`Error::Internal`] without a pepper, or if the system has
    /// no randomness.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let peppers = self.peppers.clone();
        let hash = move |memory: &mut Vec<Block>| {
            let (id, pepper) = peppers.keys().next().ok_or("no pepper is configured")?;
            let (argon2, salt) = (argon2(id, pepper)?, Salt::generate());
            let hash = PasswordHash {
                algorithm: Algorithm::Argon2id.ident(),
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(argon2.params()).map_err(words)?,
                salt: Some(salt),
                hash: Some(output(&argon2, password.reveal().as_bytes(), &salt, memory)?),
            };
            Ok(hash.to_string())
        };
        self.hashers.run("hash a password", hash).await
    }

    /// Whether `password` is the hashed one, in normal form or as typed, because older versions hashed what was
    /// typed. The duration depends only on the typed text: one hash, or two if it is not in normal form. Without a
    /// stored hash (unknown address) it takes as long and returns `false`.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many hashes are in progress; [`Error::Internal`] without the pepper of the hash.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        let peppers = self.peppers.clone();
        let verify = move |memory: &mut Vec<Block>| {
            let hash = PasswordHash::new(stored.as_deref().unwrap_or(NOBODY)).map_err(words)?;
            let params = Params::try_from(&hash).map_err(words)?;
            let its = |id: &str| stored.is_none() || id.as_bytes() == params.keyid();
            let (_, pepper) =
                peppers.keys().find(|(id, _)| its(id)).ok_or("the pepper of the hash is no longer in the key ring")?;
            let salt = hash.salt.ok_or("the hash has no salt")?;
            let (argon2, normal) = (keyed(pepper, params)?, compatible(&password));
            // Outputs are compared in constant time.
            let mut matches = |typed: &str| -> Result<bool, String> {
                Ok(hash.hash == Some(output(&argon2, typed.as_bytes(), &salt, memory)?))
            };
            let mut right = matches(&normal)?;
            if *normal != *password {
                right |= matches(&password)?;
            }
            Ok(right && stored.is_some())
        };
        self.hashers.run("verify a password", verify).await
    }
}

fn argon2<'a>(id: &str, pepper: &'a str) -> std::result::Result<Argon2<'a>, String> {
    let id = KeyId::new(id.as_bytes()).map_err(words)?;
    keyed(pepper, ParamsBuilder::new().m_cost(19_456).t_cost(2).p_cost(1).keyid(id).build().map_err(words)?)
}

fn keyed(pepper: &str, params: Params) -> std::result::Result<Argon2<'_>, String> {
    Argon2::new_with_secret(pepper.as_bytes(), Algorithm::Argon2id, Version::V0x13, params).map_err(words)
}

/// The Argon2 output for `password`, computed in `memory`, which grows as needed.
fn output(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &Salt,
    memory: &mut Vec<Block>,
) -> std::result::Result<Output, String> {
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        *memory = vec![Block::new(); blocks];
    }
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    let out = &mut out[..argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
    argon2.hash_password_into_with_memory(password, salt, out, &mut memory[..blocks]).map_err(words)?;
    Output::new(out).map_err(words)
}

/// Runs hashes on threads of their own, so that they do not stall requests; at most as many as there are cores.
#[derive(Clone)]
struct Hashers {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    patience: Duration,
    /// The memory of idle hashers.
    memories: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl fmt::Debug for Hashers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashers(…)")
    }
}

impl Default for Hashers {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            turns: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(HASHES_WAITING_MAX)),
            patience: Duration::from_millis(HASH_WAIT_MILLIS),
            memories: Arc::default(),
        }
    }
}

impl Hashers {
    /// Runs `work` when it is its turn, with the memory of an earlier hash.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many wait, or if its turn does not come within [`HASH_WAIT_MILLIS`].
    async fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut Vec<Block>) -> std::result::Result<T, String> + Send + 'static,
    ) -> Result<T> {
        let waiting = self.waiting.try_acquire().map_err(|_| Error::Busy)?;
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| Error::Busy)?.map_err(|error| Error::internal(doing, error))?;
        drop(waiting);
        let memories = Arc::clone(&self.memories);
        let job = move || {
            // Held until the thread is done, even if the request was dropped.
            let _turn = turn;
            let idle = || memories.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = idle().pop().unwrap_or_default();
            let done = work(&mut memory);
            idle().push(memory);
            done
        };
        let done = tokio::task::spawn_blocking(job).await.map_err(|error| Error::internal(doing, error))?;
        done.map_err(|why| Error::internal(doing, why))
    }
}

fn words(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{PasswordHasher, PasswordVerifier};
    use std::sync::atomic::{AtomicUsize, Ordering};

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
    async fn unicode_spellings_verify_and_older_hashes_stay_valid() {
        let passwords = with(r#"{"current":"p1","p1":"00000000000000000000000000000000"}"#);
        let decomposed = "cre\u{300}me bru\u{302}le\u{301}e";
        let right = |password: &str, stored: &str| passwords.verify(password.to_owned(), Some(stored.to_owned()));
        let stored = passwords.hash(Password::try_from(decomposed.to_owned()).unwrap()).await.unwrap();
        for typed in [decomposed, "crème brûlée", "ｃrème\u{a0}brûlée"] {
            assert!(right(typed, &stored).await.unwrap(), "{typed:?}");
        }
        assert!(!right("creme brulee", &stored).await.unwrap());
        // As hashed by an older version.
        let (id, pepper) = passwords.peppers.keys().next().unwrap();
        let older = argon2(id, pepper).unwrap().hash_password(decomposed.as_bytes()).unwrap().to_string();
        assert!(right(decomposed, &older).await.unwrap());
        assert!(!right("crème brûlée", &older).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_needs_its_pepper_and_survives_rotation() {
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

    /// Made by `Argon2::hash_password` of version 0.6.0, which allocates its memory for each hash.
    #[tokio::test]
    async fn hashes_of_older_versions_stay_valid() {
        let passwords = with(r#"{"current":"p1","p1":"00000000000000000000000000000000"}"#);
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        let stored = passwords.hash(password).await.unwrap();
        let hash = PasswordHash::new(&stored).unwrap();
        let ours = argon2("p1", "00000000000000000000000000000000").unwrap();
        assert!(ours.verify_password(b"correct horse", &hash).is_ok(), "the crate verifies our hashes");
        let theirs = ours.hash_password(b"battery staple").unwrap().to_string();
        assert!(passwords.verify("battery staple".to_owned(), Some(theirs.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse".to_owned(), Some(theirs)).await.unwrap());
    }

    #[tokio::test]
    async fn hashes_take_turns_and_reuse_memory() {
        let hashers = Hashers { turns: Arc::new(Semaphore::new(2)), ..Hashers::default() };
        let running = Arc::new(AtomicUsize::new(0));
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (hashers, running) = (hashers.clone(), Arc::clone(&running));
            crowd.spawn(async move {
                let work = move |_: &mut Vec<Block>| {
                    let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                    std::thread::sleep(Duration::from_millis(2));
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok(now)
                };
                hashers.run("count", work).await.unwrap()
            });
        }
        let most = crowd.join_all().await.into_iter().max();
        assert!(most <= Some(2), "{most:?} at once");
        assert!(hashers.memories.lock().unwrap().len() <= 2);
    }

    #[tokio::test]
    async fn hashes_beyond_the_queue_or_its_timeout_are_refused() {
        let (turns, patience) = (Arc::new(Semaphore::new(0)), Duration::from_millis(1));
        let nobody = Hashers { turns, patience, ..Hashers::default() };
        let asked = |hashers: Hashers| async move { hashers.run("wait", |_| Ok(())).await };
        assert_eq!(asked(nobody.clone()).await, Err(Error::Busy), "the wait times out");
        let full = Hashers { waiting: Arc::new(Semaphore::new(0)), ..Hashers::default() };
        assert_eq!(asked(full).await, Err(Error::Busy), "the queue is full");
        assert_eq!(nobody.waiting.available_permits(), HASHES_WAITING_MAX, "a caller that gave up leaves the queue");
    }
}
