//! Silence is an event (law 5): paths, devices, the clock, a babbling source. Raised once, restored once; whether it
//! was raised is remembered like any state, also over a restart.

use tecs_protocol::event::ClockPair;
use tecs_protocol::family::Way;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{Condition, HealthKind};

use crate::gateway::Gateway;
use crate::normalise::Heard;
use crate::notebook::Notebook;
use crate::press_rate::Press;
use crate::settings::Settings;
use crate::time::Mono;

/// A source that babbled is well again after this long without a dropped word, ms.
const CALM_AFTER_MS: u64 = 10_000;

/// A hub that could not read a record is well again after this long without another, ms.
const REFUSAL_SHOWN_MS: u64 = 3_600_000;

/// Said of a line that yields refusals alone.
const GARBLED: &str =
    "nothing on this line can be read: its baud, data_bits or parity may be wrong";

/// Whose silence is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// A source's path.
    Source(usize),
    /// An endpoint's path.
    Endpoint(usize),
    /// The wall clock's synchronisation.
    Clock,
}

/// A silence that becomes an event when it lasts.
#[derive(Debug)]
pub(crate) struct Watch {
    whose: Whose,
    /// When it becomes an event; `None` while all is well, or once it has become one.
    due: Option<Mono>,
}

impl Watch {
    /// Every path is silent until it has opened.
    pub(crate) fn all(settings: &Settings, now: Mono) -> Vec<Self> {
        let due = Some(now.plus(settings.limits.path_grace_ms));
        let sources = (0..settings.sources.len()).map(Whose::Source);
        let endpoints = (0..settings.endpoints.len()).map(Whose::Endpoint);
        let paths = sources.chain(endpoints).chain([Whose::Clock]);
        paths
            .map(|whose| Self {
                whose,
                // A spare endpoint is silent by design until it is tried.
                due: match whose {
                    Whose::Endpoint(n) if n > 0 => None,
                    Whose::Source(_) | Whose::Endpoint(_) | Whose::Clock => due,
                },
            })
            .collect()
    }
}

impl Gateway {
    pub(crate) fn source_up(&mut self, index: usize, resumed: bool, now: Mono) {
        if let Some(source) = self.sources.get_mut(index) {
            source.up = true;
            source.why.clear();
            source.resumed = resumed;
        }
        self.suspend(index, !resumed, now);
        self.heard_from(Whose::Source(index), now);
        let write = self.senses.opened(index, now);
        self.line_said(index, Vec::new(), write, now);
    }

    pub(crate) fn source_down(&mut self, index: usize, why: &str, now: Mono) {
        if let Some(source) = self.sources.get_mut(index) {
            source.up = false;
            why.clone_into(&mut source.why);
        }
        self.suspend(index, false, now);
        self.senses.closed(index, now);
        self.silent(Whose::Source(index), now);
    }

    pub(crate) fn watch_endpoint_up(&mut self, endpoint: usize, now: Mono) {
        self.heard_from(Whose::Endpoint(endpoint), now);
    }

    pub(crate) fn watch_endpoint_down(&mut self, endpoint: usize, now: Mono) {
        self.silent(Whose::Endpoint(endpoint), now);
    }

    pub(crate) fn watch_clock(&mut self, trusted: bool, now: Mono) {
        if trusted {
            self.heard_from(Whose::Clock, now);
        } else {
            self.silent(Whose::Clock, now);
        }
    }

    /// The hub could not read a record of ours; it has kept the bytes, and somebody should look.
    pub(crate) fn watch_refusal(&mut self, now: Mono) {
        self.hub_refused = Some(now);
        let what = What::health(
            HealthKind::Fault,
            Condition::Raised,
            "the care hub could not read a record and has kept its bytes",
        );
        self.own("records", what, now);
    }

    fn silent(&mut self, whose: Whose, now: Mono) {
        let grace = self.settings.limits.path_grace_ms;
        let (device, _) = self.path_name(whose);
        let already = self.senses.is_raised(&device);
        if let Some(watch) = self.watches.iter_mut().find(|w| w.whose == whose)
            && watch.due.is_none()
            && !already
        {
            watch.due = Some(now.plus(grace));
        }
    }

    pub(crate) fn heard_from(&mut self, whose: Whose, now: Mono) {
        if let Some(watch) = self.watches.iter_mut().find(|w| w.whose == whose) {
            watch.due = None;
        }
        self.own_path(whose, Condition::Restored, now);
    }

    fn path_name(&self, whose: Whose) -> (String, HealthKind) {
        match whose {
            Whose::Source(n) => {
                let name = self.settings.sources.get(n).map_or("?", |s| &s.name);
                (format!("source/{name}"), HealthKind::Path)
            }
            Whose::Endpoint(n) => {
                let name = self.settings.endpoints.get(n).map_or("?", String::as_str);
                (format!("care-hub/{name}"), HealthKind::Path)
            }
            Whose::Clock => ("clock".to_owned(), HealthKind::Clock),
        }
    }

