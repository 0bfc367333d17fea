//! What responders work on: a case, its subject, its stages and its timeline, in words that become JSON.
//! It decides nothing; how records become cases is told in `desk.rs`.

use serde::{Deserialize, Serialize};
use tecs_protocol::vocabulary::{Condition, Urgency};

use super::{Badges, Claim, Closed, Closing, Name, Person, StageRow, Words, words};

/// A case's number, given once per ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(pub u64);

impl std::fmt::Display for CaseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The two lists that people work from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// For responders.
    Alarms,
    /// For technicians: offline, battery, mains, tamper, gaps.
    Technical,
}

/// Which part of the vocabulary a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindOf {
    /// An alarm kind's word; `unknown` also stands for a record that does not decode.
    Alarm,
    /// A vital kind's word, met in the alarm lane.
    Vital,
    /// An observed kind's word, met in the alarm lane.
    Observed,
    /// A health kind's word.
    Health,
}

/// What a case is about: `alarm/fall`, `health/battery_low`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Kind {
    /// Which part of the vocabulary.
    pub of: KindOf,
    /// The kind's word.
    pub word: String,
    /// What tells unknown kinds apart: the device's raw code, or the number that this version does not know.
    pub code: String,
}

/// A device as the home calls it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Device {
    /// Stable in that home; empty where the record did not tell.
    pub id: String,
    /// In the installer's or the maker's words.
    pub kind: String,
    /// Where in the home; may be empty.
    pub room: String,
}

/// Which records belong together: equal subjects fold while their case is open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Whose home.
    pub gateway: String,
    /// Which device of it; only its id counts for folding.
    pub device: Device,
    /// About what.
    pub kind: Kind,
    /// A test never folds into a real case, nor a real alarm into a test.
    pub test: bool,
}

/// How far a case has come; the words are the stages the home is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Durably stored.
    Accepted,
    /// Shown on a page.
    Presented,
    /// A person has it.
    Claimed,
    /// Somebody is seeing to it.
    Attending,
    /// Ended.
    Closed,
}

impl Progress {
    /// The word that people read.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Presented => "presented",
            Self::Claimed => "claimed",
            Self::Attending => "attending",
            Self::Closed => "closed",
        }
    }
}

/// One row of a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its number.
    pub id: CaseId,
    /// Where it stands.
    pub queue: Queue,
    /// What it is about; the device's words are the newest.
    pub subject: Subject,
    /// The highest that any of its records had.
    #[serde(with = "words::urgency")]
    pub urgency: Urgency,
    /// What the newest record said of it: a restored alarm stays until a person closes it.
    #[serde(with = "words::condition")]
    pub condition: Condition,
    /// What it says in plain words, from the newest record.
    pub text: String,
    /// How many alarms it stands for: its records, and what the home had folded into them.
    pub count: u64,
    /// When the hub first had it, ms since 1970: the age clock starts here.
    pub opened_ms: i64,
    /// When it happened, ms since 1970: the best estimate for its first record.
    pub happened_ms: i64,
    /// When the hub last had a record of it, ms since 1970.
    pub last_ms: i64,
    /// What is true of any of its records.
    pub badges: Badges,
    /// When it was first shown, ms since 1970.
    pub presented_ms: Option<i64>,
    /// How far it has come.
    pub progress: Progress,
    /// When it came so far, ms since 1970.
    pub progress_ms: i64,
    /// Who has it.
    pub claim: Option<Claim>,
    /// How it ended.
    pub closed: Option<Closed>,
    /// Entries in its timeline: grows with every change, so that equal numbers mean an unchanged case.
    pub entries: u64,
}

impl Case {
    /// What the home is told of one of its names.
    pub fn stage(&self, name: Name) -> StageRow {
        let by = match (&self.claim, &self.closed) {
            (Some(claim), _) => claim.by.as_str(),
            (None, Some(closed)) => closed.by.as_str(),
            (None, None) => "",
        };
        StageRow {
            name,
            progress: self.progress,
            by: by.to_owned(),
            at_ms: self.progress_ms,
        }
    }
}

/// One line of a timeline: appended, never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the case, from 1.
    pub number: u64,
    /// When the hub wrote it, ms since 1970.
    pub at_ms: i64,
    /// What it says.
    #[serde(flatten)]
    pub what: EntryWhat,
}

/// What a line of a timeline says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum EntryWhat {
    /// A record from the home.
    Record {
        /// Its name; [`super::Store::record`] has its bytes.
        name: Name,
        /// What it says, in plain words.
        text: String,
        /// Which way.
        #[serde(with = "words::condition")]
        condition: Condition,
        /// How soon.
        #[serde(with = "words::urgency")]
        urgency: Urgency,
        /// When it happened by the best estimate, ms since 1970.
        happened_ms: i64,
        /// What is true of it.
        badges: Badges,
        /// How many alarms the home folded into it.
        folded: u32,
        /// When the last of these was heard by the best estimate, ms since 1970, where there are several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_ms: Option<i64>,
        /// The device's own bytes (256 at most), in hexadecimal; for a record that does not decode, its bytes.
        raw_hex: String,
    },
    /// The hub's own word: a gateway missing or back, an arrival confirmed.
    Hub {
        /// In plain words.
        text: String,
    },
    /// First shown on a page.
    Presented,
    /// Taken.
    Claimed {
        /// By whom.
        by: Person,
    },
    /// Given back.
    Released {
        /// By whom.
        by: Person,
    },
    /// Nobody acted in time.
    Lapsed {
        /// Whose claim it was.
        by: Person,
    },
    /// Somebody is seeing to it.
    Attending {
        /// Who.
        by: Person,
    },
    /// A note.
    Note {
        /// Whose.
        by: Person,
        /// What it says.
        text: Words,
    },
    /// Ended.
    Closed {
        /// By whom.
        by: Person,
        /// How.
        #[serde(flatten)]
        closing: Closing,
    },
}
