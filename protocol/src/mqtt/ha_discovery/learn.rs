//! What a configuration changes: entities come, go and are told anew, and what was said before they were known is read. It
//! reads no state of its own.

use crate::mqtt::Publish;
use crate::signal::{Gone, Message, Reading, Refusal, Signal, What};
use crate::vocabulary::{Condition, HealthKind};

use super::availability::Set;
use super::config::{self, Place, Told};
use super::devices::Identity;
use super::entity::{Entity, Says};
use super::template::{Heard, Template};
use super::{HaDiscovery, Known, refuse_each};

impl HaDiscovery {
    pub(super) fn learn(&mut self, place: Place<'_>, publish: &Publish<'_>) -> Message {
        if publish.payload.len() > self.limits.config_bytes {
            return Message::refused(Refusal::TooLarge {
                bytes: publish.payload.len(),
                limit: self.limits.config_bytes,
            });
        }
        if place.whole.len() > self.limits.topic_bytes || place.whole.contains(char::is_control) {
            return Message::refused(Refusal::BadValue {
                field: "topic".to_owned(),
                due: "a topic of at most 256 bytes without control characters",
            });
        }
        let mut message = Message::ignored("a configuration");
        if publish.payload.trim_ascii().is_empty() {
            message.ignored = Some("an entity is taken out");
            self.take_out(place.whole, &mut message);
        } else {
            match config::read(place, publish.payload, &self.limits) {
                Ok(config) => {
                    message.refusals = config.refusals;
                    for told in config.told {
                        let device = config.device.as_ref();
                        self.learn_one(place, device, told, publish.now_ms, &mut message);
                    }
                }
                Err(refusal) => {
                    let mut message = Message::refused(refusal);
                    if self.speaks(place.whole) {
                        message.unmapped.push(kept(place.whole));
                    }
                    return message;
                }
            }
        }
        if !message.signals.is_empty() {
            message.ignored = None;
        }
        message.topics_changed = self.asked.have_changed();
        message
    }

    /// One entity, or that it is gone.
    fn learn_one(
        &mut self,
        place: Place<'_>,
        device: Option<&Identity>,
        told: Told,
        now_ms: u64,
        message: &mut Message,
    ) {
        let key = place_of(place.whole, &told.key);
        let Some(entity) = told.entity else {
            self.forget(&key, message);
            return;
        };
        refuse_each(message, told.refusals);
        let known = self.entities.get(&key);
        // What could be read stays in force, as in Home Assistant.
        if let Some(broken) = told.broken
            && known.is_some_and(|known| known.entity.says.speaks())
        {
            message.unmapped.extend(told.unmapped);
            message.unmapped.push(kept(&key));
            self.tell_fault(&key, broken.raises, message);
            return;
        }
        let alone = Identity {
            ids: vec![alone(place).into()],
            name: String::new(),
            model: String::new(),
        };
        let identity = device.unwrap_or(&alone);
        let wanted = self.is_wanted(identity, &entity);
        let availability = told.availability.as_ref();
        let room = self.make_room(&key, identity, &entity, availability, message);
        let known = self.entities.get(&key);
        let same = known.is_some_and(|known| known.entity == entity);
        let is_new = known.is_none();
        let was_faulty = known.is_some_and(|known| known.faulty);
        let raises = entity.says.has_alarm();
        let is_program = matches!(entity.template, Template::Program(_));
        let heard_already = self.is_twin(&key, &entity, told.unique_id.as_deref());
        if let Err(refusal) = room.and(heard_already) {
            refuse_each(message, vec![refusal]);
            return;
        }
        let old_home = known.map(|known| known.device.clone());
        if !same {
            // What it said last it said of something else.
            message.gone.extend(self.gone(&key));
            self.unlink(&key);
        }
        let home = self.devices.join(identity, &key, &told.object);
        if let Some(old) = old_home.filter(|old| *old != home) {
            self.devices.leave(&old, &key);
        }
        if !same {
            message.unmapped.extend(told.unmapped);
            self.link(&key, entity, &home, told.unique_id);
        } else if let Some(known) = self.entities.get_mut(&key) {
            known.device.clone_from(&home);
        }
        self.in_turn(&key, wanted);
        self.learn_availability(&key, &home, told.availability, message);
        if told.broken.is_some_and(|broken| broken.raises) {
            self.tell_fault(&key, true, message);
        } else if was_faulty || (is_new && raises && is_program) {
            self.tell_fault(&key, false, message);
        }
        if is_new {
            self.read_late(&key, now_ms, message);
        }
    }

