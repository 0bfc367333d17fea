//! What the gateway tells the home, retained, on `tecs/<gateway>/…`: for a lamp, a speaker, a screen in the hall.

use serde::{Deserialize, Serialize};

/// How far an alarm has come, as the home is told; the order of the variants is the order of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// Neither on disk nor at the hub for too long: try another way to call for help.
    #[serde(rename = "not sent yet")]
    NotSentYet,
    /// Safe in the home; on its way.
    #[serde(rename = "kept")]
    Kept,
    /// The care hub has it, durably.
    #[serde(rename = "accepted")]
    Accepted,
    /// It is on a responder's screen.
    #[serde(rename = "presented")]
    Presented,
    /// A responder has taken it on.
    #[serde(rename = "claimed")]
    Claimed,
    /// A responder is on the way or here.
    #[serde(rename = "attending")]
    Attending,
    /// Done.
    #[serde(rename = "closed")]
    Closed,
}

/// One open alarm, at `alarm/<epoch>-<seq>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmInHome {
    /// The alarm's kind, a word of the vocabulary.
    pub kind: String,
    /// The device that raised it.
    pub device: String,
    /// Where; may be empty.
    pub room: String,
    /// How far it has come.
    pub stage: Stage,
    /// Who, as the hub lets the home know; may be empty.
    pub by: String,
    /// It is a test.
    pub test: bool,
}

/// Everything at a glance, at `summary`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Open alarms.
    pub open: usize,
    /// The open alarm that has come least far; null when there is none.
    pub stage: Option<Stage>,
    /// True while a stream to a care hub stands.
    pub hub: bool,
    /// False while the journal cannot keep what it should.
    pub journal: bool,
    /// False while a source brings more devices than can be remembered; alarms are raised all the same.
    #[serde(default = "well")]
    pub devices: bool,
}

/// What earlier versions did not say.
const fn well() -> bool {
    true
}

impl AlarmInHome {
    /// The payload.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Summary {
    /// The payload.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl AlarmInHome {
    /// Reads a payload; `None` when it is none.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl Summary {
    /// Reads a payload; `None` when it is none.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
