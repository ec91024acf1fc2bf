//! Every condition expression of the system. Each clause of each has a test that fails without it (`tests/conditions`);
//! what another condition implies is left out (`infra/decisions/0006`).
//! `#name` stands for the attribute `name`; `#mail` for the marker of the mail in question, `#ticket` for the index of the
//! ticket in question.
//!
//! Texts are all different, so that a test can take out one by its text.

/// A condition with its name and what it protects.
#[derive(Debug)]
pub struct Condition {
    /// Its name in this file.
    pub name: &'static str,
    /// The expression that DynamoDB judges.
    pub expression: &'static str,
    /// What it protects.
    pub protects: &'static str,
}

macro_rules! conditions {
    ($($(#[doc = $protects:literal])+ $name:ident = $expression:literal;)*) => {
        $($(#[doc = $protects])+ pub const $name: Condition = Condition {
            name: stringify!($name), expression: $expression, protects: concat!($($protects),+),
        };)*
        /// All of them.
        pub const ALL: &[&Condition] = &[$(&$name),*];
    };
}

conditions! {
    /// An `Idempotency-Key` answers one request: the second transaction under it is not done.
    NO_RECEIPT = "attribute_not_exists(#pk) OR #expires_at <= :now";

    /// An address signs up once, however many verifications of it are used at once.
    EMAIL_IS_FREE = "attribute_not_exists(#member_id)";
    /// A verification is used once, and not after wrong codes killed it.
    VERIFICATION_IS_OPEN = "attribute_not_exists(#used_by) AND #attempts < :attempts_max";
    /// Wrong codes are counted up to the limit: of many guesses at once, no more than that are judged.
    ATTEMPTS_ARE_LEFT = "#attempts < :attempts_max";
    /// A change of a member does not recreate a deleted account.
    MEMBER_EXISTS = "attribute_exists(#email)";
    /// An account is deleted once, and only while its password is the one that was checked.
    PASSWORD_UNCHANGED = "#password_hash = :password_hash";
    /// A rename replaces the name that was read, so that no name is lost under which the door list may list the reservation.
    BUYER_UNCHANGED = "#buyer.#name = :seen_name";
    /// A row of the door list is moved once, and only if it is as it was read.
    DOOR_ROW_STANDS = "#seq = :seen";
    /// A refresh token is used once: of two refreshes at once one goes on, and none revives a session that was ended.
    SESSION_UNCHANGED = "#number = :seen";
    /// Ending all sessions ends those that the caller knows of: a repetition does not end sessions that began since.
    SESSIONS_OF_EDITION = "attribute_exists(#email) AND (attribute_not_exists(#sessions_edition) OR #sessions_edition = :edition)";
    /// An address is counted up to its limit within a window of time.
    RATE_IS_BELOW = "attribute_not_exists(#count) OR #count < :limit";

    /// A performance is made once under its id: a second of that id does not replace the first.
    PERFORMANCE_IS_NEW = "attribute_not_exists(#layout)";
    /// No two performances start in one venue at one instant. One's own slot, which an earlier move left behind, is no obstacle.
    SLOT_IS_FREE = "attribute_not_exists(#performance_id) OR #performance_id = :performance_id";

    /// Each change of a show is made of the show before it: two at once do not mix, and none misses a performance that came or
    /// went meanwhile.
    SHOW_UNCHANGED = "#edition = :edition";
    /// Each change of a performance is made of the performance before it: two at once do not mix, and none that was made
    /// under a closing is done after that was ended by others.
    PERFORMANCE_UNCHANGED = "#revision = :revision";
    /// A slot is freed only of whom it was found with: not of whoever took it meanwhile.
    SLOT_NAMES = "#performance_id = :performance_id";
    /// A lapsed hold ends for good only while nobody paid it, or prolonged it, by a clock that is behind. A sold seat never expires.
    HOLD_LAPSED = "#hold_expires_at <= :now";

    /// A seat is taken only while nobody holds or owns it: of many on one seat, one wins. A lapsed hold is no obstacle.
    TAKE_SEAT = "attribute_not_exists(#pk) OR #hold_expires_at <= :now";
    /// Only the hold that still has the seat sells it, whatever the clocks say.
    SELL_SEAT = "#hold_id = :sold_from";
    /// Releasing frees a seat only while it is in that very hold.
    FREE_SEAT = "#hold_id = :freed_from";

    /// No more places are taken of a stripe than it has; and from time to time one looks for lapsed ones.
    TAKE_PLACES = "attribute_not_exists(#taken) OR (#taken <= :room AND #unswept < :unswept_max)";
    /// Lapsed places are given back once, and only while they are what was seen.
    STRIPE_UNCHANGED = "#version = :version";
    /// Places are sold only from the bucket that still has them, whatever the clocks say.
    SELL_PLACES = "#bucket >= :sold";
    /// Releasing frees places only while they are in the hold's bucket.
    FREE_PLACES = "#bucket >= :freed";
    /// Only a hold that still has its seat keeps it longer.
    PROLONG_SEAT = "#hold_id = :kept_in";
    /// Only places that are still in the hold's bucket are kept longer.
    PROLONG_PLACES = "#bucket >= :kept";

    /// A member has one live or pending hold of a performance, no more seats than allowed, and few holds an hour that they do not
    /// pay, however many requests they send.
    STAKE_HAS_ROOM = "(attribute_not_exists(#hold_until) OR #hold_until <= :now) AND attribute_not_exists(#pending_hold_id) AND (attribute_not_exists(#paid_seats) OR #paid_seats <= :paid_max) AND (attribute_not_exists(#unpaid_first) OR #unpaid_first <= :hour_ago OR #unpaid_first <= #cleared_until)";
    /// A hold is paid or prolonged once, and only as it was read: one that was prolonged since is kept elsewhere, and one that
    /// was declined since is paid by another purchase.
    STAKE_IS_LIVE = "#hold.#hold_id = :hold_id AND #hold_until = :hold_until_read AND (attribute_not_exists(#hold.#attempt) OR #hold.#attempt = :attempt)";
    /// Releasing an old hold leaves a newer one alone, and one that was prolonged since.
    STAKE_NAMES_HOLD = "#hold_until = :hold_until_read AND #hold.#hold_id = :hold_id";

    /// Each change of a wallet is made of the balance before it: none is lost, none is counted twice.
    WALLET_UNCHANGED = "#seq = :seq";
    /// The wallet of a deleted account takes no payment and no top-up. For the rest, the same.
    WALLET_IS_OPEN = "#seq = :seq AND attribute_not_exists(#closed_at)";

    /// A performance is cancelled once: the first reason stands. Its date under the show is where it was when it was read.
    NOT_YET_CANCELLED = "attribute_not_exists(#cancellation) AND #starts_at = :starts_at";
    /// What a reservation shows is made of what was read after its row was: no projector undoes another's work, and each
    /// change of the sums is counted once.
    DOOR_ROW_UNCHANGED = "#seq = :seen OR attribute_not_exists(#seq)";

    /// A reservation is cancelled, and refunded, once.
    RESERVATION_CONFIRMED = "#status = :confirmed";
    /// Its member cancels it once, and not after one of its tickets was used.
    RESERVATION_UNUSED = "#status = :confirmed AND size(#door.#check_ins) = :zero";

    /// A ticket opens the door once, by its newest code, and not after its reservation was cancelled.
    TICKET_IS_GOOD = "#status = :confirmed AND attribute_not_exists(#door.#check_ins.#ticket) AND (attribute_not_exists(#door.#generations.#ticket) OR #door.#generations.#ticket <= :generation)";
    /// A used ticket or a cancelled one is not reissued, and each reissue has a mail of its own.
    TICKET_IS_REISSUABLE = "#mailing.#number = :seen AND attribute_not_exists(#door.#check_ins.#ticket) AND #status = :confirmed";
    /// Tickets are mailed again while they are valid, and no mail's number is given twice.
    TICKETS_ARE_MAILABLE = "#mailing.#number = :seen AND #status = :confirmed";
    /// A pending purchase is confirmed, declined or called off: one of them, once.
    RESERVATION_PENDING = "#status = :pending";

    /// A change of the breaker is made of what it was: no counts are lost, and no change is undone by one that comes late.
    BREAKER_UNCHANGED = "attribute_not_exists(#epoch) OR #epoch = :seen";

    /// Only a live admission of the member's own holds seats.
    ADMISSION_IS_LIVE = "#member = :member AND #expires_at > :now";
    /// A declined payment gives back the admission that was kept for it, and none that was given up or taken back meanwhile.
    ADMISSION_IS_PARKED = "#state = :parked";
    /// Payment spends the payer's own admission, once.
    ADMISSION_IS_MINE = "#member = :member";

    /// Of many who join at once as one member, one draws a place; so does a draw that is sent again because its answer was lost.
    DRAWN_ONCE = "attribute_not_exists(#drawer) OR #drawer <> :drawer";
    /// A member's place is drawn once, however often he joins at once: the second draw does not replace the first, nor does a
    /// draw that comes late bring a place back that was given up.
    PLACE_UNCHANGED = "attribute_not_exists(#pk) OR #draws = :seen_draws";
    /// Leaving again does not forget which place was given up.
    PLACE_IS_HELD = "#i > :zero";
    /// The turnstile is turned by one at a time, once a second.
    TURNSTILE_IS_FREE = "#next_tick_at <= :now AND #lease_until <= :now";
    /// Who lost the turnstile to another does not tell what became of his turn.
    TURN_IS_MINE = "#owner = :owner";
    /// A policy replaces a policy; it makes no waiting room where there is none.
    ROOM_EXISTS = "attribute_exists(#policy)";
    /// A position is let in once: another's time is not begun anew.
    NOT_YET_ADMITTED = "attribute_not_exists(#pk)";
    /// A place inside is claimed once, and the turnstile takes back only what nobody claimed.
    ADMISSION_UNCLAIMED = "#state = :granted";
    /// The turnstile leaves an admission alone that a hold prolonged a moment ago.
    ADMISSION_UNEXTENDED = "#hold_until = :hold_until";
    /// A release takes back the time that its own hold gave, from an admission that is still there.
    ADMISSION_PROLONGED = "#hold_until = :given";
    /// Leaving ends no admission under a hold that it does not release.
    ADMISSION_WITHOUT_HOLD = "attribute_not_exists(#hold_until) OR #hold_until <= :hold_until";

    /// A row of a house's map is made of what was read after the row before it was written: no projector undoes another's work.
    MAP_ROW_UNCHANGED = "attribute_not_exists(#seq) OR #seq = :seen_seq";

    /// A mail has one sender at a time, is not sent again once it was, and is about something that is there.
    MAIL_FREE = "attribute_exists(#pk) AND (attribute_not_exists(#mail) OR (#mail.#status <> :sent AND #mail.#lease_until <= :now))";
    /// A member is told of a new show once, by one sender at a time.
    ALERT_FREE = "attribute_not_exists(#mail) OR (#mail.#status <> :sent AND #mail.#lease_until <= :now)";
    /// Only who claimed a mail says that it was sent, or gives it back: not one whose lease was taken over.
    MAIL_MINE = "#mail.#claimed_by = :claimer";
    /// A mail that was sent is not said to have failed.
    MAIL_UNSENT = "#mail.#status = :queued";
}