    /// Where an entity's availability is told from now on.
    fn learn_availability(
        &mut self,
        key: &str,
        home: &str,
        set: Option<Set>,
        message: &mut Message,
    ) {
        let old = self.availability.topics_of(key);
        let signals = self.availability.learn(key, home, set, &self.devices);
        message.signals.extend(signals);
        for topic in self.availability.topics_of(key) {
            self.asked.add(&topic);
        }
        for topic in old {
            self.asked.remove(&topic);
        }
    }

    /// That an entity which would raise an alarm cannot be read, or can be read again; told once each time.
    fn tell_fault(&mut self, key: &str, raised: bool, message: &mut Message) {
        let Some(known) = self.entities.get_mut(key) else {
            return;
        };
        if raised && std::mem::replace(&mut known.faulty, true) {
            return;
        }
        known.faulty = raised;
        let (condition, detail) = if raised {
            let detail = "an alarm's announcement cannot be read: what it says is not heard, or by its last announcement";
            (Condition::Raised, detail)
        } else {
            (Condition::Restored, "the alarm's announcement can be read")
        };
        let device = known.device.clone();
        let field = announcement(&self.devices.field(&device, key));
        let what = What::health(HealthKind::Fault, condition, detail);
        let mut signal = Signal::new(self.devices.name(&device), field, Reading::Edge, what);
        self.devices.model(&device).clone_into(&mut signal.model);
        message.signals.push(signal);
    }

    /// Whether anything of this configuration is read.
    fn speaks(&self, place: &str) -> bool {
        let below = format!("{place}#");
        let mut entities = self.entities.iter();
        entities.any(|(key, known)| {
            (**key == *place || key.starts_with(&below)) && known.entity.says.speaks()
        })
    }

    /// What was said on an entity's topic before it was known.
    fn read_late(&mut self, key: &str, now_ms: u64, message: &mut Message) {
        let Some(topic) = self
            .entities
            .get(key)
            .map(|known| known.entity.topic.clone())
        else {
            return;
        };
        for kept in self.waiting.of(&topic, now_ms) {
            let Ok(heard) = Heard::new(&kept.payload) else {
                continue;
            };
            let from = message.signals.len();
            let keys = [key.into()];
            self.speak(&keys, &heard, now_ms, message);
            let is_press = |signal: &Signal| signal.reading == Reading::Pulse;
            if kept.pressed {
                // Another entity had read the press already.
                let mut at = 0;
                message.signals.retain(|signal| {
                    at += 1;
                    at <= from || !is_press(signal)
                });
            }
            let said = message.signals.get(from..).unwrap_or_default();
            if said.iter().any(is_press) {
                self.waiting.pressed(kept.number);
            }
            if !said.is_empty() {
                let others = message.late.unwrap_or(true);
                message.late = Some(kept.retained && others);
            }
        }
    }

    /// Two of one id are one entity, told twice: where it says the same of the same, the second is not heard. Where it does
    /// not, both are: nobody can tell which of the two is left over.
    fn is_twin(&self, key: &str, entity: &Entity, unique_id: Option<&str>) -> Result<(), Refusal> {
        let first = unique_id.and_then(|id| self.unique.get(id));
        let first = first.filter(|of| &***of != key);
        let twin = first.and_then(|of| self.entities.get(of));
        let same = twin.is_some_and(|twin| {
            let twin = &twin.entity;
            entity.says.speaks()
                && (&twin.topic, &twin.template, &twin.says)
                    == (&entity.topic, &entity.template, &entity.says)
        });
        if same {
            return Err(bad("unique_id", "an id that no other entity has"));
        }
        Ok(())
    }

