//! `PUT /performances/{performanceId}/waiting-room`: replaces the admission policy. The turnstile reads the policy at the
//! start of each turn, and turns are short, so a change takes effect within 2 s.

use super::show_waiting_room::Reply;
use frontrow_domain::{
    Error, FieldErrors, Result,
    ids::PerformanceId,
    waiting_room::policy::{Limit, NO_LIMIT, Seconds, WaitingRoomPolicy},
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoQuery, Route, Shown,
    TableAction::{GetItem, UpdateItem},
    caller::Organizer,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Message for a body that contains the policy twice.
const EITHER: &str = "expected the limits either in `policy` or at the top level, not both";

/// A policy: either the plain policy, or the waiting room as `GET` returns it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Fields")]
#[schemars(with = "Fields")]
pub struct Body(WaitingRoomPolicy);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "WaitingRoomRequest", extend("x-also-refused" = [EITHER, NO_LIMIT]), example = serde_json::json!({
    "maxActive": 50, "admitPerMinute": 600
}))]
struct Fields {
    max_active: Option<Limit>,
    admit_per_minute: Option<Limit>,
    admission_seconds: Option<Seconds>,
    paused: Option<bool>,
    policy: Option<WaitingRoomPolicy>,
}

impl TryFrom<Fields> for Body {
    type Error = FieldErrors;

    fn try_from(fields: Fields) -> Result<Self, FieldErrors> {
        let Fields { max_active, admit_per_minute, admission_seconds, paused, policy } = fields;
        let Some(policy) = policy else {
            return WaitingRoomPolicy::new(max_active, admit_per_minute, admission_seconds, paused).map(Self);
        };
        let doubled = max_active.is_some() || admit_per_minute.is_some() || admission_seconds.is_some();
        // The room repeats `paused`. If the two differ, it is unclear which one the caller changed.
        if doubled || paused.is_some_and(|paused| paused != policy.paused) {
            return Err(FieldErrors::one("policy", EITHER));
        }
        Ok(Self(policy))
    }
}

/// The endpoint.
pub struct ReplaceWaitingRoom;

impl Endpoint for ReplaceWaitingRoom {
    const ROUTE: Route = Route::put("/performances/{performanceId}/waiting-room", "replace_waiting_room")
        .tag("Waiting room")
        .summary("Update the waiting room's admission policy, or pause it")
        .errors(&[ErrorCode::NotFound, ErrorCode::NoWaitingRoom])
        .table(&[GetItem, UpdateItem]);
    type Caller = Organizer;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = Body;
    type Reply = WaitingRoomPolicy;
    const SHOWN: Option<Shown> = Some(|generator| generator.subschema_for::<Reply>());

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<WaitingRoomPolicy>> {
        let listing = app.store.listing(&call.path, call.now).await?;
        if !listing.performance.has_waiting_room {
            return Err(Error::NoWaitingRoom);
        }
        app.store.replace_policy(&listing.performance.performance_id, &call.body.0, call.now).await?;
        Ok(Answer::ok(call.body.0))
    }
}
