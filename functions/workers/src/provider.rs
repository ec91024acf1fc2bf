//! The HTTP client of the payment provider, whose API is modelled on Toss Payments: confirm, find by order, cancel. Every
//! modifying request carries an `Idempotency-Key`, and every request has a strict timeout. Each response counts as yes, no or
//! unknown; only a refusal in the provider's own format counts as no.

use crate::limits::{PROVIDER_ANSWER_MAX_BYTES, PROVIDER_CALL_MILLIS, PROVIDER_REASON_MAX_CHARS, PROVIDER_SLOW_SHARE};
use frontrow_domain::{
    breaker::Counts,
    card::{CardToken, DeclineReason},
    money::Won,
    reservation::Reservation,
};
use frontrow_edge::env::variable;
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Client of the payment provider.
#[derive(Clone)]
pub struct Provider {
    http: Client,
    url: String,
    secret_key: String,
    call_millis: u64,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.url)
    }
}

/// Outcome of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charged {
    /// Charged.
    Yes,
    /// Not charged, and never will be.
    No {
        /// The provider's error code.
        code: String,
        /// The reason that the member sees.
        reason: DeclineReason,
    },
    /// It may or may not have been charged. The text is for the log.
    Unknown(String),
}

/// Outcome of returning the money of a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenBack {
    /// The provider has no money of it: it refunded it, or refused to take it.
    Yes,
    /// The provider has not charged it so far, but still may.
    NotTaken,
    /// Unknown. The text is for the log.
    Unknown(String),
}

/// A payment as the provider returns it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    payment_key: String,
    order_id: String,
    status: String,
    total_amount: i64,
    failure: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
}

/// Outcome of one call.
enum Answer {
    Payment(Payment),
    /// A refusal in the provider's own format.
    Refusal(StatusCode, String),
    /// Unknown, but the provider is healthy: it refused in its own format, for a reason other than the payment.
    Unjudged(String),
    Unknown(String),
}

/// The calls made for one payment.
struct Calls<'a> {
    provider: &'a Provider,
    counts: Counts,
}

impl Provider {
    /// A client of the provider at `url`, with a timeout of `call_millis` per call.
    ///
    /// # Errors
    /// If the HTTP client cannot be created.
    pub fn new(url: &str, secret_key: String, call_millis: u64) -> Result<Self, String> {
        let timeout = Duration::from_millis(call_millis);
        let http = Client::builder().timeout(timeout).connect_timeout(timeout / 3);
        // Proxy variables and redirects are ignored: requests go only to the configured URL.
        let http = http.no_proxy().redirect(redirect::Policy::none()).build();
        let http = http.map_err(|error| format!("create the HTTP client: {error}"))?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), secret_key, call_millis })
    }

    /// A client of the provider at `PROVIDER_URL`.
    ///
    /// # Errors
    /// If the variable is missing.
    pub fn from_env(secret_key: String) -> Result<Self, String> {
        Self::new(&variable("PROVIDER_URL").ok_or("PROVIDER_URL is not set")?, secret_key, PROVIDER_CALL_MILLIS)
    }

    /// Charges `reservation`. Idempotent: repeated calls charge it once. Also returns the counted calls.
    pub async fn charge(&self, reservation: &Reservation, token: &CardToken) -> (Charged, Counts) {
        let mut calls = self.calls();
        let charged = calls.charge(reservation, token).await;
        (charged, calls.counts)
    }

    /// Makes sure that the provider keeps no money of `reservation`. Also returns the counted calls.
    pub async fn give_back(&self, reservation: &Reservation) -> (GivenBack, Counts) {
        let mut calls = self.calls();
        let given_back = calls.give_back(reservation).await;
        (given_back, calls.counts)
    }

    fn calls(&self) -> Calls<'_> {
        Calls { provider: self, counts: Counts::default() }
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        match self.receive(request).await {
            Ok((status, body)) if status.is_success() => match read::<Payment>(&body) {
                Some(payment) => Answer::Payment(payment),
                None => Answer::Unknown(format!("{status} without a payment")),
            },
            Ok((status, body)) => match read::<Refusal>(&body) {
                Some(refusal) if is_refusal(status, &refusal.code) => Answer::Refusal(status, word(&refusal.code)),
                Some(refusal) if status.is_client_error() => {
                    Answer::Unjudged(format!("{status} {}", word(&refusal.code)))
                }
                Some(refusal) => Answer::Unknown(format!("{status} {}", word(&refusal.code))),
                None => Answer::Unknown(format!("{status}")),
            },
            // Without the URL, because it contains the payment key.
            Err(error) => Answer::Unknown(error.without_url().to_string()),
        }
    }

    async fn receive(&self, request: RequestBuilder) -> reqwest::Result<(StatusCode, Vec<u8>)> {
        let mut response = request.basic_auth(&self.secret_key, Some("")).send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > PROVIDER_ANSWER_MAX_BYTES {
                body.clear();
                break;
            }
        }
        Ok((response.status(), body))
    }
}

