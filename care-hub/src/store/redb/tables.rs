//! The ledger's tables in redb and their keys. Values that people may have to read one day are JSON; records keep their
//! bytes in a small protobuf row. Nothing here decides anything.

use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};
use serde::{Serialize, de::DeserializeOwned};
use tecs_protocol::Bytes;
use tecs_protocol::hub::v1;
use tecs_protocol::prost::Message;
use tecs_protocol::vocabulary::Lane;

use crate::store::{Case, CaseId, Entry, Name, Queue, StoreError, Stored};

/// `ledger` (its id), `next_case`, `next_ask`.
pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// gateway, epoch, lane, seq → a [`Row`].
pub(super) const RECORDS: TableDefinition<Numbered, &[u8]> = TableDefinition::new("records");
/// gateway, epoch, lane, first seq → last seq, of records and gaps together, joined.
pub(super) const HELD: TableDefinition<Numbered, u64> = TableDefinition::new("held");
/// gateway, epoch, lane, from, to → a [`Row`].
pub(super) const GAPS: TableDefinition<(&str, u64, u8, u64, u64), &[u8]> =
    TableDefinition::new("gaps");
/// case → a [`Case`].
pub(super) const CASES: TableDefinition<u64, &[u8]> = TableDefinition::new("cases");
/// case, number → an [`Entry`]; written once.
pub(super) const TIMELINE: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("timeline");
/// case, gateway, epoch, lane, seq: which names a case holds.
pub(super) const NAMES: TableDefinition<(u64, &str, u64, u8, u64), ()> =
    TableDefinition::new("names");
/// fold key → the last case of that subject, open or closed.
pub(super) const SUBJECTS: TableDefinition<&str, u64> = TableDefinition::new("subjects");
/// queue, gateway, case: the open ones.
pub(super) const OPEN: TableDefinition<(u8, &str, u64), ()> = TableDefinition::new("open");
/// case: those that somebody has.
pub(super) const CLAIMED: TableDefinition<u64, ()> = TableDefinition::new("claimed");
/// time of closing, case.
pub(super) const CLOSED: TableDefinition<(i64, u64), ()> = TableDefinition::new("closed");
/// gateway, key → a `Latest`.
pub(super) const LATEST: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("latest");
/// gateway → a `GatewayRow`.
pub(super) const GATEWAYS: TableDefinition<&str, &[u8]> = TableDefinition::new("gateways");
/// gateway, ask → an `Ask`.
pub(super) const ASKS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("asks");

/// gateway, epoch, lane, number.
pub(super) type Numbered = (&'static str, u64, u8, u64);

/// A record as it lies in the ledger.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Row {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) bytes: Bytes,
    #[prost(sint64, tag = "2")]
    pub(super) received_ms: i64,
    #[prost(uint32, tag = "3")]
    pub(super) attempt: u32,
    #[prost(message, optional, tag = "4")]
    pub(super) sent_at: Option<v1::Clock>,
    #[prost(string, optional, tag = "5")]
    pub(super) refused: Option<String>,
}

impl Row {
    pub(super) fn read(bytes: &[u8]) -> Result<Stored, StoreError> {
        let row = Self::decode(bytes).map_err(|e| StoreError::Unreadable {
            what: "record",
            why: e.to_string(),
        })?;
        Ok(Stored {
            bytes: row.bytes,
            received_ms: row.received_ms,
            attempt: row.attempt,
            sent_at: row.sent_at.map(Into::into),
            refused: row.refused,
        })
    }
}

