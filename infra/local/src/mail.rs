//! A captured mail, and its HTML page.

use base64::{Engine, engine::general_purpose::STANDARD};
use frontrow_domain::{Timestamp, time::UtcTime};
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};

/// A captured mail.
#[derive(Debug)]
pub struct Mail {
    /// `<number>-<milliseconds>`; text order is the order of arrival.
    pub mail_id: String,
    /// The addresses in `To`.
    pub to: Vec<String>,
    /// Decoded subject.
    pub subject: String,
    /// Plain-text part.
    pub text: String,
    /// When the mail was accepted.
    pub sent_at: Timestamp,
    /// The MIME message as sent.
    pub raw: Vec<u8>,
}

impl Mail {
    /// Parses mail `number`; `None` if it is not a MIME message with a recipient.
    pub(crate) fn parse(number: usize, sent_at: Timestamp, raw: Vec<u8>) -> Option<Self> {
        Self::read(format!("{number:08}-{}", sent_at.millis()), sent_at, raw)
    }

    /// Parses a mail stored under `mail_id`.
    pub(crate) fn reload(mail_id: &str, raw: Vec<u8>) -> Option<Self> {
        let (_, millis) = mail_id.split_once('-')?;
        Self::read(mail_id.to_owned(), Timestamp::from_millis(millis.parse().ok()?), raw)
    }

    fn read(mail_id: String, sent_at: Timestamp, raw: Vec<u8>) -> Option<Self> {
        let message = MessageParser::default().parse(&raw)?;
        let addresses = message.to()?.iter();
        let to: Vec<_> = addresses.filter_map(|address| address.address().map(str::to_owned)).collect();
        if to.is_empty() {
            return None;
        }
        let subject = message.subject().unwrap_or_default().to_owned();
        let text = message.body_text(0).unwrap_or_default().into_owned();
        Some(Self { mail_id, to, subject, text, sent_at, raw })
    }

    /// The summary that `GET /_local/mails` lists.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "mailId": self.mail_id,
            "to": self.to.join(", "),
            "subject": self.subject,
            "text": self.text,
            "sentAt": UtcTime(self.sent_at),
        })
    }

    /// The HTML part with its `cid:` images inlined; the text part if there is no HTML.
    pub(crate) fn page(&self) -> String {
        let Some(message) = MessageParser::default().parse(&self.raw) else { return String::new() };
        let Some(mut page) = message.html_part(0).and_then(|part| part.text_contents()).map(str::to_owned) else {
            return format!("<!doctype html><meta charset=\"utf-8\"><pre>{}</pre>", escaped(&self.text));
        };
        for part in &message.parts {
            let Some(id) = part.content_id() else { continue };
            let media_type = part.content_type().map_or_else(
                || "application/octet-stream".to_owned(),
                |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")),
            );
            let image = format!("data:{media_type};base64,{}", STANDARD.encode(part.contents()));
            let id = id.trim_matches(['<', '>']);
            page = page.replace(&format!("\"cid:{id}\""), &format!("\"{image}\""));
        }
        page
    }
}

/// Escapes `text` for HTML, including attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "To: Kim <kim@example.com>\r\nSubject: =?utf-8?B?7Yuw7LyT?=\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/related; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<img src=\"cid:qr1\"><img src=\"cid:qr10\">\r\n\
        --b\r\nContent-Type: image/png\r\nContent-ID: <qr1>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n\
        --b--\r\n";

    #[test]
    fn the_page_embeds_attached_images() {
        let mail = Mail::parse(3, Timestamp::from_millis(1_700_000_000_000), MAIL.as_bytes().to_vec()).unwrap();
        assert_eq!(mail.subject, "티켓");
        assert_eq!(mail.to, ["kim@example.com"]);
        assert_eq!(mail.page().trim(), "<img src=\"data:image/png;base64,AAEC\"><img src=\"cid:qr10\">");
        let again = Mail::reload(&mail.mail_id, mail.raw.clone()).unwrap();
        assert_eq!(again.summary(), mail.summary());
        assert_eq!(mail.summary()["sentAt"], "2023-11-14T22:13:20Z");
    }

    #[test]
    fn a_mail_without_a_recipient_is_rejected() {
        assert!(Mail::parse(0, Timestamp::from_millis(0), b"Subject: x\r\n\r\nx".to_vec()).is_none());
    }
}
