//! `GET /notices`: lists the notices about the caller's payments and cancellations. It may lag by two seconds.

use frontrow_domain::{
    Result,
    card::DeclineReason,
    ids::{PaymentId, ReservationId},
    money::{Currency, Won},
    notice::{Notice, NoticeType},
    time::UtcTime,
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, NoBody, NoPath, OpenPage, Page, PageQuery, Route, TableAction::Query, caller::Member,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A notice.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Notice")]
pub struct NoticeView {
    notice_id: String,
    #[serde(rename = "type")]
    kind: NoticeType,
    reservation_id: ReservationId,
    payment_id: PaymentId,
    show_title: String,
    /// The amount paid, declined or refunded.
    amount: Won,
    /// Reason of a declined payment.
    decline_reason: Option<DeclineReason>,
    currency: Currency,
    created_at: UtcTime,
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        Self {
            notice_id: notice.notice_id,
            kind: notice.kind,
            reservation_id: notice.reservation_id,
            payment_id: notice.payment_id,
            show_title: notice.show_title,
            amount: notice.amount,
            decline_reason: notice.decline_reason,
            currency: Currency::Krw,
            created_at: notice.created_at.into(),
        }
    }
}

/// The endpoint.
pub struct ListNotices;

impl Endpoint for ListNotices {
    const ROUTE: Route = Route::get("/notices", "list_notices")
        .tag("My page")
        .summary("List own payment and cancellation notices, newest first")
        .table(&[Query]);
    type Caller = Member;
    type Path = NoPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = Page<NoticeView>;

    fn page(app: &App, query: &PageQuery, _: &NoPath) -> Result<OpenPage> {
        query.open(app, "notices")
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<NoticeView>>> {
        let notices = app.store.notices(&call.caller.member_id, &call.page.request).await?;
        Ok(Answer::ok(Page::of(app, notices, &call.page, NoticeView::from)))
    }
}