impl Calls<'_> {
    /// Makes one call and counts it.
    async fn call(&mut self, request: RequestBuilder) -> Answer {
        let started = Instant::now();
        let answer = self.provider.send(request).await;
        let slow = started.elapsed() > Duration::from_millis(self.provider.call_millis / PROVIDER_SLOW_SHARE);
        self.counts = self.counts.plus(Counts::of_one(matches!(answer, Answer::Unknown(_)), slow));
        answer
    }

    async fn post(&mut self, path: &str, key: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.provider.url);
        let request = self.provider.http.post(url).header("Idempotency-Key", key).json(body);
        self.call(request).await
    }

    async fn find(&mut self, order: &str) -> Answer {
        let request = self.provider.http.get(format!("{}/v1/payments/orders/{order}", self.provider.url));
        self.call(request).await
    }

    async fn charge(&mut self, reservation: &Reservation, token: &CardToken) -> Charged {
        let (payment_id, total) = (reservation.payment_id(), reservation.total());
        let order = payment_id.order();
        let body = json!({"paymentKey": token.expose(), "orderId": order, "amount": total});
        match self.post("/v1/payments/confirm", &payment_id.to_string(), &body).await {
            Answer::Payment(payment) => charged(&payment, &order, total),
            Answer::Refusal(_, code) => self.refused(code, &order, total).await,
            Answer::Unjudged(why) | Answer::Unknown(why) => Charged::Unknown(why),
        }
    }

    /// A refusal is final only if the provider has no money of the order. An earlier request may have charged it, if its
    /// response was lost and the provider has forgotten its idempotency key.
    async fn refused(&mut self, code: String, order: &str, total: Won) -> Charged {
        let processed = code == "ALREADY_PROCESSED_PAYMENT";
        match self.find(order).await {
            Answer::Payment(payment) if processed || payment.status == "DONE" => charged(&payment, order, total),
            Answer::Refusal(_, why) if processed => Charged::Unknown(why),
            Answer::Payment(_) | Answer::Refusal(StatusCode::NOT_FOUND, _) => no(code),
            Answer::Refusal(_, why) | Answer::Unjudged(why) | Answer::Unknown(why) => Charged::Unknown(why),
        }
    }

    async fn give_back(&mut self, reservation: &Reservation) -> GivenBack {
        let payment_id = reservation.payment_id();
        let order = payment_id.order();
        let payment = match self.find(&order).await {
            Answer::Payment(payment) if payment.order_id == order => payment,
            Answer::Payment(_) => return GivenBack::Unknown("the payment belongs to another order".to_owned()),
            Answer::Refusal(StatusCode::NOT_FOUND, _) => return GivenBack::NotTaken,
            Answer::Refusal(_, why) | Answer::Unjudged(why) | Answer::Unknown(why) => return GivenBack::Unknown(why),
        };
        match payment.status.as_str() {
            "CANCELED" | "ABORTED" | "EXPIRED" => return GivenBack::Yes,
            "READY" | "IN_PROGRESS" | "WAITING_FOR_DEPOSIT" => return GivenBack::NotTaken,
            _ => {}
        }
        let Some(path) = cancel_path(&payment.payment_key) else {
            return GivenBack::Unknown("the payment key is invalid".to_owned());
        };
        let reason = reservation.cancel_reason.as_ref().map_or("cancelled", |why| why.text());
        let reason = cut(reason, PROVIDER_REASON_MAX_CHARS);
        match self.post(&path, &format!("cancel-{payment_id}"), &json!({"cancelReason": reason})).await {
            Answer::Payment(payment) if payment.status == "CANCELED" => GivenBack::Yes,
            Answer::Payment(payment) => GivenBack::Unknown(format!("it is {}", word(&payment.status))),
            Answer::Refusal(_, code) if code == "ALREADY_CANCELED_PAYMENT" => GivenBack::Yes,
            Answer::Refusal(_, why) | Answer::Unjudged(why) | Answer::Unknown(why) => GivenBack::Unknown(why),
        }
    }
}

/// Checks that `payment` is for the requested order and amount.
fn charged(payment: &Payment, order: &str, total: Won) -> Charged {
    if payment.order_id != order || payment.total_amount != total.0 {
        return Charged::Unknown("the payment has another order or amount".to_owned());
    }
    match payment.status.as_str() {
        "DONE" => Charged::Yes,
        status @ ("ABORTED" | "EXPIRED") => no(word(payment.failure.as_ref().map_or(status, |why| &why.code))),
        status => Charged::Unknown(format!("it is {}", word(status))),
    }
}

