//! Presses on their way to records: counted where a device presses more than the minute allows, remembered until they
//! are answered, forgotten a while after. What the rule is stands in `press_rate`, what is remembered in `presses`.

use tecs_protocol::event::{Event, RESPONDER_HERE};
use tecs_protocol::hub::v1;
use tecs_protocol::signal::{Seen, What};
use tecs_protocol::vocabulary::{Lane, ObservedKind, State};

use crate::custody::Owner;
use crate::effect::{Effect, Note, Noteworthy};
use crate::gateway::{Gateway, at};
use crate::normalise::Meaning;
use crate::press_rate::{Alarm, Press, Pressed, Taken};
use crate::taking::Entering;
use crate::tap::Tapped;
use crate::time::Mono;

impl Gateway {
    /// What a device meant: a press of the alarm lane goes by the rule of the press rate, all else is a record at once.
    /// What was counted before a word of another condition becomes a record before it.
    pub(crate) fn meant(&mut self, index: usize, meaning: Meaning, press: Press, now: Mono) {
        let is_press = is_counted(&meaning);
        if meaning.lane == Lane::Alarm {
            for pressed in self.press_rate.before(index, &meaning.event, is_press, now) {
                self.record(&pressed, now);
            }
        }
        if !is_press {
            let word = press.word.filter(|_| meaning.must_be_known());
            return self.raise(meaning, Press { word, ..press }, now);
        }
        self.counters.raised += 1;
        if let Some(by) = &meaning.by {
            let owed = press.owner.map(|owner| owner.id);
            self.senses.roster.told(by, owed, &meaning.event);
        }
        self.depends(press.owner);
        let (settings, event) = (&self.settings, (meaning.event, meaning.by));
        let shown = self.is_looked_at().then(|| event.0.clone());
        match self.press_rate.press(settings, index, event, press, now) {
            Taken::Record(pressed) => {
                for earlier in self.press_rate.earlier(&pressed, now) {
                    self.record(&earlier, now);
                }
                self.record(&pressed, now);
            }
            Taken::Waits => {}
            Taken::Counted => {
                self.counters.folded += 1;
                if let Some(event) = shown {
                    self.tap(|| Tapped::Folded {
                        event: Box::new(event),
                    });
                }
            }
        }
    }

    /// Presses become one record; whoever waits for them waits for it.
    fn record(&mut self, pressed: &Pressed, now: Mono) {
        let lane = Lane::Alarm;
        self.effects.push_back(Effect::Note(Noteworthy::Raised {
            lane,
            urgency: pressed.event.urgency,
        }));
        let entering = Entering {
            lane,
            event: pressed.event.clone(),
            notes: Vec::new(),
            storm: pressed.storm,
            by: pressed.by.clone(),
        };
        let seq = self.enter(entering, &pressed.presses, now);
        if let Some(seq) = seq {
            self.press_rate.named(pressed, seq);
        }
    }

    /// Counted presses whose second is over, whose broker is about to stop, or that the end finds, become records.
    pub(crate) fn end_seconds(&mut self, now: Mono) {
        let mut due = self.press_rate.due_by(now);
        if self.press_rate.due().is_some() {
            for (index, source) in self.sources.iter().enumerate() {
                let told = self.settings.sources.get(index).map_or(0, |s| s.window);
                let waiting = self.press_rate.presses_of(index);
                let stops = told > 0 && source.custody.is_pressed(told, waiting);
                if stops || self.stopping.is_asked() {
                    due.extend(self.press_rate.of_source(index, now));
                }
            }
        }
        for pressed in due {
            self.record(&pressed, now);
        }
    }

    /// The hub says how far an alarm has come: no press before that is counted with one after it.
    pub(crate) fn staged(&mut self, endpoint: usize, stage: &v1::Stage, now: Mono) {
        let Some(name) = &stage.name else { return };
        let of = self.home.of(name.epoch, name.seq);
        let of = of.map(|(device, test)| (device.to_owned(), test));
        let alarm = match &of {
            _ if name.epoch == self.who.epoch => Alarm::Ours(name.seq),
            Some((device, test)) => Alarm::Earlier {
                device,
                test: *test,
            },
            None => return,
        };
        for pressed in self.press_rate.staged(endpoint, stage, alarm, now) {
            self.record(&pressed, now);
        }
        if let Some((device, _)) = of
            && let Some(lane) = self.lanes.get_mut(at(Lane::Alarm))
        {
            lane.unfold(&device);
        }
    }

    pub(crate) fn depends(&mut self, owner: Option<Owner>) {
        if let Some(owner) = owner
            && let Some(source) = self.sources.get_mut(owner.source)
        {
            source.custody.depends(owner.id);
        }
    }

    /// The journal is to know these presses again, should they come again after a kill: notes for the page of the record
    /// that holds them.
    pub(crate) fn remember_presses(&mut self, lane: Lane, presses: &[Press]) -> Vec<Note> {
        let Some(Owner { source: index, .. }) = presses.iter().find_map(|press| press.owner) else {
            return Vec::new();
        };
        let (Some(source), Some(told)) = (
            self.sources.get_mut(index),
            self.settings.sources.get(index),
        ) else {
            return Vec::new();
        };
        // One message may have led to several records: the first remembers it.
        let mut ids = Vec::new();
        let mut words = Vec::new();
        for press in presses {
            if let (Some(owner), Some(word)) = (press.owner, press.word)
                && source.custody.is_not_remembered(owner.id)
            {
                ids.push(owner.id);
                words.push(word);
            }
        }
        if words.is_empty() {
            return Vec::new();
        }
        let run = (told.name.as_str(), self.who.epoch, lane);
        let (notes, number) = source.presses.remember(run, words);
        if let Some(number) = number {
            for id in ids {
                source.custody.remembered(id, number);
            }
        }
        notes
    }

    /// Presses that were answered a while ago leave the journal.
    pub(crate) fn forget_presses(&mut self, now: Mono) {
        for source in &mut self.sources {
            for (lane, note) in source.presses.forget(now) {
                if let Some(notes) = self.forgotten.get_mut(at(lane)) {
                    notes.push(note);
                }
            }
        }
    }

    /// The connection of a source is gone, or its session too.
    pub(crate) fn suspend(&mut self, index: usize, session_lost: bool, now: Mono) {
        let Some(source) = self.sources.get_mut(index) else {
            return;
        };
        let mut gone = source.custody.suspend();
        if session_lost {
            gone.extend(source.custody.forget_suspended());
            source.presses.session_lost();
        }
        for number in gone {
            source.presses.answered(number, now);
        }
    }
}

/// Whether the rule of the press rate holds: for presses of the alarm lane and for every alarm of a device without a
/// place, of which no state is remembered; but never for a responder's press, and not for one that a broker kept, which is
/// known again by its state.
fn is_counted(meaning: &Meaning) -> bool {
    let press = meaning.pulse && meaning.state.is_none();
    (press || meaning.by.is_none())
        && meaning.lane == Lane::Alarm
        && !is_responder_here(&meaning.event)
}

/// A responder says that they have come: each is told by itself.
pub(crate) fn is_responder_here(event: &Event) -> bool {
    matches!(
        &event.what,
        What::Observed {
            kind: ObservedKind::Button,
            seen: Seen::State(State::Named(name)),
        } if name == RESPONDER_HERE
    )
}
