//! A state payload, field by field, into signals. Knows one message and the device's definition; what repeats, what
//! is urgent and what is late is decided elsewhere.

use crate::json::{Fields, Value};
use crate::mqtt::reading::{number_of, pressed, shown, state_of};
use crate::signal::{
    HealthOf, Measured, Message, Missing, Reading, Refusal, Seen, Signal, Speaker, What,
};
use crate::vocabulary::{AlarmKind, Condition, HealthKind, VitalKind};
use crate::when;

use super::judge::{is_on, untaught};
use super::meanings::{Means, Usual};
use super::teach::{Property, Taught};
use super::words::{Says, Words, says};

/// The most unknown fields that one message names.
const UNMAPPED_MOST: usize = 32;

/// The longest action that is passed on, bytes; the longest of the catalogue has 40.
const ACTION_LONGEST: usize = 64;

/// One message being read.
pub(super) struct Reader<'d> {
    device: &'d str,
    taught: Option<&'d Taught>,
    message: Message,
    /// Indexes of signals that speak for a field which the message may hold itself, and their own names.
    aliases: Vec<(usize, String)>,
    happened_ms: Option<i64>,
    testing: bool,
    /// `battery`, when the message has it.
    charge: Option<f64>,
    /// Presses in the message, as the device named them.
    pub(super) actions: Vec<Box<str>>,
}

/// What a message said besides its signals.
pub(super) struct Done {
    pub(super) message: Message,
    /// When the bridge last heard the device.
    pub(super) happened_ms: Option<i64>,
    /// The charge of a device that has no `battery_low` of its own.
    pub(super) lone_charge: Option<f64>,
}

impl Fields for Reader<'_> {
    fn enters(&self, key: &str) -> bool {
        self.taught.is_some_and(|t| t.composites.contains(key))
    }

    fn field(&mut self, key: &str, value: Value<'_>) {
        if let Some(property) = self.taught.and_then(|t| t.properties.get(key)) {
            match property.usual {
                Some(found) => self.say(key, found, property, value),
                None => self.unmapped(key),
            }
            return;
        }
        match untaught(key, value) {
            Some(property) => {
                if let Some(found) = property.usual {
                    self.say(key, found, &property, value);
                }
            }
            None if value == Value::Null => {}
            None => self.unmapped(key),
        }
    }
}

impl<'d> Reader<'d> {
    /// A reader of one message of this device.
    pub(super) fn new(device: &'d str, taught: Option<&'d Taught>) -> Self {
        Self {
            device,
            taught,
            message: Message::default(),
            aliases: Vec::new(),
            happened_ms: None,
            testing: false,
            charge: None,
            actions: Vec::new(),
        }
    }

    /// The message, each signal with what the whole message says of it.
    pub(super) fn done(mut self) -> Done {
        self.drop_aliases();
        let model = self.taught.map_or("", |t| t.model.as_str());
        if !self.message.unmapped.is_empty() {
            self.message.speaker = Some(Speaker {
                device: self.device.to_owned(),
                model: model.to_owned(),
            });
        }
        for signal in &mut self.message.signals {
            signal.happened_ms = self.happened_ms;
            model.clone_into(&mut signal.model);
            // A detector that is being tested sounds like one that alarms: a test is not an alarm.
            signal.test |= self.testing
                && matches!(
                    signal.what,
                    What::Alarm {
                        condition: Condition::Raised,
                        ..
                    }
                );
        }
        let knows_low = self
            .taught
            .is_some_and(|t| t.properties.contains_key("battery_low"))
            || self
                .message
                .signals
                .iter()
                .any(|s| s.field == "battery_low");
        Done {
            happened_ms: self.happened_ms,
            lone_charge: self.charge.filter(|_| !knows_low),
            message: self.message,
        }
    }

    /// What speaks for another field goes when the message holds that field itself. An alarm that the other does not say
    /// stays, by its own name: a detector whose two words differ is heard as the worse of the two.
    fn drop_aliases(&mut self) {
        for (at, own) in std::mem::take(&mut self.aliases).into_iter().rev() {
            let signals = &mut self.message.signals;
            let Some(alias) = signals.get(at) else {
                continue;
            };
            let others = signals.iter().enumerate().filter(|(n, _)| *n != at);
            let mut twins = others
                .filter(|(_, s)| s.field == alias.field)
                .map(|(_, s)| s)
                .peekable();
            if twins.peek().is_none() {
                continue;
            }
            let said = twins.any(|twin| twin.what == alias.what);
            if alias.what.is_raised() && !said {
                if let Some(alias) = signals.get_mut(at) {
                    alias.field = own;
                }
            } else {
                signals.remove(at);
            }
        }
    }

    fn unmapped(&mut self, key: &str) {
        if self.message.unmapped.len() < UNMAPPED_MOST {
            self.message.unmapped.push(shown(key));
        }
    }

    pub(super) fn refuse(&mut self, key: &str, due: &'static str) {
        self.message.refusals.push(Refusal::BadValue {
            field: shown(key),
            due,
        });
    }

    pub(super) fn push(&mut self, field: &str, found: Usual, reading: Reading, what: What) {
        let field = match found.alias_of {
            Some(other) => {
                let at = self.message.signals.len();
                self.aliases.push((at, field.to_owned()));
                other
            }
            None => field,
        };
        let signal = Signal::new(self.device, field, reading, what);
        self.message.signals.push(signal);
    }

