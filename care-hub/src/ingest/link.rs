//! One stream of one home: Hello, Welcome, parcels in, receipts and stages out. It waits for the ledger and decides
//! nothing about alarms; a stream that misbehaves ends with a status that says why.

mod greet;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tecs_protocol::event::ClockPair;
use tecs_protocol::hub::check_parcel;
use tecs_protocol::hub::v1::{self, FromHome, FromHub, from_home, from_hub};
use tecs_protocol::vocabulary::Lane;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tonic::{Status, Streaming};

use super::parcel::{self, Done};
use super::turn::Turns;
use super::words;
use crate::config::{Limits, Supervision};
use crate::links::{DepthTold, Inside};
use crate::reading::Sent;
use crate::running::stopped;
use crate::state::{Connected, Hub};
use crate::store::{AskAnswer, GatewayRow, StoreError};
use crate::times::Boots;

/// How long a home may take no word of ours before its stream is ended.
const TAKEN_WITHIN: Duration = Duration::from_secs(10);

/// Bytes of one stream in the ledger's line; beyond it the stream is not read further. 32 times what Welcome asks for.
const IN_LINE: usize = 8 << 20;

/// Records of one parcel, at most: a home that keeps to 16 KiB a parcel has far fewer.
const RECORDS: usize = 16_384;

/// Records that go into the ledger's line as one: an alarm of another home waits for no more than that.
const RECORDS_AT_ONCE: usize = 1_024;

/// How long the last receipts are waited for when the hub stops.
const LAST_RECEIPTS: Duration = Duration::from_secs(2);

/// What a stream needs from the hub.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) hub: Arc<Hub>,
    pub(crate) limits: Limits,
    pub(crate) supervision: Supervision,
    /// Bulk of all homes is read by turns.
    pub(crate) turns: Turns,
    /// Turns true when the hub stops.
    pub(crate) stop: watch::Receiver<bool>,
}

/// The way out to the home.
pub(crate) type Out = mpsc::Sender<Result<FromHub, Status>>;

struct Session {
    desk: Desk,
    gateway: String,
    boots: Boots,
    connected: Connected,
    out: Out,
    in_line: FuturesUnordered<BoxFuture<'static, Done>>,
    bytes_in_line: usize,
    paused_at: Option<Instant>,
}

/// Serves one stream to its end; `ids` are the certificate's.
pub(crate) async fn serve(desk: Desk, ids: Vec<String>, mut from: Streaming<FromHome>, out: Out) {
    let ended = match greet::greet(desk, &ids, &mut from, out.clone()).await {
        Ok(mut session) => {
            let ended = session.run(&mut from).await;
            tracing::info!(gateway = session.gateway, "a stream ended");
            session.remember();
            ended
        }
        Err(status) => Err(status),
    };
    if let Err(status) = ended {
        tracing::info!(code = ?status.code(), why = status.message(), "a stream was ended");
        // The home may be gone already.
        let _ = timeout(LAST_RECEIPTS, out.send(Err(status))).await;
    }
}

#[allow(clippy::needless_pass_by_value, reason = "given to map_err")]
fn engine(e: StoreError) -> Status {
    tracing::error!(error = %e, "the ledger did not answer");
    Status::unavailable("the ledger does not answer")
}

impl Session {
    async fn run(&mut self, from: &mut Streaming<FromHome>) -> Result<(), Status> {
        let mailbox = Arc::clone(&self.connected.mailbox);
        let mut stop = self.desk.stop.clone();
        loop {
            tokio::select! {
                biased;
                Some(done) = self.in_line.next() => self.done(done).await?,
                inside = mailbox.take() => self.told(inside).await?,
                () = stopped(&mut stop) => return self.finish().await,
                message = from.message(), if self.bytes_in_line < IN_LINE => match message? {
                    Some(FromHome { says: Some(says) }) => self.heard(says).await?,
                    Some(FromHome { says: None }) => {
                        return Err(Status::invalid_argument("an empty message"));
                    }
                    None => return self.finish().await,
                },
            }
        }
    }

