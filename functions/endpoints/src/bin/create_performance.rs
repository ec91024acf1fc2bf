//! [`frontrow_endpoints::performances::create_performance::CreatePerformance`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::performances::create_performance::CreatePerformance>().await
}
