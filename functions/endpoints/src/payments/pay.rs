//! `POST /payments`: pays one of the caller's live holds, once.
//!
//! With points, one transaction charges the points, sells the seats, records the payment and ends the admission. By card, the
//! payment is accepted and the seats stay reserved until the payment provider has decided, which may take a while if it is
//! down. While the provider is known to be unhealthy, no card payment is accepted and the hold is extended instead. A
//! declined card restores the hold; paying it again creates another payment with another order.

use super::PaymentView;
use crate::waiting_room::{admitted, under_admission};
use frontrow_domain::{
    Error, FieldError, Result,
    card::{self, CardToken},
    hold::Hold,
    ids::{EntryId, HoldId},
    limits::CARD_ATTEMPTS_MAX,
    listing::Listing,
    reservation::{Buyer, PaymentMethod, Reservation},
    waiting_room::Admission,
    wallet::Wallet,
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, Header, NoPath, NoQuery, Route,
    TableAction::{BatchGetItem, DeleteItem, GetItem, PutItem, UpdateItem},
    caller::Member,
    entropy,
};
use frontrow_store::{Paid, Payable, limits::RETRY_ATTEMPTS};
use schemars::JsonSchema;
use serde::Deserialize;

/// The hold to pay, and the payment method. The server determines the price.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Fields")]
#[schemars(with = "Fields")]
pub struct Body {
    hold_id: String,
    means: Means,
}

/// Messages for bodies whose fields are valid on their own but not together.
const NO_TOKEN: &str = "not allowed when paying with points";
const A_TOKEN: &str = "required when paying by card";

/// The payment method.
#[derive(Debug)]
enum Means {
    Points,
    Card(CardToken),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "PaymentRequest", extend("x-also-refused" = [NO_TOKEN, A_TOKEN]), example = serde_json::json!({
    "holdId": "h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo", "method": "points"
}))]
struct Fields {
    /// The hold to pay.
    hold_id: String,
    /// `points` or `card`.
    method: PaymentMethod,
    /// Card token issued by the payment provider for this payment; required for `card`.
    card_token: Option<CardToken>,
}

impl TryFrom<Fields> for Body {
    type Error = FieldError;

    fn try_from(fields: Fields) -> Result<Self, FieldError> {
        let means = match (fields.method, fields.card_token) {
            (PaymentMethod::Points, None) => Means::Points,
            (PaymentMethod::Card, Some(token)) => Means::Card(token),
            (PaymentMethod::Points, Some(_)) => return Err(FieldError::new("cardToken", NO_TOKEN)),
            (PaymentMethod::Card, None) => return Err(FieldError::new("cardToken", A_TOKEN)),
        };
        Ok(Self { hold_id: fields.hold_id, means })
    }
}

/// The endpoint.
pub struct Pay;

impl Endpoint for Pay {
    const ROUTE: Route = Route::post("/payments", "pay")
        .tag("Payments")
        .summary("Pay a hold; paying it again returns its pending or approved payment")
        .success(&[201, 202, 200])
        .errors(&[
            ErrorCode::NotFound,
            ErrorCode::HoldExpired,
            ErrorCode::QueueTokenMissing,
            ErrorCode::QueueTokenInvalid,
            ErrorCode::QueueTokenExpired,
            ErrorCode::NotAdmitted,
            ErrorCode::SalesClosed,
            ErrorCode::TooManyAttempts,
            ErrorCode::InsufficientPoints,
            ErrorCode::PaymentsBusy,
            ErrorCode::IdempotencyKeyReused,
        ])
        .headers(&[Header::QueueToken, Header::IdempotencyKey, Header::AcceptLanguage])
        .table(&[BatchGetItem, DeleteItem, GetItem, PutItem, UpdateItem])
        .memory_megabytes(512);
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
        let listing = app.store.listing_to_sell(&hold, now).await?;
        let admission = admitted(app, &listing.performance, &member, call.queue_token.as_deref())?;
        let order = Order { app, call: &call, listing: &listing, admission: admission.as_ref() };
        under_admission(app, admission.as_ref(), now, order.pay(hold, wallet)).await
    }
}

