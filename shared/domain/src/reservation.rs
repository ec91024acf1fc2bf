//! Reservations: a purchase with its tickets and its payment, told from one item. Never deleted.

use crate::{
    Error, Result, Timestamp,
    card::{CardPayment, CardToken, DeclineReason},
    door::Door,
    hold::{HeldSeat, Hold},
    ids::{MemberId, PaymentId, PerformanceId, ReservationId, ShowId, TicketId},
    mailing::Mailing,
    member::{Email, Language, Name},
    money::Won,
    performance::{Listing, Reason},
    show::{PosterUrl, TimeZone},
    waiting_room::Admission,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a purchase has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ReservationStatus {
    /// Accepted, the payment is under way.
    Pending,
    /// Paid: the seats are the member's.
    Confirmed,
    /// Over; the seats are free again.
    Cancelled,
}

/// Why a reservation ended. Stored as a word of ours, or as the organizer's words under one, so that no words of his can
/// pass for ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The member cancelled it.
    Member,
    /// The card was declined.
    PaymentDeclined,
    /// The card was not charged in time.
    PaymentExpired,
    /// The organizer cancelled the performance, and said why.
    Organizer(Reason),
}

impl CancelReason {
    /// What the member is told: a word of ours, or the organizer's own.
    pub fn text(&self) -> &str {
        match self {
            Self::Member => "member",
            Self::PaymentDeclined => "payment_declined",
            Self::PaymentExpired => "payment_expired",
            Self::Organizer(reason) => reason.as_str(),
        }
    }
}

/// What it is paid with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PaymentMethod {
    /// The member's wallet.
    Points,
    /// A card, through the payment provider.
    Card,
}

/// How a payment stands; told from its reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PaymentStatus {
    /// Under way.
    Pending,
    /// Taken.
    Approved,
    /// Refused by the payment provider.
    Declined,
    /// Returned, or not taken after all.
    Cancelled,
}

/// How far a mail has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum MailStatus {
    /// On its way.
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
    /// Id.
    pub member_id: MemberId,
    /// Address.
    pub email: Email,
    /// Name.
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

    /// The same buyer under another name.
    #[must_use]
    pub fn renamed(mut self, name: Name) -> Self {
        self.former_names.retain(|former| *former != name);
        if self.name != name {
            self.former_names.push(std::mem::replace(&mut self.name, name));
        }
        self
    }

    /// The same buyer without name and address. Former names stay until the door list is up to date.
    #[must_use]
    pub fn erased(self) -> Self {
        Self { email: Email::erased(), ..self.renamed(Name::erased()) }
    }
}

/// The show and performance as they were sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// Show.
    pub show_id: ShowId,
    /// Its title.
    pub show_title: String,
    /// Its poster.
    pub poster_url: Option<PosterUrl>,
    /// Where.
    pub venue: String,
    /// Zone of its local time.
    pub time_zone: TimeZone,
    /// Performance.
    pub performance_id: PerformanceId,
    /// Curtain.
    pub starts_at: Timestamp,
}

/// A purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Id; the hold's, the payment's and the tickets' derive from it.
    pub reservation_id: ReservationId,
    /// Who bought.
    pub buyer: Buyer,
    /// What was bought.
    pub sold: Sold,
    /// The edition of the layout that the seats belong to.
    pub layout: u32,
    /// The seats; ticket `n` is the `n`-th.
    pub seats: Vec<HeldSeat>,
    /// How far it has come.
    pub status: ReservationStatus,
    /// What it was paid with.
    pub method: PaymentMethod,
    /// Payment.
    pub created_at: Timestamp,
    /// End.
    pub cancelled_at: Option<Timestamp>,
    /// Why it ended.
    pub cancel_reason: Option<CancelReason>,
    /// What became of its tickets since.
    pub door: Door,
    /// Its latest ticket mail.
    pub mailing: Mailing,
    /// How far the payment by card has come; `None` for any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardPayment>,
}

impl Reservation {
    /// What paying `hold` with points at `now` makes.
    pub fn paid_with_points(hold: &Hold, listing: &Listing, buyer: Buyer, now: Timestamp) -> Self {
        Self::of(hold, listing, buyer, None, now)
    }

    /// What paying `hold` by card at `now` makes: accepted, and pending until the provider has said yes or no. Until the
    /// payment's deadline its seats are held as `kept` says.
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

    /// The sum of its tickets.
    pub fn total(&self) -> Won {
        self.seats.iter().map(|seat| seat.price).sum()
    }

    /// When its payment was approved; `None` where that never happened.
    pub fn approved_at(&self) -> Option<Timestamp> {
        match self.method {
            PaymentMethod::Points => Some(self.created_at),
            PaymentMethod::Card => self.card.as_ref().and_then(|card| card.approved_at),
        }
    }

    /// What went back to the member: nothing of a payment that never was.
    pub fn refunded(&self) -> Won {
        if self.cancelled_at.is_some() && self.approved_at().is_some() { self.total() } else { Won(0) }
    }

    /// Its payment's id.
    pub fn payment_id(&self) -> PaymentId {
        self.reservation_id.payment()
    }

    /// Its payment's status.
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

    /// Why its payment was declined; `None` of any other.
    pub fn decline_reason(&self) -> Option<DeclineReason> {
        let declined = self.payment_status() == PaymentStatus::Declined;
        // An older version did not ask why.
        declined.then(|| self.card.as_ref().and_then(|card| card.decline_reason).unwrap_or(DeclineReason::Other))
    }

    /// Its tickets with their seats.
    pub fn tickets(&self) -> impl Iterator<Item = (TicketId, &HeldSeat)> {
        (0..).zip(&self.seats).map(|(index, seat)| (self.reservation_id.ticket(index), seat))
    }

    /// The reservation cancelled at `now` (R5). What the organizer takes back is given back at any time.
    ///
    /// # Errors
    /// [`Error::PerformanceStarted`] where the member cancels after the start, [`Error::AlreadyCheckedIn`] where he does
    /// after one of its tickets was used.
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

    /// The same, over. What a card was charged for it, or may yet be, is to be given back.
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
            email: Email::try_from("zoe@example.com".to_owned()).unwrap(),
            name: name("Zoe"),
            language: Language::En,
            former_names: Vec::new(),
        }
    }

    #[test]
    fn a_buyer_keeps_each_former_name_once_and_never_the_present_one() {
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
        // Both can be read back.
        assert_eq!(Email::try_from(erased.email.to_string()), Ok(erased.email));
        assert_eq!(Name::try_from(erased.name.as_str().to_owned()), Ok(erased.name));
    }
}
