//! What an engineer may ask the core: depths, states, counts. No personal data.

use tecs_protocol::vocabulary::Lane;

use crate::gateway::Gateway;
use crate::time::Mono;

/// What was counted since this run began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages read from all sources.
    pub messages: u64,
    /// Events raised.
    pub raised: u64,
    /// Messages or parts of messages refused by name.
    pub refused: u64,
    /// Fields that no table knows.
    pub unmapped: u64,
    /// Messages acknowledged to their source.
    pub acknowledged: u64,
    /// Redelivered messages that joined the records they already had.
    pub rejoined: u64,
    /// Routine words dropped because a source babbled.
    pub throttled: u64,
    /// Alarms counted in the record of an identical one: a press storm, or a full disk.
    pub folded: u64,
    /// Pages ordered to the journal.
    pub pages: u64,
    /// Times the journal could not.
    pub journal_faults: u64,
    /// Records whose place a Gap took because space ran out.
    pub evicted: u64,
    /// Records whose place a Gap took because the disk lost them.
    pub damaged: u64,
    /// Parcels sent.
    pub parcels: u64,
    /// Records that the hub has taken.
    pub accepted: u64,
    /// Records that the hub could not read and has kept.
    pub refused_by_hub: u64,
    /// Accepted alarms offered again because the hub's ledger had gone back.
    pub offered_again: u64,
}

/// How deep one lane's queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Which lane.
    pub lane: Lane,
    /// Records that the hub has not.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How long the oldest has waited, ms.
    pub oldest_age_ms: u64,
    /// Bytes on disk.
    pub disk: u64,
    /// Alarms that the hub has and that are held for a day, as pages.
    pub held: usize,
}

/// The last test call of this run, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestCall {
    /// Its lane.
    pub lane: Lane,
    /// Its number in this run.
    pub seq: u64,
    /// A hub has it durably.
    pub accepted: bool,
}

/// The core at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// This run.
    pub epoch: u64,
    /// The three lanes.
    pub depths: Vec<Depth>,
    /// Each source by name: is its path open, how many messages wait for an answer.
    pub sources: Vec<(String, bool, usize)>,
    /// Each endpoint by name and what its link is doing.
    pub links: Vec<(String, &'static str)>,
    /// `fine`, `opening`, `full`, `broken` or `hanging`.
    pub journal: &'static str,
    /// Alarms open in the home.
    pub open_alarms: usize,
    /// Devices known.
    pub devices: usize,
    /// The last test call.
    pub test_call: Option<TestCall>,
    /// What was counted.
    pub counters: Counters,
}

impl Gateway {
    /// The core at a glance.
    pub fn status(&self, now: Mono) -> Status {
        let sources = self.settings.sources.iter().zip(&self.sources);
        let links = self.settings.endpoints.iter().zip(&self.links);
        Status {
            epoch: self.who.epoch,
            depths: self.depths(now),
            sources: sources
                .map(|(told, s)| (told.name.clone(), s.up, s.custody.unanswered()))
                .collect(),
            links: links.map(|(name, l)| (name.clone(), l.word())).collect(),
            journal: self.journal.word(),
            open_alarms: self.home.open(),
            devices: self.senses.roster.count(),
            test_call: self.test,
            counters: self.counters,
        }
    }

    pub(crate) fn depths(&self, now: Mono) -> Vec<Depth> {
        let depth = |lane: &crate::lane::LaneBox| {
            let (records, bytes, oldest) = lane.depth();
            Depth {
                lane: lane.lane,
                records,
                bytes,
                oldest_age_ms: oldest.map_or(0, |o| now.since(o)),
                disk: lane.used,
                held: lane.accepted.len(),
            }
        };
        self.lanes.iter().map(depth).collect()
    }
}
