//! [`frontrow_endpoints::members::show_me::ShowMe`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::members::show_me::ShowMe>().await
}
