//! [`frontrow_endpoints::tickets::get_ticket_qr::GetTicketQr`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::tickets::get_ticket_qr::GetTicketQr>().await
}