    fn own_path(&mut self, whose: Whose, condition: Condition, now: Mono) {
        let (device, kind) = self.path_name(whose);
        let detail = match (whose, condition) {
            (Whose::Clock, Condition::Raised) => "the clock is not synchronised",
            (Whose::Clock, Condition::Restored | Condition::Cancelled) => {
                "the clock is synchronised"
            }
            (Whose::Source(_) | Whose::Endpoint(_), Condition::Raised) => "the path is down",
            (Whose::Source(_) | Whose::Endpoint(_), Condition::Restored | Condition::Cancelled) => {
                "the path is open"
            }
        };
        self.own(&device, What::health(kind, condition, detail), now);
    }

    /// What has been silent long enough is raised.
    pub(crate) fn tick_watches(&mut self, now: Mono) {
        let due: Vec<Whose> = self
            .watches
            .iter_mut()
            .filter(|w| w.due.is_some_and(|due| due <= now))
            .map(|w| {
                w.due = None;
                w.whose
            })
            .collect();
        for whose in due {
            self.own_path(whose, Condition::Raised, now);
        }
        for index in 0..self.sources.len() {
            self.tick_babble(index, now);
            self.tick_crowd(index, now);
        }
        for named in 0..self.settings.devices.len() {
            self.tick_device(named, now);
        }
        if self
            .hub_refused
            .is_some_and(|at| now.since(at) >= REFUSAL_SHOWN_MS)
        {
            self.hub_refused = None;
            let what = What::health(HealthKind::Fault, Condition::Restored, "no refusal since");
            self.own("records", what, now);
        }
    }

    /// A line of which nothing can be read any more is told, and its first word that can.
    pub(crate) fn watch_garble(&mut self, index: usize, now: Mono) {
        let Some(told) = self
            .settings
            .sources
            .get(index)
            .filter(|s| s.way() == Way::Line)
        else {
            return;
        };
        let notebook = self.senses.notebooks.get_mut(index);
        let Some(garbled) = notebook.and_then(Notebook::garbled_now) else {
            return;
        };
        let device = format!("source/{}/line", told.name);
        let (condition, detail) = if garbled {
            (Condition::Raised, GARBLED)
        } else {
            (Condition::Restored, "the line can be read")
        };
        let what = What::health(HealthKind::Fault, condition, detail);
        self.own(&device, what, now);
    }

    fn tick_babble(&mut self, index: usize, now: Mono) {
        let Some(source) = self.sources.get_mut(index) else {
            return;
        };
        let dropped = source.bucket.dropped;
        if dropped == 0 {
            return;
        }
        let calm = now.since(source.bucket.last_drop) >= CALM_AFTER_MS;
        if calm {
            source.bucket.dropped = 0;
        }
        let name = self.settings.sources.get(index).map_or("?", |s| &s.name);
        let device = format!("source/{name}/rate");
        let what = if calm {
            let detail = format!("calm again; {dropped} routine words were dropped");
            What::health(HealthKind::Fault, Condition::Restored, detail)
        } else {
            let (rate, _) = self.settings.limits.rate;
            let detail = format!("more than {rate} messages a second; routine words are dropped");
            What::health(HealthKind::Fault, Condition::Raised, detail)
        };
        self.own(&device, what, now);
    }

    fn tick_device(&mut self, named: usize, now: Mono) {
        let Some(told) = self.settings.devices.get(named) else {
            return;
        };
        if told.silent_after_s == 0 {
            return;
        }
        let after = told.silent_after_s.saturating_mul(1000);
        let heard = self.senses.roster.named(told).map(|k| k.heard);
        let silent = heard.is_some_and(|heard| now.since(heard) >= after);
        match self.senses.silence(&self.settings, named, silent, now) {
            Some(Heard::News(meaning)) => self.raise(*meaning, Press::default(), now),
            Some(Heard::Silent(_, state)) => self.notes.extend(state),
            None => {}
        }
    }

    /// When the next silence becomes an event.
    pub(crate) fn watch_due(&self) -> Option<Mono> {
        let paths = self.watches.iter().filter_map(|w| w.due);
        let babble = self
            .sources
            .iter()
            .filter(|s| s.bucket.dropped > 0)
            .map(|s| s.bucket.last_drop.plus(CALM_AFTER_MS));
        let devices = self.settings.devices.iter().filter_map(|told| {
            let known = self.senses.roster.named(told)?;
            let raised = known.is_raised("silence");
            let after = told.silent_after_s.saturating_mul(1000);
            (after > 0 && !raised).then(|| known.heard.plus(after))
        });
        let sources = 0..self.sources.len();
        let crowds = sources.filter_map(|n| self.senses.roster.crowd(n).until());
        let refusal = self.hub_refused.map(|at| at.plus(REFUSAL_SHOWN_MS));
        paths
            .chain(babble)
            .chain(devices)
            .chain(crowds)
            .chain(refusal)
            .min()
    }

    /// Sources whose time has come.
    pub(crate) fn tick_lines(&mut self, now: Mono) {
        while let Some((due, index)) = self.senses.due() {
            if due > now {
                return;
            }
            let (understood, write) = self.senses.tick(&self.settings, index, now);
            self.line_said(index, understood, write, now);
            // A line that is due again at once would hold everything up: it waits for the next turn.
            if self.senses.due().is_some_and(|(next, _)| next <= due) {
                return;
            }
        }
    }

    /// Both clocks now, for whoever shows a time.
    pub fn clock(&self, now: Mono) -> ClockPair {
        self.senses.clock.pair(now)
    }
}
