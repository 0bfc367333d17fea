//! A press storm: up to ten presses a minute of a device are each a record; beyond that one record a second says how many
//! there were, and when the first and the last came. Nobody's press is dropped, and the rule asks no roster.
//!
//! Nothing is counted together across a stage of its alarm, a restore or a cancel, and presses of other meaning never are.

use std::collections::{BTreeMap, VecDeque};

use tecs_protocol::event::{Device, Event};
use tecs_protocol::hub::v1;
use tecs_protocol::signal::{HealthOf, What};
use tecs_protocol::vocabulary::Condition;

use crate::custody::Owner;
use crate::roster::Whose;
use crate::settings::Settings;
use crate::time::Mono;

/// So many presses a minute of one meaning of one device are each a record.
const EACH: usize = 10;

/// The minute, ms.
const MINUTE_MS: u64 = 60_000;

/// Beyond that a record comes this often, ms.
const EVERY_MS: u64 = 1_000;

/// So many pairs of device and meaning are told apart of one source; beyond that presses are counted together by kind.
const TOLD_APART: usize = 4_096;

/// So many meanings of a device that the installer has named are told apart, however many others press.
const OF_LISTED: usize = 16;

/// So many of the newest records are known again when the hub says how far they have come. A case there has all records
/// of its alarm, the newest too, so the hub always names one that is known.
const NAMES: usize = 8_192;

/// A message that a press came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Press {
    /// Who waits for an answer, if anybody.
    pub(crate) owner: Option<Owner>,
    /// The broker's number of it and its print, to know it again after a kill.
    pub(crate) word: Option<(u16, u64)>,
}

/// Presses that are one record.
#[derive(Debug)]
pub(crate) struct Pressed {
    /// The first of them, with their count and the time of the last.
    pub(crate) event: Event,
    /// Whose word it is; `None` when several devices pressed, or one without a place.
    pub(crate) by: Option<Whose>,
    pub(crate) presses: Vec<Press>,
    key: Key,
    /// Its place among all presses that ever came first.
    place: u64,
    /// When its second is over.
    due: Mono,
    /// More than the minute allows: one of many records of a storm.
    pub(crate) storm: bool,
}

/// What became of a press.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It makes a record now.
    Record(Box<Pressed>),
    /// It is the first of a second: its record comes when that is over.
    Waits,
    /// It is counted with one that waits.
    Counted,
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: usize,
    /// Empty for many devices.
    device: String,
    meaning: String,
}

/// One device's presses of one meaning.
#[derive(Debug, Default)]
struct Rate {
    /// The newest presses, at most `EACH`.
    times: VecDeque<Mono>,
    /// When the last record was made.
    recorded: Option<Mono>,
    /// How far the alarm has come, by the endpoint that said so.
    stages: Vec<(usize, i32, String)>,
}

/// All rates. Bounded: `TOLD_APART` a source, and what the vocabulary has of kinds.
#[derive(Debug, Default)]
pub(crate) struct PressRate {
    rates: BTreeMap<Key, Rate>,
    /// How many devices' rates there are of each source.
    told_apart: BTreeMap<usize, usize>,
    /// Presses of the running second, that wait for their record.
    waiting: BTreeMap<Key, Pressed>,
    /// The newest records by number.
    names: BTreeMap<u64, Key>,
    /// The place of the next press that comes first.
    next: u64,
    tidied: Option<Mono>,
}

impl PressRate {
    /// One press: it makes a record now, or is counted in one that comes within a second.
    pub(crate) fn press(
        &mut self,
        settings: &Settings,
        source: usize,
        (event, by): (Event, Option<Whose>),
        press: Press,
        now: Mono,
    ) -> Taken {
        let key = self.key(settings, source, &event, now);
        let rate = self.rates.entry(key.clone()).or_default();
        let each = rate.times.len() < EACH
            || (rate.times.front()).is_some_and(|tenth| now.since(*tenth) >= MINUTE_MS);
        if rate.times.len() >= EACH {
            rate.times.pop_front();
        }
        rate.times.push_back(now);
        if let Some(pressed) = self.waiting.get_mut(&key) {
            let name = settings.sources.get(source).map_or("", |s| s.name.as_str());
            pressed.count(&event, name);
            pressed.presses.push(press);
            return Taken::Counted;
        }
        let due = rate.recorded.map_or(now, |at| at.plus(EVERY_MS));
        let pressed = Pressed {
            event,
            by,
            presses: vec![press],
            key: key.clone(),
            place: self.next,
            due,
            storm: !each,
        };
        self.next += 1;
        if each || due <= now {
            rate.recorded = Some(now);
            return Taken::Record(Box::new(pressed));
        }
        self.waiting.insert(key, pressed);
        Taken::Waits
    }

