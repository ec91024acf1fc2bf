//! `DELETE /members/me`: deletes the account. Name and address are erased; ledger, payments and sales figures remain without
//! them. Remaining points are lost. The address may sign up again as a different member.

use frontrow_domain::{Error, Result};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoPath, NoQuery, Route, Secret,
    TableAction::{DeleteItem, GetItem, PutItem, Query, UpdateItem},
    answer::Nothing,
    caller::Member,
};
use frontrow_store::{Account, Attempts};
use schemars::JsonSchema;
use serde::Deserialize;

/// Confirmation of the deletion.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AccountDeletion", example = serde_json::json!({"password": "frontrow-demo"}))]
pub struct Body {
    /// The member's password.
    password: String,
}

/// The endpoint.
pub struct DeleteMe;

impl Endpoint for DeleteMe {
    const ROUTE: Route = Route::delete("/members/me", "delete_me")
        .tag("Members")
        .summary("Delete own account, unless a reservation is upcoming")
        .errors(&[ErrorCode::WrongCredentials, ErrorCode::TooManyAttempts, ErrorCode::HasReservations])
        .table(&[DeleteItem, GetItem, PutItem, Query, UpdateItem])
        .table_keys(&["alerts#*", "email#*", "member#*", "rate#*"])
        .secrets(&[Secret::PasswordPeppers])
        .memory_megabytes(1024); // argon2, as for log_in
    type Caller = Member;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = Nothing;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Nothing>> {
        let known = match app.store.account(&call.caller.member_id).await? {
            Account::Live(known) => known,
            // A retry after a lost response.
            Account::Deleted { .. } => return Ok(Answer::no_content()),
            Account::Unknown => return Err(Error::Unauthenticated),
        };
        let attempts = Attempts { email: &known.member.email, device: call.caller.session_id.as_ref() };
        if !app.passwords.verify(call.body.password, Some(known.password_hash.clone())).await? {
            app.store.count_failed_login(attempts, call.now).await?;
            return Err(Error::WrongCredentials);
        }
        app.store.check_failed_logins(attempts, call.now).await?;
        app.store.delete_member(&known, call.now).await?;
        Ok(Answer::no_content())
    }
}
