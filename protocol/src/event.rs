//! What a device's word means: the event that is kept, and its one encoding on the hub's wire.

use prost::Message as _;
use serde_json::{Value, json};

use crate::hub::v1;
use crate::signal::{HealthOf, Measured, Missing, Seen, What};
use crate::vocabulary::{
    AlarmKind, Condition, HealthKind, Lane, ObservedKind, Quality, State, Unit, Urgency, VitalKind,
};

/// A device as the home knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Device {
    /// Stable in this home.
    pub id: String,
    /// What it is, in the installer's or the maker's words.
    pub kind: String,
    /// Where in the home; may be empty.
    pub room: String,
}

/// Two clocks read together. A wall that is not trusted is repaired by the hub from such pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClockPair {
    /// Names one boot of the machine.
    pub boot_id: u64,
    /// Milliseconds since that boot.
    pub since_boot_ms: u64,
    /// Milliseconds since 1970, as the wall clock had it.
    pub wall_ms: i64,
    /// The wall clock was synchronised.
    pub trusted: bool,
}

impl From<ClockPair> for v1::Clock {
    fn from(c: ClockPair) -> Self {
        Self {
            boot_id: c.boot_id,
            since_boot_ms: c.since_boot_ms,
            wall_ms: c.wall_ms,
            trusted: c.trusted,
        }
    }
}

impl From<v1::Clock> for ClockPair {
    fn from(c: v1::Clock) -> Self {
        Self {
            boot_id: c.boot_id,
            since_boot_ms: c.since_boot_ms,
            wall_ms: c.wall_ms,
            trusted: c.trusted,
        }
    }
}

/// What is true of an event besides its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent flags, each told by itself"
)]
pub struct Flags {
    /// Met as a retained or replayed state.
    pub replayed: bool,
    /// The source sent it again and said so.
    pub redelivered: bool,
    /// A test.
    pub test: bool,
    /// Said by a device that the installer has not named (decision 006): nobody has said what it is or where it stands.
    pub unlisted: bool,
}

impl Flags {
    /// The words of the flags that are set.
    pub fn words(self) -> Vec<&'static str> {
        [
            (self.replayed, "replayed"),
            (self.redelivered, "redelivered"),
            (self.test, "test"),
            (self.unlisted, "unlisted"),
        ]
        .into_iter()
        .filter_map(|(set, word)| set.then_some(word))
        .collect()
    }
}

/// Something that happened in a home.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Whose word it is.
    pub device: Device,
    /// The device's own time, ms since 1970.
    pub happened_ms: Option<i64>,
    /// When the gateway read it.
    pub heard: ClockPair,
    /// How soon a person must look.
    pub urgency: Urgency,
    /// What it means.
    pub what: What,
    /// What else is true of it.
    pub flags: Flags,
    /// What the device really said, bounded by the core.
    pub raw: Vec<u8>,
    /// How many identical alarms it stands for, at least 1.
    pub folded: u32,
    /// When the gateway read the last of them, where it stands for several; `heard` is of the first.
    pub last_heard: Option<ClockPair>,
}

/// Why bytes are no event that this version understands. The hub keeps such bytes and shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Not a `tecs.hub.v1` record.
    NotARecord,
    /// A record with neither an event nor a gap.
    Empty,
    /// A kind, condition or quality whose number this version does not know.
    UnknownWord {
        /// Which field.
        field: &'static str,
        /// Its number.
        number: i32,
    },
    /// A value and its quality contradict one another.
    Contradiction(&'static str),
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotARecord => write!(f, "not a tecs.hub.v1 record"),
            Self::Empty => write!(f, "a record with neither an event nor a gap"),
            Self::UnknownWord { field, number } => {
                write!(f, "{field} {number} is unknown to this version")
            }
            Self::Contradiction(what) => f.write_str(what),
        }
    }
}

/// What a record holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// An event.
    Event(Box<Event>),
    /// Sequence numbers whose records are gone.
    Gap(v1::Gap),
}

impl Event {
    /// The bytes of the record that holds it: made once, kept, sent, never rewritten.
    pub fn encode(&self) -> Vec<u8> {
        self.clone().into_bytes()
    }

