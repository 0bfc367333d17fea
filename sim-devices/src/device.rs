//! One simulated device: its state, its own numbering, and the message it would send next. It sends nothing itself.

use serde_json::{Map, Value, json};
use tecs_protocol::serial::jsonl;
use tecs_protocol::signal::{Measured, Reading, Seen, Signal, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, ObservedKind, State, VitalKind};

use crate::home::{LastSeen, Spec, Zigbee};
use crate::models::{Deed, Does, Path};
use crate::wall;

/// A device of a running home.
#[derive(Debug, Clone)]
pub struct Device {
    /// What and where it is.
    pub spec: Spec,
    number: u64,
    /// Its own clock at its last message, ms since 1970.
    clock_ms: i64,
    state: Map<String, Value>,
}

/// One message, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The device's id.
    pub device: String,
    /// The device's own number, from 1.
    pub number: u64,
    /// The device's own time in it, ms since 1970; no two messages of a device have the same. `None` where its home's
    /// bridge tells none.
    pub happened_ms: Option<i64>,
    /// On which path it goes.
    pub path: Path,
    /// A publish's topic below the base; empty on the serial line.
    pub topic: String,
    /// A publish's payload, or a line without its end.
    pub text: String,
    /// It says something new: it must reach the hub once it is taken over. A state that merely repeats need not.
    pub news: bool,
}

/// Why a device cannot do what it is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cannot {
    /// Its model knows no such deed.
    #[error("`{device}` cannot `{deed}`; it can {can}")]
    Deed {
        /// Which device.
        device: String,
        /// What it was told.
        deed: String,
        /// What its model can.
        can: String,
    },
    /// A home-made device whose word is none of the vocabulary's.
    #[error("`{device}`: `{kind}` is no word of the vocabulary")]
    Kind {
        /// Which device.
        device: String,
        /// The word.
        kind: String,
    },
    /// A measurement without a value.
    #[error("`{device}`: a reading needs a `value`")]
    Value {
        /// Which device.
        device: String,
    },
}

impl Device {
    /// A device that was just paired.
    pub fn new(spec: Spec) -> Self {
        let state = spec.model.at_rest();
        Self {
            spec,
            number: 0,
            clock_ms: 0,
            state,
        }
    }

    /// The message that a deed leads to.
    pub fn does(
        &mut self,
        word: &str,
        value: Option<f64>,
        bridge: &Zigbee,
    ) -> Result<Message, Cannot> {
        let deed = self.spec.model.deed(word).ok_or_else(|| Cannot::Deed {
            device: self.spec.name.clone(),
            deed: word.to_owned(),
            can: crate::toml_file::one_of(self.spec.model.deeds.iter().map(|d| d.word)),
        })?;
        let said = match (deed.does, value) {
            (Does::Measure, Some(value)) => json!(value),
            (Does::Measure, None) => {
                return Err(Cannot::Value {
                    device: self.spec.name.clone(),
                });
            }
            (Does::Press | Does::Turn, _) => deed.value.json(),
        };
        let changed = self.state.get(deed.property) != Some(&said);
        let mut state = self.state.clone();
        state.insert(deed.property.to_owned(), said);
        if deed.does != Does::Press && self.spec.model.path == Path::Zigbee2Mqtt {
            self.state.clone_from(&state);
        }
        let news = changed || deed.does == Does::Measure;
        match self.spec.model.path {
            Path::Zigbee2Mqtt => Ok(self.publish(&state, news, bridge)),
            Path::JsonLines => self.line(deed, &state),
        }
    }

    /// The whole cached state once more, as Zigbee2MQTT says it at its start and with every message; `None` on a line.
    pub fn repeats(&mut self, bridge: &Zigbee) -> Option<Message> {
        (self.spec.model.path == Path::Zigbee2Mqtt).then(|| {
            let state = self.state.clone();
            self.publish(&state, false, bridge)
        })
    }

    /// How many messages it has numbered.
    pub const fn numbered(&self) -> u64 {
        self.number
    }

    /// Takes the next number; the device's own time for it, which always goes on.
    fn next(&mut self) -> i64 {
        self.number += 1;
        self.clock_ms = wall::now_ms().max(self.clock_ms + 1);
        self.clock_ms
    }

    fn publish(&mut self, state: &Map<String, Value>, news: bool, bridge: &Zigbee) -> Message {
        let now = self.next();
        let mut rest = state.clone();
        rest.insert("linkquality".to_owned(), json!(90 + self.number % 60));
        match bridge.last_seen {
            LastSeen::Disable => None,
            LastSeen::Epoch => rest.insert("last_seen".to_owned(), json!(now)),
            LastSeen::Iso => rest.insert("last_seen".to_owned(), json!(wall::iso(now))),
        };
        Message {
            device: self.spec.id.clone(),
            number: self.number,
            happened_ms: (bridge.last_seen != LastSeen::Disable).then_some(now),
            path: Path::Zigbee2Mqtt,
            topic: self.spec.name.clone(),
            text: numbered(self.number, &Value::Object(rest).to_string()),
            news,
        }
    }

