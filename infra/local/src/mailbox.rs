//! The SES capture: accepts the v1 call `SendRawEmail` and stores the raw MIME message, in order of arrival.

use crate::{
    data::{make_private_directory, write_private},
    engine::context,
    in_process::{Answer, Service},
    mail::Mail,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use frontrow_domain::member::EmailAddress;
use frontrow_edge::clock::Clock;
use http::StatusCode;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::task::JoinError;

/// Decides which recipients are refused.
type Refuses = Box<dyn Fn(&str) -> bool + Send>;

/// All accepted mails. Clones share them.
#[derive(Clone)]
pub struct Mailbox {
    kept: Arc<Mutex<Kept>>,
    clock: Clock,
    /// The gateway's address, for links in the log.
    public_url: Arc<str>,
}

/// A std mutex, because it is never held across an await.
struct Kept {
    mails: Vec<Arc<Mail>>,
    directory: Option<PathBuf>,
    refuses: Option<Refuses>,
    refusals: u32,
}

impl Mailbox {
    /// A mailbox with the mails stored in `directory`, or in memory without one.
    pub(crate) fn open(directory: Option<PathBuf>, clock: Clock, public_url: &str) -> Result<Self, String> {
        let mails = match &directory {
            Some(directory) => load(directory).map_err(context("read the mails"))?,
            None => Vec::new(),
        };
        let kept = Kept { mails, directory, refuses: None, refusals: 0 };
        Ok(Self { kept: Arc::new(Mutex::new(kept)), clock, public_url: public_url.into() })
    }

    /// All mails, oldest first.
    pub fn mails(&self) -> Vec<Arc<Mail>> {
        self.lock().mails.clone()
    }

    /// The mails to one address, in any of its spellings, oldest first.
    pub fn to(&self, address: &str) -> Vec<Arc<Mail>> {
        let address = EmailAddress::try_from(address.to_owned()).map_or_else(|_| address.to_owned(), String::from);
        let mails = self.mails().into_iter();
        mails.filter(|mail| mail.to.iter().any(|to| to.eq_ignore_ascii_case(&address))).collect()
    }

    /// The mail with this id.
    pub fn mail(&self, mail_id: &str) -> Option<Arc<Mail>> {
        self.lock().mails.iter().find(|mail| mail.mail_id == mail_id).cloned()
    }

    /// From now on, rejects mails to recipients for which `refuses` returns true, as SES rejects mails.
    pub fn refuse(&self, refuses: impl Fn(&str) -> bool + Send + 'static) {
        self.lock().refuses = Some(Box::new(refuses));
    }

    /// Number of refused mails.
    pub fn refusals(&self) -> u32 {
        self.lock().refusals
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a message and returns its id. It is on disk before it is accepted.
    fn accept(&self, raw: Vec<u8>) -> Result<String, Refusal> {
        let mut kept = self.lock();
        let mail = Mail::parse(kept.mails.len(), self.clock.now(), raw).ok_or(Refusal::Unreadable)?;
        if let Some(refuses) = &kept.refuses
            && mail.to.iter().any(|to| refuses(to))
        {
            kept.refusals += 1;
            return Err(Refusal::Rejected);
        }
        if let Some(directory) = &kept.directory {
            save(directory, &mail).map_err(Refusal::Disk)?;
        }
        let mail_id = mail.mail_id.clone();
        tracing::info!("mail to {}: {}/_local/mails/{mail_id}.html", mail.to.join(", "), self.public_url);
        kept.mails.push(Arc::new(mail));
        Ok(mail_id)
    }
}

/// Reason why a message was not accepted.
#[derive(Debug)]
enum Refusal {
    Unreadable,
    Rejected,
    Disk(io::Error),
}

/// Loads mails stored as `<mailId>.eml`, in name order.
fn load(directory: &Path) -> io::Result<Vec<Arc<Mail>>> {
    make_private_directory(directory, true)?;
    let mut paths: Vec<_> = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    paths.sort();
    let mut mails = Vec::with_capacity(paths.len());
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mail = Mail::reload(&name, fs::read(&path)?);
        mails.push(Arc::new(mail.ok_or_else(|| io::Error::other(format!("{} is not a stored mail", path.display())))?));
    }
    Ok(mails)
}

fn save(directory: &Path, mail: &Mail) -> io::Result<()> {
    write_private(&directory.join(format!("{}.eml", mail.mail_id)), &mail.raw)
}

impl Service for Mailbox {
    /// The Query protocol: a form in, XML out.
    async fn answer(&self, _: &str, body: &[u8]) -> Answer {
        let Some(raw) = raw_message(body) else {
            return failure(StatusCode::BAD_REQUEST, "InvalidParameterValue", "Only SendRawEmail is captured.");
        };
        // Runs on a blocking thread, because writing a file would block the gateway's threads.
        let mailbox = self.clone();
        response_to(tokio::task::spawn_blocking(move || mailbox.accept(raw)).await)
    }
}

fn response_to(accepted: Result<Result<String, Refusal>, JoinError>) -> Answer {
    match accepted {
        Ok(Ok(mail_id)) => xml(
            StatusCode::OK,
            format!(
                "<SendRawEmailResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><SendRawEmailResult>\
                 <MessageId>{mail_id}</MessageId></SendRawEmailResult><ResponseMetadata><RequestId>{mail_id}</RequestId>\
                 </ResponseMetadata></SendRawEmailResponse>"
            ),
        ),
        Ok(Err(Refusal::Rejected)) => {
            failure(StatusCode::BAD_REQUEST, "MessageRejected", "The recipient was rejected.")
        }
        Ok(Err(Refusal::Unreadable)) => {
            failure(StatusCode::BAD_REQUEST, "MessageRejected", "The message is not valid MIME.")
        }
        Ok(Err(Refusal::Disk(error))) => {
            tracing::error!(%error, "mail not stored");
            failure(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "The mail could not be stored.")
        }
        Err(error) => {
            tracing::error!(%error, "mail not stored");
            failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "The mail could not be stored.")
        }
    }
}

