//! What goes into the ledger and what comes out of it besides cases: records, gaps, newest values, gateways, asks.
//! It reads no bytes itself; `reading.rs` says what they mean.

use serde::{Deserialize, Serialize};
use tecs_protocol::Bytes;
use tecs_protocol::event::ClockPair;
use tecs_protocol::vocabulary::{Condition, Lane, Urgency};

use super::{CaseId, KindOf, Person, Progress, Queue, Subject, words};

/// A record's name: never given twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name {
    /// Whose.
    pub gateway: String,
    /// One run of its daemon.
    #[serde(with = "hex_epoch")]
    pub epoch: u64,
    /// Which lane.
    #[serde(with = "words::lane")]
    pub lane: Lane,
    /// Its place, from 1.
    pub seq: u64,
}

/// Epochs are 64 random bits: as text, because JSON numbers do not hold them.
mod hex_epoch {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    pub(super) fn serialize<S: Serializer>(epoch: &u64, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&format!("{epoch:016x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
        u64::from_str_radix(&String::deserialize(d)?, 16).map_err(D::Error::custom)
    }
}

/// Sequence numbers `from..=to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first.
    pub from: u64,
    /// The last, itself included.
    pub to: u64,
}

/// What is true of a record, derived by the hub or told by the home.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent badges, each shown by itself"
)]
pub struct Badges {
    /// It happened longer before it came than the hub's limit.
    pub late: bool,
    /// It was sent before.
    pub resent: bool,
    /// Met as a retained or replayed state.
    pub replayed: bool,
    /// The source sent it again and said so.
    pub redelivered: bool,
    /// A test: never dispatched to.
    pub test: bool,
    /// Said by a device that the home's installer has not named.
    #[serde(default)]
    pub unlisted: bool,
    /// The home's wall clock was not trusted and the hub worked the time out.
    pub repaired: bool,
    /// The home's wall clock was not trusted and nothing could repair it.
    pub doubtful_time: bool,
}

impl Badges {
    /// The words of those that are set, as people read them.
    pub fn words(self) -> Vec<&'static str> {
        [
            (self.late, "late"),
            (self.resent, "resent"),
            (self.replayed, "replayed"),
            (self.redelivered, "redelivered"),
            (self.test, "test"),
            (self.unlisted, "unlisted"),
            (self.repaired, "time repaired"),
            (self.doubtful_time, "time doubtful"),
        ]
        .into_iter()
        .filter_map(|(set, word)| set.then_some(word))
        .collect()
    }

    /// Those that are set in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            late: self.late || other.late,
            resent: self.resent || other.resent,
            replayed: self.replayed || other.replayed,
            redelivered: self.redelivered || other.redelivered,
            test: self.test || other.test,
            unlisted: self.unlisted || other.unlisted,
            repaired: self.repaired || other.repaired,
            doubtful_time: self.doubtful_time || other.doubtful_time,
        }
    }
}

/// When a record happened and came, ms since 1970 by the hub's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// When the hub received it.
    pub received_ms: i64,
    /// When the home heard it: the best estimate.
    pub heard_ms: i64,
    /// When it happened: the device's own time where that is plausible, else as heard.
    pub happened_ms: i64,
}

/// A record on its way into the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// Its name.
    pub name: Name,
    /// As they came.
    pub bytes: Bytes,
    /// Which sending of it this is, from 1.
    pub attempt: u32,
    /// The home's clocks when it was sent.
    pub sent_at: Option<ClockPair>,
    /// When it happened and came.
    pub times: Times,
    /// What is true of it.
    pub badges: Badges,
    /// What the ledger does with it.
    pub meaning: Meaning,
    /// Why it does not decode; it is stored all the same.
    pub refused: Option<String>,
}

/// What the ledger does with a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// It opens a case, or is told to the case of its subject.
    Case(Box<Sighting>),
    /// It is the newest of its kind, if nothing newer is held.
    Latest(Box<Latest>),
    /// A responder pressed the home's own alarm: told to every open alarm of that home.
    ResponderHere,
    /// Records are gone.
    Gap(GapTold),
    /// It is stored and nothing else.
    Kept,
}

