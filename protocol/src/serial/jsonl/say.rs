//! How a signal is written as a line, for simulators and tests. It refuses nothing: what the format cannot say (a
//! press of an alarm that is restored) cannot be read back either.

use serde_json::{Map, Value, json};

use crate::signal::{HealthOf, Measured, Reading, Seen, Signal, What};
use crate::vocabulary::{AlarmKind, Unit};

/// The line of a signal, with its LF.
pub fn encode(signal: &Signal) -> String {
    let mut line = Map::new();
    let kind = meaning(signal, &mut line);
    let mut set = |key: &str, value: Value| line.insert(key.to_owned(), value);
    set("device", json!(signal.device));
    set("kind", json!(kind));
    if signal.field != kind {
        set("field", json!(signal.field));
    }
    if let Some(ms) = signal.happened_ms {
        set("time", json!(ms));
    }
    if signal.test {
        set("test", json!(true));
    }
    if !signal.model.is_empty() {
        set("model", json!(signal.model));
    }
    format!("{}\n", Value::Object(line))
}

/// Writes what it means; its kind's word.
fn meaning(signal: &Signal, line: &mut Map<String, Value>) -> &'static str {
    let mut set = |key: &str, value: Value| drop(line.insert(key.to_owned(), value));
    match &signal.what {
        What::Alarm {
            kind,
            condition,
            raw_code,
        } => {
            if signal.reading == Reading::Edge || super::line::is_press(*kind) {
                set("state", json!(condition.word()));
            }
            if *kind == AlarmKind::Unknown {
                set("code", json!(raw_code));
            }
            kind.word()
        }
        What::Vital { kind, reading } => {
            if let Measured::Value { value, .. } | Measured::Beyond(value) = reading {
                set("value", json!(value));
                set("unit", json!(kind.unit().map(Unit::word)));
            }
            set("quality", json!(reading.quality().word()));
            kind.word()
        }
        What::Observed { kind, seen } => {
            match seen {
                Seen::State(state) => set("state", json!(state.word())),
                Seen::Value(value) => {
                    set("value", json!(value));
                    set("unit", json!(kind.unit().map(Unit::word)));
                }
            }
            kind.word()
        }
        What::Health { kind, of, detail } => {
            match of {
                HealthOf::Condition(condition) if signal.reading == Reading::Edge => {
                    set("state", json!(condition.word()));
                }
                HealthOf::Condition(_) => {}
                HealthOf::Value(value) => set("value", json!(value)),
            }
            if !detail.is_empty() {
                set("detail", json!(detail));
            }
            kind.word()
        }
    }
}
