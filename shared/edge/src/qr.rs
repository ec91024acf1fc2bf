//! QR codes as pictures: the same in a ticket mail and from `GET /tickets/{ticketId}/qr.png`.

use image::{ExtendedColorType, ImageEncoder, Luma, codecs::png::PngEncoder};
use qrcode::{EcLevel, QrCode};

/// Width of a module. At six pixels the picture stays sharp on a phone held to a scanner.
const MODULE_PIXELS: u32 = 6;

/// `text` as a QR code in a PNG: error correction M, a quiet zone of four modules.
pub fn qr_png(text: &str) -> Vec<u8> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).expect("a ticket's code is far below 2,331 bytes");
    let picture = code.render::<Luma<u8>>().quiet_zone(true).module_dimensions(MODULE_PIXELS, MODULE_PIXELS).build();
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(picture.as_raw(), picture.width(), picture.height(), ExtendedColorType::L8)
        .expect("writing to memory does not fail");
    png
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Codes;
    use crate::secrets::KeyRing;
    use frontrow_domain::{limits::ID_MAX_CHARS, ticket_code::TicketClaim};

    /// 49 modules: each is 4 pixels where a mail shows the picture 240 pixels wide.
    #[test]
    fn a_tickets_code_is_a_small_picture() {
        let codes = Codes::new(&KeyRing::parse(r#"{"current":"a1","a1":"00000000000000000000000000000000"}"#).unwrap());
        let claim = TicketClaim {
            member_id: "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap(),
            ticket_id: "t-0193f1b07c8a7d3fae52c1d1a5b0c006.0193f1b07c8a7d3fae52c1d1a5b0c002.3".parse().unwrap(),
            generation: 1,
        };
        let picture = image::load_from_memory(&qr_png(&codes.ticket_code(&claim))).unwrap();
        assert_eq!(picture.width(), (49 + 2 * 4) * MODULE_PIXELS);
    }

    #[test]
    fn a_reader_reads_what_was_written_and_the_margin_is_white() {
        let text = format!("FR1:{}:{}", "AZ27".repeat(ID_MAX_CHARS), "Zz09-_".repeat(15));
        let picture = image::load_from_memory(&qr_png(&text)).unwrap().into_luma8();
        let margin = 4 * MODULE_PIXELS;
        let in_margin = |at: u32, size: u32| at < margin || at >= size - margin;
        for (x, y, pixel) in picture.enumerate_pixels() {
            if in_margin(x, picture.width()) || in_margin(y, picture.height()) {
                assert_eq!(pixel.0, [255], "({x}, {y})");
            }
        }
        assert_eq!(picture.get_pixel(margin, margin).0, [0]);
        assert_eq!(picture.get_pixel(margin + 7 * MODULE_PIXELS - 1, margin).0, [0]);
        assert_eq!(picture.get_pixel(margin + 7 * MODULE_PIXELS, margin).0, [255]);

        let mut readable = rqrr::PreparedImage::prepare(picture);
        let (meta, read) = readable.detect_grids()[0].decode().unwrap();
        assert_eq!((read, meta.ecc_level), (text, 0));
    }
}
