//! [`frontrow_endpoints::performances::show_door_list::ShowDoorList`] on Lambda.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), frontrow_edge::lambda::Error> {
    frontrow_edge::lambda::serve::<frontrow_endpoints::performances::show_door_list::ShowDoorList>().await
}
