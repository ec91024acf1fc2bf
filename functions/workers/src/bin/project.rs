//! [`frontrow_workers::Project`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::work::<frontrow_workers::Project>().await
}
