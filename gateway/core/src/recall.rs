//! What the journal held when it was opened, at the start or later: pages that wait, states, presses, open alarms. What was
//! heard since the start wins over what is remembered.

use tecs_protocol::signal::{Reading, Signal};
use tecs_protocol::vocabulary::Lane;

use crate::effect::{Effect, Noteworthy};
use crate::gateway::{Gateway, at};
use crate::input::Recovered;
use crate::journal::Health;
use crate::link::Link;
use crate::memory::{self, Remembered};
use crate::normalise::{Heard, Hearing, normalise, still_means, there_again};
use crate::press_rate::Press;
use crate::presses::{self, Run};
use crate::roster::OWN;
use crate::time::Mono;
use crate::watching::Whose;
use crate::word::Word;

impl Gateway {
    /// The journal, or a lane of it, was opened later than the sources.
    pub(crate) fn opened_late(&mut self, recovered: Recovered, now: Mono) {
        let found = recovered.pages.len();
        let alarms = |lane: &Lane| *lane == Lane::Alarm;
        let news = recovered.pages.iter().any(|p| alarms(&p.key.lane))
            || recovered.notes.iter().any(|(lane, ..)| alarms(lane));
        self.effects.push_back(Effect::Note(Noteworthy::Journal {
            what: format!("the journal was opened late; {found} pages wait in it"),
        }));
        self.recall(recovered, now);
        self.journal.retry_at = now;
        if news {
            self.greet_again();
        }
    }

    /// Takes in what the journal held.
    pub(crate) fn recall(&mut self, recovered: Recovered, now: Mono) {
        if self.journal.is_opening() {
            self.journal.health = Health::Fine;
        }
        for (lane, used) in self.lanes.iter_mut().zip(recovered.used) {
            // A lane that is open takes something on the disk; of one that is not, nothing is said.
            if used > 0 {
                lane.used = used;
            }
        }
        for found in recovered.pages {
            if let Some(lane) = self.lanes.get_mut(at(found.key.lane)) {
                lane.found(found, now);
            }
        }
        for lane in &mut self.lanes {
            let finished = lane.finish_evictions();
            self.journal.release(finished);
        }
        // A routine state may have changed since without touching the disk: in doubt it is new (decision 004).
        let whole = |lane: Lane| recovered.clean || lane == Lane::Alarm;
        let notes = recovered.notes.iter();
        let read = notes.filter_map(|(lane, key, value)| {
            let mut remembered = memory::read(key, value)?;
            if let Remembered::State { doubtful, .. } = &mut remembered {
                *doubtful &= !recovered.clean;
            }
            // A press is remembered with its record and forgotten once it is answered, in every lane.
            (whole(*lane) || remembered.is_press()).then_some((*lane, key, remembered))
        });
        let mut read: Vec<(Lane, &Vec<u8>, Remembered)> = read.collect();
        read.sort_by_key(|(.., remembered)| remembered.turn());
        for (lane, key, remembered) in read {
            self.remember((lane, key), remembered, now);
        }
        self.doubt(recovered.clean);
        self.recall_crowds(now);
        for set_aside in recovered.set_aside {
            self.journal_damaged(&set_aside, now);
        }
        self.say_how_it_is(now);
    }

    fn remember(&mut self, (lane, key): (Lane, &[u8]), remembered: Remembered, now: Mono) {
        match remembered {
            Remembered::State {
                source,
                device,
                field,
                word,
                doubtful,
            } => self.remember_state(&source, (&device, &field), (word, doubtful), now),
            Remembered::Pulse {
                source,
                packet,
                print,
            } => self.remember_presses_of(&source, (lane, key), &[(print, packet, packet)], now),
            Remembered::Presses { source, runs } => {
                self.remember_presses_of(&source, (lane, key), &presses::read(&runs), now);
            }
            Remembered::Open { name, alarm } => {
                if let Some(device) = self.home.recalled(&name, &alarm, now) {
                    self.senses.roster.opened_before(&device);
                }
            }
            Remembered::Bound {
                source,
                burnt_in,
                key,
                name,
            } => {
                if let Some(index) = self.source_named(&source) {
                    let who = (burnt_in.as_str(), key.as_str(), name.as_str());
                    let roster = &mut self.senses.roster;
                    roster.bound_before(&self.settings, index, who, now);
                }
            }
            Remembered::Alarmed {
                source,
                device,
                turn,
            } => {
                if let Some(index) = self.source_named(&source) {
                    let roster = &mut self.senses.roster;
                    roster.alarmed_before((index, &source), &device, turn, now);
                }
            }
            Remembered::Lesson {
                source,
                device,
                says,
            } => {
                let younger =
                    self.journal.waits_with(key) || self.notes.iter().any(|n| n.key == key);
                if !younger && let Some(index) = self.source_named(&source) {
                    self.senses.recall(index, &device, &says);
                }
            }
        }
    }

