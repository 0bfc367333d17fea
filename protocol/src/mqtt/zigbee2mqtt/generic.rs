//! What a device is there for decides what its properties say: an `alarm` that does not say of what, a contact or an
//! occupancy that is a bed's. Pure functions over what was taught; they know no maker.

use crate::alarm_names::{Named, Subject, named, subject};
use crate::json::{Token, word_token};
use crate::vocabulary::{AlarmKind, ObservedKind};

use super::meanings::{Means, Usual};
use super::teach::{Property, QUIET, Taught};

/// Reads the properties that say only 'alarm' by the device's description, then its model; where neither says it, as an
/// alarm of an unknown kind. A siren's alarm is its own noise.
pub(super) fn generic_alarms(taught: &mut Taught, description: &str) {
    let about = subject(description).or_else(|| subject(&taught.model));
    let own: Vec<Means> = taught
        .properties
        .values()
        .filter_map(|p| Some(p.usual?.means))
        .collect();
    let is_said = own.iter().any(|means| says_the_same(about, *means));
    let unsaid = |name: &str| named(name) == Some(Named::Unsaid);
    let generic = taught.properties.iter_mut().filter(|(n, _)| unsaid(n));
    for (name, property) in generic {
        if property.usual.is_some() || !property.raises {
            continue;
        }
        if is_said {
            property.usual = Some(QUIET);
        } else {
            // Bits of a zone are what it senses; another alarm of a door or a radar is nobody knows what.
            let zone = matches!(&**name, "alarm_1" | "alarm_2");
            read_as(property, about.filter(|about| zone || !is_seen(*about)));
        }
    }
}

/// True when a property of the device says by itself what its alarm would say.
fn says_the_same(about: Option<Subject>, means: Means) -> bool {
    let alarm = match means {
        Means::Alarm(kind) | Means::Says(Named::Alarm(kind)) => Some(kind),
        _ => None,
    };
    match about {
        Some(Subject::Alarm(kind)) => alarm == Some(kind),
        Some(Subject::SmokeOrCo) => alarm == Some(AlarmKind::Co),
        Some(Subject::Siren) => true,
        Some(Subject::Bed) => means == Means::Seen(ObservedKind::Bed),
        Some(Subject::Contact) => means == Means::Seen(ObservedKind::Contact),
        Some(Subject::Motion) => {
            means == Means::Seen(ObservedKind::Motion)
                || means == Means::Seen(ObservedKind::Occupancy)
                || means == Means::Seen(ObservedKind::Presence)
        }
        Some(Subject::Vibration) => means == Means::Seen(ObservedKind::Vibration),
        // Nobody knows of what: whatever alarm the device says by name, it may be that.
        None => alarm.is_some(),
    }
}

const fn is_seen(about: Subject) -> bool {
    matches!(about, Subject::Bed | Subject::Contact | Subject::Motion)
}

/// Gives an alarm without a name its meaning.
fn read_as(property: &mut Property, about: Option<Subject>) {
    let in_words = property.in_words;
    let of = |named: Named| match named {
        Named::Alarm(kind) if !in_words => Means::Alarm(kind),
        Named::Unsaid if !in_words => Means::Alarm(AlarmKind::Unknown),
        named => Means::Says(named),
    };
    let means = match about {
        Some(Subject::Alarm(kind)) => of(Named::Alarm(kind)),
        Some(Subject::SmokeOrCo) | None => of(Named::Unsaid),
        Some(Subject::Siren) => {
            property.usual = Some(QUIET);
            return;
        }
        Some(Subject::Bed) => Means::Seen(ObservedKind::Bed),
        Some(Subject::Contact) => Means::Seen(ObservedKind::Contact),
        Some(Subject::Motion) => Means::Seen(ObservedKind::Motion),
        Some(Subject::Vibration) => Means::Seen(ObservedKind::Vibration),
    };
    if in_words {
        (property.on, property.off) = (word("alarm"), word("normal"));
    }
    property.usual = Some(Usual {
        means,
        alias_of: None,
    });
}

fn word(text: &str) -> Token<Box<str>> {
    word_token(text).owned()
}

/// A pad or strap under a mattress: its contact is made, its occupancy is on, while somebody is in bed.
pub(super) fn beds(taught: &mut Taught, description: &str) {
    let about = subject(description).or_else(|| subject(&taught.model));
    if about != Some(Subject::Bed) {
        return;
    }
    for property in taught.properties.values_mut() {
        let Some(usual) = &mut property.usual else {
            continue;
        };
        match usual.means {
            Means::Seen(ObservedKind::Contact) => {
                std::mem::swap(&mut property.on, &mut property.off);
            }
            Means::Seen(ObservedKind::Occupancy | ObservedKind::Presence) => {}
            _ => continue,
        }
        usual.means = Means::Seen(ObservedKind::Bed);
    }
}
