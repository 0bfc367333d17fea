//! A record in plain words, and as the newest of its kind.

use tecs_protocol::event::Event;
use tecs_protocol::signal::{HealthOf, Measured, Seen, What};
use tecs_protocol::vocabulary::Unit;

use super::device;
use crate::store::{Badges, KindOf, Latest, Name, Times};

/// The newest of its kind, if nothing newer is held.
pub(super) fn latest(name: &Name, event: &Event, times: Times, badges: Badges) -> Latest {
    let mut newest = Latest {
        gateway: name.gateway.clone(),
        device: device(&event.device),
        of: KindOf::Vital,
        word: String::new(),
        value: None,
        said: None,
        unit: String::new(),
        state: String::new(),
        quality: String::new(),
        happened_ms: times.happened_ms,
        received_ms: times.received_ms,
        badges,
    };
    let unit = |unit: Option<Unit>| unit.map_or("", Unit::word).to_owned();
    match &event.what {
        What::Vital { kind, reading } => {
            kind.word().clone_into(&mut newest.word);
            newest.unit = unit(kind.unit());
            reading.quality().word().clone_into(&mut newest.quality);
            match reading {
                Measured::Value { value, .. } => newest.value = Some(*value),
                Measured::Beyond(said) => newest.said = Some(*said),
                Measured::Missing(_) => {}
            }
        }
        What::Observed { kind, seen } => {
            newest.of = KindOf::Observed;
            kind.word().clone_into(&mut newest.word);
            match seen {
                Seen::State(state) => state.word().clone_into(&mut newest.state),
                Seen::Value(value) => {
                    newest.value = Some(*value);
                    newest.unit = unit(kind.unit());
                }
            }
        }
        What::Health { kind, of, .. } => {
            newest.of = KindOf::Health;
            kind.word().clone_into(&mut newest.word);
            match of {
                HealthOf::Value(value) => {
                    newest.value = Some(*value);
                    Unit::Percent.word().clone_into(&mut newest.unit);
                }
                HealthOf::Condition(condition) => {
                    condition.word().clone_into(&mut newest.state);
                }
            }
        }
        What::Alarm { kind, .. } => {
            newest.of = KindOf::Alarm;
            kind.word().clone_into(&mut newest.word);
        }
    }
    newest
}

/// What it says, in plain words.
pub(super) fn say(what: &What) -> String {
    let plain = |word: &str| word.replace('_', " ");
    match what {
        What::Alarm {
            kind,
            condition,
            raw_code,
        } if raw_code.is_empty() => format!("{} {condition}", plain(kind.word())),
        What::Alarm {
            kind,
            condition,
            raw_code,
        } => format!("{} {condition} (code {raw_code})", plain(kind.word())),
        What::Vital { kind, reading } => match reading {
            Measured::Value { value, .. } => {
                let unit = kind.unit().map_or("", Unit::word);
                format!("{} {value} {unit}", plain(kind.word()))
            }
            Measured::Beyond(said) => {
                let unit = kind.unit().map_or("", Unit::word);
                let why = plain(reading.quality().word());
                format!(
                    "{}: {why}, the device said {said} {unit}",
                    plain(kind.word())
                )
            }
            Measured::Missing(why) => {
                format!("{}: {}", plain(kind.word()), plain(why.quality().word()))
            }
        },
        What::Observed { kind, seen } => match seen {
            Seen::State(state) => format!("{} {}", plain(kind.word()), plain(state.word())),
            Seen::Value(value) => {
                let unit = kind.unit().map_or("", Unit::word);
                format!("{} {value} {unit}", plain(kind.word()))
            }
        },
        What::Health { kind, of, detail } => {
            let of = match of {
                HealthOf::Condition(condition) => condition.word().to_owned(),
                HealthOf::Value(value) => format!("{value} %"),
            };
            let detail = detail.trim();
            let colon = if detail.is_empty() { "" } else { ": " };
            format!("{} {of}{colon}{detail}", plain(kind.word()))
        }
    }
}