    /// The rate that a press belongs to.
    fn key(&mut self, settings: &Settings, source: usize, event: &Event, now: Mono) -> Key {
        let key = Key {
            source,
            device: event.device.id.clone(),
            meaning: format!("{:?} {:?}", event.what, event.flags),
        };
        if self.rates.contains_key(&key) {
            return key;
        }
        let told_apart = self.told_apart.get(&source).copied().unwrap_or_default();
        if told_apart >= TOLD_APART && self.tidied.is_none_or(|at| now.since(at) >= EVERY_MS) {
            self.tidy(now);
        }
        let told_apart = self.told_apart.entry(source).or_default();
        if *told_apart >= TOLD_APART && !listed(settings, source, event) {
            return crowd(source, event);
        }
        let meanings = self.rates.range(first_of(&key)..);
        let meanings = meanings
            .take_while(|(k, _)| same_device(k, &key))
            .take(OF_LISTED);
        if *told_apart >= TOLD_APART && meanings.count() >= OF_LISTED {
            return crowd(source, event);
        }
        *told_apart += 1;
        key
    }

    /// Forgets rates that say nothing any more: nobody has pressed for a minute.
    fn tidy(&mut self, now: Mono) {
        self.tidied = Some(now);
        let (told_apart, waiting) = (&mut self.told_apart, &self.waiting);
        self.rates.retain(|key, rate| {
            let quiet = rate
                .times
                .back()
                .is_none_or(|at| now.since(*at) >= MINUTE_MS);
            let stays = !quiet || waiting.contains_key(key);
            if !stays
                && !key.device.is_empty()
                && let Some(count) = told_apart.get_mut(&key.source)
            {
                *count = count.saturating_sub(1);
            }
            stays
        });
    }

    /// When the next record is due.
    pub(crate) fn due(&self) -> Option<Mono> {
        self.waiting.values().map(|pressed| pressed.due).min()
    }

    /// Records whose second is over, each after what its device pressed before.
    pub(crate) fn due_by(&mut self, now: Mono) -> Vec<Pressed> {
        let mut due = self.take(now, |pressed| pressed.due <= now);
        for at in 0..due.len() {
            if let Some(pressed) = due.get(at) {
                let earlier = self.earlier(pressed, now);
                due.extend(earlier);
            }
        }
        due.sort_by_key(|pressed| pressed.place);
        due
    }

    /// What waits of the same device and came before these presses: a device's words keep their order.
    pub(crate) fn earlier(&mut self, than: &Pressed, now: Mono) -> Vec<Pressed> {
        self.take(now, |pressed| {
            same_device(&pressed.key, &than.key) && pressed.place < than.place
        })
    }

    /// How many presses of a source wait for their record.
    pub(crate) fn presses_of(&self, source: usize) -> usize {
        let of_it = self.waiting.values().filter(|p| p.key.source == source);
        of_it.map(|pressed| pressed.presses.len()).sum()
    }

    /// Records of a source that cannot wait: its broker would stop, or the end has come.
    pub(crate) fn of_source(&mut self, source: usize, now: Mono) -> Vec<Pressed> {
        self.take(now, |pressed| pressed.key.source == source)
    }

    /// A device says something that is no press, or that is of another condition: what was counted before it is a record
    /// before it.
    pub(crate) fn before(
        &mut self,
        source: usize,
        event: &Event,
        is_press: bool,
        now: Mono,
    ) -> Vec<Pressed> {
        self.take(now, |pressed| {
            let key = &pressed.key;
            let other = condition(&pressed.event.what) != condition(&event.what);
            let own = key.device == event.device.id;
            key.source == source
                && ((own && (other || !is_press)) || (key.device.is_empty() && other))
        })
    }

