//! A table as it is written: plain types that any format with names and lists can fill (TOML in files, JSON in
//! recordings). Nothing is judged here but the shape; unknown keys are errors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::unpack::{PartText, TlvText, UnpackText};

/// One table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MapText {
    /// What it is called and how its messages come.
    pub map: Header,
    /// What every rule has that does not say otherwise.
    pub default: Defaults,
    /// Emits that several rules share, by name.
    pub set: BTreeMap<String, SetText>,
    /// Radio codes that an installer has taught, by the name of their table.
    pub codes: BTreeMap<String, CodesText>,
    /// Tags of devices' own frames, by the name of their table.
    pub tlv: BTreeMap<String, TlvText>,
    /// The rules, in the order in which they are tried.
    pub rule: Vec<RuleText>,
}

/// `[map]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Header {
    /// Its name in findings.
    pub name: String,
    /// `mqtt` (the default) or `lines`.
    pub source: String,
    /// What `{base}` stands for in topics, unless the source names another base.
    pub base: String,
}

/// `[default]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// The topics of a rule that names none.
    pub topic: Texts,
    /// The device of a rule that names none.
    pub device: String,
    /// The model of a rule that names none.
    pub model: String,
    /// The times of a rule that names none.
    pub time: Vec<TimeText>,
    /// The dedupe of a rule that names none.
    pub dedupe: Option<DedupeText>,
    /// The sets of a rule that names none.
    #[serde(rename = "use")]
    pub sets: Vec<String>,
}

/// `[set.NAME]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SetText {
    /// What it says.
    pub emit: Vec<EmitText>,
    /// Fields that are known and mean nothing.
    pub silent: Vec<String>,
}

/// `[[rule]]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleText {
    /// Its name in findings and counters; given once.
    pub name: String,
    /// The topics that it fits; none: any.
    pub topic: Texts,
    /// `json` (the default) or `text`: then the payload as a whole is the value.
    pub payload: String,
    /// Looks at every match of this pointer by itself.
    pub each: Option<String>,
    /// What must hold, by pointer or by template (`{gw}`, `{/subtype|/device_type}`).
    pub when: BTreeMap<String, Condition>,
    /// The message is known and says nothing.
    pub ignore: bool,
    /// The message is known and cannot be read: why.
    pub refuse: String,
    /// Bytes that are taken apart before anything is read.
    pub unpack: Option<UnpackText>,
    /// How a device is called, as a template.
    pub device: String,
    /// What the device is, as a template.
    pub model: String,
    /// Where its own time stands; the first that can be read counts.
    pub time: Vec<TimeText>,
    /// The same words within so many ms are one frame.
    pub dedupe: Option<DedupeText>,
    /// A true value there makes everything that the message says a test.
    pub test: Option<String>,
    /// The emits of these sets are said as well.
    #[serde(rename = "use")]
    pub sets: Option<Vec<String>>,
    /// What it says.
    pub emit: Vec<EmitText>,
    /// A radio code to be looked up.
    pub code: Option<CodeAt>,
    /// Fields that are known and mean nothing.
    pub silent: Vec<String>,
    /// The name (a template) of what nobody knows: it is named to the installer with every message that the rule fits.
    pub unmapped: String,
}

/// One text or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Texts {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Default for Texts {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Texts {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// A value of a table: compared by type and by text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// true or false.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// Text; `*` in it is any text.
    Text(String),
}

/// A condition on a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Condition {
    /// It is this.
    Is(Scalar),
    /// It is one of these.
    Any(Vec<Scalar>),
    /// Anything else that can be asked.
    Asks(Trial),
}

/// What can be asked of a value beside its being one of some values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Trial {
    /// It is there and not null (true), or is not (false).
    pub exists: Option<bool>,
    /// It is what the one table of alarm names has for an alarm or tamper, with a place before it or not (true), or is not
    /// (false). What says only 'alarm' is none.
    pub alarm: Option<bool>,
    /// It stands there and is null (true), or does not (false).
    pub null: Option<bool>,
    /// It is there and is none of these.
    pub not: Option<AnyOf>,
    /// It is one of these.
    pub any: Option<AnyOf>,
}

/// One value or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AnyOf {
    /// One.
    One(Scalar),
    /// Several.
    Many(Vec<Scalar>),
}

