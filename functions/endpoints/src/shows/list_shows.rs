//! `GET /shows`: lists the shows that match the filters, in the requested order.

use super::ShowView;
use frontrow_domain::{
    Result,
    show::{Category, Keyword, ShowFilter, ShowOrder},
    time::UtcTime,
};
use frontrow_edge::{
    Answer, App, Call, Cursor, Endpoint, NoBody, NoPath, OpenPage, Page, PageQuery, Route, Secret, TableAction,
    caller::Anyone,
};
use frontrow_store::limits::CATALOGUE_MAX_AGE_SECONDS;
use schemars::JsonSchema;
use serde::Deserialize;

/// Filters, order and page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Only shows of this category.
    category: Option<Category>,
    /// Only shows that contain this text in title, venue or the first 300 characters of the description. The comparison
    /// ignores case, character width and Unicode composition.
    keyword: Option<Keyword>,
    /// Only shows with a performance that starts at or after this time, and before `to`.
    from: Option<UtcTime>,
    /// Only shows with a performance that starts before this time, and at or after `from`.
    to: Option<UtcTime>,
    /// `recent` (default): newest first. `title`: by title. `ending`: by the start of the last performance, earliest first,
    /// without shows whose last performance has started or that have no performances.
    sort: Option<ShowOrder>,
    /// Page size: 1 to 100, default 20. A page may be shorter even if more pages follow; check `nextCursor`.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `nextCursor` of the previous page.
    cursor: Option<Cursor>,
}

impl Query {
    fn filter(&self) -> ShowFilter {
        let [from, to] = [self.from, self.to].map(|time| time.map(|time| time.0));
        ShowFilter { category: self.category, keyword: self.keyword.clone(), from, to }
    }
}

/// The endpoint.
pub struct ListShows;

impl Endpoint for ListShows {
    const ROUTE: Route = Route::get("/shows", "list_shows")
        .tag("Catalogue")
        .summary("List shows by category, text and date; newest first, by title, or ending soon")
        .table(&[TableAction::Query])
        .secrets(&[Secret::SigningKeys]);
    type Caller = Anyone;
    type Path = NoPath;
    type Query = Query;
    type Body = NoBody;
    type Reply = Page<ShowView>;

    fn page(app: &App, query: &Query, _: &NoPath) -> Result<OpenPage> {
        let list = format!("shows/{:?}/{:?}", query.sort.unwrap_or_default(), query.filter());
        PageQuery { limit: query.limit, cursor: query.cursor.clone() }.open(app, list)
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<ShowView>>> {
        let order = call.query.sort.unwrap_or_default();
        let found = app.store.shows(order, &call.query.filter(), &call.page.request, call.now).await?;
        Ok(Answer::ok(Page::of(app, found, &call.page, |show| ShowView::of(show, call.now)))
            .public(CATALOGUE_MAX_AGE_SECONDS))
    }
}
