//! Whether a device is there, as its availability topics say: all of them, any, or the latest. A topic that speaks for
//! several devices speaks for none of them but for the way to them: it is a path. Keeps the last word of each topic.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::Value;
use crate::signal::{Reading, Refusal, Signal, What};
use crate::vocabulary::{Condition, HealthKind};

use super::devices::Devices;
use super::payload::Payload;
use super::template::{Found, Heard, Template};

/// The most sets that one device's entities may have between them.
const SETS_MOST: usize = 8;

/// How the words of several topics are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    All,
    Any,
    Latest,
}

/// One topic that tells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) topic: Box<str>,
    pub(super) template: Template,
    pub(super) here: Payload,
    pub(super) away: Payload,
}

/// The topics of an entity.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Set {
    pub(super) mode: Mode,
    pub(super) entries: Vec<Entry>,
}

/// A word of a topic, and its place among all words.
#[derive(Debug, Clone, Copy)]
struct Word {
    here: bool,
    at: u64,
}

/// The availability of all devices.
#[derive(Debug, Default)]
pub(super) struct Availability {
    /// By entity: its device, and its topics.
    sets: BTreeMap<Box<str>, (Box<str>, Set)>,
    /// By topic: the entities that it speaks for.
    topics: BTreeMap<Box<str>, Topic>,
    words: u64,
}

#[derive(Debug, Default)]
struct Topic {
    /// By device: how many of its entities.
    devices: BTreeMap<Box<str>, usize>,
    entities: BTreeSet<Box<str>>,
    /// What it said last, as each kind of entry reads it.
    last: Option<Box<[u8]>>,
    at: u64,
}

/// What the topics of an entity say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Here,
    Away,
    /// Not all that is due was heard.
    Unknown,
    /// Its topics are paths, and say nothing of it.
    OfThePath,
}

/// The longest word that is kept, bytes.
const WORD_LONGEST: usize = 1024;

impl Availability {
    /// The topics of an entity.
    pub(super) fn topics_of(&self, entity: &str) -> Vec<Box<str>> {
        let set = self.sets.get(entity).map(|(_, set)| set);
        let entries = set.into_iter().flat_map(|set| &set.entries);
        entries.map(|entry| entry.topic.clone()).collect()
    }

    /// True of a topic that tells.
    pub(super) fn is_topic(&self, topic: &str) -> bool {
        self.topics.contains_key(topic)
    }

    /// An entity's topics from now on; what is known of them already is said for its device.
    pub(super) fn learn(
        &mut self,
        entity: &str,
        device: &str,
        set: Option<Set>,
        devices: &Devices,
    ) -> Vec<Signal> {
        let old = self.sets.get(entity);
        if old.map(|(of, set)| (&**of, set)) == set.as_ref().map(|set| (device, set)) {
            return Vec::new();
        }
        self.forget(entity);
        let Some(set) = set else { return Vec::new() };
        let mut freed: BTreeSet<Box<str>> = BTreeSet::new();
        let mut paths = BTreeSet::new();
        for entry in &set.entries {
            let topic = self.topics.entry(entry.topic.clone()).or_default();
            let was_shared = topic.devices.len() > 1;
            if topic.entities.insert(entity.into()) {
                *topic.devices.entry(device.into()).or_default() += 1;
            }
            // It spoke for one device until now: what it said of it was about the path.
            if !was_shared && topic.devices.len() > 1 && topic.last.is_some() {
                freed.extend(
                    topic
                        .devices
                        .keys()
                        .filter(|key| &***key != device)
                        .cloned(),
                );
                paths.insert(entry.topic.clone());
            }
        }
        self.sets.insert(entity.into(), (device.into(), set));
        let mut signals: Vec<Signal> = paths.iter().filter_map(|topic| self.path(topic)).collect();
        signals.extend(freed.iter().map(|key| {
            let here = || missing(key, true, devices);
            self.device(key, devices).unwrap_or_else(here)
        }));
        signals.extend(self.device(device, devices));
        signals
    }

    /// An entity is gone.
    pub(super) fn forget(&mut self, entity: &str) {
        let Some((device, set)) = self.sets.remove(entity) else {
            return;
        };
        for entry in &set.entries {
            let Some(topic) = self.topics.get_mut(&entry.topic) else {
                continue;
            };
            if topic.entities.remove(entity)
                && let Some(count) = topic.devices.get_mut(&device)
            {
                *count -= 1;
                if *count == 0 {
                    topic.devices.remove(&device);
                }
            }
            if topic.entities.is_empty() {
                self.topics.remove(&entry.topic);
            }
        }
    }

    /// A topic spoke: what that says, or why it says nothing.
    pub(super) fn hear(
        &mut self,
        topic: &str,
        payload: &[u8],
        devices: &Devices,
    ) -> Result<Vec<Signal>, Refusal> {
        self.words += 1;
        let at = self.words;
        let Some(known) = self.topics.get_mut(topic) else {
            return Ok(Vec::new());
        };
        known.last = (payload.len() <= WORD_LONGEST).then(|| payload.into());
        known.at = at;
        let shared = known.devices.len() > 1;
        let of: Vec<Box<str>> = known.devices.keys().cloned().collect();
        // Somebody must understand it.
        let entries = self.entries(topic);
        let mut refusal = None;
        let understood = entries.iter().any(|entry| match word(entry, payload) {
            Ok(word) => word.is_some(),
            Err(why) => {
                refusal.get_or_insert(why);
                false
            }
        });
        if !understood {
            return Err(refusal.unwrap_or(Refusal::BadValue {
                field: "availability".to_owned(),
                due: "the payload of a device that is available, or of one that is not",
            }));
        }
        let mut signals: Vec<Signal> = Vec::new();
        if shared {
            signals.extend(self.path(topic));
        }
        signals.extend(of.iter().filter_map(|key| self.device(key, devices)));
        Ok(signals)
    }