/// Every table, open for one write transaction.
pub(super) struct Tables<'t> {
    pub(super) meta: Table<'t, &'static str, u64>,
    pub(super) records: Table<'t, Numbered, &'static [u8]>,
    pub(super) held: Table<'t, Numbered, u64>,
    pub(super) gaps: Table<'t, (&'static str, u64, u8, u64, u64), &'static [u8]>,
    pub(super) cases: Table<'t, u64, &'static [u8]>,
    pub(super) timeline: Table<'t, (u64, u64), &'static [u8]>,
    pub(super) names: Table<'t, (u64, &'static str, u64, u8, u64), ()>,
    pub(super) subjects: Table<'t, &'static str, u64>,
    pub(super) open: Table<'t, (u8, &'static str, u64), ()>,
    pub(super) claimed: Table<'t, u64, ()>,
    pub(super) closed: Table<'t, (i64, u64), ()>,
    pub(super) latest: Table<'t, (&'static str, &'static str), &'static [u8]>,
    pub(super) gateways: Table<'t, &'static str, &'static [u8]>,
    pub(super) asks: Table<'t, (&'static str, u64), &'static [u8]>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(txn: &'t WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            meta: txn.open_table(META).map_err(engine)?,
            records: txn.open_table(RECORDS).map_err(engine)?,
            held: txn.open_table(HELD).map_err(engine)?,
            gaps: txn.open_table(GAPS).map_err(engine)?,
            cases: txn.open_table(CASES).map_err(engine)?,
            timeline: txn.open_table(TIMELINE).map_err(engine)?,
            names: txn.open_table(NAMES).map_err(engine)?,
            subjects: txn.open_table(SUBJECTS).map_err(engine)?,
            open: txn.open_table(OPEN).map_err(engine)?,
            claimed: txn.open_table(CLAIMED).map_err(engine)?,
            closed: txn.open_table(CLOSED).map_err(engine)?,
            latest: txn.open_table(LATEST).map_err(engine)?,
            gateways: txn.open_table(GATEWAYS).map_err(engine)?,
            asks: txn.open_table(ASKS).map_err(engine)?,
        })
    }

    /// The next number of a kind; from 1, never given twice.
    pub(super) fn next(&mut self, what: &'static str) -> Result<u64, StoreError> {
        let last = self
            .meta
            .get(what)
            .map_err(engine)?
            .map_or(0, |v| v.value());
        self.meta.insert(what, last + 1).map_err(engine)?;
        Ok(last + 1)
    }

    pub(super) fn case(&self, id: CaseId) -> Result<Option<Case>, StoreError> {
        let found = self.cases.get(id.0).map_err(engine)?;
        found.map(|v| read("case", v.value())).transpose()
    }

    /// Stores a case with what was newly written into its timeline, and files it where it now stands.
    pub(super) fn keep(&mut self, case: &Case, written: &[Entry]) -> Result<(), StoreError> {
        let id = case.id.0;
        for entry in written {
            let line = json(entry)?;
            self.timeline
                .insert((id, entry.number), line.as_slice())
                .map_err(engine)?;
        }
        self.cases
            .insert(id, json(case)?.as_slice())
            .map_err(engine)?;
        let place = (queue_key(case.queue), case.subject.gateway.as_str(), id);
        match &case.closed {
            None => self.open.insert(place, ()).map_err(engine)?,
            Some(closed) => {
                self.closed.insert((closed.at_ms, id), ()).map_err(engine)?;
                self.open.remove(place).map_err(engine)?
            }
        };
        if case.claim.is_some() {
            self.claimed.insert(id, ()).map_err(engine)?;
        } else {
            self.claimed.remove(id).map_err(engine)?;
        }
        Ok(())
    }

    /// The open cases of one home in one queue.
    pub(super) fn open_in(&self, queue: Queue, gateway: &str) -> Result<Vec<CaseId>, StoreError> {
        let q = queue_key(queue);
        let rows = self.open.range((q, gateway, 0)..=(q, gateway, u64::MAX));
        rows.map_err(engine)?
            .map(|row| row.map(|(key, _)| CaseId(key.value().2)))
            .collect::<Result<_, _>>()
            .map_err(engine)
    }
}

pub(super) const fn queue_key(queue: Queue) -> u8 {
    match queue {
        Queue::Alarms => 1,
        Queue::Technical => 2,
    }
}

/// A lane as part of a key: the wire's number.
pub(super) const fn lane_key(lane: Lane) -> u8 {
    match lane {
        Lane::Alarm => 1,
        Lane::Vital => 2,
        Lane::Routine => 3,
    }
}

pub(super) fn name_key(name: &Name) -> (&str, u64, u8, u64) {
    (&name.gateway, name.epoch, lane_key(name.lane), name.seq)
}

pub(super) fn engine(e: impl std::fmt::Display) -> StoreError {
    StoreError::Engine(e.to_string())
}

pub(super) fn json(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(engine)
}

pub(super) fn read<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|e| StoreError::Unreadable {
        what,
        // Not in serde's own words, which repeat the content.
        why: format!("{:?} at byte {}", e.classify(), e.column()),
    })
}
