//! `POST /performances/{performanceId}/holds`: seats for this member alone, for the performance's `holdSeconds`.

use super::HoldView;
use crate::waiting_room::{admission_first, admitted};
use frontrow_domain::{Result, hold::Hold, ids::PerformanceId, limits::SEATS_PER_MEMBER_MAX, seating::SeatId};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoQuery, Route, caller::Member, endpoint::Header, entropy};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashSet;

/// All of these seats, or none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "HoldRequest")]
pub struct Body {
    /// Seats of the performance, each once.
    seat_ids: SeatIds,
}

/// 1 to 100 seat ids, none twice. The member's own limit is the performance's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<SeatId>")]
#[schemars(inline, with = "Vec<SeatId>")]
struct SeatIds(Vec<SeatId>);

impl TryFrom<Vec<SeatId>> for SeatIds {
    type Error = String;

    fn try_from(seat_ids: Vec<SeatId>) -> Result<Self, String> {
        let most = 2 * SEATS_PER_MEMBER_MAX as usize;
        if !(1..=most).contains(&seat_ids.len()) {
            return Err(format!("expected 1 to {most} seats"));
        }
        let mut seen = HashSet::new();
        if seat_ids.iter().any(|seat_id| !seen.insert(seat_id)) {
            return Err("a seat is named twice".to_owned());
        }
        Ok(Self(seat_ids))
    }
}

/// The endpoint.
pub struct HoldSeats;

impl Endpoint for HoldSeats {
    const ROUTE: Route = Route {
        method: Method::POST,
        path: "/performances/{performanceId}/holds",
        operation: "hold_seats",
        tag: "Holds",
        summary: "Hold seats for a few minutes, all or none",
        success: &[201],
        errors: &[
            "not_found",
            "queue_token_missing",
            "queue_token_invalid",
            "queue_token_expired",
            "not_admitted",
            "sales_closed",
            "seat_not_found",
            "hold_exists",
            "too_many_seats",
            "seats_taken",
            "idempotency_key_reused",
        ],
        headers: &[Header::QueueToken, Header::IdempotencyKey],
        table_actions: &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
    };
    type Caller = Member;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = Body;
    type Reply = HoldView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<HoldView>> {
        let listing = app.store.listing(&call.path, call.now).await?;
        let performance = &listing.performance;
        let member = call.caller.member_id;
        let admission = admitted(app, performance, &member, call.queue_token.as_deref())?;

        let placed = Hold::place(&listing, &call.body.seat_ids.0, &member, entropy::fresh_uuid(), call.now);
        let hold = admission_first(app, admission.as_ref(), placed, call.now).await?.under(admission.as_ref());
        let reply = |hold: &Hold| Answer::created(format!("/holds/{}", hold.hold_id), HoldView::from(hold));
        let receipt = call.receipt(&reply);
        let held = app.store.place_hold(&member, &hold, performance, admission.as_ref(), receipt.as_ref(), call.now);
        admission_first(app, admission.as_ref(), held.await, call.now).await?;
        Ok(reply(&hold))
    }
}
