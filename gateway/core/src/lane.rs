//! One lane of the outbox: records that are not safe yet (fresh), pages on disk (kept), alarms that the hub has taken
//! and that are held for a day (accepted). Nothing leaves it but by a receipt, or by a Gap that takes its place.

mod fresh;
mod kept;

use std::collections::{BTreeMap, VecDeque};

use tecs_protocol::Bytes;
use tecs_protocol::event::Event;
use tecs_protocol::hub::v1;
use tecs_protocol::vocabulary::Lane;

use crate::custody::Owner;
use crate::effect::Note;
use crate::input::Found;
use crate::page::PageKey;
use crate::ranges::Ranges;
use crate::time::Mono;

/// A record that is not on disk.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(crate) seq: u64,
    /// Beyond `seq` only for a Gap.
    pub(crate) last: u64,
    pub(crate) gap: bool,
    pub(crate) bytes: Bytes,
    pub(crate) born: Mono,
    /// Whose answers wait for it.
    pub(crate) owners: Vec<Owner>,
    pub(crate) notes: Vec<Note>,
    /// The endpoints whose open stream has carried it, as bits.
    pub(crate) sent_on: u32,
    pub(crate) attempts: u32,
    /// The journal is at it.
    pub(crate) keeping: bool,
    /// The ledger that has it.
    pub(crate) accepted: Option<u64>,
    /// Nothing waits for it any more; it goes when it comes to the front.
    pub(crate) done: bool,
    /// Alarms that are identical to it fold into it while nobody else has seen it.
    pub(crate) fold: Option<Box<Event>>,
}

/// A page on disk.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) key: PageKey,
    pub(crate) last: u64,
    pub(crate) gap: bool,
    pub(crate) len: u32,
    pub(crate) generation: u32,
    pub(crate) since: Mono,
    pub(crate) sent_on: u32,
    pub(crate) attempts: u32,
    /// Being read back, for this endpoint.
    pub(crate) loading: Option<usize>,
    /// What of it the hub has.
    pub(crate) has: Ranges,
    /// The ledger that has all of it, and since when.
    pub(crate) accepted: Option<(u64, Mono)>,
}

impl Kept {
    /// As if no hub had ever heard of it.
    pub(crate) fn offered_anew(&mut self) {
        self.accepted = None;
        self.has = Ranges::default();
        self.sent_on = 0;
        self.loading = None;
    }
}

/// Orders pages by the age of their epoch, then by their place in it.
pub(crate) type Place = (u32, u64);

/// One lane.
#[derive(Debug)]
pub(crate) struct LaneBox {
    pub(crate) lane: Lane,
    epoch: u64,
    next: u64,
    fresh: VecDeque<Fresh>,
    fresh_bytes: usize,
    /// Unaccepted pages.
    pub(crate) pages: BTreeMap<Place, Kept>,
    /// Alarms that the hub has and that are kept for a day.
    pub(crate) accepted: BTreeMap<Place, Kept>,
    /// None of them was accepted before this; `None` when there is none. So that a day's alarms cost a turn nothing.
    pub(crate) accepted_since: Option<Mono>,
    epochs: Vec<u64>,
    pub(crate) used: u64,
    /// Records that had to go since this run began.
    pub(crate) evicted: u64,
    /// A generation that is being dropped.
    pub(crate) evicting: Option<u32>,
    /// Pages of that generation that the hub has taken since.
    pub(crate) taken_meanwhile: Vec<(PageKey, u64)>,
}

impl LaneBox {
    pub(crate) fn new(lane: Lane, epoch: u64) -> Self {
        Self {
            lane,
            epoch,
            next: 1,
            fresh: VecDeque::new(),
            fresh_bytes: 0,
            pages: BTreeMap::new(),
            accepted: BTreeMap::new(),
            accepted_since: None,
            epochs: Vec::new(),
            used: 0,
            evicted: 0,
            evicting: None,
            taken_meanwhile: Vec::new(),
        }
    }

