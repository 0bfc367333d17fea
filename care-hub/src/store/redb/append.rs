//! A batch of records into one transaction: dropped by name, held, and told to their cases.

use std::collections::{BTreeMap, BTreeSet};

use redb::ReadableTable;
use tecs_protocol::prost::Message as _;
use tecs_protocol::vocabulary::{Condition, HealthKind, Lane, Urgency};

use super::held::{hold, missing};
use super::tables::{Row, Tables, engine, json, name_key, read};
use crate::desk;
use crate::store::{
    Arrival, CaseId, Change, Device, Fate, GapTold, Kind, KindOf, Latest, Meaning, Queue, Range,
    Sighting, StageRow, StoreError, Subject,
};

/// What a transaction changed, told to everybody once it is durable.
pub(super) type Changes = BTreeSet<Change>;

/// Stores a batch; the answers are in its order.
pub(super) fn append(
    tables: &mut Tables<'_>,
    batch: &[Arrival],
    changes: &mut Changes,
) -> Result<Vec<Fate>, StoreError> {
    let mut fates = Vec::with_capacity(batch.len());
    let mut new: BTreeMap<(&str, u64, u8), Vec<u64>> = BTreeMap::new();
    for arrival in batch {
        if let Meaning::Gap(told) = &arrival.meaning {
            fates.push(gap(tables, arrival, *told, changes)?);
            continue;
        }
        let key = name_key(&arrival.name);
        if tables.records.get(key).map_err(engine)?.is_some() {
            fates.push(Fate::Repeat);
            continue;
        }
        let row = row(arrival).encode_to_vec();
        tables.records.insert(key, row.as_slice()).map_err(engine)?;
        new.entry((key.0, key.1, key.2)).or_default().push(key.3);
        fates.push(Fate::New(means(tables, arrival, changes)?));
    }
    for (place, mut seqs) in new {
        seqs.sort_unstable();
        for range in joined(&seqs) {
            hold(&mut tables.held, place, range)?;
        }
    }
    Ok(fates)
}

fn row(arrival: &Arrival) -> Row {
    Row {
        bytes: arrival.bytes.clone(),
        received_ms: arrival.times.received_ms,
        attempt: arrival.attempt,
        sent_at: arrival.sent_at.map(Into::into),
        refused: arrival.refused.clone(),
    }
}

/// Ascending numbers as ranges.
fn joined(seqs: &[u64]) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for &seq in seqs {
        match ranges.last_mut() {
            Some(last) if last.to.checked_add(1) == Some(seq) => last.to = seq,
            Some(_) | None => ranges.push(Range { from: seq, to: seq }),
        }
    }
    ranges
}

fn means(
    tables: &mut Tables<'_>,
    arrival: &Arrival,
    changes: &mut Changes,
) -> Result<Option<(CaseId, StageRow)>, StoreError> {
    match &arrival.meaning {
        Meaning::Case(sighting) => told(tables, arrival, sighting, changes),
        Meaning::Latest(latest) => newest(tables, latest, changes).map(|()| None),
        Meaning::ResponderHere => arrived(tables, arrival, changes).map(|()| None),
        Meaning::Gap(_) | Meaning::Kept => Ok(None),
    }
}

/// Opens, folds or ends; an end whose beginning the ledger never saw is kept as a record alone.
fn told(
    tables: &mut Tables<'_>,
    arrival: &Arrival,
    sighting: &Sighting,
    changes: &mut Changes,
) -> Result<Option<(CaseId, StageRow)>, StoreError> {
    let key = desk::fold_key(&sighting.subject);
    let last = tables.subjects.get(key.as_str()).map_err(engine)?;
    let last = last.map(|id| CaseId(id.value()));
    let last = match last.map(|id| tables.case(id)) {
        // A damaged case must not keep a new alarm out: it gets a case of its own.
        Some(Err(StoreError::Unreadable { what, why })) => {
            tracing::error!(what, why, "the ledger is damaged");
            None
        }
        Some(found) => found?,
        None => None,
    };
    let mut case = match last {
        Some(case) if case.closed.is_none() || sighting.condition != Condition::Raised => case,
        Some(_) | None if sighting.condition == Condition::Raised => {
            let id = CaseId(tables.next("next_case")?);
            tables.subjects.insert(key.as_str(), id.0).map_err(engine)?;
            desk::opened(id, sighting, arrival)
        }
        Some(_) | None => return Ok(None),
    };
    let was_open = case.closed.is_none();
    let written = desk::sighted(&mut case, sighting, arrival);
    tables.keep(&case, &written)?;
    let (gateway, epoch, lane, seq) = name_key(&arrival.name);
    tables
        .names
        .insert((case.id.0, gateway, epoch, lane, seq), ())
        .map_err(engine)?;
    changes.insert(Change::Case {
        id: case.id,
        gateway: gateway.to_owned(),
        queue: case.queue,
        moved: was_open && case.closed.is_some(),
    });
    Ok(Some((case.id, case.stage(arrival.name.clone()))))
}

