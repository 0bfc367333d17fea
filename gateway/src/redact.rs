//! What may be shown of an event when it may leave the room: whose it is by the installer's own id, what it says, no free
//! text, no vital value, no raw words. A name that nobody configured is shown as a pseudonym that lasts for one run.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use gateway_core::Settings;
use serde_json::{Value, json};
use tecs_protocol::event::Event;
use tecs_protocol::signal::{HealthOf, Measured, Seen, What};
use tecs_protocol::vocabulary::State;

/// Shown in place of what is not.
pub const HIDDEN: &str = "…";

/// Which names may be shown.
#[derive(Debug, Clone)]
pub struct Redaction {
    configured: Arc<BTreeSet<String>>,
    key: RandomState,
}

impl Redaction {
    /// The installer's ids may be shown.
    pub fn new(settings: &Settings) -> Self {
        let ids = settings.devices.iter().map(|d| d.id.clone());
        Self {
            configured: Arc::new(ids.collect()),
            key: RandomState::new(),
        }
    }

    /// A device's id as it may be shown.
    pub fn device(&self, id: &str) -> String {
        // Without an id of its own a configured device is called by its source's name for it.
        let own = id.starts_with("gateway/") || (self.configured.contains(id) && !id.contains('/'));
        if own {
            return id.to_owned();
        }
        let source = id.split('/').next().unwrap_or_default();
        format!("{source}/~{:08x}", self.key.hash_one(id) >> 32)
    }

    /// An event as one JSON object: `decode`'s keys, and with `personal` also where, in which words, and the raw ones.
    pub fn event(&self, event: &Event, personal: bool) -> Value {
        let mut shown = event.to_json();
        let Some(keys) = shown.as_object_mut() else {
            return shown;
        };
        keys.insert("heard_ms".to_owned(), json!(event.heard.wall_ms));
        if event.folded > 1 {
            keys.insert("folded".to_owned(), json!(event.folded));
            let last = event.last_heard.map(|heard| heard.wall_ms);
            keys.insert("last_heard_ms".to_owned(), json!(last));
        }
        if personal {
            keys.insert("room".to_owned(), json!(event.device.room));
            keys.insert("detail".to_owned(), json!(detail(&event.what)));
            let raw = String::from_utf8_lossy(&event.raw);
            keys.insert("raw".to_owned(), json!(raw));
            return shown;
        }
        keys.insert("device".to_owned(), json!(self.device(&event.device.id)));
        match &event.what {
            What::Vital { .. } => {
                keys.insert("value".to_owned(), Value::Null);
            }
            What::Observed {
                seen: Seen::State(State::Named(_)),
                ..
            } => {
                keys.insert("state".to_owned(), json!(HIDDEN));
            }
            What::Alarm { .. } | What::Observed { .. } | What::Health { .. } => {}
        }
        shown
    }
}

fn detail(what: &What) -> &str {
    match what {
        What::Alarm { raw_code, .. } => raw_code,
        What::Health { detail, .. } => detail,
        What::Vital { .. } | What::Observed { .. } => "",
    }
}

/// What was said in a few words, such as `alarm/fall raised`.
pub fn in_words(what: &What) -> String {
    match what {
        What::Alarm {
            kind, condition, ..
        } => format!("alarm/{kind} {condition}"),
        What::Vital { kind, reading } => match reading {
            Measured::Value { value, .. } => format!("vital/{kind} {value}"),
            Measured::Beyond(said) => format!("vital/{kind} out_of_range ({said})"),
            Measured::Missing(why) => format!("vital/{kind} {}", why.quality().word()),
        },
        What::Observed { kind, seen } => match seen {
            Seen::State(state) => format!("observed/{kind} {}", state.word()),
            Seen::Value(value) => format!("observed/{kind} {value}"),
        },
        What::Health { kind, of, .. } => match of {
            HealthOf::Condition(condition) => format!("health/{kind} {condition}"),
            HealthOf::Value(value) => format!("health/{kind} {value}"),
        },
    }
}

/// The same without what a person may have said or measured.
pub fn in_bare_words(what: &What) -> String {
    match what {
        What::Vital { kind, .. } => format!("vital/{kind} {HIDDEN}"),
        What::Observed {
            kind,
            seen: Seen::State(State::Named(_)),
        } => format!("observed/{kind} {HIDDEN}"),
        What::Alarm { .. } | What::Observed { .. } | What::Health { .. } => in_words(what),
    }
}

/// What stands in backticks may be a home's own word.
pub fn without_quotes(text: &str) -> String {
    let hidden = |(n, part): (usize, &str)| {
        if n % 2 == 1 {
            HIDDEN.to_owned()
        } else {
            part.to_owned()
        }
    };
    let parts: Vec<String> = text.split('`').enumerate().map(hidden).collect();
    parts.join("`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_core::settings::Device as Told;
    use tecs_protocol::event::{ClockPair, Device, Flags};
    use tecs_protocol::signal::Measured;
    use tecs_protocol::vocabulary::{Condition, HealthKind, ObservedKind, Urgency, VitalKind};

    fn event(id: &str, what: What) -> Event {
        Event {
            device: Device {
                id: id.into(),
                kind: String::new(),
                room: "CANARY room".into(),
            },
            happened_ms: None,
            heard: ClockPair {
                boot_id: 1,
                since_boot_ms: 2,
                wall_ms: 3,
                trusted: true,
            },
            urgency: Urgency::Routine,
            what,
            flags: Flags::default(),
            raw: b"CANARY raw".to_vec(),
            folded: 1,
            last_heard: None,
        }
    }

    #[test]
    fn nothing_personal_is_shown_unless_it_is_asked_for() {
        let told = Told {
            id: "pendant".into(),
            ..Told::default()
        };
        let settings = Settings {
            devices: vec![told],
            ..Settings::default()
        };
        let redaction = Redaction::new(&settings);
        let named = State::Named("CANARY action".into());
        let vital = What::Vital {
            kind: VitalKind::Spo2,
            reading: Measured::of(87.5),
        };
        let detail = What::health(HealthKind::Fault, Condition::Raised, "CANARY words");
        for what in [What::state(ObservedKind::Button, named), vital, detail] {
            let event = event("zigbee/CANARY name", what);
            let shown = redaction.event(&event, false).to_string();
            assert!(
                !shown.contains("CANARY") && !shown.contains("87.5"),
                "{shown}"
            );
            let whole = redaction.event(&event, true).to_string();
            assert!(
                whole.contains("CANARY name") && whole.contains("CANARY raw"),
                "{whole}"
            );
        }
        assert_eq!(redaction.device("pendant"), "pendant");
        let masked = redaction.device("zigbee/CANARY name");
        assert!(masked.starts_with("zigbee/~"), "{masked}");
        assert_eq!(masked, redaction.device("zigbee/CANARY name"));
    }

    #[test]
    fn quoted_words_are_hidden_and_the_rest_is_not() {
        assert_eq!(without_quotes("`a b` is no `c`."), "`…` is no `…`.");
    }
}
