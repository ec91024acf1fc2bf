//! Reservations: a purchase with its tickets and payment, stored as one item that is never deleted.

pub mod settlement;
mod tickets;

use crate::{
    Error, Result, Timestamp,
    card::{CardPayment, CardToken, DeclineReason},
    door::Door,
    hold::{HeldSeat, Hold},
    ids::{MemberId, PaymentId, PerformanceId, ReservationId, ShowId, TicketId},
    listing::Listing,
    mailing::Mailing,
    member::{EmailAddress, Language, Name},
    money::Won,
    performance::Reason,
    show::{PosterUrl, TimeZone},
    waiting_room::Admission,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Status of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ReservationStatus {
    /// Accepted; the payment is in progress.
    Pending,
    /// Paid: the seats belong to the member.
    Confirmed,
    /// Ended; the seats are free again.
    Cancelled,
}

/// Why a reservation ended. Stored as one of the system's own words, or as the organizer's text under one, so that
/// the organizer's text cannot pass for a system word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The member cancelled it.
    Member,
    /// The card was declined.
    PaymentDeclined,
    /// The card was not charged in time.
    PaymentExpired,
    /// The organizer cancelled the performance for this reason.
    Organizer(Reason),
}

impl CancelReason {
    /// The reason as shown to the member: a word of this system, or the organizer's own text.
    pub fn text(&self) -> &str {
        match self {
            Self::Member => "member",
            Self::PaymentDeclined => "payment_declined",
            Self::PaymentExpired => "payment_expired",
            Self::Organizer(reason) => reason.as_str(),
        }
    }
}

/// How a purchase is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PaymentMethod {
    /// The member's wallet.
    Points,
    /// A card, through the payment provider.
    Card,
}

/// Status of a payment, derived from its reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PaymentStatus {
    /// In progress.
    Pending,
    /// The money was taken.
    Approved,
    /// Refused by the payment provider.
    Declined,
    /// Refunded, or never taken.
    Cancelled,
}

/// Status of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum MailStatus {
    /// Not sent yet.
    #[default]
    Queued,
    /// Accepted by the mail service.
    Sent,
    /// Given up; the message is in the dead-letter queue.
    Failed,
}

/// The buyer, as mails address them: a copy made at payment. It is updated when the member is renamed or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// The buyer's member id.
    pub member_id: MemberId,
    /// Recipient address of their mails.
    pub email: EmailAddress,
    /// Name at the time of the purchase or the last update.
    pub name: Name,
    /// Language of their mails.
    pub language: Language,
    /// Earlier names under which the door list may still list the reservation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_names: Vec<Name>,
}

impl Buyer {
    /// Every name under which the door list may list the reservation.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.name).chain(&self.former_names)
    }

    /// The buyer with another name.
    #[must_use]
    pub fn renamed(mut self, name: Name) -> Self {
        self.former_names.retain(|former| *former != name);
        if self.name != name {
            self.former_names.push(std::mem::replace(&mut self.name, name));
        }
        self
    }

    /// The buyer without name and address. Former names stay until the door list is up to date.
    #[must_use]
    pub fn erased(self) -> Self {
        Self { email: EmailAddress::erased(), ..self.renamed(Name::erased()) }
    }
}

/// The show and performance at the time of the sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// The show's id.
    pub show_id: ShowId,
    /// The show's title.
    pub show_title: String,
    /// The show's poster, if any.
    pub poster_url: Option<PosterUrl>,
    /// Where the performance takes place.
    pub venue: String,
    /// Time zone of its local time.
    pub time_zone: TimeZone,
    /// The performance's id.
    pub performance_id: PerformanceId,
    /// Start of the performance.
    pub starts_at: Timestamp,
}

/// A purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The ids of the hold, the payment and the tickets derive from it.
    pub reservation_id: ReservationId,
    /// The member who bought.
    pub buyer: Buyer,
    /// The show and performance.
    pub sold: Sold,
    /// The version of the layout that the seats belong to.
    pub layout: u32,
    /// The seats; ticket `n` is for the `n`-th seat.
    pub seats: Vec<HeldSeat>,
    /// Whether it is pending, confirmed or cancelled.
    pub status: ReservationStatus,
    /// Payment method.
    pub method: PaymentMethod,
    /// When it was paid or, for a card payment, accepted.
    pub created_at: Timestamp,
    /// When it ended.
    pub cancelled_at: Option<Timestamp>,
    /// Why it ended.
    pub cancel_reason: Option<CancelReason>,
    /// Check-ins and reissues of its tickets.
    pub door: Door,
    /// The latest ticket mail.
    pub mailing: Mailing,
    /// The card payment; `None` for any other method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardPayment>,
}

impl Reservation {
    /// The reservation made by paying `hold` with points at `now`.
    pub fn paid_with_points(hold: &Hold, listing: &Listing, buyer: Buyer, now: Timestamp) -> Self {
        Self::of(hold, listing, buyer, None, now)
    }

    /// The reservation made by paying `hold` by card at `now`: accepted, and pending until the provider approves or
    /// declines. Until the payment's deadline its seats are held as in `kept`.
    pub fn paid_by_card(
        (hold, kept): (&Hold, &Hold),
        listing: &Listing,
        buyer: Buyer,
        (token, admission): (CardToken, Option<&Admission>),
        now: Timestamp,
    ) -> Self {
        Self::of(hold, listing, buyer, Some(CardPayment::of(hold, kept, admission, token)), now)
    }

