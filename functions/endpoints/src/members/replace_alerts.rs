//! `PUT /members/me/alerts`: replaces the categories for which the member receives new-show mails. An empty list ends these
//! mails.

use super::MemberView;
use frontrow_domain::{Error, FieldError, Result, show::Category};
use frontrow_edge::{
    Answer, App, Call, Endpoint, NoPath, NoQuery, Route, Shown,
    TableAction::{DeleteItem, GetItem, PutItem, UpdateItem},
    caller::Member,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Messages for a body that has both fields or neither.
const EITHER: &str = "expected either categories or alerts, not both";
const MISSING: &str = "is missing";

/// The categories.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Fields")]
#[schemars(with = "Fields")]
pub struct Body(Vec<Category>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AlertsRequest", extend("x-also-refused" = [EITHER, MISSING]), example = serde_json::json!({"categories": ["musical", "concert"]}))]
struct Fields {
    /// All categories that the member wants; `[]` for none.
    categories: Option<Vec<Category>>,
    /// The same, under the name that `GET /members/me` uses.
    alerts: Option<Vec<Category>>,
}

impl TryFrom<Fields> for Body {
    type Error = FieldError;

    fn try_from(fields: Fields) -> Result<Self, FieldError> {
        match (fields.categories, fields.alerts) {
            (Some(wanted), None) | (None, Some(wanted)) => Ok(Self(wanted)),
            (None, None) => Err(FieldError::new("categories", MISSING)),
            (Some(_), Some(_)) => Err(FieldError::new("alerts", EITHER)),
        }
    }
}

/// The endpoint.
pub struct ReplaceAlerts;

impl Endpoint for ReplaceAlerts {
    const ROUTE: Route = Route::put("/members/me/alerts", "replace_alerts")
        .tag("Members")
        .summary("Choose the categories whose new shows are mailed")
        .table(&[DeleteItem, GetItem, PutItem, UpdateItem])
        .table_keys(&["alerts#*", "member#*"]);
    type Caller = Member;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = MemberView;
    const SHOWN: Option<Shown> = Some(|generator| generator.subschema_for::<MemberView>());

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<MemberView>> {
        let member = app.store.member(&call.caller.member_id).await?.ok_or(Error::Unauthenticated)?;
        let member = app.store.replace_alerts(member.alerted_of(call.body.0)).await?;
        Ok(Answer::ok(member.into()))
    }
}
