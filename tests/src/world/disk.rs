//! The state folder: orders are durable when they are finished, not before; they finish in order; it may fail, be slow,
//! be full, and lose what it had not finished.

use std::collections::{BTreeMap, VecDeque};

use gateway_core::{
    Found, JournalFault, JournalOrder, JournalSays, Note, Page, PageKey, Recovered,
};
use tecs_protocol::event::{Entry, decode};
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::Lane;

use super::broker::EPOCH_MS;

/// Pages a generation holds.
const GENERATION_PAGES: usize = 6;

/// What the disk will do with an order.
#[derive(Debug)]
pub struct DiskPlan {
    ticket: u64,
    order: JournalOrder,
    fails: bool,
}

#[derive(Debug, Clone)]
struct Held {
    page: Page,
    generation: u32,
    /// The device's own counts in it.
    numbers: Vec<u64>,
}

/// The disk.
#[derive(Debug)]
pub struct Disk {
    capacity: u64,
    pages: BTreeMap<(u32, u64), Held>,
    notes: BTreeMap<(Lane, Vec<u8>), Vec<u8>>,
    generation: BTreeMap<Lane, (u32, usize)>,
    arrival: u64,
    plans: VecDeque<DiskPlan>,
    tickets: u64,
    busy_until: u64,
    clean: bool,
    unreadable: bool,
}

impl Disk {
    /// An empty disk of this many bytes; 0 is endless.
    pub fn new(capacity: u64) -> Self {
        Self {
            capacity,
            pages: BTreeMap::new(),
            notes: BTreeMap::new(),
            generation: BTreeMap::new(),
            arrival: 0,
            plans: VecDeque::new(),
            tickets: 0,
            busy_until: 0,
            clean: false,
            unreadable: false,
        }
    }

    /// What a daemon finds at its start.
    pub fn open(&mut self) -> Recovered {
        let clean = std::mem::take(&mut self.clean);
        Recovered {
            pages: self
                .pages
                .values()
                .map(|held| Found {
                    generation: held.generation,
                    ..Found::from(&held.page)
                })
                .collect(),
            notes: self
                .notes
                .iter()
                .map(|((lane, key), value)| (*lane, key.clone(), value.clone()))
                .collect(),
            used: [
                self.used(Lane::Alarm),
                self.used(Lane::Vital),
                self.used(Lane::Routine),
            ],
            set_aside: Vec::new(),
            clean,
        }
    }

    /// Takes an order; it is carried out by `finish`.
    pub fn order(&mut self, order: JournalOrder, fails: bool) -> u64 {
        self.tickets += 1;
        self.plans.push_back(DiskPlan {
            ticket: self.tickets,
            order,
            fails,
        });
        self.tickets
    }

    /// The disk is one thread: an order is finished after the one before it.
    pub fn after_the_others(&mut self, at: u64) -> u64 {
        self.busy_until = self.busy_until.max(at);
        self.busy_until
    }

    /// The order of this ticket is carried out.
    pub fn finish(&mut self, ticket: u64) -> Vec<JournalSays> {
        let mut says = Vec::new();
        while self.plans.front().is_some_and(|p| p.ticket <= ticket) {
            if let Some(plan) = self.plans.pop_front() {
                says.extend(self.carry_out(plan.order, plan.fails));
            }
        }
        says
    }

    /// Power is gone: what was not finished is lost; one order may have been finished without an answer.
    pub fn crash(&mut self, finish_one: bool) {
        if finish_one && let Some(plan) = self.plans.pop_front() {
            self.carry_out(plan.order, plan.fails);
        }
        self.plans.clear();
        self.busy_until = 0;
    }

    /// Pages that cannot be read just now, or can again.
    pub fn reads(&mut self, reads: bool) {
        self.unreadable = !reads;
    }

    /// The disk fails no more and has room.
    pub fn heal(&mut self) {
        self.capacity = 0;
        for plan in &mut self.plans {
            plan.fails = false;
        }
    }

    fn used(&self, lane: Lane) -> u64 {
        let of_lane = self.pages.values().filter(|h| h.page.key.lane == lane);
        of_lane.map(|h| h.page.bytes.len() as u64 + 512).sum()
    }

    fn full_with(&self, more: u64) -> bool {
        let used: u64 = Lane::ALL.iter().map(|l| self.used(*l)).sum();
        self.capacity > 0 && used + more > self.capacity
    }

