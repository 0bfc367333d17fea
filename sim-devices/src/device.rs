//! One simulated device: its state, its own numbering, and the message it would send next. It sends nothing itself.

use serde_json::{Map, Value, json};

use crate::encode::{self, Told};
use crate::home::{Spec, Zigbee};
use crate::models::{Deed, Does, Path};
use crate::wall;
use crate::words::Message;

/// A spot check's time has hundredths of a second, ms.
const CLOCK_STEP_MS: i64 = 10;

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
    /// A name from which its path makes no address.
    #[error("`{device}`: its name must be {due}")]
    Name {
        /// Which device.
        device: String,
        /// What is due.
        due: &'static str,
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
        state.insert(deed.property.to_owned(), said.clone());
        if deed.does != Does::Press {
            self.state.clone_from(&state);
        }
        let news = changed || deed.does == Does::Measure;
        self.says(Some(deed), &said, &state, news, bridge)
    }

    /// The whole cached state once more, as Zigbee2MQTT says it at its start and with every message; `None` for a device
    /// that has no bridge to remember it.
    pub fn repeats(&mut self, bridge: &Zigbee) -> Option<Message> {
        if self.spec.model.path != Path::Zigbee2Mqtt {
            return None;
        }
        let state = self.state.clone();
        self.says(None, &Value::Null, &state, false, bridge).ok()
    }

    /// How many messages it has numbered.
    pub const fn numbered(&self) -> u64 {
        self.number
    }

    fn says(
        &mut self,
        deed: Option<&Deed>,
        said: &Value,
        state: &Map<String, Value>,
        news: bool,
        bridge: &Zigbee,
    ) -> Result<Message, Cannot> {
        self.number += 1;
        // Its clock always goes on, by the smallest step that every path can write.
        self.clock_ms = wall::now_ms().max(self.clock_ms + CLOCK_STEP_MS);
        let encoded = encode::encode(&Told {
            spec: &self.spec,
            deed,
            said,
            state,
            number: self.number,
            now_ms: self.clock_ms,
            bridge,
        })?;
        Ok(Message {
            device: self.spec.id.clone(),
            number: self.number,
            happened_ms: encoded.happened_ms,
            word: encoded.word,
            path: self.spec.model.path,
            body: encoded.body,
            news,
        })
    }
}

/// The object's text with the device's own number first, so that a bounded excerpt always holds it.
pub(crate) fn numbered(number: u64, object: &str) -> String {
    format!("{{\"n\":{number},{}", object.trim_start_matches('{'))
}

/// The number in a message's raw bytes, whole or cut off: `"n":17` in an object, `#17` in a display text.
pub fn number_in(raw: &[u8]) -> Option<u64> {
    let after = |mark: &[u8]| {
        let at = raw.windows(mark.len()).position(|w| w == mark)? + mark.len();
        let digits: Vec<u8> = raw
            .iter()
            .skip(at)
            .copied()
            .take_while(u8::is_ascii_digit)
            .collect();
        std::str::from_utf8(&digits).ok()?.parse().ok()
    };
    after(b"\"n\":").or_else(|| after(b"#"))
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
        serde_json::from_str(&message.body.shown()).unwrap()
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
        assert_eq!(
            number_in(said.body.shown().as_bytes().get(..9).unwrap()),
            Some(1)
        );
        assert_eq!(number_in(b"{\"kind\":\"help\"}"), None);
        assert_eq!(
            number_in(b"\x011\x021\x1f550\x1e2\x1fROOM 4 #17\x1e3"),
            Some(17)
        );
    }
}
