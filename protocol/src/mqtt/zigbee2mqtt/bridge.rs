//! What the bridge says: definitions, groups, its own state and whether it hears a device. No state of a device.

use crate::json::{self, Value};
use crate::signal::{Message, Reading, Refusal, Signal, What};
use crate::vocabulary::{Condition, HealthKind};

use super::slices::{Groups, SLICE, Study};
use super::teach::Lesson;
use super::{Publish, Zigbee2Mqtt, identity, is_object, topics, unquoted};

impl Zigbee2Mqtt {
    pub(super) fn bridge(&mut self, about: &str, publish: &Publish<'_>) -> Message {
        match about {
            "devices" | "groups" => self.study(about, publish),
            "state" => self.bridge_state(publish),
            "event" => self.event(publish.payload),
            "response/device/rename" => self.renamed(publish.payload),
            "health" => Message::ignored("the bridge's own figures"),
            "info" | "definitions" | "logging" | "log" | "config" | "converters" | "extensions" => {
                Message::ignored("the bridge about itself")
            }
            _ if about.starts_with("request/") || about.starts_with("response/") => {
                Message::ignored("a request to the bridge or its answer")
            }
            _ => Message::ignored("a bridge topic that says nothing for telecare"),
        }
    }

    /// A list of definitions: one that is longer than a slice is read by and by, and takes the place of an older one.
    fn study(&mut self, about: &str, publish: &Publish<'_>) -> Message {
        let payload = publish.payload;
        if payload.len() > self.limits.lesson_bytes {
            return Message::refused(Refusal::TooLarge {
                bytes: payload.len(),
                limit: self.limits.lesson_bytes,
            });
        }
        let at_once = payload.len() <= SLICE;
        self.studies.at_ms = publish.now_ms;
        if about == "groups" {
            let study = Study::new(payload);
            if at_once {
                self.studies.groups = None;
                return self.learn_groups(study.whole(&self.limits));
            }
            self.studies.groups = Some(study);
        } else {
            let study = Study::new(payload);
            if at_once {
                self.studies.devices = None;
                return self.learn(study.whole(&self.limits));
            }
            self.studies.devices = Some(study);
        }
        Message::ignored("definitions, read by and by")
    }

    /// Reads one more slice of what is being read; says something only where a list has ended.
    pub(super) fn study_on(&mut self, now_ms: u64) -> Message {
        self.studies.at_ms = now_ms;
        if let Some(study) = &mut self.studies.devices {
            let Some(lesson) = study.slice(&self.limits).transpose() else {
                return Message::default();
            };
            self.studies.devices = None;
            return self.learn(lesson);
        }
        if let Some(study) = &mut self.studies.groups {
            let Some(groups) = study.slice(&self.limits).transpose() else {
                return Message::default();
            };
            self.studies.groups = None;
            return self.learn_groups(groups);
        }
        Message::default()
    }

    fn learn_groups(&mut self, groups: Result<Groups, Refusal>) -> Message {
        match groups {
            Ok(Groups(names)) => {
                self.groups = names;
                Message::ignored("names of groups")
            }
            Err(refusal) => Message::refused(refusal),
        }
    }

    fn learn(&mut self, lesson: Result<Lesson, Refusal>) -> Message {
        let lesson = match lesson {
            Ok(lesson) => lesson,
            Err(refusal) => return Message::refused(refusal),
        };
        self.devices = lesson.devices;
        self.coordinator = lesson.coordinator;
        let pairing = identity::whole(lesson.paired);
        // Of a list that could not be read to its end somebody may be missing.
        self.listed = lesson.refusals.is_empty();
        Message {
            ignored: Some("definitions learned"),
            refusals: lesson.refusals,
            topics_changed: self.ask_anew(),
            pairing,
            ..Message::default()
        }
    }

    /// What is asked for follows what is taught; true when it has changed.
    pub(super) fn ask_anew(&mut self) -> bool {
        let topics = topics::wanted(&self.base, &self.devices);
        let changed = topics != self.topics;
        self.topics = topics;
        changed
    }

    /// The bridge itself: online is a path that works, offline one that is down.
    pub(super) fn bridge_state(&mut self, publish: &Publish<'_>) -> Message {
        let (condition, detail) = match on_or_off_line(publish.payload) {
            Ok(true) => {
                if !publish.retained {
                    self.starts = self.starts.saturating_add(1);
                }
                (Condition::Restored, "the Zigbee bridge is online")
            }
            Ok(false) => (Condition::Raised, "the Zigbee bridge is offline"),
            Err(refusal) => return Message::refused(refusal),
        };
        let what = What::health(HealthKind::Path, condition, detail);
        Message {
            signals: vec![Signal::new(&self.base, "bridge", Reading::Edge, what)],
            ..Message::default()
        }
    }

    pub(super) fn availability(&self, name: &str, publish: &Publish<'_>) -> Message {
        let payload = publish.payload;
        let borne = !self.listed || self.devices.contains_key(name);
        if publish.retained && !borne {
            // Zigbee2MQTT before 1.16 left it behind when it renamed or removed a device.
            return Message::ignored("an availability that was kept of a name that nobody bears");
        }
        let (condition, detail) = match on_or_off_line(payload) {
            Ok(true) => (Condition::Restored, "the bridge hears the device"),
            Ok(false) => (Condition::Raised, "the bridge does not hear the device"),
            Err(refusal) => return Message::refused(refusal),
        };
        let what = What::health(HealthKind::Missing, condition, detail);
        let mut signal = Signal::new(name, "availability", Reading::Edge, what);
        if let Some(taught) = self.devices.get(name) {
            signal.model.clone_from(&taught.model);
        }
        Message {
            signals: vec![signal],
            ..Message::default()
        }
    }
}

/// `online` or `offline`, bare or as `{"state": …}`.
fn on_or_off_line(payload: &[u8]) -> Result<bool, Refusal> {
    struct State(Option<bool>);
    impl json::Fields for State {
        fn enters(&self, _: &str) -> bool {
            false
        }
        fn field(&mut self, key: &str, value: Value<'_>) {
            if let ("state", Value::Text(text)) = (key, value) {
                self.0 = line_word(text);
            }
        }
    }
    let mut state = State(None);
    if is_object(payload) {
        json::each_field(payload, &mut state)?;
    } else {
        let text = std::str::from_utf8(payload).map_err(|_| Refusal::NotText)?;
        state.0 = line_word(unquoted(text.trim()));
    }
    state.0.ok_or(Refusal::BadValue {
        field: "state".to_owned(),
        due: "online or offline",
    })
}

fn line_word(word: &str) -> Option<bool> {
    match word {
        "online" => Some(true),
        "offline" => Some(false),
        _ => None,
    }
}
