//! [`frontrow_endpoints::members::reset_password::ResetPassword`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::members::reset_password::ResetPassword>().await
}
