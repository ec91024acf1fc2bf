//! What the provider has been asked to pay, and what became of it. Rules alone, without HTTP.

use frontrow_domain::limits::PROVIDER_REASON_MAX_CHARS;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A refusal: status, code, message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) u16, pub(super) &'static str, pub(super) &'static str);

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryStatus {
    /// Paid.
    Done,
    /// Paid, and given back.
    Canceled,
    /// Declined.
    Aborted,
}

/// An order, as the provider shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The provider's own key.
    pub payment_key: String,
    /// The platform's.
    pub order_id: String,
    /// How it stands.
    pub status: EntryStatus,
    /// Won.
    pub total_amount: i64,
    /// What of it the provider still has: won.
    pub balance_amount: i64,
}

/// All orders, and which request was answered how under an idempotency key.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Book {
    orders: BTreeMap<String, Entry>,
    /// Idempotency key → what was asked under it, and by whose order it is answered.
    answered: BTreeMap<String, (String, String)>,
}

impl Book {
    /// Everything that was ever asked to be paid, by order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.orders.values()
    }

    /// Takes the money of an order, once. A token that begins with `decline` is declined; one that ends in `@` and a number
    /// was given for that amount alone.
    pub(super) fn confirm(&mut self, key: &str, body: &Value, declines: bool) -> Result<Entry, Refused> {
        const MALFORMED: Refused = Refused(400, "INVALID_REQUEST", "Expected paymentKey, orderId and amount.");
        let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
        let (token, order_id) = text("paymentKey").zip(text("orderId")).ok_or(MALFORMED)?;
        let amount = body["amount"].as_i64().filter(|amount| *amount > 0).ok_or(MALFORMED)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte);
        if !(6..=64).contains(&order_id.len()) || !order_id.bytes().all(plain) {
            return Err(Refused(400, "INVALID_ORDER_ID", "An order id has 6 to 64 letters, digits, `-`, `_` and `=`."));
        }
        let asked = format!("confirm {order_id} {amount} {token}");
        if let Some(order_id) = self.answer_under(key, &asked)? {
            return self.outcome(&order_id);
        }
        if self.orders.contains_key(order_id) {
            return Err(Refused(400, "ALREADY_PROCESSED_PAYMENT", "The order was paid or declined before."));
        }
        let given_for = token.rsplit_once('@').and_then(|(_, amount)| amount.parse::<i64>().ok());
        if given_for.is_some_and(|given_for| given_for != amount) {
            return Err(Refused(400, "INVALID_REQUEST", "The token was given for another amount."));
        }
        let declined = declines || token.starts_with("decline");
        let entry = Entry {
            payment_key: format!("pay_{order_id}"),
            order_id: order_id.to_owned(),
            status: if declined { EntryStatus::Aborted } else { EntryStatus::Done },
            total_amount: amount,
            balance_amount: if declined { 0 } else { amount },
        };
        self.orders.insert(order_id.to_owned(), entry);
        self.remember(key, asked, order_id);
        self.outcome(order_id)
    }

    /// Gives the money of a payment back, once, for a reason.
    pub(super) fn cancel(&mut self, key: &str, payment_key: &str, body: &Value) -> Result<Entry, Refused> {
        const UNKNOWN: Refused = Refused(404, "NOT_FOUND_PAYMENT", "There is no such payment.");
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
            EntryStatus::Canceled => return Err(Refused(400, "ALREADY_CANCELED_PAYMENT", "It was given back before.")),
            EntryStatus::Aborted => return Err(Refused(403, "NOT_CANCELABLE_PAYMENT", "It was declined.")),
        }
        (entry.status, entry.balance_amount) = (EntryStatus::Canceled, 0);
        let entry = entry.clone();
        self.remember(key, asked, &entry.order_id);
        Ok(entry)
    }

    /// The payment of an order.
    pub(super) fn find(&self, order_id: &str) -> Result<Entry, Refused> {
        let found = self.orders.get(order_id).cloned();
        found.ok_or(Refused(404, "NOT_FOUND_PAYMENT", "There is no such order."))
    }

    fn outcome(&self, order_id: &str) -> Result<Entry, Refused> {
        let entry = self.find(order_id)?;
        if entry.status == EntryStatus::Aborted {
            return Err(Refused(403, "REJECT_CARD_COMPANY", "The card company declined."));
        }
        Ok(entry)
    }

    fn answer_under(&self, key: &str, asked: &str) -> Result<Option<String>, Refused> {
        match self.answered.get(key) {
            Some((before, order_id)) if before == asked => Ok(Some(order_id.clone())),
            Some(_) => Err(Refused(422, "IDEMPOTENCY_KEY_REUSED", "The key was used with another request.")),
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
    fn an_order_is_paid_once_and_given_back_once() {
        let mut book = Book::default();
        let paid = book.confirm("a", &ask("tok", 500), false).unwrap();
        assert_eq!((paid.status, paid.balance_amount), (EntryStatus::Done, 500));
        assert_eq!(book.confirm("a", &ask("tok", 500), false).unwrap(), paid, "the same key is told the same");
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
    fn a_token_may_be_good_for_one_amount() {
        let mut book = Book::default();
        assert_eq!(book.confirm("a", &ask("tok@500", 501), false).unwrap_err().1, "INVALID_REQUEST");
        assert!(book.confirm("b", &ask("tok@500", 500), false).is_ok());
        assert!(Book::default().confirm("b", &ask("tok", 0), false).is_err());
    }
}
