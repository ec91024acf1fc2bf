//! `POST /sessions`: an access token for address and password (M2).

use super::MemberView;
use frontrow_domain::{Error, Result, limits::ACCESS_TOKEN_SECONDS, member::Email, time::UtcTime};
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoPath, NoQuery, Route, Secret, caller::Anyone, tokens::Identity,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Address and password.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "LogIn", example = serde_json::json!({"email": "alice@example.com", "password": "frontrow-demo"}))]
pub struct Body {
    /// The member's address.
    email: Email,
    /// The password; one that could never have been chosen is wrong, not invalid.
    password: String,
}

/// A login.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Session")]
pub struct Reply {
    /// To be sent as `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Until when the token is accepted.
    expires_at: UtcTime,
    /// Who is logged in.
    member: MemberView,
}

/// The endpoint.
pub struct LogIn;

impl Endpoint for LogIn {
    const ROUTE: Route = Route {
        method: Method::POST,
        path: "/sessions",
        operation: "log_in",
        tag: "Members",
        summary: "Gives an access token for address and password",
        success: &[200],
        errors: &["wrong_credentials", "too_many_attempts"],
        headers: &[],
        table_actions: &["dynamodb:GetItem", "dynamodb:UpdateItem"],
        secrets: &[Secret::SigningKeys, Secret::PasswordPeppers],
        variables: &[],
    };
    const TABLE_KEYS: &'static [&'static str] = &["email#*", "member#*", "rate#*"];
    type Caller = Anyone;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = Reply;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Reply>> {
        let Body { email, password } = call.body;
        let (member, password_hash) =
            app.store.credentials(&email).await?.map(|it| (it.member, it.password_hash)).unzip();
        let right = app.passwords.verify(password, password_hash).await?;
        let Some(member) = member.filter(|_| right) else {
            app.store.count_failed_login(&email, call.now).await?;
            return Err(Error::WrongCredentials);
        };
        app.store.check_failed_logins(&email, call.now).await?;
        let expires_at = call.now.plus_seconds(ACCESS_TOKEN_SECONDS);
        let access_token = app.tokens.access(&Identity {
            member_id: member.member_id,
            role: member.role,
            email: member.email.clone(),
            name: member.name.clone(),
            expires_at,
        });
        Ok(Answer::ok(Reply {
            access_token,
            token_type: "Bearer",
            expires_at: expires_at.into(),
            member: member.into(),
        }))
    }
}
