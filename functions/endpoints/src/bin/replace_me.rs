//! [`frontrow_endpoints::members::replace_me::ReplaceMe`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::members::replace_me::ReplaceMe>().await
}
