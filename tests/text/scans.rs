//! Ticket codes as sent by scanners and the keyboards that they emulate.

use crate::harness::{World, door::Tickets};

#[tokio::test]
async fn a_scan_is_accepted_with_characters_that_scanners_add() {
    World::run(async |world| {
        let seats: Vec<String> = (1..=9).map(|number| format!("A-1-{number}")).collect();
        let tickets = Tickets::buy(world, &seats.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let wide = |code: &str| -> String {
            code.chars().map(|letter| char::from_u32(letter as u32 + 0xfee0).unwrap()).collect()
        };
        let sent = |number: usize, code: &str| match number {
            0 => code.to_lowercase(),
            1 => format!("\u{2}{code}\u{3}\r\n"),
            2 => format!("{code}\u{1d}\u{4}"),
            3 => format!("\u{feff}{code}"),
            4 => format!("]Q1{code}\r"),
            5 => format!("\0\0{code}\0"),
            6 => wide(code),
            7 => format!("\u{feff}\u{2}]q3{}\t", code.to_lowercase()),
            _ => format!(" {}\u{a0}{}\u{200b}", &code[..50], &code[50..]),
        };
        for (number, code) in tickets.codes.iter().enumerate() {
            let scanned = sent(number, code);
            assert_eq!(tickets.scan(&scanned).await.expect(201).text("ticketId"), tickets.ids[number], "{number}");
            tickets.scan(code).await.problem(409, "already_checked_in");
        }
    })
    .await;
}

/// With the Korean input method on, `FR1:` arrives as `ㄹㄱ1:`; the response explains the fix.
#[tokio::test]
async fn a_scan_typed_in_korean_gets_its_own_message() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1"]).await;
        for typed in ["ㄹㄲ1:ㅁㄸㅛㄴㅜ", "래1:뮤", "\u{1105}\u{1100}1", "ﾣﾡ1:"] {
            let refused = tickets.scan(typed).await.problem(400, "invalid_ticket");
            assert!(refused.text("detail").contains("Korean"), "{typed}");
        }
        let refused = tickets.scan("FR1:ABC").await.problem(400, "invalid_ticket");
        assert!(!refused.text("detail").contains("Korean"));
    })
    .await;
}
