//! `GET /performances/{performanceId}/queue`: returns the progress of the line and renews the queue token. In each second,
//! the first poll of a member who may be admitted soon turns the turnstile.

use super::{Line, PlaceInLine};
use frontrow_domain::{Error, Result, ids::PerformanceId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, Header, NoBody, NoQuery, Route,
    TableAction::{BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem},
    caller::Member,
};
use frontrow_store::PolledRoom;

/// The endpoint.
pub struct PollQueue;

impl Endpoint for PollQueue {
    const ROUTE: Route = Route::get("/performances/{performanceId}/queue", "poll_queue")
        .tag("Waiting room")
        .summary("Poll the line and renew the queue token")
        .errors(&[
            ErrorCode::NotFound,
            ErrorCode::NoWaitingRoom,
            ErrorCode::QueueTokenMissing,
            ErrorCode::QueueTokenInvalid,
            ErrorCode::QueueTokenExpired,
            ErrorCode::SalesClosed,
            ErrorCode::PerformanceCancelled,
        ])
        .headers(&[Header::QueueToken])
        .table(&[BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem])
        .is_polled(true)
        .variables(&["POLL_LOG_PERCENT"])
        .memory_megabytes(512); // turns the turnstile: 64 concurrent writes
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
            let end = app.store.claim_admission(&claims.admission(), &room, now).await?;
            if end.is_some() {
                app.config.metrics.done(Self::ROUTE.operation(), now);
            }
            end
        } else {
            None
        };
        let line = Line { app, performance, room: &room, member, now, function_url: call.function_url.as_deref() };
        Ok(Answer::ok(match end {
            Some(end) => PlaceInLine::inside(&line, place, end),
            None => PlaceInLine::waiting(&line, place),
        }))
    }
}
