//! `GET /payments/{paymentId}`: returns one of the caller's payments.

use super::PaymentView;
use frontrow_domain::{Error, Result, ids::PaymentId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route, TableAction::GetItem, caller::Member,
};

/// The endpoint.
pub struct GetPayment;

impl Endpoint for GetPayment {
    const ROUTE: Route = Route::get("/payments/{paymentId}", "get_payment")
        .tag("Payments")
        .summary("Get a payment")
        .errors(&[ErrorCode::NotFound])
        .table(&[GetItem]);
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
