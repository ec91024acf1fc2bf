//! `GET /points`: returns the balance.

use frontrow_domain::{
    Result,
    money::{Currency, Won},
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, NoBody, NoPath, NoQuery, Route, TableAction::GetItem, caller::Member,
};
use schemars::JsonSchema;
use serde::Serialize;

/// The caller's balance.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Points")]
pub struct Reply {
    balance: Won,
    currency: Currency,
}

/// The endpoint.
pub struct GetPoints;

impl Endpoint for GetPoints {
    const ROUTE: Route =
        Route::get("/points", "get_points").tag("Points").summary("Get the points balance").table(&[GetItem]);
    type Caller = Member;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Reply;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Reply>> {
        let wallet = app.store.wallet(&call.caller.member_id).await?;
        Ok(Answer::ok(Reply { balance: wallet.balance, currency: Currency::Krw }))
    }
}
