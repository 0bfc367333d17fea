//! The journal as the core knows it: how it is, what it was asked, since when it owes an answer. It orders nothing.

use std::collections::BTreeMap;

use tecs_protocol::vocabulary::Lane;

use crate::effect::Note;
use crate::page::{Page, PageKey};
use crate::time::Mono;

/// A journal that owes an answer and has given none for this long hangs, ms. A sync of a sound disk takes milliseconds; a
/// card may be busy with one write for 500 ms (SD Physical Layer Simplified Specification, 4.6.2.2).
const HANGS_AFTER_MS: u64 = 2_000;

/// The time is looked at every second while the machine runs, and no turn of the loop takes this long, ms.
const SUSPENDED_MS: u64 = 2 * HANGS_AFTER_MS;

/// An order that the journal has not answered.
#[derive(Debug)]
pub(crate) struct Keeping {
    pub(crate) lane: Lane,
    pub(crate) pages: Vec<Page>,
    /// Notes that rode along and are in no record's own.
    pub(crate) riders: Vec<Note>,
}

/// How the journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Health {
    #[default]
    Fine,
    /// It was not open in time: sources are read without it.
    Opening,
    Full,
    Broken,
    /// It owes an answer: the disk hangs, or is slow.
    Hangs,
}

/// The journal as the core knows it.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    next_ticket: u64,
    pub(crate) keeping: BTreeMap<u64, Keeping>,
    pub(crate) health: Health,
    pub(crate) retry_at: Mono,
    /// Since when notes of each lane wait for a page that takes them along.
    pub(crate) notes_since: [Option<Mono>; 3],
    /// What takes the place of a generation that is being dropped, and how many records it costs.
    pub(crate) evictions: BTreeMap<(Lane, u32), (Vec<Page>, u64)>,
    pub(crate) released: Vec<PageKey>,
    pub(crate) states_kept: bool,
    /// Nothing was said to be wrong, so nothing need be said to be well.
    pub(crate) said_well: bool,
    /// Orders that it owes an answer.
    owes: u64,
    /// When it last answered, or was asked after it had answered everything; `None` while it owes nothing.
    silent_since: Option<Mono>,
    /// When the time was last looked at.
    looked: Mono,
    /// It has owed an answer for too long. What it is given now only waits in another place: in ours it can still be folded,
    /// or become a Gap.
    pub(crate) stalled: bool,
    /// A page could not be read back just now: when it is asked for again.
    pub(crate) load_again: Option<Mono>,
}

impl Journal {
    /// One that was not open in time.
    pub(crate) fn opening() -> Self {
        Self {
            health: Health::Opening,
            ..Self::default()
        }
    }

    pub(crate) fn is_fine(&self) -> bool {
        self.health == Health::Fine
    }

    /// These pages may go from the disk.
    pub(crate) fn release(&mut self, keys: Vec<PageKey>) {
        self.released.extend(keys);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.health == Health::Full
    }

    /// It is not open yet.
    pub(crate) fn is_opening(&self) -> bool {
        self.health == Health::Opening
    }

    /// A page of this lane is with the journal.
    pub(crate) fn is_keeping(&self, lane: Lane) -> bool {
        self.keeping.values().any(|k| k.lane == lane)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.keeping.is_empty()
    }

    pub(crate) fn word(&self) -> &'static str {
        match self.health {
            Health::Fine => "fine",
            Health::Opening => "opening",
            Health::Full => "full",
            Health::Broken => "broken",
            Health::Hangs => "hanging",
        }
    }

    /// The number of a new order to keep.
    pub(crate) fn ticket(&mut self, keeping: Keeping) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.keeping.insert(ticket, keeping);
        ticket
    }

    /// An order was given that it has to answer.
    pub(crate) fn asked(&mut self, now: Mono) {
        self.owes += 1;
        self.silent_since.get_or_insert(now);
    }

    /// It has answered an order.
    pub(crate) fn answered(&mut self, now: Mono) {
        self.owes = self.owes.saturating_sub(1);
        self.silent_since = (self.owes > 0).then_some(now);
        self.stalled = false;
    }

    /// When it hangs unless it answers; `None` while it owes nothing.
    pub(crate) fn hangs_at(&self) -> Option<Mono> {
        self.silent_since.map(|since| since.plus(HANGS_AFTER_MS))
    }

    /// Looks at the time; true when it has owed an answer for too long. Where nobody looked for long the machine was
    /// suspended, and its disk with it.
    pub(crate) fn looked_at(&mut self, now: Mono) -> bool {
        let slept = now.since(self.looked);
        if slept > SUSPENDED_MS {
            self.silent_since = self.silent_since.map(|since| since.plus(slept).min(now));
        }
        self.looked = now;
        self.stalled = self.hangs_at().is_some_and(|at| at <= now);
        self.stalled
    }

    /// Pages may be asked of it.
    pub(crate) fn reads(&self) -> bool {
        self.load_again.is_none() && !self.stalled
    }

    /// Whether a note of this name waits for the disk: it is younger than what the disk holds under it.
    pub(crate) fn waits_with(&self, key: &[u8]) -> bool {
        let riders = self.keeping.values().flat_map(|k| &k.riders);
        riders.into_iter().any(|note| note.key == key)
    }
}
