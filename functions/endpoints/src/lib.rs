//! All endpoints, one file each, grouped by resource. [`ENDPOINTS`] is the only list of routes.

#![allow(refining_impl_trait, reason = "an endpoint may name its kind of failure")]

pub mod unmatched;

pub mod limits;

/// Holds: seats kept for a member for some minutes.
pub mod holds {
    mod views;

    pub use views::*;

    pub mod get_hold;
    pub mod hold_seats;
    pub mod list_holds;
    pub mod release_hold;
}

/// Members: e-mail verification, sign-up, sessions, password reset and alerts.
pub mod members {
    mod views;

    pub use views::*;

    pub mod delete_me;
    pub mod log_in;
    pub mod log_out;
    pub mod refresh_session;
    pub mod replace_alerts;
    pub mod replace_me;
    pub mod request_email_verification;
    pub mod reset_password;
    pub mod show_me;
    pub mod show_unsubscription;
    pub mod sign_up;
    pub mod unsubscribe;
}

/// My page: the progress of everything that a member booked or cancelled.
pub mod my_page {
    pub mod show_my_page;
}

/// Notices: one for each payment result and each cancellation.
pub mod notices {
    pub mod list_notices;
}

/// Payments: each is a view of its reservation.
pub mod payments {
    mod views;

    pub use views::*;

    pub mod get_payment;
    pub mod list_payments;
    pub mod pay;
}

/// Performances: the dates of a show, their seats, and the organizer's view of them.
pub mod performances {
    mod views;

    pub use views::*;

    pub mod cancel_performance;
    pub mod create_performance;
    pub mod delete_performance;
    pub mod get_performance;
    pub mod list_performances;
    pub mod list_seats;
    pub mod replace_performance;
    pub mod show_door_list;
    pub mod show_sales;
}

/// Points: balance, top-ups and ledger.
pub mod points {
    pub mod get_points;
    pub mod list_point_entries;
    pub mod top_up_points;
}

/// Reservations: the seats that a member bought, and their cancellation.
pub mod reservations {
    mod views;

    pub use views::*;

    pub mod cancel_reservation;
    pub mod get_reservation;
    pub mod list_reservations;
    pub mod mail_tickets;
}

/// Shows: the listed productions.
pub mod shows {
    mod views;

    pub use views::*;

    pub mod create_show;
    pub mod delete_show;
    pub mod get_show;
    pub mod list_shows;
    pub mod replace_show;
}

/// Tickets: one per seat, each with a QR code that is valid at the door once.
pub mod tickets {
    pub mod check_in;
    pub mod get_ticket_qr;
    pub mod reissue_ticket;
}

/// The waiting room: places in line, and what a queue token proves.
pub mod waiting_room {
    mod views;

    pub use views::*;

    pub mod join_queue;
    pub mod leave_queue;
    pub mod poll_queue;
    pub mod replace_waiting_room;
    pub mod show_waiting_room;
}

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
