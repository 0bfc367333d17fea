//! Home Assistant's MQTT discovery: what devices publish about themselves for Home Assistant says where their states come
//! and what they mean. It acknowledges nothing, keeps no alarm and has no clock.
//!
//! **Configurations** come on `<prefix>/<component>/[node/]<object>/config`, retained: one entity each, or with the component
//! `device` a device and its components. An empty payload takes one out. What is learned adds topics
//! ([`Dialect::topics`], `Message::topics_changed`): exact ones, never a wildcard, never one of the broker's own.
//!
//! **Meanings** are the classes' (`binary_sensor`, `sensor`, `event`, `cover`), the locks' and the triggers'. An entity without a
//! class that a table knows, or with a template that cannot be read (it does not compile, or asks for a clock or for another
//! entity), is named as unmapped once and not read: a missing reading is told, a wrong one is not. What would raise an alarm
//! and cannot be read is a fault of its device; a configuration that could be read before stays in force.
//!
//! **Templates** are Jinja as Home Assistant speaks it. One that looked at a key that is not there may begin something, and
//! ends nothing: what is absent is unknown.
//!
//! **Devices.** Entities that share an identifier are one device, called by its name; two of one name carry their
//! identifier with it.
//!
//! **Order.** A broker that kept our session gives what it queued before any configuration. A state whose entity nobody
//! knows yet waits for it a minute (`Message::late`).
//!
//! **`expire_after`.** A device is missing when a value of it was not said again in time, and back with its next word.
//!
//! **`off_delay`.** On is one and the same for so long after it was said last; then it is news again. Nothing says its end.

mod asked;
mod availability;
mod classes;
mod config;
mod devices;
mod entity;
mod expiry;
mod keys;
mod learn;
mod meaning;
mod payload;
mod room;
mod said;
pub mod say;
mod template;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::signal::{Message, Reading, Refusal, Speaker};
use crate::turns::Turns;

use super::waiting::Waiting;
use super::{Dialect, Publish};
use asked::Asked;
use availability::Availability;
use config::Place;
use devices::Devices;
use entity::{Entity, Said};
use expiry::Expiry;
use template::{Heard, Template};

/// The prefix of Home Assistant's own default configuration.
pub const DEFAULT_PREFIX: &str = "homeassistant";

/// What one discovery prefix may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Devices; of those that can raise an alarm or are listed, 4,096 more.
    pub devices: usize,
    /// Entities of all devices.
    pub entities: usize,
    /// A state, bytes.
    pub message_bytes: usize,
    /// A configuration, bytes.
    pub config_bytes: usize,
    /// A topic, bytes.
    pub topic_bytes: usize,
    /// All topics that are asked for, bytes: one subscription holds them.
    pub topics_bytes: usize,
}

impl Default for Limits {
    /// 512 devices, 64 KiB a message (design, 'Limits that are promises'); 8192 entities, 256 KiB a configuration, 256 bytes a
    /// topic and 192 KiB all of them.
    fn default() -> Self {
        Self {
            devices: 512,
            entities: 8192,
            message_bytes: 64 * 1024,
            config_bytes: 256 * 1024,
            topic_bytes: 256,
            topics_bytes: 192 * 1024,
        }
    }
}

/// The reader of one discovery prefix.
#[derive(Debug)]
pub struct HaDiscovery {
    prefix: String,
    limits: Limits,
    /// By the place of their configuration and, in a device's, their key.
    entities: BTreeMap<Box<str>, Known>,
    /// By state topic.
    by_topic: BTreeMap<Box<str>, BTreeSet<Box<str>>>,
    unique: BTreeMap<Box<str>, Box<str>>,
    devices: Devices,
    availability: Availability,
    expiry: Expiry,
    waiting: Waiting,
    asked: Asked,
    /// Devices that are never left out for a limit.
    listed: Arc<BTreeSet<String>>,
    /// Entities that may have to go for one that can raise an alarm.
    quiet: Turns<Box<str>>,
}

/// An entity, and what is remembered of it.
#[derive(Debug)]
struct Known {
    entity: Entity,
    device: Box<str>,
    unique_id: Option<Box<str>>,
    /// When it was last on, of one that turns off by itself.
    on_at_ms: Option<u64>,
    /// That nobody knows what it says was told.
    told: bool,
    /// What it said last, in Home Assistant's words, where its template asks for that.
    state: Box<str>,
    /// That it cannot be read, and would raise an alarm, was told.
    faulty: bool,
}

impl HaDiscovery {
    /// A reader below `prefix`; an empty prefix is the default one.
    pub fn new(prefix: &str, limits: Limits) -> Self {
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() {
            DEFAULT_PREFIX
        } else {
            prefix
        };
        Self {
            prefix: prefix.to_owned(),
            limits,
            entities: BTreeMap::new(),
            by_topic: BTreeMap::new(),
            unique: BTreeMap::new(),
            devices: Devices::default(),
            availability: Availability::default(),
            expiry: Expiry::default(),
            waiting: Waiting::default(),
            asked: Asked::default(),
            listed: Arc::default(),
            quiet: Turns::new(),
        }
    }

    /// How many entities are known.
    pub fn entities(&self) -> usize {
        self.entities.len()
    }

    /// How many devices are known.
    pub fn devices(&self) -> usize {
        self.devices.len()
    }

    /// How many states wait for a configuration, and how many were dropped because there was no room.
    pub fn waiting(&self) -> (usize, u64) {
        (self.waiting.len(), self.waiting.dropped())
    }