    /// The same of an event that nobody needs any more: nothing of it is copied but into these bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        v1::Record {
            entry: Some(v1::record::Entry::Event(self.into_wire())),
        }
        .encode_to_vec()
    }

    fn into_wire(self) -> v1::Event {
        v1::Event {
            device: Some(v1::Device {
                id: self.device.id,
                kind: self.device.kind,
                room: self.device.room,
            }),
            happened_ms: self.happened_ms,
            heard: Some(self.heard.into()),
            urgency: self.urgency.wire(),
            what: Some(what_to_wire(self.what)),
            replayed: self.flags.replayed,
            redelivered: self.flags.redelivered,
            test: self.flags.test,
            unlisted: self.flags.unlisted,
            raw: self.raw.into(),
            folded: if self.folded > 1 { self.folded } else { 0 },
            last_heard: self.last_heard.map(Into::into),
        }
    }

    /// The lane it travels in, given whether its device can raise an alarm (`alarms`).
    pub fn lane(&self, alarms: bool) -> Lane {
        match &self.what {
            What::Alarm { .. } => Lane::Alarm,
            What::Vital { .. } => Lane::Vital,
            What::Observed { kind, seen } => match (kind, seen) {
                (ObservedKind::Button, Seen::State(State::Named(name)))
                    if name == RESPONDER_HERE =>
                {
                    Lane::Alarm
                }
                _ => Lane::Routine,
            },
            What::Health { kind, .. } => match kind {
                HealthKind::Path
                | HealthKind::Jamming
                | HealthKind::Tamper
                | HealthKind::Mains
                | HealthKind::Journal
                | HealthKind::Gap => Lane::Alarm,
                HealthKind::Missing if alarms => Lane::Alarm,
                HealthKind::Missing
                | HealthKind::Battery
                | HealthKind::BatteryLow
                | HealthKind::Fault
                | HealthKind::Clock
                | HealthKind::TestCall
                | HealthKind::Untaught => Lane::Routine,
            },
        }
    }

    /// As `tecs-gateway decode` prints it: every key, null where empty, units as UCUM. `said` is a number that is out of
    /// range, and no value.
    pub fn to_json(&self) -> Value {
        let mut out = json!({
            "device": self.device.id, "what": null, "kind": null, "condition": null, "state": null,
            "value": null, "said": null, "unit": null, "quality": null,
            "urgency": self.urgency.word(), "flags": self.flags.words(),
        });
        let mut set = |key: &str, value: Value| {
            if let Some(slot) = out.get_mut(key) {
                *slot = value;
            }
        };
        match &self.what {
            What::Alarm {
                kind, condition, ..
            } => {
                set("what", json!("alarm"));
                set("kind", json!(kind.word()));
                set("condition", json!(condition.word()));
            }
            What::Vital { kind, reading } => {
                set("what", json!("vital"));
                set("kind", json!(kind.word()));
                set("quality", json!(reading.quality().word()));
                set("unit", json!(kind.unit().map(Unit::word)));
                match reading {
                    Measured::Value { value, .. } => set("value", json!(value)),
                    Measured::Beyond(said) => set("said", json!(said)),
                    Measured::Missing(_) => {}
                }
            }
            What::Observed { kind, seen } => {
                set("what", json!("observed"));
                set("kind", json!(kind.word()));
                match seen {
                    Seen::State(state) => set("state", json!(state.word())),
                    Seen::Value(value) => {
                        set("value", json!(value));
                        set("unit", json!(kind.unit().map(Unit::word)));
                    }
                }
            }
            What::Health { kind, of, .. } => {
                set("what", json!("health"));
                set("kind", json!(kind.word()));
                match of {
                    HealthOf::Condition(condition) => set("condition", json!(condition.word())),
                    HealthOf::Value(value) => {
                        set("value", json!(value));
                        set("unit", json!(Unit::Percent.word()));
                    }
                }
            }
        }
        out
    }
}

/// The action by which a responder tells the hub that they are in the home (SCAIP 2/88, Contact ID 661).
pub const RESPONDER_HERE: &str = "responder_here";

/// The bytes of the record that stands for a gap.
pub fn encode_gap(gap: v1::Gap) -> Vec<u8> {
    v1::Record {
        entry: Some(v1::record::Entry::Gap(gap)),
    }
    .encode_to_vec()
}

/// Reads a record's bytes; an unknown word is named, so that the hub can keep and show it.
pub fn decode(bytes: &[u8]) -> Result<Entry, Unreadable> {
    let record = v1::Record::decode(bytes).map_err(|_| Unreadable::NotARecord)?;
    match record.entry {
        None => Err(Unreadable::Empty),
        Some(v1::record::Entry::Gap(gap)) => Ok(Entry::Gap(gap)),
        Some(v1::record::Entry::Event(event)) => Ok(Entry::Event(Box::new(from_wire(event)?))),
    }
}

fn from_wire(e: v1::Event) -> Result<Event, Unreadable> {
    let device = e.device.unwrap_or_default();
    Ok(Event {
        device: Device {
            id: device.id,
            kind: device.kind,
            room: device.room,
        },
        happened_ms: e.happened_ms,
        heard: e.heard.unwrap_or_default().into(),
        urgency: known("urgency", e.urgency, Urgency::from_wire)?,
        what: what_from_wire(e.what.ok_or(Unreadable::Empty)?)?,
        flags: Flags {
            replayed: e.replayed,
            redelivered: e.redelivered,
            test: e.test,
            unlisted: e.unlisted,
        },
        raw: e.raw.to_vec(),
        folded: e.folded.max(1),
        last_heard: e.last_heard.map(Into::into),
    })
}

