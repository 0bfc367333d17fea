//! Records that are not on disk: cut into pages, safe once a page is kept, folded or replaced by a Gap when there is no
//! room for them.

use tecs_protocol::Bytes;
use tecs_protocol::event::Event;
use tecs_protocol::vocabulary::Lane;

use super::{Fresh, LaneBox, Place};
use crate::custody::Owner;
use crate::effect::Note;
use crate::input::Found;
use crate::page::{PAGE_LIMIT, Page, PageKey};
use crate::press_rate::condition;
use crate::ranges::Ranges;
use crate::time::Mono;

impl LaneBox {
    pub(crate) fn push(&mut self, fresh: Fresh) {
        self.fresh_bytes += fresh.bytes.len();
        self.fresh.push_back(fresh);
    }

    pub(crate) fn fresh(&self) -> impl Iterator<Item = &Fresh> {
        self.fresh.iter().filter(|f| !f.done)
    }

    pub(crate) fn fresh_mut(&mut self) -> impl Iterator<Item = &mut Fresh> {
        self.fresh.iter_mut().filter(|f| !f.done)
    }

    pub(crate) fn fresh_bytes(&self) -> usize {
        self.fresh_bytes
    }

    /// Counts an identical alarm in a record that nobody has seen yet; true when there was one. Never across a word of
    /// the same device of another condition: what it said last would be lost.
    pub(crate) fn fold(&mut self, event: &Event, owners: &[Owner]) -> bool {
        for fresh in self.fresh.iter_mut().rev().filter(|f| !f.done) {
            let unseen = !fresh.keeping && fresh.attempts == 0 && fresh.accepted.is_none();
            let Some(first) = &mut fresh.fold else {
                continue;
            };
            if !unseen || first.device.id != event.device.id {
                continue;
            }
            if first.what == event.what && first.flags == event.flags {
                first.folded = first.folded.saturating_add(event.folded);
                first.last_heard = Some(event.last_heard.unwrap_or(event.heard));
                self.fresh_bytes -= fresh.bytes.len();
                fresh.bytes = first.encode().into();
                self.fresh_bytes += fresh.bytes.len();
                fresh.owners.extend(owners);
                return true;
            }
            if condition(&first.what) != condition(&event.what) {
                return false;
            }
        }
        false
    }

    /// Nothing more is counted in what this device has said so far.
    pub(crate) fn unfold(&mut self, device: &str) {
        for fresh in &mut self.fresh {
            if fresh.fold.as_ref().is_some_and(|f| f.device.id == device) {
                fresh.fold = None;
            }
        }
    }

    /// How many messages of a source have records that no page holds yet, counted up to `most`. These are the youngest: a
    /// page takes all that is there.
    pub(crate) fn waits_for_a_page(&self, source: usize, most: usize) -> usize {
        let fresh = self.fresh.iter().rev().take_while(|f| !f.keeping);
        let owners = fresh.filter(|f| !f.done).flat_map(|f| &f.owners);
        let mut ids = owners.filter(|o| o.source == source).map(|o| o.id);
        let mut last = ids.next();
        let mut count = usize::from(last.is_some());
        while count < most {
            let Some(id) = ids.next() else { break };
            // The records of one message lie side by side.
            count += usize::from(last != Some(id));
            last = Some(id);
        }
        count
    }

    /// The places that fresh records have, `from..=to` of this epoch, as positions of the queue: none for an older one.
    pub(super) fn between(&self, epoch: u64, from: u64, to: u64) -> std::ops::Range<usize> {
        if epoch != self.epoch {
            return 0..0;
        }
        let start = self.fresh.partition_point(|f| f.last < from);
        let stop = self.fresh.partition_point(|f| f.seq <= to);
        start..stop.max(start)
    }

    /// Cuts everything that waits for the disk into pages; `all` also what may still linger.
    pub(crate) fn pages_due(
        &mut self,
        born_by: Mono,
        full_pages_too: bool,
    ) -> Vec<(Page, Vec<Note>)> {
        let mut runs: Vec<Vec<usize>> = Vec::new();
        let mut size = 0;
        let mut after = 0;
        for (n, fresh) in self.fresh.iter().enumerate() {
            if fresh.done || fresh.keeping || (fresh.accepted.is_some() && self.lane != Lane::Alarm)
            {
                after = 0;
                continue;
            }
            let cost = Page::cost(fresh.bytes.len());
            let joins =
                after == fresh.seq && !fresh.gap && size + cost <= PAGE_LIMIT && !runs.is_empty();
            if joins {
                if let Some(run) = runs.last_mut() {
                    run.push(n);
                }
                size += cost;
            } else {
                runs.push(vec![n]);
                size = cost;
            }
            after = if fresh.gap { 0 } else { fresh.last + 1 };
        }
        let full = runs.len().saturating_sub(1);
        let mut out = Vec::new();
        for (n, run) in runs.into_iter().enumerate() {
            let due = run
                .first()
                .and_then(|first| self.fresh.get(*first))
                .is_some_and(|f| f.born <= born_by);
            if due || (full_pages_too && n < full) {
                out.extend(self.page_of(&run));
            }
        }
        out
    }

