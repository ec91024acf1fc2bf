//! [`frontrow_endpoints::waiting_room::show_waiting_room::ShowWaitingRoom`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::waiting_room::show_waiting_room::ShowWaitingRoom>().await
}
