//! Every condition expression of the system. Each clause has a test that fails without it (`tests/conditions`); a
//! clause that another condition implies is left out (`infra/decisions/0006`).
//!
//! `#name` stands for the attribute `name`, `#mail` for the marker of the mail in question, and `#ticket` for the
//! index of the ticket in question. No two expressions are equal, so that a test can disable one by its text.

/// A named condition expression.
#[derive(Debug)]
pub struct Condition {
    /// The constant's name in this module.
    pub name: &'static str,
    /// The expression that DynamoDB evaluates.
    pub expression: &'static str,
    /// What the condition protects, for test output.
    pub protects: &'static str,
}

macro_rules! conditions {
    ($($(#[doc = $protects:literal])+ $name:ident = $expression:literal;)*) => {
        $($(#[doc = $protects])+ pub const $name: Condition = Condition {
            name: stringify!($name), expression: $expression, protects: concat!($($protects),+),
        };)*
        /// All conditions of this module.
        pub const ALL: &[&Condition] = &[$(&$name),*];
    };
}

conditions! {
    /// An `Idempotency-Key` stands for one request: a second transaction under the same key fails.
    NO_RECEIPT = "attribute_not_exists(#pk) OR #expires_at <= :now";

    /// An address signs up once, no matter how many of its verifications are used at the same time.
    EMAIL_IS_FREE = "attribute_not_exists(#member_id)";
    /// A verification is used once, and never after too many wrong codes.
    VERIFICATION_IS_OPEN = "attribute_not_exists(#used_by) AND #attempts < :attempts_max";
    /// Wrong codes are counted up to the limit: of many concurrent guesses, at most that many are judged.
    ATTEMPTS_ARE_LEFT = "#attempts < :attempts_max";
    /// Changing a member does not recreate a deleted account.
    MEMBER_EXISTS = "attribute_exists(#email)";
    /// An account is deleted once, and only while its password is the one that was checked.
    PASSWORD_UNCHANGED = "#password_hash = :password_hash";
    /// A rename replaces the name that was read, so that no name under which the door list may list the reservation
    /// is lost.
    BUYER_UNCHANGED = "#buyer.#name = :seen_name";
    /// A row of the door list is moved once, and only if it is unchanged since it was read.
    DOOR_ROW_STANDS = "#seq = :seen";
    /// A refresh token is used once: of two concurrent refreshes one succeeds, and none revives an ended session.
    SESSION_UNCHANGED = "#number = :seen";
    /// Ending all sessions ends those the caller has seen: a retry does not end sessions that began since.
    SESSIONS_OF_EDITION = "attribute_exists(#email) AND (attribute_not_exists(#sessions_edition) OR #sessions_edition = :edition)";
    /// Requests for an address are counted up to its limit within a time window.
    RATE_IS_BELOW = "attribute_not_exists(#count) OR #count < :limit";

    /// A performance is created once: a second one with the same id does not replace the first.
    PERFORMANCE_IS_NEW = "attribute_not_exists(#layout)";
    /// No two performances start in one venue at the same instant. A slot that the same performance left behind in an
    /// earlier move does not block it.
    SLOT_IS_FREE = "attribute_not_exists(#performance_id) OR #performance_id = :performance_id";

    /// Each change of a show builds on the show that was read: two concurrent changes do not mix, and none misses a
    /// performance that was added or removed meanwhile.
    SHOW_UNCHANGED = "#edition = :edition";
    /// Each change of a performance builds on the performance that was read: two concurrent changes do not mix, and a
    /// change made under a freeze fails once others have ended that freeze.
    PERFORMANCE_UNCHANGED = "#revision = :revision";
    /// A slot is freed only while it belongs to the performance it was found with, not to a later one.
    SLOT_NAMES = "#performance_id = :performance_id";
    /// An expired hold ends for good only while nobody has paid or prolonged it by a slow clock. A sold seat never
    /// expires.
    HOLD_LAPSED = "#hold_expires_at <= :now";

    /// A seat is taken only while nobody holds or owns it: of many requests for one seat, one wins. An expired hold
    /// does not block it.
    TAKE_SEAT = "attribute_not_exists(#pk) OR #hold_expires_at <= :now";
    /// Only the hold that still has the seat sells it, whatever the clocks say.
    SELL_SEAT = "#hold_id = :sold_from";
    /// Releasing a hold frees a seat only while it belongs to that hold.
    FREE_SEAT = "#hold_id = :freed_from";

    /// A shard never gives out more places than it has, and is checked for expired ones from time to time.
    TAKE_PLACES = "attribute_not_exists(#taken) OR (#taken <= :room AND #unswept < :unswept_max)";
    /// Expired places are given back once, and only from the shard that was read.
    SHARD_UNCHANGED = "#version = :version";
    /// Places are sold only from the bucket that still has them, whatever the clocks say.
    SELL_PLACES = "#bucket >= :sold";
    /// Releasing a hold frees places only while they are in the hold's bucket.
    FREE_PLACES = "#bucket >= :freed";
    /// A hold is prolonged only while it still has its seat.
    PROLONG_SEAT = "#hold_id = :kept_in";
    /// Places are prolonged only while they are still in the hold's bucket.
    PROLONG_PLACES = "#bucket >= :kept";

    /// However many requests they send, a member has at most one live or pending hold of a performance, no more seats
    /// than allowed, and few unpaid holds an hour.
    STAKE_HAS_ROOM = "(attribute_not_exists(#hold_until) OR #hold_until <= :now) AND attribute_not_exists(#pending_hold_id) AND (attribute_not_exists(#paid_seats) OR #paid_seats <= :paid_max) AND (attribute_not_exists(#unpaid_first) OR #unpaid_first <= :hour_ago OR #unpaid_first <= #cleared_until)";
    /// A hold is paid or prolonged once, and only as it was read: one prolonged since is stored in another place, and
    /// one declined since is paid by another purchase.
    STAKE_IS_LIVE = "#hold.#hold_id = :hold_id AND #hold_until = :hold_until_read AND (attribute_not_exists(#hold.#attempt) OR #hold.#attempt = :attempt)";
    /// Releasing an old hold leaves a newer one alone, and also one that was prolonged since.
    STAKE_NAMES_HOLD = "#hold_until = :hold_until_read AND #hold.#hold_id = :hold_id";

    /// Each change of a wallet builds on the balance before it: none is lost, none is counted twice.
    WALLET_UNCHANGED = "#seq = :seq";
    /// The wallet of a deleted account takes no payment and no top-up. Otherwise as `WALLET_UNCHANGED`.
    WALLET_IS_OPEN = "#seq = :seq AND attribute_not_exists(#closed_at)";

    /// A performance is cancelled once, and the first reason stands. Its date under the show has not moved since it
    /// was read.
    NOT_YET_CANCELLED = "attribute_not_exists(#cancellation) AND #starts_at = :starts_at";
    /// The rows of a reservation are rebuilt from what was read after the row they replace: no projector undoes
    /// another's work, and each change of the sums is counted once.
    DOOR_ROW_UNCHANGED = "#seq = :seen OR attribute_not_exists(#seq)";

    /// A reservation is cancelled and refunded once.
    RESERVATION_CONFIRMED = "#status = :confirmed";
    /// A member cancels their reservation once, and not after one of its tickets was used.
    RESERVATION_UNUSED = "#status = :confirmed AND size(#door.#check_ins) = :zero";

    /// A ticket opens the door once, with its newest code, and not after its reservation was cancelled.
    TICKET_IS_GOOD = "#status = :confirmed AND attribute_not_exists(#door.#check_ins.#ticket) AND (attribute_not_exists(#door.#generations.#ticket) OR #door.#generations.#ticket <= :generation)";
    /// A used or cancelled ticket is not reissued, and each reissue has its own mail.
    TICKET_IS_REISSUABLE = "#mailing.#number = :seen AND attribute_not_exists(#door.#check_ins.#ticket) AND #status = :confirmed";
    /// Tickets are mailed again only while they are valid, and no mail number is used twice.
    TICKETS_ARE_MAILABLE = "#mailing.#number = :seen AND #status = :confirmed";
    /// A pending purchase is confirmed, declined or cancelled: exactly one of them, once.
    RESERVATION_PENDING = "#status = :pending";

    /// Each change of the breaker builds on the state that was read: no counts are lost, and no late change undoes a
    /// newer one.
    BREAKER_UNCHANGED = "attribute_not_exists(#epoch) OR #epoch = :seen";

    /// Only the member's own live admission holds seats.
    ADMISSION_IS_LIVE = "#member = :member AND #expires_at > :now";
    /// A declined payment restores the admission that was parked for it, but not one given up or taken back
    /// meanwhile.
    ADMISSION_IS_PARKED = "#state = :parked";
    /// A payment spends the payer's own admission, once.
    ADMISSION_IS_MINE = "#member = :member";

    /// Of many concurrent joins of one member, one draws a place. A draw retried after a lost response draws nothing
    /// new.
    DRAWN_ONCE = "attribute_not_exists(#drawer) OR #drawer <> :drawer";
    /// A member's place is stored once, however many joins run at the same time: the second draw does not replace the
    /// first, and a late draw does not bring back a place that was given up.
    PLACE_UNCHANGED = "attribute_not_exists(#pk) OR #draws = :seen_draws";
    /// Leaving again does not overwrite which place was given up.
    PLACE_IS_HELD = "#i > :zero";
    /// One caller at a time turns the turnstile, once a second.
    TURNSTILE_IS_FREE = "#next_tick_at <= :now AND #lease_until <= :now";
    /// A caller that lost the turnstile to another does not write the result of its turn.
    TURN_IS_MINE = "#owner = :owner";
    /// A policy replaces a policy; it does not create a waiting room.
    ROOM_EXISTS = "attribute_exists(#policy)";
    /// A position is admitted once: its time does not start again.
    NOT_YET_ADMITTED = "attribute_not_exists(#pk)";
    /// An admission is claimed once, and only an unclaimed one is adopted.
    ADMISSION_UNCLAIMED = "#state = :granted";
    /// The turnstile takes back a place only while it is unclaimed, and not one that was called again meanwhile.
    ADMISSION_UNANSWERED = "#state = :granted AND #claim_until = :claim_until_read";
    /// A member who missed the call comes back once, and a spent or given-up place does not come back.
    MISSED_REMEMBERED = "attribute_exists(#pk)";
    /// Only the owner of a place comes back to it, not a member who has given it up.
    PLACE_IS_MINE = "#i = :index AND #s = :shard";
    /// A turn calls a place again only while its owner waits for that: it admits nobody who has left.
    ADMISSION_RETURNED = "#state = :returned";
    /// The turnstile leaves an admission alone that a hold has just prolonged.
    ADMISSION_UNEXTENDED = "#hold_until = :hold_until";
    /// A release takes back the time its own hold gave, and only from an admission that still exists.
    ADMISSION_PROLONGED = "#hold_until = :given";
    /// Leaving does not end an admission while a hold depends on it that is not released with it.
    ADMISSION_WITHOUT_HOLD = "attribute_not_exists(#hold_until) OR #hold_until <= :hold_until";

    /// A row of a seat map is rebuilt from what was read after the row it replaces: no projector undoes another's
    /// work.
    MAP_ROW_UNCHANGED = "attribute_not_exists(#seq) OR #seq = :seen_seq";

    /// A mail has one sender at a time, is never sent again once it was sent, and belongs to an existing item.
    MAIL_FREE = "attribute_exists(#pk) AND (attribute_not_exists(#mail) OR (#mail.#status <> :sent AND #mail.#lease_until <= :now))";
    /// A member is alerted to a new show once, by one sender at a time.
    ALERT_FREE = "attribute_not_exists(#mail) OR (#mail.#status <> :sent AND #mail.#lease_until <= :now)";
    /// Only the sender that holds the claim marks a mail as sent or gives it back, not one whose lease was taken
    /// over.
    MAIL_MINE = "#mail.#claimed_by = :claimer";
    /// A mail that was sent is not marked as failed.
    MAIL_UNSENT = "#mail.#status = :queued";
}
