//! Many members, and what they do at the same time.

use super::{Person, World};
use tokio::task::JoinSet;

/// `count` new members with `points` each.
pub(crate) async fn members(world: &World, count: usize, points: i64) -> Vec<Person> {
    let mut people = Vec::new();
    for _ in 0..count {
        people.push(world.member(points).await);
    }
    people
}

/// Runs `act` for each of `people` at the same time. Returns the results in any order.
pub(crate) async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    people: impl IntoIterator<Item = Person>,
    act: impl Fn(usize, Person) -> F,
) -> Vec<T> {
    let tasks: JoinSet<T> = people.into_iter().enumerate().map(|(index, person)| act(index, person)).collect();
    tasks.join_all().await
}
