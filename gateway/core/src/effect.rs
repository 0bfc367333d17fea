//! Everything the core asks the edges to do. An edge carries out and reports; it decides nothing.

use tecs_protocol::hub::v1;
use tecs_protocol::vocabulary::Lane;

use crate::page::{Page, PageKey};

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The message with this token is safe: its broker may forget it. In arrival order per source.
    Acknowledge {
        /// Index in `Settings::sources`.
        source: usize,
        /// As `Input::Publish` gave it.
        token: u64,
    },
    /// Write these bytes to a serial line.
    Write {
        /// Index in `Settings::sources`.
        source: usize,
        /// To write whole, or not at all.
        bytes: Vec<u8>,
    },
    /// What the dialect was taught has changed what it listens to: these topic filters, all of them.
    Listen {
        /// Index in `Settings::sources`.
        source: usize,
        /// Every filter from now on.
        topics: Vec<String>,
    },
    /// For the journal's one thread.
    Journal(JournalOrder),
    /// Open a stream to this endpoint.
    Connect {
        /// Index in `Settings::endpoints`.
        endpoint: usize,
    },
    /// Give this endpoint's stream up.
    Disconnect {
        /// Index in `Settings::endpoints`.
        endpoint: usize,
    },
    /// Put this on an endpoint's stream. The alarm lane, Hello and answers overtake waiting bulk.
    Send {
        /// Index in `Settings::endpoints`.
        endpoint: usize,
        /// True for everything but vital and routine parcels.
        first: bool,
        /// What to say.
        says: v1::FromHome,
    },
    /// Tell the home: retained, on `tecs/<gateway>/<topic>`; an empty payload clears.
    Tell {
        /// Below the gateway's own branch.
        topic: String,
        /// JSON, or empty.
        payload: String,
    },
    /// Something worth a line in the log and a count; no personal data.
    Note(Noteworthy),
    /// Nothing is left that could be lost: the daemon may end.
    Stopped,
}

/// An order to the journal.
#[derive(Debug, Clone, PartialEq)]
pub enum JournalOrder {
    /// Make these pages and notes durable, in one transaction of the lane's open generation.
    Keep {
        /// Comes back in `Kept` or `NotKept`.
        ticket: u64,
        /// Which lane's generation.
        lane: Lane,
        /// The pages, in order.
        pages: Vec<Page>,
        /// What is remembered with them.
        notes: Vec<Note>,
    },
    /// The care hub has these: let go of them. Need not be durable at once: a page that comes back is dropped by name.
    Release {
        /// Which pages.
        keys: Vec<PageKey>,
    },
    /// Read a page back.
    Load {
        /// Which.
        key: PageKey,
    },
    /// Make `stand_ins` durable in a younger generation of the lane, then drop this one whole.
    Evict {
        /// Which lane.
        lane: Lane,
        /// Which generation.
        generation: u32,
        /// The Gaps that take the places of what is lost, and what of it must stay.
        stand_ins: Vec<Page>,
    },
    /// The last order before the end: mark the run as cleanly ended.
    Close,
}

/// Something remembered beside the pages of a lane: a state that repeats, a pulse not yet acknowledged, an open alarm.
/// The journal does not look into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its name.
    pub key: Vec<u8>,
    /// What is remembered; `None` forgets it.
    pub value: Option<Vec<u8>>,
}

/// What happened that an engineer may want to read, by name; content only where it is nobody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noteworthy {
    /// A source's words were not understood.
    Refused {
        /// Index of the source.
        source: usize,
        /// `Refusal::name`.
        name: &'static str,
        /// What exactly; may quote field names, never values.
        what: String,
        /// A bounded piece of the message, for the installer; personal, so for the local socket only.
        sample: Vec<u8>,
    },
    /// A field that no table knows was met first.
    Unmapped {
        /// Index of the source.
        source: usize,
        /// Which.
        field: String,
    },
    /// A link's state changed.
    Link {
        /// Index of the endpoint.
        endpoint: usize,
        /// In plain words.
        what: String,
    },
    /// The journal's state changed.
    Journal {
        /// In plain words.
        what: String,
    },
    /// Records had to go.
    Evicted {
        /// From which lane.
        lane: Lane,
        /// How many.
        count: u64,
    },
    /// The hub could not read a record of ours and has kept its bytes.
    RefusedByHub {
        /// In the hub's words.
        reason: String,
    },
    /// An event was raised; for counters.
    Raised {
        /// Its lane.
        lane: Lane,
        /// How soon.
        urgency: tecs_protocol::vocabulary::Urgency,
    },
}
