//! `tecs-gateway queue ls|peek`: what waits for the care hub, lane by lane, and the oldest records themselves. It only looks:
//! pages are read back by the journal's thread, behind whatever that has to keep.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use gateway_core::page::{PageKey, records};
use gateway_core::{Mono, Oldest, PEEK_MOST, Queue};
use serde_json::{Value, json};
use tecs_protocol::Bytes;
use tecs_protocol::event::{Entry, decode};
use tecs_protocol::vocabulary::Lane;

use crate::answer::{ago, list, number, time_of_day, word};
use crate::asked::Asker;
use crate::redact::Redaction;

/// How many records are peeked at when nobody says.
pub const PEEK_USUAL: usize = 10;
/// The journal answers a look within this, or it hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// The queues of a running daemon.
pub async fn ls(asker: &Asker) -> Option<Value> {
    let queues = asker.ask(|view| view.gateway.queues(view.now)).await?;
    Some(json!({ "lanes": queues.iter().map(lane).collect::<Vec<_>>() }))
}

fn lane(queue: &Queue) -> Value {
    let epochs = queue.epochs.iter().map(|span| {
        json!({
            "epoch": format!("{:016x}", span.epoch), "oldest": span.oldest, "newest": span.newest,
        })
    });
    json!({
        "lane": queue.depth.lane.word(), "records": queue.depth.records, "bytes": queue.depth.bytes,
        "oldest_age_ms": queue.depth.oldest_age_ms, "pages": queue.pages, "fresh": queue.fresh,
        "disk_bytes": queue.depth.disk, "budget_bytes": queue.budget, "held_pages": queue.depth.held,
        "epochs": epochs.collect::<Vec<_>>(), "in_flight": queue.in_flight, "evicted": queue.evicted,
        "gaps": queue.gaps,
    })
}

/// The `n` oldest records of one lane, or of each, decoded.
pub async fn peek(
    asker: &Asker,
    lane: Option<Lane>,
    n: usize,
    redaction: &Redaction,
    personal: bool,
) -> Option<Value> {
    let most = n.clamp(1, PEEK_MOST);
    let mut peeked = Vec::new();
    for of in Lane::ALL.iter().copied() {
        if lane.is_some_and(|wanted| wanted != of) {
            continue;
        }
        let (oldest, pages, now) = asker
            .ask(move |view| {
                let oldest = view.gateway.oldest(of, most);
                let keys = oldest.iter().filter_map(|o| match o {
                    Oldest::Page { key, .. } => Some(*key),
                    Oldest::Fresh { .. } => None,
                });
                let keys: Vec<PageKey> = keys.collect();
                let pages = view
                    .journal
                    .filter(|_| !keys.is_empty())
                    .map(|j| j.peek(keys));
                (oldest, pages, view.now)
            })
            .await?;
        let pages = match pages {
            Some(answer) => tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()?,
            None => Vec::new(),
        };
        let pages: BTreeMap<_, _> = pages.into_iter().collect();
        let found = oldest.iter().flat_map(|o| places(o, &pages, now));
        peeked.extend(
            found
                .take(most)
                .map(|place| place.shown(of, redaction, personal)),
        );
    }
    Some(json!({ "records": peeked }))
}

/// One record with its place.
struct Place {
    epoch: u64,
    seq: u64,
    age_ms: u64,
    /// `None`: its page is gone, or cannot be read.
    bytes: Option<Bytes>,
}

fn places(oldest: &Oldest, pages: &BTreeMap<PageKey, Option<Bytes>>, now: Mono) -> Vec<Place> {
    let place = |epoch, seq, since, bytes| Place {
        epoch,
        seq,
        age_ms: now.since(since),
        bytes,
    };
    match oldest {
        Oldest::Fresh {
            epoch,
            seq,
            since,
            bytes,
        } => vec![place(*epoch, *seq, *since, Some(bytes.clone()))],
        Oldest::Page { key, since } => {
            let held = pages.get(key).and_then(Option::as_ref).and_then(records);
            match held {
                None => vec![place(key.epoch, key.first, *since, None)],
                Some(held) => (key.first..)
                    .zip(held)
                    .map(|(seq, bytes)| place(key.epoch, seq, *since, Some(bytes)))
                    .collect(),
            }
        }
    }
}