    /// Reads one field by its meaning. Null says nothing and clears nothing.
    fn say(&mut self, key: &str, found: Usual, property: &Property, value: Value<'_>) {
        if value == Value::Null {
            return;
        }
        match found.means {
            Means::Quiet => {}
            Means::Alarm(_)
            | Means::Seen(_)
            | Means::Health(..)
            | Means::Lost(..)
            | Means::Test => self.two_valued(key, found, property, value),
            Means::Number(kind) => {
                let read = number_of(kind, value, property.unit.as_deref(), key);
                match read {
                    Ok(number) => {
                        let what = What::Observed {
                            kind,
                            seen: Seen::Value(number),
                        };
                        self.push(key, found, Reading::Sample, what);
                    }
                    Err(refusal) => self.message.refusals.push(refusal),
                }
            }
            Means::Vital(kind) => self.vital(key, found, kind, value),
            Means::Charge => self.charge(key, found, value),
            Means::Action => self.action(key, found, value),
            Means::Words(table) => self.words(key, found, table, value),
            Means::Says(named) => self.alarm_words(key, found, named, value),
            Means::LastSeen => {
                let read = match value {
                    Value::Number(n) => when::from_number(n),
                    Value::Text(text) => when::from_text(text),
                    Value::Null | Value::Bool(_) | Value::Nested => None,
                };
                match read {
                    Some(ms) => self.happened_ms = Some(ms),
                    None => self.refuse(key, "a time as ISO 8601 with its zone, or ms since 1970"),
                }
            }
        }
    }

    fn two_valued(&mut self, key: &str, found: Usual, property: &Property, value: Value<'_>) {
        let Some(on) = is_on(found.means, property, value) else {
            self.refuse(key, "one of its two values");
            return;
        };
        let condition = |raised| {
            if raised {
                Condition::Raised
            } else {
                Condition::Restored
            }
        };
        let what = match found.means {
            Means::Alarm(kind) => What::Alarm {
                kind,
                condition: condition(on),
                raw_code: match kind {
                    AlarmKind::Unknown => shown(key),
                    _ => String::new(),
                },
            },
            Means::Seen(kind) => What::state(kind, state_of(kind, on)),
            Means::Health(kind, detail) => What::health(kind, condition(on), detail),
            Means::Lost(kind, detail) => What::health(kind, condition(!on), detail),
            Means::Test => {
                self.testing |= on;
                What::health(
                    HealthKind::TestCall,
                    condition(on),
                    "the device is being tested",
                )
            }
            Means::Number(_)
            | Means::Vital(_)
            | Means::Charge
            | Means::Action
            | Means::Words(_)
            | Means::Says(_)
            | Means::LastSeen
            | Means::Quiet => return,
        };
        let is_test = found.means == Means::Test && on;
        self.push(key, found, Reading::Edge, what);
        if let Some(signal) = self.message.signals.last_mut() {
            signal.test = is_test;
        }
    }

    fn vital(&mut self, key: &str, found: Usual, kind: VitalKind, value: Value<'_>) {
        let Some(number) = value.number() else {
            self.refuse(key, "a number");
            return;
        };
        // A radar writes 0 when nobody breathes before it, which is no reading.
        let reading = if number.abs() < f64::MIN_POSITIVE {
            Measured::Missing(Missing::NoSignal)
        } else {
            Measured::of(number)
        };
        self.push(key, found, Reading::Sample, What::Vital { kind, reading });
    }

    fn charge(&mut self, key: &str, found: Usual, value: Value<'_>) {
        match value.number().filter(|n| (0.0..=100.0).contains(n)) {
            Some(charge) => {
                if key == "battery" {
                    self.charge = Some(charge);
                }
                let what = What::Health {
                    kind: HealthKind::Battery,
                    of: HealthOf::Value(charge),
                    detail: String::new(),
                };
                self.push(key, found, Reading::Sample, what);
            }
            None => self.refuse(key, "0 to 100"),
        }
    }

    /// A press. An empty one is the end of the last, not a word.
    fn action(&mut self, key: &str, found: Usual, value: Value<'_>) {
        let Value::Text(action) = value else {
            self.refuse(key, "the name of an action");
            return;
        };
        let action = action.trim();
        if action.is_empty() || action == "none" || action == "null" {
            return;
        }
        if action.len() > ACTION_LONGEST || action.contains(char::is_control) {
            self.refuse(
                key,
                "an action of at most 64 bytes without control characters",
            );
            return;
        }
        let is_object = self.taught.is_some_and(|t| t.is_object);
        self.actions.push(action.into());
        self.push(key, found, Reading::Pulse, pressed(action, is_object));
    }

    fn words(&mut self, key: &str, found: Usual, table: &'static Words, value: Value<'_>) {
        let number;
        let word = match value {
            Value::Text(text) => text.trim(),
            // Devices number their faults; 0 is none.
            Value::Number(n) => {
                number = n.to_string();
                match number.as_str() {
                    "0" => "none",
                    other => other,
                }
            }
            Value::Bool(_) | Value::Nested | Value::Null => "",
        };
        let Some(says) = says(table, word) else {
            self.refuse(key, "one of its words");
            return;
        };
        for (n, one) in says.iter().enumerate() {
            let what = match *one {
                Says::Alarm(kind, condition) => What::Alarm {
                    kind,
                    condition,
                    raw_code: match kind {
                        AlarmKind::Unknown => shown(key),
                        _ => String::new(),
                    },
                },
                Says::Seen(kind, on) => What::state(kind, state_of(kind, on)),
                Says::Health(kind, condition, detail) => What::health(kind, condition, detail),
            };
            if n == 0 && !table.apart {
                self.push(key, found, Reading::Edge, what);
            } else {
                let part = match &what {
                    What::Observed { kind, .. } => format!("{key}.{kind}"),
                    What::Alarm { kind, .. } if table.apart => format!("{key}.{kind}"),
                    What::Alarm { .. } | What::Vital { .. } | What::Health { .. } => key.to_owned(),
                };
                self.push(&part, found, Reading::Edge, what);
            }
        }
    }
}
