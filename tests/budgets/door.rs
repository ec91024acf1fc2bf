//! The cost of tickets after their sale.

use super::{Budgets, meter};
use crate::harness::{World, door::Tickets};

pub(super) async fn note(world: &World, budgets: &mut Budgets) {
    let tickets = Tickets::buy(world, &["A-1-1"]).await;
    let (answer, cost) = meter(world, tickets.mail_again()).await;
    answer.expect(202);
    budgets.note("mail tickets again", (2, 1.0, 1.0), &cost, "reservation read; reservation");
    let (answer, cost) = meter(world, tickets.reissue(0)).await;
    answer.expect(200);
    budgets.note("reissue", (2, 1.0, 1.0), &cost, "the same");

    let tickets = Tickets::buy(world, &["A-1-1"]).await;
    let (answer, cost) = meter(world, tickets.scan(&tickets.codes[0])).await;
    answer.expect(201);
    budgets.note("check-in", (1, 1.0, 0.0), &cost, "reservation");
    let (answer, cost) = meter(world, tickets.scan(&tickets.codes[0])).await;
    answer.expect(409);
    budgets.note("check-in, refused", (1, 1.0, 0.0), &cost, "the image of the failed condition has the reason");
}
