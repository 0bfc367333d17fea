//! One entity: where its words stand and what they say. It reads one message; what repeats is the core's, except that what
//! `off_delay` holds on is one and the same.

use serde_json::Value as Json;

use crate::alarm_names::{self, Named};
use crate::json::Value;
use crate::mqtt::reading::{number_of, press, shown};
use crate::signal::{HealthOf, Reading, Refusal, Seen, What};
use crate::vocabulary::{AlarmKind, Condition, HealthKind, ObservedKind};

use super::classes::{self, Two};
use super::payload::Payload;
use super::said::is_on;
use super::template::{Found, Heard, Template};
use super::words::{self, Words};

/// The longest name of a press that is passed on, bytes.
const PRESS_LONGEST: usize = 64;

/// An entity, as its configuration has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entity {
    /// `component/[node/]object`, as the installer reads it.
    pub(super) name: Box<str>,
    /// Where its state is published.
    pub(super) topic: Box<str>,
    pub(super) template: Template,
    pub(super) says: Says,
    /// On turns off by itself after this long, ms.
    pub(super) off_delay_ms: Option<u64>,
    /// A value holds for so long, ms; then its device is missing.
    pub(super) expire_after_ms: Option<u64>,
}

/// What an entity says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Says {
    /// One of two values.
    Two {
        two: Two,
        on: Payload,
        off: Payload,
        /// Words on the way between the two.
        between: Vec<Payload>,
    },
    /// An alarm or tamper whose words say whether it is so.
    InWords(Named),
    /// A measurement and its unit.
    Number(ObservedKind, Box<str>),
    /// A battery's charge.
    Charge,
    /// JSON with an `event_type`; whether it is a motion, and what its names say is called by it.
    Event {
        motion: bool,
        call: Option<AlarmKind>,
    },
    /// A press when this payload comes; any payload where there is none. `None`: a button that comes up.
    Trigger(Option<Payload>, Option<What>),
    /// An alarm panel's state: `triggered` raises.
    Panel,
    /// Words, each with its meaning.
    Words(Words),
    /// A button's scene: the object's name.
    Scene(Box<str>),
    /// Known, and nothing for telecare.
    Quiet,
    /// Nobody knows, or it cannot be read.
    Unmapped,
}

/// What one message says for one entity.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    What(What, Reading),
    /// Several states at once, each with its place.
    States(Vec<(usize, What)>),
    /// Known, and nothing to say.
    Nothing,
    /// None of its values: another entity's on the same topic, perhaps.
    Other(Refusal),
    Refused(Refusal),
    /// It cannot be read.
    Unmapped,
}

impl Says {
    /// True of an entity whose topic is worth asking for.
    pub(super) const fn speaks(&self) -> bool {
        match self {
            Self::Two { .. }
            | Self::InWords(_)
            | Self::Number(..)
            | Self::Charge
            | Self::Event { .. }
            | Self::Trigger(_, Some(_))
            | Self::Panel
            | Self::Words(_)
            | Self::Scene(_) => true,
            Self::Trigger(_, None) | Self::Quiet | Self::Unmapped => false,
        }
    }

    /// How many fields it has.
    pub(super) fn fields(&self) -> usize {
        match self {
            Self::Words(words) => words.fields(),
            _ => 1,
        }
    }

    /// True of what may raise an alarm: that it cannot be read is a fault of the home.
    pub(super) fn has_alarm(&self) -> bool {
        match self {
            Self::Two { two, .. } => matches!(two, Two::Alarm(_)),
            Self::Trigger(_, what) => what.as_ref().is_some_and(What::is_raised),
            Self::InWords(named) => named.kind().is_some(),
            Self::Words(words) => words.has_alarm(),
            Self::Panel => true,
            Self::Number(..)
            | Self::Charge
            | Self::Event { .. }
            | Self::Scene(_)
            | Self::Quiet
            | Self::Unmapped => false,
        }
    }
}

impl Entity {
    /// The name of its field for refusals.
    pub(super) fn shown(&self) -> String {
        shown(&self.name)
    }

