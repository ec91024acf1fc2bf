//! `GET /payments`: lists the caller's payments.

use super::PaymentView;
use frontrow_domain::Result;
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoBody, NoPath, Page, PageQuery, Route, Secret, caller::Member,
};

/// The value that cursors are bound to.
const LIST: &str = "payments";

/// The endpoint.
pub struct ListPayments;

impl Endpoint for ListPayments {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/payments",
        operation: "list_payments",
        tag: "Payments",
        summary: "List own payments, newest first",
        success: &[200],
        errors: &[],
        headers: &[],
        table_actions: &["dynamodb:Query"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Member;
    type Path = NoPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = Page<PaymentView>;

    fn check(app: &App, query: &PageQuery) -> Result<()> {
        query.request(app, LIST).map(drop)
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<PaymentView>>> {
        let page = call.query.request(app, LIST)?;
        let found = app.store.reservations(&call.caller.member_id, None, &page).await?;
        Ok(Answer::ok(Page::of(app, found, LIST, |booked| PaymentView::from(&booked.reservation))))
    }
}
