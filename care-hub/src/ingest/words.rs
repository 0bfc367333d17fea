//! The hub's own words on the wire, made from what the ledger says. It sends nothing.

use tecs_protocol::hub::v1::{self, from_hub::Says};

use crate::config::{Limits, Supervision};
use crate::store::{Ask, AskWhat, Name, Progress, Range, StageRow};

/// Ranges in one Welcome, at most: a home offers the rest again, and its repeats are dropped by name.
pub(crate) const RANGES_IN_WELCOME: usize = 20_000;

pub(crate) fn welcome(
    ledger: u64,
    held: Vec<v1::Held>,
    limits: Limits,
    supervision: Supervision,
    hub_time_ms: i64,
) -> Says {
    Says::Welcome(v1::Welcome {
        ledger,
        held,
        limits: Some(v1::Limits {
            message_bytes: u32::try_from(tecs_protocol::hub::MESSAGE_LIMIT).unwrap_or(u32::MAX),
            parcel_bytes: limits.parcel_bytes,
            unreceipted_bytes: limits.unreceipted_bytes,
        }),
        beat_every_ms: supervision.beat_every_s.saturating_mul(1_000),
        hub_time_ms,
    })
}

pub(crate) fn receipt(ledger: u64, epoch: u64, lane: i32, ranges: &[Range]) -> Says {
    Says::Receipt(v1::Receipt {
        ledger,
        epoch,
        lane,
        ranges: ranges.iter().map(|r| range(*r)).collect(),
    })
}

pub(crate) fn refused(ledger: u64, name: &Name, reason: &str) -> Says {
    Says::Refused(v1::Refused {
        ledger,
        name: Some(wire_name(name)),
        reason: reason.to_owned(),
    })
}

pub(crate) fn stage(row: &StageRow) -> Says {
    Says::Stage(v1::Stage {
        name: Some(wire_name(&row.name)),
        progress: progress(row.progress).into(),
        by: row.by.clone(),
        at_ms: row.at_ms,
    })
}

pub(crate) fn pause(lane: v1::Lane, for_ms: u32) -> Says {
    Says::Pause(v1::Pause {
        lane: lane.into(),
        for_ms,
    })
}

pub(crate) fn ask(ask: &Ask) -> Says {
    let what = match &ask.what {
        AskWhat::TestCall => v1::ask::What::TestCall(v1::TestCall {}),
        AskWhat::Resend {
            epoch,
            lane,
            ranges,
        } => v1::ask::What::Resend(v1::Held {
            epoch: *epoch,
            lane: lane.wire(),
            ranges: ranges.iter().map(|r| range(*r)).collect(),
        }),
    };
    Says::Ask(v1::Ask {
        id: ask.id,
        what: Some(what),
    })
}

pub(crate) const fn range(r: Range) -> v1::Range {
    v1::Range {
        from: r.from,
        to: r.to,
    }
}

fn wire_name(name: &Name) -> v1::Name {
    v1::Name {
        epoch: name.epoch,
        lane: name.lane.wire(),
        seq: name.seq,
    }
}

const fn progress(progress: Progress) -> v1::stage::Progress {
    match progress {
        Progress::Accepted => v1::stage::Progress::Accepted,
        Progress::Presented => v1::stage::Progress::Presented,
        Progress::Claimed => v1::stage::Progress::Claimed,
        Progress::Attending => v1::stage::Progress::Attending,
        Progress::Closed => v1::stage::Progress::Closed,
    }
}
