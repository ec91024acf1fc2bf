//! `ClientRequestToken`: a retried transaction returns the first response and is not executed again. The engine implements
//! this too, but scans all tokens of the last ten minutes for each transaction, and so slows down as they accumulate.

use dynoxide::{DynoxideError, Result};
use std::{
    collections::{HashMap, VecDeque, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    time::{Duration, Instant},
};

/// How long DynamoDB remembers a token.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Completed requests by token.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    done: HashMap<String, Done>,
    /// Oldest first.
    order: VecDeque<(Instant, String)>,
}

#[derive(Debug)]
struct Done {
    fingerprint: u64,
    answer: Vec<u8>,
}

impl Tokens {
    /// Runs `work`, or returns the earlier response for the same token. Failures are not remembered.
    ///
    /// # Errors
    /// Those of `work`, and an error if the token was used for another request.
    pub(super) fn once(
        &mut self,
        token: Option<String>,
        request: &[u8],
        work: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let Some(token) = token else { return work() };
        let now = Instant::now();
        while self.order.front().is_some_and(|(at, _)| now.duration_since(*at) > REMEMBERED) {
            if let Some((_, forgotten)) = self.order.pop_front() {
                self.done.remove(&forgotten);
            }
        }
        let fingerprint = fingerprint(request);
        match self.done.get(&token) {
            Some(done) if done.fingerprint == fingerprint => return Ok(done.answer.clone()),
            Some(_) => {
                let why = "The token was used for a transaction with different parameters.".to_owned();
                return Err(DynoxideError::IdempotentParameterMismatchException(why));
            }
            None => {}
        }
        let answer = work()?;
        self.done.insert(token.clone(), Done { fingerprint, answer: answer.clone() });
        self.order.push_back((now, token));
        Ok(answer)
    }
}

/// A fingerprint of JSON that does not depend on the order of object keys.
fn fingerprint(request: &[u8]) -> u64 {
    let words = request.split(|byte| b"{},[]:".contains(byte));
    words.fold(0, |sum: u64, word| {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        sum.wrapping_add(hasher.finish())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_runs_its_transaction_once_and_no_other() {
        let mut tokens = Tokens::default();
        let mut done = 0;
        let mut call = |token: Option<&str>, request: &str, fails: bool| {
            tokens.once(token.map(str::to_owned), request.as_bytes(), || {
                done += 1;
                if fails {
                    return Err(DynoxideError::InternalServerError(String::new()));
                }
                Ok(vec![done])
            })
        };
        assert!(call(Some("a"), r#"{"x":1}"#, true).is_err());
        assert_eq!(call(Some("a"), r#"{"x":1,"y":2}"#, false).unwrap(), [2]);
        assert_eq!(call(Some("a"), r#"{"y":2,"x":1}"#, false).unwrap(), [2]);
        assert!(call(Some("a"), r#"{"x":1,"y":3}"#, false).is_err());
        assert_eq!(call(Some("b"), r#"{"x":1}"#, false).unwrap(), [3]);
        assert_eq!(call(None, r#"{"x":1}"#, false).unwrap(), [4]);
    }
}
