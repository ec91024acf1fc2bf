//! How often each function is called, how long a call takes, and the resulting usage of all billed resources.

use crate::{
    announced::Announced,
    bill::{GIGABYTE, Gate, Usage, call_seconds},
    crowd::Crowd,
    prices::{Item, Prices},
    template::Template,
    units::{Measured, Units},
};
use frontrow_domain::limits::{
    ADMISSION_PARTITIONS, FAR_COPY_MAX_AGE_MILLIS, LIVE_SEATS_MAX, METRICS_MAX, POLL_FAR_AHEAD, POLL_MIN_SECONDS,
    POLLED_COPY_MAX_AGE_MILLIS, TURN_INTERVAL_SECONDS,
};

/// Memory at which a function has one full CPU, in MB.
const PROCESSOR_MEGABYTES: f64 = 1_769.0;
/// Read units of an eventually consistent read of up to 4 KB.
pub const EVENTUAL_READ_UNITS: f64 = 0.5;
/// Bytes per read unit.
const READ_UNIT_BYTES: f64 = 4_096.0;
/// Hours per month.
const MONTH_HOURS: f64 = 730.0;
/// Key rings that a process reads when it starts.
const RINGS: f64 = 2.0;

/// Performance, show and room.
pub const COPIES: &str = "copies of a process";
/// Performance and room, with eventually consistent reads.
pub const COPIES_OF_LOOKS: &str = "copies of a process of looks";
/// Only the room; the performance is read less often.
pub const COPIES_OF_POLLS: &str = "copies of a process of polls";

/// Trigger of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A request to the API.
    Api,
    /// A record of the table's stream.
    Stream,
    /// A message of a queue.
    Queue,
}

/// Calls of one function.
#[derive(Debug, Clone)]
pub struct Calls {
    /// Operation of the function.
    pub function: &'static str,
    /// Trigger of the function.
    pub trigger: Trigger,
    /// Calls during the whole on-sale.
    pub times: f64,
    /// Calls per second at the opening, when joins peak.
    pub at_opening: f64,
    /// Calls per second when everyone is in line.
    pub in_line: f64,
    /// Row of the budget table for the copies that its processes refresh; `None` if there are none.
    pub copies: Option<&'static str>,
    /// DynamoDB cost of one call.
    pub units: Units,
    /// Duration of one call beyond its DynamoDB calls, in seconds.
    pub extra_seconds: f64,
    /// Size of one response, in bytes.
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

    /// API calls spread evenly over the sale.
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