    /// Reads one message; `state` is what this entity said last, in Home Assistant's words.
    pub(super) fn read(&self, heard: &Heard<'_>, state: &mut Box<str>) -> Said {
        match &self.says {
            Says::Quiet | Says::Trigger(_, None) => return Said::Nothing,
            Says::Unmapped => return Said::Unmapped,
            _ => {}
        }
        let number;
        let (value, text) = match self.template.find(heard, state) {
            Found::Refused(refusal) => return self.bare(heard, refusal),
            Found::Made { text, missed } => return self.made(&text, missed, state),
            Found::Text(text) => (Value::Text(text), text),
            Found::Absent | Found::Json(Json::Null) => return Said::Nothing,
            Found::Json(Json::String(text)) => (Value::Text(text.trim()), text.trim()),
            Found::Json(Json::Bool(yes)) => {
                (Value::Bool(*yes), if *yes { "true" } else { "false" })
            }
            Found::Json(Json::Number(n)) => {
                number = n.to_string();
                let value = n.as_f64().map_or(Value::Nested, Value::Number);
                (value, number.as_str())
            }
            Found::Json(json @ (Json::Object(_) | Json::Array(_))) => return self.nested(json),
        };
        if is_unknown(text) {
            return Said::Nothing;
        }
        self.single(value, text)
    }

    /// A template that fails leaves the bare payload to Home Assistant: where that is one of the two words, it is said.
    fn bare(&self, heard: &Heard<'_>, refusal: Refusal) -> Said {
        let text = heard.text.trim();
        match &self.says {
            Says::Two { on, off, .. }
                if !heard.is_json() && (on.is_exactly(text) || off.is_exactly(text)) =>
            {
                self.single(Value::Text(text), text)
            }
            _ => Said::Refused(refusal),
        }
    }

    /// What a program's text says. What is absent is unknown: a program that met a missing key may begin something, and never
    /// ends it.
    fn made(&self, text: &str, missed: bool, state: &mut Box<str>) -> Said {
        if is_unknown(text) {
            return Said::Nothing;
        }
        let mut said = self.single(Value::Text(text), text);
        if missed {
            let is_press = matches!(self.says, Says::Event { .. } | Says::Trigger(..));
            said = match said {
                Said::What(what, reading) if is_press || is_on(&what) => Said::What(what, reading),
                Said::States(mut states) => {
                    states.retain(|(_, what)| is_on(what));
                    Said::States(states)
                }
                Said::What(..) | Said::Other(_) | Said::Refused(_) => Said::Nothing,
                Said::Nothing | Said::Unmapped => said,
            };
        }
        if self.template.reads_state()
            && let Said::What(what, _) = &said
        {
            *state = match &self.says {
                Says::Two { .. } if is_on(what) => "on".into(),
                Says::Two { .. } => "off".into(),
                _ => text.into(),
            };
        }
        said
    }

    /// What an object says: an event, and nothing else.
    fn nested(&self, json: &Json) -> Said {
        match (&self.says, json.get("event_type")) {
            (Says::Event { motion, call }, Some(Json::String(kind))) => {
                self.event(kind, *motion, *call)
            }
            // A template may make `{}` of what is no event.
            (Says::Event { .. }, None)
                if json.as_object().is_some_and(serde_json::Map::is_empty) =>
            {
                Said::Nothing
            }
            _ => Said::Refused(self.bad("a single value, or an object with an event_type")),
        }
    }

    fn single(&self, value: Value<'_>, text: &str) -> Said {
        match &self.says {
            Says::Two {
                two,
                on,
                off,
                between,
            } => self.one_of_two(*two, (on, off), between, value, text),
            Says::InWords(named) => self.in_words(*named, text),
            Says::Number(kind, unit) => match number_of(*kind, value, Some(unit), &self.shown()) {
                Ok(number) => {
                    let seen = Seen::Value(number);
                    Said::What(What::Observed { kind: *kind, seen }, Reading::Sample)
                }
                Err(refusal) => Said::Refused(refusal),
            },
            Says::Charge => match value.number().filter(|n| (0.0..=100.0).contains(n)) {
                Some(charge) => {
                    let what = What::Health {
                        kind: HealthKind::Battery,
                        of: HealthOf::Value(charge),
                        detail: String::new(),
                    };
                    Said::What(what, Reading::Sample)
                }
                None => Said::Refused(self.bad("0 to 100")),
            },
            Says::Event { motion, call } => match serde_json::from_str::<Json>(text) {
                Ok(json @ Json::Object(_)) => match json.get("event_type") {
                    Some(Json::String(kind)) => self.event(kind, *motion, *call),
                    _ if json.as_object().is_some_and(serde_json::Map::is_empty) => Said::Nothing,
                    _ => Said::Refused(self.bad("an object with an event_type")),
                },
                Ok(_) | Err(_) => Said::Refused(self.bad("an object with an event_type")),
            },
            Says::Trigger(payload, what) => match (payload, what) {
                (_, None) => Said::Nothing,
                (Some(payload), Some(_)) if !payload.is_exactly(text) && !payload.is(value) => {
                    Said::Nothing
                }
                (_, Some(what)) => Said::What(what.clone(), Reading::Pulse),
            },
            Says::Panel => self.panel(text),
            Says::Words(words) => match words.said(text, &self.shown()) {
                Some(states) => Said::States(states),
                None => Said::Other(self.bad("one of the words that are known of such a sensor")),
            },
            Says::Scene(object) => match value.number() {
                Some(number) => match words::scene(object, number) {
                    Some(what) => Said::What(what, Reading::Pulse),
                    None => Said::Nothing,
                },
                None => Said::Refused(self.bad("a scene's number")),
            },
            Says::Quiet => Said::Nothing,
            Says::Unmapped => Said::Unmapped,
        }
    }

