//! The provider's orders and their outcomes: business rules without HTTP.

use frontrow_workers::limits::PROVIDER_REASON_MAX_CHARS;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A refusal: status, code, message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) u16, pub(super) &'static str, pub(super) &'static str);

/// Status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryStatus {
    /// Paid.
    Done,
    /// Paid and refunded.
    Canceled,
    /// Declined.
    Aborted,
}

/// Outcome of a payment with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Paid.
    #[default]
    Approve,
    /// Declined: the account has too little money.
    DeclineFunds,
    /// Declined: a limit of the card is exceeded.
    DeclineLimit,
    /// Declined: the card has expired.
    DeclineExpired,
    /// Declined by the card company.
    DeclineRejected,
    /// Declined with a code that the platform does not map.
    DeclineOther,
}

impl Outcome {
    /// Outcome of a token that was never issued: `tok…` is paid, `decline…` is declined for the reason that it names. All
    /// other tokens are unknown.
    fn of_text(token: &str) -> Option<Self> {
        const NAMED: [(&str, Outcome); 6] = [
            ("tok", Outcome::Approve),
            ("decline_funds", Outcome::DeclineFunds),
            ("decline_limit", Outcome::DeclineLimit),
            ("decline_expired", Outcome::DeclineExpired),
            ("decline_other", Outcome::DeclineOther),
            ("decline", Outcome::DeclineRejected),
        ];
        NAMED.into_iter().find_map(|(name, outcome)| token.starts_with(name).then_some(outcome))
    }

    fn refused(self) -> Option<Refused> {
        match self {
            Self::Approve => None,
            Self::DeclineFunds => Some(Refused(403, "REJECT_ACCOUNT_PAYMENT", "The balance is too low.")),
            Self::DeclineLimit => Some(Refused(400, "EXCEED_MAX_PAYMENT_AMOUNT", "The card's limit is exceeded.")),
            Self::DeclineExpired => Some(Refused(400, "INVALID_CARD_EXPIRATION", "The card expired.")),
            Self::DeclineRejected => Some(Refused(403, "REJECT_CARD_COMPANY", "The card company declined.")),
            Self::DeclineOther => {
                Some(Refused(400, "NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT", "No instalments with this card."))
            }
        }
    }
}

/// A token issued for one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Issued {
    pub(super) order_id: String,
    pub(super) amount: i64,
    pub(super) outcome: Outcome,
}

/// Reason of a declined order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The provider's code.
    pub code: String,
    /// Human-readable message.
    pub message: String,
}

/// An order as the provider returns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The provider's own key.
    pub payment_key: String,
    /// The platform's order id.
    pub order_id: String,
    /// Status of the order.
    pub status: EntryStatus,
    /// Amount, in won.
    pub total_amount: i64,
    /// Amount that the provider still has, in won.
    pub balance_amount: i64,
    /// Reason of the decline.
    #[serde(default)]
    pub failure: Option<Failure>,
}

const INVALID_ORDER_ID: Refused =
    Refused(400, "INVALID_ORDER_ID", "An order id has 6 to 64 letters, digits, `-`, `_` and `=`.");

fn is_order_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte);
    (6..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// All orders, and the responses given under idempotency keys.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Book {
    orders: BTreeMap<String, Entry>,
    /// Idempotency key → the request under it, and the order of the response.
    answered: BTreeMap<String, (String, String)>,
    /// Token → the order and amount it was issued for.
    #[serde(default)]
    issued: BTreeMap<String, Issued>,
    /// Order → reason of its decline.
    #[serde(default)]
    declined: BTreeMap<String, Outcome>,
}

