//! [`frontrow_endpoints::waiting_room::leave_queue::LeaveQueue`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::waiting_room::leave_queue::LeaveQueue>().await
}
