//! What a radio without answers says again: frames that it repeats so that one of them arrives, and a state that it
//! repeats while it lasts. It decides what is heard twice, never what it means.

use std::collections::VecDeque;

use crate::signal::{Message, Reading, Seen, Signal, What};
use crate::vocabulary::{AlarmKind, Condition, State};

/// The most devices' words that are remembered; the oldest goes first, and what it says next is news.
const MOST: usize = 1024;

/// An alarm that is said again within this long of its last word is the same alarm, ms: some detectors repeat while it
/// burns and never say that it is out. Ours, as the tables of `map` have it.
const LASTS_MS: u64 = 30_000;

/// What was heard of one field.
#[derive(Debug)]
struct Last {
    key: String,
    word: String,
    at_ms: u64,
}

/// The memory of one radio.
#[derive(Debug)]
pub(super) struct Echo {
    /// A press that is heard again within this long is the same press, ms.
    press_ms: u64,
    heard: VecDeque<Last>,
}

impl Echo {
    /// Of a radio that repeats a press for at most this long.
    pub(super) const fn new(press_ms: u64) -> Self {
        Self {
            press_ms,
            heard: VecDeque::new(),
        }
    }

    /// The message without what it only repeats.
    pub(super) fn sift(&mut self, mut message: Message, now_ms: u64) -> Message {
        let said = message.signals.len();
        message
            .signals
            .retain(|signal| !self.is_again(signal, now_ms));
        if said > 0 && message.signals.is_empty() {
            message.ignored = Some("repeat");
        }
        message
    }

    /// True of a press that is still being repeated, an alarm that lasts, and the end of one that has ended already. A
    /// state (edge) and a measurement are for others to judge.
    fn is_again(&mut self, signal: &Signal, now_ms: u64) -> bool {
        if signal.reading != Reading::Pulse {
            return false;
        }
        let key = format!("{}\n{}", signal.device, signal.field);
        let (word, within_ms) = match &signal.what {
            What::Alarm {
                kind: AlarmKind::Help | AlarmKind::Panic | AlarmKind::Fall,
                condition: Condition::Raised,
                ..
            } => (Condition::Raised.word(), self.press_ms),
            What::Alarm {
                condition: Condition::Raised,
                ..
            } => (Condition::Raised.word(), LASTS_MS),
            What::Alarm { condition, .. } => (condition.word(), u64::MAX),
            What::Observed {
                seen: Seen::State(state),
                ..
            } => match state {
                State::Active => (state.word(), LASTS_MS),
                State::Clear => (state.word(), u64::MAX),
                _ => (state.word(), self.press_ms),
            },
            What::Observed { .. } | What::Vital { .. } | What::Health { .. } => return false,
        };
        let found = self.heard.iter().position(|last| last.key == key);
        let before = found.and_then(|n| self.heard.remove(n));
        let again = before
            .is_some_and(|last| last.word == word && now_ms.saturating_sub(last.at_ms) < within_ms);
        if self.heard.len() >= MOST {
            self.heard.pop_front();
        }
        self.heard.push_back(Last {
            key,
            word: word.to_owned(),
            at_ms: now_ms,
        });
        again
    }
}
