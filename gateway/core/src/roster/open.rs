//! Who once raised an alarm, and whose alarms are open: what keeps a device remembered, over a restart as well.

use tecs_protocol::event::Event;
use tecs_protocol::signal::What;

use super::place::Standing;
use super::{Roster, Whose};
use crate::memory;
use crate::time::Mono;

impl Roster {
    /// An event of it has become a record; `owed` is the message that wants an answer for it.
    pub(crate) fn told(&mut self, whose: &Whose, owed: Option<u64>, event: &Event) {
        if let Some(id) = owed {
            self.owes(whose, id);
        }
        if event.flags.unlisted && matches!(event.what, What::Alarm { .. }) {
            self.alarm_told(whose);
        }
    }

    /// An alarm of it was raised, restored or closed: among the once alarmed it is the last to go now.
    pub(super) fn alarm_told(&mut self, whose: &Whose) {
        self.turn += 1;
        let turn = self.turn;
        let Some(room) = self.rooms.get_mut(&whose.0) else {
            return;
        };
        let Some(place) = room.places.get_mut(&whose.1) else {
            return;
        };
        if place.standing == Standing::Alarmed {
            place.turn = turn;
            let note = memory::alarmed(&room.name, &whose.1, Some(turn));
            self.notes.push(note);
            self.wait(whose);
        }
    }

    /// The journal remembers a state of it.
    pub(crate) fn noted(&mut self, whose: &Whose) {
        if let Some(place) = self.place(whose) {
            place.noted = true;
        }
    }

    /// An alarm of it is open in the home.
    pub(crate) fn opened(&mut self, whose: &Whose, id: &str) {
        if let Some(place) = self.place(whose) {
            place.open += 1;
            self.open.insert(id.to_owned(), whose.clone());
        }
    }

    /// An alarm that was open when the last run ended.
    pub(crate) fn opened_before(&mut self, id: &str) {
        let found = self.all().find(|(_, _, known)| known.device.id == id);
        if let Some((source, name, _)) = found {
            let whose = (source, name.into());
            self.opened(&whose, id);
        }
    }

    /// An alarm of the device that events call so is no longer open in the home.
    pub(crate) fn no_longer_open(&mut self, id: &str) {
        let Some(whose) = self.open.get(id).cloned() else {
            return;
        };
        if let Some(place) = self.place(&whose) {
            place.open = place.open.saturating_sub(1);
            if place.open == 0 {
                self.open.remove(id);
            }
        }
        self.alarm_told(&whose);
    }

    /// A device that had once raised an alarm when the last run ended, and when its turn was.
    pub(crate) fn alarmed_before(
        &mut self,
        (source, prefix): (usize, &str),
        name: &str,
        turn: u64,
        now: Mono,
    ) {
        let before = std::mem::replace(&mut self.turn, turn);
        let met = self.meet((source, prefix), (name, ""), true, now);
        let whose = met.map(|(whose, known)| {
            known.alarms = true;
            known.said_alarm = true;
            whose
        });
        self.turn = self.turn.max(before);
        let listed = whose
            .as_ref()
            .and_then(|whose| self.place(whose))
            .is_some_and(|place| place.standing == Standing::Listed);
        if listed || whose.is_none() {
            self.notes.push(memory::alarmed(prefix, name, None));
        }
    }

    /// Why a device is remembered; `None` when it is not.
    pub(crate) fn standing(&self, whose: &Whose) -> Option<Standing> {
        let place = self.rooms.get(&whose.0)?.places.get(&whose.1)?;
        Some(place.standing)
    }
}
