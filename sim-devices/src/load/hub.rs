//! `tecs-sim load-hub`: many gateways that are one process here, each with a stream and a certificate of its own, against
//! one real hub. A record's wait ends with its receipt, which the hub gives after its commit.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::ca;
use crate::hub_api::HubApi;
use crate::world::{Process, Programs};

use super::caller::{Caller, Sent};
use super::figures::{Used, Waits, per, round};
use super::places::HubPlaces;
use super::{Where, machine, mib};

/// Handshakes at one time while the homes come at their leisure.
const AT_LEISURE: usize = 16;
/// Gateways that have nothing to say but alarms: each once a second.
const ALARMED: usize = 20;
const ALARM_EVERY: Duration = Duration::from_secs(1);
/// How long the pace is kept, s.
const PACED_S: u64 = 6;
/// Among the homes that come back at once, each of so many has an alarm that waited.
const ONE_IN: usize = 20;
/// The hub's page answers within this.
const READY: Duration = Duration::from_mins(1);

/// Arguments of `load-hub`.
#[derive(Debug, Args)]
pub struct HubArgs {
    /// Gateways, all connected at the same time; 20 more say alarms, each once a second.
    #[arg(long, default_value_t = 1_000)]
    gateways: usize,
    /// Records of each while it is measured how many a second the hub takes.
    #[arg(long, default_value_t = 120)]
    events: u64,
    /// Events a second of all of them together, at which the alarms' waits are taken for 6 s; 0: not at all.
    #[arg(long, default_value_t = 20_000)]
    at_rate: u64,
    /// Records that each has kept for six hours when all come back at once (4.0 million of 40,000 homes).
    #[arg(long, default_value_t = 100)]
    backlog: u64,
    #[command(flatten)]
    pub(super) places: Where,
}

/// A hub under load, and its gateways.
struct Town {
    hub: HubPlaces,
    tls: PathBuf,
    ids: Vec<String>,
    program: PathBuf,
    process: Option<Process>,
}

/// How the homes speak.
#[derive(Debug, Clone, Copy)]
enum Pace {
    /// All of so many records at once.
    Once(u64),
    /// So many a second.
    Second(u64),
}

/// Everything, as one JSON object.
pub(super) async fn run(args: &HubArgs, work: &Path) -> anyhow::Result<Value> {
    files_for(args.gateways)?;
    let mut town = Town::build(args, work).await?;
    let alone = town.used();
    let callers = town.everybody_calls().await?;
    sleep(Duration::from_secs(2)).await;
    let connected = town.used();
    let homes = args.gateways.max(1) as u64;
    let pace = Pace::Second(args.at_rate.div_ceil(homes));
    let (callers, paced, lost_first) = town.all_send(callers, pace).await?;
    let (_, flood, lost_then) = town.all_send(callers, Pace::Once(args.events)).await?;
    let peak = town.used().peak_kib;
    let (storm, lost_later) = town.storm(args.backlog).await?;
    let more = connected.rss_kib.saturating_sub(alone.rss_kib);
    let told = json!({
        "gateways": args.gateways,
        "lost": lost_first + lost_then + lost_later,
        "rss_mib": {
            "alone": mib(alone.rss_kib),
            "connected": mib(connected.rss_kib),
            "peak": mib(peak.max(town.used().peak_kib)),
        },
        "memory_per_gateway_kib": per(more as f64, town.ids.len() as u64, 1.0),
        "at_rate": paced,
        "flood": flood,
        "storm": storm,
        "machine": machine(),
    });
    if let Some(hub) = town.process.take() {
        hub.kill().await?;
    }
    Ok(told)
}

/// A thousand homes are as many open files, here and in the hub, which has our limits.
fn files_for(gateways: usize) -> anyhow::Result<()> {
    let wanted = gateways as u64 * 2 + 512;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|now| now < wanted) {
        limit.current = limit.maximum.map(|most| most.min(wanted)).or(Some(wanted));
        setrlimit(Resource::Nofile, limit)?;
    }
    Ok(())
}

impl Town {
    async fn build(args: &HubArgs, work: &Path) -> anyhow::Result<Self> {
        let ids: Vec<String> = (1..=args.gateways + ALARMED)
            .map(|n| format!("home-{n}"))
            .collect();
        let tls = work.join("tls");
        let order = ca::Order {
            out: tls.clone(),
            gateways: ids.clone(),
            days: 30,
            stranger: false,
            expired: false,
        };
        ca::make(&order)?;
        let hub = HubPlaces::of(work)?;
        hub.write(&tls)?;
        let program = Programs::find(args.places.bin_dir.as_deref())?.hub;
        let mut town = Self {
            hub,
            tls,
            ids,
            program,
            process: None,
        };
        town.hub_comes().await?;
        Ok(town)
    }

