//! Definition of an endpoint. Each endpoint is declared once, by its [`Route`] and types. The gateway, the tests, the
//! OpenAPI document, the template and the Lambda binaries follow from this declaration.

use crate::{
    Answer, App, Failure, Route,
    accepts::Accepts,
    answer::Reply,
    caller::Caller,
    json::Json,
    limits::{CURSOR_MAX_CHARS, PAGE_DEFAULT_ITEMS},
    reading::{self, Source},
    render_cache::Rendered,
};
use frontrow_domain::{
    Error, FieldErrors, Result, Timestamp,
    ids::{HoldId, NotAnId, PaymentId, PerformanceId, ReservationId, ShowId, TicketId},
    member::Language,
};
use frontrow_store::{
    IdempotencyRecord, NOT_A_CURSOR, PageOf, PageRequest, PendingRecord, StoredAnswer, limits::PAGE_MAX_ITEMS,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{future::Future, str::FromStr};

pub use reading::Shown;

/// An operation of the API.
pub trait Endpoint: Sized + Send + Sync + 'static {
    /// The endpoint's route and documentation.
    const ROUTE: Route;
    /// The required caller: [`crate::caller::Anyone`], [`crate::caller::Member`] or [`crate::caller::Organizer`].
    type Caller: Caller;
    /// Type of the id in the path, or [`NoPath`].
    type Path: PathId;
    /// Type of the query, or [`NoQuery`].
    type Query: DeserializeOwned + JsonSchema + Send;
    /// Type of the body, which cannot represent invalid values, or [`NoBody`].
    type Body: Body;
    /// Type of the response body, or `()`.
    type Reply: Reply;

    /// For a `PUT`: the response schema of the corresponding `GET`. Callers may send those fields back; fields that
    /// the body does not have are ignored.
    const SHOWN: Option<Shown> = None;

    /// For lists: opens the page that the query asks for, before the login.
    ///
    /// # Errors
    /// [`Error::Invalid`], as [`PageQuery::open`].
    fn page(_app: &App, _query: &Self::Query, _path: &Self::Path) -> Result<OpenPage> {
        Ok(OpenPage::default())
    }

    /// Checks a body beyond its types, e.g. a time in the past, before the login.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    fn check_body(_body: &Self::Body, _now: Timestamp) -> Result<()> {
        Ok(())
    }

    /// Executes the operation.
    fn call(
        app: &App,
        call: Call<Self>,
    ) -> impl Future<Output = Result<Answer<Self::Reply>, impl Into<Failure>>> + Send;
}

/// A parsed request of an authorized caller.
pub struct Call<E: Endpoint> {
    /// The authorized caller.
    pub caller: E::Caller,
    /// The id in the path, if the path has one.
    pub path: E::Path,
    /// Parsed query parameters.
    pub query: E::Query,
    /// The page of a list.
    pub page: OpenPage,
    /// Parsed request body.
    pub body: E::Body,
    /// The time of this request, for all its decisions.
    pub now: Timestamp,
    /// The path as it was sent, including parameters.
    pub raw_path: String,
    /// The function URL that the request was sent to, if it went past the API.
    pub function_url: Option<String>,
    /// Whether this is a CORS preflight request.
    pub is_preflight: bool,
    /// The language from `Accept-Language`.
    pub language: Language,
    /// The `Queue-Token` header.
    pub queue_token: Option<String>,
    /// Caching and compression that the caller asks for.
    pub(crate) accepts: Accepts,
    /// The record to store under the `Idempotency-Key`, if one was given.
    pub(crate) idempotency_record: Option<IdempotencyRecord>,
}

impl<E: Endpoint> Call<E> {
    /// The record for the operation's transaction, so that a retry with the same key gets the same response. `reply`
    /// builds the response from the result. `None` without an `Idempotency-Key`.
    pub fn idempotency_record<'a, T>(
        &'a self,
        reply: &'a (dyn Fn(&T) -> Answer<E::Reply> + Sync),
    ) -> Option<PendingRecord<'a, T>> {
        let record = self.idempotency_record.as_ref()?;
        Some(PendingRecord::new(record, Box::new(move |done: &T| -> StoredAnswer { reply(done).stored() })))
    }

    /// The cached rendering of `name` in `version`, made by `render` if there is none yet. Only for data without
    /// personal content.
    ///
    /// # Errors
    /// [`Error::Internal`] if `render` panics.
    pub async fn rendered<T: 'static>(
        &self,
        app: &App,
        name: &str,
        version: &str,
        render: impl FnOnce() -> Rendered<T> + Send + 'static,
    ) -> Result<Rendered<T>> {
        app.render_cache.get(name, version, self.accepts.gzip, render).await
    }
}

/// An id in a path.
pub trait PathId: Sized + Send {
    /// Parses the only path parameter; `None` if the path has none.
    ///
    /// # Errors
    /// [`NotAnId`]: nothing with that id can exist.
    fn parse(value: Option<&str>) -> Result<Self, NotAnId>;
    /// The parameter's schema, if the path has one.
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

/// A request body.
pub trait Body: Sized + Send {
    /// Whether the endpoint has a body.
    const PRESENT: bool = true;
    /// Parses the bytes. Returns the body, and the JSON that was sent. Fields that are `shown` to callers but not
    /// part of the body are ignored.
    ///
    /// # Errors
    /// The paths of all invalid fields.
    fn parse(bytes: &[u8], shown: Option<Shown>) -> Result<(Self, Json), FieldErrors>;
    /// The body's schema.
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

/// No body; a body that is sent is ignored.
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
    /// Items per page: 1 to 100, default 20.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// `nextCursor` of the previous page.
    pub cursor: Option<Cursor>,
}

/// A cursor as sent; [`PageQuery::open`] opens it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(inline, extend("maxLength" = CURSOR_MAX_CHARS, "x-also-refused" = [NOT_A_CURSOR]))]
pub struct Cursor(String);

impl PageQuery {
    /// Opens the page. `scope` identifies the list and its filters; a cursor of another scope is refused.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a limit out of range or a cursor that does not belong to this list.
    pub fn open(&self, app: &App, scope: impl Into<String>) -> Result<OpenPage> {
        let scope = scope.into();
        let limit = self.limit.unwrap_or(PAGE_DEFAULT_ITEMS);
        if !(1..=PAGE_MAX_ITEMS).contains(&limit) {
            return Err(Error::invalid("limit", format!("expected a whole number from 1 to {PAGE_MAX_ITEMS}")));
        }
        let open = |cursor: &Cursor| app.cursors.open(&cursor.0, &scope);
        let open = |cursor| open(cursor).ok_or_else(|| Error::invalid("cursor", NOT_A_CURSOR));
        let after = self.cursor.as_ref().map(open).transpose()?;
        Ok(OpenPage { request: PageRequest { limit, after }, scope })
    }
}

/// A page to read.
pub struct OpenPage {
    /// The items to read.
    pub request: PageRequest,
    /// The list and its filters.
    scope: String,
}

impl Default for OpenPage {
    fn default() -> Self {
        Self { request: PageRequest { limit: PAGE_DEFAULT_ITEMS, after: None }, scope: String::new() }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// Items in the order of the list.
    pub items: Vec<T>,
    /// Send this as `cursor` to get the next page; `null` on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The page for the items that the store `found`.
    pub fn of<S>(app: &App, found: PageOf<S>, page: &OpenPage, view: impl FnMut(S) -> T) -> Self {
        let next_cursor = found.next.map(|after| app.cursors.seal(&after, &page.scope));
        Self { items: found.items.into_iter().map(view).collect(), next_cursor }
    }
}
