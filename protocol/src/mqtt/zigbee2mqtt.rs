//! Zigbee2MQTT 2.x: what its publishes say, read with what `bridge/devices` teaches. It acknowledges nothing, keeps no
//! alarm and has no clock.
//!
//! **Topics.** A friendly name may hold spaces and slashes, and MQTT's `+` matches one level. `<base>/#` and
//! `<base>/+/+` would bring `bridge/info`, `bridge/definitions` and `bridge/logging` as well, which are large and say
//! nothing here. So [`Dialect::topics`] asks for `<base>/+` and a few named sub-topics, and after each
//! `bridge/devices` also for every taught name that holds a slash and for `<base>/+/<property>` of every property that
//! means something. `Message::topics_changed` tells the edge that the answer grew. No two filters match one topic: a
//! broker may deliver a publish once for each, and a press must not come twice.
//!
//! **Names.** The longest taught name that the topic begins with. What is not taught has a name of one level, unless
//! its payload is a JSON object: then the whole topic is the name (an attribute is never an object).
//!
//! **Attributes.** With `output: attribute` a property comes alone on `<name>/<property>`, with `attribute_and_json`
//! after the JSON message that already said it. A press is in the JSON message first: each press read there is owed
//! one echo, an attribute press soon after that equals an owed one is that echo, and any other is a press of its own. So a lone
//! press over attributes is never lost and a doubled one is counted once, even when one of the two was. A state that
//! comes as an attribute is read always: the core drops what repeats. A measurement is read until the device has been
//! heard as JSON.
//!
//! **Identity.** A device is its `ieee_address`; a friendly name is what it is called now. Signals name it as its topic does, and
//! [`Message::pairing`] says who bears which name: after each `bridge/devices`, and at a `bridge/event` or a rename where
//! somebody reads those (Zigbee2MQTT publishes the list before the first state under a new name).
//!
//! **Replays.** When `bridge/state` goes online (not retained), the first state of every device may be what the bridge
//! remembers: that message is `replayed`, unless it carries a press (presses are not cached) or a `last_seen` later
//! than the last one.

mod bridge;
mod device;
mod generic;
mod identity;
mod in_words;
mod judge;
mod lesson;
mod meanings;
mod read;
pub mod say;
mod slices;
mod teach;
mod topics;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use crate::signal::{Message, Refusal};

use super::{Dialect, Publish};
use device::Memory;
use slices::Studies;
use teach::Taught;

/// The base topic of Zigbee2MQTT's own default configuration.
pub const DEFAULT_BASE: &str = "zigbee2mqtt";

/// What one Zigbee2MQTT may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Devices taught that can raise no alarm, and as many again that speak untaught.
    pub devices: usize,
    /// A device's message, bytes.
    pub message_bytes: usize,
    /// `bridge/devices`, bytes.
    pub lesson_bytes: usize,
    /// A friendly name, bytes.
    pub name_bytes: usize,
}

impl Default for Limits {
    /// 512 devices, 64 KiB a message, 8 MiB a lesson (design, 'Limits that are promises'), 256 bytes a name.
    fn default() -> Self {
        Self {
            devices: 512,
            message_bytes: 64 * 1024,
            lesson_bytes: 8 * 1024 * 1024,
            name_bytes: 256,
        }
    }
}

/// The reader of one Zigbee2MQTT.
#[derive(Debug)]
pub struct Zigbee2Mqtt {
    base: String,
    limits: Limits,
    devices: BTreeMap<Box<str>, Taught>,
    groups: BTreeSet<Box<str>>,
    coordinator: Option<Box<str>>,
    memories: BTreeMap<Box<str>, Memory>,
    /// A list of devices was read.
    listed: bool,
    /// How often the bridge was seen to come online.
    starts: u32,
    /// How many publishes it has read.
    publishes: u64,
    topics: Vec<String>,
    studies: Studies,
}