    async fn heard(&mut self, says: from_home::Says) -> Result<(), Status> {
        let now_ms = Hub::now_ms();
        self.desk.hub.links.change(&self.gateway, |link| {
            link.heard_at = Some(Instant::now());
            link.status.heard_ms = Some(now_ms);
        });
        match says {
            from_home::Says::Parcel(parcel) => self.parcel(parcel, now_ms).await,
            from_home::Says::Beat(beat) => {
                self.beat(&beat, now_ms);
                Ok(())
            }
            from_home::Says::Answer(answer) => self.answer(answer, now_ms).await,
            from_home::Says::Hello(_) => Err(Status::invalid_argument("a second Hello")),
        }
    }

    async fn parcel(&mut self, mut parcel: v1::Parcel, received_ms: i64) -> Result<(), Status> {
        let lane = check_parcel(&parcel).map_err(|w| Status::invalid_argument(w.to_string()))?;
        let lane = Lane::from_wire(lane.into())
            .ok_or_else(|| Status::invalid_argument("a parcel of no lane"))?;
        let sent_at = parcel.sent_at.map(Into::into);
        if let Some(pair) = sent_at {
            self.boots.learn(pair, received_ms);
        }
        if parcel.records.len() > RECORDS {
            return Err(Status::invalid_argument(format!(
                "{} records in one parcel; {RECORDS} are allowed",
                parcel.records.len()
            )));
        }
        let came = Came {
            attempt: parcel.attempt.max(1),
            sent_at,
            received_ms,
            boots: self.boots.clone(),
            late_after_ms: i64::from(self.desk.limits.late_after_s) * 1_000,
        };
        while !parcel.records.is_empty() {
            let rest = parcel
                .records
                .split_off(RECORDS_AT_ONCE.min(parcel.records.len()));
            let part = v1::Parcel {
                records: std::mem::replace(&mut parcel.records, rest),
                ..parcel
            };
            parcel.first_seq = parcel.first_seq.saturating_add(part.records.len() as u64);
            self.bytes_in_line += parcel::bytes_of(&part);
            if lane == Lane::Alarm {
                let (store, sent) = (&self.desk.hub.store, came.sent());
                let answer = parcel::take(store, &self.gateway, lane, part, &sent);
                self.in_line.push(answer);
            } else {
                let (desk, gateway) = (self.desk.clone(), self.gateway.clone());
                let answer = by_turns(desk, gateway, lane, part, came.clone());
                self.in_line.push(Box::pin(answer));
            }
        }
        self.pause_if_full().await
    }

    /// The alarm lane is never paused.
    async fn pause_if_full(&mut self) -> Result<(), Status> {
        let limit = usize::try_from(self.desk.limits.waiting_records).unwrap_or(usize::MAX);
        let pause = Duration::from_millis(self.desk.limits.pause_ms.into());
        let again = self.paused_at.is_none_or(|at| at.elapsed() >= pause);
        let waiting = self.desk.hub.store.waiting() + self.desk.turns.unread();
        if !again || waiting <= limit {
            return Ok(());
        }
        self.paused_at = Some(Instant::now());
        for lane in [v1::Lane::Vital, v1::Lane::Routine] {
            self.say(words::pause(lane, self.desk.limits.pause_ms))
                .await?;
        }
        Ok(())
    }

    fn beat(&mut self, beat: &v1::Beat, now_ms: i64) {
        if let Some(clock) = beat.clock {
            self.boots.learn(clock.into(), now_ms);
        }
        let depths = beat.depths.iter().filter_map(|depth| {
            Some(DepthTold {
                lane: Lane::from_wire(depth.lane)?.word(),
                records: depth.records,
                bytes: depth.bytes,
                oldest_age_ms: depth.oldest_age_ms,
            })
        });
        self.desk.hub.told(&self.gateway, |link| {
            link.status.depths = depths.take(3).collect();
            link.status.on_mains = beat.on_mains;
            link.status.battery_percent = beat.battery_percent.filter(|p| p.is_finite());
        });
    }