    fn remember_state(
        &mut self,
        source: &str,
        (device, field): (&str, &str),
        (word, doubtful): (Word, bool),
        now: Mono,
    ) {
        let Some(index) = self.source_named(source) else {
            return;
        };
        let prefix = if source.is_empty() { "gateway" } else { source };
        let roster = &mut self.senses.roster;
        let heard = roster.known(index, device).map(|known| known.heard);
        let Some((whose, _)) = roster.meet((index, prefix), (device, ""), false, now) else {
            return;
        };
        roster.noted(&whose);
        let Some(known) = roster.known_mut(&whose) else {
            return;
        };
        // It is remembered now, not heard.
        known.heard = heard.unwrap_or(now);
        if known.last(field).is_some() {
            return;
        }
        let told = known.rows(&self.settings);
        if !still_means(&word, field, told) {
            // Its row was changed: it holds nothing, and what it says next is news.
            return;
        }
        if doubtful {
            known.recall_in_doubt(field, word);
        } else {
            known.learn(field, word);
        }
        // 'There again' said nothing while nobody was known to be missed.
        let said = known.says.iter().find(|(name, _)| name == field);
        let Some(what) = said.map(|(_, what)| what.clone()).filter(there_again) else {
            return;
        };
        let signal = Signal::new(device, field, Reading::Edge, what);
        let hearing = Hearing {
            told,
            ..Hearing::of_ours(source, &self.senses.clock, now)
        };
        match normalise(signal, known, hearing) {
            Heard::News(meaning) => self.raise(*meaning, Press::default(), now),
            Heard::Silent(_, state) => self.notes.extend(state),
        }
    }

    fn remember_presses_of(
        &mut self,
        source: &str,
        (lane, key): (Lane, &[u8]),
        runs: &[Run],
        now: Mono,
    ) {
        let index = self.source_named(source);
        if let Some(known) = index.and_then(|n| self.sources.get_mut(n)) {
            // A broker that has forgotten our session sends nothing again.
            let comes_again = !known.up || known.resumed;
            let runs = if comes_again { runs } else { &[] };
            known.presses.recall(lane, key.to_vec(), runs, now);
        }
    }

    /// What of the states that were found is not to be relied on.
    fn doubt(&mut self, clean: bool) {
        for known in self.senses.roster.all_mut() {
            if !clean {
                known.doubt_shared();
            }
            for kind in known.alarms_that_stand() {
                if !self.home.is_open(&known.device.id, kind) {
                    known.closed(kind, None);
                }
            }
        }
    }

    fn source_named(&self, name: &str) -> Option<usize> {
        if name.is_empty() {
            return Some(OWN);
        }
        self.settings.sources.iter().position(|s| s.name == name)
    }

    /// What is well now and was remembered as raised is restored: its own word may have come before the journal.
    fn say_how_it_is(&mut self, now: Mono) {
        self.journal.said_well = false;
        for source in 0..self.sources.len() {
            if self.sources.get(source).is_some_and(|s| s.up) {
                self.heard_from(Whose::Source(source), now);
            }
        }
        for endpoint in 0..self.links.len() {
            if self.links.get(endpoint).and_then(Link::up).is_some() {
                self.heard_from(Whose::Endpoint(endpoint), now);
            }
        }
        if self.senses.clock.pair(now).trusted {
            self.heard_from(Whose::Clock, now);
        }
        if let (Some(mains), battery) = self.power {
            self.powered(Some(mains), battery, now);
        }
    }
}
