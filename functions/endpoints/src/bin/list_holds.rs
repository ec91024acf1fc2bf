//! [`frontrow_endpoints::holds::list_holds::ListHolds`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::holds::list_holds::ListHolds>().await
}
