//! What the gateway says of itself: states of its own, and presses that somebody asked for.

use tecs_protocol::event::{Device, Event, Flags, RESPONDER_HERE};
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind, Lane, ObservedKind, State};

use crate::assess;
use crate::gateway::{Gateway, at};
use crate::lane::LaneBox;
use crate::normalise::Meaning;
use crate::press_rate::Press;
use crate::status::TestCall;
use crate::time::Mono;

impl Gateway {
    /// An event of the gateway's own.
    pub(crate) fn own(&mut self, device: &str, what: What, now: Mono) {
        if let Some(meaning) = self.senses.own(device, what, now) {
            // Whether it was raised is remembered over a kill as well, whatever its lane: it is restored once.
            self.notes.extend(meaning.state.clone());
            self.raise(meaning, Press::default(), now);
        }
    }

    /// A press of the gateway's own: every one is news.
    fn own_press(&mut self, device: &str, what: What, test: bool, now: Mono) {
        let event = Event {
            device: Device {
                id: format!("gateway/{device}"),
                kind: "gateway".to_owned(),
                room: String::new(),
            },
            happened_ms: None,
            heard: self.senses.clock.pair(now),
            urgency: assess::urgency(&what),
            what,
            flags: Flags {
                test,
                ..Default::default()
            },
            raw: Vec::new(),
            folded: 1,
            last_heard: None,
        };
        let meaning = Meaning {
            lane: event.lane(true),
            event,
            state: None,
            pulse: true,
            by: None,
        };
        self.raise(meaning, Press::default(), now);
    }

    pub(crate) fn test_alarm(&mut self, now: Mono) {
        let what = What::alarm(AlarmKind::Help, Condition::Raised);
        self.own_press("test", what, true, now);
    }

    pub(crate) fn responder_here(&mut self, now: Mono) {
        let here = State::Named(RESPONDER_HERE.to_owned());
        self.own_press(
            "responder",
            What::state(ObservedKind::Button, here),
            false,
            now,
        );
    }

    /// A word that calls nobody: as far as the ledger and back.
    pub(crate) fn test_call(&mut self, why: &str, now: Mono) {
        let what = What::health(HealthKind::TestCall, Condition::Raised, why);
        let lane = Lane::Routine;
        let seq = self.lanes.get(at(lane)).map_or(0, LaneBox::next);
        self.test = Some(TestCall {
            lane,
            seq,
            accepted: false,
        });
        self.own_press("test-call", what, true, now);
    }
}
