//! The conditions of version 2 of the waiting room, each of which can be taken out.

macro_rules! rules {
    ($($(#[doc = $text:literal])+ $name:ident,)*) => {
        /// A condition of the design.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Rule {
            $($(#[doc = $text])+ $name,)*
        }

        /// All conditions, with their texts.
        pub(super) const RULES: &[(Rule, &str)] = &[$((Rule::$name, concat!($($text),+)),)*];
    };
}

rules! {
    /// JOIN: LINE.n is incremented and read in one write.
    DrawIsAtomic,
    /// CLAIM: `state = granted`.
    ClaimIfGranted,
    /// TURN: the lease is taken only if it is free.
    LeaseIfFree,
    /// TURN: ADM is counted after the lease was taken.
    CountUnderLease,
    /// TURN: a lapsed grant is deleted only `IF state = granted`.
    TakeBackIfGranted,
    /// TURN: a lapsed grant is deleted only `IF claimUntil` is as read.
    TakeBackIfAsRead,
    /// TURN: the transaction that deletes a lapsed grant writes MISSED.
    TakeBackWritesMissed,
    /// TURN: a grant above `serving` is adopted and never taken back, because its owner was not called yet.
    TakeBackIfServed,
    /// TURN: returned members are called again.
    RecallReturned,
    /// TURN: a returned ADM uses no slot.
    ReturnedUsesNoSlot,
    /// TURN: calling again only `IF state = returned`.
    RecallIfReturned,
    /// TURN: the lease is checked before a returned member is called again.
    LeaseAtRecall,
    /// TURN: the lease is checked before a grant is inserted.
    LeaseAtGrant,
    /// TURN: the lease's margin covers clock skew and one call.
    LeaseMargin,
    /// TURN: a grant is inserted only `IF attribute_not_exists(pk)`.
    GrantIfAbsent,
    /// TURN: a grant of a dead turn is adopted only `IF state = granted`.
    AdoptIfGranted,
    /// TURN: `serving` stops below the first place that failed.
    ServingStopsAtFailure,
    /// TURN: LEFT is read again after the grants, and those of given-up places are deleted.
    TurnLooksAgain,
    /// TURN: `serving` is written only `IF owner` is this turn.
    EndIfOwner,
    /// TURN: the lease is kept until it expires if a repeated call may still be executed.
    LeaseKeptForRecall,
    /// TURN: the lease is kept until it expires if a grant may still be inserted.
    LeaseKeptForGrant,
    /// RETURN: Delete MISSED `IF attribute_exists(pk)`.
    ReturnIfMissed,
    /// RETURN: Put ADM `IF attribute_not_exists(pk)`.
    ReturnIfAbsent,
    /// RETURN: only if PLACE still holds this position.
    ReturnIfHeld,
    /// POLL: a place is lost only if RETURN found neither MISSED nor ADM.
    LostIfNeither,
    /// LEAVE: looks for an admission after it has marked the place as left.
    LeaveLooks,
    /// LEAVE: deletes the admission of a called place.
    LeaveDeletesAdm,
    /// LEAVE: deletes MISSED of a called place.
    LeaveDeletesMissed,
    /// LEAVE: deletes both in one transaction.
    LeaveAtOnce,
}

/// The conditions in force.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules(u32);

impl Rules {
    /// All of them.
    pub(super) const ALL: Self = Self(u32::MAX);

    /// These without `rule`.
    pub(super) fn without(self, rule: Rule) -> Self {
        Self(self.0 & !(1 << rule as u32))
    }

    pub(super) fn has(self, rule: Rule) -> bool {
        self.0 >> (rule as u32) & 1 == 1
    }
}
