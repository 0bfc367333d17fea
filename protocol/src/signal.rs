//! What a device said, in the one vocabulary but still in the device's own name: the output of every decoder.
//! A decoder never decides urgency, never remembers alarms, never drops a word without a name for why.

pub use crate::refusal::Refusal;
use crate::vocabulary::{
    AlarmKind, Condition, HealthKind, ObservedKind, Quality, State, VitalKind,
};

/// The meaning of one word of a device.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// An alarm and which way it went.
    Alarm {
        /// About what.
        kind: AlarmKind,
        /// Which way.
        condition: Condition,
        /// The device's code when `kind` is `Unknown`, else empty.
        raw_code: String,
    },
    /// A vital sign.
    Vital {
        /// Which.
        kind: VitalKind,
        /// Its value, or why there is none.
        reading: Measured,
    },
    /// Daily life and environment.
    Observed {
        /// Which.
        kind: ObservedKind,
        /// A state or a value.
        seen: Seen,
    },
    /// A technical condition.
    Health {
        /// Which.
        kind: HealthKind,
        /// Which way; a battery's charge is a value, everything else a condition.
        of: HealthOf,
        /// What exactly, in plain words; never personal data.
        detail: String,
    },
}

/// A vital sign's value in its kind's unit, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    /// A finite value.
    Value {
        /// In the unit that [`VitalKind::unit`] names.
        value: f64,
        /// The device doubts it.
        questionable: bool,
    },
    /// A finite number that no instrument for its kind can show ([`VitalKind::range`]): kept, and no reading.
    Beyond(f64),
    /// Why there is no value.
    Missing(Missing),
}

/// Why a vital sign has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The sensor is off the body or missing.
    SensorOff,
    /// Nothing measurable.
    NoSignal,
    /// Outside what the device measures.
    OutOfRange,
    /// The device says it failed.
    DeviceError,
    /// The device's own mark for no number.
    NotANumber,
}

impl Missing {
    /// The word that says so.
    pub const fn quality(self) -> Quality {
        match self {
            Self::SensorOff => Quality::SensorOff,
            Self::NoSignal => Quality::NoSignal,
            Self::OutOfRange => Quality::OutOfRange,
            Self::DeviceError => Quality::DeviceError,
            Self::NotANumber => Quality::NotANumber,
        }
    }
}

impl Measured {
    /// A value that is a number, or the reason that it is none.
    pub fn of(value: f64) -> Self {
        if value.is_finite() {
            Self::Value {
                value,
                questionable: false,
            }
        } else {
            Self::Missing(Missing::NotANumber)
        }
    }

    /// How far it can be trusted.
    pub const fn quality(&self) -> Quality {
        match self {
            Self::Value {
                questionable: false,
                ..
            } => Quality::Ok,
            Self::Value {
                questionable: true, ..
            } => Quality::Questionable,
            Self::Beyond(_) => Quality::OutOfRange,
            Self::Missing(why) => why.quality(),
        }
    }
}

/// What was observed: a state or a finite value in its kind's unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// A word.
    State(State),
    /// A number in the unit that [`ObservedKind::unit`] names.
    Value(f64),
}

/// What a technical event says: a condition, or (battery) a value in %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HealthOf {
    /// It began or ended.
    Condition(Condition),
    /// A charge, %.
    Value(f64),
}

impl What {
    /// An alarm of a known kind.
    pub const fn alarm(kind: AlarmKind, condition: Condition) -> Self {
        Self::Alarm {
            kind,
            condition,
            raw_code: String::new(),
        }
    }

    /// A technical condition with its plain words.
    pub fn health(kind: HealthKind, condition: Condition, detail: impl Into<String>) -> Self {
        Self::Health {
            kind,
            of: HealthOf::Condition(condition),
            detail: detail.into(),
        }
    }

    /// An observed state.
    pub const fn state(kind: ObservedKind, state: State) -> Self {
        Self::Observed {
            kind,
            seen: Seen::State(state),
        }
    }

    /// The same, a vital sign judged by what its kind can be.
    fn possible(self) -> Self {
        match self {
            Self::Vital { kind, reading } => Self::Vital {
                kind,
                reading: reading.possible(kind),
            },
            other @ (Self::Alarm { .. } | Self::Observed { .. } | Self::Health { .. }) => other,
        }
    }

    /// True when an alarm or a technical condition was raised.
    pub const fn is_raised(&self) -> bool {
        matches!(
            self,
            Self::Alarm {
                condition: Condition::Raised,
                ..
            } | Self::Health {
                of: HealthOf::Condition(Condition::Raised),
                ..
            }
        )
    }
}

