//! `POST /unsubscribe`: ends all alerts of the member identified by a mailed link, without a login. Mail clients send
//! `List-Unsubscribe=One-Click` as the body (RFC 8058); the body is ignored.

use frontrow_domain::{Error, Result, member::Language};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, Header, Html, NoBody, NoPath, Route, Secret,
    TableAction::{DeleteItem, GetItem, UpdateItem},
    caller::Anyone,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The parameters of the mailed link.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Signed token that identifies the member.
    #[schemars(example = "0193f1b07c8a7d3fae52c1d1a5b0c005.unsubscribe-token")]
    pub(super) token: String,
}

/// The endpoint.
pub struct Unsubscribe;

impl Endpoint for Unsubscribe {
    const ROUTE: Route = Route::post("/unsubscribe", "unsubscribe")
        .tag("Members")
        .summary("End all alerts with a mailed link")
        .success(&[200])
        .errors(&[ErrorCode::NotFound])
        .headers(&[Header::AcceptLanguage])
        .table(&[DeleteItem, GetItem, UpdateItem])
        .table_keys(&["alerts#*", "member#*"])
        .secrets(&[Secret::SigningKeys]);
    type Caller = Anyone;
    type Path = NoPath;
    type Query = Query;
    type Body = NoBody;
    type Reply = Html;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Html>> {
        let member_id = app.codes.open_unsubscribe_token(&call.query.token).ok_or(Error::NotFound)?;
        let member = app.store.member(&member_id).await?;
        if let Some(member) = member.filter(|member| !member.alerts.is_empty()) {
            app.store.replace_alerts(member.alerted_of(Vec::new())).await?;
        }
        let (title, text) = match call.language {
            Language::Ko => ("수신 거부 완료", "새 공연 알림 메일을 더 이상 보내 드리지 않습니다."),
            Language::En => ("You are unsubscribed", "You will no longer receive emails about new shows."),
        };
        Ok(Answer::ok(page(call.language, title, &format!("<p>{text}</p>"))))
    }
}

/// A plain HTML page. `content` is trusted markup.
pub(super) fn page(language: Language, title: &str, content: &str) -> Html {
    let lang = match language {
        Language::Ko => "ko",
        Language::En => "en",
    };
    Html(format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title></head>\n<body><h1>{title}</h1>{content}</body>\n</html>\n"
    ))
}
