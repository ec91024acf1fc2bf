//! What an endpoint is. Each one is declared once, by [`Route`] and types; the gateway, the OpenAPI document, the tests
//! and the Lambda binaries read the same declaration.

use crate::{
    Answer, App, Request, Response, Secret,
    answer::Reply,
    caller::{Access, Caller},
    dispatch,
    json::Json,
    negotiate::Wishes,
    reading::{self, Source},
    rendered::Rendered,
};
use frontrow_domain::{
    Error, FieldErrors, Result, Timestamp,
    ids::{HoldId, NotAnId, PaymentId, PerformanceId, ReservationId, ShowId, TicketId},
    limits::{CURSOR_MAX_CHARS, PAGE_DEFAULT_ITEMS, PAGE_MAX_ITEMS},
    member::Language,
};
use frontrow_store::{NOT_A_CURSOR, PageOf, PageRequest, Receipt, Receipted, StoredAnswer};
use lambda_http::http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{future::Future, pin::Pin, str::FromStr};

pub use reading::Shown;

/// How an endpoint is reached, and what documents say of it.
#[derive(Debug)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// The one name: file, binary, `operationId`; `HoldSeatsFunction` in the template.
    pub operation: &'static str,
    /// The group it belongs to.
    pub tag: &'static str,
    /// One line on what it does.
    pub summary: &'static str,
    /// Statuses of success, the usual one first.
    pub success: &'static [u16],
    /// Codes of failure beyond those every endpoint can answer.
    pub errors: &'static [&'static str],
    /// Headers it reads beyond `Authorization`.
    pub headers: &'static [Header],
    /// DynamoDB actions it needs: with `secrets`, its function's whole IAM policy.
    pub table_actions: &'static [&'static str],
    /// Secrets it needs.
    pub secrets: &'static [Secret],
    /// Variables of the environment that it reads beyond those of every function and of its secrets.
    pub variables: &'static [&'static str],
}

/// Whether `path` is one of `template`'s: equal part by part, where a `{parameter}` stands for any part that is not empty.
pub fn matches(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let fits = |expected: &str| {
        parts.next().is_some_and(|part| if expected.starts_with('{') { !part.is_empty() } else { part == expected })
    };
    template.split('/').all(fits) && parts.next().is_none()
}

/// Request headers with a meaning of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `Queue-Token`: needed where the performance has a waiting room.
    QueueToken,
    /// `Idempotency-Key`: optional.
    IdempotencyKey,
    /// `Accept-Language`: the language of mails.
    AcceptLanguage,
}

impl Header {
    /// The header's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueueToken => "Queue-Token",
            Self::IdempotencyKey => "Idempotency-Key",
            Self::AcceptLanguage => "Accept-Language",
        }
    }

    /// What it may hold: a key is visible ASCII without commas, by which gateways join what is sent twice.
    pub(crate) const fn pattern(self) -> &'static str {
        match self {
            Self::IdempotencyKey => r"^[!-+\--~]{1,255}$",
            Self::QueueToken | Self::AcceptLanguage => "^[ -~]*$",
        }
    }
}

/// One call of the API.
pub trait Endpoint: Sized + Send + Sync + 'static {
    /// How it is reached.
    const ROUTE: Route;
    /// Who may call: [`crate::caller::Anyone`], [`crate::caller::Member`] or [`crate::caller::Organizer`].
    type Caller: Caller;
    /// The path's id, or [`NoPath`].
    type Path: PathId;
    /// The query, or [`NoQuery`].
    type Query: DeserializeOwned + JsonSchema + Send;
    /// The body, parsed into types that cannot hold anything invalid, or [`NoBody`].
    type Body: Body;
    /// The reply's body, or `()`.
    type Reply: Reply;

    /// Patterns of the partition keys that its function may touch, with `*` for any text: part of its IAM policy, and all it can
    /// do even if it were tricked. Empty: any.
    const TABLE_KEYS: &'static [&'static str] = &[];

    /// Of a `PUT`: the schema of what `GET` answers of the same thing. Its fields may be sent back: those that the body lacks
    /// are ignored.
    const SHOWN: Option<Shown> = None;

    /// Judges a query beyond its types, e.g. a cursor; before anybody is asked to log in.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    fn check(_app: &App, _query: &Self::Query) -> Result<()> {
        Ok(())
    }

    /// Judges a body beyond its types, e.g. a moment that has passed; before anybody is asked to log in.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    fn check_body(_body: &Self::Body, _now: Timestamp) -> Result<()> {
        Ok(())
    }

    /// Does it.
    fn call(app: &App, call: Call<Self>) -> impl Future<Output = Result<Answer<Self::Reply>>> + Send;
}

