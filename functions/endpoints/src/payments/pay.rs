//! `POST /payments`: pays a live hold of one's own. Points fall, the seats are the member's, the payment is recorded, the
//! queue token is spent: all or nothing, once.

use super::PaymentView;
use crate::waiting_room::{admission_first, admitted};
use frontrow_domain::{
    Error, Result,
    ids::{EntryId, HoldId},
    reservation::{Buyer, PaymentMethod, Reservation},
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoPath, NoQuery, Route, caller::Member, endpoint::Header, entropy,
};
use frontrow_store::{Paid, Payable};
use schemars::JsonSchema;
use serde::Deserialize;

/// What to pay, and with what. The price is ours.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "PaymentRequest")]
pub struct Body {
    /// The hold.
    hold_id: String,
    /// `points`.
    #[allow(dead_code, reason = "one method so far; parsing it refuses others")]
    method: PaymentMethod,
}

/// The endpoint.
pub struct Pay;

impl Endpoint for Pay {
    const ROUTE: Route = Route {
        method: Method::POST,
        path: "/payments",
        operation: "pay",
        tag: "Payments",
        summary: "Pay a hold; paying it again answers the first payment",
        success: &[201, 200],
        errors: &[
            "not_found",
            "hold_expired",
            "queue_token_missing",
            "queue_token_invalid",
            "queue_token_expired",
            "not_admitted",
            "sales_closed",
            "insufficient_points",
            "idempotency_key_reused",
        ],
        headers: &[Header::QueueToken, Header::IdempotencyKey, Header::AcceptLanguage],
        table_actions: &[
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        ],
    };
    type Caller = Member;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = PaymentView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<PaymentView>> {
        let (member, now) = (call.caller.member_id, call.now);
        let hold_id: &HoldId = &call.body.hold_id.parse().map_err(|_| Error::NotFound)?;
        if !hold_id.is_of(&member) {
            return Err(Error::NotFound);
        }
        let (hold, wallet) = match app.store.payable(&member, hold_id, now).await {
            Ok(Payable::Hold { hold, wallet }) => (hold, wallet),
            Ok(Payable::Paid(first)) => return Ok(Answer::ok(PaymentView::from(&*first))),
            Err(Error::HoldExpired) if hold_id.is_forgotten(now) => return Err(Error::NotFound),
            Err(error) => return Err(error),
        };
        let listing = app.store.listing(hold_id.performance(), now).await?;
        let token = call.queue_token.as_deref();
        let admission = admitted(app, &listing.performance, &member, token)?;
        admission_first(app, admission.as_ref(), listing.performance.check_on_sale(now), now).await?;

        let buyer = Buyer {
            member_id: member,
            email: call.caller.email.clone(),
            name: call.caller.name.clone(),
            language: call.language,
        };
        let reservation = Reservation::paid_with_points(&hold, &listing, buyer, now);
        let reply =
            |paid: &Reservation| Answer::created(format!("/payments/{}", paid.payment_id()), PaymentView::from(paid));
        let receipt = call.receipt(&reply);
        let entry_id = EntryId::new(entropy::fresh_uuid());
        let paid =
            app.store.pay_with_points(&hold, wallet, &reservation, entry_id, admission.as_ref(), receipt.as_ref());
        match admission_first(app, admission.as_ref(), paid.await, now).await? {
            Paid::Now => Ok(reply(&reservation)),
            Paid::Before(first) => Ok(Answer::ok(PaymentView::from(&*first))),
        }
    }
}