    async fn answer(&mut self, answer: v1::Answer, at_ms: i64) -> Result<(), Status> {
        let outcome = match answer.outcome() {
            v1::answer::Outcome::Done => "done",
            v1::answer::Outcome::Partly => "partly",
            v1::answer::Outcome::NotUnderstood | v1::answer::Outcome::Unspecified => {
                "not_understood"
            }
        };
        let recorded = AskAnswer {
            outcome: outcome.to_owned(),
            detail: answer.detail.chars().take(1_000).collect(),
            at_ms,
        };
        let store = &self.desk.hub.store;
        let known = store.answered(&self.gateway, answer.ask_id, recorded);
        if !known.await.map_err(engine)? {
            tracing::warn!(
                gateway = self.gateway,
                "an answer to nothing that was asked"
            );
        }
        Ok(())
    }

    /// A parcel became durable, or did not: then the stream ends, and the home keeps what has no receipt.
    async fn done(&mut self, done: Done) -> Result<(), Status> {
        self.bytes_in_line = self.bytes_in_line.saturating_sub(done.bytes);
        for says in done.says.map_err(engine)? {
            self.say(says).await?;
        }
        Ok(())
    }

    async fn told(&mut self, inside: Inside) -> Result<(), Status> {
        if inside.replaced {
            return Err(Status::resource_exhausted(
                "newer streams of this gateway took its place",
            ));
        }
        // What became durable before a case moved is said before: a stage never goes back by our own delay.
        while let Some(Some(done)) = self.in_line.next().now_or_never() {
            self.done(done).await?;
        }
        for ask in &inside.asks {
            self.say(words::ask(ask)).await?;
        }
        if inside.all {
            self.stages_of_all().await?;
        }
        for id in inside.cases {
            let rows = self.desk.hub.store.stages(&self.gateway, Some(id)).await;
            for row in rows.map_err(engine)? {
                self.say(words::stage(&row)).await?;
            }
        }
        Ok(())
    }

    async fn stages_of_all(&mut self) -> Result<(), Status> {
        let rows = self.desk.hub.store.stages(&self.gateway, None).await;
        for row in rows.map_err(engine)? {
            self.say(words::stage(&row)).await?;
        }
        Ok(())
    }

    /// What is in the ledger's line is still receipted.
    async fn finish(&mut self) -> Result<(), Status> {
        let last = async {
            while let Some(done) = self.in_line.next().await {
                for says in done.says.map_err(engine)? {
                    send(&self.out, says).await?;
                }
            }
            Ok(())
        };
        timeout(LAST_RECEIPTS, last).await.unwrap_or(Ok(()))
    }

    async fn say(&mut self, says: from_hub::Says) -> Result<(), Status> {
        send(&self.out, says).await
    }

    /// Keeps what the stream told of the home's clocks and when it was heard; nobody waits for it.
    fn remember(&self) {
        let status = self.desk.hub.link(&self.gateway);
        drop(self.desk.hub.store.heard(GatewayRow {
            gateway: self.gateway.clone(),
            heard_ms: status.heard_ms.unwrap_or(0),
            software: status.software,
            missing: false,
            boots: self.boots.0.clone(),
        }));
    }
}

/// How and when a parcel came, kept until it is read.
#[derive(Clone)]
struct Came {
    attempt: u32,
    sent_at: Option<ClockPair>,
    received_ms: i64,
    boots: Boots,
    late_after_ms: i64,
}

impl Came {
    fn sent(&self) -> Sent<'_> {
        Sent {
            attempt: self.attempt,
            sent_at: self.sent_at,
            received_ms: self.received_ms,
            boots: &self.boots,
            late_after_ms: self.late_after_ms,
        }
    }
}

/// Reads a bulk parcel when its turn comes, and answers when it is durable.
async fn by_turns(desk: Desk, gateway: String, lane: Lane, parcel: v1::Parcel, came: Came) -> Done {
    let unread = desk.turns.wait(parcel.records.len());
    let turn = unread.turn().await;
    let answer = parcel::take(&desk.hub.store, &gateway, lane, parcel, &came.sent());
    drop(turn);
    drop(unread);
    answer.await
}

async fn send(out: &Out, says: from_hub::Says) -> Result<(), Status> {
    let message = FromHub { says: Some(says) };
    match timeout(TAKEN_WITHIN, out.send(Ok(message))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Status::cancelled("the home has gone")),
        Err(_) => Err(Status::deadline_exceeded("the home takes nothing")),
    }
}
