//! What the journal's thread carries out, order by order: tickets, a full disk and its ballast, a disk that refuses and
//! comes back. It decides nothing about what is evicted, and it never waits.

use std::time::Instant;

use gateway_core::effect::{JournalOrder, Note};
use gateway_core::input::{JournalFault, JournalSays};
use gateway_core::page::{Page, PageKey};
use tecs_protocol::vocabulary::Lane;
use tokio::sync::mpsc::UnboundedSender;

use super::JournalLimits;
use super::frame::{BODY_LIMIT, PAGE_BYTES_LIMIT};
use super::generations::Generations;
use super::mend::drop_quarantines;
use super::reopen::{Pause, Shelves};
use super::state_folder::{CleanMark, StateFolder};
use super::store::{Batch, Store, StoreFault};
use super::thread::Pages;

/// How much one transaction takes: more than that is cut, and synced twice.
pub(super) const TRANSACTION_BYTES: usize = 64 << 10;

/// The journal, as its one thread has it.
pub(super) struct Keeper<S> {
    pub(super) state: StateFolder,
    pub(super) limits: JournalLimits,
    pub(super) lanes: [Shelves<S>; 3],
    /// How the last run ended.
    pub(super) last_run: LastRun,
    /// The disk is full and the ballast is gone: only evictions are tried.
    pub(super) full: bool,
    pub(super) says: UnboundedSender<JournalSays>,
}

/// How the last run ended, once its mark is taken away: only then may anything be written.
pub(super) enum LastRun {
    Unread,
    /// With this mark, if in good order.
    Ended(Option<CleanMark>),
}

/// One order to keep.
pub(super) struct Keep {
    pub(super) ticket: u64,
    pub(super) pages: Vec<Page>,
    pub(super) notes: Vec<Note>,
}

impl Keep {
    /// How much of a transaction it takes.
    fn bytes(&self) -> usize {
        let pages = self.pages.iter().map(|page| page.bytes.len());
        pages.chain(self.notes.iter().map(note_bytes)).sum()
    }
}

impl<S: Store> Keeper<S> {
    /// Cuts orders to keep into those that share one transaction and one sync. Each is a piece of work of its own, so that
    /// a disk that is slow and goes on is told from one that hangs. What can never be kept is answered here.
    pub(super) fn transactions(&self, orders: Vec<Keep>) -> Vec<Vec<Keep>> {
        let mut groups: Vec<Vec<Keep>> = Vec::new();
        let mut bytes = 0;
        for order in orders {
            if let Some(why) = too_long(&order) {
                self.not_kept(order.ticket, JournalFault::Broken(why));
                continue;
            }
            let more = order.bytes();
            match groups.last_mut() {
                Some(group) if bytes + more <= TRANSACTION_BYTES => group.push(order),
                _ => {
                    groups.push(vec![order]);
                    bytes = 0;
                }
            }
            bytes += more;
        }
        groups
    }

    /// Carry out an order that is not `Keep`; false after `Close`.
    pub(super) fn carry_out(&mut self, order: JournalOrder) -> bool {
        match order {
            JournalOrder::Keep {
                ticket,
                lane,
                pages,
                notes,
            } => {
                let order = Keep {
                    ticket,
                    pages,
                    notes,
                };
                for group in self.transactions(vec![order]) {
                    self.keep(lane, group);
                }
            }
            JournalOrder::Release { keys } => self.release(&keys),
            JournalOrder::Load { key } => self.load(key),
            JournalOrder::Evict {
                lane,
                generation,
                stand_ins,
            } => self.evict(lane, generation, stand_ins),
            JournalOrder::Close => {
                self.close();
                return false;
            }
        }
        self.tell_words();
        true
    }

    fn load(&mut self, key: PageKey) {
        let loaded = self.any(key.lane).map(|shelves| shelves.load(&key));
        let why = match loaded {
            Some(Ok(bytes)) => return self.say(JournalSays::Loaded { key, bytes }),
            Some(Err(fault)) => fault.to_string(),
            None => format!("the {} lane is not open", key.lane),
        };
        let why = JournalFault::Broken(format!("a page could not be read back: {why}"));
        self.say(JournalSays::NotLoaded { key, why });
    }

