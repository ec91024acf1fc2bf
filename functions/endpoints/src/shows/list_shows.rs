//! `GET /shows`: the shows that filters leave, in the order asked for (C1).

use super::ShowView;
use frontrow_domain::{
    Result,
    limits::{CATALOGUE_MAX_AGE_SECONDS, CURSOR_MAX_CHARS},
    show::{Category, Keyword, ShowFilter, ShowOrder},
    time::UtcTime,
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoBody, NoPath, Page, PageQuery, Route, Secret, caller::Anyone,
};
use frontrow_store::NOT_A_CURSOR;
use schemars::JsonSchema;
use serde::Deserialize;

/// Which of them, and in which order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Those of this kind.
    category: Option<Category>,
    /// Those with this text in title, venue, or the first 300 characters of the description. Upper and lower case, full and half width, and composed and
    /// decomposed letters are the same.
    keyword: Option<Keyword>,
    /// Those with a performance that starts at this moment or later, and before `to`.
    from: Option<UtcTime>,
    /// Those with a performance that starts before this moment, and not before `from`.
    to: Option<UtcTime>,
    /// `recent`, when absent: newest first. `title`: by title. `ending`: earliest last performance first, without shows
    /// whose last performance has started or that have none.
    sort: Option<ShowOrder>,
    /// Items of the page: 1 to 100, 20 when absent. A page may have fewer though more follow: `nextCursor` tells.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `nextCursor` of the page before.
    #[schemars(length(max = CURSOR_MAX_CHARS), extend("x-also-refused" = [NOT_A_CURSOR]))]
    cursor: Option<String>,
}

/// The endpoint.
pub struct ListShows;

impl Endpoint for ListShows {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/shows",
        operation: "list_shows",
        tag: "Catalogue",
        summary: "Shows by category, words and dates; newest first, by title, or ending soon",
        success: &[200],
        errors: &[],
        headers: &[],
        table_actions: &["dynamodb:Query"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Anyone;
    type Path = NoPath;
    type Query = Query;
    type Body = NoBody;
    type Reply = Page<ShowView>;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<ShowView>>> {
        let Query { category, keyword, from, to, sort, limit, cursor } = call.query;
        let order = sort.unwrap_or_default();
        let filter = ShowFilter { category, keyword, from: from.map(|time| time.0), to: to.map(|time| time.0) };
        let list = format!("shows/{order:?}/{filter:?}");
        let page = PageQuery { limit, cursor }.request(app, &list)?;
        let found = app.store.shows(order, &filter, &page, call.now).await?;
        Ok(Answer::ok(Page::of(app, found, &list, |show| ShowView::of(show, call.now)))
            .public(CATALOGUE_MAX_AGE_SECONDS))
    }
}
