//! Everything that can happen to the gateway, as the edges report it.

use tecs_protocol::Bytes;
use tecs_protocol::hub::v1;
use tecs_protocol::vocabulary::Lane;

use crate::page::{Page, PageKey};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The wall clock was read: at start, every 10 s, and when it was seen to jump.
    Clock {
        /// Milliseconds since 1970.
        wall_ms: i64,
        /// The system says that it is synchronised.
        trusted: bool,
    },
    /// A source's path is open (subscribed, or the port opened).
    SourceUp {
        /// Index in `Settings::sources`.
        source: usize,
        /// The broker kept our session: what we did not acknowledge comes again.
        resumed: bool,
    },
    /// A source's path is gone.
    SourceDown {
        /// Index in `Settings::sources`.
        source: usize,
        /// In plain words, with the path's name and what to do.
        why: String,
    },
    /// A broker delivered this.
    Publish {
        /// Index in `Settings::sources`.
        source: usize,
        /// Its topic.
        topic: String,
        /// Its payload.
        payload: Bytes,
        /// Kept by the broker from before we subscribed.
        retained: bool,
        /// The broker says that it sent this before.
        dup: bool,
        /// Its packet id on this connection; 0 at quality of service 0.
        packet: u16,
        /// Handed back in `Effect::Acknowledge`; `None` when it cannot be acknowledged (quality of service 0).
        token: Option<u64>,
    },
    /// A serial line gave these bytes.
    Bytes {
        /// Index in `Settings::sources`.
        source: usize,
        /// In whatever chunk the line gave them.
        bytes: Bytes,
    },
    /// The journal's answer.
    Journal(JournalSays),
    /// What happened on a link to the care hub.
    Link {
        /// Index in `Settings::endpoints`.
        endpoint: usize,
        /// What.
        says: LinkSays,
    },
    /// Somebody at the local socket.
    Order(Order),
    /// The machine's power, where it can tell.
    Power {
        /// On mains.
        mains: Option<bool>,
        /// Charge of the hub's own battery, %.
        battery_percent: Option<f64>,
    },
    /// A deadline that `poll_timeout` named is due.
    Tick,
    /// The daemon is asked to end: everything unsafe goes to disk now.
    Stop,
}

/// What a person or a script asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// An alarm that is a test, all the way to the responder's screen.
    TestAlarm,
    /// A responder has come.
    ResponderHere,
    /// A technical word that is a test, to the hub's ledger and back: nobody is called.
    TestCall,
}

/// What the journal says.
#[derive(Debug, Clone, PartialEq)]
pub enum JournalSays {
    /// It, or a lane of it, was opened later than the core was made: what it holds.
    Opened(Recovered),
    /// These pages are durable: synced, on our disk.
    Kept {
        /// Whose order it was.
        ticket: u64,
        /// The generation that holds them.
        generation: u32,
        /// Bytes the lane uses on disk now.
        used: u64,
    },
    /// Nothing of this order is durable.
    NotKept {
        /// Whose order it was.
        ticket: u64,
        /// Why.
        why: JournalFault,
    },
    /// A page that was asked for; `None` when it is gone or damaged.
    Loaded {
        /// Its name.
        key: PageKey,
        /// Its bytes, checked.
        bytes: Option<Bytes>,
    },
    /// A page that was asked for could not be read just now; it may be sound.
    NotLoaded {
        /// Its name.
        key: PageKey,
        /// Why.
        why: JournalFault,
    },
    /// A generation is gone; what stood in for it is durable.
    Evicted {
        /// Its lane.
        lane: Lane,
        /// Its number.
        generation: u32,
        /// The generation that holds the pages that stand for it.
        kept_in: u32,
        /// Bytes the lane uses on disk now.
        used: u64,
    },
    /// A generation could not be dropped.
    NotEvicted {
        /// Its lane.
        lane: Lane,
        /// Its number.
        generation: u32,
        /// Why.
        why: JournalFault,
    },
    /// The journal healed itself or found damage while running.
    Mended {
        /// In plain words.
        how: String,
    },
}

/// Why the journal could not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalFault {
    /// No space on the disk.
    Full,
    /// Anything else, in plain words with path and cure.
    Broken(String),
}

/// What the journal found when it was opened.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recovered {
    /// The pages of all generations, oldest generation first, in the order in which they were kept; without bytes.
    pub pages: Vec<Found>,
    /// The notes of the newest generation of each lane.
    pub notes: Vec<(Lane, Vec<u8>, Vec<u8>)>,
    /// Bytes on disk: alarm, vital, routine; 0 for a lane that is not open.
    pub used: [u64; 3],
    /// Stores that would not open and were set aside, in plain words.
    pub set_aside: Vec<String>,
    /// The last run ended in good order: the notes of all lanes are whole.
    pub clean: bool,
}

/// A page that the journal holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub key: PageKey,
    /// Its last sequence number.
    pub last: u64,
    /// It is a Gap.
    pub gap: bool,
    /// Its length, bytes.
    pub len: u32,
    /// Where it is.
    pub generation: u32,
}

/// What happened on a link.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkSays {
    /// The stream is open; the core answers with Hello.
    Opened,
    /// The hub said this.
    Heard(v1::FromHub),
    /// The stream is gone.
    Closed {
        /// In plain words: which hop, and what to do.
        why: String,
    },
}

impl From<&Page> for Found {
    fn from(page: &Page) -> Self {
        Self {
            key: page.key,
            last: page.last,
            gap: page.gap,
            len: u32::try_from(page.bytes.len()).unwrap_or(u32::MAX),
            generation: 0,
        }
    }
}