/// A request, parsed, from a caller who may make it.
pub struct Call<E: Endpoint> {
    /// Who is calling.
    pub caller: E::Caller,
    /// The id in the path.
    pub path: E::Path,
    /// The query.
    pub query: E::Query,
    /// The body.
    pub body: E::Body,
    /// The moment of this request: one for all its decisions.
    pub now: Timestamp,
    /// The path as it was sent, parameters and all.
    pub raw_path: String,
    /// Whether a browser asks beforehand what a page of another origin may send.
    pub is_preflight: bool,
    /// The language asked for.
    pub language: Language,
    /// The `Queue-Token` header.
    pub queue_token: Option<String>,
    /// What the answer is made to suit.
    pub(crate) wishes: Wishes,
    /// What is to be kept under the `Idempotency-Key`, if one was given.
    pub(crate) receipt: Option<Receipt>,
}

impl<E: Endpoint> Call<E> {
    /// What the operation's transaction puts beside its writes, so that the same key answers the same: `reply` of what
    /// was done. `None` without an `Idempotency-Key`.
    pub fn receipt<'a, T>(&'a self, reply: &'a (dyn Fn(&T) -> Answer<E::Reply> + Sync)) -> Option<Receipted<'a, T>> {
        let receipt = self.receipt.as_ref()?;
        Some(Receipted::new(receipt, Box::new(move |done: &T| -> StoredAnswer { reply(done).stored() })))
    }

    /// The process's rendering of `name` in that `version`, made by `render` where there is none yet. Only for what holds
    /// nobody's own data.
    ///
    /// # Errors
    /// [`Error::Internal`] when `render` panics.
    pub async fn rendered<T: 'static>(
        &self,
        app: &App,
        name: &str,
        version: &str,
        render: impl FnOnce() -> Rendered<T> + Send + 'static,
    ) -> Result<Rendered<T>> {
        app.renderings.get(name, version, self.wishes.gzip, render).await
    }
}

/// Something that can stand in a path.
pub trait PathId: Sized + Send {
    /// Parses the parameters' only value; `None` where the path has none.
    ///
    /// # Errors
    /// [`NotAnId`]: nothing of that name can exist.
    fn parse(value: Option<&str>) -> Result<Self, NotAnId>;
    /// The parameter's schema, where the path has one.
    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }
}

/// A path without parameters.
#[derive(Debug)]
pub struct NoPath;

impl PathId for NoPath {
    fn parse(_: Option<&str>) -> Result<Self, NotAnId> {
        Ok(Self)
    }
}

macro_rules! path_ids {
    ($($id:ty),*) => {$(
        impl PathId for $id {
            fn parse(value: Option<&str>) -> Result<Self, NotAnId> {
                Self::from_str(value.ok_or(NotAnId)?)
            }
            fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
                Some(generator.subschema_for::<Self>())
            }
        }
    )*};
}
path_ids!(ShowId, PerformanceId, HoldId, PaymentId, ReservationId, TicketId);

/// No query parameters; unknown ones are refused.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

/// A body that can be parsed.
pub trait Body: Sized + Send {
    /// Whether there is one.
    const PRESENT: bool = true;
    /// Parses the bytes: the body, and what was sent. Fields that are `shown` to callers are ignored where there are none of
    /// that name.
    ///
    /// # Errors
    /// The paths of all fields that do not fit.
    fn parse(bytes: &[u8], shown: Option<Shown>) -> Result<(Self, Json), FieldErrors>;
    /// Its schema.
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema>;
}

