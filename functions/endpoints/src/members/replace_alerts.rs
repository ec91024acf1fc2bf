//! `PUT /members/me/alerts`: of which categories' new shows a member is told by mail (C2). None: no more of these mails.

use super::MemberView;
use frontrow_domain::{Error, Result, show::Category};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoPath, NoQuery, Route, Secret, caller::Member};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which categories.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AlertsRequest", example = serde_json::json!({"categories": ["musical", "concert"]}))]
pub struct Body {
    /// All that are wanted; `[]`: none.
    categories: Vec<Category>,
}

/// The endpoint.
pub struct ReplaceAlerts;

impl Endpoint for ReplaceAlerts {
    const ROUTE: Route = Route {
        method: Method::PUT,
        path: "/members/me/alerts",
        operation: "replace_alerts",
        tag: "Members",
        summary: "Chooses the categories whose new shows are mailed",
        success: &[200],
        errors: &[],
        headers: &[],
        table_actions: &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Member;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = MemberView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<MemberView>> {
        let member = app.store.member(&call.caller.member_id).await?.ok_or(Error::Unauthenticated)?;
        let member = app.store.replace_alerts(member.alerted_of(call.body.categories)).await?;
        Ok(Answer::ok(member.into()))
    }
}