/// One record of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// Which case.
    pub subject: Subject,
    /// In which queue.
    pub queue: Queue,
    /// How soon.
    pub urgency: Urgency,
    /// Which way.
    pub condition: Condition,
    /// In plain words.
    pub text: String,
    /// How many alarms the home folded into it, from 1.
    pub folded: u32,
    /// When the last of them was heard by the best estimate, ms since 1970, where the home folded several.
    pub last_ms: Option<i64>,
    /// The device's own bytes, 256 at most.
    pub raw: Vec<u8>,
}

/// Sequence numbers of the record's own lane whose records are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GapTold {
    /// Which.
    pub range: Range,
    /// Why, in plain words.
    pub why: &'static str,
}

/// What became of an [`Arrival`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Stored now; in this case, which has come so far, if in any.
    New(Option<(CaseId, StageRow)>),
    /// Its name was there: dropped, and to be receipted again.
    Repeat,
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// As they came.
    pub bytes: Bytes,
    /// When the hub received it, ms since 1970.
    pub received_ms: i64,
    /// Which sending of it this was.
    pub attempt: u32,
    /// The home's clocks when it was sent.
    pub sent_at: Option<ClockPair>,
    /// Why it does not decode.
    pub refused: Option<String>,
}

/// The newest of one kind of one device of one home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latest {
    /// Whose.
    pub gateway: String,
    /// Which device.
    pub device: super::Device,
    /// Vital, observed or health.
    pub of: KindOf,
    /// The kind's word.
    pub word: String,
    /// A number, if it is one.
    pub value: Option<f64>,
    /// A number that the device said and no instrument can show: no reading.
    #[serde(default)]
    pub said: Option<f64>,
    /// Its UCUM unit; empty without one.
    pub unit: String,
    /// A state's word; empty where there is none.
    pub state: String,
    /// A vital sign's quality word, or why there is no value; empty for others.
    pub quality: String,
    /// When it happened by the best estimate, ms since 1970.
    pub happened_ms: i64,
    /// When the hub received it, ms since 1970.
    pub received_ms: i64,
    /// What is true of it.
    pub badges: Badges,
}

/// How far one name has come: what a `Stage` message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRow {
    /// Of which record.
    pub name: Name,
    /// How far.
    pub progress: Progress,
    /// Who, as the home may be told; empty where nobody is.
    pub by: String,
    /// Since when, ms since 1970.
    pub at_ms: i64,
}

/// What the ledger remembers of a gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayRow {
    /// Its id.
    pub gateway: String,
    /// When it was last heard, as far as the ledger was told, ms since 1970; 0 if never.
    pub heard_ms: i64,
    /// What it says of its software; may be empty.
    pub software: String,
    /// Its missing was raised and not yet restored.
    pub missing: bool,
    /// Boots of its machine with the hub's time at which each began, the newest last.
    pub boots: Vec<(u64, i64)>,
}

/// What the hub may ask of a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum AskWhat {
    /// Send these again.
    Resend {
        /// Of which epoch.
        epoch: u64,
        /// Of which lane.
        #[serde(with = "words::lane")]
        lane: Lane,
        /// Which numbers.
        ranges: Vec<Range>,
    },
    /// Make a test call.
    TestCall,
}

/// What a home answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskAnswer {
    /// `done`, `partly` or `not_understood`.
    pub outcome: String,
    /// In the home's words, 1,000 characters at most.
    pub detail: String,
    /// When it came, ms since 1970.
    pub at_ms: i64,
}

/// An ask and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Its number.
    pub id: u64,
    /// Of whom.
    pub gateway: String,
    /// What.
    pub what: AskWhat,
    /// Who asked.
    pub by: Person,
    /// When, ms since 1970.
    pub at_ms: i64,
    /// The answer.
    pub answer: Option<AskAnswer>,
}
