//! Who lives in this home: every device by its source and its source's name for it.

use std::collections::BTreeMap;

use tecs_protocol::event::Device;

use crate::known::Known;
use crate::settings::{self, Settings};
use crate::time::Mono;

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
