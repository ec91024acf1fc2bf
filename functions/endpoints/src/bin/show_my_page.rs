//! [`frontrow_endpoints::my_page::show_my_page::ShowMyPage`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::my_page::show_my_page::ShowMyPage>().await
}
