//! [`frontrow_workers::TicketMailer`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    frontrow_edge::lambda::work::<frontrow_workers::TicketMailer>().await
}
