//! What this machine can do at best, measured beside a load: a sync, a plain file of pages, a hop over the broker, a round
//! trip on the wire. A figure of ours says little without them.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::figures::{Used, Waits, per, round};
use super::mqtt::{Caller, Client, Packet};
use super::wire::Trip;
use super::words::BYTES;

/// Syncs and pages, each.
const SYNCS: u64 = 200;
/// Between two that are taken beside something else: not in step with what comes twenty times a second.
const MEANWHILE: Duration = Duration::from_millis(187);
/// Messages over the broker, and round trips.
const TRIPS: usize = 400;
/// A page, and what an event takes in it, bytes: the gateway's own page, and what decision 002 counts with.
const PAGE: usize = 16 << 10;
const EVENT: usize = 250;
/// A topic that no gateway reads.
const TOPIC: &str = "zigbee2mqtt/bench/a/hop";

/// The parts of an alarm's way: a sync, a hop over the broker and a round trip on the wire.
#[derive(Debug, Default)]
pub(super) struct Parts {
    sync: Waits,
    hop: Waits,
    trip: Waits,
}

impl Parts {
    /// What an alarm's way costs at least, ms: each part at p50.
    pub(super) fn floor_ms(&self) -> f64 {
        let parts = [&self.sync, &self.hop, &self.trip];
        parts.iter().map(|p| p.at(500) as f64).sum::<f64>() / 1_000.0
    }

    /// The same with another run's sync: a disk's own pace changes by twenty times from one minute to the next.
    pub(super) fn floor_with_sync_of_ms(&self, other: &Self) -> f64 {
        self.floor_ms() + (other.sync.at(500) as f64 - self.sync.at(500) as f64) / 1_000.0
    }

    pub(super) fn told(&self) -> Value {
        json!({
            "fdatasync": self.sync.told(),
            "mqtt_hop": self.hop.told(),
            "grpc_round_trip": self.trip.told(),
        })
    }
}

/// The limits of one run.
#[derive(Debug)]
pub(super) struct Limits {
    /// Each part by itself, one after another without a pause.
    pub(super) parts: Parts,
    segment: (f64, f64),
}

impl Limits {
    /// Measures all of it; the folder is where the gateway's journal will be.
    pub(super) async fn measure(
        folder: &Path,
        devices: Caller,
        tls: &Path,
        gateway: &str,
    ) -> anyhow::Result<Self> {
        let file = folder.join("limits");
        let (sync, segment) = tokio::task::spawn_blocking(move || {
            let found = (syncs(&file)?, segment(&file)?);
            std::fs::remove_file(&file)?;
            anyhow::Ok(found)
        })
        .await??;
        let hop = tokio::task::spawn_blocking(move || {
            let mut hop = Hop::open(&devices)?;
            (0..TRIPS).map(|_| hop.once()).collect::<Result<_, _>>()
        })
        .await??;
        let mut trip = Trip::open(tls, gateway, BYTES).await?;
        let mut trips = Vec::with_capacity(TRIPS);
        for _ in 0..TRIPS {
            trips.push(trip.once().await?);
        }
        let trip = trips.into_iter().collect();
        Ok(Self {
            parts: Parts { sync, hop, trip },
            segment,
        })
    }

    pub(super) fn told(&self) -> Value {
        let segment = json!({ "events_per_s": round(self.segment.0), "bytes_per_event": round(self.segment.1) });
        let mut told = self.parts.told();
        if let Some(told) = told.as_object_mut() {
            told.insert("segment_file".to_owned(), segment);
        }
        told
    }
}