/// The parts of a request that are the same for each attempt.
struct Order<'a> {
    app: &'a App,
    call: &'a Call<Pay>,
    listing: &'a Listing,
    admission: Option<&'a Admission>,
}

/// The outcome of an attempt.
enum Done {
    Answered(Answer<PaymentView>),
    /// The hold changed after it was read.
    Changed(Hold),
}

impl Order<'_> {
    /// Pays the hold, as it is now.
    async fn pay(&self, mut hold: Hold, wallet: Wallet) -> Result<Answer<PaymentView>> {
        self.listing.performance.check_on_sale(self.call.now)?;
        for _ in 0..RETRY_ATTEMPTS {
            let done = match &self.call.body.means {
                Means::Points => self.pay_with_points(&hold, wallet).await?,
                Means::Card(token) => self.pay_by_card(&hold, token).await?,
            };
            match done {
                Done::Answered(answer) => return Ok(answer),
                Done::Changed(then) => hold = then,
            }
        }
        Err(Error::Busy)
    }

    /// Charges the points and sells the seats.
    async fn pay_with_points(&self, hold: &Hold, wallet: Wallet) -> Result<Done> {
        let Self { app, call, listing, admission } = *self;
        let reservation = Reservation::paid_with_points(hold, listing, self.buyer(), call.now);
        let reply =
            |paid: &Reservation| Answer::created(format!("/payments/{}", paid.payment_id()), PaymentView::from(paid));
        let record = call.idempotency_record(&reply);
        let entry_id = EntryId::new(entropy::fresh_uuid());
        let paid = app.store.pay_with_points(hold, wallet, &reservation, entry_id, admission, record.as_ref()).await?;
        Ok(answered(paid, || reply(&reservation)))
    }

    /// Accepts the payment; `payment_worker` then asks the provider.
    async fn pay_by_card(&self, hold: &Hold, token: &CardToken) -> Result<Done> {
        let Self { app, call, listing, admission } = *self;
        let now = call.now;
        if hold.attempt > CARD_ATTEMPTS_MAX {
            let retry_after_seconds = hold.expires_at.seconds_since(now);
            return Err(Error::TooManyAttempts { retry_after_seconds });
        }
        if let Some(retry_after_seconds) = app.store.breaker(now).await?.refuses_for_seconds(now) {
            self.keep(hold).await?;
            return Err(Error::PaymentsBusy { retry_after_seconds });
        }
        let kept = hold.clone().prolonged(card::deadline(now), &listing.performance);
        let means = (token.clone(), admission);
        let pending = Reservation::paid_by_card((hold, &kept), listing, self.buyer(), means, now);
        let reply = |accepted: &Reservation| Answer::accepted(PaymentView::from(accepted));
        let record = call.idempotency_record(&reply);
        let paid = app.store.pay_by_card(hold, &kept, &pending, admission, record.as_ref()).await?;
        Ok(answered(paid, || reply(&pending)))
    }

    /// Extends the hold, within bounds, so that an unhealthy provider costs nobody their seats.
    async fn keep(&self, hold: &Hold) -> Result<()> {
        let Self { app, call, listing, admission } = *self;
        let Some(until) = hold.kept_until(&listing.performance) else { return Ok(()) };
        let kept = hold.clone().prolonged(until, &listing.performance).under(admission);
        app.store.keep_hold(&call.caller.member_id, hold, &kept, admission, call.now).await
    }

    fn buyer(&self) -> Buyer {
        let Call { caller, language, .. } = self.call;
        Buyer {
            member_id: caller.member_id,
            email: caller.email.clone(),
            name: caller.name.clone(),
            language: *language,
            former_names: Vec::new(),
        }
    }
}

fn answered(paid: Paid, reply: impl FnOnce() -> Answer<PaymentView>) -> Done {
    match paid {
        Paid::Now => Done::Answered(reply()),
        Paid::Before(first) => Done::Answered(Answer::ok(PaymentView::from(&*first))),
        Paid::Changed(hold) => Done::Changed(hold),
    }
}
