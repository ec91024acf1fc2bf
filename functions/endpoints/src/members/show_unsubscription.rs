//! `GET /unsubscribe`: returns the page behind the unsubscribe link of alert mails. The page has a button and the request
//! changes nothing, because mail filters open links.

use super::unsubscribe::{Query, page};
use frontrow_domain::{Error, Result, member::Language};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, Header, Html, NoBody, NoPath, Route, Secret, caller::Anyone,
};

/// The endpoint.
pub struct ShowUnsubscription;

impl Endpoint for ShowUnsubscription {
    const ROUTE: Route = Route::get("/unsubscribe", "show_unsubscription")
        .tag("Members")
        .summary("Show the unsubscribe page")
        .errors(&[ErrorCode::NotFound])
        .headers(&[Header::AcceptLanguage])
        .secrets(&[Secret::SigningKeys]);
    type Caller = Anyone;
    type Path = NoPath;
    type Query = Query;
    type Body = NoBody;
    type Reply = Html;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Html>> {
        app.codes.open_unsubscribe_token(&call.query.token).ok_or(Error::NotFound)?;
        let (title, text, button) = match call.language {
            Language::Ko => ("알림 메일 수신 거부", "새 공연 알림을 그만 받으시겠습니까?", "수신 거부"),
            Language::En => ("Unsubscribe from all alerts", "Stop receiving emails about new shows?", "Unsubscribe"),
        };
        // Without an action, the form posts to the page's own address, including the token.
        let form = format!("<p>{text}</p><form method=\"post\"><button>{button}</button></form>");
        Ok(Answer::ok(page(call.language, title, &form)))
    }
}
