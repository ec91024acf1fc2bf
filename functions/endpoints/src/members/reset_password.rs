//! `PUT /members/password`: sets a new password for the owner of an address, who proves it with a mailed code. All sessions
//! end; access tokens already issued stay valid until they expire.

use frontrow_domain::{Error, Result, ids::VerificationId, member::Password, verification::Code};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoPath, NoQuery, Route, Secret,
    TableAction::{DeleteItem, GetItem, UpdateItem},
    answer::Nothing,
    caller::Anyone,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The new password, and the code that proves the address.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "PasswordReset", example = serde_json::json!({
    "verificationId": "0193f1b07c8a7d3fae52c1d1a5b0c003", "code": "042317", "password": "correct horse"
}))]
pub struct Body {
    /// The id returned by `POST /email-verifications`.
    verification_id: String,
    /// The six mailed digits. Blanks, hyphens and full-width digits are accepted. Other input is rejected with 400 and does
    /// not count as an attempt.
    code: Code,
    /// 8 to 128 characters after Unicode normalization (NFKC). Common passwords, the address and the name of this site are
    /// rejected.
    password: Password,
}

/// The endpoint.
pub struct ResetPassword;

impl Endpoint for ResetPassword {
    const ROUTE: Route = Route::put("/members/password", "reset_password")
        .tag("Members")
        .summary("Reset a forgotten password with a mailed code, and end all sessions")
        .success(&[204])
        .errors(&[
            ErrorCode::WrongCode,
            ErrorCode::NotFound,
            ErrorCode::VerificationExpired,
            ErrorCode::TooManyAttempts,
        ])
        .table(&[DeleteItem, GetItem, UpdateItem])
        .table_keys(&["email#*", "member#*", "rate#*", "verification#*"])
        .secrets(&[Secret::SigningKeys, Secret::PasswordPeppers])
        .memory_megabytes(1024); // argon2, as for log_in
    type Caller = Anyone;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = Nothing;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Nothing>> {
        let Body { verification_id, code, password } = call.body;
        let id: VerificationId = verification_id.parse().map_err(|_| Error::VerificationExpired)?;
        let verification = app.store.open_verification(&id, call.now).await?;
        if !app.codes.is_verification_code(&id, code.as_str()) {
            app.store.count_wrong_code(&verification, call.now).await?;
            return Err(Error::WrongCode);
        }
        app.store.check_wrong_codes(&verification, call.now).await?;
        // Only the owner of the mailbox can see this response, and they could sign up with the same code.
        let known = app.store.credentials(&verification.email).await?.ok_or(Error::NotFound)?;
        // The code stays valid for another password.
        password.check_for(&verification.email)?;
        let password_hash = app.passwords.hash(password).await?;
        app.store.replace_password(&known.member.member_id, password_hash, &verification, call.now).await?;
        Ok(Answer::no_content())
    }
}
