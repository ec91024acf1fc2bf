//! `GET /performances/{performanceId}/sales`: returns the seats sold and not cancelled, by grade and by day. The figures may
//! lag by two seconds.

use frontrow_domain::{
    Result,
    ids::PerformanceId,
    money::{Currency, Won},
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, OpenPage, Page, PageQuery, Route,
    TableAction::{GetItem, Query},
    caller::Organizer,
};
use frontrow_store::{SalesOfDay, SalesOfGrade};
use schemars::JsonSchema;
use serde::Serialize;

/// Sales of a performance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Sales")]
pub struct Reply {
    /// The performance.
    performance_id: PerformanceId,
    /// Total number of seats sold.
    seats: i64,
    /// Total revenue, in won.
    amount: Won,
    currency: Currency,
    /// Sales by grade, over all days.
    grades: Vec<GradeView>,
    /// Sales by day and grade, latest day first.
    #[serde(flatten)]
    days: Page<DayView>,
}

/// Sales of a grade.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SalesOfGrade")]
pub struct GradeView {
    grade: String,
    /// Seats sold.
    seats: i64,
    /// Revenue, in won.
    amount: Won,
}

/// Sales of a grade on one day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SalesOfDay")]
pub struct DayView {
    /// Day of the payment in the show's time zone, such as `2026-12-24`.
    day: String,
    #[serde(flatten)]
    grade: GradeView,
}

impl From<SalesOfGrade> for GradeView {
    fn from(sales: SalesOfGrade) -> Self {
        Self { grade: sales.grade, seats: sales.seats, amount: sales.amount }
    }
}

impl From<SalesOfDay> for DayView {
    fn from(of_day: SalesOfDay) -> Self {
        Self { day: of_day.day, grade: of_day.sales.into() }
    }
}

/// The endpoint.
pub struct ShowSales;

impl Endpoint for ShowSales {
    const ROUTE: Route = Route::get("/performances/{performanceId}/sales", "show_sales")
        .tag("Catalogue")
        .summary("Get the sales of a performance by grade and by day")
        .errors(&[ErrorCode::NotFound])
        .table(&[GetItem, Query]);
    type Caller = Organizer;
    type Path = PerformanceId;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = Reply;

    fn page(app: &App, query: &PageQuery, path: &PerformanceId) -> Result<OpenPage> {
        query.open(app, format!("sales/{path}"))
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Reply>> {
        app.store.listing(&call.path, call.now).await?;
        let grades = app.store.sales(&call.path).await?;
        let days = app.store.sales_by_day(&call.path, &call.page.request).await?;
        Ok(Answer::ok(Reply {
            seats: grades.iter().map(|sold| sold.seats).sum(),
            amount: grades.iter().map(|sold| sold.amount).sum(),
            currency: Currency::Krw,
            grades: grades.into_iter().map(GradeView::from).collect(),
            days: Page::of(app, days, &call.page, DayView::from),
            performance_id: call.path,
        }))
    }
}
