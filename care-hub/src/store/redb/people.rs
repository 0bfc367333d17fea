//! What people and the hub itself write: acts on cases, presenting, lapsing, supervision, asks.

use redb::ReadableTable;
use tecs_protocol::vocabulary::Condition;

use super::append::Changes;
use super::tables::{Tables, engine, json, read};
use crate::desk::{self, Lapses};
use crate::store::{
    Act, Acted, Ask, AskAnswer, Case, CaseId, Change, Entry, GatewayRow, Person, StoreError,
};

fn keep(
    tables: &mut Tables<'_>,
    case: &Case,
    written: &[Entry],
    changes: &mut Changes,
) -> Result<(), StoreError> {
    changes.insert(Change::Case {
        id: case.id,
        gateway: case.subject.gateway.clone(),
        queue: case.queue,
        moved: true,
    });
    tables.keep(case, written)
}

/// Compare-and-set is one writer's turn: what it reads cannot change before it writes.
pub(super) fn act(
    tables: &mut Tables<'_>,
    (id, by, act): (CaseId, &Person, &Act),
    at_ms: i64,
    lapses: Lapses,
    changes: &mut Changes,
) -> Result<Acted, StoreError> {
    let Some(mut case) = tables.case(id)? else {
        return Ok(Acted::NotFound);
    };
    match desk::act(&mut case, by, act.clone(), at_ms, lapses) {
        Err(refused) => Ok(refused),
        Ok(written) => {
            keep(tables, &case, &written, changes)?;
            Ok(Acted::Done(Box::new(case)))
        }
    }
}

pub(super) fn present(
    tables: &mut Tables<'_>,
    ids: &[CaseId],
    at_ms: i64,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    for id in ids {
        let Some(mut case) = tables.case(*id)? else {
            continue;
        };
        if let Some(entry) = desk::presented(&mut case, at_ms) {
            keep(tables, &case, &[entry], changes)?;
        }
    }
    Ok(())
}

pub(super) fn lapse(
    tables: &mut Tables<'_>,
    at_ms: i64,
    changes: &mut Changes,
) -> Result<usize, StoreError> {
    let claimed: Vec<CaseId> = tables
        .claimed
        .iter()
        .map_err(engine)?
        .map(|row| row.map(|(key, _)| CaseId(key.value())))
        .collect::<Result<_, _>>()
        .map_err(engine)?;
    let mut gone = 0;
    for id in claimed {
        let Some(mut case) = tables.case(id)? else {
            continue;
        };
        if let Some(entry) = desk::lapsed(&mut case, at_ms) {
            keep(tables, &case, &[entry], changes)?;
            gone += 1;
        }
    }
    Ok(gone)
}

fn gateway(tables: &Tables<'_>, id: &str) -> Result<GatewayRow, StoreError> {
    let found = tables.gateways.get(id).map_err(engine)?;
    found.map_or_else(
        || {
            Ok(GatewayRow {
                gateway: id.to_owned(),
                ..GatewayRow::default()
            })
        },
        |row| read("gateway", row.value()),
    )
}

fn keep_gateway(tables: &mut Tables<'_>, row: &GatewayRow) -> Result<(), StoreError> {
    let value = json(row)?;
    tables
        .gateways
        .insert(row.gateway.as_str(), value.as_slice())
        .map_err(engine)?;
    Ok(())
}

pub(super) fn heard(tables: &mut Tables<'_>, row: &GatewayRow) -> Result<(), StoreError> {
    let old = gateway(tables, &row.gateway)?;
    keep_gateway(
        tables,
        &GatewayRow {
            missing: old.missing,
            heard_ms: row.heard_ms.max(old.heard_ms),
            ..row.clone()
        },
    )
}

pub(super) fn supervise(
    tables: &mut Tables<'_>,
    (id, missing, detail): (&str, bool, &str),
    at_ms: i64,
    changes: &mut Changes,
) -> Result<bool, StoreError> {
    let mut row = gateway(tables, id)?;
    if row.missing == missing {
        return Ok(false);
    }
    row.missing = missing;
    keep_gateway(tables, &row)?;
    changes.insert(Change::Link {
        gateway: id.to_owned(),
    });
    let key = desk::fold_key(&desk::silent_gateway(id));
    if missing {
        let number = CaseId(tables.next("next_case")?);
        tables
            .subjects
            .insert(key.as_str(), number.0)
            .map_err(engine)?;
        let (case, entry) = desk::opened_by_hub(number, id, detail.to_owned(), at_ms);
        keep(tables, &case, &[entry], changes)?;
        return Ok(true);
    }
    let last = tables.subjects.get(key.as_str()).map_err(engine)?;
    let Some(last) = last.map(|v| CaseId(v.value())) else {
        return Ok(true);
    };
    if let Some(mut case) = tables.case(last)? {
        let mut written = vec![desk::hub_says(&mut case, detail.to_owned(), at_ms)];
        if case.closed.is_none() {
            case.condition = Condition::Restored;
            detail.clone_into(&mut case.text);
            case.last_ms = at_ms;
            written.extend(desk::close_by_itself(&mut case, at_ms));
        }
        keep(tables, &case, &written, changes)?;
    }
    Ok(true)
}

pub(super) fn ask(
    tables: &mut Tables<'_>,
    template: &Ask,
    changes: &mut Changes,
) -> Result<u64, StoreError> {
    let id = tables.next("next_ask")?;
    let asked = Ask {
        id,
        ..template.clone()
    };
    tables
        .asks
        .insert((asked.gateway.as_str(), id), json(&asked)?.as_slice())
        .map_err(engine)?;
    changes.insert(Change::Ask {
        gateway: asked.gateway,
    });
    Ok(id)
}

/// The first answer stands: every open connection is asked, and the same home may answer on each.
pub(super) fn answered(
    tables: &mut Tables<'_>,
    (gateway, id): (&str, u64),
    answer: &AskAnswer,
    changes: &mut Changes,
) -> Result<bool, StoreError> {
    let found = tables.asks.get((gateway, id)).map_err(engine)?;
    let Some(mut asked) = found.map(|v| read::<Ask>("ask", v.value())).transpose()? else {
        return Ok(false);
    };
    if asked.answer.is_none() {
        asked.answer = Some(answer.clone());
        tables
            .asks
            .insert((gateway, id), json(&asked)?.as_slice())
            .map_err(engine)?;
        changes.insert(Change::Ask {
            gateway: gateway.to_owned(),
        });
    }
    Ok(true)
}