fn known<T>(
    field: &'static str,
    number: i32,
    from: impl Fn(i32) -> Option<T>,
) -> Result<T, Unreadable> {
    from(number).ok_or(Unreadable::UnknownWord { field, number })
}

fn what_to_wire(what: What) -> v1::event::What {
    match what {
        What::Alarm {
            kind,
            condition,
            raw_code,
        } => v1::event::What::Alarm(v1::Alarm {
            kind: kind.wire(),
            condition: condition.wire(),
            raw_code,
        }),
        What::Vital { kind, reading } => v1::event::What::Vital(v1::Vital {
            kind: kind.wire(),
            value: match reading {
                Measured::Value { value, .. } => Some(value),
                Measured::Beyond(_) | Measured::Missing(_) => None,
            },
            said: match reading {
                Measured::Beyond(said) => Some(said),
                Measured::Value { .. } | Measured::Missing(_) => None,
            },
            unit: kind.unit().map_or(0, Unit::wire),
            quality: reading.quality().wire(),
        }),
        What::Observed { kind, seen } => v1::event::What::Observed(match seen {
            Seen::State(state) => v1::Observed {
                kind: kind.wire(),
                state: state.word().to_owned(),
                value: None,
                unit: 0,
            },
            Seen::Value(value) => v1::Observed {
                kind: kind.wire(),
                state: String::new(),
                value: Some(value),
                unit: kind.unit().map_or(0, Unit::wire),
            },
        }),
        What::Health { kind, of, detail } => v1::event::What::Health(v1::Health {
            kind: kind.wire(),
            condition: match of {
                HealthOf::Condition(condition) => condition.wire(),
                HealthOf::Value(_) => 0,
            },
            value: match of {
                HealthOf::Condition(_) => None,
                HealthOf::Value(value) => Some(value),
            },
            unit: match of {
                HealthOf::Condition(_) => 0,
                HealthOf::Value(_) => Unit::Percent.wire(),
            },
            detail,
        }),
    }
}

fn what_from_wire(what: v1::event::What) -> Result<What, Unreadable> {
    Ok(match what {
        v1::event::What::Alarm(a) => What::Alarm {
            kind: known("alarm kind", a.kind, AlarmKind::from_wire)?,
            condition: known("condition", a.condition, Condition::from_wire)?,
            raw_code: a.raw_code,
        },
        v1::event::What::Vital(v) => What::Vital {
            kind: known("vital kind", v.kind, VitalKind::from_wire)?,
            reading: measured_from_wire(&v)?,
        },
        v1::event::What::Observed(o) => {
            let kind = known("observed kind", o.kind, ObservedKind::from_wire)?;
            let seen = match (o.value, kind.unit()) {
                (Some(value), Some(_)) => Seen::Value(value),
                (None, None) => Seen::State(
                    State::of(kind, &o.state)
                        .ok_or(Unreadable::Contradiction("a state that its kind has not"))?,
                ),
                _ => return Err(Unreadable::Contradiction("a state where a value is due")),
            };
            What::Observed { kind, seen }
        }
        v1::event::What::Health(h) => What::Health {
            kind: known("health kind", h.kind, HealthKind::from_wire)?,
            of: match h.value {
                Some(value) => HealthOf::Value(value),
                None => HealthOf::Condition(known("condition", h.condition, Condition::from_wire)?),
            },
            detail: h.detail,
        },
    })
}

fn measured_from_wire(v: &v1::Vital) -> Result<Measured, Unreadable> {
    let quality = known("quality", v.quality, Quality::from_wire)?;
    let why = match quality {
        Quality::Ok | Quality::Questionable => {
            let value = v
                .value
                .ok_or(Unreadable::Contradiction("quality ok without a value"))?;
            return Ok(Measured::Value {
                value,
                questionable: quality == Quality::Questionable,
            });
        }
        Quality::SensorOff => Missing::SensorOff,
        Quality::NoSignal => Missing::NoSignal,
        Quality::OutOfRange => Missing::OutOfRange,
        Quality::DeviceError => Missing::DeviceError,
        Quality::NotANumber => Missing::NotANumber,
    };
    if v.value.is_some() {
        return Err(Unreadable::Contradiction("a value with a reason for none"));
    }
    match v.said {
        None => Ok(Measured::Missing(why)),
        Some(said) if why == Missing::OutOfRange => Ok(Measured::Beyond(said)),
        Some(_) => Err(Unreadable::Contradiction("a number that nobody measured")),
    }
}