    /// Where a configuration was published; `None` for any other topic.
    fn place<'t>(&self, topic: &'t str) -> Option<Place<'t>> {
        let below = topic.strip_prefix(&self.prefix)?.strip_prefix('/')?;
        let whole = below.strip_suffix("/config")?;
        let mut levels = whole.split('/');
        let component = levels.next().filter(|c| !c.is_empty())?;
        let (object, rest) = (levels.next_back()?, levels.count());
        (rest <= 1 && !object.is_empty()).then_some(Place {
            component,
            object,
            whole,
        })
    }

    fn state(&mut self, publish: &Publish<'_>) -> Message {
        if publish.payload.len() > self.limits.message_bytes {
            return Message::refused(Refusal::TooLarge {
                bytes: publish.payload.len(),
                limit: self.limits.message_bytes,
            });
        }
        let number = self.waiting.keep(publish);
        let mut message = Message::default();
        let is_availability = self.availability.is_topic(publish.topic);
        if is_availability {
            let heard = self
                .availability
                .hear(publish.topic, publish.payload, &self.devices);
            match heard {
                Ok(signals) => message.signals.extend(signals),
                Err(refusal) => message.refusals.push(refusal),
            }
        }
        let keys: Vec<Box<str>> = match self.by_topic.get(publish.topic) {
            Some(keys) => keys.iter().cloned().collect(),
            None if is_availability => Vec::new(),
            None => {
                message.unmapped.push(super::reading::shown(publish.topic));
                return message;
            }
        };
        if !keys.is_empty() {
            match Heard::new(publish.payload) {
                Ok(heard) => self.speak(&keys, &heard, publish.now_ms, &mut message),
                Err(refusal) => refuse_each(&mut message, vec![refusal]),
            }
        }
        if message.signals.iter().any(|s| s.reading == Reading::Pulse) {
            self.waiting.pressed(number);
        }
        let silent = message.signals.is_empty() && message.unmapped.is_empty();
        if silent && message.refusals.is_empty() {
            message.ignored = Some("nothing for telecare in it");
        }
        message
    }

    /// What a message says for each of these entities.
    fn speak(&mut self, keys: &[Box<str>], heard: &Heard<'_>, now_ms: u64, message: &mut Message) {
        let mut others: Vec<(Template, Refusal)> = Vec::new();
        let mut met: Vec<Template> = Vec::new();
        let mut unread: Vec<String> = Vec::new();
        for key in keys {
            let Some(known) = self.entities.get_mut(key) else {
                continue;
            };
            match known.entity.read(heard, &mut known.state) {
                Said::What(what, reading) => {
                    met.push(known.entity.template.clone());
                    self.say(key, vec![(0, what)], reading, now_ms, message);
                }
                Said::States(states) => {
                    met.push(known.entity.template.clone());
                    self.say(key, states, Reading::Edge, now_ms, message);
                }
                Said::Nothing => {}
                Said::Other(refusal) => others.push((known.entity.template.clone(), refusal)),
                Said::Refused(refusal) => refuse_each(message, vec![refusal]),
                Said::Unmapped if known.told => unread.push(known.entity.shown()),
                Said::Unmapped => {
                    known.told = true;
                    message.speaker = Some(Speaker {
                        device: self.devices.name(&known.device),
                        model: self.devices.model(&known.device).to_owned(),
                    });
                    message.unmapped.push(known.entity.shown());
                }
            }
        }
        // What was told with its configuration is told again only where a message says nothing else.
        if message.signals.is_empty() && message.unmapped.is_empty() {
            message.unmapped = unread;
        }
        // Codes of a receiver: each entity waits for its own, and somebody has known this one.
        others.retain(|(template, _)| !met.contains(template));
        refuse_each(
            message,
            others.into_iter().map(|(_, refusal)| refusal).collect(),
        );
    }
}

impl Dialect for HaDiscovery {
    fn topics(&self) -> Vec<String> {
        let mut topics = vec![
            format!("{}/+/+/config", self.prefix),
            format!("{}/+/+/+/config", self.prefix),
        ];
        topics.extend(self.asked.topics.keys().map(ToString::to_string));
        topics
    }

    fn is_lesson(&self, topic: &str) -> bool {
        self.place(topic).is_some()
    }

    fn due_ms(&self) -> Option<u64> {
        self.expiry.due_ms()
    }

    fn tick(&mut self, now_ms: u64) -> Message {
        let mut message = Message::default();
        let mut told: BTreeSet<Box<str>> = BTreeSet::new();
        while let Some(entity) = self.expiry.next(now_ms) {
            if let Some(known) = self.entities.get(&entity)
                && told.insert(known.device.clone())
            {
                message.signals.push(self.overdue(&known.device, true));
            }
        }
        message
    }

    fn read(&mut self, publish: &Publish<'_>) -> Message {
        if let Some(place) = self.place(publish.topic) {
            return self.learn(place, publish);
        }
        if publish.topic.strip_prefix(&self.prefix) == Some("/status") {
            return Message::ignored("Home Assistant about itself");
        }
        self.state(publish)
    }
}

/// A topic that may be asked for: without wildcards, and none of the broker's own.
fn is_topic(topic: &str, limits: &Limits) -> bool {
    !topic.is_empty()
        && topic.len() <= limits.topic_bytes
        && !topic.starts_with('$')
        && !topic.contains(|c: char| c.is_control() || matches!(c, '+' | '#'))
}

/// Refusals are counted, but a hostile configuration must not make them a burden: of one kind the first is enough.
fn refuse_each(message: &mut Message, refusals: Vec<Refusal>) {
    for refusal in refusals {
        if !message.refusals.contains(&refusal) && message.refusals.len() < 32 {
            message.refusals.push(refusal);
        }
    }
}