/// History never overwrites a live value.
fn newest(
    tables: &mut Tables<'_>,
    latest: &Latest,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    let key = format!("{:?}/{}/{}", latest.of, latest.word, latest.device.id);
    let key = (latest.gateway.as_str(), key.as_str());
    if let Some(old) = tables.latest.get(key).map_err(engine)? {
        let newer = |old: &Latest| old.happened_ms > latest.happened_ms;
        if read("newest value", old.value()).is_ok_and(|old| newer(&old)) {
            return Ok(());
        }
    }
    tables
        .latest
        .insert(key, json(latest)?.as_slice())
        .map_err(engine)?;
    changes.insert(Change::Latest {
        gateway: latest.gateway.clone(),
    });
    Ok(())
}

fn arrived(
    tables: &mut Tables<'_>,
    arrival: &Arrival,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    let gateway = &arrival.name.gateway;
    for id in tables.open_in(Queue::Alarms, gateway)? {
        let Some(mut case) = tables.case(id)? else {
            continue;
        };
        let written = desk::arrived(&mut case, arrival.times.received_ms);
        tables.keep(&case, &written)?;
        changes.insert(Change::Case {
            id,
            gateway: gateway.clone(),
            queue: case.queue,
            moved: true,
        });
    }
    Ok(())
}

/// Accounts for the numbers that are not held already; a record that turns up later is still taken.
fn gap(
    tables: &mut Tables<'_>,
    arrival: &Arrival,
    told_gap: GapTold,
    changes: &mut Changes,
) -> Result<Fate, StoreError> {
    let (gateway, epoch, lane, _) = name_key(&arrival.name);
    let place = (gateway, epoch, lane);
    let Range { from, to } = told_gap.range;
    let key = (gateway, epoch, lane, from, to);
    if tables.gaps.get(key).map_err(engine)?.is_some() {
        return Ok(Fate::Repeat);
    }
    let lost = missing(&tables.held, place, told_gap.range)?;
    tables
        .gaps
        .insert(key, row(arrival).encode_to_vec().as_slice())
        .map_err(engine)?;
    hold(&mut tables.held, place, told_gap.range)?;
    if lost.is_empty() {
        return Ok(Fate::New(None));
    }
    told(
        tables,
        arrival,
        &gap_sighting(arrival, told_gap, &lost),
        changes,
    )
    .map(Fate::New)
}

/// What technicians read of a gap: one open case a lane.
fn gap_sighting(arrival: &Arrival, told_gap: GapTold, lost: &[Range]) -> Sighting {
    let lane = arrival.name.lane;
    let count = lost.iter().fold(0_u64, |sum, r| {
        sum.saturating_add(r.to - r.from).saturating_add(1)
    });
    let numbers: Vec<String> = lost
        .iter()
        .take(RANGES_TOLD)
        .map(|r| format!("{}–{}", r.from, r.to))
        .collect();
    let more = if lost.len() > RANGES_TOLD { " …" } else { "" };
    Sighting {
        subject: Subject {
            gateway: arrival.name.gateway.clone(),
            device: Device {
                id: "gateway".to_owned(),
                kind: "gateway".to_owned(),
                room: String::new(),
            },
            kind: Kind {
                of: KindOf::Health,
                word: HealthKind::Gap.word().to_owned(),
                code: lane.word().to_owned(),
            },
            test: false,
        },
        queue: Queue::Technical,
        urgency: match lane {
            Lane::Alarm => Urgency::Urgent,
            Lane::Vital | Lane::Routine => Urgency::Advisory,
        },
        condition: Condition::Raised,
        text: format!(
            "{count} records of the {lane} lane are gone ({}{more}): {}",
            numbers.join(", "),
            told_gap.why
        ),
        folded: 1,
        last_ms: None,
        raw: Vec::new(),
    }
}

/// Ranges named in a gap's text, at most; its record has all.
const RANGES_TOLD: usize = 8;