impl Place {
    fn shown(&self, lane: Lane, redaction: &Redaction, personal: bool) -> Value {
        let (event, gap, unreadable) = match self.bytes.as_ref().map(|bytes| decode(bytes)) {
            Some(Ok(Entry::Event(event))) => (redaction.event(&event, personal), Value::Null, None),
            Some(Ok(Entry::Gap(gap))) => {
                let why = gap.why().as_str_name().to_lowercase();
                let gap = json!({ "from": gap.from, "to": gap.to, "count": gap.count, "why": why });
                (Value::Null, gap, None)
            }
            Some(Err(why)) => (Value::Null, Value::Null, Some(why.to_string())),
            None => {
                let gone = "its page has gone meanwhile, or cannot be read".to_owned();
                (Value::Null, Value::Null, Some(gone))
            }
        };
        json!({
            "lane": lane.word(), "epoch": format!("{:016x}", self.epoch), "seq": self.seq,
            "age_ms": self.age_ms, "event": event, "gap": gap, "unreadable": unreadable,
        })
    }
}

/// Prints the answer to `ls`.
pub fn print_ls(answer: &Value, as_json: bool, out: &mut impl Write) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{answer}");
    }
    for lane in list(answer, "lanes") {
        let n = |key: &str| number(lane, key);
        writeln!(
            out,
            "lane {:8} {} records wait ({} bytes, the oldest {} s): {} pages on disk, {} in memory, {} in flight",
            word(lane, "lane"),
            n("records"),
            n("bytes"),
            n("oldest_age_ms") / 1_000,
            n("pages"),
            n("fresh"),
            n("in_flight"),
        )?;
        writeln!(
            out,
            "  disk {} of {} bytes; {} accepted pages held; {} evicted, {} gaps wait",
            n("disk_bytes"),
            n("budget_bytes"),
            n("held_pages"),
            n("evicted"),
            n("gaps"),
        )?;
        for epoch in list(lane, "epochs") {
            let (oldest, newest) = (number(epoch, "oldest"), number(epoch, "newest"));
            writeln!(out, "  run {}: {oldest} to {newest}", word(epoch, "epoch"))?;
        }
    }
    Ok(())
}

/// Prints the answer to `peek`.
pub fn print_peek(answer: &Value, as_json: bool, out: &mut impl Write) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{answer}");
    }
    let records = list(answer, "records");
    if records.is_empty() {
        return writeln!(out, "nothing waits");
    }
    for record in records {
        let what = match (record.get("event"), record.get("gap")) {
            (Some(event @ Value::Object(_)), _) => said(event),
            (_, Some(gap @ Value::Object(_))) => {
                format!(
                    "a gap of {} records: {}",
                    number(gap, "count"),
                    word(gap, "why")
                )
            }
            _ => word(record, "unreadable").to_owned(),
        };
        writeln!(
            out,
            "{:8} {}-{} {}: {what}",
            word(record, "lane"),
            word(record, "epoch"),
            number(record, "seq"),
            ago(record.get("age_ms")),
        )?;
    }
    Ok(())
}

/// An event in one line, from its JSON.
pub fn said(event: &Value) -> String {
    let mut line = vec![format!(
        "{} {} {}/{}",
        time_of_day(event.get("heard_ms")),
        word(event, "device"),
        word(event, "what"),
        word(event, "kind")
    )];
    for key in ["condition", "state"] {
        if !word(event, key).is_empty() {
            line.push(format!(" {}", word(event, key)));
        }
    }
    if let Some(value @ Value::Number(_)) = event.get("value") {
        line.push(format!(" {value} {}", word(event, "unit")));
    }
    if word(event, "urgency") != "routine" {
        line.push(format!(" ({})", word(event, "urgency")));
    }
    for flag in list(event, "flags").iter().filter_map(Value::as_str) {
        line.push(format!(" [{flag}]"));
    }
    for key in ["room", "detail", "raw"] {
        if !word(event, key).is_empty() {
            line.push(format!(" {key}: {}", word(event, key)));
        }
    }
    let tame = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    line.concat().chars().map(tame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_that_a_terminal_does_not_obey() {
        let event = json!({
            "heard_ms": 0, "device": "fall-hall", "what": "alarm", "kind": "fall", "condition": "raised",
            "state": null, "value": null, "unit": null, "urgency": "emergency", "flags": ["test"],
            "raw": "a\u{1b}[2J\nb",
        });
        let line =
            "00:00:00Z fall-hall alarm/fall raised (emergency) [test] raw: a\u{fffd}[2J\u{fffd}b";
        assert_eq!(said(&event), line);
    }
}
