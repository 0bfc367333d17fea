//! Who bears which name: what the roster, the states and the journal make of it.

use tecs_protocol::signal::{Gone, Pairing};

use super::Senses;
use crate::bearers::Change;
use crate::effect::Note;
use crate::memory;
use crate::settings::Settings;
use crate::time::Mono;

impl Senses {
    /// Takes in who bears which name; what the journal is to remember of it.
    pub(super) fn pair(
        &mut self,
        settings: &Settings,
        source: usize,
        pairing: Pairing,
        now: Mono,
    ) -> Vec<Note> {
        let called = settings.sources.get(source).map_or("", |s| s.name.as_str());
        let mut notes = Vec::new();
        for change in self.roster.pair(source, pairing) {
            match change {
                Change::Bound {
                    burnt_in,
                    key,
                    name,
                } => {
                    let who = (burnt_in.as_str(), key.as_str(), name.as_str());
                    self.roster.attach(settings, source, who, now);
                    notes.push(memory::bound(called, &burnt_in, Some((&key, &name))));
                }
                Change::Left { key } => {
                    let whose = (source, key.as_str().into());
                    let gone = Gone {
                        device: key,
                        field: None,
                    };
                    notes.extend(self.forget(source, called, &gone));
                    if let Some(known) = self.roster.known_mut(&whose) {
                        known.left();
                    }
                }
                Change::Forgotten { burnt_in } => {
                    notes.push(memory::bound(called, &burnt_in, None));
                }
                Change::Doubtful { key } => {
                    let whose = (source, key.as_str().into());
                    if let Some(known) = self.roster.known_mut(&whose) {
                        known.doubt_what_was_heard();
                    }
                }
            }
        }
        notes
    }
}
