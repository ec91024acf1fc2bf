//! How often each function is called, and what a call takes; and what that uses of everything that is paid for.

use crate::{
    announced::Announced,
    bill::{Usage, call_seconds},
    crowd::Crowd,
    prices::{Item, Prices},
    template::Template,
    units::{Measured, Units},
};
use frontrow_domain::limits::{
    ADMISSION_PARTITIONS, FAR_COPY_MAX_AGE_MILLIS, LIVE_SEATS_MAX, METRICS_MAX, POLL_FAR_AHEAD, POLL_MIN_SECONDS,
    POLLED_COPY_MAX_AGE_MILLIS, TICK_INTERVAL_SECONDS,
};

/// Memory with which a function has one whole processor, in MB.
const PROCESSOR_MEGABYTES: f64 = 1_769.0;
/// Read units of an eventual read of up to 4 KB.
pub const EVENTUAL_READ_UNITS: f64 = 0.5;
/// Bytes of a read unit.
const READ_UNIT_BYTES: f64 = 4_096.0;
/// Hours of a month.
const MONTH_HOURS: f64 = 730.0;
/// Days of a month.
const MONTH_DAYS: f64 = 30.0;
/// Bytes of a gigabyte, as they are billed.
const GIGABYTE: f64 = 1_073_741_824.0;
/// Key rings that a process reads when it starts.
const RINGS: f64 = 2.0;

/// Performance, show and room.
pub const COPIES: &str = "copies of a process";
/// Performance and room, read eventually.
pub const COPIES_OF_LOOKS: &str = "copies of a process of looks";
/// The room alone: the performance is read more rarely.
pub const COPIES_OF_POLLS: &str = "copies of a process of polls";

/// What triggers a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A request of the API.
    Api,
    /// A record of the table's stream.
    Stream,
    /// A message.
    Queue,
}

/// Calls of one function.
#[derive(Debug, Clone)]
pub struct Calls {
    /// Its operation.
    pub function: &'static str,
    /// What triggers it.
    pub trigger: Trigger,
    /// Calls of the whole on-sale.
    pub times: f64,
    /// Calls a second at the opening, when the most join.
    pub at_opening: f64,
    /// Calls a second when everybody is in line.
    pub in_line: f64,
    /// What its processes refresh, by its row of the budget table; `None`: nothing.
    pub copies: Option<&'static str>,
    /// What one costs in DynamoDB.
    pub units: Units,
    /// What one takes beyond its calls to DynamoDB.
    pub extra_seconds: f64,
    /// What one answers.
    pub answer_bytes: f64,
}

/// All calls of an on-sale.
#[derive(Debug)]
pub struct Traffic<'a> {
    announced: &'a Announced,
    crowd: &'a Crowd,
    prices: &'a Prices,
    template: &'a Template,
    measured: &'a Measured,
}

impl<'a> Traffic<'a> {
    /// The traffic of `crowd`.
    pub fn new(
        announced: &'a Announced,
        crowd: &'a Crowd,
        prices: &'a Prices,
        template: &'a Template,
        measured: &'a Measured,
    ) -> Self {
        Self { announced, crowd, prices, template, measured }
    }

    /// Calls of each function.
    pub fn calls(&self) -> Vec<Calls> {
        let mut calls = [self.arriving(), self.booking(), self.following()].concat();
        calls.retain(|one| one.times > 0.0);
        calls
    }

    /// Calls of the API that come evenly while seats are sold.
    fn api(&self, function: &'static str, times: f64, units: Units) -> Calls {
        Calls {
            function,
            trigger: Trigger::Api,
            times,
            at_opening: times / self.crowd.seconds,
            in_line: times / self.crowd.seconds,
            copies: Some(COPIES),
            units,
            extra_seconds: 0.0,
            answer_bytes: self.prices.assumptions.answer_bytes.0,
        }
    }

    /// Until they are let in.
    fn arriving(&self) -> Vec<Calls> {
        let (crowd, measured, assumed) = (self.crowd, self.measured, &self.prices.assumptions);
        let people = f64::from(self.announced.people);
        let logins = people * f64::from(self.announced.logins_percent) / 100.0;
        let hash = assumed.hash_millis.0 / 1000.0 * (PROCESSOR_MEGABYTES / self.memory("log_in")).max(1.0);
        let joins = crowd.joins_per_second;
        let polls = self.api("poll_queue", crowd.polls, measured.row("poll, waiting"));
        let early = |calls: Calls| Calls { at_opening: joins, in_line: 0.0, copies: Some(COPIES_OF_LOOKS), ..calls };
        vec![
            // Before the opening.
            Calls {
                extra_seconds: hash,
                at_opening: 0.0,
                in_line: 0.0,
                copies: None,
                ..self.api("log_in", logins, measured.row("log in"))
            },
            early(self.api("get_performance", people, Units::default())),
            early(self.api("join_queue", people, measured.row("join, first"))),
            // When the most join, those of the busiest minute are in line, at most.
            Calls {
                at_opening: crowd.polls_per_second * f64::from(self.announced.busiest_minute_percent) / 100.0,
                in_line: crowd.polls_per_second,
                copies: Some(COPIES_OF_POLLS),
                ..polls
            },
            Calls {
                copies: Some(COPIES_OF_POLLS),
                ..self.api("poll_queue", crowd.let_in, measured.row("poll that claims"))
            },
        ]
    }