    async fn hub_comes(&mut self) -> anyhow::Result<()> {
        let config = self.hub.toml().display().to_string();
        let args = ["run", "--config", &config];
        let process = Process::start("tecs-hub", &self.program, &args, &self.hub.log())?;
        let process = self.process.insert(process);
        let api = HubApi {
            at: self.hub.console,
        };
        let end = Instant::now() + READY;
        while !api.healthy().await {
            process.alive()?;
            if Instant::now() > end {
                bail!("the hub does not answer within {READY:?}");
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    fn used(&self) -> Used {
        let pid = self.process.as_ref().map(Process::pid);
        pid.map(Used::by).unwrap_or_default()
    }

    /// A call of one gateway, to be made later.
    fn call(&self, id: &str, epoch: u64) -> impl Future<Output = anyhow::Result<Caller>> + use<> {
        let (at, tls, id) = (self.hub.ingest, self.tls.clone(), id.to_owned());
        async move { Caller::calls(at, &tls, &id, epoch).await }
    }

    /// Every gateway dials and says Hello, a few at one time.
    async fn everybody_calls(&self) -> anyhow::Result<Vec<Caller>> {
        let room = Arc::new(Semaphore::new(AT_LEISURE));
        let mut calls = JoinSet::new();
        for id in &self.ids {
            let (room, call) = (Arc::clone(&room), self.call(id, 1));
            calls.spawn(async move {
                let _place = room.acquire_owned().await?;
                call.await
            });
        }
        let mut callers = Vec::new();
        while let Some(caller) = calls.join_next().await {
            callers.push(caller??);
        }
        Ok(callers)
    }

    /// All send, and alarms come between. Gives the streams back, the figures, and what got no receipt.
    async fn all_send(
        &self,
        mut callers: Vec<Caller>,
        pace: Pace,
    ) -> anyhow::Result<(Vec<Caller>, Value, u64)> {
        let before = self.used();
        let alarmed = callers.split_off(callers.len().saturating_sub(ALARMED));
        let enough = Arc::new(AtomicBool::new(false));
        let mut alarms = JoinSet::new();
        for (n, mut caller) in alarmed.into_iter().enumerate() {
            let enough = Arc::clone(&enough);
            alarms.spawn(async move {
                sleep(ALARM_EVERY * u32::try_from(n)? / u32::try_from(ALARMED)?).await;
                let sent = caller.alarms(ALARM_EVERY, &enough).await?;
                anyhow::Ok((sent, caller))
            });
        }
        let began = Instant::now();
        let mut bulk = JoinSet::new();
        for mut caller in callers {
            bulk.spawn(async move {
                let sent = match pace {
                    Pace::Once(records) => caller.sends(records, None).await?,
                    Pace::Second(records) => caller.at_a_pace(records, PACED_S).await?,
                };
                anyhow::Ok((sent, caller))
            });
        }
        let (mut sent, mut connected) = (Sent::default(), Vec::new());
        while let Some(done) = bulk.join_next().await {
            let (one, caller) = done??;
            // Its stream stays open: it is what is measured.
            connected.push(caller);
            sent = sent.and(one);
        }
        let took = began.elapsed().as_secs_f64();
        enough.store(true, Ordering::Relaxed);
        while let Some(done) = alarms.join_next().await {
            let (one, caller) = done??;
            connected.push(caller);
            sent = sent.and(one);
        }
        let (told, lost) = self.told(before, &sent, took);
        Ok((connected, told, lost))
    }

    /// The hub is killed and comes back; every home dials at that moment with its backlog, some with an alarm.
    async fn storm(&mut self, backlog: u64) -> anyhow::Result<(Value, u64)> {
        if let Some(hub) = self.process.take() {
            hub.kill().await?;
        }
        self.hub_comes().await?;
        let (before, began) = (self.used(), Instant::now());
        let mut storm = JoinSet::new();
        for (n, id) in self.ids.iter().enumerate() {
            let call = self.call(id, 2);
            // It counts from when its home begins to dial.
            let alarm = (n % ONE_IN == 0).then_some(began);
            storm.spawn(async move { call.await?.sends(backlog, alarm).await });
        }
        let mut sent = Sent::default();
        while let Some(one) = storm.join_next().await {
            sent = sent.and(one??);
        }
        Ok(self.told(before, &sent, began.elapsed().as_secs_f64()))
    }

    fn told(&self, before: Used, sent: &Sent, took: f64) -> (Value, u64) {
        let used = self.used();
        let written = used.written.saturating_sub(before.written);
        let waits: Waits = sent.alarms.iter().copied().collect();
        let told = json!({
            "events": sent.records,
            "took_s": round(took),
            "events_per_s": round(sent.receipted as f64 / took.max(0.001)),
            "cpu_s_per_100k": per(used.cpu_s - before.cpu_s, sent.records, 100_000.0),
            "bytes_written_per_event": per(written as f64, sent.records, 1.0),
            "alarms": waits.told(),
        });
        (told, sent.records - sent.receipted)
    }
}
