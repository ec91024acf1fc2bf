//! `POST /payments`: pays a live hold of one's own, once. With points it is all or nothing: points fall, the seats are the
//! member's, the payment is recorded, the queue token is spent. By card it is accepted: the seats stay the member's while
//! the payment provider is asked, which may be down for a while; only while it is known to be unwell is nothing accepted,
//! and the hold lives longer instead (R6). A declined card is not the end: the hold is back, and paying it again is another
//! payment, of another order.

use super::PaymentView;
use crate::waiting_room::{admission_first, admitted};
use frontrow_domain::{
    Error, FieldError, Result,
    card::{self, CardToken},
    hold::Hold,
    ids::{EntryId, HoldId},
    limits::{CARD_ATTEMPTS_MAX, RETRY_ATTEMPTS},
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

/// Why a payment is refused whose fields are right by themselves.
const NO_TOKEN: &str = "points need none";
const A_TOKEN: &str = "needed to pay by card";

/// With what.
#[derive(Debug)]
enum Means {
    Points,
    Card(CardToken),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "PaymentRequest", extend("x-also-refused" = [NO_TOKEN, A_TOKEN]))]
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
            (PaymentMethod::Points, Some(_)) => return Err(FieldError::new("cardToken", NO_TOKEN)),
            (PaymentMethod::Card, None) => return Err(FieldError::new("cardToken", A_TOKEN)),
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
        summary: "Pay a hold; paying it again answers the payment that is pending or approved",
        success: &[201, 202, 200],
        errors: &[
            "not_found",
            "hold_expired",
            "queue_token_missing",
            "queue_token_invalid",
            "queue_token_expired",
            "not_admitted",
            "sales_closed",
            "too_many_attempts",
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
        let (mut hold, wallet) = match app.store.payable(&member, hold_id, now).await {
            Ok(Payable::Hold { hold, wallet }) => (hold, wallet),
            Ok(Payable::Paid(first)) => return Ok(Answer::ok(PaymentView::from(&*first))),
            Err(Error::HoldExpired) if hold_id.is_forgotten(now) => return Err(Error::NotFound),
            Err(error) => return Err(error),
        };
        wallet.check_open()?;
        let listing = app.store.listing_to_sell(&hold, now).await?;
        let token = call.queue_token.as_deref();
        let admission = admitted(app, &listing.performance, &member, token)?;
        admission_first(app, admission.as_ref(), listing.performance.check_on_sale(now), now).await?;
        let order = Order { app, call: &call, listing: &listing, admission: admission.as_ref() };
        for _ in 0..RETRY_ATTEMPTS {
            let done = match &call.body.means {
                Means::Points => order.pay_with_points(&hold, wallet).await?,
                Means::Card(token) => order.pay_by_card(&hold, token).await?,
            };
            match done {
                Done::Answered(answer) => return Ok(answer),
                Done::Changed(then) => hold = then,
            }
        }
        Err(Error::Busy)
    }
}

/// What a request wants: the same for every attempt to do it.
struct Order<'a> {
    app: &'a App,
    call: &'a Call<Pay>,
    listing: &'a Listing,
    admission: Option<&'a Admission>,
}

/// What came of an attempt.
enum Done {
    Answered(Answer<PaymentView>),
    /// The hold is another than was read.
    Changed(Hold),
}

impl Order<'_> {
    /// Takes the points, and the seats are the member's.
    async fn pay_with_points(&self, hold: &Hold, wallet: Wallet) -> Result<Done> {
        let Self { app, call, listing, admission } = *self;
        let reservation = Reservation::paid_with_points(hold, listing, self.buyer(), call.now);
        let reply =
            |paid: &Reservation| Answer::created(format!("/payments/{}", paid.payment_id()), PaymentView::from(paid));
        let receipt = call.receipt(&reply);
        let entry_id = EntryId::new(entropy::fresh_uuid());
        let paid = app.store.pay_with_points(hold, wallet, &reservation, entry_id, admission, receipt.as_ref()).await;
        Ok(answered(admission_first(app, admission, paid, call.now).await?, || reply(&reservation)))
    }

    /// Accepts the payment; the provider is asked by `payment_worker`.
    async fn pay_by_card(&self, hold: &Hold, token: &CardToken) -> Result<Done> {
        let Self { app, call, listing, admission } = *self;
        let now = call.now;
        if hold.attempt > CARD_ATTEMPTS_MAX {
            let retry_after_seconds = hold.expires_at.seconds_since(now);
            return admission_first(app, admission, Err(Error::TooManyAttempts { retry_after_seconds }), now).await;
        }
        if let Some(retry_after_seconds) = app.store.breaker(now).await?.refuses_for_seconds(now) {
            self.keep(hold).await?;
            return admission_first(app, admission, Err(Error::PaymentsBusy { retry_after_seconds }), now).await;
        }
        let kept = hold.clone().prolonged(card::deadline(now), &listing.performance);
        let means = (token.clone(), admission);
        let pending = Reservation::paid_by_card((hold, &kept), listing, self.buyer(), means, now);
        let reply = |accepted: &Reservation| Answer::accepted(PaymentView::from(accepted));
        let receipt = call.receipt(&reply);
        let paid = app.store.pay_by_card(hold, &kept, &pending, admission, receipt.as_ref()).await;
        Ok(answered(admission_first(app, admission, paid, now).await?, || reply(&pending)))
    }

    /// Nobody loses seats because a provider is unwell: the hold lives longer, within bounds.
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
