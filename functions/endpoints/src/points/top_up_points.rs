//! `POST /points/top-ups`: adds points, exactly once per `Idempotency-Key`.

use frontrow_domain::{
    Result,
    ids::EntryId,
    money::{Currency, Won},
    wallet::{Change, EntryKind, LedgerEntry, TopUpAmount},
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, Header, NoPath, NoQuery, Route,
    TableAction::{GetItem, PutItem, UpdateItem},
    caller::Member,
    entropy,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The amount to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TopUpRequest", example = serde_json::json!({"amount": 50_000}))]
pub struct Body {
    /// 1 to 10,000,000 won.
    amount: TopUpAmount,
}

/// The amount added and the new balance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TopUp")]
pub struct Reply {
    entry_id: EntryId,
    amount: Won,
    balance: Won,
    currency: Currency,
}

/// The endpoint.
pub struct TopUpPoints;

impl Endpoint for TopUpPoints {
    const ROUTE: Route = Route::post("/points/top-ups", "top_up_points")
        .tag("Points")
        .summary("Top up points")
        .errors(&[ErrorCode::BalanceLimit, ErrorCode::IdempotencyKeyReused])
        .headers(&[Header::IdempotencyKey])
        .table(&[GetItem, PutItem, UpdateItem])
        .table_keys(&["member#*"]);
    type Caller = Member;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = Reply;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Reply>> {
        let change = Change {
            entry_id: EntryId::new(entropy::fresh_uuid()),
            kind: EntryKind::TopUp,
            amount: call.body.amount.won(),
            reservation_id: None,
            created_at: call.now,
        };
        let reply = |entry: &LedgerEntry| {
            let body = Reply {
                entry_id: entry.entry_id.clone(),
                amount: entry.amount,
                balance: entry.balance,
                currency: Currency::Krw,
            };
            Answer::created("/points/entries".to_owned(), body)
        };
        let record = call.idempotency_record(&reply);
        let entry = app.store.top_up(&call.caller.member_id, &change, record.as_ref()).await?;
        Ok(reply(&entry))
    }
}