/// What a topic below the base is about.
enum About<'t> {
    State(&'t str),
    Availability(&'t str),
    Attribute(&'t str, &'t str),
    Command,
}

impl Zigbee2Mqtt {
    /// A reader below `base`; an empty base is the default one.
    pub fn new(base: &str, limits: Limits) -> Self {
        let base = base.trim_matches('/');
        let base = if base.is_empty() { DEFAULT_BASE } else { base }.to_owned();
        let topics = topics::wanted(&base, &BTreeMap::new());
        Self {
            base,
            limits,
            devices: BTreeMap::new(),
            groups: BTreeSet::new(),
            coordinator: None,
            memories: BTreeMap::new(),
            listed: false,
            starts: 0,
            publishes: 0,
            topics,
            studies: Studies::default(),
        }
    }

    /// How many devices are taught.
    pub fn taught(&self) -> usize {
        self.devices.len()
    }

    /// The topic below the base; `None` for a topic of somebody else.
    fn below<'t>(&self, topic: &'t str) -> Option<&'t str> {
        topic.strip_prefix(&self.base)?.strip_prefix('/')
    }

    /// What a topic that is not the bridge's is about: the longest taught name first.
    fn about<'t>(&self, topic: &'t str, payload: &[u8]) -> About<'t> {
        let mut end = topic.len();
        let mut taught = None;
        loop {
            let (name, rest) = topic.split_at_checked(end).unwrap_or((topic, ""));
            if self.devices.contains_key(name) || self.groups.contains(name) {
                // Neither an attribute nor an availability has a slash in it: that is another device's.
                let rest = rest.trim_start_matches('/');
                let of_it = !rest.contains('/') || is_command(rest);
                taught = of_it.then(|| sub_topic(name, rest));
                break;
            }
            match name.rfind('/') {
                Some(slash) => end = slash,
                None => break,
            }
        }
        let found = taught.unwrap_or_else(|| untaught(topic));
        match found {
            // An attribute is never an object: this is a device whose name holds a slash.
            About::Attribute(..) if is_object(payload) => About::State(topic),
            found => found,
        }
    }
}

impl Dialect for Zigbee2Mqtt {
    fn topics(&self) -> Vec<String> {
        self.topics.clone()
    }

    fn is_lesson(&self, topic: &str) -> bool {
        matches!(self.below(topic), Some("bridge/devices" | "bridge/groups"))
    }

    fn is_learning(&self) -> bool {
        self.studies.is_open()
    }

    fn due_ms(&self) -> Option<u64> {
        self.studies.is_open().then_some(self.studies.at_ms)
    }

    fn tick(&mut self, now_ms: u64) -> Message {
        self.study_on(now_ms)
    }

    fn read(&mut self, publish: &Publish<'_>) -> Message {
        self.publishes = self.publishes.saturating_add(1);
        let Some(topic) = self.below(publish.topic) else {
            return Message::ignored("not below the base topic");
        };
        if let Some(about) = topic.strip_prefix("bridge/") {
            return self.bridge(about, publish);
        }
        if publish.payload.len() > self.limits.message_bytes {
            return Message::refused(Refusal::TooLarge {
                bytes: publish.payload.len(),
                limit: self.limits.message_bytes,
            });
        }
        let about = self.about(topic, publish.payload);
        let name = match about {
            About::Command => return Message::ignored("a command to a device"),
            About::State(name) | About::Availability(name) | About::Attribute(name, _) => name,
        };
        if self.devices.get(name).is_some_and(|t| t.disabled) {
            return Message::ignored("a disabled device");
        }
        if self.coordinator.as_deref() == Some(name) {
            return Message::ignored("the coordinator");
        }
        if self.groups.contains(name) && !self.devices.contains_key(name) {
            return Message::ignored("a group of devices");
        }
        if let Err(refusal) = teach::name_is_sane(name, &self.limits) {
            return Message::refused(refusal);
        }
        if publish.payload.is_empty() {
            return Message::ignored("an empty payload");
        }
        match about {
            About::State(name) => self.state(name, publish.payload),
            About::Availability(name) => self.availability(name, publish),
            About::Attribute(name, property) => self.attribute(name, property, publish.payload),
            About::Command => Message::ignored("a command to a device"),
        }
    }
}

/// What a topic is about when no taught name begins it: a name has one level.
fn untaught(topic: &str) -> About<'_> {
    let command = topic.find("/set/").or_else(|| topic.find("/get/"));
    match topic.rsplit_once('/') {
        None => About::State(topic),
        Some(_) if command.is_some() => About::Command,
        Some((name, last)) => sub_topic(name, last),
    }
}

fn sub_topic<'t>(name: &'t str, rest: &'t str) -> About<'t> {
    match rest {
        "" => About::State(name),
        "availability" => About::Availability(name),
        _ if is_command(rest) => About::Command,
        property => About::Attribute(name, property),
    }
}

/// True of `set`, `get` and what is below them.
fn is_command(rest: &str) -> bool {
    matches!(rest.split('/').next(), Some("set" | "get"))
}

fn is_object(payload: &[u8]) -> bool {
    payload.trim_ascii_start().first() == Some(&b'{')
}

/// The text of a JSON string, or the text as it stands.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(text)
}
