//! From what a device said to what it means in this home: the installer's names, mounting and purposes; a state that
//! repeats is told from a change, one field's all clear from what another still says, a press from its echo.

use tecs_protocol::event::{Device, Event, Flags, RESPONDER_HERE};
use tecs_protocol::signal::{HealthOf, Reading, Seen, Signal, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind, Lane, ObservedKind, State};

use crate::assess;
use crate::clock::Clock;
use crate::effect::Note;
use crate::known::Known;
use crate::memory;
use crate::roster::Whose;
use crate::settings::Rows;
use crate::time::Mono;
use crate::word::{About, Says, Shaped, Word};

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

impl Came {
    /// What was said may have been said before.
    pub(crate) const fn is_old(self) -> bool {
        self.retained || self.replayed
    }
}

/// What a signal came to.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It is news.
    News(Box<Meaning>),
    /// It says nothing, and why; what it leaves to be remembered all the same.
    Silent(&'static str, Option<Note>),
}

/// Why nothing came of a word that its field said before.
pub(crate) const REPEAT: &str = "repeat";
/// Why nothing came of a field's all clear.
pub(crate) const HELD: &str = "another field of this device still says so";
/// Why nothing came of a return.
const NEVER_RAISED: &str = "it was never raised";

/// Who says a word, and how it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hearing<'a> {
    /// What the installer says of the device.
    pub(crate) told: Rows<'a>,
    /// The source's name.
    pub(crate) source: &'a str,
    pub(crate) came: Came,
    /// Another field says in the same message what this one takes back.
    pub(crate) contradicted: bool,
    pub(crate) clock: &'a Clock,
    pub(crate) now: Mono,
}

impl<'a> Hearing<'a> {
    /// Of what the gateway itself says of a device of this source.
    pub(crate) fn of_ours(source: &'a str, clock: &'a Clock, now: Mono) -> Self {
        Self {
            told: Rows::default(),
            source,
            came: Came::default(),
            contradicted: false,
            clock,
            now,
        }
    }
}

