//! Words of a table as words of the vocabulary, and what they mean when a table says nothing more.

use crate::signal::{Missing, Reading, What};
use crate::vocabulary::{
    AlarmKind, Condition, HealthKind, ObservedKind, Quality, State, VitalKind,
};

use crate::map::emit::NumberOf;

/// A kind of any of the four lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Alarm(AlarmKind),
    Vital(VitalKind),
    Observed(ObservedKind),
    Health(HealthKind),
}

impl Kind {
    /// The kind of this name; no word is in two lists.
    pub(super) fn named(word: &str) -> Option<Self> {
        AlarmKind::from_word(word)
            .map(Self::Alarm)
            .or_else(|| VitalKind::from_word(word).map(Self::Vital))
            .or_else(|| ObservedKind::from_word(word).map(Self::Observed))
            .or_else(|| HealthKind::from_word(word).map(Self::Health))
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Alarm(kind) => kind.word(),
            Self::Vital(kind) => kind.word(),
            Self::Observed(kind) => kind.word(),
            Self::Health(kind) => kind.word(),
        }
    }

    /// The list that it is in.
    pub(super) const fn list(self) -> &'static str {
        match self {
            Self::Alarm(_) => "alarm",
            Self::Vital(_) => "vital",
            Self::Observed(_) => "observed",
            Self::Health(_) => "health",
        }
    }

    /// What its number is of; `None` for a kind that says words.
    pub(super) fn number(self) -> Option<NumberOf> {
        match self {
            Self::Vital(kind) => Some(NumberOf::Vital(kind)),
            Self::Observed(kind) => kind.unit().map(|_| NumberOf::Observed(kind)),
            Self::Health(HealthKind::Battery) => Some(NumberOf::Battery),
            Self::Health(_) | Self::Alarm(_) => None,
        }
    }

    /// What this word of it says.
    pub(super) fn says(self, word: &str) -> Result<What, String> {
        let wrong = || {
            let allowed = self.words().join(", ");
            format!(
                "`{word}` is nothing that {} says; allowed are {allowed}",
                self.word()
            )
        };
        match self {
            Self::Alarm(kind) => Condition::from_word(word)
                .map(|c| What::alarm(kind, c))
                .ok_or_else(wrong),
            Self::Health(kind) => Condition::from_word(word)
                .filter(|c| *c != Condition::Cancelled && self.number().is_none())
                .map(|c| What::health(kind, c, ""))
                .ok_or_else(wrong),
            Self::Observed(kind) => State::of(kind, word)
                .map(|s| What::state(kind, s))
                .ok_or_else(wrong),
            Self::Vital(_) => Err(wrong()),
        }
    }

    /// The words that it may say.
    fn words(self) -> &'static [&'static str] {
        match self {
            _ if self.number().is_some() => &["a number, without `says` or `values`"],
            Self::Alarm(_) => &["raised", "restored", "cancelled"],
            Self::Health(_) => &["raised", "restored"],
            Self::Vital(_) => &[],
            Self::Observed(kind) => match kind {
                ObservedKind::Contact | ObservedKind::Valve => &["open", "closed"],
                ObservedKind::Lock => &["locked", "unlocked"],
                ObservedKind::Medication => &["taken", "reminder"],
                ObservedKind::Button => &["single", "double", "long", "any name"],
                _ => &["active", "clear"],
            },
        }
    }

    /// What it says when nothing is said but that it happens; `None` where that could be either.
    pub(super) fn by_itself(self) -> Option<&'static str> {
        match self {
            Self::Alarm(_) => Some("raised"),
            Self::Health(_) if self.number().is_none() => Some("raised"),
            Self::Observed(_) => self.words().first().copied().filter(|w| *w == "active"),
            Self::Health(_) | Self::Vital(_) => None,
        }
    }

    /// What a value says when the table lists none: true and false where that cannot be misread, and its own words.
    pub(super) fn usual(self) -> Vec<(&'static str, &'static str)> {
        let mut rows: Vec<_> = self.words().iter().map(|w| (*w, *w)).collect();
        match self.by_itself() {
            Some("active") => rows.extend([("true", "active"), ("false", "clear")]),
            Some(_) => rows.extend([("true", "raised"), ("false", "restored")]),
            None => {}
        }
        rows
    }

    /// True when every word of it is news.
    pub(super) fn is_press(self) -> bool {
        matches!(
            self,
            Self::Observed(ObservedKind::Button | ObservedKind::Medication)
                | Self::Alarm(AlarmKind::Help | AlarmKind::Panic | AlarmKind::Fall)
        )
    }
}

/// The reading of this name.
pub(super) fn reading(word: &str) -> Result<Option<Reading>, String> {
    match word {
        "" => Ok(None),
        "edge" => Ok(Some(Reading::Edge)),
        "pulse" => Ok(Some(Reading::Pulse)),
        "sample" => Ok(Some(Reading::Sample)),
        other => Err(format!("is `{other}`; allowed are edge, pulse, sample")),
    }
}

/// Why a vital sign has no value, by the word of the quality.
pub(super) fn missing(word: &str) -> Result<Missing, String> {
    match Quality::from_word(word) {
        Some(Quality::SensorOff) => Ok(Missing::SensorOff),
        Some(Quality::NoSignal) => Ok(Missing::NoSignal),
        Some(Quality::OutOfRange) => Ok(Missing::OutOfRange),
        Some(Quality::DeviceError) => Ok(Missing::DeviceError),
        Some(Quality::NotANumber) => Ok(Missing::NotANumber),
        Some(Quality::Ok | Quality::Questionable) | None => Err(format!(
            "`{word}` says no why; allowed are sensor_off, no_signal, out_of_range, device_error, not_a_number"
        )),
    }
}
