//! Devices by the address that their maker burnt in: under what they are kept, and which rows of the configuration fit them,
//! whatever they are called now.

use tecs_protocol::event::Device;
use tecs_protocol::signal::Pairing;

use super::place::{Place, Standing};
use super::{Room, Roster};
use crate::bearers::{Bearers, Change};
use crate::known::{Known, Named};
use crate::memory;
use crate::settings::{self, Settings};
use crate::time::Mono;

impl Roster {
    /// Under what a device is kept that its source calls so.
    pub(crate) fn key<'a>(&'a self, source: usize, name: &'a str) -> &'a str {
        let bearers = self.bearers(source);
        bearers.map_or(name, |bearers| bearers.key(name))
    }

    /// Under what the device is kept that a row means.
    pub(crate) fn key_of_row<'a>(&'a self, told: &'a settings::Device) -> &'a str {
        let bearers = self.bearers(told.source);
        bearers.map_or(&told.name, |bearers| bearers.key_of_row(&told.name))
    }

    /// The address and the present name of the device that is kept under this key.
    pub(crate) fn bearer(&self, source: usize, key: &str) -> Option<(&str, &str)> {
        self.bearers(source)?.bearer(key)
    }

    fn bearers(&self, source: usize) -> Option<&Bearers> {
        self.rooms.get(&source).map(|room| &room.bearers)
    }

    /// What follows from who bears which name.
    pub(crate) fn pair(&mut self, source: usize, pairing: Pairing) -> Vec<Change> {
        let Room {
            bearers, places, ..
        } = self.rooms.entry(source).or_default();
        bearers.hear(pairing, |key| places.contains_key(key))
    }

    /// As an earlier run left it.
    pub(crate) fn bound_before(
        &mut self,
        settings: &Settings,
        source: usize,
        (burnt_in, key, name): (&str, &str, &str),
        now: Mono,
    ) {
        let room = self.rooms.entry(source).or_default();
        if room.bearers.recall(burnt_in, key, name) {
            self.attach(settings, source, (burnt_in, key, name), now);
        }
    }

    /// The rows that fit a device: by its address; by the name under which it is kept; by the name that it bears now.
    pub(crate) fn attach(
        &mut self,
        settings: &Settings,
        source: usize,
        (burnt_in, key, name): (&str, &str, &str),
        now: Mono,
    ) {
        let row = |fits: &dyn Fn(&str) -> bool| {
            let mut rows = settings.devices.iter().enumerate();
            rows.find(|(_, told)| told.source == source && fits(&told.name))
        };
        let by_address = row(&|row| row.eq_ignore_ascii_case(burnt_in));
        let by_name = row(&|row| row == name);
        let first = by_address.or_else(|| row(&|row| row == key)).or(by_name);
        let called = settings.sources.get(source).map_or("", |s| s.name.as_str());
        let own_id = format!("{called}/{key}");
        let Some((n, told)) = first else {
            self.detach((source, key), own_id);
            return;
        };
        let also = by_name.filter(|(also, _)| *also != n);
        let named = Named {
            row: n,
            also: also.map(|(n, _)| n),
        };
        let of_its_own = told.id == format!("{called}/{}", told.name);
        let device = Device {
            id: if of_its_own { own_id } else { told.id.clone() },
            kind: told.kind.clone(),
            room: told.room.clone(),
        };
        let alarms = told.alarms || also.is_some_and(|(_, told)| told.alarms);
        self.list(source, key, (named, device, alarms), now);
        if let Some((_, told)) = by_address.filter(|(_, told)| told.name != key) {
            // The row waited for it under its address.
            self.take(source, &told.name);
        }
    }

    /// Its row fits it no longer.
    fn detach(&mut self, (source, key): (usize, &str), id: String) {
        let room = self.rooms.get_mut(&source);
        let Some(place) = room.and_then(|room| room.places.get_mut(key)) else {
            return;
        };
        if place.known.named.take().is_some() {
            let kind = place.known.model.clone();
            place.known.device = Device {
                id,
                kind,
                room: String::new(),
            };
        }
    }

    /// It is listed from now on.
    fn list(
        &mut self,
        source: usize,
        key: &str,
        (named, device, alarms): (Named, Device, bool),
        now: Mono,
    ) {
        let mut place = self.take(source, key).unwrap_or_else(|| {
            let known = Known::new(device.clone(), None, alarms, now);
            Place::new(key, known, Standing::Listed, 0)
        });
        let known = &mut place.known;
        known.named = Some(named);
        known.alarms |= alarms;
        known.device = device;
        if known.device.kind.is_empty() {
            known.device.kind.clone_from(&known.model);
        }
        place.standing = Standing::Listed;
        place.waits = None;
        let room = self.rooms.entry(source).or_default();
        room.places.insert(place.name.clone(), place);
    }

    /// Takes a place out, with all that is known.
    fn take(&mut self, source: usize, key: &str) -> Option<Place> {
        let room = self.rooms.get_mut(&source)?;
        let place = room.places.remove(key)?;
        let whose = (source, place.name.clone());
        let turns = match place.standing {
            Standing::Listed => return Some(place),
            Standing::Quiet => {
                room.quiet = room.quiet.saturating_sub(1);
                &mut room.turns
            }
            Standing::Alarmed => {
                self.alarmed = self.alarmed.saturating_sub(1);
                self.notes.push(memory::alarmed(&room.name, key, None));
                &mut self.turns
            }
        };
        if let Some(waits) = place.waits {
            turns.leave(waits, &whose);
        }
        Some(place)
    }
}