impl Book {
    /// All orders that were ever requested.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.orders.values()
    }

    /// Issues `token` for one order and amount, as a widget does after a card was entered.
    pub(super) fn issue(&mut self, token: String, issued: Issued) -> Result<(), Refused> {
        if !is_order_id(&issued.order_id) {
            return Err(INVALID_ORDER_ID);
        }
        if issued.amount <= 0 {
            return Err(Refused(400, "INVALID_REQUEST", "Expected a positive amount."));
        }
        if self.orders.contains_key(&issued.order_id) {
            return Err(Refused(400, "DUPLICATED_ORDER_ID", "The order has already been paid or declined."));
        }
        self.issued.insert(token, issued);
        Ok(())
    }

    /// Outcome of paying `amount` for an order with `token`. A valid token that was never issued works for any order; one
    /// that ends in `@` and a number works only for that amount.
    fn outcome_of(&self, token: &str, order_id: &str, amount: i64) -> Result<Outcome, Refused> {
        const UNKNOWN: Refused = Refused(404, "NOT_FOUND_PAYMENT_SESSION", "The token does not exist.");
        const ANOTHERS: Refused = Refused(400, "INVALID_REQUEST", "The token was issued for another order or amount.");
        if let Some(issued) = self.issued.get(token) {
            let same = issued.order_id == order_id && issued.amount == amount;
            return if same { Ok(issued.outcome) } else { Err(ANOTHERS) };
        }
        let outcome = Outcome::of_text(token).ok_or(UNKNOWN)?;
        let given_for = token.rsplit_once('@').and_then(|(_, amount)| amount.parse::<i64>().ok());
        if given_for.is_some_and(|given_for| given_for != amount) { Err(ANOTHERS) } else { Ok(outcome) }
    }

    /// Charges an order, once, according to its token. `declines` declines all orders.
    pub(super) fn confirm(&mut self, key: &str, body: &Value, declines: bool) -> Result<Entry, Refused> {
        const MALFORMED: Refused = Refused(400, "INVALID_REQUEST", "Expected paymentKey, orderId and amount.");
        let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
        let (token, order_id) = text("paymentKey").zip(text("orderId")).ok_or(MALFORMED)?;
        let amount = body["amount"].as_i64().filter(|amount| *amount > 0).ok_or(MALFORMED)?;
        if !is_order_id(order_id) {
            return Err(INVALID_ORDER_ID);
        }
        let asked = format!("confirm {order_id} {amount} {token}");
        if let Some(order_id) = self.answer_under(key, &asked)? {
            return self.paid(&order_id);
        }
        if self.orders.contains_key(order_id) {
            return Err(Refused(400, "ALREADY_PROCESSED_PAYMENT", "The order has already been paid or declined."));
        }
        let outcome = self.outcome_of(token, order_id, amount)?;
        let outcome = if declines && outcome == Outcome::Approve { Outcome::DeclineRejected } else { outcome };
        let refused = outcome.refused();
        let declined = refused.is_some();
        let entry = Entry {
            payment_key: format!("pay_{order_id}"),
            order_id: order_id.to_owned(),
            status: if declined { EntryStatus::Aborted } else { EntryStatus::Done },
            total_amount: amount,
            balance_amount: if declined { 0 } else { amount },
            failure: refused.map(|Refused(_, code, message)| Failure { code: code.into(), message: message.into() }),
        };
        self.orders.insert(order_id.to_owned(), entry);
        if declined {
            self.declined.insert(order_id.to_owned(), outcome);
        }
        self.remember(key, asked, order_id);
        self.paid(order_id)
    }

    /// Refunds a payment, once, for a reason.
    pub(super) fn cancel(&mut self, key: &str, payment_key: &str, body: &Value) -> Result<Entry, Refused> {
        const UNKNOWN: Refused = Refused(404, "NOT_FOUND_PAYMENT", "The payment does not exist.");
        let reason = body["cancelReason"].as_str().unwrap_or_default();
        if !(1..=PROVIDER_REASON_MAX_CHARS).contains(&reason.encode_utf16().count()) {
            return Err(Refused(400, "INVALID_REQUEST", "Expected a cancelReason of at most 200 characters."));
        }
        let asked = format!("cancel {payment_key}");
        if let Some(order_id) = self.answer_under(key, &asked)? {
            return self.find(&order_id);
        }
        let entry = self.orders.values_mut().find(|entry| entry.payment_key == payment_key).ok_or(UNKNOWN)?;
        match entry.status {
            EntryStatus::Done => {}
            EntryStatus::Canceled => {
                return Err(Refused(400, "ALREADY_CANCELED_PAYMENT", "The payment has already been cancelled."));
            }
            EntryStatus::Aborted => return Err(Refused(403, "NOT_CANCELABLE_PAYMENT", "The payment was declined.")),
        }
        (entry.status, entry.balance_amount) = (EntryStatus::Canceled, 0);
        let entry = entry.clone();
        self.remember(key, asked, &entry.order_id);
        Ok(entry)
    }

    /// The payment of an order.
    pub(super) fn find(&self, order_id: &str) -> Result<Entry, Refused> {
        let found = self.orders.get(order_id).cloned();
        found.ok_or(Refused(404, "NOT_FOUND_PAYMENT", "The order does not exist."))
    }

    /// The order, if it was not declined.
    fn paid(&self, order_id: &str) -> Result<Entry, Refused> {
        let entry = self.find(order_id)?;
        if entry.status != EntryStatus::Aborted {
            return Ok(entry);
        }
        let outcome = self.declined.get(order_id).copied().unwrap_or(Outcome::DeclineRejected);
        outcome.refused().map_or(Ok(entry), Err)
    }

    fn answer_under(&self, key: &str, asked: &str) -> Result<Option<String>, Refused> {
        match self.answered.get(key) {
            Some((before, order_id)) if before == asked => Ok(Some(order_id.clone())),
            Some(_) => {
                Err(Refused(422, "IDEMPOTENCY_KEY_REUSED", "The key has already been used with a different request."))
            }
            None => Ok(None),
        }
    }

    fn remember(&mut self, key: &str, asked: String, order_id: &str) {
        if !key.is_empty() {
            self.answered.insert(key.to_owned(), (asked, order_id.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(token: &str, amount: i64) -> Value {
        json!({"paymentKey": token, "orderId": "p-000001", "amount": amount})
    }

    #[test]
    fn an_order_is_paid_once_and_refunded_once() {
        let mut book = Book::default();
        let paid = book.confirm("a", &ask("tok", 500), false).unwrap();
        assert_eq!((paid.status, paid.balance_amount), (EntryStatus::Done, 500));
        assert_eq!(book.confirm("a", &ask("tok", 500), false).unwrap(), paid, "the same key gets the same response");
        assert_eq!(book.confirm("a", &ask("tok", 501), false).unwrap_err().0, 422);
        assert_eq!(book.confirm("b", &ask("tok", 500), false).unwrap_err().1, "ALREADY_PROCESSED_PAYMENT");
        let why = json!({"cancelReason": "member"});
        let back = book.cancel("c", &paid.payment_key, &why).unwrap();
        assert_eq!((back.status, back.balance_amount), (EntryStatus::Canceled, 0));
        assert_eq!(book.cancel("c", &paid.payment_key, &why).unwrap(), back);
        assert_eq!(book.cancel("d", &paid.payment_key, &why).unwrap_err().1, "ALREADY_CANCELED_PAYMENT");
        assert_eq!(book.entries().count(), 1);
    }

    #[test]
    fn a_declined_order_stays_declined() {
        let mut book = Book::default();
        for token in ["decline-me", "decline-me"] {
            assert_eq!(book.confirm("a", &ask(token, 500), false).unwrap_err().1, "REJECT_CARD_COMPANY");
        }
        assert_eq!(book.find("p-000001").unwrap().status, EntryStatus::Aborted);
        assert_eq!(book.cancel("b", "pay_p-000001", &json!({})).unwrap_err().1, "INVALID_REQUEST");
        let why = json!({"cancelReason": "x".repeat(200)});
        assert_eq!(book.cancel("b", "pay_p-000001", &why).unwrap_err().1, "NOT_CANCELABLE_PAYMENT");
        assert_eq!(book.find("p-000002").unwrap_err().0, 404);
    }

    #[test]
    fn a_token_is_valid_for_one_order_and_amount() {
        let mut book = Book::default();
        let issued = |outcome| Issued { order_id: "p-000001".to_owned(), amount: 500, outcome };
        book.issue("given".to_owned(), issued(Outcome::Approve)).unwrap();
        let ask =
            |token: &str, order: &str, amount: i64| json!({"paymentKey": token, "orderId": order, "amount": amount});
        assert_eq!(book.confirm("a", &ask("given", "p-000002", 500), false).unwrap_err().1, "INVALID_REQUEST");
        assert_eq!(book.confirm("b", &ask("given", "p-000001", 501), false).unwrap_err().1, "INVALID_REQUEST");
        assert_eq!(book.confirm("c", &ask("made-up", "p-000001", 500), false).unwrap_err().0, 404);
        assert_eq!(book.entries().count(), 0, "a refused token does not change the order");
        assert_eq!(book.confirm("d", &ask("given", "p-000001", 500), false).unwrap().status, EntryStatus::Done);
        assert_eq!(book.issue("again".to_owned(), issued(Outcome::Approve)).unwrap_err().1, "DUPLICATED_ORDER_ID");
        for odd in ["p-1", "p 00001", ""] {
            let issued = Issued { order_id: odd.to_owned(), ..issued(Outcome::Approve) };
            assert_eq!(book.issue("odd".to_owned(), issued).unwrap_err().1, "INVALID_ORDER_ID", "{odd}");
        }
        assert!(book.issue("none".to_owned(), Issued { amount: 0, ..issued(Outcome::Approve) }).is_err());
    }

    #[test]
    fn each_decline_has_its_code_and_repeats_it() {
        for (number, (outcome, text, code)) in (10..).zip([
            (Outcome::DeclineFunds, "decline_funds", "REJECT_ACCOUNT_PAYMENT"),
            (Outcome::DeclineLimit, "decline_limit_1", "EXCEED_MAX_PAYMENT_AMOUNT"),
            (Outcome::DeclineExpired, "decline_expired", "INVALID_CARD_EXPIRATION"),
            (Outcome::DeclineRejected, "declined", "REJECT_CARD_COMPANY"),
            (Outcome::DeclineOther, "decline_other", "NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT"),
        ]) {
            let mut book = Book::default();
            let order_id = format!("p-0000{number}");
            book.issue("given".to_owned(), Issued { order_id: order_id.clone(), amount: 500, outcome }).unwrap();
            let ask = json!({"paymentKey": "given", "orderId": order_id, "amount": 500});
            for _ in 0..2 {
                assert_eq!(book.confirm("a", &ask, false).unwrap_err().1, code);
            }
            let found = book.find(&order_id).unwrap();
            assert_eq!((found.status, found.failure.unwrap().code.as_str()), (EntryStatus::Aborted, code));
            let ask = json!({"paymentKey": text, "orderId": "p-000001", "amount": 500});
            assert_eq!(book.confirm("b", &ask, false).unwrap_err().1, code, "{text}");
        }
    }

    #[test]
    fn a_token_can_fix_the_amount() {
        let mut book = Book::default();
        assert_eq!(book.confirm("a", &ask("tok@500", 501), false).unwrap_err().1, "INVALID_REQUEST");
        assert!(book.confirm("b", &ask("tok@500", 500), false).is_ok());
        assert!(Book::default().confirm("b", &ask("tok", 0), false).is_err());
    }
}
