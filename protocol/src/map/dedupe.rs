//! A radio repeats a frame so that one of them arrives: the same words of the same device soon after one another are one.
//! A press that comes later is a press of its own. Remembers prints, never words.

use std::collections::VecDeque;
use std::hash::{Hash as _, Hasher};

use super::FRAMES_MOST;
use crate::signal::{HealthOf, Measured, Seen, What};

/// A frame that is heard again and again is news once more after so many windows: a held button must not be silent
/// for ever.
const WINDOWS: u64 = 10;

/// What was heard lately.
#[derive(Debug, Default)]
pub(super) struct Frames(VecDeque<Frame>);

#[derive(Debug)]
struct Frame {
    print: u64,
    first_ms: u64,
    last_ms: u64,
}

impl Frames {
    /// True when the same was heard at most `within_ms` before.
    pub(super) fn repeats(&mut self, print: u64, within_ms: u64, now_ms: u64) -> bool {
        if let Some(frame) = self.0.iter_mut().find(|f| f.print == print) {
            let again = now_ms.saturating_sub(frame.last_ms) <= within_ms
                && now_ms.saturating_sub(frame.first_ms) <= within_ms.saturating_mul(WINDOWS);
            if !again {
                frame.first_ms = now_ms;
            }
            frame.last_ms = now_ms;
            return again;
        }
        if self.0.len() == FRAMES_MOST {
            // The oldest by its last repeat: the one that is least likely to come again.
            let oldest = self.0.iter().enumerate().min_by_key(|(_, f)| f.last_ms);
            let oldest = oldest.map_or(0, |(at, _)| at);
            self.0.remove(oldest);
        }
        self.0.push_back(Frame {
            print,
            first_ms: now_ms,
            last_ms: now_ms,
        });
        false
    }
}

/// Puts what a signal means into a frame's print.
pub(super) fn hash(what: &What, print: &mut impl Hasher) {
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
        let heard = |frames: &mut Frames, at| !frames.repeats(7, 1000, at);
        assert!(heard(&mut frames, 0));
        for at in (150..1200).step_by(150) {
            assert!(!heard(&mut frames, at), "{at}");
        }
        assert!(heard(&mut frames, 2300));
        assert!(!frames.repeats(8, 1000, 2300));
    }

    #[test]
    fn a_button_that_is_held_is_heard_again() {
        let mut frames = Frames::default();
        let news = (0..60_000)
            .step_by(500)
            .filter(|at| !frames.repeats(7, 1000, *at))
            .count();
        assert!((5..=6).contains(&news), "{news}");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut frames = Frames::default();
        for print in 0..10_000 {
            assert!(!frames.repeats(print, 1000, print));
        }
        assert_eq!(frames.0.len(), FRAMES_MOST);
    }
}
