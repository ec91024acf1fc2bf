//! The stack's welcome texts: the banner at the start, and the page at `/`.

use crate::{
    mail::{Mail, escaped},
    seeds::{MEMBERS, ORGANIZER, PASSWORD},
};
use std::{fmt::Write, sync::Arc};

/// Number of newest mails on the page.
const MAILS_SHOWN: usize = 20;

/// The data of the banner and the page.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// URL of the stack, such as `http://localhost:3000`.
    pub url: String,
    /// Whether there are members and performances to try.
    pub demo: bool,
    /// Whether the API is served, and not only the services for functions elsewhere.
    pub api: bool,
}

impl Welcome {
    /// The text printed at the start: the URL and, with seed data, commands that book a seat when pasted into another
    /// terminal.
    pub fn banner(&self) -> String {
        let url = &self.url;
        if !self.api {
            return format!(
                "\nDynamoDB, SQS, SES, Secrets Manager and a payment provider are at {url}, mails at {url}/_local/mails."
            );
        }
        let address = format!("\nfrontrow is at {url} (API documentation: {url}/docs).");
        if self.demo { format!("{address} To book a seat, paste:\n\n{}", self.walk()) } else { address }
    }

    /// Commands that book a seat.
    fn walk(&self) -> String {
        include_str!("walk.sh").replace("localhost:3000", self.url.trim_start_matches("http://"))
    }

    /// The page at `/`; `mails` is `None` for callers that may not see them.
    pub(crate) fn page(&self, mails: Option<&[Arc<Mail>]>) -> String {
        let mut page = include_str!("welcome.html").to_owned();
        if self.api {
            page.push_str(
                "<p>API: <a href=\"/docs\">documentation</a>, <a href=\"/openapi.json\">openapi.json</a>.</p>",
            );
        } else {
            page.push_str(
                "<p>DynamoDB, SQS, SES, Secrets Manager and a payment provider, for functions that run elsewhere.</p>",
            );
        }
        page.push_str(
            "<p>Payment provider: <a href=\"/_local/provider\">current behaviour</a>.</p><h2>Accounts</h2><ul>",
        );
        let members = MEMBERS.iter().filter(|_| self.demo).map(|(address, name)| (*address, *name));
        for (address, name) in [(ORGANIZER, "Organizer")].into_iter().chain(members) {
            write!(page, "<li><code>{address}</code>: {name}</li>").expect("writing to a string does not fail");
        }
        write!(page, "</ul><p>The password of all accounts is <code>{PASSWORD}</code>.</p>")
            .expect("writing to a string does not fail");
        if self.api && self.demo {
            let walk = escaped(&self.walk());
            write!(page, "<h2>Book a seat</h2><p>Paste these lines into a terminal:</p><pre>{walk}</pre>")
                .expect("writing to a string does not fail");
        }
        match mails {
            Some(mails) => list(&mut page, mails),
            None => page.push_str("<p>Mails are shown only to requests of this machine.</p>"),
        }
        page.push('\n');
        page
    }
}

fn list(page: &mut String, mails: &[Arc<Mail>]) {
    page.push_str("<h2>Mails</h2>");
    if mails.is_empty() {
        return page.push_str("<p>No mails yet.</p>");
    }
    page.push_str("<ul>");
    for mail in mails.iter().rev().take(MAILS_SHOWN) {
        let (id, to, subject) = (&mail.mail_id, escaped(&mail.to.join(", ")), escaped(&mail.subject));
        write!(page, "<li>To {to}: <a href=\"/_local/mails/{id}.html\">{subject}</a></li>")
            .expect("writing to a string does not fail");
    }
    let all = mails.len();
    write!(page, "</ul><p><a href=\"/_local/mails\">All {all} mails as JSON</a>.</p>")
        .expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use frontrow_domain::Timestamp;

    #[test]
    fn mail_subjects_are_escaped_on_the_page() {
        let raw = b"To: \"<i>\" <a&b@example.com>\r\nSubject: <script>'\"\r\n\r\nx".to_vec();
        let mail = Arc::new(Mail::parse(0, Timestamp::from_millis(0), raw).unwrap());
        let welcome = Welcome { url: "http://localhost:3977".to_owned(), demo: true, api: true };
        let page = welcome.page(Some(&[mail]));
        assert!(page.contains("To a&amp;b@example.com"), "{page}");
        assert!(page.contains("&lt;script&gt;&#39;&quot;</a>"), "{page}");
        assert!(!page.contains("<script"), "{page}");
        for there in ["/docs", "alice@example.com", "frontrow-demo", "localhost:3977/sessions"] {
            assert!(page.contains(there), "{there}");
        }
        assert!(!page.contains("localhost:3000"), "the port is the stack's");
        assert!(!welcome.page(None).contains("href=\"/_local/mails"));
        let bare = Welcome { demo: false, ..welcome };
        assert!(!bare.page(Some(&[])).contains("alice"));
        assert!(!bare.banner().contains("book a seat"));
    }
}
