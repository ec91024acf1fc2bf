//! `GET /payments`: lists the caller's payments.

use super::PaymentView;
use frontrow_domain::Result;
use frontrow_edge::{
    Answer, App, Call, Endpoint, NoBody, NoPath, OpenPage, Page, PageQuery, Route, TableAction::Query, caller::Member,
};

/// The endpoint.
pub struct ListPayments;

impl Endpoint for ListPayments {
    const ROUTE: Route = Route::get("/payments", "list_payments")
        .tag("Payments")
        .summary("List own payments, newest first")
        .table(&[Query]);
    type Caller = Member;
    type Path = NoPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = Page<PaymentView>;

    fn page(app: &App, query: &PageQuery, _: &NoPath) -> Result<OpenPage> {
        query.open(app, "payments")
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<PaymentView>>> {
        let found = app.store.reservations(&call.caller.member_id, None, &call.page.request).await?;
        Ok(Answer::ok(Page::of(app, found, &call.page, |booked| PaymentView::from(&booked.reservation))))
    }
}
