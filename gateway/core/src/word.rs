//! What a field said last, typed: by it a state is told from the next one of its field, and one field's all clear from
//! what another still says. The one place where it is written for the journal and read from it.

use std::fmt;

use tecs_protocol::signal::{HealthOf, Reading, Seen, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind, ObservedKind, State};

/// What stands in the journal of a state whose row says that it is the wrong way round.
const INVERTED: &str = "inverted";
/// What stands in the journal before the observed kind that a row makes an alarm of.
const AS: &str = "as";

/// A state that lasts until its field says another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Says {
    Alarm(AlarmKind, Condition),
    Health(HealthKind, Condition),
    Observed(ObservedKind, State),
}

/// What a state is about: fields of one device that share it are told as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    Alarm(AlarmKind),
    Health(HealthKind),
    Observed(ObservedKind),
}

/// What the installer's row made of the device's own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shaped {
    /// It said the opposite.
    pub(crate) inverted: bool,
    /// It was observed, and is an alarm in this home.
    pub(crate) from: Option<ObservedKind>,
}

/// The last word of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Word {
    /// A state.
    State(Says, Shaped),
    /// A press or a measurement that a broker kept, with its time where it has one; or what this version cannot name.
    Once(String),
}

impl Says {
    pub(crate) const fn about(&self) -> About {
        match self {
            Self::Alarm(kind, _) => About::Alarm(*kind),
            Self::Health(kind, _) => About::Health(*kind),
            Self::Observed(kind, _) => About::Observed(*kind),
        }
    }

    /// It is a word of an alarm's.
    pub(crate) const fn is_of_an_alarm(&self) -> bool {
        matches!(self, Self::Alarm(..))
    }

    /// It stands: raised, open, active. While one field says so, no other of its device takes it back.
    pub(crate) const fn holds(&self) -> bool {
        match self {
            Self::Alarm(_, condition) | Self::Health(_, condition) => {
                matches!(condition, Condition::Raised)
            }
            Self::Observed(_, state) => {
                matches!(state, State::Open | State::Active | State::Unlocked)
            }
        }
    }

    /// It is over by itself: restored, closed, clear. A person's cancel is an act, and so is a dose that was taken.
    pub(crate) const fn lets_go(&self) -> bool {
        match self {
            Self::Alarm(_, condition) | Self::Health(_, condition) => {
                matches!(condition, Condition::Restored)
            }
            Self::Observed(_, state) => {
                matches!(state, State::Closed | State::Clear | State::Locked)
            }
        }
    }

    /// What an event says, where that is a state.
    pub(crate) fn of(what: &What) -> Option<Self> {
        match what {
            What::Alarm {
                kind, condition, ..
            } => Some(Self::Alarm(*kind, *condition)),
            What::Health {
                kind,
                of: HealthOf::Condition(condition),
                ..
            } => Some(Self::Health(*kind, *condition)),
            What::Observed {
                kind,
                seen: Seen::State(state),
            } => Some(Self::Observed(*kind, state.clone())),
            What::Health { .. } | What::Observed { .. } | What::Vital { .. } => None,
        }
    }

    fn read(kind: &str, state: &str) -> Option<Self> {
        if let Some(kind) = ObservedKind::from_word(kind) {
            return State::of(kind, state).map(|state| Self::Observed(kind, state));
        }
        let condition = Condition::from_word(state)?;
        let alarm = AlarmKind::from_word(kind).map(|kind| Self::Alarm(kind, condition));
        alarm.or_else(|| HealthKind::from_word(kind).map(|kind| Self::Health(kind, condition)))
    }
}

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alarm(kind, condition) => write!(f, "{kind} {condition}"),
            Self::Health(kind, condition) => write!(f, "{kind} {condition}"),
            Self::Observed(kind, state) => write!(f, "{kind} {}", state.word()),
        }
    }
}

impl Word {
    /// The word that an event leaves behind. A press or a measurement that a broker kept is told by its time as well: the
    /// same press met again is old, a second one is not.
    pub(crate) fn of(
        what: &What,
        reading: Reading,
        happened_ms: Option<i64>,
        shaped: Shaped,
    ) -> Self {
        let says = Says::of(what);
        if reading == Reading::Edge
            && let Some(says) = says
        {
            return Self::State(says, shaped);
        }
        let plain = match (says, what) {
            (Some(says), _) => says.to_string(),
            (None, What::Vital { kind, reading }) => format!("{kind} {reading:?}"),
            (None, What::Observed { kind, seen }) => match seen {
                Seen::Value(value) => format!("{kind} {value}"),
                Seen::State(state) => format!("{kind} {}", state.word()),
            },
            (None, What::Health { kind, of, .. }) => match of {
                HealthOf::Value(value) => format!("{kind} {value}"),
                HealthOf::Condition(condition) => format!("{kind} {condition}"),
            },
            (None, What::Alarm { kind, .. }) => kind.to_string(),
        };
        Self::Once(match happened_ms.filter(|_| reading != Reading::Edge) {
            Some(at) => format!("{plain} {at}"),
            None => plain,
        })
    }

    /// As the journal has it; what is no state of this version is kept as it stands.
    pub(crate) fn read(text: &str) -> Self {
        Self::state(text).unwrap_or_else(|| Self::Once(text.to_owned()))
    }

