//! [`frontrow_endpoints::waiting_room::poll_queue::PollQueue`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::waiting_room::poll_queue::PollQueue>().await
}
