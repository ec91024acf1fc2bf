//! [`frontrow_endpoints::performances::replace_performance::ReplacePerformance`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::performances::replace_performance::ReplacePerformance>().await
}
