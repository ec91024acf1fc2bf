//! `GET /shows/{showId}/performances`: lists the performances that can be booked. Sold-out ones are included, closed ones are
//! not.

use super::{PerformanceView, policy};
use frontrow_domain::{
    Error, Result, Timestamp, ids::ShowId, performance::Performance, time::UtcTime,
    waiting_room::policy::WaitingRoomPolicy,
};
use frontrow_edge::{
    Answer, App, Call, Cursor, Endpoint, ErrorCode, NoBody, OpenPage, Page, PageQuery, Route, Secret,
    TableAction::{self, BatchGetItem, GetItem},
    caller::Anyone,
};
use frontrow_store::limits::CATALOGUE_MAX_AGE_SECONDS;
use schemars::JsonSchema;
use serde::Deserialize;

/// Filters and page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Only performances that start at or after this time.
    from: Option<UtcTime>,
    /// Only performances that start before this time.
    to: Option<UtcTime>,
    /// Page size: 1 to 100, default 20.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `nextCursor` of the previous page.
    cursor: Option<Cursor>,
}

/// The endpoint.
pub struct ListPerformances;

impl Endpoint for ListPerformances {
    const ROUTE: Route = Route::get("/shows/{showId}/performances", "list_performances")
        .tag("Catalogue")
        .summary("List the bookable performances of a show, by start")
        .errors(&[ErrorCode::NotFound])
        .table(&[BatchGetItem, GetItem, TableAction::Query])
        .secrets(&[Secret::SigningKeys]);
    type Caller = Anyone;
    type Path = ShowId;
    type Query = Query;
    type Body = NoBody;
    type Reply = Page<PerformanceView>;

    fn page(app: &App, query: &Query, path: &ShowId) -> Result<OpenPage> {
        let Query { from, to, limit, cursor } = query;
        let (from, to) = (from.map(|time| time.0), to.map(|time| time.0));
        let list = format!("performances/{path}/{from:?}/{to:?}");
        PageQuery { limit: *limit, cursor: cursor.clone() }.open(app, list)
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<PerformanceView>>> {
        let Query { from, to, .. } = call.query;
        let (from, to) = (from.map(|time| time.0), to.map(|time| time.0));
        let show = app.store.known_show(&call.path).await?;
        let found = app.store.dates(&call.path, from, to, &call.page.request, call.now).await?;
        let mut states = states(app, &found.items, call.now).await?.into_iter();
        let view = |performance: Performance| {
            let (policy, left) = states.next().unwrap_or_default();
            PerformanceView::of(&performance, &show, policy, &left, call.now)
        };
        Ok(Answer::ok(Page::of(app, found, &call.page, view)).public(CATALOGUE_MAX_AGE_SECONDS))
    }
}

/// The policy of a performance's waiting room, if any, and the seats left in each grade.
type State = (Option<WaitingRoomPolicy>, Vec<u32>);

/// Reads the states of a page's performances concurrently, and returns them in page order.
async fn states(app: &App, page: &[Performance], now: Timestamp) -> Result<Vec<State>> {
    let read = |performance: &Performance| {
        let (app, performance) = (app.clone(), performance.clone());
        tokio::spawn(async move {
            let left = app.store.listed_grades(&performance, now).await?;
            Ok::<State, Error>((policy(&app, &performance, now).await?, left.to_vec()))
        })
    };
    let reads: Vec<_> = page.iter().map(read).collect();
    let mut states = Vec::new();
    for read in reads {
        states.push(read.await.map_err(|error| Error::internal("read a performance of a list", error))??);
    }
    Ok(states)
}
