//! Who comes in, and who goes for it.

use std::sync::Arc;

use super::place::{Place, Standing, Stays};
use super::{OWN, Room, Roster, Whose};
use crate::known::Known;
use crate::memory;
use crate::time::Mono;

impl Roster {
    /// A device gets its place, or nothing.
    pub(super) fn admit(
        &mut self,
        source: usize,
        known: Known,
        name: &str,
        raises: bool,
    ) -> Option<()> {
        let now = known.heard;
        let standing = if source == OWN {
            Standing::Listed
        } else if raises && self.has_room(Standing::Alarmed, source, now) {
            Standing::Alarmed
        } else if self.has_room(Standing::Quiet, source, now) {
            // An alarm that found no room among its like may still be remembered for as long as it stands.
            Standing::Quiet
        } else {
            let room = self.rooms.get_mut(&source)?;
            room.crowd.found_none(raises, now);
            return None;
        };
        self.count_in(standing, source);
        let place = Place::new(name, known, standing, self.turn);
        let room = self.rooms.get_mut(&source)?;
        room.places.insert(place.name.clone(), place);
        Some(())
    }

    /// A quiet device raises an alarm: it is remembered for that, if there is room.
    pub(super) fn promote(&mut self, source: usize, name: &str, now: Mono) {
        if !self.has_room(Standing::Alarmed, source, now) {
            return;
        }
        self.count_in(Standing::Alarmed, source);
        let turn = self.turn;
        let Some(room) = self.rooms.get_mut(&source) else {
            return;
        };
        room.quiet = room.quiet.saturating_sub(1);
        if let Some(place) = room.places.get_mut(name) {
            if let Some(waits) = place.waits.take() {
                room.turns.leave(waits, &(source, place.name.clone()));
            }
            place.standing = Standing::Alarmed;
            place.turn = turn;
        }
    }

    fn count_in(&mut self, standing: Standing, source: usize) {
        match standing {
            Standing::Listed => {}
            Standing::Alarmed => self.alarmed += 1,
            Standing::Quiet => {
                if let Some(room) = self.rooms.get_mut(&source) {
                    room.quiet += 1;
                }
            }
        }
    }

    /// Whether one more of these fits; somebody may have had to go for it.
    fn has_room(&mut self, of: Standing, source: usize, now: Mono) -> bool {
        let quiet = self.rooms.get(&source).map_or(0, |room| room.quiet);
        let fits = match of {
            Standing::Listed => true,
            Standing::Quiet => quiet < self.quiet_most,
            Standing::Alarmed => self.alarmed < self.alarmed_most,
        };
        if fits {
            return true;
        }
        let Some(whose) = self.next_to_go(of, source) else {
            return false;
        };
        self.forget(&whose);
        if let Some(room) = self.rooms.get_mut(&source) {
            room.crowd.made_room(now);
        }
        true
    }

    /// Whose turn has come, of those that may go. Who may not is left out until a word of theirs, or an answer to them.
    fn next_to_go(&mut self, of: Standing, source: usize) -> Option<Whose> {
        loop {
            let turns = match of {
                Standing::Alarmed => &mut self.turns,
                Standing::Quiet => &mut self.rooms.get_mut(&source)?.turns,
                Standing::Listed => return None,
            };
            let (turn, whose) = turns.next()?;
            let Some(room) = self.rooms.get_mut(&whose.0) else {
                continue;
            };
            let answered = room.answered;
            let Some(place) = room.places.get_mut(&whose.1) else {
                continue;
            };
            place.waits = None;
            if place.turn != turn {
                self.wait(&whose);
                continue;
            }
            match place.stays(answered) {
                None => return Some(whose),
                Some(Stays::Stands) => {}
                Some(Stays::Owed(id)) => {
                    room.owing.insert((id, whose.1.clone()));
                }
            }
        }
    }

    /// It waits for its turn to go, from now on.
    pub(super) fn wait(&mut self, whose: &Whose) {
        let Some(room) = self.rooms.get_mut(&whose.0) else {
            return;
        };
        let Some(place) = room.places.get_mut(&whose.1) else {
            return;
        };
        if place.waits.is_some() {
            return;
        }
        let turns = match place.standing {
            Standing::Listed => return,
            Standing::Quiet => &mut room.turns,
            Standing::Alarmed => &mut self.turns,
        };
        turns.join(place.turn, whose.clone());
        place.waits = Some(place.turn);
    }

    /// It is gone, and the journal forgets it.
    fn forget(&mut self, whose: &Whose) {
        let Some(room) = self.rooms.get_mut(&whose.0) else {
            return;
        };
        let Some(place) = room.places.remove(&whose.1) else {
            return;
        };
        match place.standing {
            Standing::Listed => {}
            Standing::Quiet => room.quiet = room.quiet.saturating_sub(1),
            Standing::Alarmed => {
                self.alarmed = self.alarmed.saturating_sub(1);
                let note = memory::alarmed(&room.name, &whose.1, None);
                self.notes.push(note);
            }
        }
        if place.noted {
            for (field, _) in place.known.fields() {
                let of = (&*room.name, &*whose.1);
                self.notes.push(memory::state(of.0, of.1, field, None));
                self.notes.push(memory::holds(of.0, of.1, field, None));
            }
        }
    }

    /// This message of it wants an answer.
    pub(super) fn owes(&mut self, whose: &Whose, id: u64) {
        if let Some(place) = self.place(whose) {
            place.owed = place.owed.max(Some(id));
        }
    }

    /// Every message of a source before this one has its answer.
    pub(crate) fn answered(&mut self, source: usize, before: u64) {
        let Some(room) = self.rooms.get_mut(&source) else {
            return;
        };
        room.answered = before;
        for name in due(room, before) {
            self.wait(&(source, name));
        }
    }

    pub(super) fn place(&mut self, whose: &Whose) -> Option<&mut Place> {
        self.rooms.get_mut(&whose.0)?.places.get_mut(&whose.1)
    }
}

/// Those that waited for an answer which has been given.
fn due(room: &mut Room, before: u64) -> Vec<Arc<str>> {
    let mut due = Vec::new();
    while room.owing.first().is_some_and(|(id, _)| *id < before) {
        due.extend(room.owing.pop_first().map(|(_, name)| name));
    }
    due
}