impl<T: DeserializeOwned + JsonSchema + Send> Body for T {
    fn parse(bytes: &[u8], shown: Option<Shown>) -> Result<(Self, Json), FieldErrors> {
        let sent = Json::parse(bytes)?;
        Ok((reading::read(&sent, Source::Body(shown))?, sent))
    }
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }
}

/// No body; one that is sent is ignored.
#[derive(Debug)]
pub struct NoBody;

impl Body for NoBody {
    const PRESENT: bool = false;
    fn parse(_: &[u8], _: Option<Shown>) -> Result<(Self, Json), FieldErrors> {
        Ok((Self, Json::Null))
    }
    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }
}

/// `?limit=&cursor=` of a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Items of the page: 1 to 100, 20 when absent.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    #[schemars(length(max = CURSOR_MAX_CHARS), extend("x-also-refused" = [NOT_A_CURSOR]))]
    pub cursor: Option<String>,
}

impl PageQuery {
    /// What to read. `scope` names the list with its filters; a cursor of another scope is refused.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a limit out of range or a cursor that is not one of this list's.
    pub fn request(&self, app: &App, scope: &str) -> Result<PageRequest> {
        let limit = self.limit.unwrap_or(PAGE_DEFAULT_ITEMS);
        if !(1..=PAGE_MAX_ITEMS).contains(&limit) {
            return Err(Error::invalid("limit", format!("expected 1 to {PAGE_MAX_ITEMS}")));
        }
        let open = |cursor| app.cursors.open(cursor, scope).ok_or_else(|| Error::invalid("cursor", NOT_A_CURSOR));
        let after = self.cursor.as_deref().map(open).transpose()?;
        Ok(PageRequest { limit, after })
    }
}

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// The page's items.
    pub items: Vec<T>,
    /// To be sent as `cursor` for the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of what the store found; `scope` as in [`PageQuery::request`].
    pub fn of<S>(app: &App, found: PageOf<S>, scope: &str, view: impl FnMut(S) -> T) -> Self {
        let next_cursor = found.next.map(|after| app.cursors.seal(&after, scope));
        Self { items: found.items.into_iter().map(view).collect(), next_cursor }
    }
}

/// The future of a response.
pub type Responding<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// Makes the schemas of what an endpoint takes and gives.
pub struct Shapes {
    /// The path's parameter, if there is one.
    pub path: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The query's object.
    pub query: fn(&mut SchemaGenerator) -> Schema,
    /// The body, if there is one.
    pub body: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The reply's media type and schema, if it has a body.
    pub reply: fn(&mut SchemaGenerator) -> Option<(&'static str, Schema)>,
}

/// An endpoint with its types erased: an entry of the list of routes.
pub struct Descriptor {
    /// How it is reached.
    pub route: &'static Route,
    /// Who may call.
    pub access: Access,
    /// See [`Endpoint::TABLE_KEYS`].
    pub table_keys: &'static [&'static str],
    /// Whether what `GET` answers may be sent back in a body, see [`Endpoint::SHOWN`].
    pub sends_back: bool,
    /// One request through it.
    pub respond: for<'a> fn(&'a App, Request) -> Responding<'a>,
    /// Its schemas.
    pub shapes: Shapes,
}

impl Descriptor {
    /// Describes an endpoint.
    pub const fn of<E: Endpoint>() -> Self {
        Self {
            route: const { &E::ROUTE },
            access: E::Caller::ACCESS,
            table_keys: E::TABLE_KEYS,
            sends_back: E::SHOWN.is_some(),
            respond: |app, request| Box::pin(dispatch::respond::<E>(app, request)),
            shapes: Shapes {
                path: E::Path::schema,
                query: |generator| generator.subschema_for::<E::Query>(),
                body: E::Body::schema,
                reply: E::Reply::schema,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_path_is_a_templates_when_every_part_fits() {
        assert!(matches("/shows", "/shows"));
        assert!(matches("/shows/{showId}", "/shows/7"));
        assert!(matches("/shows/{showId}/performances", "/shows/7/performances"));
        for other in ["/shows/", "/shows/7/", "/shows/7/performances", "/show/7", "shows/7", "/", ""] {
            assert!(!matches("/shows/{showId}", other), "{other}");
        }
    }
}
