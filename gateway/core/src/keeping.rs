//! What goes to the disk, when, and what has to go when there is no room (law 2): the oldest routine, then the oldest
//! vitals, never an alarm.

use tecs_protocol::vocabulary::Lane;

use crate::effect::{Effect, JournalOrder, Note, Noteworthy};
use crate::gateway::{Gateway, at};
use crate::input::{JournalFault, JournalSays};
use crate::journal::Keeping;
use crate::lane::LaneBox;
use crate::page::{PAGE_LIMIT, Page};
use crate::time::Mono;

/// Who said an alarm that the hub has is answered without the disk after this long, ms.
const DISK_PATIENCE_MS: u64 = 2_000;

impl Gateway {
    /// Everything that is due goes into pages, and the pages to the journal.
    pub(crate) fn keep(&mut self, now: Mono) {
        self.expire_accepted(now);
        self.spare_memory(now);
        self.answer_without_disk(now);
        if !self.journal.released.is_empty() {
            let keys = std::mem::take(&mut self.journal.released);
            self.effects
                .push_back(Effect::Journal(JournalOrder::Release { keys }));
        }
        self.watch_journal(now);
        if self.may_not_order(now) {
            return;
        }
        for lane in [Lane::Alarm, Lane::Vital, Lane::Routine] {
            self.keep_lane(lane, now);
        }
        self.keep_notes(now);
    }

    /// Whoever said an alarm that the hub has is answered without the disk when that is unwell or slow.
    fn answer_without_disk(&mut self, now: Mono) {
        let patience = if self.journal.is_fine() {
            DISK_PATIENCE_MS
        } else {
            0
        };
        let Some(born_by) = now.0.checked_sub(patience).map(Mono) else {
            return;
        };
        if let Some(lane) = self.lanes.get_mut(at(Lane::Alarm)) {
            let owners = lane.answerable(born_by);
            self.safe(&owners);
        }
    }

    fn keep_lane(&mut self, lane: Lane, now: Mono) {
        let linger = self.settings.limits.linger_ms;
        let online = self.flows(lane, now);
        let asked = self.stopping.is_asked() || self.window_is_half_full(online);
        let Some(lane_box) = self.lanes.get_mut(at(lane)) else {
            return;
        };
        let born_by = match lane {
            // An alarm waits for nothing; the rest waits for its receipt, or for a page to fill.
            Lane::Alarm => now,
            Lane::Vital | Lane::Routine if asked => now,
            Lane::Vital | Lane::Routine => match now.0.checked_sub(linger) {
                Some(by) => Mono(by),
                None => return,
            },
        };
        let lingered = lane_box
            .fresh()
            .find(|f| !f.keeping && (lane == Lane::Alarm || f.accepted.is_none()))
            .is_some_and(|f| f.born <= born_by);
        let a_page_is_full = !online && lane_box.fresh_bytes() >= PAGE_LIMIT;
        if !lingered && !a_page_is_full {
            return;
        }
        let (pages, notes): (Vec<_>, Vec<_>) = lane_box
            .pages_due(born_by, a_page_is_full)
            .into_iter()
            .unzip();
        if !pages.is_empty() {
            let notes = notes.into_iter().flatten().collect();
            self.order_keep(lane, pages, notes, now);
        }
    }

    /// An order that the journal has to answer.
    pub(crate) fn order_journal(&mut self, order: JournalOrder, now: Mono) {
        self.journal.asked(now);
        self.effects.push_back(Effect::Journal(order));
    }

    pub(crate) fn order_keep(
        &mut self,
        lane: Lane,
        pages: Vec<Page>,
        mut notes: Vec<Note>,
        now: Mono,
    ) {
        let riders = self.riders(lane);
        // What is forgotten comes after what was remembered of it.
        notes.extend(riders.iter().cloned());
        let ticket = self.journal.ticket(Keeping {
            lane,
            pages: pages.clone(),
            riders,
        });
        self.counters.pages += pages.len() as u64;
        let order = JournalOrder::Keep {
            ticket,
            lane,
            pages,
            notes,
        };
        self.order_journal(order, now);
    }

    /// A broker that waits for half of its window gets its answers before it stops. What the journal is at already is not
    /// hurried by another page.
    fn window_is_half_full(&self, online: bool) -> bool {
        if online {
            return false;
        }
        let told = self.settings.sources.iter().enumerate();
        told.filter(|(_, told)| told.window > 0)
            .any(|(source, told)| {
                let half = told.window.div_ceil(2);
                let lanes = self.lanes.iter();
                let waiting: usize = lanes.map(|l| l.waits_for_a_page(source, half)).sum();
                waiting >= half
            })
    }

