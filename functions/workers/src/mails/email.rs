//! A mail ready to send, and its MIME form (RFC 2045, 2387): plain text, or an HTML page with its pictures.

use super::texts::{encoded_words, one_line};
use askama::Template;
use frontrow_domain::{
    Timestamp,
    ids::{RequestId, ReservationId},
    member::{EmailAddress, Name},
    reservation::Reservation,
};
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, content_type::ContentType, raw::Raw, url::URL},
    mime::MimePart,
};

/// A picture within a page.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Content-ID without the sender's domain. It is unique, so that two tickets never swap their codes.
    pub name: String,
    /// PNG bytes.
    pub png: Vec<u8>,
}

/// A mail ready to send.
#[derive(Debug, Clone)]
pub struct Email {
    /// Kind and id of the mail's subject. It is the same for every attempt, so that duplicates can be recognized.
    pub(super) id: String,
    pub(super) reservation_id: Option<ReservationId>,
    pub(super) to_name: Option<String>,
    pub(super) to: EmailAddress,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
    pub(super) pictures: Vec<Picture>,
    /// The one-click unsubscribe link of bulk mail (RFC 8058).
    pub(super) unsubscribe_url: Option<String>,
}

/// Domain of Content-IDs. The syntax requires one; it is never resolved.
pub(super) const PICTURES_DOMAIN: &str = "tickets.frontrow";

impl Email {
    /// A email to `to` without text or pictures.
    pub(super) fn to(to: &EmailAddress, name: Option<&Name>, id: String, subject: String) -> Self {
        Self {
            id,
            reservation_id: None,
            to_name: name.map(|name| name.as_str().to_owned()),
            to: to.clone(),
            subject,
            text: String::new(),
            html: String::new(),
            pictures: Vec::new(),
            unsubscribe_url: None,
        }
    }

    /// A email to the buyer of `reservation`.
    pub(super) fn about(reservation: &Reservation, kind: &str, subject: String) -> Self {
        let (buyer, id) = (&reservation.buyer, &reservation.reservation_id);
        let email = Self::to(&buyer.email, Some(&buyer.name), format!("{kind}.{id}"), subject);
        Self { reservation_id: Some(id.clone()), ..email }
    }

    /// Adds the plain text and the HTML page.
    pub(super) fn with_content(self, text: &impl Template, page: &impl Template) -> Self {
        let [text, html] =
            [text.render(), page.render()].map(|rendered| rendered.expect("rendering to a string does not fail"));
        Self { text, html, ..self }
    }

    /// The recipient's address.
    pub fn to_address(&self) -> &str {
        self.to.as_str()
    }

    /// Returns the MIME message from `from` (`name <address>`), sent at `now` on behalf of `request`. Names and titles cannot
    /// add headers, and mail clients show them as typed.
    pub fn to_mime(&self, from: &str, now: Timestamp, request: Option<&RequestId>) -> Vec<u8> {
        let (from_name, from_address) = sender(from);
        let domain = from_address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let (name, subject) = (one_line(self.to_name.as_deref().unwrap_or_default()), one_line(&self.subject));
        let mut message = MessageBuilder::new()
            .from(Address::new_address(from_name, from_address))
            .date(now.millis().div_euclid(1000))
            .message_id(format!("{}@{domain}", self.id))
            .header("Auto-Submitted", Raw::new("auto-generated"));
        message = match encoded_words(&name) {
            Some(words) => message.header("To", Raw::new(format!("{words} <{}>", self.to))),
            None => message.to(Address::new_address(Some(name).filter(|name| !name.is_empty()), self.to.as_str())),
        };
        message = match encoded_words(&subject) {
            Some(words) => message.header("Subject", Raw::new(words)),
            None => message.subject(subject),
        };
        if let Some(url) = &self.unsubscribe_url {
            message = message.header("List-Unsubscribe", URL::new(url.as_str()));
            message = message.header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"));
        }
        if let Some(reservation_id) = &self.reservation_id {
            message = message.header("X-Frontrow-Reservation-Id", Raw::new(reservation_id.to_string()));
        }
        if let Some(request) = request {
            message = message.header("X-Request-Id", Raw::new(request.as_str()));
        }
        let text: String = self.text.lines().flat_map(|line| [line, "\r\n"]).collect();
        let text = MimePart::new("text/plain", text);
        let parts = vec![text, self.page()];
        message
            .body(MimePart::new("multipart/alternative", parts))
            .write_to_vec()
            .expect("writing to memory does not fail")
    }

    fn page(&self) -> MimePart<'_> {
        let html = MimePart::new("text/html", self.html.as_str());
        if self.pictures.is_empty() {
            return html;
        }
        let picture = |picture: &Picture| {
            MimePart::new("image/png", picture.png.clone())
                .header(
                    "Content-Disposition",
                    ContentType::new("inline").attribute("filename", format!("{}.png", picture.name)),
                )
                .cid(format!("{}@{PICTURES_DOMAIN}", picture.name))
        };
        let parts: Vec<_> = std::iter::once(html).chain(self.pictures.iter().map(picture)).collect();
        MimePart::new(ContentType::new("multipart/related").attribute("type", "text/html"), parts)
    }
}

/// Splits `name <address>`, or a bare address, into name and address.
fn sender(from: &str) -> (Option<&str>, &str) {
    match from.rsplit_once('<') {
        Some((name, address)) => {
            let name = name.trim().trim_matches('"');
            ((!name.is_empty()).then_some(name), address.trim_end().trim_end_matches('>'))
        }
        None => (None, from.trim()),
    }
}