    fn page_of(&mut self, run: &[usize]) -> Option<(Page, Vec<Note>)> {
        let first = self.fresh.get(*run.first()?)?;
        let key = PageKey {
            lane: self.lane,
            epoch: self.epoch,
            first: first.seq,
        };
        let page = if first.gap {
            Page::gap(key, first.last, &first.bytes)
        } else {
            let records = run.iter().filter_map(|n| self.fresh.get(*n));
            Page::of(key, records.map(|f| &f.bytes))
        };
        let mut notes = Vec::new();
        for (n, record) in run.iter().zip(page.records()?) {
            if let Some(fresh) = self.fresh.get_mut(*n) {
                fresh.keeping = true;
                fresh.fold = None;
                // The page's own bytes: while the disk takes its time nothing is held twice.
                fresh.bytes = record;
                notes.extend(fresh.notes.iter().cloned());
            }
        }
        Some((page, notes))
    }

    /// The journal has this page: its records are safe. Gives those who waited for them, and, when the hub has had all
    /// of it meanwhile, where it is and the ledger that has it.
    pub(crate) fn kept(
        &mut self,
        page: &Page,
        generation: u32,
        now: Mono,
    ) -> (Vec<Owner>, Option<(Place, u64)>) {
        let mut found = Found::from(page);
        found.generation = generation;
        let place = self.found(found, now);
        let mut owners = Vec::new();
        let mut sent_on = u32::MAX;
        let mut attempts = 0;
        let mut born = now;
        let mut has = Ranges::default();
        let mut by = None;
        for n in self.between(page.key.epoch, page.key.first, page.last) {
            let Some(fresh) = self.fresh.get_mut(n) else {
                continue;
            };
            sent_on &= fresh.sent_on;
            attempts = attempts.max(fresh.attempts);
            born = born.min(fresh.born);
            if let Some(ledger) = fresh.accepted {
                has.insert(fresh.seq, fresh.last);
                by = Some(ledger);
            }
            owners.append(&mut fresh.owners);
            self.fresh_bytes -= fresh.bytes.len();
            fresh.bytes = Bytes::new();
            fresh.done = true;
        }
        if let Some(kept) = self.pages.get_mut(&place) {
            kept.sent_on = if sent_on == u32::MAX { 0 } else { sent_on };
            kept.attempts = attempts;
            kept.since = born;
            kept.has = has;
        }
        self.drop_done();
        let whole = self
            .pages
            .get(&place)
            .is_some_and(|k| k.has.covers(k.key.first, k.last));
        (owners, by.filter(|_| whole).map(|by| (place, by)))
    }

    /// The journal could not keep this page: its records wait again.
    pub(crate) fn not_kept(&mut self, page: &Page) {
        for n in self.between(page.key.epoch, page.key.first, page.last) {
            if let Some(fresh) = self.fresh.get_mut(n) {
                fresh.keeping = false;
                // A bulk record that the hub has taken meanwhile needs no disk.
                if fresh.accepted.is_some() && self.lane != Lane::Alarm && !fresh.done {
                    self.fresh_bytes -= fresh.bytes.len();
                    fresh.bytes = Bytes::new();
                    fresh.done = true;
                }
            }
        }
        self.drop_done();
    }

    /// Accepted alarms that no disk will take are held in memory, at most this many.
    pub(crate) fn hold_accepted(&mut self, most: usize) {
        let held = |f: &&mut Fresh| !f.done && !f.keeping && f.accepted.is_some();
        let count = self.fresh.iter_mut().filter(held).count();
        for fresh in self
            .fresh
            .iter_mut()
            .filter(held)
            .take(count.saturating_sub(most))
        {
            self.fresh_bytes -= fresh.bytes.len();
            fresh.bytes = Bytes::new();
            fresh.done = true;
        }
        self.drop_done();
    }

    pub(super) fn drop_done(&mut self) {
        while self.fresh.front().is_some_and(|f| f.done) {
            self.fresh.pop_front();
        }
    }

    /// Memory is short: the oldest half of what only memory has becomes one Gap, which inherits those who wait.
    pub(crate) fn evict_fresh(&mut self, gap: impl Fn(u64, u64) -> Bytes, now: Mono) -> u64 {
        let waiting = |f: &Fresh| !f.done && !f.keeping && f.accepted.is_none();
        let Some(start) = self.fresh.iter().position(waiting) else {
            return 0;
        };
        let run = self.fresh.iter().skip(start).take_while(|f| waiting(f));
        let len = run.count();
        let take = len.div_ceil(2).max(1);
        let mut taken: Vec<Fresh> = self.fresh.drain(start..start + take).collect();
        let (Some(from), Some(to)) = (taken.first().map(|f| f.seq), taken.last().map(|f| f.last))
        else {
            return 0;
        };
        let mut owners = Vec::new();
        let mut lost = 0;
        for fresh in &mut taken {
            self.fresh_bytes -= fresh.bytes.len();
            owners.append(&mut fresh.owners);
            lost += fresh.last - fresh.seq + 1;
        }
        let bytes = gap(from, to);
        self.fresh_bytes += bytes.len();
        let stand_in = Fresh {
            seq: from,
            last: to,
            gap: true,
            bytes,
            born: now,
            owners,
            notes: Vec::new(),
            sent_on: 0,
            attempts: 0,
            keeping: false,
            accepted: None,
            done: false,
            fold: None,
        };
        self.fresh.insert(start, stand_in);
        lost
    }
}