    fn one_of_two(
        &self,
        two: Two,
        (on, off): (&Payload, &Payload),
        between: &[Payload],
        value: Value<'_>,
        text: &str,
    ) -> Said {
        let is_on = if on.is_exactly(text) {
            true
        } else if off.is_exactly(text) {
            false
        } else if between.iter().any(|word| word.is(value)) {
            return Said::Nothing;
        } else {
            match (on.is(value), off.is(value)) {
                (true, false) => true,
                (false, true) => false,
                // Both: two words that differ in their letters' case alone.
                (true, true) | (false, false) => {
                    return Said::Other(self.bad("one of the payloads of its configuration"));
                }
            }
        };
        // What comes by itself alone is news each time; nothing tells of its end.
        let reading = match self.off_delay_ms {
            Some(_) => Reading::Pulse,
            None => Reading::Edge,
        };
        Said::What(classes::said(two, is_on, &self.shown()), reading)
    }

    fn in_words(&self, named: Named, text: &str) -> Said {
        let raised = match alarm_names::says(named, text) {
            Some(alarm_names::Says::Raised) => true,
            Some(alarm_names::Says::Restored) => false,
            Some(alarm_names::Says::Neither) => return Said::Nothing,
            None => return Said::Refused(self.bad("a word that says whether it is so")),
        };
        match classes::of_named(named) {
            Some(two) => Said::What(classes::said(two, raised, &self.shown()), Reading::Edge),
            None => Said::Unmapped,
        }
    }

    fn event(&self, kind: &str, motion: bool, call: Option<AlarmKind>) -> Said {
        if is_unknown(kind) && !kind.is_empty() {
            return Said::Nothing;
        }
        if kind.is_empty() || kind.len() > PRESS_LONGEST || kind.contains(char::is_control) {
            return Said::Refused(self.bad("an event_type of at most 64 bytes"));
        }
        let what = match call {
            _ if motion => classes::said(Two::Seen(ObservedKind::Motion), true, ""),
            Some(alarm) if press(&[kind]).is_some() => What::alarm(alarm, Condition::Raised),
            Some(_) | None => match press(&[kind]) {
                Some(what) => what,
                None => return Said::Nothing,
            },
        };
        Said::What(what, Reading::Pulse)
    }

    /// An alarm panel does not say of what: intruders, fire, or somebody's button. Bridges have names of their own for how
    /// it is armed (`armed_away`, `part_armed_1`, `full_armed`, `in_exit` of Texecom): a word of theirs says what it is.
    fn panel(&self, text: &str) -> Said {
        const ALARM: &[&str] = &["triggered"];
        const CALM: &[&str] = &["armed", "disarmed", "arming", "disarming", "exit"];
        const COMING_IN: &[&str] = &["pending", "entry"];
        let says = |words: &[&str]| {
            let mut said = text.split(['_', '-', ' ']);
            said.any(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word)))
        };
        let raised = says(ALARM);
        let two = Two::Alarm(AlarmKind::Unknown);
        if !raised && says(COMING_IN) {
            // Somebody comes in and has time to disarm it: nothing began, and nothing ended.
            return Said::Nothing;
        }
        if !raised && !says(CALM) {
            return Said::Refused(self.bad("a state of an alarm panel"));
        }
        Said::What(classes::said(two, raised, &self.shown()), Reading::Edge)
    }

    fn bad(&self, due: &'static str) -> Refusal {
        Refusal::BadValue {
            field: self.shown(),
            due,
        }
    }
}

/// Words by which software says that it does not know.
fn is_unknown(text: &str) -> bool {
    const UNKNOWN: &[&str] = &["", "none", "null", "unknown", "unavailable", "nan"];
    UNKNOWN.iter().any(|word| text.eq_ignore_ascii_case(word))
}
