//! `POST /payments`: pays a live hold of one's own, once. With points it is all or nothing: points fall, the seats are the
//! member's, the payment is recorded, the queue token is spent. By card it is accepted: the seats stay the member's while
//! the payment provider is asked, which may be down for a while; only while it is known to be unwell is nothing accepted,
//! and the hold lives longer instead (R6).

use super::PaymentView;
use crate::waiting_room::{admission_first, admitted};
use frontrow_domain::{
    Error, FieldError, Result, Timestamp,
    card::{self, CardToken},
    hold::Hold,
    ids::{EntryId, HoldId},
    performance::Listing,
    reservation::{Buyer, PaymentMethod, Reservation},
    waiting_room::Admission,
    wallet::Wallet,
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoPath, NoQuery, Route, Secret, caller::Member, endpoint::Header, entropy,
};
use frontrow_store::{Paid, Payable};
use schemars::JsonSchema;
use serde::Deserialize;

/// What to pay, and with what. The price is ours.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Fields")]
#[schemars(with = "Fields")]
pub struct Body {
    hold_id: String,
    means: Means,
}

/// With what.
#[derive(Debug)]
enum Means {
    Points,
    Card(CardToken),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "PaymentRequest")]
struct Fields {
    /// The hold.
    hold_id: String,
    /// `points` or `card`.
    method: PaymentMethod,
    /// By card: what the payment provider gave for this payment.
    card_token: Option<CardToken>,
}

impl TryFrom<Fields> for Body {
    type Error = FieldError;

    fn try_from(fields: Fields) -> Result<Self, FieldError> {
        let means = match (fields.method, fields.card_token) {
            (PaymentMethod::Points, None) => Means::Points,
            (PaymentMethod::Card, Some(token)) => Means::Card(token),
            (PaymentMethod::Points, Some(_)) => return Err(FieldError::new("cardToken", "points need none")),
            (PaymentMethod::Card, None) => return Err(FieldError::new("cardToken", "needed to pay by card")),
        };
        Ok(Self { hold_id: fields.hold_id, means })
    }
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
        success: &[201, 202, 200],
        errors: &[
            "not_found",
            "hold_expired",
            "queue_token_missing",
            "queue_token_invalid",
            "queue_token_expired",
            "not_admitted",
            "sales_closed",
            "insufficient_points",
            "payments_busy",
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
        secrets: &[Secret::SigningKeys],
        variables: &[],
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
        wallet.check_open()?;
        let listing = app.store.listing_to_book(hold_id.performance(), now).await?;
        let token = call.queue_token.as_deref();
        let admission = admitted(app, &listing.performance, &member, token)?;
        admission_first(app, admission.as_ref(), listing.performance.check_on_sale(now), now).await?;
        match &call.body.means {
            Means::Points => with_points(app, &call, &hold, wallet, &listing, admission.as_ref()).await,
            Means::Card(token) => by_card(app, &call, &hold, token, &listing, admission.as_ref()).await,
        }
    }
}

/// Takes the points, and the seats are the member's.
async fn with_points(
    app: &App,
    call: &Call<Pay>,
    hold: &Hold,
    wallet: Wallet,
    listing: &Listing,
    admission: Option<&Admission>,
) -> Result<Answer<PaymentView>> {
    let reservation = Reservation::paid_with_points(hold, listing, buyer(call), call.now);
    let reply =
        |paid: &Reservation| Answer::created(format!("/payments/{}", paid.payment_id()), PaymentView::from(paid));
    let receipt = call.receipt(&reply);
    let entry_id = EntryId::new(entropy::fresh_uuid());
    let paid = app.store.pay_with_points(hold, wallet, &reservation, entry_id, admission, receipt.as_ref()).await;
    match admission_first(app, admission, paid, call.now).await? {
        Paid::Now => Ok(reply(&reservation)),
        Paid::Before(first) => Ok(Answer::ok(PaymentView::from(&*first))),
    }
}

/// Accepts the payment; the provider is asked by `payment_worker`.
async fn by_card(
    app: &App,
    call: &Call<Pay>,
    hold: &Hold,
    token: &CardToken,
    listing: &Listing,
    admission: Option<&Admission>,
) -> Result<Answer<PaymentView>> {
    let now = call.now;
    if let Some(retry_after_seconds) = app.store.breaker(now).await?.refuses_for_seconds(now) {
        keep(app, call, hold, listing, admission, now).await?;
        return admission_first(app, admission, Err(Error::PaymentsBusy { retry_after_seconds }), now).await;
    }
    let kept = hold.clone().prolonged(card::deadline(now), &listing.performance);
    let pending = Reservation::paid_by_card(&kept, listing, buyer(call), token.clone(), now);
    let reply = |accepted: &Reservation| Answer::accepted(PaymentView::from(accepted));
    let receipt = call.receipt(&reply);
    let paid = app.store.pay_by_card(hold, &kept, &pending, admission, receipt.as_ref()).await;
    match admission_first(app, admission, paid, now).await? {
        Paid::Now => Ok(reply(&pending)),
        Paid::Before(first) => Ok(Answer::ok(PaymentView::from(&*first))),
    }
}

/// Nobody loses seats because a provider is unwell: the hold lives longer, within bounds.
async fn keep(
    app: &App,
    call: &Call<Pay>,
    hold: &Hold,
    listing: &Listing,
    admission: Option<&Admission>,
    now: Timestamp,
) -> Result<()> {
    let Some(until) = hold.kept_until(&listing.performance) else { return Ok(()) };
    let kept = hold.clone().prolonged(until, &listing.performance).under(admission);
    app.store.keep_hold(&call.caller.member_id, hold, &kept, admission, now).await
}

fn buyer(call: &Call<Pay>) -> Buyer {
    Buyer {
        member_id: call.caller.member_id,
        email: call.caller.email.clone(),
        name: call.caller.name.clone(),
        language: call.language,
        former_names: Vec::new(),
    }
}