impl AnyOf {
    /// All of them.
    pub fn all(&self) -> &[Scalar] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// Where a time stands and how it is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeText {
    /// Its pointer.
    pub at: String,
    /// `iso` (the default), `epoch_s`, `epoch_ms`, or a form of `YYYY MM DD hh mm ss` and the marks between them.
    pub format: String,
    /// The zone of a time that names none: `Z` or `+01:00`. Without it such a time is not used.
    pub zone: String,
}

/// When words that are said again are one frame.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DedupeText {
    /// The same words so soon after the last ones are the same frame, ms.
    pub within_ms: u64,
    /// Values that tell one frame from the next (a counter, an id of the message).
    pub by: Vec<String>,
    /// `by` alone names a frame, whatever it says.
    pub by_alone: bool,
}

/// Where a radio code stands and who knows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CodeAt {
    /// The code's pointer, or a template that puts it together.
    pub at: String,
    /// The tables that are asked, in this order.
    pub table: Texts,
    /// `text` (the default) or `hex`: `0xD2C71E`, `d2c71e` and the number 13813534 are one code.
    #[serde(rename = "as")]
    pub form: String,
    /// A code that no table knows is told as a device of its own, so that the installer finds it. Default: false, the
    /// emits of the rule speak for it.
    pub untaught: bool,
}

/// `[codes.NAME]`: a code to its meaning.
pub type CodesText = BTreeMap<String, Code>;

/// What a radio code means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Code {
    /// The device that sends it.
    pub device: String,
    /// What that device is.
    pub model: String,
    /// The kind that it says.
    pub kind: String,
    /// Its list, where that helps the reader.
    pub what: String,
    /// The condition or state that it says.
    pub says: String,
    /// `edge`, `pulse` or `sample`.
    pub reading: String,
    /// The name of the state that repeats.
    pub field: String,
    /// It is a test.
    pub test: bool,
}

/// One thing that a rule says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmitText {
    /// A kind of the vocabulary.
    pub kind: String,
    /// Instead of a kind: a name (a template) that the one table of alarm names is asked for. What it has for no alarm and no
    /// tamper says nothing and stays unmapped.
    pub named: String,
    /// `alarm`, `vital`, `observed` or `health`, where that helps the reader.
    pub what: String,
    /// The pointer to its value; without it the rule says it whenever it fits.
    pub at: Option<String>,
    /// The value is a whole message of a device: `gatt:2a35` (in hexadecimal digits), `gatt:2a35:base64`.
    pub decode: String,
    /// The zone of that device's clock, `Z` (the default) or `+01:00`.
    pub zone: String,
    /// The value is whether the number has any of these bits: true or false.
    pub mask: Option<u64>,
    /// The number is written in hexadecimal digits.
    pub hex: bool,
    /// The condition or state that it says when there is no `at`.
    pub says: String,
    /// What each value says; an empty word: nothing. `*` is any other value.
    pub values: Option<BTreeMap<String, String>>,
    /// The value is several words with spaces or commas between them: one that raises counts before all others, one that
    /// restores only where every word does.
    pub words: bool,
    /// What it says where its pointer finds nothing: for messages that leave out what is not so.
    pub absent: String,
    /// `edge`, `pulse` or `sample`.
    pub reading: String,
    /// The name of the state that repeats, or a template of it; by default the pointer's names, or the kind where it has
    /// none.
    pub field: String,
    /// What else must hold.
    pub when: BTreeMap<String, Condition>,
    /// Another device than the rule's, which is `{device}` in it.
    pub device: String,
    /// The unit of the number; the vocabulary's when there is none.
    pub unit: String,
    /// Where the message names the unit; `unit` where it does not.
    pub unit_at: Option<String>,
    /// The number is multiplied by this first.
    pub scale: Option<f64>,
    /// Then this is added.
    pub offset: Option<f64>,
    /// The least and the most that the number, in the vocabulary's unit, may be.
    pub range: Option<(f64, f64)>,
    /// Values that are no reading.
    pub ignore: Vec<Scalar>,
    /// Values of a vital sign that say why there is none.
    pub missing: BTreeMap<String, String>,
    /// It is a test.
    pub test: bool,
    /// What exactly, for a technical condition: a template.
    pub detail: String,
    /// The code of an alarm of kind `unknown`: a template.
    pub code: String,
}
