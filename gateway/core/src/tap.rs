//! What `tap` shows: each event as it is decided, and what was ignored or refused and why. Only while somebody looks;
//! it is no effect, so that a recording replays to the same ones whether or not anybody looked.

use std::collections::VecDeque;

use tecs_protocol::event::Event;
use tecs_protocol::vocabulary::Lane;

use crate::gateway::Gateway;

/// What waits to be shown, at most; beyond it the oldest goes and is counted.
const WAITING: usize = 1_024;

/// One thing that was decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Tapped {
    /// An event has its place.
    Event {
        /// Its lane.
        lane: Lane,
        /// Its number in this run.
        seq: u64,
        /// What it says.
        event: Box<Event>,
    },
    /// An alarm that is identical to one that waits was counted there.
    Folded {
        /// What it says.
        event: Box<Event>,
    },
    /// A message led to no event.
    Ignored {
        /// Index in `Settings::sources`.
        source: usize,
        /// Why.
        why: &'static str,
        /// The beginning of the message; personal.
        raw: Vec<u8>,
    },
    /// A message, or a part of it, was not understood.
    Refused {
        /// Index in `Settings::sources`.
        source: usize,
        /// `Refusal::name`.
        name: &'static str,
        /// What exactly.
        what: String,
        /// The beginning of the message; personal.
        raw: Vec<u8>,
    },
    /// A field that nobody understands; what stands beside it may have been.
    Unmapped {
        /// Index in `Settings::sources`.
        source: usize,
        /// Its name; personal.
        field: String,
    },
    /// So many did not wait to be shown.
    Dropped(u64),
}

/// What waits to be shown.
#[derive(Debug, Default)]
pub(crate) struct Taps {
    looked_at: bool,
    waiting: VecDeque<Tapped>,
    dropped: u64,
}

impl Gateway {
    /// Somebody looks, or nobody does any more.
    pub fn look(&mut self, looked_at: bool) {
        self.senses.keep_raw = looked_at;
        self.taps.looked_at = looked_at;
        if !looked_at {
            self.taps.waiting.clear();
            self.taps.dropped = 0;
        }
    }

    /// The next thing to show.
    pub fn poll_tapped(&mut self) -> Option<Tapped> {
        match std::mem::take(&mut self.taps.dropped) {
            0 => self.taps.waiting.pop_front(),
            dropped => Some(Tapped::Dropped(dropped)),
        }
    }

    /// Somebody looks.
    pub(crate) fn is_looked_at(&self) -> bool {
        self.taps.looked_at
    }

    /// Shows this to whoever looks; made only then.
    pub(crate) fn tap(&mut self, tapped: impl FnOnce() -> Tapped) {
        if !self.taps.looked_at {
            return;
        }
        if self.taps.waiting.len() >= WAITING {
            self.taps.waiting.pop_front();
            self.taps.dropped += 1;
        }
        self.taps.waiting.push_back(tapped());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;
    use crate::{Identity, Input, Mono, Order, Recovered, Settings};
    use tecs_protocol::family::Family;

    #[test]
    fn what_is_decided_is_shown_only_while_somebody_looks_and_never_more_than_allowed() {
        let who = Identity {
            epoch: 1,
            boot_id: 1,
        };
        let mut gateway = Gateway::new(Settings::default(), who, Recovered::default(), Mono(0));
        gateway.handle(Input::Order(Order::TestAlarm), Mono(1));
        assert_eq!(gateway.poll_tapped(), None);
        gateway.look(true);
        for _ in 0..WAITING + 3 {
            gateway.handle(Input::Order(Order::TestAlarm), Mono(2));
        }
        assert_eq!(gateway.poll_tapped(), Some(Tapped::Dropped(3)));
        let Some(Tapped::Event { lane, seq, event }) = gateway.poll_tapped() else {
            panic!("no event");
        };
        // The first was raised before anybody looked.
        assert_eq!((lane, seq, event.flags.test), (Lane::Alarm, 5, true));
        gateway.look(false);
        assert_eq!(gateway.poll_tapped(), None);
    }

    #[test]
    fn what_nobody_understands_is_named_beside_what_is_understood() {
        let zigbee = Source {
            name: "zigbee".into(),
            speaks: Family::Zigbee2Mqtt,
            base: String::new(),
            map: None,
            window: 0,
        };
        let settings = Settings {
            sources: vec![zigbee],
            ..Settings::default()
        };
        let who = Identity {
            epoch: 1,
            boot_id: 1,
        };
        let mut gateway = Gateway::new(settings, who, Recovered::default(), Mono(0));
        gateway.look(true);
        let said = Input::Publish {
            source: 0,
            topic: "zigbee2mqtt/door".into(),
            payload: br#"{"contact":false,"zzz_word":"ON"}"#.to_vec().into(),
            retained: false,
            dup: false,
            packet: 0,
            token: None,
        };
        gateway.handle(said, Mono(1));
        let unmapped = Tapped::Unmapped {
            source: 0,
            field: "zzz_word".into(),
        };
        assert_eq!(gateway.poll_tapped(), Some(unmapped));
        assert!(matches!(gateway.poll_tapped(), Some(Tapped::Event { .. })));
        assert_eq!(gateway.poll_tapped(), None);
    }
}
