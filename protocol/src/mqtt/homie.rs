//! The Homie convention 5: devices describe themselves on `<base>/5/<device>/$description`, say how they are on `$state` and
//! publish each property as a bare string. Of Homie 3 and 4 (`<base>/<device>/…`) the `$state` is read. It acknowledges nothing, keeps no
//! alarm and has no clock.
//!
//! **Delivery.** Everything is retained but for momentary events (`retained: false`), which the convention sends with QoS 0: such a
//! press is in our care from the moment we read it and not before. A property may come before its description: it waits for
//! it a minute (`Message::late`).
//!
//! **Meanings** are by the property's id, and where that says only `alarm` or `state` by its node's; by datatype, unit and format.
//! The convention fixes none of them: what is not certain is named as unmapped once and not read.
//!
//! **Devices.** A device that others name as their root is the way to them: when it is lost, that is a path.

mod describe;
mod meaning;
mod places;
mod property;
pub mod say;
mod topics;

use std::collections::BTreeMap;

use crate::signal::{Gone, Message, Reading, Refusal, Signal, What};
use crate::vocabulary::{Condition, HealthKind};

use super::reading::{plain, shown};
use super::waiting::Waiting;
use super::{Dialect, Publish};
use describe::Described;
use places::Places;
use property::Property;
use topics::About;

/// The root topic's first level by the convention's own default.
pub const DEFAULT_BASE: &str = "homie";

/// What one Homie base may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Devices that can raise no alarm and are not listed.
    pub devices: usize,
    /// Properties of one device.
    pub properties: usize,
    /// A property's value, bytes.
    pub message_bytes: usize,
    /// A description, bytes.
    pub description_bytes: usize,
    /// An id, bytes.
    pub id_bytes: usize,
}

impl Default for Limits {
    /// 512 devices, 64 KiB a message (design, 'Limits that are promises'); 1024 properties a device, 256 KiB a description, 128
    /// bytes an id.
    fn default() -> Self {
        Self {
            devices: 512,
            properties: 1024,
            message_bytes: 64 * 1024,
            description_bytes: 256 * 1024,
            id_bytes: 128,
        }
    }
}

/// The reader of one Homie base.
#[derive(Debug)]
pub struct Homie {
    base: String,
    limits: Limits,
    devices: BTreeMap<Box<str>, Device>,
    places: Places,
    waiting: Waiting,
}

/// A device, and what is remembered of it.
#[derive(Debug, Default)]
struct Device {
    described: Option<Described>,
    /// Its `$state` was `alert` (Homie 3 and 4).
    alerted: bool,
}

impl Homie {
    /// A reader below `base`; an empty base is the default one. The version's level may be written or not.
    pub fn new(base: &str, limits: Limits) -> Self {
        let base = base.trim_matches('/');
        let base = base.strip_suffix("/5").unwrap_or(base);
        Self {
            base: if base.is_empty() { DEFAULT_BASE } else { base }.to_owned(),
            limits,
            devices: BTreeMap::new(),
            places: Places::new(),
            waiting: Waiting::default(),
        }
    }

    /// How many devices are known.
    pub fn devices(&self) -> usize {
        self.devices.len()
    }

    /// How many values wait for a description, and how many were dropped because there was no room.
    pub fn waiting(&self) -> (usize, u64) {
        (self.waiting.len(), self.waiting.dropped())
    }

    /// The device; who was heard longest ago and can raise no alarm may have to go for it.
    fn device(&mut self, id: &str, alarms: bool) -> Result<&mut Device, Refusal> {
        let clean = !id.is_empty() && !id.contains(char::is_control);
        if !clean || id.len() > self.limits.id_bytes {
            return Err(Refusal::BadValue {
                field: "device id".to_owned(),
                due: "1 to 128 bytes without control characters",
            });
        }
        if self.devices.contains_key(id) {
            self.places.touch(id, self.limits.devices);
        } else {
            self.place(id, alarms);
        }
        Ok(self.devices.entry(id.into()).or_default())
    }

    /// True of a device that others name as their root.
    fn is_root(&self, id: &str) -> bool {
        let described = |device: &Device| {
            let described = device.described.as_ref();
            described.is_some_and(|d| d.root.as_deref() == Some(id))
        };
        let own = self.devices.get(id).and_then(|d| d.described.as_ref());
        own.is_some_and(|d| d.has_children) || self.devices.values().any(described)
    }

