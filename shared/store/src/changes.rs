//! Changes of items, as the table's stream delivers them: decoded once, by the kind of the item.

use crate::keys::{Item, Key, Part, from_item};
use frontrow_domain::{
    Result, Timestamp,
    ids::{MemberId, RequestId},
    member::Name,
    performance::Performance,
    reservation::Reservation,
    show::Show,
    verification::Verification,
};
use serde::{Deserialize, de::DeserializeOwned};

/// A record of the table's stream.
#[derive(Debug)]
pub struct Change {
    /// The changed item.
    pub item: Changed,
    /// The request that caused the change, if known.
    pub request_id: Option<RequestId>,
}

/// A changed item, by its kind.
#[derive(Debug)]
pub enum Changed {
    /// A member's profile.
    Member(Images<Profile>),
    /// A performance.
    Performance(Images<Performance>),
    /// A reservation.
    Reservation(Box<Images<Reservation>>),
    /// A show, in the first of its orders.
    Show(Images<Show>),
    /// A verification.
    Verification(Images<Verification>),
    /// A seat or a shard of this part of a house; it may have been deleted.
    House(Part),
    /// An item of another kind, or a deleted one.
    Other,
}

/// An item before and after a change.
#[derive(Debug)]
pub struct Images<T> {
    /// The item before the change; `None` if it is new.
    pub old: Option<T>,
    /// The item after the change.
    pub new: T,
}

/// The part of a profile that other items repeat.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Profile {
    /// The member.
    pub member_id: MemberId,
    /// The member's name; `None` if the account was deleted.
    pub name: Option<Name>,
    /// When the member was last renamed or deleted.
    pub changed_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    entity: String,
    request_id: Option<RequestId>,
}

impl Change {
    /// Event filters for the changes that messages follow from. They pass more, because filters cannot compare images,
    /// and mail markers change reservations too. Deleted items have no new image.
    pub const RELAYED: &[&str] = &[
        r#"{"dynamodb": {"NewImage": {"entity": {"S": ["reservation"]}}}}"#,
        r#"{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"entity": {"S": ["verification", "show"]}}}}"#,
        r#"{"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"entity": {"S": ["verification"]}, "used_for": {"S": ["password"]}}}}"#,
        r#"{"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"entity": {"S": ["member"]}, "changed_at": {"N": [{"exists": true}]}}}}"#,
        r#"{"dynamodb": {"NewImage": {"entity": {"S": ["performance"]}, "cancellation": {"M": {"reason": {"S": [{"exists": true}]}}}}}}"#,
    ];
    /// Event filters for the changes that projections follow: reservations by kind, and seats and shards by key,
    /// because deleted items have no image.
    pub const PROJECTED: &[&str] = &[
        r#"{"dynamodb": {"NewImage": {"entity": {"S": ["reservation"]}}}}"#,
        r#"{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "seats#"}, {"prefix": "stripe#"}]}}}}"#,
    ];

    /// Decodes a record: the key of the item, and its images before and after the change, which are empty if there is
    /// none.
    ///
    /// # Errors
    /// [`frontrow_domain::Error::Internal`] if an image does not have the form of its kind.
    pub fn parse(key: &serde_dynamo::Item, old: &serde_dynamo::Item, new: &serde_dynamo::Item) -> Result<Self> {
        if let Some(part) = Part::of(&Key::of(&sdk_item(key))) {
            return Ok(Self { item: Changed::House(part), request_id: None });
        }
        if new.is_empty() {
            return Ok(Self { item: Changed::Other, request_id: None });
        }
        let Kind { entity, request_id } = from_item(sdk_item(new))?;
        let item = match entity.as_str() {
            "member" => Changed::Member(images(old, new)?),
            "performance" => Changed::Performance(images(old, new)?),
            "reservation" => Changed::Reservation(Box::new(images(old, new)?)),
            "show" => Changed::Show(images(old, new)?),
            "verification" => Changed::Verification(images(old, new)?),
            _ => Changed::Other,
        };
        Ok(Self { item, request_id })
    }
}

fn images<T: DeserializeOwned>(old: &serde_dynamo::Item, new: &serde_dynamo::Item) -> Result<Images<T>> {
    let old = if old.is_empty() { None } else { Some(from_item(sdk_item(old))?) };
    Ok(Images { old, new: from_item(sdk_item(new))? })
}

fn sdk_item(image: &serde_dynamo::Item) -> Item {
    image.clone().into()
}
