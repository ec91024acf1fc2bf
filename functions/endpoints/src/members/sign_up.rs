//! `POST /members`: creates a member for a verified address.

use super::MemberView;
use frontrow_domain::{
    Error, Result,
    ids::{MemberId, VerificationId},
    member::{EmailAddress, Member, Name, Password, Role},
    verification::Code,
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoPath, NoQuery, Route, Secret,
    TableAction::{GetItem, PutItem, UpdateItem},
    caller::Anyone,
    entropy,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The new member, and the code that proves the address.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SignUp", example = serde_json::json!({
    "verificationId": "0193f1b07c8a7d3fae52c1d1a5b0c003", "code": "042317",
    "email": "dana@example.com", "password": "correct horse", "name": "Dana"
}))]
pub struct Body {
    /// The id returned by `POST /email-verifications`.
    verification_id: String,
    /// The six mailed digits. Blanks, hyphens and full-width digits are accepted. Other input is rejected with 400 and does
    /// not count as an attempt.
    code: Code,
    /// The verified address. An internationalized domain equals its A-labels.
    email: EmailAddress,
    /// 8 to 128 characters after Unicode normalization (NFKC). Common passwords, the address and the name of this site are
    /// rejected.
    password: Password,
    /// 1 to 100 visible characters; other characters are removed.
    name: Name,
}

/// The endpoint.
pub struct SignUp;

impl Endpoint for SignUp {
    const ROUTE: Route = Route::post("/members", "sign_up")
        .tag("Members")
        .summary("Sign up with an address verified by its code")
        .errors(&[
            ErrorCode::WrongCode,
            ErrorCode::VerificationExpired,
            ErrorCode::EmailTaken,
            ErrorCode::TooManyAttempts,
        ])
        .table(&[GetItem, PutItem, UpdateItem])
        .table_keys(&["email#*", "member#*", "rate#*", "verification#*"])
        .secrets(&[Secret::SigningKeys, Secret::PasswordPeppers])
        .variables(&["ORGANIZER_EMAILS"])
        .memory_megabytes(1024); // argon2, as for log_in
    type Caller = Anyone;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = MemberView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<MemberView>> {
        let Body { verification_id, code, email, password, name } = call.body;
        password.check_for(&email)?;
        let id: VerificationId = verification_id.parse().map_err(|_| Error::VerificationExpired)?;
        let verification = app.store.open_verification(&id, call.now).await?;
        if verification.email != email || !app.codes.is_verification_code(&id, code.as_str()) {
            app.store.count_wrong_code(&verification, call.now).await?;
            return Err(Error::WrongCode);
        }
        app.store.check_wrong_codes(&verification, call.now).await?;
        let organizer = app.config.organizer_emails.contains(&email);
        let member = Member {
            member_id: MemberId(entropy::fresh_uuid()),
            email,
            name,
            role: if organizer { Role::Organizer } else { Role::Member },
            language: verification.language,
            alerts: Vec::new(),
            created_at: call.now,
        };
        let password_hash = app.passwords.hash(password).await?;
        app.store.create_member(&member, password_hash, Some(&id)).await?;
        Ok(Answer::created("/members/me".to_owned(), member.into()))
    }
}