    /// Calls before admission.
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
            // When joins peak, at most the people of the busiest minute are in line.
            Calls {
                at_opening: crowd.polls_per_second * f64::from(self.announced.busiest_minute_percent) / 100.0,
                in_line: crowd.polls_per_second,
                copies: Some(COPIES_OF_POLLS),
                ..polls
            },
            Calls {
                copies: Some(COPIES_OF_POLLS),
                ..self.api("poll_queue", crowd.admitted, measured.row("poll that claims"))
            },
        ]
    }

    /// Calls of admitted people.
    fn booking(&self) -> Vec<Calls> {
        let (crowd, measured, assumed) = (self.crowd, self.measured, &self.prices.assumptions);
        let (seats, bought) = (f64::from(self.announced.seats), f64::from(self.announced.seats_per_purchase));
        let is_live = self.announced.seats <= LIVE_SEATS_MAX;
        let by_card = crowd.purchases * self.card_share();
        let by_points = crowd.purchases - by_card;
        // Admitted people who do not buy make one attempt.
        let tries = f64::from(self.announced.holds_per_purchase);
        let holds = crowd.purchases * tries + (crowd.admitted - crowd.purchases);
        let map = self.api("list_seats", crowd.admitted * assumed.seat_map_looks.0, measured.seat_map(seats, is_live));
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

    /// Calls that follow from a purchase without a request.
    fn following(&self) -> Vec<Calls> {
        let (crowd, measured, assumed) = (self.crowd, self.measured, &self.prices.assumptions);
        let by_card = crowd.purchases * self.card_share();
        // A card purchase appears twice: pending and confirmed.
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
            work("projector", Trigger::Stream, transitions, measured.row("projection of a purchase"), 0.0),
            work("projector", Trigger::Stream, looked_at, measured.row("projection of a map's block"), 0.0),
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

    /// Duration of a call.
    pub fn seconds(&self, calls: &Calls) -> f64 {
        call_seconds(&self.prices.assumptions, calls.units.calls) + calls.extra_seconds
    }

    /// Processes that Lambda keeps for this many calls per second: enough for the concurrent calls, and for the per-process
    /// request rate.
    pub fn processes(&self, calls: &Calls, per_second: f64) -> f64 {
        let most = self.prices.quotas.lambda_requests_per_environment.value;
        per_second * self.seconds(calls).max(1.0 / most)
    }

    /// DynamoDB cost of the turnstile per second: one turn, and the read of everyone inside beyond the number in the measured
    /// turn.
    pub fn turn(&self) -> Units {
        let inside = f64::from(self.crowd.suggested.max_active) * self.prices.assumptions.admission_bytes.0;
        let partitions = ADMISSION_PARTITIONS as f64;
        let more = ((inside / partitions / READ_UNIT_BYTES).ceil() - 1.0).max(0.0) * partitions;
        let turn = self.measured.turn();
        Units { reads: turn.reads + more, ..turn } * (1.0 / TURN_INTERVAL_SECONDS as f64)
    }

    /// Total usage of the on-sale, except warm throughput, if polls pass through `polls`.
    pub fn usage(&self, polls: Gate) -> Usage {
        let (crowd, assumed) = (self.crowd, &self.prices.assumptions);
        let retention_days = self.template.parameters["LogRetentionDays"];
        let (mut usage, mut processes) = (Usage::default(), 0.0);
        for calls in &self.calls() {
            usage.add_function(calls.times, calls.times * self.seconds(calls), self.memory(calls.function));
            usage.add_units(calls.units * calls.times);
            processes += self.processes(calls, calls.at_opening.max(calls.in_line));
            match calls.trigger {
                Trigger::Api => {
                    let (gate, log_bytes) = match calls.function {
                        "poll_queue" => (polls, assumed.poll_log_bytes.0),
                        _ => (Gate::Api, assumed.function_log_bytes.0),
                    };
                    usage.add_requests(gate, calls.times, calls.answer_bytes, log_bytes, assumed, retention_days);
                    usage.add_units(self.copies(calls, calls.times / crowd.seconds) * crowd.seconds);
                }
                Trigger::Queue => usage.add(Item::QueueRequests, calls.times * assumed.queue_requests_per_message.0),
                Trigger::Stream => usage.add(Item::StreamReads, calls.times),
            }
            if calls.trigger != Trigger::Api {
                usage.add_logs(calls.times * assumed.function_log_bytes.0, retention_days);
            }
        }
        let turn = self.turn();
        usage.add_function(0.0, crowd.seconds * call_seconds(assumed, turn.calls), self.memory("poll_queue"));
        usage.add_units(turn * crowd.seconds);
        // Each admission is inserted; each one without a purchase is deleted.
        usage.add_units(Measured::GRANT * (2.0 * crowd.admitted - crowd.purchases));
        let left_behind = crowd.purchases * assumed.purchase_bytes.0 / GIGABYTE;
        usage.add(Item::TableGigabyteMonths, left_behind);
        usage.add(Item::BackupGigabyteMonths, left_behind);
        usage.add(Item::Mails, crowd.purchases);
        usage.add(Item::MailGigabytes, crowd.purchases * assumed.mail_bytes.0 / GIGABYTE);
        usage.add(Item::SecretReads, processes * RINGS);
        // Billed hourly; all metrics are assumed to be written in each hour.
        let hours = (crowd.seconds / 3600.0).ceil() + 1.0;
        usage.add(Item::MetricMonths, METRICS_MAX as f64 * hours / MONTH_HOURS);
        usage
    }

    /// Refreshes per second of the copies in the processes of `calls`: one per process, except for polls by people far from
    /// admission. Other polls refresh as often as they may.
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

    /// Reads per second of the performance; polls read it less often than the room.
    pub fn performance_reads(&self, calls: &Calls, per_second: f64) -> f64 {
        if calls.copies == Some(COPIES_OF_POLLS) {
            self.processes(calls, per_second).min(per_second) * 1_000.0 / POLLED_COPY_MAX_AGE_MILLIS as f64
        } else {
            self.refreshes(calls, per_second)
        }
    }

    /// DynamoDB cost of the copies per second.
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

/// Usage of a month without any sale.
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