/// Each part now and then, until it is enough: what a machine that mostly rests takes for them while alarms come.
pub(super) async fn parts_meanwhile(
    folder: PathBuf,
    devices: Caller,
    tls: PathBuf,
    gateway: String,
    enough: Arc<AtomicBool>,
) -> anyhow::Result<Parts> {
    let mut trip = Trip::open(&tls, &gateway, BYTES).await?;
    let until = Arc::clone(&enough);
    let others = tokio::task::spawn_blocking(move || {
        let path = folder.join("limits");
        let (mut file, mut hop) = (reserved(&path)?, Hop::open(&devices)?);
        let (mut syncs, mut hops) = (Vec::new(), Vec::new());
        while !until.load(Ordering::Relaxed) {
            syncs.push(synced(&mut file)?);
            std::thread::sleep(MEANWHILE / 2);
            hops.push(hop.once()?);
            std::thread::sleep(MEANWHILE / 2);
        }
        std::fs::remove_file(&path)?;
        anyhow::Ok((syncs, hops))
    });
    let mut trips = Vec::new();
    while !enough.load(Ordering::Relaxed) {
        sleep(MEANWHILE).await;
        trips.push(trip.once().await?);
    }
    let (syncs, hops) = others.await??;
    Ok(Parts {
        sync: syncs.into_iter().collect(),
        hop: hops.into_iter().collect(),
        trip: trips.into_iter().collect(),
    })
}

fn synced(file: &mut File) -> anyhow::Result<u64> {
    let began = Instant::now();
    file.write_all(&[7; 4 << 10])?;
    file.sync_data()?;
    Ok(u64::try_from(began.elapsed().as_micros())?)
}

/// A file of so many pages that are written already: a sync then moves its bytes and nothing of the file system's.
fn reserved(path: &Path) -> anyhow::Result<File> {
    let mut file = File::create(path).with_context(|| format!("making {}", path.display()))?;
    for _ in 0..SYNCS {
        file.write_all(&[0; PAGE])?;
    }
    file.sync_all()?;
    file.rewind()?;
    Ok(file)
}

fn syncs(path: &Path) -> anyhow::Result<Waits> {
    let mut file = reserved(path)?;
    let mut waits = Vec::new();
    for _ in 0..SYNCS {
        waits.push(synced(&mut file)?);
    }
    Ok(waits.into_iter().collect())
}

/// Events a second and bytes written for each, of pages written one after another, each synced.
fn segment(path: &Path) -> anyhow::Result<(f64, f64)> {
    let own = i32::try_from(std::process::id())?;
    let mut file = reserved(path)?;
    let (before, began) = (Used::by(own).written, Instant::now());
    for _ in 0..SYNCS {
        file.write_all(&[7; PAGE])?;
        file.sync_data()?;
    }
    let events = SYNCS * (PAGE / EVENT) as u64;
    let written = Used::by(own).written - before;
    Ok((
        events as f64 / began.elapsed().as_secs_f64(),
        per(written as f64, events, 1.0),
    ))
}

/// From one client to another over the broker, at `QoS` 1, one at a time.
struct Hop {
    ear: Client,
    mouth: Client,
}

impl Hop {
    fn open(devices: &Caller) -> anyhow::Result<Self> {
        let mut ear = Client::call(devices, "tecs-load-ear")?;
        ear.subscribe(TOPIC)?;
        let mouth = Client::call(devices, "tecs-load-mouth")?;
        Ok(Self { ear, mouth })
    }

    /// From the publish to the ear, µs.
    fn once(&mut self) -> anyhow::Result<u64> {
        let began = Instant::now();
        self.mouth.publish(TOPIC, &[b'x'; BYTES], 1);
        self.mouth.flush()?;
        let id = loop {
            match self.ear.next()? {
                Packet::Publish { id, .. } => break id,
                Packet::ConnAck { .. } => bail!("the broker greets twice"),
                Packet::SubAck | Packet::PubAck | Packet::Other => {}
            }
        };
        let took = u64::try_from(began.elapsed().as_micros())?;
        self.ear.acknowledge(id)?;
        while self.mouth.acknowledged(Duration::from_secs(10))? == 0 {}
        Ok(took)
    }
}