fn raw_message(form: &[u8]) -> Option<Vec<u8>> {
    let field = |name: &str| form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value);
    if field("Action")? != "SendRawEmail" {
        return None;
    }
    STANDARD.decode(field("RawMessage.Data")?.as_bytes()).ok()
}

fn failure(status: StatusCode, code: &str, message: &str) -> Answer {
    let kind = if status.is_client_error() { "Sender" } else { "Receiver" };
    xml(
        status,
        format!(
            "<ErrorResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><Error><Type>{kind}</Type>\
             <Code>{code}</Code><Message>{message}</Message></Error><RequestId>local</RequestId></ErrorResponse>"
        ),
    )
}

fn xml(status: StatusCode, text: String) -> Answer {
    Answer { status: status.as_u16(), media_type: "text/xml", body: text.into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_send_raw_email_forms_have_a_message() {
        let form = b"Action=SendRawEmail&Version=2010-12-01&RawMessage.Data=VG86IGFAYi5jDQoNCkhp%2Fw%3D%3D";
        assert_eq!(raw_message(form).unwrap(), b"To: a@b.c\r\n\r\nHi\xff");
        assert_eq!(raw_message(b"Action=SendEmail&RawMessage.Data=SGk%3D"), None);
        assert_eq!(raw_message(b"Action=SendRawEmail&RawMessage.Data=%21"), None);
    }

    #[test]
    fn mails_survive_a_restart_in_order_without_half_written_ones() {
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path().join("mails");
        let mailbox = Mailbox::open(Some(directory.clone()), Clock::default(), "http://localhost").unwrap();
        mailbox.accept(b"To: a@example.com\r\nSubject: one\r\n\r\nx".to_vec()).unwrap();
        mailbox.accept(b"To: b@example.com\r\nSubject: two\r\n\r\nx".to_vec()).unwrap();
        fs::write(directory.join("00000009-1.part"), "To: c").unwrap();
        let again = Mailbox::open(Some(directory.clone()), Clock::default(), "http://localhost").unwrap();
        let subjects: Vec<_> = again.mails().iter().map(|mail| mail.subject.clone()).collect();
        assert_eq!(subjects, ["one", "two"]);
        assert_eq!(again.mails()[1].sent_at, mailbox.mails()[1].sent_at);
    }

    #[test]
    fn refused_mails_are_counted_and_not_stored() {
        let mailbox = Mailbox::open(None, Clock::default(), "http://localhost").unwrap();
        mailbox.refuse(|to| to == "a@example.com");
        let raw = b"To: a@example.com\r\nSubject: one\r\n\r\nx".to_vec();
        assert!(matches!(mailbox.accept(raw.clone()), Err(Refusal::Rejected)));
        assert_eq!((mailbox.refusals(), mailbox.mails().len()), (1, 0));
        mailbox.refuse(|_| false);
        mailbox.accept(raw).unwrap();
        assert_eq!(mailbox.to("A@example.com").len(), 1);
    }
}
