//! `POST /shows/{showId}/performances`: an organizer lists a date, which can be booked from now on.

use super::get_performance::PerformanceWithGrades;
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{PerformanceId, ShowId},
    performance::{Performance, PerformanceDetails},
};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoQuery, Route, Secret, caller::Organizer, entropy};

/// The endpoint.
pub struct CreatePerformance;

impl Endpoint for CreatePerformance {
    const ROUTE: Route = Route {
        method: Method::POST,
        path: "/shows/{showId}/performances",
        operation: "create_performance",
        tag: "Catalogue",
        summary: "List a performance, bookable from now on",
        success: &[201],
        errors: &["not_found", "slot_taken"],
        headers: &[],
        table_actions: &["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Organizer;
    type Path = ShowId;
    type Query = NoQuery;
    type Body = PerformanceDetails;
    type Reply = PerformanceWithGrades;

    fn check_body(body: &PerformanceDetails, now: Timestamp) -> Result<()> {
        body.check_start(None, now)
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<PerformanceWithGrades>> {
        let show = app.store.show(&call.path).await?.ok_or(Error::NotFound)?;
        let (policy, stripes) = (call.body.waiting_room, call.body.stripes);
        let id = PerformanceId::new(entropy::fresh_uuid());
        let performance = Performance::new(id, show.show_id.clone(), call.body, call.now);
        app.store.create_performance(&performance, &show, policy.map(|policy| (policy, stripes))).await?;
        let reply = PerformanceWithGrades::of(&performance, policy, None, call.now);
        Ok(Answer::created(format!("/performances/{}", performance.performance_id), reply))
    }
}
