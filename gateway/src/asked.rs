//! What the local socket and the metrics ask the loop, and its answer: one snapshot, taken between two batches. The core
//! is touched by nobody else.

use std::time::Duration;

use gateway_core::{Gateway, Mono, Status};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::notes::Notes;

/// Questions that wait for the loop, at most.
const WAITING: usize = 16;
/// A loop that does not answer within this hangs.
const PATIENCE: Duration = Duration::from_secs(2);

/// The daemon at a glance.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// What the core says of itself.
    pub core: Status,
    /// Milliseconds since the daemon started.
    pub uptime_ms: u64,
    /// What was noted, for people: [`Notes::to_json`].
    pub notes: Value,
    /// Refusals: source, name, count.
    pub refused: Vec<(String, &'static str, u64)>,
    /// Events: lane, urgency, count.
    pub raised: Vec<(&'static str, &'static str, u64)>,
}

impl Snapshot {
    /// Asks the core and the notes.
    pub fn take(gateway: &Gateway, notes: &Notes, started: Mono, now: Mono) -> Self {
        Self {
            core: gateway.status(now),
            uptime_ms: now.since(started),
            notes: notes.to_json(),
            refused: notes
                .refused
                .iter()
                .map(|((source, name), n)| (notes.source(*source).to_owned(), *name, *n))
                .collect(),
            raised: notes
                .raised
                .iter()
                .map(|((lane, urgency), n)| (lane.word(), urgency.word(), *n))
                .collect(),
        }
    }

    /// As the local socket answers `status`.
    pub fn to_json(&self) -> Value {
        let c = &self.core.counters;
        json!({
            "epoch": format!("{:016x}", self.core.epoch),
            "pid": std::process::id(),
            "uptime_ms": self.uptime_ms,
            "lanes": self.core.depths.iter().map(|d| json!({
                "lane": d.lane.word(), "records": d.records, "bytes": d.bytes,
                "oldest_age_ms": d.oldest_age_ms, "disk_bytes": d.disk, "held_pages": d.held,
            })).collect::<Vec<_>>(),
            "sources": self.core.sources.iter().map(|(name, up, unanswered)| json!({
                "name": name, "up": up, "unacknowledged": unanswered,
            })).collect::<Vec<_>>(),
            "links": self.core.links.iter().map(|(name, state)| json!({
                "name": name, "state": state,
            })).collect::<Vec<_>>(),
            "journal": self.core.journal,
            "open_alarms": self.core.open_alarms,
            "devices": self.core.devices,
            "counters": {
                "messages": c.messages, "raised": c.raised, "refused": c.refused, "unmapped": c.unmapped,
                "acknowledged": c.acknowledged, "rejoined": c.rejoined, "throttled": c.throttled,
                "folded": c.folded, "pages": c.pages, "journal_faults": c.journal_faults,
                "evicted": c.evicted, "damaged": c.damaged, "parcels": c.parcels, "accepted": c.accepted,
                "refused_by_hub": c.refused_by_hub, "offered_again": c.offered_again,
            },
            "notes": self.notes,
        })
    }
}

/// The asking end; clones ask the same loop.
#[derive(Debug, Clone)]
pub struct Asker(mpsc::Sender<oneshot::Sender<Snapshot>>);

/// The loop's end.
pub type Questions = mpsc::Receiver<oneshot::Sender<Snapshot>>;

/// A way to ask a loop.
pub fn questions() -> (Asker, Questions) {
    let (asker, questions) = mpsc::channel(WAITING);
    (Asker(asker), questions)
}

impl Asker {
    /// The daemon at a glance; `None` when the loop does not answer within 2 s.
    pub async fn snapshot(&self) -> Option<Snapshot> {
        let (answer, answered) = oneshot::channel();
        let asked = async {
            self.0.send(answer).await.ok()?;
            answered.await.ok()
        };
        tokio::time::timeout(PATIENCE, asked).await.ok().flatten()
    }
}