    fn link(&mut self, key: &str, entity: Entity, device: &str, unique_id: Option<Box<str>>) {
        if entity.says.speaks() {
            self.asked.add(&entity.topic);
        }
        if !entity.topic.is_empty() {
            let of_topic = self.by_topic.entry(entity.topic.clone()).or_default();
            of_topic.insert(key.into());
        }
        if let Some(id) = &unique_id {
            self.unique.entry(id.clone()).or_insert_with(|| key.into());
        }
        let known = Known {
            told: entity.says == Says::Unmapped,
            entity,
            device: device.into(),
            unique_id,
            on_at_ms: None,
            state: "unknown".into(),
            faulty: false,
        };
        self.entities.insert(key.into(), known);
    }

    /// Takes an entity out of the tables, but not out of its device.
    fn unlink(&mut self, key: &str) -> Option<Known> {
        let known = self.entities.remove(key)?;
        self.expiry.forget(key);
        self.quiet.leave(&key.into());
        if let Some(of_topic) = self.by_topic.get_mut(&known.entity.topic) {
            of_topic.remove(key);
            if of_topic.is_empty() {
                self.by_topic.remove(&known.entity.topic);
            }
        }
        if known.entity.says.speaks() {
            self.asked.remove(&known.entity.topic);
        }
        if let Some(id) = &known.unique_id
            && self.unique.get(id).is_some_and(|of| &**of == key)
        {
            self.unique.remove(id);
        }
        Some(known)
    }

    /// What is to be told where an entity that is known is there no longer: all of its fields, or its device with it.
    fn gone(&self, key: &str) -> Vec<Gone> {
        let Some(known) = self.entities.get(key) else {
            return Vec::new();
        };
        let device = self.devices.name(&known.device);
        if self.devices.entities(&known.device).all(|of| of == key) {
            return vec![Gone {
                device,
                field: None,
            }];
        }
        let field = self.devices.field(&known.device, key);
        let more = (1..known.entity.says.fields()).map(|place| format!("{field}.{place}"));
        let fault = known.faulty.then(|| announcement(&field));
        let fields = std::iter::once(field.clone()).chain(more).chain(fault);
        let each = fields.map(|field| Gone {
            device: device.clone(),
            field: Some(field),
        });
        each.collect()
    }

    pub(super) fn forget(&mut self, key: &str, message: &mut Message) {
        message.gone.extend(self.gone(key));
        if let Some(known) = self.unlink(key) {
            for topic in self.availability.topics_of(key) {
                self.asked.remove(&topic);
            }
            self.availability.forget(key);
            self.devices.leave(&known.device, key);
        }
    }

    /// A configuration's entities are gone, a device's with all of its components.
    fn take_out(&mut self, place: &str, message: &mut Message) {
        let below = format!("{place}#");
        let keys = self.entities.keys();
        let of_it = keys.filter(|key| ***key == *place || key.starts_with(&below));
        for key in of_it.cloned().collect::<Vec<_>>() {
            self.forget(&key, message);
        }
    }
}

/// The key of an entity: the place of its configuration and, in a device's, its own.
fn place_of(whole: &str, key: &str) -> Box<str> {
    if key.is_empty() {
        return whole.into();
    }
    let key: String = key.chars().filter(|c| !c.is_control()).take(128).collect();
    format!("{whole}#{key}").into()
}

/// What an entity without a device is called: by its place, without the component.
fn alone(place: Place<'_>) -> &str {
    place
        .whole
        .split_once('/')
        .map_or(place.whole, |(_, below)| below)
}

/// The field of an entity that tells whether its announcement can be read.
fn announcement(field: &str) -> String {
    format!("{field} announcement")
}

/// That a configuration which could be read stays in force.
fn kept(key: &str) -> String {
    let key: String = key.chars().filter(|c| !c.is_control()).take(96).collect();
    format!("{key}: a configuration that cannot be read; the last one that could stays in force")
}

fn bad(field: &str, due: &'static str) -> Refusal {
    Refusal::BadValue {
        field: field.to_owned(),
        due,
    }
}
