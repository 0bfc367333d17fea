//! Questions to a snapshot of the ledger: they never wait for the writer and never see half a transaction.

use redb::{Database, ReadTransaction, ReadableDatabase as _, ReadableTable};

use super::held;
use super::tables::{
    ASKS, CASES, CLAIMED, CLOSED, GATEWAYS, HELD, LATEST, NAMES, OPEN, RECORDS, Row, TIMELINE,
    engine, lane_key, name_key, queue_key, read,
};
use crate::store::{
    Ask, Case, CaseId, Entry, GatewayRow, Latest, Name, Queue, Range, StageRow, StoreError, Stored,
};
use tecs_protocol::vocabulary::Lane;

/// One snapshot.
pub(super) struct Look(ReadTransaction);

impl Look {
    pub(super) fn at(db: &Database) -> Result<Self, StoreError> {
        db.begin_read().map(Self).map_err(engine)
    }

    pub(super) fn held(
        &self,
        gateway: &str,
        epoch: u64,
        lane: Lane,
    ) -> Result<Vec<Range>, StoreError> {
        let table = self.0.open_table(HELD).map_err(engine)?;
        held::all(&table, (gateway, epoch, lane_key(lane)))
    }

    pub(super) fn record(&self, name: &Name) -> Result<Option<Stored>, StoreError> {
        let table = self.0.open_table(RECORDS).map_err(engine)?;
        let found = table.get(name_key(name)).map_err(engine)?;
        found.map(|row| Row::read(row.value())).transpose()
    }

    pub(super) fn records(
        &self,
        gateway: &str,
        after: Option<&Name>,
        limit: usize,
    ) -> Result<Vec<(Name, Stored)>, StoreError> {
        let from = after.map_or((gateway, 0, 0, 0), |name| {
            (
                gateway,
                name.epoch,
                lane_key(name.lane),
                name.seq.saturating_add(1),
            )
        });
        let to = (gateway, u64::MAX, u8::MAX, u64::MAX);
        let table = self.0.open_table(RECORDS).map_err(engine)?;
        let mut found = Vec::new();
        for row in table.range(from..=to).map_err(engine)?.take(limit) {
            let (key, value) = row.map_err(engine)?;
            let (gateway, epoch, lane, seq) = key.value();
            let lane = Lane::from_wire(lane.into()).ok_or_else(|| StoreError::Unreadable {
                what: "record's name",
                why: format!("lane {lane} is unknown to this version"),
            })?;
            let gateway = gateway.to_owned();
            let name = Name {
                gateway,
                epoch,
                lane,
                seq,
            };
            found.push((name, Row::read(value.value())?));
        }
        Ok(found)
    }

    pub(super) fn case(&self, id: CaseId) -> Result<Option<Case>, StoreError> {
        let table = self.0.open_table(CASES).map_err(engine)?;
        let found = table.get(id.0).map_err(engine)?;
        found.map(|v| read("case", v.value())).transpose()
    }

    /// For lists: one damaged case must not hide all others.
    fn readable(&self, id: CaseId) -> Result<Option<Case>, StoreError> {
        match self.case(id) {
            Err(StoreError::Unreadable { what, why }) => {
                tracing::error!(%id, what, why, "the ledger is damaged");
                Ok(None)
            }
            found => found,
        }
    }

    pub(super) fn timeline(&self, id: CaseId) -> Result<Vec<Entry>, StoreError> {
        let table = self.0.open_table(TIMELINE).map_err(engine)?;
        let rows = table.range((id.0, 0)..=(id.0, u64::MAX)).map_err(engine)?;
        rows.map(|row| read("timeline entry", row.map_err(engine)?.1.value()))
            .collect()
    }

    pub(super) fn open(&self, queue: Queue) -> Result<Vec<Case>, StoreError> {
        let q = queue_key(queue);
        let table = self.0.open_table(OPEN).map_err(engine)?;
        let rows = table.range((q, "", 0)..(q + 1, "", 0)).map_err(engine)?;
        let mut cases = Vec::new();
        for row in rows {
            let (key, _) = row.map_err(engine)?;
            cases.extend(self.readable(CaseId(key.value().2))?);
        }
        cases.sort_by_key(|case| (std::cmp::Reverse(case.urgency), case.opened_ms, case.id));
        Ok(cases)
    }

