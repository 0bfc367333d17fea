//! Alarms without a name: what `alarm`, `alarm_1` and their like are about stands in the device's description. Where
//! it does not, they stay unmapped for the installer to see.

use crate::vocabulary::{AlarmKind, ObservedKind};

use super::meanings::{Means, Usual};
use super::teach::{QUIET, Taught};
use super::words;

/// Properties that say only 'alarm': what they are about stands in the device's description, or nowhere.
pub(super) fn generic_alarms(taught: &mut Taught, description: &str) {
    const GENERIC: &[&str] = &["alarm", "alarm_1", "alarm_2", "alarm_status", "alarm_state"];
    let Some(about) = about(description) else {
        return;
    };
    let has_own = taught
        .properties
        .values()
        .any(|p| p.usual.is_some_and(|u| about.is_said_by(u.means)));
    for name in GENERIC {
        let Some(property) = taught.properties.get_mut(*name) else {
            continue;
        };
        if property.usual.is_some() {
            continue;
        }
        let in_words = matches!(*name, "alarm_status" | "alarm_state");
        property.usual = Some(match about.means(in_words) {
            Some(means) if !has_own => Usual {
                means,
                alias_of: None,
            },
            _ => QUIET,
        });
    }
}

/// What a device's description says that its alarm is about.
#[derive(Clone, Copy)]
enum About {
    Kind(AlarmKind),
    /// A detector of smoke and CO whose words do not say which.
    SmokeOrCo,
    Vibration,
    /// Its alarm is its own noise.
    Siren,
}

impl About {
    fn is_said_by(self, means: Means) -> bool {
        match self {
            Self::Kind(kind) => means == Means::Alarm(kind),
            Self::SmokeOrCo => means == Means::Alarm(AlarmKind::Co),
            Self::Vibration => means == Means::Seen(ObservedKind::Vibration),
            Self::Siren => true,
        }
    }

    fn means(self, in_words: bool) -> Option<Means> {
        let table = match self {
            Self::Siren => return None,
            Self::Vibration => &words::VIBRATION,
            Self::Kind(kind) if !in_words => return Some(Means::Alarm(kind)),
            Self::Kind(AlarmKind::Smoke) => &words::SMOKE,
            Self::Kind(AlarmKind::Co) => &words::CO,
            Self::Kind(AlarmKind::Gas) => &words::GAS,
            Self::Kind(AlarmKind::Flood) => &words::FLOOD,
            Self::Kind(AlarmKind::Heat) => &words::HEAT,
            Self::Kind(_) | Self::SmokeOrCo => &words::UNKNOWN,
        };
        Some(if in_words {
            Means::Words(table)
        } else if matches!(self, Self::Vibration) {
            Means::Seen(ObservedKind::Vibration)
        } else {
            Means::Alarm(AlarmKind::Unknown)
        })
    }
}

/// `None` when the description does not say: the property stays unmapped, for the installer to see.
fn about(description: &str) -> Option<About> {
    let text = description.to_lowercase();
    let has = |word: &str| text.contains(word);
    let smoke = has("smoke");
    let co = has("carbon monoxide")
        || text
            .split(|c: char| !c.is_alphanumeric())
            .any(|w| w == "co");
    Some(if smoke && co {
        About::SmokeOrCo
    } else if smoke {
        About::Kind(AlarmKind::Smoke)
    } else if co {
        About::Kind(AlarmKind::Co)
    } else if has("heat alarm") || has("heat detector") {
        About::Kind(AlarmKind::Heat)
    } else if has("gas") {
        About::Kind(AlarmKind::Gas)
    } else if has("leak") || has("flood") {
        About::Kind(AlarmKind::Flood)
    } else if has("vibration") {
        About::Vibration
    } else if has("siren") || has("sounder") {
        About::Siren
    } else {
        return None;
    })
}