fn no(code: String) -> Charged {
    let reason = decline_reason(&code);
    Charged::No { code, reason }
}

/// Maps a provider code to the reason that the member sees.
fn decline_reason(code: &str) -> DeclineReason {
    match code {
        "REJECT_ACCOUNT_PAYMENT" | "NOT_ENOUGH_BALANCE" => DeclineReason::InsufficientFunds,
        // The issuer does not distinguish between limit and balance.
        "REJECT_CARD_PAYMENT" => DeclineReason::LimitExceeded,
        code if code.starts_with("EXCEED_MAX_") => DeclineReason::LimitExceeded,
        "INVALID_CARD_EXPIRATION" => DeclineReason::CardExpired,
        "REJECT_CARD_COMPANY"
        | "REJECT_TOSSPAY_INVALID_ACCOUNT"
        | "INVALID_REJECT_CARD"
        | "INVALID_STOPPED_CARD"
        | "INVALID_CARD_LOST_OR_STOLEN"
        | "INVALID_CARD_NUMBER"
        | "INVALID_PASSWORD"
        | "FDS_ERROR" => DeclineReason::Rejected,
        _ => DeclineReason::Other,
    }
}

/// Whether a refusal is about the payment, and not about the API key, the request rate, a request still in progress or a
/// failure of the provider. While such an error was returned, another request may have charged the payment.
fn is_refusal(status: StatusCode, code: &str) -> bool {
    let is_of_the_payment = !matches!(
        code,
        "FORBIDDEN_CONSECUTIVE_REQUEST"
            | "PROVIDER_ERROR"
            | "INVALID_API_KEY"
            | "INCORRECT_BASIC_AUTH_FORMAT"
            | "INVALID_AUTHORIZE_AUTH"
            | "FORBIDDEN_REQUEST"
    );
    status.is_client_error() && !matches!(status.as_u16(), 401 | 408 | 409 | 425 | 429) && is_of_the_payment
}

/// Cuts `text` to at most `most` UTF-16 units, so that it fits whichever way the provider counts characters.
fn cut(text: &str, most: usize) -> String {
    let mut units = 0;
    let fits = |character: &char| {
        units += character.len_utf16();
        units <= most
    };
    text.chars().take_while(fits).collect()
}

/// Validates the key, because it comes from outside and becomes part of a path.
fn cancel_path(payment_key: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte);
    let is_key = !payment_key.is_empty() && payment_key.bytes().all(plain);
    is_key.then(|| format!("/v1/payments/{payment_key}/cancel"))
}

/// Sanitizes a provider code for logs.
fn word(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect()
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_truncated_at_a_character_boundary() {
        assert_eq!(cut("비가 와요", 3), "비가 ");
        assert_eq!(cut("a😀b", 2), "a");
        assert_eq!(cut("a😀b", 9), "a😀b");
    }

    #[test]
    fn provider_codes_map_to_decline_reasons() {
        for (code, reason) in [
            ("REJECT_ACCOUNT_PAYMENT", DeclineReason::InsufficientFunds),
            ("REJECT_CARD_PAYMENT", DeclineReason::LimitExceeded),
            ("EXCEED_MAX_ONE_DAY_AMOUNT", DeclineReason::LimitExceeded),
            ("INVALID_CARD_EXPIRATION", DeclineReason::CardExpired),
            ("REJECT_CARD_COMPANY", DeclineReason::Rejected),
            ("ABORTED", DeclineReason::Other),
            ("A_WORD_OF_NEXT_YEAR", DeclineReason::Other),
        ] {
            assert_eq!(decline_reason(code), reason, "{code}");
        }
    }

    #[test]
    fn only_refusals_of_the_payment_itself_are_declines() {
        let is_no = |status: u16, code| is_refusal(StatusCode::from_u16(status).unwrap(), code);
        for (status, code) in [(403, "REJECT_CARD_COMPANY"), (400, "INVALID_CARD_NUMBER"), (404, "NOT_FOUND_PAYMENT")] {
            assert!(is_no(status, code), "{code}");
        }
        for (status, code) in [
            (401, "UNAUTHORIZED_KEY"),
            (409, "IDEMPOTENT_REQUEST_PROCESSING"),
            (429, "TOO_MANY_REQUESTS"),
            (403, "FORBIDDEN_CONSECUTIVE_REQUEST"),
            (400, "PROVIDER_ERROR"),
            (400, "INVALID_API_KEY"),
            (500, "FAILED_INTERNAL_SYSTEM_PROCESSING"),
        ] {
            assert!(!is_no(status, code), "{code}");
        }
    }
}
