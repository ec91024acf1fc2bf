//! [`frontrow_endpoints::waiting_room::replace_waiting_room::ReplaceWaitingRoom`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::waiting_room::replace_waiting_room::ReplaceWaitingRoom>().await
}