/// How a field is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reading {
    /// A state that repeats: only a change is news.
    Edge,
    /// A press: every one is news.
    Pulse,
    /// A measurement: every one is kept.
    Sample,
}

/// One word of one device.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The device as its source calls it (friendly name, radio id, address).
    pub device: String,
    /// The device's field, which with `device` names a state that repeats (`smoke`, `contact_2`).
    pub field: String,
    /// How the field is to be read.
    pub reading: Reading,
    /// What it means.
    pub what: What,
    /// The device's own time, ms since 1970, where it has one.
    pub happened_ms: Option<i64>,
    /// The device or its test button says that this is a test.
    pub test: bool,
    /// What the device is, where the source tells (`Tuya TS0215A_sos`); may be empty.
    pub model: String,
}

impl Signal {
    /// A signal without a time of its own, not a test, of an untold model. Every family's signals are made here: a vital
    /// sign that cannot be is no reading from here on.
    pub fn new(
        device: impl Into<String>,
        field: impl Into<String>,
        reading: Reading,
        what: What,
    ) -> Self {
        Self {
            device: device.into(),
            field: field.into(),
            reading,
            what: what.possible(),
            happened_ms: None,
            test: false,
            model: String::new(),
        }
    }
}

/// What a device teaches of itself once, by a press of a button, and what is not forgotten when the daemon ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// The device, as its line names it.
    pub device: String,
    /// What it is about: a later lesson about the same takes its place.
    pub about: String,
    /// What it says; `None` takes it back.
    pub says: Option<String>,
}

/// What is there no longer: it says nothing any more, and what it said last is neither true nor taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The device, as its source calls it.
    pub device: String,
    /// The field; `None`: the whole device.
    pub field: Option<String>,
}

/// A device whose words were not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// As its source calls it.
    pub device: String,
    /// What it is, where the source tells; may be empty.
    pub model: String,
}

/// A device by the address that its maker burnt in, and what its source calls it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// What never changes (a Zigbee device's `ieee_address`).
    pub burnt_in: String,
    /// As signals name it.
    pub name: String,
}

/// Who bears which name: what a source says of the devices that are paired with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pairing {
    /// Everybody who is paired: whoever is not named here has left.
    Whole(Vec<Bearer>),
    /// Somebody has joined.
    Joined(Bearer),
    /// Somebody is called otherwise from now on.
    Renamed {
        /// The old name.
        from: String,
        /// The new one.
        to: String,
    },
    /// Somebody has left.
    Left {
        /// Who.
        burnt_in: String,
    },
}

/// One whole message of a source, read: what it said, and by name everything that was not understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// What it said, in the order in which it said it.
    pub signals: Vec<Signal>,
    /// Why a well-formed message says nothing ("bridge online", "repeat of another topic"); `None` if it said something.
    pub ignored: Option<&'static str>,
    /// What could not be read, by name; other parts of the same message may still have been.
    pub refusals: Vec<Refusal>,
    /// Whose fields no table knows, where that is known.
    pub speaker: Option<Speaker>,
    /// Fields that no table knows, for the installer ("linkquality" and its like are known and silent).
    pub unmapped: Vec<String>,
    /// The message's own bytes as far as an audit needs them; the core bounds them.
    pub raw: Vec<u8>,
    /// The source may only be repeating what it remembers (a bridge that just started).
    pub replayed: bool,
    /// The words were heard before the lesson that makes them plain, which came now: whether they, not the lesson, had been
    /// kept by the broker from before. `None`: they came with this message.
    pub late: Option<bool>,
    /// Set where the wire wants an answer once this message is safe; handed back to `Wire::safe`.
    pub ticket: Option<u32>,
    /// `Dialect::topics` answers differently since this message: the edge subscribes to what is new.
    pub topics_changed: bool,
    /// What a device taught of itself; whoever keeps it hands it back to `Wire::recall`.
    pub lesson: Option<Lesson>,
    /// Who bears which name from now on, known before the signals are looked into.
    pub pairing: Option<Pairing>,
    /// Devices and fields that are there no longer, known before the signals are looked into.
    pub gone: Vec<Gone>,
    /// Which rule of a table fitted, by its place in `Map::rules`: a rule that never does is told to the installer.
    pub rule: Option<usize>,
}

impl Message {
    /// A message that says nothing, and why.
    pub fn ignored(why: &'static str) -> Self {
        Self {
            ignored: Some(why),
            ..Self::default()
        }
    }

    /// A message that could not be read.
    pub fn refused(refusal: Refusal) -> Self {
        Self {
            refusals: vec![refusal],
            ..Self::default()
        }
    }
}
