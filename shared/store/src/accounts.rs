//! Changing and deleting an account, and what follows from it in the member's reservations.
//!
//! Both are one transaction or write of the member's own items; a message of the stream then makes the reservations follow,
//! page by page, until no access token of before can make another.

use crate::{
    PageOf, PageRequest, Store,
    conditions::{BUYER_UNCHANGED, MEMBER_EXISTS, PASSWORD_UNCHANGED, WALLET_UNCHANGED},
    db::{Consistency, Refused},
    keys::{self, Item, attribute, from_item},
    members::{Attempts, Credentials, RENAMES},
    page::Range,
    write::Write,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::MemberId,
    limits::{FOLLOW_PAGE_ITEMS, PAGE_MAX_ITEMS, WALLET_RETRIES},
    member::{Member, Name},
    reservation::{Buyer, Reservation, ReservationStatus},
    show::Category,
};
use serde::de::IgnoredAny;

/// An account as it is.
pub enum Account {
    /// There is one.
    Live(Box<Credentials>),
    /// Its member deleted it.
    Deleted,
    /// There never was one.
    Unknown,
}

impl Account {
    /// The account of a profile.
    pub(crate) fn of(profile: Option<Item>) -> Result<Self> {
        Ok(match profile {
            None => Self::Unknown,
            Some(item) if item.contains_key("deleted_at") => Self::Deleted,
            Some(item) => Self::Live(Box::new(from_item(item)?)),
        })
    }

    /// The member with the password, where there is an account.
    pub(crate) fn live(self) -> Option<Credentials> {
        match self {
            Self::Live(credentials) => Some(*credentials),
            Self::Deleted | Self::Unknown => None,
        }
    }
}

impl Store {
    /// The account of a member.
    ///
    /// # Errors
    /// As any read.
    pub async fn account(&self, id: &MemberId) -> Result<Account> {
        Account::of(self.get(&keys::member(id), Consistency::Strong).await?)
    }