    fn signal(&self, device: &str, field: &str, what: What) -> Signal {
        let mut signal = Signal::new(device, field, Reading::Edge, what);
        let described = self.devices.get(device).and_then(|d| d.described.as_ref());
        if let Some(described) = described {
            described.model.clone_into(&mut signal.model);
        }
        signal
    }

    /// How a device is.
    fn state(&mut self, id: &str, payload: &[u8]) -> Message {
        let Ok(word) = std::str::from_utf8(payload) else {
            return Message::refused(Refusal::NotText);
        };
        let word = word.trim().trim_matches('"');
        let (here, detail) = match word {
            "" => {
                self.devices.remove(id);
                self.places.leave(id);
                return Message {
                    gone: vec![gone(id, None)],
                    ..Message::ignored("a device is taken out")
                };
            }
            "init" => return Message::ignored("a device that is getting ready"),
            "ready" => (true, "the device is ready"),
            "sleeping" => (true, "the device sleeps"),
            "alert" => (true, "the device is connected"),
            "disconnected" => (false, "the device has disconnected"),
            "lost" => (false, "the device is lost"),
            _ => {
                return Message::refused(Refusal::BadValue {
                    field: "$state".to_owned(),
                    due: "init, ready, disconnected, sleeping, lost or alert",
                });
            }
        };
        let alert = word == "alert";
        let known = match self.device(id, false) {
            Ok(device) => device,
            Err(refusal) => return Message::refused(refusal),
        };
        let was_alerted = std::mem::replace(&mut known.alerted, alert);
        let condition = |raised| {
            if raised {
                Condition::Raised
            } else {
                Condition::Restored
            }
        };
        let kind = if self.is_root(id) {
            HealthKind::Path
        } else {
            HealthKind::Missing
        };
        let what = What::health(kind, condition(!here), detail);
        let mut signals = vec![self.signal(id, "$state", what)];
        // What a lost device last said of itself may still be so.
        if alert || (was_alerted && word == "ready") {
            let what = What::health(
                HealthKind::Fault,
                condition(alert),
                "the device is in alert",
            );
            signals.push(self.signal(id, "$state.alert", what));
        }
        Message {
            signals,
            ..Message::default()
        }
    }

    /// An alert that a device raises and takes back. Its text is for people, and may name them: it is not passed on.
    fn alert(&mut self, id: &str, alert: &str, payload: &[u8]) -> Message {
        if let Err(refusal) = self.device(id, false) {
            return Message::refused(refusal);
        }
        let condition = if payload.is_empty() {
            Condition::Restored
        } else {
            Condition::Raised
        };
        let what = match plain(alert).as_str() {
            "battery" | "battery_low" | "low_battery" => {
                What::health(HealthKind::BatteryLow, condition, "battery low")
            }
            _ => What::health(
                HealthKind::Fault,
                condition,
                format!("alert {}", shown(alert)),
            ),
        };
        Message {
            signals: vec![self.signal(id, &format!("$alert/{}", shown(alert)), what)],
            ..Message::default()
        }
    }

    fn describe(&mut self, id: &str, publish: &Publish<'_>) -> Message {
        if publish.payload.len() > self.limits.description_bytes {
            return Message::refused(Refusal::TooLarge {
                bytes: publish.payload.len(),
                limit: self.limits.description_bytes,
            });
        }
        if publish.payload.is_empty() {
            let device = self.devices.get_mut(id);
            let described = device.and_then(|device| device.described.take());
            let names = described.iter().flat_map(|d| d.properties.keys());
            return Message {
                gone: names.map(|name| gone(id, Some(name))).collect(),
                ..Message::ignored("a description is taken out")
            };
        }
        let described = match describe::read(publish.payload, &self.limits) {
            Ok(described) => described,
            Err(refusal) => return Message::refused(refusal),
        };
        let alarms = described.properties.values().any(Property::can_alarm);
        let device = match self.device(id, alarms) {
            Ok(device) => device,
            Err(refusal) => return Message::refused(refusal),
        };
        let mut message = Message::ignored("a description");
        let old = device.described.take();
        let before = |name: &str| old.as_ref().and_then(|old| old.properties.get(name));
        let mut new: Vec<Box<str>> = Vec::new();
        for (name, property) in &described.properties {
            match before(name) {
                None => new.push(name.clone()),
                Some(before) if before == property => continue,
                Some(_) => {}
            }
            if !property.is_read() {
                message.unmapped.extend(property.why_not(id, name));
            }
        }
        if let Some(old) = &old {
            let as_before = |name: &str, was| described.properties.get(name) == Some(was);
            let gone_ones = old.properties.iter().filter(|(n, was)| !as_before(n, was));
            message.gone = gone_ones.map(|(name, _)| gone(id, Some(name))).collect();
        }
        message.unmapped.truncate(describe::UNMAPPED_MOST);
        message.refusals.extend(described.refusal.clone());
        device.described = Some(described);
        self.place(id, alarms);
        for name in new {
            self.read_late(id, &name, publish.now_ms, &mut message);
        }
        if !message.signals.is_empty() {
            message.ignored = None;
        }
        message
    }

