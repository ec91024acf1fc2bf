//! Tests that pages fit a 320-pixel screen, whatever organizers and members typed.

use super::*;

/// Tables have a fixed layout, so that no content widens the page. Text may break anywhere, but Korean breaks between words
/// first.
#[test]
fn pages_fit_the_width_of_a_phone() {
    let long = "W".repeat(200);
    let mut reservation = reservation(Language::Ko, &"N".repeat(100), &long);
    reservation.seats[0].taken = Taken::Seat { seat_id: format!("{}-200-100", "W".repeat(20)), block: 0 };
    reservation.seats[1].grade = "W".repeat(20);
    for email in [ticket_email(&reservation), cancellation::email(&reservation)] {
        let (_, html, _) = take_apart(&mime(&email));
        assert!(!html.contains("nowrap"));
        let tables: Vec<_> = html.split("<table").skip(1).map(|rest| rest.split_once('>').unwrap().0).collect();
        assert!(tables.iter().all(|table| table.contains("width=\"100%\"") && table.contains("table-layout:fixed")));
        assert!(html.contains("word-break:keep-all;word-wrap:break-word;overflow-wrap:anywhere"));
        for picture in html.split("<img").skip(1).map(|rest| rest.split_once('>').unwrap().0) {
            assert!(picture.contains("width:100%;max-width:240px") || picture.contains("width:120px"), "{picture}");
        }
    }
}

/// Dark mode changes everything except the QR code, because scanners need a white background.
#[test]
fn qr_codes_stay_black_on_white_in_dark_mode() {
    let (_, html, pictures) = take_apart(&mime(&ticket_email(&reservation(Language::Ko, ALICE, "아이다"))));
    assert!(html.contains("@media (prefers-color-scheme: dark)"));
    assert_eq!(html.matches("background:#ffffff;\"></td>").count(), 2);
    let picture = image::load_from_memory(&pictures[0].1).unwrap().into_luma8();
    assert_eq!(
        (picture.get_pixel(0, 0).0, picture.get_pixel(24, 24).0),
        ([255], [0]),
        "the quiet zone is in the picture"
    );
}