    /// Gives a member another name.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] where the account is gone; [`Error::TooManyRequests`].
    pub async fn rename_member(&self, id: &MemberId, name: Name, now: Timestamp) -> Result<Member> {
        let member = self.member(id).await?.ok_or(Error::Unauthenticated)?;
        let rename = Write::update(keys::member(id), "SET #name = :name, #changed_at = :now")
            .when(&MEMBER_EXISTS)
            .value("name", name.as_str())
            .value("now", now)
            .caused_by(self.request());
        let count = RENAMES.count_one(Attempts { email: &member.email, device: None }, now);
        match self.transact(vec![rename, count]).await {
            Ok(()) => Ok(Member { name, ..member }),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(images)) if images[0].is_some() => Err(Error::Unauthenticated),
            Err(Refused::Conditions(_)) => {
                Err(Error::TooManyRequests { retry_after_seconds: RENAMES.retry_after_seconds(now) })
            }
        }
    }

    /// Deletes the account of the member whose password was checked: no login, no address, no alerts, a closed wallet. The
    /// ledger and the reservations stay; name and address leave them afterwards.
    ///
    /// The wallet's `seq` is read before the reservations, and the wallet is closed under it. So a payment with points either
    /// is seen here, or fails.
    ///
    /// # Errors
    /// [`Error::HasReservations`]; [`Error::WrongCredentials`] where the password was replaced meanwhile; [`Error::Busy`].
    pub async fn delete_member(&self, known: &Credentials, now: Timestamp) -> Result<()> {
        let id = &known.member.member_id;
        for attempt in 1..=WALLET_RETRIES {
            let wallet = self.wallet(id).await?;
            if self.has_reservations_ahead(id, now).await? {
                return Err(Error::HasReservations);
            }
            let mut writes = vec![
                Write::put(tombstone(id, now))
                    .when(&PASSWORD_UNCHANGED)
                    .value("password_hash", known.password_hash.as_str())
                    .caused_by(self.request()),
                Write::update(keys::wallet(id), "SET #closed_at = :now, #seq = :next")
                    .when(&WALLET_UNCHANGED)
                    .value("now", now)
                    .value("seq", wallet.seq)
                    .value("next", wallet.seq + 1),
                Write::delete(keys::email(&known.member.email)),
            ];
            writes.extend(Category::ALL.map(|category| Write::delete(keys::subscriber(category, id))));
            let mut images = match self.transact(writes).await {
                Ok(()) => return Ok(()),
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::Conditions(images)) => images,
            };
            if let Some(profile) = images.swap_remove(0) {
                return match Account::of(Some(profile))? {
                    Account::Deleted => Ok(()),
                    Account::Live(_) | Account::Unknown => Err(Error::WrongCredentials),
                };
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// Whether the member has a reservation, pending or confirmed, of a performance that has not started.
    async fn has_reservations_ahead(&self, id: &MemberId, now: Timestamp) -> Result<bool> {
        let mut after = None;
        loop {
            let page = self.reservations_of(id, after, PAGE_MAX_ITEMS).await?;
            if page.items.iter().any(|reservation| is_ahead(reservation, now)) {
                return Ok(true);
            }
            after = page.next;
            if after.is_none() {
                return Ok(false);
            }
        }
    }

    async fn reservations_of(&self, id: &MemberId, after: Option<String>, limit: u32) -> Result<PageOf<Reservation>> {
        let range = Range::prefix(keys::RESERVATION_PREFIX);
        let found = self.keyed_page(&keys::member_partition(id), &range, &PageRequest { limit, after }).await?;
        Ok(PageOf { items: found.items.into_iter().map(|(_, one)| one).collect(), next: found.next })
    }

    /// A page of a member's reservations, to make them follow.
    ///
    /// # Errors
    /// As any read.
    pub async fn followed_page(&self, id: &MemberId, after: Option<String>) -> Result<PageOf<Reservation>> {
        self.reservations_of(id, after, FOLLOW_PAGE_ITEMS).await
    }

    /// Writes the buyer of a reservation as `next` says.
    ///
    /// # Errors
    /// [`Error::Busy`] where the name is not the one that was read.
    pub async fn follow(&self, reservation: &Reservation, next: &Buyer) -> Result<()> {
        let key = keys::reservation(&reservation.buyer.member_id, &reservation.reservation_id);
        let follow = Write::update(key, "SET #buyer = :buyer")
            .when(&BUYER_UNCHANGED)
            .value("buyer", attribute(next))
            .value("seen_name", reservation.buyer.name.as_str());
        match self.write(follow).await {
            Ok(_) => Ok(()),
            Err(Refused::Conditions(_)) => Err(Error::Busy),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Deletes what is left of a member's sessions.
    ///
    /// # Errors
    /// As any read or write.
    pub async fn forget_sessions(&self, id: &MemberId) -> Result<()> {
        let (partition, range) = (keys::member_partition(id), Range::prefix(keys::SESSION_PREFIX));
        let mut after = None;
        loop {
            let page = PageRequest { limit: PAGE_MAX_ITEMS, after };
            let found = self.keyed_page::<IgnoredAny>(&partition, &range, &page).await?;
            for (sk, _) in found.items {
                self.delete_session_item(id, sk).await?;
            }
            after = found.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

/// Whether the reservation is live and its performance has not started.
pub fn is_ahead(reservation: &Reservation, now: Timestamp) -> bool {
    reservation.status != ReservationStatus::Cancelled && reservation.sold.starts_at > now
}

/// What is left of the profile: that there was one.
fn tombstone(id: &MemberId, now: Timestamp) -> Item {
    let mut item: Item = keys::member(id).into();
    let millis = || AttributeValue::N(now.millis().to_string());
    item.insert(keys::ENTITY.to_owned(), AttributeValue::S("member".to_owned()));
    item.insert("member_id".to_owned(), AttributeValue::S(id.to_string()));
    item.extend([("deleted_at".to_owned(), millis()), ("changed_at".to_owned(), millis())]);
    item
}
