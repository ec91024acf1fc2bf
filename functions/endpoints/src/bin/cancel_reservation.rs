//! [`frontrow_endpoints::reservations::cancel_reservation::CancelReservation`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::reservations::cancel_reservation::CancelReservation>().await
}