    /// The hub says how far an alarm has come. What was counted before it said so is a record of its own.
    pub(crate) fn staged(
        &mut self,
        endpoint: usize,
        stage: &v1::Stage,
        alarm: Alarm<'_>,
        now: Mono,
    ) -> Vec<Pressed> {
        let of_it: Vec<Key> = match alarm {
            Alarm::Ours(seq) => self.names.get(&seq).cloned().into_iter().collect(),
            Alarm::Earlier { device, test } => {
                let waiting = self.waiting.values();
                let of_it = waiting.filter(|pressed| {
                    pressed.key.device == device && pressed.event.flags.test == test
                });
                of_it.map(|pressed| pressed.key.clone()).collect()
            }
        };
        let mut news = of_it;
        news.retain(|key| {
            let rate = self.rates.get_mut(key);
            rate.is_some_and(|rate| rate.come_to(endpoint, stage))
        });
        self.take(now, |pressed| news.contains(&pressed.key))
    }

    /// A record of these presses has this number.
    pub(crate) fn named(&mut self, pressed: &Pressed, seq: u64) {
        if self.names.len() >= NAMES {
            self.names.pop_first();
        }
        self.names.insert(seq, pressed.key.clone());
    }

    fn take(&mut self, now: Mono, which: impl Fn(&Pressed) -> bool) -> Vec<Pressed> {
        let taken = self.waiting.extract_if(.., |_, pressed| which(pressed));
        let mut taken: Vec<Pressed> = taken.map(|(_, pressed)| pressed).collect();
        taken.sort_by_key(|pressed| pressed.place);
        for pressed in &taken {
            if let Some(rate) = self.rates.get_mut(&pressed.key) {
                rate.recorded = Some(now);
            }
        }
        taken
    }
}

/// The alarm that a stage is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alarm<'a> {
    /// A record of this run, by its number.
    Ours(u64),
    /// One of an earlier run.
    Earlier {
        /// Whose.
        device: &'a str,
        /// It was a test.
        test: bool,
    },
}

impl Rate {
    /// Remembers how far an endpoint's hub says that it has come; true when that is news.
    fn come_to(&mut self, endpoint: usize, stage: &v1::Stage) -> bool {
        let said = (endpoint, stage.progress, stage.by.clone());
        match self.stages.iter_mut().find(|(of, ..)| *of == endpoint) {
            Some(last) if *last == said => false,
            Some(last) => {
                *last = said;
                true
            }
            None => {
                self.stages.push(said);
                true
            }
        }
    }
}

impl Pressed {
    /// Counts one more; a name that is not the first's makes it one of many devices.
    fn count(&mut self, event: &Event, source: &str) {
        self.event.folded = self.event.folded.saturating_add(event.folded);
        self.event.last_heard = Some(event.last_heard.unwrap_or(event.heard));
        if self.event.device.id != event.device.id {
            self.by = None;
            self.event.device = Device {
                id: source.to_owned(),
                kind: "several devices".to_owned(),
                room: String::new(),
            };
        }
    }
}

/// Raised, restored or cancelled; a word that is none of these calls for somebody, as a raised alarm does.
pub(crate) fn condition(what: &What) -> Condition {
    match what {
        What::Alarm { condition, .. }
        | What::Health {
            of: HealthOf::Condition(condition),
            ..
        } => *condition,
        What::Vital { .. } | What::Observed { .. } | What::Health { .. } => Condition::Raised,
    }
}

fn listed(settings: &Settings, source: usize, event: &Event) -> bool {
    let mut devices = settings.devices.iter();
    devices.any(|d| d.source == source && d.id == event.device.id)
}

fn same_device(one: &Key, other: &Key) -> bool {
    one.source == other.source && one.device == other.device
}

fn first_of(key: &Key) -> Key {
    Key {
        meaning: String::new(),
        ..key.clone()
    }
}

/// The rate of all devices of a source that are not told apart, by kind.
fn crowd(source: usize, event: &Event) -> Key {
    let kind = match &event.what {
        What::Alarm { kind, .. } => kind.word(),
        What::Vital { kind, .. } => kind.word(),
        What::Observed { kind, .. } => kind.word(),
        What::Health { kind, .. } => kind.word(),
    };
    Key {
        source,
        device: String::new(),
        meaning: format!("{kind} {:?} {:?}", condition(&event.what), event.flags),
    }
}