    /// When something is due for the disk.
    pub(crate) fn keep_due(&self) -> Option<Mono> {
        let kept = self.settings.limits.keep_accepted_ms;
        let lanes = self.lanes.iter();
        let expiry = lanes.filter_map(|lane| lane.accepted_since.map(|since| since.plus(kept)));
        let waiting = self
            .lanes
            .get(at(Lane::Alarm))
            .and_then(LaneBox::oldest_unanswered);
        self.order_due()
            .into_iter()
            .chain(waiting.map(|born| born.plus(DISK_PATIENCE_MS)))
            .chain(expiry)
            .chain(self.journal_due())
            .min()
    }

    /// When the next page or note is due, unless the journal owes us an answer first.
    fn order_due(&self) -> Option<Mono> {
        if self.journal.stalled || self.journal.is_opening() {
            return None;
        }
        let linger = self.settings.limits.linger_ms;
        let fresh = self.lanes.iter().filter_map(|lane| {
            let first = lane
                .fresh()
                .find(|f| !f.keeping && (lane.lane == Lane::Alarm || f.accepted.is_none()))?;
            let wait = if lane.lane == Lane::Alarm { 0 } else { linger };
            Some(first.born.plus(wait))
        });
        let due = fresh.chain(self.notes_due()).min();
        due.map(|at| at.max(self.journal.retry_at))
    }

    /// The journal's answer.
    pub(crate) fn journal_says(&mut self, says: JournalSays, now: Mono) {
        match says {
            JournalSays::Opened(recovered) => self.opened_late(recovered, now),
            JournalSays::Kept {
                ticket,
                generation,
                used,
            } => {
                self.journal.answered(now);
                self.kept(ticket, generation, used, now);
            }
            JournalSays::NotKept { ticket, why } => {
                self.journal.answered(now);
                self.not_kept(ticket, &why, now);
            }
            JournalSays::Loaded { key, bytes } => {
                self.journal.answered(now);
                self.loaded(key, bytes.as_ref(), now);
            }
            JournalSays::NotLoaded { key, why } => {
                self.journal.answered(now);
                self.not_loaded(key, &why, now);
            }
            JournalSays::Evicted {
                lane,
                generation,
                kept_in,
                used,
            } => {
                self.journal.answered(now);
                self.evicted(lane, generation, kept_in, used, now);
            }
            JournalSays::NotEvicted {
                lane,
                generation,
                why,
            } => {
                self.journal.answered(now);
                self.not_evicted(lane, generation, &why, now);
            }
            JournalSays::Mended { how } => {
                self.journal.retry_at = now;
                self.effects
                    .push_back(Effect::Note(Noteworthy::Journal { what: how }));
            }
        }
    }

    fn not_evicted(&mut self, lane: Lane, generation: u32, why: &JournalFault, now: Mono) {
        self.journal.evictions.remove(&(lane, generation));
        if let Some(lane) = self.lanes.get_mut(at(lane)) {
            lane.evicting = None;
            let taken = std::mem::take(&mut lane.taken_meanwhile);
            self.journal
                .released
                .extend(taken.iter().map(|(key, _)| *key));
        }
        self.journal_failed(why, now);
    }

    fn kept(&mut self, ticket: u64, generation: u32, used: u64, now: Mono) {
        let Some(keeping) = self.journal.keeping.remove(&ticket) else {
            return;
        };
        self.journal_is_well(now);
        let index = at(keeping.lane);
        for page in &keeping.pages {
            let Some(lane) = self.lanes.get_mut(index) else {
                continue;
            };
            let (owners, whole) = lane.kept(page, generation, now);
            lane.used = used;
            self.safe(&owners);
            if keeping.lane == Lane::Alarm {
                self.home.kept(page.key.epoch, page.key.first, page.last);
            }
            if let Some((place, ledger)) = whole {
                self.let_go(keeping.lane, &[place], ledger, now);
            }
        }
        self.hold_to_budget(keeping.lane, now);
    }

    fn not_kept(&mut self, ticket: u64, why: &JournalFault, now: Mono) {
        let Some(keeping) = self.journal.keeping.remove(&ticket) else {
            return;
        };
        if let Some(lane) = self.lanes.get_mut(at(keeping.lane)) {
            for page in &keeping.pages {
                lane.not_kept(page);
            }
        }
        self.ride_again(keeping.lane, keeping.riders);
        self.journal.states_kept = false;
        self.journal_failed(why, now);
        if *why == JournalFault::Full {
            self.make_room(now);
        }
    }
}
