//! What a device says, before anybody carried it: the message with its number, its body for the path, and what became of
//! it. It carries nothing.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tecs_protocol::serial::nonin::{Second, SpotCheck};

use crate::models::Path;

/// One message, ready to be carried.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The device's id.
    pub device: String,
    /// The device's own number, from 1.
    pub number: u64,
    /// The device's own time in it, ms since 1970; no two messages of a device have the same. `None` where it tells none.
    pub happened_ms: Option<i64>,
    /// How the hub lists it, where its words hold neither number nor time.
    pub word: Option<String>,
    /// On which path it goes.
    pub path: Path,
    /// What is carried.
    pub body: Body,
    /// It says something new: it must reach the hub once it is taken over. A state that merely repeats need not.
    pub news: bool,
}

/// What is carried.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A publish.
    Publish {
        /// Who publishes it: a bridge's, a receiver's or a module's name; empty for Zigbee2MQTT.
        by: String,
        /// The whole topic.
        topic: String,
        /// The payload.
        text: String,
        /// At which quality of service, and how often.
        manner: Manner,
    },
    /// Bytes on a serial line: a line of text, a frame, a call.
    Bytes(Vec<u8>),
    /// A spot check of an oximeter that stores it.
    Spot(SpotCheck),
    /// What an oximeter shows from now on, once a second.
    Shows(Second),
    /// Bytes that a device says from now on, again and again.
    Repeats(Vec<u8>),
    /// What a register holds from now on, for whoever asks.
    Register {
        /// Unit, function, address.
        at: crate::units::Address,
        /// What it holds.
        value: u16,
    },
}

/// How something is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Once, and the broker acknowledges it (`QoS` 1).
    Acknowledged,
    /// The same, and the broker keeps it for whoever comes later.
    Kept,
    /// Once, and nobody acknowledges it (`QoS` 0).
    Untold,
    /// A radio's frame: so often, with a pause, ms; each time acknowledged.
    Frames(u8, u64),
}

impl Body {
    /// Its device goes on saying it by itself, or whenever it is asked.
    pub const fn goes_on(&self) -> bool {
        matches!(
            self,
            Self::Shows(_) | Self::Repeats(_) | Self::Register { .. }
        )
    }

    /// As a person is shown it: text, or hexadecimal digits.
    pub fn shown(&self) -> String {
        let bytes = match self {
            Self::Publish { text, .. } => return text.clone(),
            Self::Bytes(bytes) | Self::Repeats(bytes) => bytes.clone(),
            Self::Register { at, value } => return format!("{at:?}: {value}"),
            Self::Spot(spot) => spot.encode(),
            Self::Shows(second) => second.encode().to_vec(),
        };
        let printed = bytes
            .iter()
            .all(|b| (0x20..0x7f).contains(b) || b"\r\n".contains(b));
        match std::str::from_utf8(&bytes) {
            Ok(text) if printed => text.trim_end().to_owned(),
            _ => bytes.iter().fold(String::new(), |mut hex, byte| {
                // Writing to a text cannot fail.
                let _ = write!(hex, "{byte:02X}");
                hex
            }),
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The broker acknowledged it, somebody had the serial port open, or the line's own answer came.
    Yes,
    /// The broker did not acknowledge it in time or lost the session; or nobody listened on the port.
    No,
    /// Its sender still tries.
    Waits,
    /// Nobody says: it was published without an acknowledgement.
    Untold,
}

/// What became of a message, as far as its sender knows by now: a panel that calls again learns it later.
#[derive(Debug, Clone)]
pub struct Handed(Arc<AtomicU8>);

const ALL: [Taken; 4] = [Taken::Yes, Taken::No, Taken::Waits, Taken::Untold];

impl Handed {
    /// So far this.
    pub fn new(taken: Taken) -> Self {
        let handed = Self(Arc::new(AtomicU8::new(0)));
        handed.set(taken);
        handed
    }

    /// It is known now.
    pub fn set(&self, taken: Taken) {
        let place = ALL.iter().position(|t| *t == taken).unwrap_or_default();
        self.0
            .store(u8::try_from(place).unwrap_or_default(), Ordering::Release);
    }

    /// What is known.
    pub fn taken(&self) -> Taken {
        let place = usize::from(self.0.load(Ordering::Acquire));
        ALL.get(place).copied().unwrap_or(Taken::No)
    }
}
