//! Who lives in this home: every device by its source and its source's name for it, with the last state of each of its
//! fields. A state equal to the last one is a repeat; in doubt it is new.

use std::collections::BTreeMap;

use tecs_protocol::event::Device;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::HealthKind;

use crate::settings::{self, Settings};
use crate::time::Mono;

/// The most fields of one device whose last words are remembered for the installer.
const SAYS_MOST: usize = 16;

/// A device that was heard or named.
#[derive(Debug)]
pub(crate) struct Known {
    /// As events name it.
    pub(crate) device: Device,
    /// Index in `Settings::devices`, where the installer has named it.
    pub(crate) named: Option<usize>,
    /// It can raise an alarm.
    pub(crate) alarms: bool,
    /// When it spoke last.
    pub(crate) heard: Mono,
    /// What its source says that it is.
    pub(crate) model: String,
    /// Words heard in this run.
    pub(crate) words: u64,
    /// Those that could not be acknowledged, technical ones aside.
    pub(crate) unkept: u64,
    /// What it said last, field by field, for the installer.
    pub(crate) says: Vec<(String, What)>,
    /// Words of fields that there was no room to remember.
    pub(crate) says_more: u64,
    fields: Vec<(String, String)>,
}

impl Known {
    fn new(device: Device, named: Option<usize>, alarms: bool, heard: Mono) -> Self {
        Self {
            device,
            named,
            alarms,
            heard,
            model: String::new(),
            words: 0,
            unkept: 0,
            says: Vec::new(),
            says_more: 0,
            fields: Vec::new(),
        }
    }

    /// One word of it, for the installer.
    pub(crate) fn spoke(&mut self, field: &str, what: &What, kept: bool) {
        self.words += 1;
        // Of what is wrong with a bridge, its next word tells again.
        let ours = !kept && !matches!(what, What::Health { .. });
        self.unkept += u64::from(ours);
        let room = self.says.len() < SAYS_MOST;
        match self.says.iter_mut().find(|(name, _)| name == field) {
            Some((_, last)) if last == what => {}
            Some((_, last)) => last.clone_from(what),
            None if room => self.says.push((field.to_owned(), what.clone())),
            None => self.says_more += 1,
        }
    }

    /// It is a code or a sender that nobody taught.
    pub(crate) fn is_untaught(&self) -> bool {
        let untaught = |what: &What| {
            let kind = HealthKind::Untaught;
            what.is_raised() && matches!(what, What::Health { kind: k, .. } if *k == kind)
        };
        self.says.iter().any(|(_, what)| untaught(what))
    }

    /// The last state of a field.
    pub(crate) fn last(&self, field: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, word)| word.as_str())
    }

    /// Remembers a field's state; false when it is the one it had.
    pub(crate) fn learn(&mut self, field: &str, word: &str) -> bool {
        match self.fields.iter_mut().find(|(name, _)| name == field) {
            Some((_, last)) if last == word => false,
            Some((_, last)) => {
                word.clone_into(last);
                true
            }
            None => {
                self.fields.push((field.to_owned(), word.to_owned()));
                true
            }
        }
    }
}

/// The source of the gateway's own devices: its paths, its journal, its clock.
pub(crate) const OWN: usize = usize::MAX;

/// All devices.
#[derive(Debug)]
pub(crate) struct Roster {
    by_source: BTreeMap<usize, BTreeMap<String, Known>>,
    limit: usize,
    count: usize,
}

impl Roster {
    /// The devices that the installer has named.
    pub(crate) fn new(settings: &Settings, now: Mono) -> Self {
        let mut roster = Self {
            by_source: BTreeMap::new(),
            limit: settings.limits.devices,
            count: 0,
        };
        for (named, told) in settings.devices.iter().enumerate() {
            let device = Device {
                id: told.id.clone(),
                kind: told.kind.clone(),
                room: told.room.clone(),
            };
            let known = Known::new(device, Some(named), told.alarms, now);
            roster.count += 1;
            roster
                .by_source
                .entry(told.source)
                .or_default()
                .insert(told.name.clone(), known);
        }
        roster
    }

    /// The device of this name, met now if never before; `None` when the home has as many as it may.
    pub(crate) fn meet(
        &mut self,
        source: usize,
        prefix: &str,
        name: &str,
        model: &str,
        now: Mono,
    ) -> Option<&mut Known> {
        let devices = self.by_source.entry(source).or_default();
        if !devices.contains_key(name) {
            if source != OWN {
                if self.count >= self.limit {
                    return None;
                }
                self.count += 1;
            }
            let id = if prefix.is_empty() {
                name.to_owned()
            } else {
                format!("{prefix}/{name}")
            };
            let device = Device {
                id,
                kind: model.to_owned(),
                room: String::new(),
            };
            devices.insert(name.to_owned(), Known::new(device, None, false, now));
        }
        let known = devices.get_mut(name)?;
        known.heard = now;
        if known.device.kind.is_empty() && !model.is_empty() {
            model.clone_into(&mut known.device.kind);
        }
        if known.model.is_empty() && !model.is_empty() {
            model.clone_into(&mut known.model);
        }
        Some(known)
    }

    /// A named device as the installer named it.
    pub(crate) fn named(&self, told: &settings::Device) -> Option<&Known> {
        self.by_source.get(&told.source)?.get(&told.name)
    }

    /// The same, to learn of it.
    pub(crate) fn named_mut(&mut self, told: &settings::Device) -> Option<&mut Known> {
        self.by_source.get_mut(&told.source)?.get_mut(&told.name)
    }

    /// A device that was met before.
    pub(crate) fn known(&self, source: usize, name: &str) -> Option<&Known> {
        self.by_source.get(&source)?.get(name)
    }

    /// Every device with its source and name, in a fixed order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &str, &Known)> {
        self.by_source.iter().flat_map(|(source, devices)| {
            devices
                .iter()
                .map(|(name, known)| (*source, name.as_str(), known))
        })
    }

    /// How many devices there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

impl Known {
    /// Every field with its last state.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(f, w)| (f.as_str(), w.as_str()))
    }
}
