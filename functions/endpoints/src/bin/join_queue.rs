//! [`frontrow_endpoints::waiting_room::join_queue::JoinQueue`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::waiting_room::join_queue::JoinQueue>().await
}
