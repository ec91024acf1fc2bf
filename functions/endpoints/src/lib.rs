//! All endpoints, one file each, grouped by resource. [`ENDPOINTS`] is the only list of routes.

pub mod holds;
pub mod members;
pub mod my_page;
pub mod notices;
pub mod payments;
pub mod performances;
pub mod points;
pub mod reservations;
pub mod shows;
pub mod tickets;
pub mod unmatched;
pub mod waiting_room;

use frontrow_domain::limits::{CLOSING_TIMEOUT_SECONDS, ENDPOINT_TIMEOUT_SECONDS};
use frontrow_edge::Descriptor;

pub use unmatched::UNMATCHED;

/// All endpoints, in the order of the OpenAPI document.
pub const ENDPOINTS: &[Descriptor] = &[
    Descriptor::of::<members::request_email_verification::RequestEmailVerification>(),
    Descriptor::of::<members::sign_up::SignUp>(),
    Descriptor::of::<members::reset_password::ResetPassword>(),
    Descriptor::of::<members::log_in::LogIn>(),
    Descriptor::of::<members::refresh_session::RefreshSession>(),
    Descriptor::of::<members::log_out::LogOut>(),
    Descriptor::of::<members::show_me::ShowMe>(),
    Descriptor::of::<members::replace_me::ReplaceMe>(),
    Descriptor::of::<members::delete_me::DeleteMe>(),
    Descriptor::of::<members::replace_alerts::ReplaceAlerts>(),
    Descriptor::of::<members::show_unsubscription::ShowUnsubscription>(),
    Descriptor::of::<members::unsubscribe::Unsubscribe>(),
    Descriptor::of::<shows::list_shows::ListShows>(),
    Descriptor::of::<shows::create_show::CreateShow>(),
    Descriptor::of::<shows::get_show::GetShow>(),
    Descriptor::of::<shows::replace_show::ReplaceShow>(),
    Descriptor::of::<shows::delete_show::DeleteShow>(),
    Descriptor::of::<performances::list_performances::ListPerformances>(),
    Descriptor::of::<performances::create_performance::CreatePerformance>(),
    Descriptor::of::<performances::get_performance::GetPerformance>(),
    Descriptor::of::<performances::replace_performance::ReplacePerformance>(),
    Descriptor::of::<performances::delete_performance::DeletePerformance>(),
    Descriptor::of::<performances::list_seats::ListSeats>(),
    Descriptor::of::<performances::cancel_performance::CancelPerformance>(),
    Descriptor::of::<performances::show_sales::ShowSales>(),
    Descriptor::of::<performances::show_door_list::ShowDoorList>(),
    Descriptor::of::<waiting_room::join_queue::JoinQueue>(),
    Descriptor::of::<waiting_room::poll_queue::PollQueue>(),
    Descriptor::of::<waiting_room::leave_queue::LeaveQueue>(),
    Descriptor::of::<waiting_room::replace_waiting_room::ReplaceWaitingRoom>(),
    Descriptor::of::<waiting_room::show_waiting_room::ShowWaitingRoom>(),
    Descriptor::of::<holds::hold_seats::HoldSeats>(),
    Descriptor::of::<holds::list_holds::ListHolds>(),
    Descriptor::of::<holds::get_hold::GetHold>(),
    Descriptor::of::<holds::release_hold::ReleaseHold>(),
    Descriptor::of::<points::get_points::GetPoints>(),
    Descriptor::of::<points::top_up_points::TopUpPoints>(),
    Descriptor::of::<points::list_point_entries::ListPointEntries>(),
    Descriptor::of::<payments::pay::Pay>(),
    Descriptor::of::<payments::list_payments::ListPayments>(),
    Descriptor::of::<payments::get_payment::GetPayment>(),
    Descriptor::of::<reservations::list_reservations::ListReservations>(),
    Descriptor::of::<reservations::get_reservation::GetReservation>(),
    Descriptor::of::<reservations::cancel_reservation::CancelReservation>(),
    Descriptor::of::<reservations::mail_tickets::MailTickets>(),
    Descriptor::of::<notices::list_notices::ListNotices>(),
    Descriptor::of::<my_page::show_my_page::ShowMyPage>(),
    Descriptor::of::<tickets::get_ticket_qr::GetTicketQr>(),
    Descriptor::of::<tickets::reissue_ticket::ReissueTicket>(),
    Descriptor::of::<tickets::check_in::CheckIn>(),
];

/// The timeout of the function that serves `operation`, in the template and in the local stack.
pub fn timeout_seconds(operation: &str) -> u64 {
    match operation {
        "replace_show" | "delete_show" | "replace_performance" | "delete_performance" => CLOSING_TIMEOUT_SECONDS,
        _ => ENDPOINT_TIMEOUT_SECONDS,
    }
}

#[cfg(test)]
mod tests {
    use super::ENDPOINTS;
    use std::{fs, path::Path};

    /// Rewrites `infra/openapi.json`, and fails if its content changed.
    #[test]
    fn the_committed_openapi_document_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/openapi.json");
        let document = frontrow_edge::openapi::document(ENDPOINTS);
        let committed = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if committed.as_ref() != Some(&document) {
            let text = serde_json::to_string_pretty(&document).unwrap();
            fs::write(&path, text + "\n").unwrap();
            panic!("infra/openapi.json was not what the code says; it was rewritten: commit it");
        }
    }
}