/// What a signal means.
pub(crate) fn normalise(signal: Signal, known: &mut Known, hearing: Hearing<'_>) -> Heard {
    let Hearing { told, came, .. } = hearing;
    let (what, reading, shaped) = in_this_home(signal.what, signal.reading, &signal.field, told);
    // A path that was never called down is not called up, a device that nobody missed is not called found, and one that
    // nobody had to teach is not called taught.
    if there_again(&what) && known.last(&signal.field).is_none() {
        return Heard::Silent(NEVER_RAISED, None);
    }
    let is_alarm = matches!(what, What::Alarm { .. });
    known.alarms |= is_alarm;
    known.said_alarm |= is_alarm;
    let mut event = Event {
        device: Device::default(),
        happened_ms: signal.happened_ms,
        heard: hearing.clock.pair(hearing.now),
        urgency: assess::urgency(&what),
        flags: Flags {
            replayed: came.is_old(),
            redelivered: came.redelivered,
            test: signal.test,
            // The gateway's own devices are nobody's to list.
            unlisted: known.named.is_none() && !hearing.source.is_empty(),
        },
        what,
        raw: Vec::new(),
        folded: 1,
        last_heard: None,
    };
    let lane = event.lane(known.alarms);
    let repeats = match reading {
        Reading::Edge => true,
        // A press or a measurement that a broker kept is met again at every subscription.
        Reading::Pulse | Reading::Sample => came.retained,
    };
    let state = if repeats {
        let word = Word::of(&event.what, reading, event.happened_ms, shaped);
        let names = (signal.device.as_str(), signal.field.as_str());
        match remember(word, names, lane, known, hearing) {
            Ok(state) => state,
            Err((why, state)) => return Heard::Silent(why, state),
        }
    } else {
        None
    };
    if let Some(kind) = raised(&event.what) {
        known.risen(kind);
    }
    event.device.clone_from(&known.device);
    Heard::News(Box::new(Meaning {
        event,
        lane,
        state,
        pulse: reading == Reading::Pulse,
        by: None,
    }))
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

/// Remembers a field's word: the note of it where it is news, else why it is none.
fn remember(
    word: Word,
    (device, field): (&str, &str),
    lane: Lane,
    known: &mut Known,
    hearing: Hearing<'_>,
) -> Result<Option<Note>, (&'static str, Option<Note>)> {
    let Hearing { came, now, .. } = hearing;
    let says = word.says();
    let rises = match says {
        Some(Says::Alarm(kind, Condition::Raised)) => Some(*kind),
        _ => None,
    };
    let clears = says.filter(|says| says.lets_go()).map(Says::about);
    let is_health = matches!(says, Some(Says::Health(..)));
    let holds = word.holds();
    let learned = known.learn(field, word);
    if !learned.news {
        let live = !came.is_old() && !came.redelivered;
        // A responder has closed the alarm that the device goes on to say.
        let anew = live && rises.is_some_and(|kind| known.rises_anew(kind, now));
        if !anew {
            return Err((REPEAT, None));
        }
    }
    let word = known.last(field);
    let state = match lane {
        Lane::Alarm => word.map(|word| memory::state(hearing.source, device, field, Some(word))),
        Lane::Routine if is_health && (holds || learned.held) => {
            let holding = word.filter(|_| holds);
            Some(memory::holds(hearing.source, device, field, holding))
        }
        Lane::Vital | Lane::Routine => None,
    };
    let Some(about) = clears else {
        return Ok(state);
    };
    if hearing.contradicted || known.is_held_beside(field, about) {
        return Err((HELD, state));
    }
    Ok(state)
}

/// What alarm is raised.
pub(crate) const fn raised(what: &What) -> Option<AlarmKind> {
    match what {
        What::Alarm {
            kind,
            condition: Condition::Raised,
            ..
        } => Some(*kind),
        _ => None,
    }
}

/// Which signals of a message clear what another field of the same device says to stand in the same breath, in whatever
/// order the message says them.
pub(crate) fn contradicted<'t>(signals: &[Signal], told: impl Fn(&str) -> Rows<'t>) -> Vec<usize> {
    if signals.len() < 2 {
        return Vec::new();
    }
    let edges = signals.iter().enumerate();
    let edges = edges.filter(|(_, signal)| signal.reading == Reading::Edge);
    let said: Vec<(usize, &Signal, Says)> = edges
        .filter_map(|(n, signal)| {
            let told = told(&signal.device);
            let says = if told.shapes(&signal.field) {
                let what = signal.what.clone();
                let (what, ..) = in_this_home(what, signal.reading, &signal.field, told);
                Says::of(&what)
            } else {
                Says::of(&signal.what)
            };
            says.map(|says| (n, signal, says))
        })
        .collect();
    let clears = said.iter().filter(|(_, _, says)| says.lets_go());
    clears
        .filter(|(_, signal, says)| {
            said.iter().any(|(_, other, stands)| {
                stands.holds()
                    && stands.about() == says.about()
                    && other.device == signal.device
                    && other.field != signal.field
            })
        })
        .map(|(n, ..)| *n)
        .collect()
}

/// True when a word of an earlier run means today what it meant then: its device's row has not been changed since.
pub(crate) fn still_means(word: &Word, field: &str, told: Rows<'_>) -> bool {
    let Word::State(says, shaped) = word else {
        return true;
    };
    let purpose = |from: ObservedKind| {
        let alarm = told.raises(from).map(About::Alarm);
        alarm == Some(says.about())
    };
    shaped.inverted == told.inverts(field) && shaped.from.is_none_or(purpose)
}

/// What the installer knows better than the device.
fn in_this_home(
    what: What,
    reading: Reading,
    field: &str,
    told: Rows<'_>,
) -> (What, Reading, Shaped) {
    let mut shaped = Shaped {
        inverted: told.inverts(field),
        from: None,
    };
    let what = if shaped.inverted {
        inverted(what)
    } else {
        what
    };
    let What::Observed {
        kind,
        seen: Seen::State(state),
    } = &what
    else {
        return (what, reading, shaped);
    };
    if *kind == ObservedKind::Button && told.responder_here() {
        let here = State::Named(RESPONDER_HERE.to_owned());
        return (What::state(*kind, here), Reading::Pulse, shaped);
    }
    match told.raises(*kind) {
        Some(alarm) => {
            shaped.from = Some(*kind);
            (purpose(alarm, state), reading, shaped)
        }
        None => (what, reading, shaped),
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