    /// What those do who are let in.
    fn booking(&self) -> Vec<Calls> {
        let (crowd, measured, assumed) = (self.crowd, self.measured, &self.prices.assumptions);
        let (seats, bought) = (f64::from(self.announced.seats), f64::from(self.announced.seats_per_purchase));
        let is_live = self.announced.seats <= LIVE_SEATS_MAX;
        let by_card = crowd.purchases * self.card_share();
        let by_points = crowd.purchases - by_card;
        // Who does not buy has tried once.
        let tries = f64::from(self.announced.holds_per_purchase);
        let holds = crowd.purchases * tries + (crowd.let_in - crowd.purchases);
        let map = self.api("list_seats", crowd.let_in * assumed.seat_map_looks.0, measured.seat_map(seats, is_live));
        let own = |calls: Calls| Calls { copies: None, ..calls };
        vec![
            Calls {
                extra_seconds: assumed.map_millis_per_thousand_seats.0 * seats / 1e6,
                answer_bytes: assumed.answer_bytes.0 + assumed.map_bytes_per_seat.0 * seats,
                ..map
            },
            self.api("hold_seats", holds, measured.hold(bought)),
            own(self.api("top_up_points", by_points, measured.row("top-up, with a key"))),
            self.api("pay", by_points, measured.pay(bought)),
            self.api("pay", by_card, measured.card_start(bought)),
            own(self.api("get_payment", by_card * assumed.payment_looks.0, measured.row("one payment"))),
            own(self.api("get_reservation", crowd.purchases, measured.row("one reservation"))),
        ]
    }

    /// What follows from a purchase without anybody asking.
    fn following(&self) -> Vec<Calls> {
        let (crowd, measured, assumed) = (self.crowd, self.measured, &self.prices.assumptions);
        let by_card = crowd.purchases * self.card_share();
        // A purchase by card is seen twice: pending and confirmed.
        let transitions = crowd.purchases + by_card;
        let is_live = self.announced.seats <= LIVE_SEATS_MAX;
        let looked_at = if is_live { 0.0 } else { 2.0 * crowd.purchases };
        let work = |function, trigger, times: f64, units, extra_millis: f64| Calls {
            trigger,
            copies: None,
            extra_seconds: extra_millis / 1000.0,
            answer_bytes: 0.0,
            ..self.api(function, times, units)
        };
        let bought = f64::from(self.announced.seats_per_purchase);
        vec![
            work("relay_outbox", Trigger::Stream, transitions, Units::default(), assumed.queue_send_millis.0),
            work("project", Trigger::Stream, transitions, measured.row("projection of a purchase"), 0.0),
            work("project", Trigger::Stream, looked_at, measured.row("projection of a map's block"), 0.0),
            work(
                "ticket_mailer",
                Trigger::Queue,
                crowd.purchases,
                measured.row("mail of a purchase"),
                assumed.mail_millis.0,
            ),
            work("payment_worker", Trigger::Queue, by_card, measured.card_worker(bought), assumed.provider_millis.0),
        ]
    }

    fn card_share(&self) -> f64 {
        f64::from(self.announced.card_percent) / 100.0
    }

    fn memory(&self, function: &str) -> f64 {
        self.template.memory_megabytes[function]
    }

    /// How long a call lasts.
    pub fn seconds(&self, calls: &Calls) -> f64 {
        call_seconds(&self.prices.assumptions, calls.units.calls) + calls.extra_seconds
    }

    /// Processes that Lambda keeps for so many calls a second: for as many as are under way at once, and each serves only so
    /// many a second.
    pub fn processes(&self, calls: &Calls, per_second: f64) -> f64 {
        let most = self.prices.quotas.lambda_requests_per_environment.value;
        per_second * self.seconds(calls).max(1.0 / most)
    }

    /// What the turnstile costs a second: a turn, and a read of all who are inside beyond what is in a turn as measured.
    pub fn turn(&self) -> Units {
        let inside = f64::from(self.crowd.suggested.max_active) * self.prices.assumptions.admission_bytes.0;
        let partitions = ADMISSION_PARTITIONS as f64;
        let more = ((inside / partitions / READ_UNIT_BYTES).ceil() - 1.0).max(0.0) * partitions;
        let turn = self.measured.turn();
        Units { reads: turn.reads + more, ..turn } * (1.0 / TICK_INTERVAL_SECONDS as f64)
    }