    /// Read pages for somebody who only looks.
    pub(super) fn peek(&mut self, keys: Vec<PageKey>) -> Pages {
        let load = |key: PageKey| {
            let loaded = self.any(key.lane).map(|shelves| shelves.load(&key));
            (key, loaded.and_then(Result::ok).flatten())
        };
        keys.into_iter().map(load).collect()
    }

    /// Something to do while nobody asks: try again what was refused, write down what was let go of.
    pub(super) fn idle(&mut self) {
        if self.full {
            self.look_for_room();
        }
        let now = Instant::now();
        for &lane in Lane::ALL {
            if self.pause(lane).is_some_and(|pause| pause.until <= now) {
                self.try_again(lane);
            }
            if let Shelves::Open(shelves) = self.slot(lane) {
                shelves.idle();
            }
        }
        self.tell_words();
    }

    /// Keep these orders of one lane: one transaction, one sync.
    pub(super) fn keep(&mut self, lane: Lane, orders: Vec<Keep>) {
        let tickets: Vec<u64> = orders.iter().map(|order| order.ticket).collect();
        let mut batch = Batch::default();
        for order in orders {
            batch
                .pages
                .extend(order.pages.into_iter().map(|page| (0, page)));
            batch
                .notes
                .extend(order.notes.into_iter().map(|note| (note.key, note.value)));
        }
        match self.try_to_keep(lane, batch) {
            Ok((generation, used)) => {
                for ticket in tickets {
                    self.say(JournalSays::Kept {
                        ticket,
                        generation,
                        used,
                    });
                }
            }
            Err(fault) => {
                for ticket in tickets {
                    self.not_kept(ticket, fault.clone());
                }
            }
        }
        self.tell_words();
    }

    fn try_to_keep(&mut self, lane: Lane, batch: Batch) -> Result<(u32, u64), JournalFault> {
        let has_room = self.slot(lane).writable()?.has_room();
        if self.full && !has_room && !self.look_for_room() {
            return Err(JournalFault::Full);
        }
        let shelves = self.slot(lane).writable()?;
        let mut kept = shelves.keep(batch.clone());
        if let Err(StoreFault::Damaged(why)) = &kept {
            // Only this one store is bad: the next generation takes it at once.
            shelves
                .words
                .push(format!("{why}; a new generation was begun"));
            kept = shelves.keep(batch);
        }
        match kept {
            Ok(generation) => Ok((generation, shelves.used())),
            Err(fault) => Err(self.failed(lane, fault)),
        }
    }

    fn evict(&mut self, lane: Lane, generation: u32, stand_ins: Vec<Page>) {
        let mut evicted = self.try_to_evict(lane, generation, stand_ins.clone());
        if evicted == Err(JournalFault::Full) {
            // The ballast is gone now: that is what it was for.
            evicted = self.try_to_evict(lane, generation, stand_ins);
        }
        match evicted {
            Ok((kept_in, used)) => {
                self.say(JournalSays::Evicted {
                    lane,
                    generation,
                    kept_in,
                    used,
                });
                if self.full {
                    self.look_for_room();
                }
            }
            Err(why) => self.say(JournalSays::NotEvicted {
                lane,
                generation,
                why,
            }),
        }
    }

    fn try_to_evict(
        &mut self,
        lane: Lane,
        number: u32,
        pages: Vec<Page>,
    ) -> Result<(u32, u64), JournalFault> {
        let shelves = self.slot(lane).writable()?;
        match shelves.evict(number, pages) {
            Ok(kept_in) => Ok((kept_in, shelves.used())),
            Err(fault) => Err(self.failed(lane, fault)),
        }
    }

    fn release(&mut self, keys: &[PageKey]) {
        for &lane in Lane::ALL {
            let keys: Vec<PageKey> = keys
                .iter()
                .filter(|key| key.lane == lane)
                .copied()
                .collect();
            if let Some(shelves) = self.any(lane).filter(|_| !keys.is_empty()) {
                shelves.release(&keys);
            }
        }
    }

