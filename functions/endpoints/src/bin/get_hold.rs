//! [`frontrow_endpoints::holds::get_hold::GetHold`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::holds::get_hold::GetHold>().await
}
