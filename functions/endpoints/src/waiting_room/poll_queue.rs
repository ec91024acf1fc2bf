//! `GET /performances/{performanceId}/queue`: returns the progress of the line and renews the queue token. In each second,
//! the first poll of a member who may be admitted soon turns the turnstile.

use super::{Line, PlaceInLine};
use frontrow_domain::{Error, Result, ids::PerformanceId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Route, Secret, caller::Member, endpoint::Header,
};
use frontrow_store::PolledRoom;

/// The endpoint.
pub struct PollQueue;

impl Endpoint for PollQueue {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/performances/{performanceId}/queue",
        operation: "poll_queue",
        tag: "Waiting room",
        summary: "Poll the line and renew the queue token",
        success: &[200],
        errors: &[
            "not_found",
            "no_waiting_room",
            "queue_token_missing",
            "queue_token_invalid",
            "queue_token_expired",
            "sales_closed",
            "performance_cancelled",
        ],
        headers: &[Header::QueueToken],
        table_actions: &[
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        ],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Member;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = PlaceInLine;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<PlaceInLine>> {
        let (member, now) = (call.caller.member_id, call.now);
        let performance = &app.store.polled_performance(&call.path, now).await?;
        if !performance.has_waiting_room {
            return Err(Error::NoWaitingRoom);
        }
        let claims = super::claims(app, performance, &member, call.queue_token.as_deref())?;
        if !claims.admitted && claims.expires_at <= now {
            return Err(Error::QueueTokenExpired);
        }
        performance.check_line(now)?;

        let PolledRoom { room, crowd } =
            app.store.turned_room(&call.path, claims.place, now, &|| app.clock.now()).await?;
        if let Some(crowd) = crowd {
            app.config.metrics.turned(&call.path, crowd, now);
        }
        let place = claims.place;
        let end = if claims.admitted {
            Some(app.store.admission_end(&claims.admission(), now).await?)
        } else if room.has_served(place) {
            let end = app.store.claim_admission(&claims.admission(), room.policy.admission_seconds, now).await?;
            app.config.metrics.done(Self::ROUTE.operation, now);
            end
        } else {
            None
        };
        let line = Line { app, performance, room: &room, member, now };
        Ok(Answer::ok(match end {
            Some(end) => PlaceInLine::inside(&line, place, end),
            None => PlaceInLine::waiting(&line, place),
        }))
    }
}
