//! A radio repeats a frame so that one of them arrives: what a field says again soon after it has said it is one word. A
//! field that has said something else since then says it anew, however soon: ON, OFF, ON are three words. Remembers prints,
//! never words.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher};

use super::FRAMES_MOST;
use crate::signal::{HealthOf, Measured, Reading, Seen, Signal, What};

/// A word that is heard again and again is news once more after so many windows: a held button must not be silent
/// for ever.
const WINDOWS: u64 = 10;

/// What was heard lately, by a print of what it is about: a field of a device, or a frame that has a name of its own.
#[derive(Debug, Default)]
pub(super) struct Frames(BTreeMap<u64, Frame>);

#[derive(Debug)]
struct Frame {
    /// A print of its last word.
    word: u64,
    first_ms: u64,
    last_ms: u64,
    within_ms: u64,
}

impl Frame {
    /// True when it is too old to make a repeat of anything.
    const fn is_over(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.last_ms) > self.within_ms
    }
}

/// A message whose words may be repeats.
#[derive(Debug)]
pub(super) struct Heard {
    /// Its rule, and the values that name its frame.
    pub(super) name: DefaultHasher,
    /// It has such values: two words of one frame are not two words of one field.
    pub(super) named: bool,
    pub(super) within_ms: u64,
    pub(super) now_ms: u64,
}

impl Heard {
    /// Prints of what a signal is about and of what it says.
    fn prints(&self, signal: &Signal) -> (u64, u64) {
        let mut about = self.name.clone();
        (&signal.device, &signal.field, signal.test).hash(&mut about);
        let mut word = DefaultHasher::new();
        hash(&signal.what, &mut word);
        let word = word.finish();
        if self.named {
            word.hash(&mut about);
        }
        (about.finish(), word)
    }
}

impl Frames {
    /// True when this was the last word about it, at most `within_ms` before.
    pub(super) fn repeats(&mut self, about: u64, word: u64, within_ms: u64, now_ms: u64) -> bool {
        if let Some(frame) = self.0.get_mut(&about) {
            let again = frame.word == word
                && now_ms.saturating_sub(frame.last_ms) <= within_ms
                && now_ms.saturating_sub(frame.first_ms) <= within_ms.saturating_mul(WINDOWS);
            if !again {
                frame.first_ms = now_ms;
            }
            frame.word = word;
            frame.last_ms = now_ms;
            frame.within_ms = within_ms;
            return again;
        }
        if self.0.len() >= FRAMES_MOST {
            self.make_room(now_ms);
        }
        let frame = Frame {
            word,
            first_ms: now_ms,
            last_ms: now_ms,
            within_ms,
        };
        self.0.insert(about, frame);
        false
    }

    /// Takes out of what a message says the presses that are repeats, or, where it says nothing else than
    /// repeats, everything; true in that case. What it
    /// says of one field is one word of it, however often that stands there.
    pub(super) fn only_repeats(&mut self, frame: &Heard, signals: &mut Vec<Signal>) -> bool {
        let before = signals.len();
        let mut said: Vec<(u64, u64)> = Vec::with_capacity(before);
        let abouts: Vec<u64> = signals
            .iter()
            .map(|signal| {
                let (about, word) = frame.prints(signal);
                match said.iter_mut().find(|(met, _)| *met == about) {
                    Some((_, words)) => *words = words.rotate_left(1) ^ word,
                    None => said.push((about, word)),
                }
                about
            })
            .collect();
        said.retain(|(about, word)| !self.repeats(*about, *word, frame.within_ms, frame.now_ms));
        if said.is_empty() {
            signals.clear();
            return before > 0;
        }
        // Beside news a measurement is one all the same, and a state that repeats is known for one; a press is not.
        let mut abouts = abouts.into_iter();
        signals.retain(|signal| {
            let about = abouts.next();
            signal.reading != Reading::Pulse || said.iter().any(|(news, _)| Some(*news) == about)
        });
        false
    }

    /// What is over is forgotten; when nothing is, the oldest by its last repeat: the one that is least likely to come
    /// again. What is forgotten too soon is news once more, never lost.
    fn make_room(&mut self, now_ms: u64) {
        self.0.retain(|_, frame| !frame.is_over(now_ms));
        if self.0.len() >= FRAMES_MOST {
            let oldest = self.0.iter().min_by_key(|(_, frame)| frame.last_ms);
            if let Some(about) = oldest.map(|(about, _)| *about) {
                self.0.remove(&about);
            }
        }
    }
}

/// Puts what a signal means into a word's print.
fn hash(what: &What, print: &mut impl Hasher) {
    std::mem::discriminant(what).hash(print);
    match what {
        What::Alarm {
            kind,
            condition,
            raw_code,
        } => (kind, condition, raw_code).hash(print),
        What::Vital { kind, reading } => match reading {
            Measured::Value {
                value,
                questionable,
            } => (kind, value.to_bits(), questionable).hash(print),
            Measured::Beyond(said) => (kind, said.to_bits()).hash(print),
            Measured::Missing(why) => (kind, why).hash(print),
        },
        What::Observed { kind, seen } => match seen {
            Seen::State(state) => (kind, state).hash(print),
            Seen::Value(value) => (kind, value.to_bits()).hash(print),
        },
        What::Health { kind, of, detail } => match of {
            HealthOf::Condition(condition) => (kind, condition, detail).hash(print),
            HealthOf::Value(value) => (kind, value.to_bits(), detail).hash(print),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_frames_are_one_and_a_second_press_is_another() {
        let mut frames = Frames::default();
        let heard = |frames: &mut Frames, at| !frames.repeats(7, 1, 1000, at);
        assert!(heard(&mut frames, 0));
        for at in (150..1200).step_by(150) {
            assert!(!heard(&mut frames, at), "{at}");
        }
        assert!(heard(&mut frames, 2300));
        assert!(!frames.repeats(8, 1, 1000, 2300));
    }

    #[test]
    fn a_word_is_no_repeat_once_another_was_said_of_the_same() {
        let mut frames = Frames::default();
        let words = [1, 1, 2, 2, 1, 1, 2];
        let news: Vec<bool> = (0..)
            .step_by(100)
            .zip(words)
            .map(|(at, word)| !frames.repeats(7, word, 1000, at))
            .collect();
        assert_eq!(news, [true, false, true, false, true, false, true]);
    }

    #[test]
    fn a_button_that_is_held_is_heard_again() {
        let mut frames = Frames::default();
        let news = (0..60_000)
            .step_by(500)
            .filter(|at| !frames.repeats(7, 1, 1000, *at))
            .count();
        assert!((5..=6).contains(&news), "{news}");
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_over_goes_first() {
        let mut frames = Frames::default();
        for print in 0..10_000 {
            assert!(!frames.repeats(print, 1, 1000, print));
            assert!(frames.0.len() <= FRAMES_MOST);
        }
        assert!(!frames.repeats(1, 1, 60_000, 20_000));
        assert_eq!(frames.0.len(), 1);
        assert!(frames.repeats(1, 1, 60_000, 70_000));
    }
}