    /// What a property said before it was described.
    fn read_late(&mut self, id: &str, name: &str, now_ms: u64, message: &mut Message) {
        let topic = format!("{}/5/{id}/{name}", self.base);
        for kept in self.waiting.of(&topic, now_ms) {
            if kept.pressed {
                continue;
            }
            let said = self.value(id, name, &kept.payload);
            if !said.signals.is_empty() {
                let others = message.late.unwrap_or(true);
                message.late = Some(kept.retained && others);
                self.waiting.pressed(kept.number);
            }
            message.signals.extend(said.signals);
            message.refusals.extend(said.refusals);
        }
        message.refusals.truncate(32);
    }

    /// A property's value.
    fn property(&mut self, id: &str, name: &str, publish: &Publish<'_>) -> Message {
        if publish.payload.len() > self.limits.message_bytes {
            return Message::refused(Refusal::TooLarge {
                bytes: publish.payload.len(),
                limit: self.limits.message_bytes,
            });
        }
        // The convention's way to take a value out, and to write an empty text.
        if publish.payload.is_empty() || publish.payload == b"\0" {
            return Message::ignored("an empty value");
        }
        let known = self.devices.get(id).and_then(|d| d.described.as_ref());
        if known.is_none_or(|described| !described.properties.contains_key(name)) {
            self.waiting.keep(publish);
            return Message {
                unmapped: vec![shown(&format!("{id}/{name}"))],
                ..Message::default()
            };
        }
        self.places.touch(id, self.limits.devices);
        self.value(id, name, publish.payload)
    }

    fn value(&mut self, id: &str, name: &str, payload: &[u8]) -> Message {
        let described = self.devices.get(id).and_then(|d| d.described.as_ref());
        let Some(property) = described.and_then(|d| d.properties.get(name)) else {
            return Message::ignored("a property of nobody");
        };
        let Ok(text) = std::str::from_utf8(payload) else {
            return Message::refused(Refusal::NotText);
        };
        match property.read(name, text) {
            Ok(Some((what, reading))) => {
                let signal = Signal {
                    reading,
                    ..self.signal(id, name, what)
                };
                Message {
                    signals: vec![signal],
                    ..Message::default()
                }
            }
            Ok(None) => Message::ignored("nothing for telecare in it"),
            Err(refusal) => Message::refused(refusal),
        }
    }
}

/// A device, or one field of it, that is there no longer.
fn gone(device: &str, field: Option<&str>) -> Gone {
    Gone {
        device: device.to_owned(),
        field: field.map(str::to_owned),
    }
}

impl Dialect for Homie {
    fn topics(&self) -> Vec<String> {
        let base = &self.base;
        vec![
            format!("{base}/+/$state"),
            format!("{base}/5/+/+"),
            format!("{base}/5/+/+/+"),
        ]
    }

    fn is_lesson(&self, topic: &str) -> bool {
        matches!(self.about(topic), Some(About::Description(_)))
    }

    fn read(&mut self, publish: &Publish<'_>) -> Message {
        let mut message = match self.about(publish.topic) {
            None => Message::ignored("not below the base topic"),
            Some(About::Nothing(why)) => Message::ignored(why),
            Some(About::State(device)) => self.state(device, publish.payload),
            Some(About::Description(device)) => self.describe(device, publish),
            Some(About::Alert(device, id)) => self.alert(device, id, publish.payload),
            Some(About::Property(device, name)) => self.property(device, name, publish),
            Some(About::Older(name)) => Message {
                unmapped: vec![shown(name)],
                ..Message::default()
            },
        };
        message.refusals.extend(self.places.forgot.take());
        message
    }
}
