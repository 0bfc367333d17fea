//! What an installer says of an ESPA line. Every setting has a default that works: an addressed station at 2 that also
//! takes what a bridge sends without asking. It reads no file.

use super::table::Rule;
use super::text::Text;

/// Of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which station we are. Default: the one at address 2.
    pub role: Role,
    /// The line's characters. Default: ISO 8859-1.
    pub text: Text,
    /// When a call that was raised is over. Default: when a reset comes.
    pub clears: Clears,
    /// What call types mean on this line, before the usual meanings (see [`CallType::usual`]).
    pub call_types: Vec<(u8, CallType)>,
    /// What calls mean in this home; the first rule that matches holds.
    pub table: Vec<Rule>,
    /// A block is answered when it is safe within this long, ms; after that we stay silent, and what the sender repeats is
    /// answered. Default: 2000.
    pub ack_within_ms: u64,
    /// A line without a valid word for this long is called dead, ms; 0: never. Default: 120000. A bridge that has never
    /// polled speaks only when somebody calls, and is not watched.
    pub dead_after_ms: u64,
    /// The device that stands for the line itself. Default: `line`.
    pub line: String,
}

/// Which station we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// An addressed station, the usual place of a paging system. Blocks that come without a selection are taken as well.
    Station {
        /// Our address. Default: `2`.
        address: u8,
        /// What our address alone means, when no other was called just before it.
        alone: Alone,
    },
    /// The control station, which polls.
    Control {
        /// Our address. Usual: `1`.
        address: u8,
        /// Who is polled, in turn.
        stations: Vec<u8>,
        /// From one poll to the next, ms. Usual: 150 (Avaya).
        poll_ms: u64,
    },
}

impl Role {
    /// The control station at 1 that polls these every 150 ms.
    pub const fn control(stations: Vec<u8>) -> Self {
        Self::Control {
            address: b'1',
            stations,
            poll_ms: 150,
        }
    }
}

/// What our own address alone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Alone {
    /// A poll, as the standard has it: we have nothing to say and answer EOT.
    #[default]
    Poll,
    /// A selection, for a sender that leaves its own poll out: we answer ACK and take its block.
    Selection,
}

/// When a call that was raised is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Clears {
    /// When the source sends a reset (call type 1).
    #[default]
    OnReset,
    /// At once, for a source that never sends a reset: raised and restored stand in one message.
    WhenSent,
}

/// What a call type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallType {
    /// Somebody calls.
    Raised,
    /// The call is over.
    Restored,
    /// Nothing about a call: counted, answered, no alarm.
    Nothing,
    /// Nobody knows: raised as an unknown alarm, never dropped.
    Unknown,
}

impl CallType {
    /// The usual meaning: 1 reset; 2 speech and 3 standard; Ascom's 4 alarm and 7 cordless telephone (Unite Connectivity
    /// Manager, TD 92735EN, J.1 and J.2). Ascom's 5 (an old call was acknowledged) and 6 (an old call is erased) are
    /// unknown here, because another maker's 5 may be an alarm: an Ascom line sets 5 to nothing and 6 to restored.
    pub const fn usual(code: u8) -> Self {
        match code {
            1 => Self::Restored,
            2 | 3 | 4 | 7 => Self::Raised,
            _ => Self::Unknown,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            role: Role::Station {
                address: b'2',
                alone: Alone::Poll,
            },
            text: Text::Latin1,
            clears: Clears::OnReset,
            call_types: Vec::new(),
            table: Vec::new(),
            ack_within_ms: 2_000,
            dead_after_ms: 120_000,
            line: "line".to_owned(),
        }
    }
}

impl Settings {
    /// What a call type says on this line.
    pub fn call_type(&self, code: u8) -> CallType {
        let said = self.call_types.iter().find(|(of, _)| *of == code);
        said.map_or(CallType::usual(code), |(_, says)| *says)
    }
}
