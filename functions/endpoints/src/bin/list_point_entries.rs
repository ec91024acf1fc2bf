//! [`frontrow_endpoints::points::list_point_entries::ListPointEntries`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::points::list_point_entries::ListPointEntries>().await
}
