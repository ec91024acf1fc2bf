//! Ticket mails of one reservation: the first at payment, more when its member requests them or a ticket is reissued.

use crate::{
    Error, Result, Timestamp,
    limits::{TICKET_MAILINGS_MAX, TICKET_MAILINGS_PER_HOUR},
};
use serde::{Deserialize, Serialize};

const HOUR_MILLIS: i64 = 3_600_000;

/// Why a ticket mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The tickets were paid.
    #[default]
    Payment,
    /// Their owner requested them again.
    Request,
    /// One of them was reissued; its old code is void.
    Reissue,
}

/// The latest requested ticket mail. Each mail has a number, and therefore its own marker and message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mailing {
    /// Number of the mail; the mail at payment is 0.
    pub number: u32,
    /// Why it is sent.
    #[serde(default)]
    pub occasion: Occasion,
    /// The hour since the epoch in which it was requested.
    #[serde(default)]
    hour: i64,
    /// Number of mails requested in that hour.
    #[serde(default)]
    asked: u32,
}

impl Mailing {
    /// The next mail, requested at `now`.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] beyond [`TICKET_MAILINGS_PER_HOUR`], or [`TICKET_MAILINGS_MAX`] in all.
    pub fn next(&self, occasion: Occasion, now: Timestamp) -> Result<Self> {
        // A slow clock counts into the newer hour.
        let hour = now.millis().div_euclid(HOUR_MILLIS).max(self.hour);
        let asked = if hour == self.hour { self.asked } else { 0 };
        if asked >= TICKET_MAILINGS_PER_HOUR || self.number >= TICKET_MAILINGS_MAX {
            let next_hour = Timestamp::from_millis((hour + 1) * HOUR_MILLIS);
            return Err(Error::TooManyRequests { retry_after_seconds: next_hour.seconds_since(now) });
        }
        Ok(Self { number: self.number + 1, occasion, hour, asked: asked + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(mut mailing: Mailing, times: u32, at: Timestamp) -> Mailing {
        for _ in 0..times {
            mailing = mailing.next(Occasion::Request, at).unwrap();
        }
        mailing
    }

    #[test]
    fn mails_are_limited_per_hour_and_in_total() {
        let hour = |n: i64| Timestamp::from_millis(n * HOUR_MILLIS);
        let last = Timestamp::from_millis(2 * HOUR_MILLIS - 1_000);
        let mut mailing = asked(Mailing::default(), TICKET_MAILINGS_PER_HOUR, last);
        assert_eq!(mailing.next(Occasion::Reissue, last), Err(Error::TooManyRequests { retry_after_seconds: 1 }));
        for n in 2..6 {
            mailing = asked(mailing, TICKET_MAILINGS_PER_HOUR, hour(n));
            assert!(
                mailing.next(Occasion::Request, hour(n - 1)).is_err(),
                "a slow clock does not reopen an earlier hour"
            );
        }
        assert_eq!(mailing.number, TICKET_MAILINGS_MAX);
        assert_eq!(
            mailing.next(Occasion::Request, hour(90)),
            Err(Error::TooManyRequests { retry_after_seconds: 3600 })
        );
    }
}
