//! What the local socket and the metrics ask the loop, and its answer: one snapshot, taken between two batches. The core
//! is touched by nobody else.

use std::time::Duration;

use gateway_core::{Gateway, Mono, Status};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::journal::JournalHandle;
use crate::notes::Notes;
use crate::taps::Taps;

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
            "test_call": self.core.test_call.map(|t| json!({ "seq": t.seq, "accepted": t.accepted })),
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

/// What a question sees: the core and all that the loop holds, between two batches.
pub struct View<'l> {
    /// The core.
    pub gateway: &'l Gateway,
    /// What was noted.
    pub notes: &'l Notes,
    /// Where `tap` listens.
    pub taps: &'l Taps,
    /// The journal, where there is one.
    pub journal: Option<&'l JournalHandle>,
    /// When the daemon started.
    pub started: Mono,
    /// Now.
    pub now: Mono,
}

/// One question, which brings its own way back.
pub type Question = Box<dyn FnOnce(&View<'_>) + Send>;

/// The asking end; clones ask the same loop.
#[derive(Debug, Clone)]
pub struct Asker(mpsc::Sender<Question>);

/// The loop's end.
pub type Questions = mpsc::Receiver<Question>;

/// A way to ask a loop.
pub fn questions() -> (Asker, Questions) {
    let (asker, questions) = mpsc::channel(WAITING);
    (Asker(asker), questions)
}

impl Asker {
    /// What the loop sees; `None` when it does not answer within 2 s.
    pub async fn ask<T: Send + 'static>(
        &self,
        look: impl FnOnce(&View<'_>) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |view| {
            // Whoever asked may have gone.
            let _ = answer.send(look(view));
        });
        let asked = async {
            self.0.send(question).await.ok()?;
            answered.await.ok()
        };
        tokio::time::timeout(PATIENCE, asked).await.ok().flatten()
    }

    /// The daemon at a glance; `None` when the loop does not answer within 2 s.
    pub async fn snapshot(&self) -> Option<Snapshot> {
        let look =
            |view: &View<'_>| Snapshot::take(view.gateway, view.notes, view.started, view.now);
        self.ask(look).await
    }
}

/// Takes out of an answer to `status` what a device may have said: for whatever leaves the machine.
pub fn hide(status: &mut Value) {
    let notes = status.get_mut("notes").and_then(Value::as_object_mut);
    let Some(notes) = notes else { return };
    notes.remove("unmapped");
    let refused = notes.get_mut("refused").and_then(Value::as_array_mut);
    for refusal in refused
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        refusal.remove("what");
        refusal.remove("sample");
    }
}