    fn entries(&self, topic: &str) -> Vec<&Entry> {
        let entities = self.topics.get(topic).into_iter().flat_map(|t| &t.entities);
        let sets = entities.filter_map(|entity| self.sets.get(entity));
        let entries = sets.flat_map(|(_, set)| &set.entries);
        let mut of_it: Vec<&Entry> = Vec::new();
        for entry in entries.filter(|entry| &*entry.topic == topic) {
            // Entities by the hundred have one and the same.
            if of_it.len() < SETS_MOST && !of_it.contains(&entry) {
                of_it.push(entry);
            }
        }
        of_it
    }

    /// What an entry's topic said last, as that entry reads it.
    fn said(&self, entry: &Entry) -> Option<Word> {
        let topic = self.topics.get(&entry.topic)?;
        let here = word(entry, topic.last.as_deref()?).ok()??;
        Some(Word { here, at: topic.at })
    }

    /// The path that a shared topic tells of.
    fn path(&self, topic: &str) -> Option<Signal> {
        let said = self.entries(topic).into_iter().find_map(|e| self.said(e))?;
        let (condition, detail) = if said.here {
            (Condition::Restored, "the way to several devices is there")
        } else {
            (Condition::Raised, "the way to several devices is down")
        };
        let what = What::health(HealthKind::Path, condition, detail);
        Some(Signal::new(topic, "availability", Reading::Edge, what))
    }

    /// Whether a device is there; `None` while nobody can tell.
    fn device(&self, key: &str, devices: &Devices) -> Option<Signal> {
        let mut sets: Vec<&Set> = Vec::new();
        for entity in devices.entities(key) {
            if let Some((_, set)) = self.sets.get(entity)
                && !sets.contains(&set)
                && sets.len() < SETS_MOST
            {
                sets.push(set);
            }
        }
        let verdicts: Vec<Verdict> = sets.iter().map(|set| self.set(set)).collect();
        let here = if verdicts.contains(&Verdict::Away) {
            false
        } else if verdicts.contains(&Verdict::Here) {
            true
        } else {
            return None;
        };
        Some(missing(key, here, devices))
    }

    /// What a set says of its device.
    fn set(&self, set: &Set) -> Verdict {
        let shared = |entry: &&Entry| {
            self.topics
                .get(&entry.topic)
                .is_some_and(|topic| topic.devices.len() > 1)
        };
        let own: Vec<&Entry> = match set.mode {
            Mode::All | Mode::Latest => set.entries.iter().filter(|e| !shared(e)).collect(),
            Mode::Any => set.entries.iter().collect(),
        };
        if own.is_empty() || set.entries.iter().all(|entry| shared(&entry)) {
            return Verdict::OfThePath;
        }
        let words: Vec<Option<Word>> = own.iter().map(|entry| self.said(entry)).collect();
        let known = || words.iter().flatten();
        let all = words.iter().all(Option::is_some);
        match set.mode {
            Mode::All if known().any(|word| !word.here) => Verdict::Away,
            Mode::All if all => Verdict::Here,
            Mode::Any if known().any(|word| word.here) => Verdict::Here,
            Mode::Any if all => Verdict::Away,
            Mode::All | Mode::Any => Verdict::Unknown,
            Mode::Latest => match known().max_by_key(|word| word.at) {
                Some(word) if word.here => Verdict::Here,
                Some(_) => Verdict::Away,
                None => Verdict::Unknown,
            },
        }
    }
}

fn missing(key: &str, here: bool, devices: &Devices) -> Signal {
    let (condition, detail) = if here {
        (Condition::Restored, "the device is available")
    } else {
        (Condition::Raised, "the device is not available")
    };
    let what = What::health(HealthKind::Missing, condition, detail);
    let mut signal = Signal::new(devices.name(key), "availability", Reading::Edge, what);
    devices.model(key).clone_into(&mut signal.model);
    signal
}

/// Which of its two words an entry reads; `None`: neither.
fn word(entry: &Entry, payload: &[u8]) -> Result<Option<bool>, Refusal> {
    let heard = Heard::new(payload)?;
    let mut missed = false;
    let text = match entry.template.find(&heard, "") {
        Found::Text(text) => text.to_owned(),
        Found::Made { text, missed: met } => {
            missed = met;
            text
        }
        Found::Json(serde_json::Value::String(text)) => text.trim().to_owned(),
        Found::Json(value) => value.to_string(),
        Found::Absent => return Ok(None),
        Found::Refused(refusal) => return Err(refusal),
    };
    let said = Value::Text(&text);
    let word = if entry.here.is_exactly(&text) {
        Some(true)
    } else if entry.away.is_exactly(&text) {
        Some(false)
    } else {
        match (entry.here.is(said), entry.away.is(said)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (true, true) | (false, false) => None,
        }
    };
    // What is absent is unknown: it says that nobody is back.
    Ok(word.filter(|here| !(missed && *here)))
}
