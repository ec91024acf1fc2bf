//! [`frontrow_endpoints::points::top_up_points::TopUpPoints`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::points::top_up_points::TopUpPoints>().await
}