    fn close(&mut self) {
        let mut mark: CleanMark = Vec::new();
        for &lane in Lane::ALL {
            if let Shelves::Open(shelves) = self.slot(lane)
                && let Ok((number, count)) = shelves.close()
            {
                mark.push((lane.word().to_owned(), number, count));
            }
        }
        if mark.len() == Lane::ALL.len()
            && let Err(e) = self.state.end(&mark)
        {
            self.mended(format!("the end of this run could not be marked: {e}"));
        }
        self.tell_words();
    }

    /// What a fault means to the one who asked, and what is done about it now.
    fn failed(&mut self, lane: Lane, fault: StoreFault) -> JournalFault {
        let why = match fault {
            StoreFault::Full => {
                self.make_room();
                return JournalFault::Full;
            }
            StoreFault::Disk(why) | StoreFault::Damaged(why) => why,
        };
        let why = format!("{why}: check the disk and its mount; it is tried again by itself");
        let pause = Pause::first(Instant::now(), why.clone());
        self.slot(lane).refuse(pause);
        JournalFault::Broken(why)
    }

    pub(super) fn make_room(&mut self) {
        self.full = true;
        for &lane in Lane::ALL {
            drop_quarantines(&self.state.lane(lane.word()));
        }
        self.state.drop_ballast();
    }

    /// True when there is room again: the ballast is back.
    fn look_for_room(&mut self) -> bool {
        if !self.state.have_ballast() {
            return false;
        }
        self.full = false;
        self.mended(format!(
            "{}: there is room on the disk again",
            self.state.path().display()
        ));
        true
    }

    pub(super) fn slot(&mut self, lane: Lane) -> &mut Shelves<S> {
        let [alarm, vital, routine] = &mut self.lanes;
        match lane {
            Lane::Alarm => alarm,
            Lane::Vital => vital,
            Lane::Routine => routine,
        }
    }

    /// The lane's generations, refused or not: what is read and let go of.
    pub(super) fn any(&mut self, lane: Lane) -> Option<&mut Generations<S>> {
        match self.slot(lane) {
            Shelves::Open(shelves) | Shelves::Refused(shelves, _) => Some(shelves),
            Shelves::Closed(_) => None,
        }
    }

    pub(super) fn pause(&mut self, lane: Lane) -> Option<&mut Pause> {
        match self.slot(lane) {
            Shelves::Open(_) => None,
            Shelves::Refused(_, pause) | Shelves::Closed(pause) => Some(pause),
        }
    }

    pub(super) fn tell_words(&mut self) {
        for &lane in Lane::ALL {
            let words = self
                .any(lane)
                .map(|shelves| std::mem::take(&mut shelves.words));
            for how in words.unwrap_or_default() {
                self.mended(how);
            }
        }
    }

    fn not_kept(&self, ticket: u64, why: JournalFault) {
        self.say(JournalSays::NotKept { ticket, why });
    }

    pub(super) fn mended(&self, how: String) {
        self.say(JournalSays::Mended { how });
    }

    /// Nobody listens any more only when the daemon ends; what is durable stays so.
    pub(super) fn say(&self, says: JournalSays) {
        let _ = self.says.send(says);
    }
}

fn note_bytes(note: &Note) -> usize {
    note.key.len() + note.value.as_ref().map_or(0, Vec::len)
}

/// An order that can never be kept, so that it does not take others with it.
fn too_long(order: &Keep) -> Option<String> {
    let pages = order
        .pages
        .iter()
        .map(|page| ("page", page.bytes.len(), PAGE_BYTES_LIMIT));
    let notes = order
        .notes
        .iter()
        .map(|note| ("note", note_bytes(note), BODY_LIMIT));
    let (what, len, limit) = pages.chain(notes).find(|(_, len, limit)| len > limit)?;
    Some(format!(
        "a {what} of {len} bytes is longer than {limit}: it cannot be kept"
    ))
}
