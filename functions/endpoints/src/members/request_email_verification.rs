//! `POST /email-verifications`: mails a six-digit code to an address.

use frontrow_domain::{Result, ids::VerificationId, member::EmailAddress, time::UtcTime, verification::Verification};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, Header, NoPath, NoQuery, Route, Secret,
    TableAction::{GetItem, PutItem, UpdateItem},
    caller::Anyone,
    entropy,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The address to verify.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EmailVerificationRequest", example = serde_json::json!({"email": "dana@example.com"}))]
pub struct Body {
    /// The address to verify. An internationalized domain is converted to A-labels: `kim@bücher.example` becomes
    /// `kim@xn--bcher-kva.example`.
    email: EmailAddress,
    /// Any refresh token that this device ever received for this address, used or not. Codes for known devices are counted
    /// separately from those requested by everyone else. Other tokens are ignored.
    refresh_token: Option<String>,
}

/// A pending verification.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "EmailVerification")]
pub struct Reply {
    /// Send it together with the code.
    verification_id: VerificationId,
    /// When the code expires.
    expires_at: UtcTime,
}

/// The endpoint.
pub struct RequestEmailVerification;

impl Endpoint for RequestEmailVerification {
    const ROUTE: Route = Route::post("/email-verifications", "request_email_verification")
        .tag("Members")
        .summary("Mail a verification code to an address, registered or not")
        .success(&[202])
        .errors(&[ErrorCode::TooManyRequests])
        .headers(&[Header::AcceptLanguage])
        .table(&[GetItem, PutItem, UpdateItem])
        .table_keys(&["email#*", "member#*", "rate#*", "verification#*"])
        .secrets(&[Secret::SigningKeys]);
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
