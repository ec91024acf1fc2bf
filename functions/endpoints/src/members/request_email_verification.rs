//! `POST /email-verifications`: mails a code of six digits to an address (M1).

use frontrow_domain::{Result, ids::VerificationId, member::Email, time::UtcTime, verification::Verification};
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoPath, NoQuery, Route, Secret, caller::Anyone, endpoint::Header, entropy,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which address.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EmailVerificationRequest", example = serde_json::json!({"email": "dana@example.com"}))]
pub struct Body {
    /// The address to verify. An internationalized domain becomes its A-labels: `kim@bücher.example` is
    /// `kim@xn--bcher-kva.example`.
    email: Email,
    /// A refresh token that this device got for this address, used or not: codes for known devices are counted apart from
    /// those that anybody asks for. Any other is ignored.
    refresh_token: Option<String>,
}

/// A verification that waits for its code.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "EmailVerification")]
pub struct Reply {
    /// To be sent with the code.
    verification_id: VerificationId,
    /// After it the code is worth nothing.
    expires_at: UtcTime,
}

/// The endpoint.
pub struct RequestEmailVerification;

impl Endpoint for RequestEmailVerification {
    const ROUTE: Route = Route {
        method: Method::POST,
        path: "/email-verifications",
        operation: "request_email_verification",
        tag: "Members",
        summary: "Mails a verification code to an address, known or not",
        success: &[202],
        errors: &["too_many_requests"],
        headers: &[Header::AcceptLanguage],
        table_actions: &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    const TABLE_KEYS: &'static [&'static str] = &["email#*", "member#*", "rate#*", "verification#*"];
    type Caller = Anyone;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = Reply;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Reply>> {
        let Body { email, refresh_token } = call.body;
        let claims = refresh_token.and_then(|token| app.tokens.open_refresh(&token));
        let device = app.store.device_of(&email, claims).await?;
        let id = VerificationId::new(entropy::fresh_uuid());
        let verification = Verification::new(id, email, call.language, call.now).by_device(device);
        app.store.start_verification(&verification, call.now).await?;
        Ok(Answer::accepted(Reply {
            verification_id: verification.verification_id,
            expires_at: verification.expires_at.into(),
        }))
    }
}
