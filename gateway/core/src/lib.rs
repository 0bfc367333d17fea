//! What the gateway decides, and nothing that it does: inputs with the time in, effects out.
//! No clock, no I/O, no randomness: a recorded list of (time, input) replays to the same effects.
//!
//! ```text
//! Input ─► source (decode, custody) ─► normalise ─► assess ─► outbox (lanes, pages) ─► link ─► Effect
//!                                       roster, states          vigil (silence)        home (stages)
//! ```

mod assess;
mod bearers;
mod clock;
mod crowding;
mod custody;
mod hearing;
mod home;
mod inventory;
mod journal;
mod keeping;
mod known;
mod lane;
mod link;
mod linking;
mod memory;
mod normalise;
mod notebook;
mod noting;
mod own;
mod press_rate;
mod presses;
mod pressing;
mod queue;
mod ranges;
mod recall;
mod room;
mod roster;
mod sending;
mod senses;
mod taking;
mod tap;
mod unwell;
mod watching;
mod word;

pub mod effect;
pub mod gateway;
pub mod input;
pub mod page;
pub mod settings;
pub mod status;
pub mod time;

pub use effect::{Effect, JournalOrder, Note, Noteworthy};
pub use gateway::{Gateway, Identity};
pub use input::{Found, Input, JournalFault, JournalSays, LinkSays, Order, Recovered};
pub use inventory::{DeviceSeen, Inventory, SourceSeen};
pub use notebook::{RefusalSeen, UnmappedSeen};
pub use page::{PAGE_LIMIT, Page, PageKey};
pub use queue::{Oldest, PEEK_MOST, Queue};
pub use roster::Crowd;
pub use senses::{Decoded, Decoder};
pub use settings::Settings;
pub use status::Status;
pub use tap::Tapped;
pub use time::Mono;
