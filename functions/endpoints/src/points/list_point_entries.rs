//! `GET /points/entries`: lists the ledger.

use frontrow_domain::{
    Result,
    ids::{EntryId, ReservationId},
    money::{Currency, Won},
    time::UtcTime,
    wallet::{EntryKind, LedgerEntry},
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, NoBody, NoPath, OpenPage, Page, PageQuery, Route, TableAction::Query, caller::Member,
};
use schemars::JsonSchema;
use serde::Serialize;

/// One change of the balance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PointEntry")]
pub struct EntryView {
    entry_id: EntryId,
    #[serde(rename = "type")]
    kind: EntryKind,
    /// Negative for payments.
    amount: Won,
    /// Balance after the change.
    balance: Won,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation_id: Option<ReservationId>,
    created_at: UtcTime,
}

impl From<LedgerEntry> for EntryView {
    fn from(entry: LedgerEntry) -> Self {
        Self {
            entry_id: entry.entry_id,
            kind: entry.kind,
            amount: entry.amount,
            balance: entry.balance,
            currency: Currency::Krw,
            reservation_id: entry.reservation_id,
            created_at: entry.created_at.into(),
        }
    }
}

/// The endpoint.
pub struct ListPointEntries;

impl Endpoint for ListPointEntries {
    const ROUTE: Route = Route::get("/points/entries", "list_point_entries")
        .tag("Points")
        .summary("List own point entries, newest first")
        .table(&[Query]);
    type Caller = Member;
    type Path = NoPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = Page<EntryView>;

    fn page(app: &App, query: &PageQuery, _: &NoPath) -> Result<OpenPage> {
        query.open(app, "entries")
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<EntryView>>> {
        let entries = app.store.ledger(&call.caller.member_id, &call.page.request).await?;
        Ok(Answer::ok(Page::of(app, entries, &call.page, EntryView::from)))
    }
}
