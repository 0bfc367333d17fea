//! What this machine can do at best, measured beside a load: a sync, a plain file of pages, a hop over the broker, a round
//! trip on the wire. A figure of ours says little without them.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::figures::{Used, Waits, per, round};
use super::mqtt::{Caller, Client, Packet};
use super::wire::round_trips;
use super::words::BYTES;

/// Syncs and pages, each.
const SYNCS: u64 = 200;
/// Between two syncs that are taken beside something else.
const MEANWHILE: Duration = Duration::from_millis(200);
/// Messages over the broker, and round trips.
const TRIPS: usize = 400;
/// A page, and what an event takes in it, bytes: the gateway's own page, and what decision 002 counts with.
const PAGE: usize = 16 << 10;
const EVENT: usize = 250;
/// A topic that no gateway reads.
const TOPIC: &str = "zigbee2mqtt/bench/a/hop";

/// The limits of one run.
#[derive(Debug)]
pub(super) struct Limits {
    sync: Waits,
    hop: Waits,
    trip: Waits,
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
        let hop = tokio::task::spawn_blocking(move || hops(&devices)).await??;
        let trip = round_trips(tls, gateway, BYTES, TRIPS).await?;
        Ok(Self {
            sync,
            hop,
            trip,
            segment,
        })
    }

    /// What an alarm's way costs at least, ms: a sync, a round trip and a hop, each at p50. The sync is that of the same
    /// seconds: a disk's own pace changes by twenty times from one minute to the next.
    pub(super) fn alarm_floor_ms(&self, sync: &Waits) -> f64 {
        let parts = [sync, &self.hop, &self.trip];
        parts.iter().map(|p| p.at(500) as f64).sum::<f64>() / 1_000.0
    }

    pub(super) fn told(&self) -> Value {
        json!({
            "fdatasync": self.sync.told(),
            "mqtt_hop": self.hop.told(),
            "grpc_round_trip": self.trip.told(),
            "segment_file": { "events_per_s": round(self.segment.0), "bytes_per_event": round(self.segment.1) },
        })
    }
}

/// A sync now and then, until it is enough: what the disk does while something else is measured.
pub(super) fn syncs_meanwhile(folder: &Path, enough: &AtomicBool) -> anyhow::Result<Waits> {
    let path = folder.join("limits");
    let mut file = reserved(&path)?;
    let mut waits = Vec::new();
    while !enough.load(Ordering::Relaxed) {
        waits.push(synced(&mut file)?);
        std::thread::sleep(MEANWHILE);
    }
    std::fs::remove_file(&path)?;
    Ok(waits.into_iter().collect())
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
fn hops(devices: &Caller) -> anyhow::Result<Waits> {
    let mut ear = Client::call(devices, "tecs-load-ear")?;
    ear.subscribe(TOPIC)?;
    let mut mouth = Client::call(devices, "tecs-load-mouth")?;
    let mut waits = Vec::new();
    for _ in 0..TRIPS {
        let began = Instant::now();
        mouth.publish(TOPIC, &[b'x'; BYTES], 1);
        mouth.flush()?;
        let id = loop {
            match ear.next()? {
                Packet::Publish { id, .. } => break id,
                Packet::ConnAck { .. } => bail!("the broker greets twice"),
                Packet::SubAck | Packet::PubAck | Packet::Other => {}
            }
        };
        waits.push(u64::try_from(began.elapsed().as_micros())?);
        ear.acknowledge(id)?;
        while mouth.acknowledged(Duration::from_secs(10))? == 0 {}
    }
    Ok(waits.into_iter().collect())
}
