//! `GET /my-page`: lists the progress of the caller's bookings and cancellations, with one query. It may lag by two seconds.

use frontrow_domain::{
    Result,
    ids::{PaymentId, ReservationId},
    money::{Currency, Won},
    my_page::{PageEntry, PageEntryStatus, PageEntryType},
    show::TimeZone,
    time::UtcTime,
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, NoBody, NoPath, OpenPage, Page, PageQuery, Route, TableAction::Query, caller::Member,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A booking, or its cancellation.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MyPageEntry")]
pub struct EntryView {
    entry_id: String,
    #[serde(rename = "type")]
    kind: PageEntryType,
    /// For a booking: `payment_pending`, then `payment_approved`, `payment_declined`, or `payment_cancelled` if it ended
    /// before it was paid. For a cancellation: `payment_cancelled`.
    status: PageEntryStatus,
    reservation_id: ReservationId,
    payment_id: PaymentId,
    show_title: String,
    starts_at: UtcTime,
    /// Time zone of the venue.
    time_zone: TimeZone,
    quantity: usize,
    /// The amount paid or due; for a cancellation, the refund.
    amount: Won,
    currency: Currency,
    created_at: UtcTime,
    /// When the status last changed.
    updated_at: UtcTime,
}

impl From<PageEntry> for EntryView {
    fn from(entry: PageEntry) -> Self {
        Self {
            entry_id: entry.entry_id,
            kind: entry.kind,
            status: entry.status,
            reservation_id: entry.reservation_id,
            payment_id: entry.payment_id,
            show_title: entry.show_title,
            starts_at: entry.starts_at.into(),
            time_zone: entry.time_zone,
            quantity: entry.quantity,
            amount: entry.amount,
            currency: Currency::Krw,
            created_at: entry.created_at.into(),
            updated_at: entry.updated_at.into(),
        }
    }
}

/// The endpoint.
pub struct ShowMyPage;

impl Endpoint for ShowMyPage {
    const ROUTE: Route = Route::get("/my-page", "show_my_page")
        .tag("My page")
        .summary("List own bookings and cancellations with their progress, newest first")
        .table(&[Query]);
    type Caller = Member;
    type Path = NoPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = Page<EntryView>;

    fn page(app: &App, query: &PageQuery, _: &NoPath) -> Result<OpenPage> {
        query.open(app, "my-page")
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<EntryView>>> {
        let entries = app.store.my_page(&call.caller.member_id, &call.page.request).await?;
        Ok(Answer::ok(Page::of(app, entries, &call.page, EntryView::from)))
    }
}
