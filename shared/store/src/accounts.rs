//! Renaming and deleting accounts, and updating the member's reservations afterwards.
//!
//! Both changes are one transaction of the member's own items. A message from the stream then updates the reservations page by
//! page, and repeats until no earlier access token can make another one.

use crate::{
    PageOf, PageRequest, Store,
    conditions::{BUYER_UNCHANGED, MEMBER_EXISTS, PASSWORD_UNCHANGED, WALLET_UNCHANGED},
    db::Consistency,
    keys::{self, Item, attribute, from_item},
    limits::{FOLLOW_PAGE_ITEMS, PAGE_MAX_ITEMS, WALLET_RETRIES},
    members::{Attempts, Credentials, RENAMES},
    page::Range,
    write::Write,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::MemberId,
    member::{Member, Name},
    reservation::{Buyer, Reservation, ReservationStatus},
    show::Category,
};
use serde::{Deserialize, de::IgnoredAny};

/// A member's profile.
pub enum Account {
    /// The account exists.
    Live(Box<Credentials>),
    /// The account was deleted.
    Deleted {
        /// When it was deleted.
        changed_at: Timestamp,
    },
    /// The account never existed.
    Unknown,
}

#[derive(Deserialize)]
struct Tombstone {
    changed_at: Timestamp,
}

impl Account {
    /// The account of a profile item.
    pub(crate) fn of(profile: Option<Item>) -> Result<Self> {
        Ok(match profile {
            None => Self::Unknown,
            Some(item) if item.contains_key("deleted_at") => {
                let Tombstone { changed_at } = from_item(item)?;
                Self::Deleted { changed_at }
            }
            Some(item) => Self::Live(Box::new(from_item(item)?)),
        })
    }

    /// The member with the password hash, if the account exists.
    pub(crate) fn live(self) -> Option<Credentials> {
        match self {
            Self::Live(credentials) => Some(*credentials),
            Self::Deleted { .. } | Self::Unknown => None,
        }
    }

    /// When the member was last renamed or deleted.
    pub fn changed_at(&self) -> Option<Timestamp> {
        match self {
            Self::Live(credentials) => credentials.changed_at,
            Self::Deleted { changed_at } => Some(*changed_at),
            Self::Unknown => None,
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

    /// Renames a member. Nothing is written or counted if the name is the same.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the account was deleted; [`Error::TooManyRequests`].
    pub async fn rename_member(&self, id: &MemberId, name: Name, now: Timestamp) -> Result<Member> {
        let member = self.member(id).await?.ok_or(Error::Unauthenticated)?;
        if member.name == name {
            return Ok(member);
        }
        let rename = Write::update(keys::member(id), "SET #name = :name, #changed_at = :now")
            .when(&MEMBER_EXISTS)
            .value("name", name.as_str())
            .value("now", now)
            .caused_by(self.request());
        let count = RENAMES.count_one(Attempts { email: &member.email, device: None }, now);
        match self.transact(vec![rename, count]).await? {
            Ok(()) => Ok(Member { name, ..member }),
            Err(refusal) if refusal.is_of(&keys::member(id)) => Err(Error::Unauthenticated),
            Err(_) => Err(Error::TooManyRequests { retry_after_seconds: RENAMES.retry_after_seconds(now) }),
        }
    }

    /// Deletes the account of a member whose password was checked: profile, address and alerts are deleted and the
    /// wallet is closed. Ledger and reservations stay; name and address are erased from them afterwards.
    ///
    /// The wallet is read before the reservations and closed only if it is unchanged. So a payment with points is
    /// either found here or fails.
    ///
    /// # Errors
    /// [`Error::HasReservations`]; [`Error::WrongCredentials`] when the password was replaced meanwhile; [`Error::Busy`].
    pub async fn delete_member(&self, known: &Credentials, now: Timestamp) -> Result<()> {
        let id = &known.member.member_id;
        for attempt in 1..=WALLET_RETRIES {
            let wallet = self.wallet(id).await?;
            if self.has_upcoming_reservations(id, now).await? {
                return Err(Error::HasReservations);
            }
            let mut writes = vec![
                Write::put(tombstone(id, now))
                    .when(&PASSWORD_UNCHANGED)
                    .value("password_hash", known.password_hash.as_str())
                    .caused_by(self.request()),
                Write::update(keys::wallet(id), "SET #closed_at = :now")
                    .when(&WALLET_UNCHANGED)
                    .value("now", now)
                    .value("seq", wallet.seq),
                Write::delete(keys::email(&known.member.email)),
            ];
            writes.extend(Category::ALL.map(|category| Write::delete(keys::subscriber(category, id))));
            let Err(refusal) = self.transact(writes).await? else { return Ok(()) };
            if let Some(profile) = refusal.image(&keys::member(id)) {
                return match Account::of(Some(profile))? {
                    Account::Deleted { .. } => Ok(()),
                    Account::Live(_) | Account::Unknown => Err(Error::WrongCredentials),
                };
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    async fn has_upcoming_reservations(&self, id: &MemberId, now: Timestamp) -> Result<bool> {
        let mut after = None;
        loop {
            let page = self.reservations_of(id, after, PAGE_MAX_ITEMS).await?;
            if page.items.iter().any(|reservation| is_upcoming(reservation, now)) {
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

    /// [`FOLLOW_PAGE_ITEMS`] of a member's reservations: the first, or those after a sort key.
    ///
    /// # Errors
    /// As any read.
    pub async fn followed_page(&self, id: &MemberId, after: Option<String>) -> Result<PageOf<Reservation>> {
        self.reservations_of(id, after, FOLLOW_PAGE_ITEMS).await
    }

    /// Replaces the buyer of a reservation by `next`.
    ///
    /// # Errors
    /// [`Error::Busy`] when the buyer's name is not the one that was read.
    pub async fn replace_buyer(&self, reservation: &Reservation, next: &Buyer) -> Result<()> {
        let key = keys::reservation(&reservation.buyer.member_id, &reservation.reservation_id);
        let follow = Write::update(key, "SET #buyer = :buyer")
            .when(&BUYER_UNCHANGED)
            .value("buyer", attribute(next))
            .value("seen_name", reservation.buyer.name.as_str());
        self.write(follow).await?.map(drop).map_err(|_| Error::Busy)
    }

    /// Deletes the session items of a member.
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

/// Whether the reservation is pending or confirmed and its performance has not started.
pub fn is_upcoming(reservation: &Reservation, now: Timestamp) -> bool {
    reservation.status != ReservationStatus::Cancelled && reservation.sold.starts_at > now
}

/// The profile of a deleted account. It has no TTL: repeated deletions and late messages find it.
fn tombstone(id: &MemberId, now: Timestamp) -> Item {
    let mut item: Item = keys::member(id).into();
    let millis = || AttributeValue::N(now.millis().to_string());
    item.insert(keys::ENTITY.to_owned(), AttributeValue::S("member".to_owned()));
    item.insert("member_id".to_owned(), AttributeValue::S(id.to_string()));
    item.extend([("deleted_at".to_owned(), millis()), ("changed_at".to_owned(), millis())]);
    item
}