    /// The order of an epoch's age; epochs are learnt oldest first.
    fn ordinal(&mut self, epoch: u64) -> u32 {
        let at = self.epochs.iter().position(|e| *e == epoch);
        let at = at.unwrap_or_else(|| {
            self.epochs.push(epoch);
            self.epochs.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// A page that the journal holds from earlier, or holds now.
    pub(crate) fn found(&mut self, found: Found, now: Mono) -> Place {
        let place = (self.ordinal(found.key.epoch), found.key.first);
        let kept = Kept {
            key: found.key,
            last: found.last,
            gap: found.gap,
            len: found.len,
            generation: found.generation,
            since: now,
            sent_on: 0,
            attempts: 0,
            loading: None,
            has: Ranges::default(),
            accepted: None,
        };
        self.pages.insert(place, kept);
        place
    }

    /// The number that the next record gets.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The next place in this lane; given once.
    pub(crate) fn give(&mut self, count: u64) -> u64 {
        let seq = self.next;
        self.next += count;
        seq
    }

    /// The hub has `from..=to` of an epoch. Gives those who waited for it, and the pages that are wholly there. Who said
    /// an alarm still waits for the disk ([`Self::answerable`]).
    pub(crate) fn taken(
        &mut self,
        epoch: u64,
        from: u64,
        to: u64,
        ledger: u64,
    ) -> (Vec<Owner>, Vec<Place>) {
        let mut owners = Vec::new();
        for n in self.between(epoch, from, to) {
            let Some(fresh) = self.fresh.get_mut(n) else {
                continue;
            };
            if fresh.done || fresh.seq < from || fresh.last > to {
                continue;
            }
            fresh.accepted = Some(ledger);
            fresh.fold = None;
            if self.lane != Lane::Alarm {
                owners.append(&mut fresh.owners);
            }
            if !fresh.keeping && self.lane != Lane::Alarm {
                self.fresh_bytes -= fresh.bytes.len();
                fresh.bytes = Bytes::new();
                fresh.done = true;
            }
        }
        self.drop_done();
        let mut whole = Vec::new();
        if let Some(ordinal) = self.epochs.iter().position(|e| *e == epoch) {
            let ordinal = u32::try_from(ordinal).unwrap_or(u32::MAX);
            let before = self
                .pages
                .range(..=(ordinal, from))
                .next_back()
                .map_or((ordinal, from), |(place, _)| *place);
            for (place, kept) in self.pages.range_mut(before..=(ordinal, to)) {
                if kept.key.epoch != epoch || kept.last < from {
                    continue;
                }
                kept.has.insert(from.max(kept.key.first), to.min(kept.last));
                if kept.has.covers(kept.key.first, kept.last) {
                    whole.push(*place);
                }
            }
        }
        (owners, whole)
    }

    /// Those who said an alarm that the hub has, and who have waited for the disk for long enough. The state that came
    /// with an alarm is remembered on the disk alone: were it answered before, a kill would leave an older state there,
    /// and the next alarm that is equal to that one would be taken for its repeat.
    pub(crate) fn answerable(&mut self, born_by: Mono) -> Vec<Owner> {
        let accepted =
            (self.fresh.iter_mut()).filter(|f| f.accepted.is_some() && f.born <= born_by);
        accepted
            .flat_map(|f| std::mem::take(&mut f.owners))
            .collect()
    }

    /// Since when the oldest of those waits.
    pub(crate) fn oldest_unanswered(&self) -> Option<Mono> {
        let waits = |f: &&Fresh| f.accepted.is_some() && !f.owners.is_empty();
        self.fresh.iter().find(waits).map(|f| f.born)
    }

    /// A stream is gone: what it carried counts as not sent on it.
    pub(crate) fn unsent(&mut self, endpoint: usize) {
        let keep = !bit(endpoint);
        for fresh in &mut self.fresh {
            fresh.sent_on &= keep;
        }
        for kept in self.pages.values_mut() {
            kept.sent_on &= keep;
            if kept.loading == Some(endpoint) {
                kept.loading = None;
            }
        }
    }

    /// What this lane holds, one span an epoch, for Hello.
    pub(crate) fn spans(&self) -> Vec<v1::Span> {
        let mut spans: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        let kept = self.pages.values().chain(self.accepted.values());
        let kept = kept.map(|k| (k.key.epoch, k.key.first, k.last));
        let fresh = self.fresh().map(|f| (self.epoch, f.seq, f.last));
        for (epoch, first, last) in kept.chain(fresh) {
            let span = spans.entry(epoch).or_insert((first, last));
            span.0 = span.0.min(first);
            span.1 = span.1.max(last);
        }
        spans
            .into_iter()
            .map(|(epoch, (oldest, newest))| v1::Span {
                epoch,
                lane: self.lane.wire(),
                oldest,
                newest,
            })
            .collect()
    }

    /// Records and bytes that the hub has not, and since when the oldest waits.
    pub(crate) fn depth(&self) -> (u64, u64, Option<Mono>) {
        let mut records = 0;
        let mut bytes = 0;
        let mut oldest: Option<Mono> = None;
        let mut add = |n: u64, len: u64, since: Mono| {
            records += n;
            bytes += len;
            oldest = Some(oldest.map_or(since, |o| o.min(since)));
        };
        for kept in self.pages.values() {
            let waiting = kept.has.missing(kept.key.first, kept.last);
            let n = waiting.iter().map(|(a, b)| b - a + 1).sum();
            add(n, u64::from(kept.len), kept.since);
        }
        for fresh in self.fresh().filter(|f| f.accepted.is_none()) {
            add(
                fresh.last - fresh.seq + 1,
                fresh.bytes.len() as u64,
                fresh.born,
            );
        }
        (records, bytes, oldest)
    }
}

/// An endpoint as a bit of `sent_on`; at most 32 endpoints are configured.
pub(crate) const fn bit(endpoint: usize) -> u32 {
    1 << (endpoint & 31)
}
