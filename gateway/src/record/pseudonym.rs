//! Stable pseudonyms for whatever a home may have named: within one recording a name has one pseudonym, across recordings
//! none can be matched. Words of the vocabulary and of the dialects, numbers and property names stay, so that a recording
//! still reads as the home spoke.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use gateway_core::{Page, PageKey, Settings};
use serde_json::Value;
use tecs_protocol::Bytes;
use tecs_protocol::hub::v1;
use tecs_protocol::map::Map;
use tecs_protocol::prost::Message as _;
use tecs_protocol::vocabulary::{
    AlarmKind, Condition, HealthKind, Lane, ObservedKind, Quality, Unit, Urgency, VitalKind,
};

/// Numbers written as text stay up to this length; longer ones may be telephone numbers.
const SHORT_NUMBER: usize = 6;
/// Pseudonyms that are remembered; beyond this a word that was met before it became known keeps no first decision.
const DECIDED: usize = 100_000;

/// Words that name nobody: states, and the topics of bridges.
const PLAIN: &[&str] = &[
    "ON",
    "OFF",
    "on",
    "off",
    "TRUE",
    "FALSE",
    "true",
    "false",
    "online",
    "offline",
    "LOCK",
    "UNLOCK",
    "lock",
    "unlock",
    "OPEN",
    "CLOSE",
    "STOP",
    "open",
    "closed",
    "active",
    "clear",
    "single",
    "double",
    "hold",
    "release",
    "long",
    "taken",
    "reminder",
    "locked",
    "unlocked",
    "responder_here",
    "bridge",
    "devices",
    "groups",
    "info",
    "state",
    "availability",
    "set",
    "get",
    "event",
    "health",
    "response",
    "request",
    "logging",
    "zigbee2mqtt",
    "action",
];

/// Keys of a lesson (`bridge/devices`) whose texts describe a product, not a home.
const LESSON: &[&str] = &[
    "type",
    "property",
    "unit",
    "value_on",
    "value_off",
    "value_toggle",
    "values",
    "category",
    "vendor",
    "model",
    "model_id",
    "manufacturer",
    "power_source",
    "interview_state",
    "endpoint",
    "label",
];

/// The pseudonyms of one recording.
#[derive(Debug)]
pub(super) struct Pseudonyms {
    key: RandomState,
    plain: BTreeSet<String>,
    decided: BTreeMap<String, String>,
    /// The unfinished line of each serial source.
    partial: BTreeMap<usize, Vec<u8>>,
}

