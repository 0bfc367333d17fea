//! What is remembered and forgotten beside the records: it rides with the next page of its lane, or goes to the disk by
//! itself after a while.

use tecs_protocol::vocabulary::Lane;

use crate::effect::Note;
use crate::gateway::{Gateway, at};
use crate::memory;
use crate::roster::OWN;
use crate::time::Mono;

/// Notes that no alarm's page has taken along go to disk on their own after this long, ms.
const NOTES_LINGER_MS: u64 = 5_000;

/// No more presses than these are forgotten in one order.
const FORGOTTEN_TOGETHER: usize = 1_024;

impl Gateway {
    /// What the next order of this lane takes along.
    pub(crate) fn riders(&mut self, lane: Lane) -> Vec<Note> {
        let mut riders = Vec::new();
        if lane == Lane::Alarm {
            riders.append(&mut self.notes);
        }
        if let Some(forgotten) = self.forgotten.get_mut(at(lane)) {
            riders.extend(forgotten.drain(..forgotten.len().min(FORGOTTEN_TOGETHER)));
        }
        if let Some(since) = self.journal.notes_since.get_mut(at(lane)) {
            *since = None;
        }
        riders
    }

    /// The journal could not: what rode along waits again, before what has come since.
    pub(crate) fn ride_again(&mut self, lane: Lane, mut riders: Vec<Note>) {
        let again = match self.forgotten.get_mut(at(lane)) {
            Some(forgotten) if lane != Lane::Alarm => forgotten,
            Some(_) | None => &mut self.notes,
        };
        riders.append(again);
        *again = riders;
    }

    /// Notes that wait for a page that does not come, and, at the end, the states of all fields.
    pub(crate) fn keep_notes(&mut self, now: Mono) {
        if self.stopping.is_asked() && !self.journal.states_kept {
            self.journal.states_kept = true;
            let states = self.states();
            self.order_keep(Lane::Routine, Vec::new(), states, now);
        }
        for lane in [Lane::Alarm, Lane::Vital, Lane::Routine] {
            let nothing = self.forgotten.get(at(lane)).is_none_or(Vec::is_empty);
            if nothing && (lane != Lane::Alarm || self.notes.is_empty()) {
                continue;
            }
            let Some(since) = self.journal.notes_since.get_mut(at(lane)) else {
                continue;
            };
            let since = *since.get_or_insert(now);
            if now.since(since) >= NOTES_LINGER_MS || self.stopping.is_asked() {
                self.order_keep(lane, Vec::new(), Vec::new(), now);
            }
        }
    }

    /// When notes go to the disk by themselves.
    pub(crate) fn notes_due(&self) -> Option<Mono> {
        let since = self.journal.notes_since.iter().flatten().min();
        since.map(|since| since.plus(NOTES_LINGER_MS))
    }

    fn states(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        for (source, device, known) in self.senses.roster.all() {
            let name = match self.settings.sources.get(source) {
                Some(source) => source.name.as_str(),
                None if source == OWN => "",
                None => continue,
            };
            for (field, word) in known.fields() {
                notes.push(memory::state(name, device, field, Some(word)));
            }
        }
        notes
    }
}
