//! Who lives in this home: every device by its source and its source's name for it. Limits hold for what is quiet: whoever
//! is listed or has raised an alarm is not forgotten for the sake of somebody who has not.
//!
//! ```text
//! listed             always there
//! quiet, unlisted    `limits.devices` a source; the one heard longest ago makes room
//! once alarmed       4,096 in all, remembered over a restart; the one closed longest ago makes room
//! ```
//!
//! Nobody goes while an alarm or a fault of theirs stands, or a message of theirs has no answer. Who finds no room has no
//! place: its alarm is raised all the same (`stranger`), anything else is refused by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tecs_protocol::event::Device;
use tecs_protocol::vocabulary::AlarmKind;

use crate::bearers::Bearers;
use crate::effect::Note;
use crate::known::{Known, Named};
use crate::settings::{self, Settings};
use crate::time::Mono;

mod bound;
mod crowd;
mod open;
mod place;
mod room;
#[cfg(test)]
mod tests;
mod turns;

pub use crowd::Crowd;
use place::Place;
pub(crate) use place::Standing;
use turns::Turns;
pub(crate) use turns::Whose;

/// The source of the gateway's own devices: its paths, its journal, its clock.
pub(crate) const OWN: usize = usize::MAX;

/// The most unlisted devices that are remembered because they once raised an alarm, in all sources. Ours: the notes of all
/// of them are some 400 KB, less than half of what one generation of the alarm lane holds.
pub(crate) const ALARMED_MOST: usize = 4_096;

/// One source's devices.
#[derive(Debug, Default)]
struct Room {
    /// The source's name.
    name: String,
    places: BTreeMap<Arc<str>, Place>,
    /// Quiet ones that may go.
    turns: Turns,
    /// How many are quiet and unlisted.
    quiet: usize,
    /// Those whose turn came while a message of theirs had no answer, by its number.
    owing: BTreeSet<(u64, Arc<str>)>,
    /// Every message before this one has its answer.
    answered: u64,
    crowd: Crowd,
    /// Who bears which name.
    bearers: Bearers,
}

/// All devices.
#[derive(Debug)]
pub(crate) struct Roster {
    rooms: BTreeMap<usize, Room>,
    /// Once alarmed ones that may go.
    turns: Turns,
    /// How many unlisted ones have once alarmed.
    alarmed: usize,
    quiet_most: usize,
    alarmed_most: usize,
    /// Counts up; whoever has the lowest goes first.
    turn: u64,
    /// Devices with alarms that are open in the home, by the name that events give them.
    open: BTreeMap<String, Whose>,
    /// What the journal is to remember or to forget.
    notes: Vec<Note>,
}

impl Roster {
    /// The devices that the installer has named.
    pub(crate) fn new(settings: &Settings, now: Mono) -> Self {
        let mut roster = Self {
            rooms: BTreeMap::new(),
            turns: Turns::default(),
            alarmed: 0,
            quiet_most: settings.limits.devices,
            alarmed_most: ALARMED_MOST,
            turn: 0,
            open: BTreeMap::new(),
            notes: Vec::new(),
        };
        for (named, told) in settings.devices.iter().enumerate() {
            let device = Device {
                id: told.id.clone(),
                kind: told.kind.clone(),
                room: told.room.clone(),
            };
            let known = Known::new(device, Some(Named::by(named)), told.alarms, now);
            let place = Place::new(&told.name, known, Standing::Listed, 0);
            let room = roster.rooms.entry(told.source).or_default();
            room.places.insert(place.name.clone(), place);
        }
        roster
    }

