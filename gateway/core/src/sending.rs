//! What goes to the care hub, on which link, and what comes back. Alarms go on every open link at once; bulk goes on
//! the first that has said Welcome, within its window, vitals and routine by turns.

use tecs_protocol::Bytes;
use tecs_protocol::hub::v1;
use tecs_protocol::vocabulary::Lane;

use crate::effect::{Effect, JournalOrder};
use crate::gateway::{Gateway, at};
use crate::input::JournalFault;
use crate::lane::bit;
use crate::link::Link;
use crate::page::{PAGE_LIMIT, Page, PageKey, records};
use crate::time::Mono;

/// Alarm pages that are read back for one link at a time.
const ALARM_LOADS: usize = 8;

/// A stretch of records on their way into a parcel.
pub(crate) struct Stretch {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) records: Vec<Bytes>,
    pub(crate) bytes: usize,
    pub(crate) attempt: u32,
}

impl Gateway {
    /// Everything that may go, goes.
    pub(crate) fn send(&mut self, now: Mono) {
        if self.journal.load_again.is_some_and(|at| at <= now) {
            self.journal.load_again = None;
        }
        for endpoint in 0..self.links.len() {
            self.tend(endpoint, now);
        }
        for endpoint in 0..self.links.len() {
            if self.links.get(endpoint).and_then(Link::up).is_some() {
                self.send_alarms(endpoint, now);
            }
        }
        if let Some(main) = self.main_link() {
            self.send_bulk(main, now);
        }
        self.beat(now);
    }

    /// Every alarm that this link has not carried: those of this run at once, those from disk once the hub has said
    /// what it holds.
    fn send_alarms(&mut self, endpoint: usize, now: Mono) {
        let stretches = self.fresh_stretches(Lane::Alarm, endpoint, |_| true);
        for stretch in stretches {
            self.parcel(endpoint, Lane::Alarm, self.who.epoch, stretch, now);
        }
        let welcomed = self.links.get(endpoint).and_then(Link::up);
        if welcomed.is_none_or(|up| up.ledger.is_none()) {
            return;
        }
        if !self.journal.reads() {
            return;
        }
        let Some(lane) = self.lanes.get_mut(at(Lane::Alarm)) else {
            return;
        };
        let loading = lane.pages.values().filter(|k| k.loading.is_some()).count();
        let room = ALARM_LOADS.saturating_sub(loading);
        let keys: Vec<PageKey> = (0..room)
            .map_while(|_| lane.next_load(endpoint))
            .map(|(key, _)| key)
            .collect();
        for key in keys {
            self.order_journal(JournalOrder::Load { key }, now);
        }
    }

    /// Vitals and routine by turns, a page each, while the window has room. A lane's backlog goes before what is fresh.
    fn send_bulk(&mut self, endpoint: usize, now: Mono) {
        loop {
            let mut moved = false;
            for lane in [Lane::Vital, Lane::Routine] {
                moved |= self.send_page(endpoint, lane, now);
            }
            if !moved {
                return;
            }
        }
    }

    fn send_page(&mut self, endpoint: usize, lane: Lane, now: Mono) -> bool {
        let Some(up) = self.links.get_mut(endpoint).and_then(Link::up_mut) else {
            return false;
        };
        let Some(lane_box) = self.lanes.get_mut(at(lane)) else {
            return false;
        };
        if !up.is_open(lane, now) || !up.has_room(PAGE_LIMIT) {
            return false;
        }
        if !lane_box.pages.is_empty() {
            if !self.journal.reads() {
                return false;
            }
            let Some((key, len)) = lane_box.next_load(endpoint) else {
                return false;
            };
            up.reserve(key, len);
            self.order_journal(JournalOrder::Load { key }, now);
            return true;
        }
        let mut one = true;
        let stretches = self.fresh_stretches(lane, endpoint, |_| std::mem::take(&mut one));
        let sent = !stretches.is_empty();
        for stretch in stretches {
            self.parcel(endpoint, lane, self.who.epoch, stretch, now);
        }
        sent
    }