    fn state(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ')?;
        // A button's own name for what was done to it is a press, whatever it looks like.
        if ObservedKind::from_word(kind) == Some(ObservedKind::Button) {
            return None;
        }
        let mut rest = rest.split(' ');
        let says = Says::read(kind, rest.next()?)?;
        let mut shaped = Shaped::default();
        while let Some(part) = rest.next() {
            match part {
                INVERTED => shaped.inverted = true,
                AS => shaped.from = Some(ObservedKind::from_word(rest.next()?)?),
                _ => return None,
            }
        }
        Some(Self::State(says, shaped))
    }

    /// The state, where it is one.
    pub(crate) const fn says(&self) -> Option<&Says> {
        match self {
            Self::State(says, _) => Some(says),
            Self::Once(_) => None,
        }
    }

    /// It stands, as [`Says::holds`].
    pub(crate) fn holds(&self) -> bool {
        self.says().is_some_and(Says::holds)
    }

    /// True of two words between which nothing happened.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::State(one, _), Self::State(other, _)) => one == other,
            (Self::Once(one), Self::Once(other)) => one == other,
            // A press without a time is read back from the journal as a state.
            (Self::State(says, _), Self::Once(text)) | (Self::Once(text), Self::State(says, _)) => {
                *text == says.to_string()
            }
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once(text) => f.write_str(text),
            Self::State(says, shaped) => {
                write!(f, "{says}")?;
                if shaped.inverted {
                    write!(f, " {INVERTED}")?;
                }
                match shaped.from {
                    Some(kind) => write!(f, " {AS} {kind}"),
                    None => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tecs_protocol::signal::Measured;

    /// What the journals of the versions before this one hold, and what it stands for.
    #[test]
    fn words_of_earlier_journals_are_read_as_what_they_were() {
        let flood = Says::Alarm(AlarmKind::Flood, Condition::Raised);
        let low = Says::Health(HealthKind::BatteryLow, Condition::Restored);
        let open = Says::Observed(ObservedKind::Contact, State::Open);
        for (text, says) in [
            ("flood raised", Some(flood)),
            ("battery_low restored", Some(low)),
            ("contact open", Some(open)),
            ("button single 1790000000000", None),
            ("button raised", None),
            ("help raised 1790000000000", None),
            ("temperature 21.5", None),
            ("spo2 Value { value: 97.0, questionable: false }", None),
            ("a later kind raised", None),
            ("", None),
        ] {
            let word = Word::read(text);
            assert_eq!(word.says(), says.as_ref(), "{text}");
            assert_eq!(word.to_string(), text, "it is written as it was");
        }
    }

    #[test]
    fn every_state_is_read_back_from_what_is_written_of_it() {
        let conditions = [Condition::Raised, Condition::Restored, Condition::Cancelled];
        let alarms = AlarmKind::ALL
            .iter()
            .flat_map(|kind| conditions.map(|c| Says::Alarm(*kind, c)));
        let health = HealthKind::ALL
            .iter()
            .flat_map(|kind| conditions.map(|c| Says::Health(*kind, c)));
        let words = [
            "open", "closed", "active", "clear", "taken", "reminder", "locked", "unlocked",
        ];
        let observed = ObservedKind::ALL
            .iter()
            .filter(|kind| **kind != ObservedKind::Button);
        let observed = observed.flat_map(|kind| {
            let states = words.iter().filter_map(|word| State::of(*kind, word));
            states
                .map(|state| Says::Observed(*kind, state))
                .collect::<Vec<_>>()
        });
        for says in alarms.chain(health).chain(observed) {
            for shaped in [
                Shaped::default(),
                Shaped {
                    inverted: true,
                    from: None,
                },
                Shaped {
                    inverted: true,
                    from: Some(ObservedKind::Contact),
                },
                Shaped {
                    inverted: false,
                    from: Some(ObservedKind::Bed),
                },
            ] {
                let word = Word::State(says.clone(), shaped);
                let Word::State(back, how) = Word::read(&word.to_string()) else {
                    panic!("{word} is no state when it is read back");
                };
                assert_eq!((back, how), (says.clone(), shaped));
            }
        }
    }

    #[test]
    fn a_press_that_a_broker_kept_is_told_from_the_next_by_its_time_and_holds_nothing() {
        let press = What::alarm(AlarmKind::Help, Condition::Raised);
        let word = |at| Word::of(&press, Reading::Pulse, at, Shaped::default());
        assert!(word(Some(1)).is_as(&Word::read("help raised 1")));
        assert!(!word(Some(2)).is_as(&word(Some(1))));
        assert!(!word(Some(1)).holds() && !word(None).holds());
        assert!(word(None).is_as(&Word::read("help raised")));
        let vital = What::Vital {
            kind: tecs_protocol::vocabulary::VitalKind::Spo2,
            reading: Measured::of(97.0),
        };
        let kept = Word::of(&vital, Reading::Sample, None, Shaped::default());
        assert!(kept.is_as(&Word::read(&kept.to_string())));
    }

    #[test]
    fn a_cancel_and_a_dose_are_acts_and_wait_for_nobody() {
        assert!(!Says::Alarm(AlarmKind::Help, Condition::Cancelled).lets_go());
        assert!(!Says::Observed(ObservedKind::Medication, State::Taken).lets_go());
        assert!(Says::Observed(ObservedKind::Contact, State::Closed).lets_go());
    }
}
