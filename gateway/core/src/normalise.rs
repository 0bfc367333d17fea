//! From what a device said to what it means in this home: the installer's names, mounting and purposes; a state that
//! repeats is told from a change, a press from its echo.

use tecs_protocol::event::{Event, Flags, RESPONDER_HERE};
use tecs_protocol::signal::{HealthOf, Reading, Seen, Signal, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind, Lane, ObservedKind, State};

use crate::assess;
use crate::clock::Clock;
use crate::effect::Note;
use crate::known::Known;
use crate::memory;
use crate::roster::Whose;
use crate::settings;
use crate::time::Mono;

/// An event with the lane it goes in and the note that makes its state survive.
#[derive(Debug)]
pub(crate) struct Meaning {
    pub(crate) event: Event,
    pub(crate) lane: Lane,
    /// Set for a state that repeats.
    pub(crate) state: Option<Note>,
    pub(crate) pulse: bool,
    /// Whose word it is; `None` of a device without a place, and of the gateway's own presses.
    pub(crate) by: Option<Whose>,
}

impl Meaning {
    /// Whether a repeat of it is told from news by what the journal remembers alone.
    pub(crate) fn must_be_known(&self) -> bool {
        self.pulse || self.lane == Lane::Alarm
    }
}

/// In whose care a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Care {
    /// In ours alone, from the moment it is read.
    #[default]
    Ours,
    /// Its source keeps it until we say that it is safe.
    Shared,
}

impl Care {
    /// By whether its source waits for our answer.
    pub(crate) const fn of(answerable: bool) -> Self {
        if answerable { Self::Shared } else { Self::Ours }
    }
}

/// How a message came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Came {
    pub(crate) retained: bool,
    pub(crate) replayed: bool,
    pub(crate) redelivered: bool,
    pub(crate) care: Care,
}

/// What a signal means; `None` when it repeats what is known.
pub(crate) fn normalise(
    signal: Signal,
    known: &mut Known,
    told: Option<&settings::Device>,
    source: &str,
    came: Came,
    clock: &Clock,
    now: Mono,
) -> Option<Meaning> {
    let Signal {
        device,
        field,
        reading,
        what,
        happened_ms,
        test,
        ..
    } = signal;
    let (what, reading) = match told {
        Some(told) => in_this_home(what, reading, &field, told),
        None => (what, reading),
    };
    let old = came.retained || came.replayed;
    let repeats = match reading {
        Reading::Edge => true,
        // A press or a measurement that a broker kept is met again at every subscription.
        Reading::Pulse | Reading::Sample => came.retained,
    };
    // A path that was never called down is not called up, a device that nobody missed is not called found, and one that
    // nobody had to teach is not called taught.
    if there_again(&what) && known.last(&field).is_none() {
        return None;
    }
    if repeats && !known.learn(&field, &word(&what, reading, happened_ms)) {
        return None;
    }
    known.alarms |= matches!(what, What::Alarm { .. });
    let event = Event {
        device: known.device.clone(),
        happened_ms,
        heard: clock.pair(now),
        urgency: assess::urgency(&what),
        flags: Flags {
            replayed: old,
            redelivered: came.redelivered,
            test,
            unlisted: known.named.is_none(),
        },
        what,
        raw: Vec::new(),
        folded: 1,
    };
    let lane = event.lane(known.alarms);
    let state = repeats.then(|| {
        let word = known.last(&field).unwrap_or_default();
        memory::state(source, &device, &field, word)
    });
    Some(Meaning {
        event,
        lane,
        state,
        pulse: reading == Reading::Pulse,
        by: None,
    })
}

/// A path is open, a device is there, or one is taught.
pub(crate) fn there_again(what: &What) -> bool {
    matches!(
        what,
        What::Health {
            kind: HealthKind::Path | HealthKind::Missing | HealthKind::Untaught,
            of: HealthOf::Condition(Condition::Restored),
            ..
        }
    )
}

/// The words by which a state is told from the next one of its field. A press or a measurement that a broker kept is
/// told by its time as well: the same press met again is old, a second one is not.
fn word(what: &What, reading: Reading, happened_ms: Option<i64>) -> String {
    let plain = match what {
        What::Alarm {
            kind, condition, ..
        } => format!("{kind} {condition}"),
        What::Observed { kind, seen } => match seen {
            Seen::State(state) => format!("{kind} {}", state.word()),
            Seen::Value(value) => format!("{kind} {value}"),
        },
        What::Vital { kind, reading } => format!("{kind} {reading:?}"),
        What::Health { kind, of, .. } => match of {
            HealthOf::Condition(condition) => format!("{kind} {condition}"),
            HealthOf::Value(value) => format!("{kind} {value}"),
        },
    };
    match (reading, happened_ms) {
        (Reading::Edge, _) | (_, None) => plain,
        (Reading::Pulse | Reading::Sample, Some(at)) => format!("{plain} {at}"),
    }
}

/// What the installer knows better than the device.
fn in_this_home(
    what: What,
    reading: Reading,
    field: &str,
    told: &settings::Device,
) -> (What, Reading) {
    let what = if told.invert.iter().any(|f| f == field) {
        inverted(what)
    } else {
        what
    };
    let What::Observed {
        kind,
        seen: Seen::State(state),
    } = &what
    else {
        return (what, reading);
    };
    if told.responder_here && *kind == ObservedKind::Button {
        let here = State::Named(RESPONDER_HERE.to_owned());
        return (What::state(*kind, here), Reading::Pulse);
    }
    match told.raises.iter().find(|(from, _)| from == kind) {
        Some((_, alarm)) => (purpose(*alarm, state), reading),
        None => (what, reading),
    }
}

/// An observed state that is an alarm in this home.
fn purpose(alarm: AlarmKind, state: &State) -> What {
    let condition = match state {
        State::Clear | State::Closed | State::Locked | State::Taken => Condition::Restored,
        State::Open
        | State::Active
        | State::Unlocked
        | State::Single
        | State::Double
        | State::Long
        | State::Reminder
        | State::Named(_) => Condition::Raised,
    };
    What::alarm(alarm, condition)
}

fn inverted(what: What) -> What {
    let other = |condition| match condition {
        Condition::Raised => Condition::Restored,
        Condition::Restored => Condition::Raised,
        Condition::Cancelled => Condition::Cancelled,
    };
    match what {
        What::Alarm {
            kind,
            condition,
            raw_code,
        } => What::Alarm {
            kind,
            condition: other(condition),
            raw_code,
        },
        What::Observed {
            kind,
            seen: Seen::State(state),
        } => What::state(kind, state.inverted()),
        What::Health {
            kind,
            of: HealthOf::Condition(condition),
            detail,
        } => What::health(kind, other(condition), detail),
        same @ (What::Vital { .. }
        | What::Observed {
            seen: Seen::Value(_),
            ..
        }
        | What::Health {
            of: HealthOf::Value(_),
            ..
        }) => same,
    }
}