    /// A line of a home-made sensor: what it says, in the vocabulary.
    fn line(&mut self, deed: &Deed, state: &Map<String, Value>) -> Result<Message, Cannot> {
        let said = state.get(deed.property).unwrap_or(&Value::Null);
        let (reading, what) = meaning(deed.property, said).ok_or_else(|| Cannot::Kind {
            device: self.spec.name.clone(),
            kind: deed.property.to_owned(),
        })?;
        let mut signal = Signal::new(&self.spec.name, deed.property, reading, what);
        signal.happened_ms = Some(self.next());
        let line = jsonl::encode(&signal);
        Ok(Message {
            device: self.spec.id.clone(),
            number: self.number,
            happened_ms: signal.happened_ms,
            path: Path::JsonLines,
            topic: String::new(),
            text: numbered(self.number, line.trim_end()),
            news: true,
        })
    }
}

/// What a kind's word and a value say in the vocabulary.
fn meaning(kind: &str, said: &Value) -> Option<(Reading, What)> {
    let (word, number) = (said.as_str().unwrap_or_default(), said.as_f64());
    if let Some(kind) = AlarmKind::from_word(kind) {
        return Some((
            Reading::Pulse,
            What::alarm(kind, Condition::from_word(word)?),
        ));
    }
    if let Some(kind) = VitalKind::from_word(kind) {
        let reading = Measured::of(number?);
        return Some((Reading::Sample, What::Vital { kind, reading }));
    }
    let kind = ObservedKind::from_word(kind)?;
    let seen = match number {
        Some(value) => Seen::Value(value),
        None => Seen::State(State::of(kind, word)?),
    };
    Some((Reading::Sample, What::Observed { kind, seen }))
}

/// The object's text with the device's own number first, so that a bounded excerpt always holds it.
fn numbered(number: u64, object: &str) -> String {
    format!("{{\"n\":{number},{}", object.trim_start_matches('{'))
}

/// The number in a message's raw bytes, whole or cut off.
pub fn number_in(raw: &[u8]) -> Option<u64> {
    let mark = b"\"n\":";
    let at = raw.windows(mark.len()).position(|w| w == mark)? + mark.len();
    let digits: Vec<u8> = raw
        .iter()
        .skip(at)
        .copied()
        .take_while(u8::is_ascii_digit)
        .collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Model;

    fn device(model: &str) -> Device {
        Device::new(Spec {
            name: "Hall/It".into(),
            id: "it".into(),
            room: String::new(),
            model: Model::of(model).unwrap(),
        })
    }

    fn json_of(message: &Message) -> Value {
        serde_json::from_str(&message.text).unwrap()
    }

    #[test]
    fn a_state_repeats_every_field_and_only_a_change_is_news() {
        let (mut smoke, z) = (device("smoke_alarm"), Zigbee::default());
        let first = smoke.does("smoke", None, &z).unwrap();
        let again = smoke.does("smoke", None, &z).unwrap();
        assert_eq!((first.news, first.number), (true, 1));
        assert_eq!((again.news, again.number), (false, 2));
        let state = json_of(&again);
        assert_eq!(
            (&state["smoke"], &state["battery"]),
            (&json!(true), &json!(97.0))
        );
        assert_eq!(json_of(&smoke.repeats(&z).unwrap())["smoke"], json!(true));
    }

    #[test]
    fn a_press_is_not_cached_and_each_is_news() {
        let (mut sos, z) = (device("sos_button"), Zigbee::default());
        assert!(sos.does("press", None, &z).unwrap().news);
        assert!(sos.does("press", None, &z).unwrap().news);
        assert!(json_of(&sos.repeats(&z).unwrap()).get("action").is_none());
    }

    #[test]
    fn a_device_says_what_it_can_when_it_is_told_what_it_cannot() {
        let why = device("contact")
            .does("fall", None, &Zigbee::default())
            .unwrap_err();
        assert!(why.to_string().contains("open"), "{why}");
    }

    #[test]
    fn the_number_is_found_in_an_excerpt_that_was_cut_off() {
        let mut meter = device("line_thermometer");
        let said = meter
            .does("reading", Some(20.5), &Zigbee::default())
            .unwrap();
        assert_eq!(number_in(said.text.as_bytes().get(..9).unwrap()), Some(1));
        assert_eq!(number_in(b"{\"kind\":\"help\"}"), None);
    }
}