    /// Runs of fresh records that this link has not carried, each at most a page; `more` says whether another may begin.
    fn fresh_stretches(
        &mut self,
        lane: Lane,
        endpoint: usize,
        mut more: impl FnMut(usize) -> bool,
    ) -> Vec<Stretch> {
        let mut out: Vec<Stretch> = Vec::new();
        let Some(lane_box) = self.lanes.get_mut(at(lane)) else {
            return out;
        };
        let mut closed = true;
        for fresh in lane_box.fresh_mut() {
            if fresh.accepted.is_some() || fresh.sent_on & bit(endpoint) != 0 {
                closed = true;
                continue;
            }
            let cost = Page::cost(fresh.bytes.len());
            let joins = !closed
                && !fresh.gap
                && out
                    .last()
                    .is_some_and(|s| s.last + 1 == fresh.seq && s.bytes + cost <= PAGE_LIMIT);
            if !joins {
                if !more(out.len()) {
                    break;
                }
                out.push(Stretch {
                    first: fresh.seq,
                    last: fresh.last,
                    records: Vec::new(),
                    bytes: 0,
                    attempt: 0,
                });
            }
            fresh.sent_on |= bit(endpoint);
            fresh.attempts += 1;
            fresh.fold = None;
            if let Some(stretch) = out.last_mut() {
                stretch.last = fresh.last;
                stretch.records.push(fresh.bytes.clone());
                stretch.bytes += cost;
                stretch.attempt = stretch.attempt.max(fresh.attempts);
            }
            closed = fresh.gap;
        }
        out
    }

    /// A page came back from the disk: on its way, if whoever asked for it is still there.
    pub(crate) fn loaded(&mut self, key: PageKey, bytes: Option<&Bytes>, now: Mono) {
        for up in self.links.iter_mut().filter_map(Link::up_mut) {
            up.unreserve(key);
        }
        let lane = self.lanes.get_mut(at(key.lane));
        let Some((endpoint, last, len)) = lane.and_then(|l| l.loaded(key)) else {
            return;
        };
        let Some(page) = bytes.and_then(records) else {
            self.page_lost(key, last, now);
            return;
        };
        if self.links.get(endpoint).and_then(Link::up).is_none() {
            return;
        }
        let attempt = self
            .lanes
            .get_mut(at(key.lane))
            .map_or(1, |l| l.carried(key, endpoint));
        let stretch = Stretch {
            first: key.first,
            last,
            records: page,
            bytes: len,
            attempt,
        };
        self.parcel(endpoint, key.lane, key.epoch, stretch, now);
    }

    /// A page could not be read just now: it is asked for again, by whoever needs it then.
    pub(crate) fn not_loaded(&mut self, key: PageKey, why: &JournalFault, now: Mono) {
        for up in self.links.iter_mut().filter_map(Link::up_mut) {
            up.unreserve(key);
        }
        if let Some(lane) = self.lanes.get_mut(at(key.lane)) {
            lane.loaded(key);
        }
        let again = now.plus(self.settings.limits.journal_retry_ms);
        self.journal.load_again = Some(again);
        self.journal_failed(why, now);
    }

    pub(crate) fn parcel(
        &mut self,
        endpoint: usize,
        lane: Lane,
        epoch: u64,
        stretch: Stretch,
        now: Mono,
    ) {
        let Some(up) = self.links.get_mut(endpoint).and_then(Link::up_mut) else {
            return;
        };
        up.flew(lane, epoch, stretch.first, stretch.last, stretch.bytes, now);
        self.counters.parcels += 1;
        let parcel = v1::Parcel {
            epoch,
            lane: lane.wire(),
            first_seq: stretch.first,
            records: stretch.records,
            sent_at: Some(self.senses.clock.pair(now).into()),
            attempt: stretch.attempt,
        };
        self.say(
            endpoint,
            lane == Lane::Alarm,
            v1::from_home::Says::Parcel(parcel),
        );
    }

    pub(crate) fn say(&mut self, endpoint: usize, first: bool, says: v1::from_home::Says) {
        self.effects.push_back(Effect::Send {
            endpoint,
            first,
            says: v1::FromHome { says: Some(says) },
        });
    }

    fn beat(&mut self, now: Mono) {
        for endpoint in 0..self.links.len() {
            let Some(up) = self.links.get_mut(endpoint).and_then(Link::up_mut) else {
                continue;
            };
            if up.beat_at > now {
                continue;
            }
            up.beat_at = now.plus(up.beat_every_ms);
            let depths = self.depths(now);
            let beat = v1::Beat {
                depths: depths
                    .iter()
                    .map(|d| v1::Depth {
                        lane: d.lane.wire(),
                        records: d.records,
                        bytes: d.bytes,
                        oldest_age_ms: d.oldest_age_ms,
                    })
                    .collect(),
                clock: Some(self.senses.clock.pair(now).into()),
                on_mains: self.power.0,
                battery_percent: self.power.1,
            };
            self.say(endpoint, true, v1::from_home::Says::Beat(beat));
        }
    }
}