    fn carry_out(&mut self, order: JournalOrder, fails: bool) -> Option<JournalSays> {
        match order {
            JournalOrder::Keep {
                ticket,
                lane,
                pages,
                notes,
            } => Some(self.keep(ticket, lane, pages, notes, fails)),
            JournalOrder::Release { keys } => {
                self.pages.retain(|_, h| !keys.contains(&h.page.key));
                None
            }
            JournalOrder::Load { key } if self.unreadable => Some(JournalSays::NotLoaded {
                key,
                why: JournalFault::Broken("io".to_owned()),
            }),
            JournalOrder::Load { key } => {
                let held = self.pages.values().find(|h| h.page.key == key);
                Some(JournalSays::Loaded {
                    key,
                    bytes: held.map(|h| h.page.bytes.clone()),
                })
            }
            JournalOrder::Evict {
                lane,
                generation,
                stand_ins,
            } => {
                if fails {
                    return Some(JournalSays::NotEvicted {
                        lane,
                        generation,
                        why: JournalFault::Broken("io".to_owned()),
                    });
                }
                if self.generation.get(&lane).is_none_or(|g| g.0 <= generation) {
                    self.generation.insert(lane, (generation + 1, 0));
                }
                self.pages
                    .retain(|_, h| h.page.key.lane != lane || h.generation != generation);
                let kept_in = self.generation[&lane].0;
                for page in stand_ins {
                    self.put(page, kept_in);
                }
                Some(JournalSays::Evicted {
                    lane,
                    generation,
                    kept_in,
                    used: self.used(lane),
                })
            }
            JournalOrder::Close => {
                self.clean = true;
                None
            }
        }
    }

    fn keep(
        &mut self,
        ticket: u64,
        lane: Lane,
        pages: Vec<Page>,
        notes: Vec<Note>,
        fails: bool,
    ) -> JournalSays {
        let more: u64 = pages.iter().map(|p| p.bytes.len() as u64 + 512).sum();
        if fails {
            let why = JournalFault::Broken("io".to_owned());
            return JournalSays::NotKept { ticket, why };
        }
        if self.full_with(more) {
            let why = JournalFault::Full;
            return JournalSays::NotKept { ticket, why };
        }
        let (generation, count) = self.generation.entry(lane).or_insert((1, 0));
        *count += pages.len();
        if *count > GENERATION_PAGES {
            *generation += 1;
            *count = pages.len();
        }
        let generation = *generation;
        for page in pages {
            self.put(page, generation);
        }
        for note in notes {
            match note.value {
                Some(value) => {
                    self.notes.insert((lane, note.key), value);
                }
                None => {
                    self.notes.remove(&(lane, note.key));
                }
            }
        }
        JournalSays::Kept {
            ticket,
            generation,
            used: self.used(lane),
        }
    }

    fn put(&mut self, page: Page, generation: u32) {
        self.pages.retain(|_, h| h.page.key != page.key);
        self.arrival += 1;
        self.pages.insert(
            (generation, self.arrival),
            Held {
                numbers: numbers_in(&page),
                page,
                generation,
            },
        );
    }

    /// True when a page on this disk holds the device's message.
    pub fn has(&self, number: u64) -> bool {
        self.pages.values().any(|h| h.numbers.contains(&number))
    }

    /// Numbers that Gaps on this disk stand for.
    pub fn gaps(&self) -> u64 {
        let gaps = self.pages.values().filter(|h| h.page.gap);
        gaps.map(|h| h.page.last - h.page.key.first + 1).sum()
    }

    /// Presses that are counted in another press's record, by that record's name.
    pub fn folded(&self) -> BTreeMap<(u64, i32, u64), u64> {
        let mut out = BTreeMap::new();
        let pages = self.pages.values().filter(|h| !h.page.gap);
        for held in pages.filter(|h| h.page.key.lane == Lane::Alarm) {
            let records = held.page.records().unwrap_or_default();
            for (n, bytes) in records.iter().enumerate() {
                let seq = held.page.key.first + n as u64;
                let name = (held.page.key.epoch, Lane::Alarm.wire(), seq);
                out.insert(name, folded_in(bytes));
            }
        }
        out
    }

    /// True when a page of this name is here.
    pub fn holds(&self, key: PageKey) -> bool {
        self.pages.values().any(|h| h.page.key == key)
    }
}

fn numbers_in(page: &Page) -> Vec<u64> {
    let records = page.records().unwrap_or_default();
    records
        .iter()
        .filter_map(|bytes| number_of(bytes))
        .collect()
}

/// Presses that this record counts besides its own.
pub(super) fn folded_in(record: &[u8]) -> u64 {
    match decode(record) {
        Ok(Entry::Event(event)) => u64::from(event.folded - 1),
        Ok(Entry::Gap(_)) | Err(_) => 0,
    }
}

/// Presses of a device that this record counts; none in a record of anything else.
pub(super) fn presses_in(record: &[u8]) -> u64 {
    match decode(record) {
        Ok(Entry::Event(event)) if matches!(event.what, What::Alarm { .. }) => {
            u64::from(event.folded)
        }
        Ok(Entry::Event(_) | Entry::Gap(_)) | Err(_) => 0,
    }
}

/// The device's own count in a record, from its own time.
pub fn number_of(record: &[u8]) -> Option<u64> {
    match decode(record) {
        Ok(Entry::Event(event)) => {
            let ms = event.happened_ms? - EPOCH_MS;
            u64::try_from(ms / 1_000).ok()
        }
        Ok(Entry::Gap(_)) | Err(_) => None,
    }
}
