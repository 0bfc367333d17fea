//! One parcel: from the wire into the ledger, and what is answered once it is durable.
//! It never answers before, and never answers for a record that the ledger did not take.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use tecs_protocol::hub::v1::{self, from_hub::Says};
use tecs_protocol::vocabulary::Lane;

use super::words;
use crate::reading::{self, Sent};
use crate::store::{Arrival, Fate, Meaning, Name, Range, Store, StoreError};

/// What is said once a parcel is durable, or why it is not.
pub(crate) struct Done {
    /// How many bytes of the stream it was.
    pub(crate) bytes: usize,
    /// Receipt, refusals and stages.
    pub(crate) says: Result<Vec<Says>, StoreError>,
}

/// Where it is logged, at DEBUG, that a parcel is durable: `TECS_LOG=info,tecs_hub::durable=debug`. Names and a time alone.
const DURABLE: &str = "tecs_hub::durable";

/// How many bytes of a stream a parcel is.
pub(crate) fn bytes_of(parcel: &v1::Parcel) -> usize {
    parcel.records.iter().map(tecs_protocol::Bytes::len).sum()
}

/// Reads a parcel, puts it into the ledger's line at once, and answers when it is durable.
pub(crate) fn take(
    store: &Arc<dyn Store>,
    gateway: &str,
    lane: Lane,
    parcel: v1::Parcel,
    sent: &Sent<'_>,
) -> BoxFuture<'static, Done> {
    let bytes = bytes_of(&parcel);
    let epoch = parcel.epoch;
    let batch: Vec<Arrival> = (parcel.first_seq..)
        .zip(parcel.records)
        .map(|(seq, bytes)| {
            let name = Name {
                gateway: gateway.to_owned(),
                epoch,
                lane,
                seq,
            };
            reading::read(name, bytes, sent)
        })
        .collect();
    let (taken, refused) = answers(&batch);
    let places = (parcel.first_seq, batch.len() as u64);
    let whose = gateway.to_owned();
    let ledger = store.ledger_id();
    let stored = store.append(batch);
    Box::pin(async move {
        let says = stored.await.map(|fates| {
            durable(&whose, epoch, lane, places);
            let mut says = Vec::new();
            if !taken.is_empty() {
                says.push(words::receipt(ledger, epoch, lane.wire(), &taken));
            }
            says.extend(
                refused
                    .iter()
                    .map(|(name, why)| words::refused(ledger, name, why)),
            );
            says.extend(fates.iter().filter_map(|fate| match fate {
                Fate::New(Some((_, row))) if lane == Lane::Alarm => Some(words::stage(row)),
                Fate::New(_) | Fate::Repeat => None,
            }));
            says
        });
        Done { bytes, says }
    })
}

/// Whoever measures finds here when what became durable, by this machine's clock.
fn durable(gateway: &str, epoch: u64, lane: Lane, (first, count): (u64, u64)) {
    tracing::debug!(
        target: DURABLE,
        gateway,
        epoch = format_args!("{epoch:016x}"),
        lane = lane.word(),
        first,
        count,
        at_us = u64::try_from(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_micros()
        )
        .unwrap_or(u64::MAX),
        "durable"
    );
}

/// Which numbers are receipted, ascending and joined, and which are refused, with the reason.
fn answers(batch: &[Arrival]) -> (Vec<Range>, Vec<(Name, String)>) {
    let mut ranges: Vec<Range> = Vec::new();
    let mut refused = Vec::new();
    for arrival in batch {
        if let Some(why) = &arrival.refused {
            refused.push((arrival.name.clone(), why.clone()));
            continue;
        }
        ranges.push(match arrival.meaning {
            Meaning::Gap(told) => told.range,
            Meaning::Case(_) | Meaning::Latest(_) | Meaning::ResponderHere | Meaning::Kept => {
                let seq = arrival.name.seq;
                Range { from: seq, to: seq }
            }
        });
    }
    ranges.sort_by_key(|r| (r.from, r.to));
    let mut joined: Vec<Range> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.to.saturating_add(1) >= range.from => {
                last.to = last.to.max(range.to);
            }
            Some(_) | None => joined.push(range),
        }
    }
    (joined, refused)
}
