//! One message on its way through the rule that fits it: what each emit says of what it finds. It keeps nothing between
//! messages.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::gatt;
use crate::map::SIGNALS_MOST;
use crate::map::decode::Decode;
use crate::map::emit::{Emit, Field, Said, Says};
use crate::map::pointer::Found;
use crate::map::rule::Rule;
use crate::map::template::{Place, is_name};
use crate::map::topic::Parts;
use crate::map::tree::Value;
use crate::map::unmapped::{path_of, shown};
use crate::map::value::is_unknown;
use crate::signal::{HealthOf, Message, Refusal, Signal, What};

/// A message on its way through a rule.
pub(super) struct Turn<'r> {
    pub(super) rule: &'r Rule,
    pub(super) parts: Parts<'r>,
    pub(super) root: &'r Value<'r>,
    pub(super) message: Message,
    /// The signal of this scope whose device and model are the rule's own: the next ones are of the same.
    pub(super) like: Option<usize>,
    /// Pointers whose value was in no table (true once another emit knew it).
    pub(super) tables: BTreeMap<Cow<'r, str>, bool>,
    /// Fields that no pointer names and whose own names were understood.
    pub(super) understood: BTreeSet<String>,
}

impl<'r> Turn<'r> {
    /// What every emit says.
    pub(super) fn emits(&mut self, place: Place<'_>) {
        let Self { rule, root, .. } = *self;
        for emit in &rule.emits {
            let Some(at) = &emit.at else {
                self.emit(emit, None, place);
                continue;
            };
            let before = self.message.refusals.len();
            let mut there = false;
            let met_list = at.each(root, place.scope, &mut |found| {
                there = true;
                self.emit(emit, Some(found), place);
            });
            if !there && let Some(what) = &emit.absent {
                self.absent(emit, what, place);
            }
            if met_list {
                let refusal = Refusal::BadValue {
                    field: path_of(&at.steps),
                    due: "no list on the way to it",
                };
                self.message.refusals.insert(before, refusal);
            }
        }
    }

    /// What one emit says of one value.
    fn emit(&mut self, emit: &'r Emit, found: Option<Found<'_, '_>>, place: Place<'_>) {
        if self.message.signals.len() > SIGNALS_MOST {
            return;
        }
        let key = found.and_then(|f| f.key).or(place.key);
        let place = Place { key, ..place };
        if !emit.when.iter().all(|cond| cond.holds(place)) {
            return;
        }
        let way = found.and_then(|f| f.way);
        let name = match (&emit.name, way) {
            (Some(name), _) => Cow::Borrowed(name.as_str()),
            (None, Some(way)) => Cow::Owned(shown(&way.joined())),
            (None, None) => Cow::Borrowed(""),
        };
        let value = found.map_or(&Value::Bool(true), |f| f.value);
        if let Says::Value(decode) = &emit.says {
            return self.value(emit, decode, (value, &name), place);
        }
        if let Says::Named(template) = &emit.says {
            return self.named((emit, template), (value, name), place);
        }
        let what = match emit.read(value, &name, place) {
            Said::What(what) => what,
            Said::Nothing => {
                self.tables.insert(name, true);
                return;
            }
            Said::NotInTable => {
                self.tables.entry(name).or_insert(false);
                return;
            }
            Said::Refused(refusal) => {
                self.message.refusals.push(refusal);
                return;
            }
        };
        self.tables.insert(name.clone(), true);
        self.say(emit, what, name, place);
    }

    /// Adds what an emit says to the message.
    fn say(&mut self, emit: &'r Emit, what: What, name: Cow<'r, str>, place: Place<'_>) {
        let Some((device, model)) = self.called(emit, place) else {
            return;
        };
        let field = match &emit.field {
            Some(Field::Named(field)) => field.clone(),
            Some(Field::Made(field)) => shown(&field.fill(place).unwrap_or_default()),
            // The whole value, or one whose key is empty.
            None if name.is_empty() => emit.kind.to_owned(),
            None => name.into_owned(),
        };
        let mut signal = Signal::new(device, field, emit.reading, in_words(what, emit, place));
        signal.model = model;
        signal.test = emit.test;
        self.message.signals.push(signal);
    }

    /// What an emit says of a value that is not there.
    fn absent(&mut self, emit: &'r Emit, what: &What, place: Place<'_>) {
        if !emit.when.iter().all(|cond| cond.holds(place)) {
            return;
        }
        let name = emit
            .name
            .as_deref()
            .map_or(Cow::Borrowed(""), Cow::Borrowed);
        self.say(emit, what.clone(), name, place);
    }

    /// What a whole message of a device says that stands as one value.
    fn value(&mut self, emit: &Emit, decode: &Decode, of: (&Value<'_>, &str), place: Place<'_>) {
        let (value, name) = of;
        if emit.ignores(value) || is_unknown(value) {
            return;
        }
        let Some(bytes) = decode.bytes(value) else {
            self.message.refusals.push(Refusal::BadValue {
                field: shown(name),
                due: "the bytes of a characteristic",
            });
            return;
        };
        let Some(device) = self.device(emit, place) else {
            return;
        };
        let sender = gatt::Sender {
            device: &device,
            utc_offset_min: decode.utc_offset_min,
        };
        let said = gatt::read(decode.of, &bytes, sender);
        self.message.refusals.extend(said.refusals);
        self.message.replayed |= said.replayed;
        for mut signal in said.signals {
            signal.model = self.rule.model.fill(place).unwrap_or_default();
            signal.test |= emit.test;
            self.message.signals.push(signal);
        }
    }

    /// Device and model of what an emit says next.
    pub(super) fn called(&mut self, emit: &Emit, place: Place<'_>) -> Option<(String, String)> {
        let of_rule = self.rule.one_device && emit.device.is_empty();
        let like = self.like.filter(|_| of_rule);
        if let Some(like) = like.and_then(|n| self.message.signals.get(n)) {
            return Some((like.device.clone(), like.model.clone()));
        }
        let device = self.device(emit, place)?;
        if of_rule {
            self.like = Some(self.message.signals.len());
        }
        Some((device, self.rule.model.fill(place).unwrap_or_default()))
    }

    /// Whose words an emit's are.
    fn device(&mut self, emit: &Emit, place: Place<'_>) -> Option<String> {
        let template = if emit.device.is_empty() {
            &self.rule.device
        } else {
            &emit.device
        };
        match template.fill(place) {
            Ok(device) if is_name(&device) => return Some(device),
            Ok(_) => self.no_name("device"),
            Err(missing) => self.no_name(&missing.name()),
        }
        None
    }

    fn no_name(&mut self, field: &str) {
        let refusal = Refusal::BadValue {
            field: shown(field),
            due: "the name of a device, 1 to 256 bytes",
        };
        if !self.message.refusals.contains(&refusal) {
            self.message.refusals.push(refusal);
        }
    }
}

/// The detail and the code that a table adds.
fn in_words(what: What, emit: &Emit, place: Place<'_>) -> What {
    match what {
        What::Health {
            kind,
            of: of @ HealthOf::Condition(_),
            ..
        } if !emit.detail.is_empty() => What::Health {
            kind,
            of,
            detail: shown(&emit.detail.fill(place).unwrap_or_default()),
        },
        What::Alarm {
            kind, condition, ..
        } if !emit.code.is_empty() => What::Alarm {
            kind,
            condition,
            raw_code: shown(&emit.code.fill(place).unwrap_or_default()),
        },
        other => other,
    }
}