    fn of(hold: &Hold, listing: &Listing, buyer: Buyer, card: Option<CardPayment>, now: Timestamp) -> Self {
        let (show, performance) = (&listing.show, &listing.performance);
        Self {
            reservation_id: hold.purchase(),
            buyer,
            sold: Sold {
                show_id: show.show_id.clone(),
                show_title: show.details.title.as_str().to_owned(),
                poster_url: show.details.poster_url.clone(),
                venue: show.details.venue.as_str().to_owned(),
                time_zone: show.time_zone(),
                performance_id: performance.performance_id.clone(),
                starts_at: performance.starts_at,
            },
            layout: hold.layout,
            seats: hold.seats.clone(),
            status: if card.is_some() { ReservationStatus::Pending } else { ReservationStatus::Confirmed },
            method: if card.is_some() { PaymentMethod::Card } else { PaymentMethod::Points },
            created_at: now,
            cancelled_at: None,
            cancel_reason: None,
            door: Door::default(),
            mailing: Mailing::default(),
            card,
        }
    }

    /// The total price of its tickets.
    pub fn total(&self) -> Won {
        self.seats.iter().map(|seat| seat.price).sum()
    }

    /// When the payment was approved; `None` if it never was.
    pub fn approved_at(&self) -> Option<Timestamp> {
        match self.method {
            PaymentMethod::Points => Some(self.created_at),
            PaymentMethod::Card => self.card.as_ref().and_then(|card| card.approved_at),
        }
    }

    /// The amount returned to the member: zero if the payment was never approved.
    pub fn refunded(&self) -> Won {
        if self.cancelled_at.is_some() && self.approved_at().is_some() { self.total() } else { Won(0) }
    }

    /// The id of its payment.
    pub fn payment_id(&self) -> PaymentId {
        self.reservation_id.payment()
    }

    /// The status of its payment.
    pub fn payment_status(&self) -> PaymentStatus {
        match self.status {
            ReservationStatus::Pending => PaymentStatus::Pending,
            ReservationStatus::Confirmed => PaymentStatus::Approved,
            ReservationStatus::Cancelled if self.cancel_reason == Some(CancelReason::PaymentDeclined) => {
                PaymentStatus::Declined
            }
            ReservationStatus::Cancelled => PaymentStatus::Cancelled,
        }
    }

    /// Why the payment was declined; `None` if it was not.
    pub fn decline_reason(&self) -> Option<DeclineReason> {
        let declined = self.payment_status() == PaymentStatus::Declined;
        // An older version did not store the reason.
        declined.then(|| self.card.as_ref().and_then(|card| card.decline_reason).unwrap_or(DeclineReason::Other))
    }

    /// Its tickets with their seats.
    pub fn tickets(&self) -> impl Iterator<Item = (TicketId, &HeldSeat)> {
        (0..).zip(&self.seats).map(|(index, seat)| (self.reservation_id.ticket(index), seat))
    }

    /// The reservation, cancelled at `now`. An organizer may cancel at any time.
    ///
    /// # Errors
    /// [`Error::PerformanceStarted`] if the member cancels after the start, [`Error::AlreadyCheckedIn`] if they
    /// cancel after one of its tickets was used.
    pub fn cancel(self, reason: CancelReason, now: Timestamp) -> Result<Self> {
        if reason == CancelReason::Member {
            if now >= self.sold.starts_at {
                return Err(Error::PerformanceStarted);
            }
            if let Some(checked_in_at) = self.door.first_check_in_at() {
                return Err(Error::AlreadyCheckedIn { checked_in_at });
            }
        }
        Ok(self.over(reason, now))
    }

    /// The reservation, ended. What a card was or may still be charged for it has to be refunded.
    pub(crate) fn over(self, reason: CancelReason, now: Timestamp) -> Self {
        let card = self.card.map(CardPayment::called_off);
        Self {
            status: ReservationStatus::Cancelled,
            cancelled_at: Some(now),
            cancel_reason: Some(reason),
            card,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::try_from(text.to_owned()).unwrap()
    }

    fn zoe() -> Buyer {
        Buyer {
            member_id: "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap(),
            email: EmailAddress::try_from("zoe@example.com".to_owned()).unwrap(),
            name: name("Zoe"),
            language: Language::En,
            former_names: Vec::new(),
        }
    }

    #[test]
    fn former_names_are_distinct_and_exclude_the_current_one() {
        assert_eq!(zoe().renamed(name("Zoe")), zoe());
        let twice = zoe().renamed(name("Yuna")).renamed(name("Xena"));
        assert_eq!(twice.names().map(Name::as_str).collect::<Vec<_>>(), ["Xena", "Zoe", "Yuna"]);
        assert_eq!(twice.clone().renamed(name("Xena")), twice);
        assert_eq!(twice.renamed(name("Zoe")).former_names, [name("Yuna"), name("Xena")]);
    }

    #[test]
    fn an_erased_buyer_has_no_address_and_stays_erased() {
        let erased = zoe().erased();
        assert!(erased.email.is_erased() && !zoe().email.is_erased());
        assert_eq!((erased.name.clone(), &erased.former_names[..]), (Name::erased(), &[name("Zoe")][..]));
        assert_eq!(erased.clone().erased(), erased);
        // Both placeholders can be read back.
        assert_eq!(EmailAddress::try_from(erased.email.to_string()), Ok(erased.email));
        assert_eq!(Name::try_from(erased.name.as_str().to_owned()), Ok(erased.name));
    }
}