    /// The device of this name, met now if never before; `None` when it finds no room. `raises`: it says that an alarm is
    /// raised.
    pub(crate) fn meet(
        &mut self,
        (source, prefix): (usize, &str),
        (name, model): (&str, &str),
        raises: bool,
        now: Mono,
    ) -> Option<(Whose, &mut Known)> {
        self.turn += 1;
        let turn = self.turn;
        let room = self.rooms.entry(source).or_default();
        if room.name.is_empty() {
            prefix.clone_into(&mut room.name);
        }
        match room.places.get(name).map(|place| place.standing) {
            Some(Standing::Quiet) if raises => self.promote(source, name, now),
            Some(Standing::Listed | Standing::Quiet | Standing::Alarmed) => {}
            None => self.admit(source, stranger(prefix, name, model, now), name, raises)?,
        }
        let room = self.rooms.get_mut(&source)?;
        let place = room.places.get_mut(name)?;
        let whose = (source, place.name.clone());
        if place.standing == Standing::Quiet {
            place.turn = turn;
        }
        if place.waits.is_none() && place.standing != Standing::Listed {
            // Whatever kept it here before may be over with this word.
            let turns = match place.standing {
                Standing::Alarmed => &mut self.turns,
                Standing::Quiet | Standing::Listed => &mut room.turns,
            };
            turns.join(place.turn, whose.clone());
            place.waits = Some(place.turn);
        }
        let known = &mut place.known;
        known.heard = now;
        if known.device.kind.is_empty() && !model.is_empty() {
            model.clone_into(&mut known.device.kind);
        }
        if known.model.is_empty() && !model.is_empty() {
            model.clone_into(&mut known.model);
        }
        Some((whose, known))
    }

    /// A named device as the installer named it.
    pub(crate) fn named(&self, told: &settings::Device) -> Option<&Known> {
        self.known(told.source, self.key_of_row(told))
    }

    /// The same, to learn of it; and under what it is kept.
    pub(crate) fn named_mut(&mut self, told: &settings::Device) -> Option<(Arc<str>, &mut Known)> {
        let key: Arc<str> = self.key_of_row(told).into();
        let room = self.rooms.get_mut(&told.source)?;
        let place = room.places.get_mut(&key)?;
        Some((key, &mut place.known))
    }

    /// A device that was met before.
    pub(crate) fn known(&self, source: usize, name: &str) -> Option<&Known> {
        let room = self.rooms.get(&source)?;
        room.places.get(name).map(|place| &place.known)
    }

    /// The same, to learn of it.
    pub(crate) fn known_mut(&mut self, (source, name): &Whose) -> Option<&mut Known> {
        let room = self.rooms.get_mut(source)?;
        room.places.get_mut(name).map(|place| &mut place.known)
    }

    /// An alarm of this device was closed, or is no longer followed; `told` is when it was last raised.
    pub(crate) fn closed(&mut self, id: &str, kind: AlarmKind, told: Option<Mono>) {
        let devices = self.all_mut();
        for known in devices.filter(|known| known.device.id == id) {
            known.closed(kind, told);
        }
    }

    /// Every device, to learn of it.
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Known> {
        let rooms = self.rooms.values_mut();
        rooms.flat_map(|room| room.places.values_mut().map(|place| &mut place.known))
    }

    /// Every device with its source and name, in a fixed order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &str, &Known)> {
        self.rooms.iter().flat_map(|(source, room)| {
            let places = room.places.iter();
            places.map(|(name, place)| (*source, &**name, &place.known))
        })
    }

    /// How many devices there are.
    pub(crate) fn count(&self) -> usize {
        let rooms = self.rooms.iter().filter(|(source, _)| **source != OWN);
        rooms.map(|(_, room)| room.places.len()).sum()
    }

    /// What came of too many devices of this source.
    pub(crate) fn crowd(&self, source: usize) -> Crowd {
        self.rooms
            .get(&source)
            .map_or_else(Crowd::default, |room| room.crowd)
    }

    /// A source had too many devices when the last run ended, or has had none too many for long.
    pub(crate) fn crowded(&mut self, source: usize, last: Option<Mono>) {
        self.rooms.entry(source).or_default().crowd.last = last;
    }

    /// What the journal is to remember or to forget.
    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }
}

/// A device that nobody has named, before or without a place.
pub(crate) fn stranger(prefix: &str, name: &str, model: &str, now: Mono) -> Known {
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
    Known::new(device, None, false, now)
}