impl Pseudonyms {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut plain: BTreeSet<String> = PLAIN.iter().map(|w| (*w).to_owned()).collect();
        let mut add = |words: &mut dyn Iterator<Item = &'static str>| {
            plain.extend(words.map(str::to_owned));
        };
        add(&mut AlarmKind::ALL.iter().map(|w| w.word()));
        add(&mut Condition::ALL.iter().map(|w| w.word()));
        add(&mut HealthKind::ALL.iter().map(|w| w.word()));
        add(&mut Lane::ALL.iter().map(|w| w.word()));
        add(&mut ObservedKind::ALL.iter().map(|w| w.word()));
        add(&mut Quality::ALL.iter().map(|w| w.word()));
        add(&mut Unit::ALL.iter().map(|w| w.word()));
        add(&mut Urgency::ALL.iter().map(|w| w.word()));
        add(&mut VitalKind::ALL.iter().map(|w| w.word()));
        for source in &settings.sources {
            plain.insert(source.name.clone());
            plain.extend(source.base.split('/').map(str::to_owned));
            plain.extend(source.map.iter().flat_map(|map| map.text().words()));
        }
        Self {
            key: RandomState::new(),
            plain,
            decided: BTreeMap::new(),
            partial: BTreeMap::new(),
        }
    }

    /// A text with every part between `/` replaced that could name somebody or something.
    pub(super) fn text(&mut self, text: &str) -> String {
        let parts: Vec<String> = text.split('/').map(|part| self.part(part)).collect();
        parts.join("/")
    }

    fn part(&mut self, part: &str) -> String {
        if let Some(decided) = self.decided.get(part) {
            return decided.clone();
        }
        let number = part.len() <= SHORT_NUMBER && part.parse::<f64>().is_ok();
        let stays = part.is_empty() || number || self.plain.contains(part);
        let decided = if stays {
            part.to_owned()
        } else {
            format!("p{:012x}", self.key.hash_one(part) >> 16)
        };
        // The first decision holds, even when the word is taught later.
        if self.decided.len() < DECIDED {
            self.decided.insert(part.to_owned(), decided.clone());
        }
        decided
    }

    /// A payload: JSON with its texts replaced, or a bare text.
    pub(super) fn payload(&mut self, topic: &str, payload: &[u8]) -> Vec<u8> {
        if let Ok(mut value) = serde_json::from_slice::<Value>(payload) {
            if topic.ends_with("bridge/devices") {
                self.lesson(&mut value, false);
            } else {
                self.value(&mut value);
            }
            return value.to_string().into_bytes();
        }
        match std::str::from_utf8(payload) {
            Ok(text) => {
                // What was no JSON stays none.
                let opening = text.chars().next().filter(|c| matches!(c, '{' | '['));
                let rest = opening.map_or(text, |c| text.get(c.len_utf8()..).unwrap_or_default());
                let hidden = self.text(rest);
                opening
                    .map_or(hidden.clone(), |c| format!("{c}{hidden}"))
                    .into_bytes()
            }
            // No text: as long as it was, and still none.
            Err(_) => vec![0xff; payload.len()],
        }
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(list) => list.iter_mut().for_each(|v| self.value(v)),
            Value::Object(map) => map.values_mut().for_each(|v| self.value(v)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A lesson keeps what a product is, and teaches which words stay from now on.
    fn lesson(&mut self, value: &mut Value, in_exposes: bool) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(|v| self.lesson(v, in_exposes)),
            Value::Object(map) => {
                for (key, value) in map {
                    let known = LESSON.contains(&key.as_str()) || (in_exposes && key == "name");
                    if known {
                        self.learn(value);
                    } else if key == "exposes" || key == "features" || key == "definition" {
                        self.lesson(value, key != "definition");
                    } else if matches!(value, Value::Object(_) | Value::Array(_)) {
                        self.lesson(value, in_exposes);
                    } else {
                        self.value(value);
                    }
                }
            }
            Value::String(_) => self.value(value),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn learn(&mut self, value: &Value) {
        match value {
            Value::String(word) => {
                self.plain.insert(word.clone());
            }
            Value::Array(list) => list.iter().for_each(|v| self.learn(v)),
            Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Bytes of a line of text, given when the line is whole, so that no name is cut in two. A line without an end is
    /// given when it is longer than any message may be.
    pub(super) fn bytes(&mut self, source: usize, bytes: &[u8], longest: usize) -> Vec<u8> {
        let mut waiting = self.partial.remove(&source).unwrap_or_default();
        waiting.extend_from_slice(bytes);
        let whole = match waiting.iter().rposition(|b| *b == b'\n') {
            Some(at) => at + 1,
            None if waiting.len() > longest => waiting.len(),
            None => 0,
        };
        let rest = waiting.split_off(whole);
        self.partial.insert(source, rest);
        let mut out = Vec::new();
        for line in waiting.split_inclusive(|b| *b == b'\n') {
            let ended = line.ends_with(b"\n");
            let words = line.strip_suffix(b"\n").unwrap_or(line);
            let words = words.strip_suffix(b"\r").unwrap_or(words);
            out.extend(self.payload("", words));
            if ended {
                out.push(b'\n');
            }
        }
        out
    }

    /// The hub's words: who comes, and why it could not read.
    pub(super) fn hubs(&mut self, says: &v1::FromHub) -> v1::FromHub {
        use v1::from_hub::Says;
        let mut says = says.clone();
        match &mut says.says {
            Some(Says::Stage(stage)) => stage.by = self.text(&stage.by),
            Some(Says::Refused(refused)) => refused.reason = self.text(&refused.reason),
            Some(Says::Welcome(_) | Says::Receipt(_) | Says::Pause(_) | Says::Ask(_)) | None => {}
        }
        says
    }

    /// A page that was read back: its devices named by pseudonyms, their own words left out. `None` stays none.
    pub(super) fn page(&mut self, key: PageKey, bytes: &Bytes) -> Option<Bytes> {
        let records = gateway_core::page::records(bytes)?;
        let hidden: Vec<Bytes> = records.iter().map(|record| self.record(record)).collect();
        Some(Page::of(key, &hidden).bytes)
    }

    fn record(&mut self, bytes: &Bytes) -> Bytes {
        let Ok(mut record) = v1::Record::decode(bytes.clone()) else {
            return bytes.clone();
        };
        if let Some(v1::record::Entry::Event(event)) = &mut record.entry {
            event.raw = Bytes::new();
            if let Some(device) = &mut event.device {
                device.id = self.text(&device.id);
                device.kind = self.text(&device.kind);
                device.room = self.text(&device.room);
            }
            if let Some(v1::event::What::Observed(observed)) = &mut event.what {
                observed.state = self.text(&observed.state);
            }
        }
        record.encode_to_vec().into()
    }

    /// The settings, their devices and the home itself named by pseudonyms.
    pub(super) fn settings(&mut self, settings: &Settings) -> Settings {
        let mut settings = settings.clone();
        "gateway".clone_into(&mut settings.gateway_id);
        for device in &mut settings.devices {
            device.name = self.text(&device.name);
            device.id = self.text(&device.id);
            device.kind = self.text(&device.kind);
            device.room = self.text(&device.room);
        }
        for (_, registers) in &mut settings.modbus {
            *registers = registers.with_devices(|name| self.text(name));
        }
        for (_, calls) in &mut settings.espa444 {
            *calls = calls.with_devices(|name| self.text(name));
        }
        for (_, vitals) in &mut settings.vitals {
            if !vitals.device.is_empty() {
                vitals.device = self.text(&vitals.device);
            }
        }
        for source in &mut settings.sources {
            let hidden = source.map.take().map(|map| {
                let text = map.text().clone();
                Map::compile(text.with_devices(|name| self.text(name)))
            });
            // Another name of a device does not make a table wrong.
            source.map = hidden.and_then(Result::ok).map(Arc::new);
        }
        settings
    }
}
