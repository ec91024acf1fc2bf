//! `GET /payments/{paymentId}`: returns one of the caller's payments.

use super::PaymentView;
use frontrow_domain::{Error, Result, ids::PaymentId};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Route, Secret, caller::Member};

/// The endpoint.
pub struct GetPayment;

impl Endpoint for GetPayment {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/payments/{paymentId}",
        operation: "get_payment",
        tag: "Payments",
        summary: "Get a payment",
        success: &[200],
        errors: &["not_found"],
        headers: &[],
        table_actions: &["dynamodb:GetItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Member;
    type Path = PaymentId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = PaymentView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<PaymentView>> {
        let found = app.store.reservation(&call.caller.member_id, &call.path.reservation()).await?;
        found.map(|reservation| Answer::ok(PaymentView::from(&reservation))).ok_or(Error::NotFound)
    }
}
