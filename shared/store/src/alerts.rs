//! Subscriptions to new shows: chosen by the member, stored by category, in shards.

use crate::{
    PageOf, PageRequest, Store,
    conditions::MEMBER_EXISTS,
    keys::{self, attribute, item_of},
    limits::ANNOUNCED_PAGE_MEMBERS,
    page::Range,
    write::Write,
};
use frontrow_domain::{Error, Result, ids::MemberId, member::Member, show::Category};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Subscriber {
    member_id: MemberId,
}

impl Store {
    /// Stores the categories of `member.alerts` all at once, so that of two concurrent choices one is kept as a
    /// whole.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if the account was deleted; [`Error::Busy`].
    pub async fn replace_alerts(&self, member: Member) -> Result<Member> {
        let id = &member.member_id;
        let mut writes = vec![
            Write::update(keys::member(id), "SET #alerts = :alerts")
                .when(&MEMBER_EXISTS)
                .value("alerts", attribute(&member.alerts)),
        ];
        writes.extend(Category::ALL.map(|category| {
            let key = keys::subscriber(category, id);
            if member.alerts.contains(&category) {
                Write::put(item_of(key, "subscriber", &Subscriber { member_id: *id }))
            } else {
                Write::delete(key)
            }
        }));
        self.transact(writes).await?.map_err(|_| Error::Unauthenticated)?;
        Ok(member)
    }

    /// One page of a shard of the subscribers to new shows of `category`.
    ///
    /// # Errors
    /// As any read.
    pub async fn subscribers(&self, category: Category, shard: u8, after: Option<String>) -> Result<PageOf<MemberId>> {
        let page = PageRequest { limit: ANNOUNCED_PAGE_MEMBERS, after };
        let found = self.keyed_page(&keys::alerts_partition(category, shard), &Range::all(), &page).await?;
        let id = |(_, subscriber): (String, Subscriber)| subscriber.member_id;
        Ok(PageOf { items: found.items.into_iter().map(id).collect(), next: found.next })
    }
}
