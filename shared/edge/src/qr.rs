//! QR codes as pictures: the same in ticket mails and from `GET /tickets/{ticketId}/qr.png`.

use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter};
use qrcode::{Color, EcLevel, QrCode};

/// Width of a module. At six pixels the picture stays sharp on a phone held to a scanner.
const MODULE_PIXELS: usize = 6;
/// Width of the white margin that scanners need.
const QUIET_MODULES: usize = 4;
/// All but the first row of a module repeat the row above. The filter turns them into zeros, which any level
/// compresses well.
const DEFLATE_LEVEL: u8 = 6;

/// `text` as a QR code in a PNG of one bit a pixel: error correction M, a quiet zone of four modules.
pub fn qr_png(text: &str) -> Vec<u8> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).expect("a ticket's code is far below 2,331 bytes");
    let (width, modules) = (code.width(), code.into_colors());
    let pixels = (width + 2 * QUIET_MODULES) * MODULE_PIXELS;
    let white = vec![0xff; pixels.div_ceil(8)];
    let margin = white.repeat(QUIET_MODULES * MODULE_PIXELS);
    let mut picture = margin.clone();
    for modules in modules.chunks(width) {
        let mut row = white.clone();
        for (module, _) in modules.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
            let left = (QUIET_MODULES + module) * MODULE_PIXELS;
            (left..left + MODULE_PIXELS).for_each(|pixel| row[pixel / 8] &= !(0x80 >> (pixel % 8)));
        }
        picture.extend(row.repeat(MODULE_PIXELS));
    }
    picture.extend(margin);
    png(u32::try_from(pixels).expect("a picture of some hundred pixels"), &picture)
}

/// Encodes a black and white square as a PNG. Each row begins at a byte boundary, with the leftmost pixel in the
/// highest bit.
fn png(pixels: u32, rows: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, pixels, pixels);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    encoder.set_filter(Filter::Up);
    encoder.set_deflate_compression(DeflateCompression::Level(DEFLATE_LEVEL));
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(rows)?;
        writer.finish()
    });
    written.expect("writing to memory does not fail");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Codes;
    use crate::keys::KeyRing;
    use frontrow_domain::{limits::ID_MAX_CHARS, ticket_code::TicketClaim};

    /// 49 modules: each is 4 pixels wide in a mail, which shows the picture 240 pixels wide.
    #[test]
    fn a_ticket_code_makes_a_small_picture() {
        let codes = Codes::new(&KeyRing::parse(r#"{"current":"a1","a1":"00000000000000000000000000000000"}"#).unwrap());
        let claim = TicketClaim {
            member_id: "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap(),
            ticket_id: "t-0193f1b07c8a7d3fae52c1d1a5b0c006.0193f1b07c8a7d3fae52c1d1a5b0c002.3".parse().unwrap(),
            generation: 1,
        };
        let picture = image::load_from_memory(&qr_png(&codes.ticket_code(&claim))).unwrap();
        assert_eq!(picture.width() as usize, (49 + 2 * 4) * MODULE_PIXELS);
    }

    #[test]
    fn pictures_decode_and_have_a_white_margin() {
        let text = format!("FR1:{}:{}", "AZ27".repeat(ID_MAX_CHARS), "Zz09-_".repeat(15));
        let picture = image::load_from_memory(&qr_png(&text)).unwrap().into_luma8();
        let module = u32::try_from(MODULE_PIXELS).unwrap();
        let margin = 4 * module;
        let in_margin = |at: u32, size: u32| at < margin || at >= size - margin;
        for (x, y, pixel) in picture.enumerate_pixels() {
            if in_margin(x, picture.width()) || in_margin(y, picture.height()) {
                assert_eq!(pixel.0, [255], "({x}, {y})");
            }
        }
        assert_eq!(picture.get_pixel(margin, margin).0, [0]);
        assert_eq!(picture.get_pixel(margin + 7 * module - 1, margin).0, [0]);
        assert_eq!(picture.get_pixel(margin + 7 * module, margin).0, [255]);

        let mut readable = rqrr::PreparedImage::prepare(picture);
        let (meta, read) = readable.detect_grids()[0].decode().unwrap();
        assert_eq!((read, meta.ecc_level), (text, 0));
    }
}