    /// All that the on-sale uses, but what is made warm for it.
    pub fn usage(&self) -> Usage {
        let (crowd, assumed) = (self.crowd, &self.prices.assumptions);
        let (mut usage, mut log_bytes, mut out_bytes, mut processes) = (Usage::default(), 0.0, 0.0, 0.0);
        for calls in &self.calls() {
            usage.add_function(calls.times, calls.times * self.seconds(calls), self.memory(calls.function));
            usage.add_units(calls.units * calls.times);
            log_bytes += calls.times * assumed.function_log_bytes.0;
            processes += self.processes(calls, calls.at_opening.max(calls.in_line));
            match calls.trigger {
                Trigger::Api => {
                    usage.add(Item::ApiRequests, calls.times);
                    usage.add_units(self.copies(calls, calls.times / crowd.seconds) * crowd.seconds);
                    log_bytes += calls.times * assumed.access_log_bytes.0;
                    out_bytes += calls.times * calls.answer_bytes;
                }
                Trigger::Queue => usage.add(Item::QueueRequests, calls.times * assumed.queue_requests_per_message.0),
                Trigger::Stream => usage.add(Item::StreamReads, calls.times),
            }
        }
        let turn = self.turn();
        usage.add_function(0.0, crowd.seconds * call_seconds(assumed, turn.calls), self.memory("poll_queue"));
        usage.add_units(turn * crowd.seconds);
        // Each who is let in is put among them; each who does not buy is taken out.
        usage.add_units(Measured::GRANT * (2.0 * crowd.let_in - crowd.purchases));
        let left_behind = crowd.purchases * assumed.purchase_bytes.0 / GIGABYTE;
        usage.add(Item::TableGigabyteMonths, left_behind);
        usage.add(Item::BackupGigabyteMonths, left_behind);
        usage.add(Item::Mails, crowd.purchases);
        usage.add(Item::MailGigabytes, crowd.purchases * assumed.mail_bytes.0 / GIGABYTE);
        usage.add(Item::LogGigabytes, log_bytes / GIGABYTE);
        usage.add(
            Item::LogGigabyteMonths,
            log_bytes / GIGABYTE * self.template.parameters["LogRetentionDays"] / MONTH_DAYS,
        );
        usage.add(Item::OutGigabytes, out_bytes / GIGABYTE);
        usage.add(Item::SecretReads, processes * RINGS);
        // Paid for by the hour; all of them are taken to be written in each.
        let hours = (crowd.seconds / 3600.0).ceil() + 1.0;
        usage.add(Item::MetricMonths, METRICS_MAX as f64 * hours / MONTH_HOURS);
        usage
    }

    /// How often a second the processes of `calls`, at so many calls a second, refresh their copies: each once, but for polls of
    /// those who are far from being let in. The others poll as often as they may.
    pub fn refreshes(&self, calls: &Calls, per_second: f64) -> f64 {
        let processes = self.processes(calls, per_second).min(per_second);
        match calls.copies {
            None => 0.0,
            Some(COPIES_OF_POLLS) => {
                let near = POLL_FAR_AHEAD as f64 / POLL_MIN_SECONDS as f64;
                (near + processes * 1_000.0 / FAR_COPY_MAX_AGE_MILLIS as f64).min(processes)
            }
            Some(_) => processes,
        }
    }

    /// How often a second they read the performance, which polls do more rarely than the room.
    pub fn performance_reads(&self, calls: &Calls, per_second: f64) -> f64 {
        if calls.copies == Some(COPIES_OF_POLLS) {
            self.processes(calls, per_second).min(per_second) * 1_000.0 / POLLED_COPY_MAX_AGE_MILLIS as f64
        } else {
            self.refreshes(calls, per_second)
        }
    }

    /// What their copies cost in a second.
    pub fn copies(&self, calls: &Calls, per_second: f64) -> Units {
        let Some(row) = calls.copies else { return Units::default() };
        let mut units = self.measured.row(row) * self.refreshes(calls, per_second);
        if row == COPIES_OF_POLLS {
            let reads = self.performance_reads(calls, per_second);
            units.calls += reads;
            units.reads += reads * EVENTUAL_READ_UNITS;
        }
        units
    }
}

/// What a month costs in which nothing happens.
pub fn idle(prices: &Prices, template: &Template) -> Usage {
    let (assumed, mut usage) = (&prices.assumptions, Usage::default());
    usage.add(Item::TableGigabyteMonths, assumed.stored_gigabytes.0);
    usage.add(Item::BackupGigabyteMonths, assumed.stored_gigabytes.0);
    usage.add(Item::QueueRequests, assumed.polled_queues.0 * assumed.queue_polls_per_second.0 * MONTH_HOURS * 3600.0);
    usage.add(Item::SecretMonths, template.count("AWS::SecretsManager::Secret"));
    usage.add(Item::AlarmMonths, template.alarm_metrics);
    usage.add(Item::DashboardMonths, template.count("AWS::CloudWatch::Dashboard"));
    usage
}
