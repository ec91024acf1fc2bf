//! [`frontrow_endpoints::members::delete_me::DeleteMe`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::members::delete_me::DeleteMe>().await
}
