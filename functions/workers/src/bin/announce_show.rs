//! [`frontrow_workers::AnnounceShow`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::work::<frontrow_workers::AnnounceShow>().await
}
