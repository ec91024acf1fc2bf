//! The queues between functions.

/// A queue. Each has a dead-letter queue and one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Steps of card payments, for `payment_worker`.
    Payments,
    /// New shows, for `announce_show`.
    Announcements,
    /// Cancelled performances and changed members, for `cancel_reservations`.
    Cancellations,
    /// Mails about reservations, for `ticket_mailer`.
    Mails,
    /// Mails with verification codes. Anyone can request them, so they have their own queue and never delay tickets.
    Codes,
    /// Mails about new shows, one per subscriber.
    Alerts,
}

impl Queue {
    /// All queues. A queue whose worker sends to another queue comes before that one.
    pub const ALL: [Self; 6] =
        [Self::Payments, Self::Announcements, Self::Cancellations, Self::Mails, Self::Codes, Self::Alerts];

    /// Name of the queue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Announcements => "announcements",
            Self::Cancellations => "cancellations",
            Self::Mails => "mails",
            Self::Codes => "codes",
            Self::Alerts => "alerts",
        }
    }

    /// Environment variable with the queue's URL.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Payments => "PAYMENT_QUEUE_URL",
            Self::Announcements => "ANNOUNCEMENT_QUEUE_URL",
            Self::Cancellations => "CANCELLATION_QUEUE_URL",
            Self::Mails => "MAIL_QUEUE_URL",
            Self::Codes => "CODE_QUEUE_URL",
            Self::Alerts => "ALERT_QUEUE_URL",
        }
    }
}