    /// True when a claim's time is up.
    pub(super) fn lapse_due(&self, at_ms: i64) -> Result<bool, StoreError> {
        let table = self.0.open_table(CLAIMED).map_err(engine)?;
        for row in table.iter().map_err(engine)? {
            let (key, _) = row.map_err(engine)?;
            let claim = self.readable(CaseId(key.value()))?.and_then(|c| c.claim);
            if claim.is_some_and(|claim| claim.until_ms <= at_ms) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn closed(&self, limit: usize) -> Result<Vec<Case>, StoreError> {
        let table = self.0.open_table(CLOSED).map_err(engine)?;
        let mut cases = Vec::new();
        for row in table.iter().map_err(engine)?.rev().take(limit) {
            let (key, _) = row.map_err(engine)?;
            cases.extend(self.readable(CaseId(key.value().1))?);
        }
        Ok(cases)
    }

    pub(super) fn latest(&self, gateway: &str) -> Result<Vec<Latest>, StoreError> {
        let table = self.0.open_table(LATEST).map_err(engine)?;
        let mut found = Vec::new();
        for row in table.range((gateway, "")..).map_err(engine)? {
            let (key, value) = row.map_err(engine)?;
            if key.value().0 != gateway {
                break;
            }
            found.push(read("newest value", value.value())?);
        }
        Ok(found)
    }

    pub(super) fn stages(
        &self,
        gateway: &str,
        only: Option<CaseId>,
    ) -> Result<Vec<StageRow>, StoreError> {
        let cases = match only {
            Some(id) => self.case(id)?.into_iter().collect(),
            None => self.open_of(gateway)?,
        };
        let mut rows = Vec::new();
        for case in cases.iter().filter(|c| c.subject.gateway == gateway) {
            rows.extend(
                self.names(case.id)?
                    .into_iter()
                    .map(|name| case.stage(name)),
            );
        }
        Ok(rows)
    }

    fn open_of(&self, gateway: &str) -> Result<Vec<Case>, StoreError> {
        let table = self.0.open_table(OPEN).map_err(engine)?;
        let mut cases = Vec::new();
        for queue in [Queue::Alarms, Queue::Technical] {
            let q = queue_key(queue);
            let rows = table.range((q, gateway, 0)..=(q, gateway, u64::MAX));
            for row in rows.map_err(engine)? {
                let (key, _) = row.map_err(engine)?;
                cases.extend(self.readable(CaseId(key.value().2))?);
            }
        }
        Ok(cases)
    }

    /// The names of the alarm lane in a case: the home follows no others.
    fn names(&self, id: CaseId) -> Result<Vec<Name>, StoreError> {
        let table = self.0.open_table(NAMES).map_err(engine)?;
        let rows = table.range((id.0, "", 0, 0, 0)..(id.0 + 1, "", 0, 0, 0));
        let mut names = Vec::new();
        for row in rows.map_err(engine)? {
            let (key, _) = row.map_err(engine)?;
            let (_, gateway, epoch, lane, seq) = key.value();
            if lane == lane_key(Lane::Alarm) {
                names.push(Name {
                    gateway: gateway.to_owned(),
                    epoch,
                    lane: Lane::Alarm,
                    seq,
                });
            }
        }
        Ok(names)
    }

    pub(super) fn gateway(&self, gateway: &str) -> Result<Option<GatewayRow>, StoreError> {
        let table = self.0.open_table(GATEWAYS).map_err(engine)?;
        let found = table.get(gateway).map_err(engine)?;
        found.map(|v| read("gateway", v.value())).transpose()
    }

    pub(super) fn gateways(&self) -> Result<Vec<GatewayRow>, StoreError> {
        let table = self.0.open_table(GATEWAYS).map_err(engine)?;
        let rows = table.iter().map_err(engine)?;
        rows.map(|row| read("gateway", row.map_err(engine)?.1.value()))
            .collect()
    }

    pub(super) fn asks(&self, gateway: &str, limit: usize) -> Result<Vec<Ask>, StoreError> {
        let table = self.0.open_table(ASKS).map_err(engine)?;
        let rows = table.range((gateway, 0)..=(gateway, u64::MAX));
        rows.map_err(engine)?
            .rev()
            .take(limit)
            .map(|row| read("ask", row.map_err(engine)?.1.value()))
            .collect()
    }
}
