//! What has to go when there is no room (law 2): accepted alarms before their day is over, then the oldest routine, then
//! the oldest vitals, never an alarm that only the home has. What is lost has a Gap in its place.

use tecs_protocol::Bytes;
use tecs_protocol::event::encode_gap;
use tecs_protocol::hub::v1::{self, gap::Why};
use tecs_protocol::vocabulary::Lane;

use crate::effect::{Effect, JournalOrder, Noteworthy};
use crate::gateway::{Gateway, at};
use crate::lane::{LaneBox, Place};
use crate::page::{Page, PageKey};
use crate::time::Mono;

/// Accepted alarms that no disk will take, held in memory in case the hub's ledger goes back.
const ACCEPTED_IN_MEMORY: usize = 1_024;

/// Lanes in the order in which they give way when space runs out.
const GIVE_WAY: [Lane; 2] = [Lane::Routine, Lane::Vital];

fn gap_bytes(from: u64, to: u64, why: Why) -> Bytes {
    encode_gap(v1::Gap {
        from,
        to,
        count: to - from + 1,
        why: why.into(),
    })
    .into()
}

impl Gateway {
    /// A lane that is over its budget gives its oldest generation up; the alarm lane only what the hub has.
    pub(crate) fn hold_to_budget(&mut self, lane: Lane, now: Mono) {
        let budget = self.settings.limits.disk.get(at(lane)).copied();
        let over = self
            .lanes
            .get(at(lane))
            .is_some_and(|l| budget.is_some_and(|b| l.used > b));
        if !over {
            return;
        }
        match lane {
            Lane::Alarm => self.release_accepted(),
            Lane::Vital | Lane::Routine => {
                self.evict(lane, now);
            }
        }
    }

    /// The disk is full: the oldest routine goes first, then the oldest vitals.
    pub(crate) fn make_room(&mut self, now: Mono) {
        self.release_accepted();
        for lane in GIVE_WAY {
            if self.evict(lane, now) {
                return;
            }
        }
    }

    /// Orders the oldest generation of a lane dropped; true when one is going.
    fn evict(&mut self, lane: Lane, now: Mono) -> bool {
        let Some(lane_box) = self.lanes.get_mut(at(lane)) else {
            return false;
        };
        if lane_box.evicting.is_some() {
            return true;
        }
        let Some((generation, newest)) = lane_box.generations() else {
            return false;
        };
        // A page on its way could land in the generation that goes, with nothing to stand in for it.
        let on_its_way = self.journal.is_keeping(lane);
        if generation == newest && on_its_way {
            return true;
        }
        let (stand_ins, lost) =
            lane_box.stand_ins(generation, |from, to| gap_bytes(from, to, Why::Evicted));
        lane_box.evicting = Some(generation);
        self.journal
            .evictions
            .insert((lane, generation), (stand_ins.clone(), lost));
        let order = JournalOrder::Evict {
            lane,
            generation,
            stand_ins,
        };
        self.order_journal(order, now);
        true
    }

    pub(crate) fn evicted(
        &mut self,
        lane: Lane,
        generation: u32,
        kept_in: u32,
        used: u64,
        now: Mono,
    ) {
        let eviction = self.journal.evictions.remove(&(lane, generation));
        let (stand_ins, lost) = eviction.unwrap_or_default();
        if let Some(lane_box) = self.lanes.get_mut(at(lane)) {
            lane_box.evicting = None;
            lane_box.used = used;
            lane_box.evicted += lost;
            lane_box
                .pages
                .retain(|_, kept| kept.generation != generation);
            let taken = std::mem::take(&mut lane_box.taken_meanwhile);
            for page in &stand_ins {
                let needless = taken.iter().any(|(key, last)| {
                    key.epoch == page.key.epoch && key.first <= page.key.first && page.last <= *last
                });
                if needless {
                    self.journal.released.push(page.key);
                } else {
                    lane_box.kept(page, kept_in, now);
                }
            }
        }
        self.counters.evicted += lost;
        self.journal.retry_at = now;
        self.effects
            .push_back(Effect::Note(Noteworthy::Evicted { lane, count: lost }));
    }

    /// Memory is short: what neither disk nor hub will take becomes a Gap, routine first.
    pub(crate) fn spare_memory(&mut self, now: Mono) {
        if let Some(alarms) = self.lanes.get_mut(at(Lane::Alarm)) {
            alarms.hold_accepted(ACCEPTED_IN_MEMORY);
        }
        let limit = self.settings.limits.memory;
        for lane in GIVE_WAY {
            let held: usize = self.lanes.iter().map(LaneBox::fresh_bytes).sum();
            if held <= limit {
                return;
            }
            if let Some(lane_box) = self.lanes.get_mut(at(lane)) {
                let gap = |from, to| gap_bytes(from, to, Why::Evicted);
                let lost = lane_box.evict_fresh(gap, now);
                lane_box.evicted += lost;
                self.counters.evicted += lost;
                if lost > 0 {
                    self.effects
                        .push_back(Effect::Note(Noteworthy::Evicted { lane, count: lost }));
                }
            }
        }
    }

    /// The hub has these pages wholly: bulk is let go, an alarm is held for a day.
    pub(crate) fn let_go(&mut self, lane: Lane, whole: &[Place], ledger: u64, now: Mono) {
        let Some(lane_box) = self.lanes.get_mut(at(lane)) else {
            return;
        };
        for place in whole {
            let Some(mut kept) = lane_box.pages.remove(place) else {
                continue;
            };
            if lane == Lane::Alarm {
                kept.accepted = Some((ledger, now));
                lane_box.accepted.insert(*place, kept);
                lane_box.accepted_since.get_or_insert(now);
            } else if lane_box.evicting == Some(kept.generation) {
                // It goes with its generation; a stand-in of the same name must stay.
                lane_box.taken_meanwhile.push((kept.key, kept.last));
            } else {
                self.journal.released.push(kept.key);
            }
        }
    }

    /// Accepted alarms whose day is over.
    pub(crate) fn expire_accepted(&mut self, now: Mono) {
        let keep = self.settings.limits.keep_accepted_ms;
        let Some(lane) = self.lanes.get_mut(at(Lane::Alarm)) else {
            return;
        };
        if lane
            .accepted_since
            .is_none_or(|since| now.since(since) < keep)
        {
            return;
        }
        let released = &mut self.journal.released;
        let mut oldest = None;
        lane.accepted.retain(|_, kept| {
            let stays = kept.accepted.filter(|(_, since)| now.since(*since) < keep);
            match stays {
                Some((_, since)) => oldest = Some(oldest.map_or(since, |o: Mono| o.min(since))),
                None => released.push(kept.key),
            }
            stays.is_some()
        });
        lane.accepted_since = oldest;
    }

    /// Space is short: alarms that the hub has need not stay for their day.
    fn release_accepted(&mut self) {
        if let Some(lane) = self.lanes.get_mut(at(Lane::Alarm)) {
            let accepted = std::mem::take(&mut lane.accepted);
            let keys = accepted.values().map(|kept| kept.key);
            self.journal.released.extend(keys);
        }
    }

    /// A page on disk could not be read back: a Gap takes its place and says so.
    pub(crate) fn page_lost(&mut self, key: PageKey, last: u64, now: Mono) {
        let record = gap_bytes(key.first, last, Why::Damaged);
        let page = Page::gap(key, last, &record);
        self.counters.damaged += last - key.first + 1;
        self.order_keep(key.lane, vec![page], Vec::new(), now);
    }
}
