//! A device's own messages, as JSON and as attributes: presses are counted once, replays are told from news.

use crate::json::{self, Value};
use crate::signal::{Message, Reading, Refusal, Signal, What};
use crate::vocabulary::{Condition, HealthKind};

use super::read::Reader;
use super::{Zigbee2Mqtt, unquoted};

/// How many presses of one device may wait for their echo.
const OWED_MOST: usize = 8;

/// For how many publishes of the source a press may wait for its echo: Zigbee2MQTT sends the attributes right behind
/// the JSON message. What comes later is a press of its own (somebody changed `output` while the bridge ran).
const OWED_FOR: u64 = 64;

const REPEAT: &str = "repeat of the JSON message";

/// What is remembered of a device between messages; never what it means.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    /// The bridge's start in which a state of it was last heard.
    heard_in: u32,
    /// The bridge's start in which it was heard as JSON.
    json_in: Option<u32>,
    /// Its last `last_seen`.
    seen_ms: Option<i64>,
    /// Presses read from JSON that may come again as attributes, and at which publish each was read.
    owed: Vec<(Box<str>, u64)>,
    /// Its battery was last seen at 0 %.
    flat: bool,
}

impl Zigbee2Mqtt {
    pub(super) fn state(&mut self, name: &str, payload: &[u8]) -> Message {
        let mut reader = Reader::new(name, self.devices.get(name));
        if let Err(refusal) = json::each_field(payload, &mut reader) {
            return Message::refused(refusal);
        }
        let actions = std::mem::take(&mut reader.actions);
        let done = reader.done();
        let mut message = done.message;
        let (starts, publishes) = (self.starts, self.publishes);
        if let Some(memory) = self.remember(name) {
            if memory.json_in != Some(starts) {
                memory.owed.clear();
            }
            memory.json_in = Some(starts);
            let first = memory.heard_in != starts;
            memory.heard_in = starts;
            let newer =
                matches!((done.happened_ms, memory.seen_ms), (Some(now), Some(old)) if now > old);
            memory.seen_ms = done.happened_ms.or(memory.seen_ms);
            message.replayed = first && actions.is_empty() && !newer;
            memory
                .owed
                .extend(actions.into_iter().map(|a| (a, publishes)));
            let extra = memory.owed.len().saturating_sub(OWED_MOST);
            memory.owed.drain(..extra);
            let like = message.signals.iter().find(|s| s.field == "battery");
            let low = flat_battery(memory, done.lone_charge, like);
            message.signals.extend(low);
        }
        said_something(message)
    }

    pub(super) fn attribute(&mut self, name: &str, property: &str, payload: &[u8]) -> Message {
        let Ok(text) = std::str::from_utf8(payload) else {
            return Message::refused(Refusal::NotText);
        };
        let value = match text.trim() {
            "" | "null" => Value::Null,
            bare => Value::Text(unquoted(bare)),
        };
        let mut reader = Reader::new(name, self.devices.get(name));
        let nested = property.replacen('-', ".", 1);
        let is_nested = self
            .devices
            .get(name)
            .is_some_and(|t| t.properties.contains_key(nested.as_str()));
        json::Fields::field(
            &mut reader,
            if is_nested { &nested } else { property },
            value,
        );
        let actions = std::mem::take(&mut reader.actions);
        let mut message = reader.done().message;
        let (starts, publishes) = (self.starts, self.publishes);
        let Some(memory) = self.remember(name) else {
            return said_something(message);
        };
        let as_json = memory.json_in == Some(starts);
        memory
            .owed
            .retain(|(_, at)| publishes.saturating_sub(*at) <= OWED_FOR);
        let echo = actions
            .first()
            .and_then(|action| memory.owed.iter().position(|(owed, _)| owed == action));
        if let Some(at) = echo.filter(|_| as_json) {
            memory.owed.remove(at);
            return Message::ignored(REPEAT);
        }
        if as_json {
            message.signals.retain(|s| s.reading != Reading::Sample);
            if message.signals.is_empty() {
                return Message::ignored(REPEAT);
            }
        }
        said_something(message)
    }

    /// The memory of a device, as long as there is room for one more.
    pub(super) fn remember(&mut self, name: &str) -> Option<&mut Memory> {
        if !self.memories.contains_key(name) {
            let room = self.limits.devices.saturating_mul(2);
            if self.memories.len() >= room {
                let devices = &self.devices;
                self.memories.retain(|name, _| devices.contains_key(name));
            }
            if self.memories.len() >= room {
                return None;
            }
            self.memories.insert(name.into(), Memory::default());
        }
        self.memories.get_mut(name)
    }
}

/// A battery at 0 % of a device that has no `battery_low` is one that is low; it is so no longer when it is charged or
/// replaced. `like` is the signal of the charge itself.
fn flat_battery(memory: &mut Memory, charge: Option<f64>, like: Option<&Signal>) -> Option<Signal> {
    let flat = charge? < f64::MIN_POSITIVE;
    let condition = match (flat, memory.flat) {
        (true, _) => Condition::Raised,
        (false, true) => Condition::Restored,
        (false, false) => return None,
    };
    memory.flat = flat;
    Some(Signal {
        field: "battery_low".to_owned(),
        reading: Reading::Edge,
        what: What::health(HealthKind::BatteryLow, condition, "battery at 0 %"),
        ..like?.clone()
    })
}

/// A message that says nothing says why.
fn said_something(mut message: Message) -> Message {
    if message.signals.is_empty() && message.refusals.is_empty() && message.unmapped.is_empty() {
        message.ignored = Some("nothing for telecare in it");
    }
    message
}
