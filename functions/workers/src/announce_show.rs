//! Announces a new show: sends one mail message per member who subscribed to alerts on its category.
//!
//! Each message of the queue covers one shard of the subscribers, starting after a given member. A run handles a limited
//! number of members and sends a message for the rest, so that it ends long before its timeout. A run that is killed starts
//! over from its message: some mails are requested twice, but sent once, because the mailer sets a marker for each.

use crate::{
    batch::side_by_side,
    limits::{ANNOUNCED_BATCHES_AT_ONCE, ANNOUNCED_MAX_MEMBERS, ANNOUNCING_MAX_MILLIS, WORKER_TIMEOUT_SECONDS},
    queue::{Outgoing, Sender, request_of},
};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use frontrow_domain::{
    Error, Result,
    ids::{MemberId, RequestId, ShowId},
    show::Category,
};
use frontrow_edge::{
    App, Function, Queue,
    TableAction::Query,
    Worker,
    clients::Aws,
    config::Config,
    worker::{Concurrency, Trigger},
};
use frontrow_store::{
    MailJob,
    limits::{ALERT_SHARDS, ANNOUNCED_PAGE_MEMBERS},
};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

/// Body of a message: the subscribers of a show that are still to be notified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Announcement {
    /// The new show.
    pub show_id: ShowId,
    /// The category of the show when it was created.
    pub category: Category,
    /// The shard of subscribers.
    pub shard: u8,
    /// The last member that is done; `None` covers the whole shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Announcement {
    /// The announcements of a new show, one per shard.
    pub fn of(show_id: &ShowId, category: Category) -> impl Iterator<Item = Self> {
        (0..ALERT_SHARDS).map(move |shard| Self { show_id: show_id.clone(), category, shard, after: None })
    }

    /// The message for this announcement.
    pub fn to_message(&self) -> Outgoing {
        Outgoing::now(Queue::Announcements, serde_json::to_string(self).expect("ids and words are plain data"))
    }
}

/// Requests the mails about new shows.
#[derive(Debug, Clone)]
pub struct AnnounceShow {
    app: App,
    sender: Sender,
}

impl AnnounceShow {
    /// Sends mails, and the remaining announcements, through `sender`.
    pub fn new(app: App, sender: Sender) -> Self {
        Self { app, sender }
    }

    /// Handles one message: requests mails for the next subscribers of its shard, and sends a message for the rest.
    async fn announce(self, received: SqsMessage) -> Result<()> {
        let body = received.body.as_deref().unwrap_or_default();
        let mut announcement: Announcement =
            serde_json::from_str(body).map_err(|error| Error::internal("read an announcement", error))?;
        let (begun, mut announced, request) = (self.app.clock.now(), 0, request_of(&received));
        loop {
            let Announcement { show_id, category, shard, after } = &announcement;
            let page = self.app.store.subscribers(*category, *shard, after.clone()).await?;
            announced += page.items.len();
            self.ask_for_mails(show_id, page.items, request.as_ref()).await?;
            if page.next.is_none() {
                tracing::info!(show = %show_id, shard, announced, "announced to the whole shard");
                return Ok(());
            }
            announcement.after = page.next;
            let elapsed_millis = self.app.clock.now().millis() - begun.millis();
            if announced >= ANNOUNCED_MAX_MEMBERS || elapsed_millis >= ANNOUNCING_MAX_MILLIS {
                return self.send(&[announcement.to_message().caused_by(request)]).await;
            }
        }
    }

    async fn ask_for_mails(&self, show_id: &ShowId, members: Vec<MemberId>, request: Option<&RequestId>) -> Result<()> {
        let mail = |member_id| MailJob::Alert { member_id, show_id: show_id.clone() };
        let message = |member_id| Outgoing::mail(&mail(member_id)).caused_by(request.cloned());
        let messages: Vec<_> = members.into_iter().map(message).collect();
        let part = (ANNOUNCED_PAGE_MEMBERS as usize).div_ceil(ANNOUNCED_BATCHES_AT_ONCE);
        join_all(messages.chunks(part).map(|some| self.send(some))).await.into_iter().collect()
    }

    async fn send(&self, messages: &[Outgoing]) -> Result<()> {
        let sent = self.sender.send(messages).await;
        sent.map_err(|first| Error::internal("announce a show", format!("message {first} was not accepted")))
    }
}

impl Worker for AnnounceShow {
    const FUNCTION: Function = Function {
        table: &[Query],
        sends_to: &[Queue::Alerts, Queue::Announcements],
        ..Function::new("announce_show", WORKER_TIMEOUT_SECONDS)
    };
    const TRIGGER: Trigger = Trigger::Queues { queues: &[(Queue::Announcements, Concurrency::Of(2))], batch: 1 };
    type Event = SqsEvent;
    type Reply = SqsBatchResponse;

    async fn from_env() -> Result<Self, String> {
        let aws = Aws::from_env();
        let sender = Sender::from_env(&aws, Self::FUNCTION.sends_to)?;
        Ok(Self::new(App::start(Config::from_env()?, Self::FUNCTION.secrets).await?, sender))
    }

    async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse> {
        Ok(side_by_side(event.records, |received| self.clone().announce(received)).await)
    }
}
