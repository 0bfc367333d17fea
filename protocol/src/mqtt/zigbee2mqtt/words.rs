//! What the words of enums say: one table a sensor family. A word that should not be there is refused, never guessed.

use crate::vocabulary::{AlarmKind as A, Condition, HealthKind as H, ObservedKind as O};
use Condition::{Raised, Restored};

/// What the words of an enum say.
#[derive(Debug, PartialEq)]
pub(super) struct Words {
    /// Words (compared without case) and what each says; `*part*` is any word with that part in it.
    pub(super) known: &'static [(&'static str, &'static [Says])],
    /// What any other word says.
    pub(super) other: Other,
    /// Its words are about several alarms: each kind is a field of its own.
    pub(super) apart: bool,
}

/// What a word says that is not in the list.
#[derive(Debug, PartialEq)]
pub(super) enum Other {
    /// Nothing, and that is as it should be.
    Quiet,
    /// It should not be there.
    Refused,
    /// This.
    Says(&'static [Says]),
}

/// One thing that a word says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Says {
    /// An alarm, raised or restored.
    Alarm(A, Condition),
    /// A state: true is active, open or locked.
    Seen(O, bool),
    /// A technical condition.
    Health(H, Condition, &'static str),
}

const NO_FALL: Says = Says::Alarm(A::Fall, Restored);
const FELL: Says = Says::Alarm(A::Fall, Raised);
const HERE: Says = Says::Seen(O::Presence, true);
const UP: Says = Says::Seen(O::Bed, false);

/// OWON FDS315. A low posture is a person on or near the floor: it raises, and it follows `falling` while the person
/// still lies there, so it must never restore.
pub(super) static OWON_STATUS: Words = Words {
    known: &[
        ("unoccupied", &[NO_FALL, Says::Seen(O::Presence, false), UP]),
        ("occupied", &[NO_FALL, HERE, UP]),
        ("sitting", &[NO_FALL, HERE, UP]),
        ("on_the_bed", &[NO_FALL, HERE, Says::Seen(O::Bed, true)]),
        ("low_posture", &[FELL, HERE, UP]),
        ("falling", &[FELL, HERE, UP]),
    ],
    other: Other::Quiet,
    apart: false,
};

pub(super) static VALVE_FAULTS: Words = Words {
    known: &[
        ("*water_leakage*", &[Says::Alarm(A::Flood, Raised)]),
        ("*", &[Says::Alarm(A::Flood, Restored)]),
    ],
    other: Other::Quiet,
    apart: false,
};

pub(super) static PRESENCE: Words = Words {
    known: &[
        ("none", &[Says::Seen(O::Presence, false)]),
        ("absence", &[Says::Seen(O::Presence, false)]),
        ("presence", &[HERE]),
        ("peaceful", &[HERE]),
        ("stationary", &[HERE]),
        ("motion", &[HERE]),
        ("move", &[HERE]),
        ("small_movement", &[HERE]),
        ("large_movement", &[HERE]),
    ],
    other: Other::Refused,
    apart: false,
};

/// `state` is a switch, an update, a cover, a radar or a lock. Here a radar's words speak, which are nobody else's; a
/// lock's are read as `lock_state`.
pub(super) static STATE: Words = Words {
    known: &[
        ("none", &[Says::Seen(O::Presence, false)]),
        ("absence", &[Says::Seen(O::Presence, false)]),
        ("presence", &[HERE]),
        ("move", &[HERE]),
    ],
    other: Other::Quiet,
    apart: false,
};

/// Somebody who sits still is no motion; `static` and `peaceful` clear it, presence says that they are there.
pub(super) static MOTION: Words = Words {
    known: &[
        ("none", &[Says::Seen(O::Motion, false)]),
        ("no_presence", &[Says::Seen(O::Motion, false)]),
        ("no_movement", &[Says::Seen(O::Motion, false)]),
        ("static", &[Says::Seen(O::Motion, false)]),
        ("peaceful", &[Says::Seen(O::Motion, false)]),
        ("small", &[Says::Seen(O::Motion, true)]),
        ("medium", &[Says::Seen(O::Motion, true)]),
        ("large", &[Says::Seen(O::Motion, true)]),
        ("far", &[Says::Seen(O::Motion, true)]),
        ("near", &[Says::Seen(O::Motion, true)]),
        ("active", &[Says::Seen(O::Motion, true)]),
        ("motion", &[Says::Seen(O::Motion, true)]),
        ("movement", &[Says::Seen(O::Motion, true)]),
    ],
    other: Other::Quiet,
    apart: false,
};

/// HOBEIAN ZG-210Z, a strap under a mattress: somebody who is long on it is still on it.
pub(super) static BED: Words = Words {
    known: &[
        ("none", &[Says::Seen(O::Bed, false)]),
        ("sit", &[Says::Seen(O::Bed, true)]),
        ("sedentary", &[Says::Seen(O::Bed, true)]),
    ],
    other: Other::Refused,
    apart: false,
};

/// A bolt that is not fully thrown does not hold the door.
pub(super) static LOCK: Words = Words {
    known: &[
        ("locked", &[Says::Seen(O::Lock, true)]),
        ("unlocked", &[Says::Seen(O::Lock, false)]),
        ("not_fully_locked", &[Says::Seen(O::Lock, false)]),
    ],
    other: Other::Refused,
    apart: false,
};

/// A tilted window lets the cold in: it is open.
pub(super) static OPENING: Words = Words {
    known: &[
        ("open", &[Says::Seen(O::Contact, true)]),
        ("tilted", &[Says::Seen(O::Contact, true)]),
        ("closed", &[Says::Seen(O::Contact, false)]),
        ("close", &[Says::Seen(O::Contact, false)]),
        ("error_forced_open", &[Says::Seen(O::Contact, true)]),
        ("error_jammed", &[]),
        ("error_unspecified", &[]),
        ("undefined", &[]),
    ],
    other: Other::Refused,
    apart: false,
};

pub(super) static VALVE: Words = Words {
    known: &[
        ("open", &[Says::Seen(O::Valve, true)]),
        ("closed", &[Says::Seen(O::Valve, false)]),
        ("close", &[Says::Seen(O::Valve, false)]),
    ],
    other: Other::Quiet,
    apart: false,
};

pub(super) static BATTERY: Words = Words {
    known: &[("low", &[Says::Health(H::BatteryLow, Raised, "battery low")])],
    other: Other::Says(&[Says::Health(H::BatteryLow, Restored, "battery low")]),
    apart: false,
};

const FAULTY: &str = "the device reports a fault";

pub(super) static FAULT: Words = Words {
    known: &[
        ("none", &[Says::Health(H::Fault, Restored, FAULTY)]),
        ("normal", &[Says::Health(H::Fault, Restored, FAULTY)]),
        ("clear", &[Says::Health(H::Fault, Restored, FAULTY)]),
        ("ok", &[Says::Health(H::Fault, Restored, FAULTY)]),
        ("no_fault", &[Says::Health(H::Fault, Restored, FAULTY)]),
        ("no_error", &[Says::Health(H::Fault, Restored, FAULTY)]),
    ],
    other: Other::Says(&[Says::Health(H::Fault, Raised, FAULTY)]),
    apart: false,
};

const SELF_TESTED: &str = "self-test failed";

pub(super) static SELF_TEST: Words = Words {
    known: &[
        ("failure", &[Says::Health(H::Fault, Raised, SELF_TESTED)]),
        (
            "check_failure",
            &[Says::Health(H::Fault, Raised, SELF_TESTED)],
        ),
        ("success", &[Says::Health(H::Fault, Restored, SELF_TESTED)]),
        (
            "check_success",
            &[Says::Health(H::Fault, Restored, SELF_TESTED)],
        ),
    ],
    other: Other::Quiet,
    apart: false,
};

const EXPIRED: &str = "the sensor's life is over or nearly so";

pub(super) static END_OF_LIFE: Words = Words {
    known: &[
        ("normal", &[Says::Health(H::Fault, Restored, EXPIRED)]),
        ("expires_soon", &[Says::Health(H::Fault, Raised, EXPIRED)]),
        ("expired", &[Says::Health(H::Fault, Raised, EXPIRED)]),
    ],
    other: Other::Quiet,
    apart: false,
};

pub(super) static OVERHEAT: Words = Words {
    known: &[
        (
            "no alert",
            &[Says::Health(H::Fault, Restored, "overheated")],
        ),
        (
            "overheated",
            &[Says::Health(H::Fault, Raised, "overheated")],
        ),
    ],
    other: Other::Quiet,
    apart: false,
};

const fn raised(kind: A) -> Says {
    Says::Alarm(kind, Raised)
}

const fn restored(kind: A) -> Says {
    Says::Alarm(kind, Restored)
}

/// Heiman: what one of several linked alarms has seen, for the others to sound.
pub(super) static LINK: Words = Words {
    known: &[
        (
            "inactive",
            &[
                restored(A::Smoke),
                restored(A::Co),
                restored(A::Gas),
                restored(A::Heat),
            ],
        ),
        ("smoke_active", &[raised(A::Smoke)]),
        ("co_active", &[raised(A::Co)]),
        ("gas_active", &[raised(A::Gas)]),
        ("heat_active", &[raised(A::Heat)]),
    ],
    other: Other::Refused,
    apart: true,
};

/// Halo: what it sees itself is said in full by `smoke` and `carbon_monoxide`; what a linked alarm sees, here alone.
pub(super) static HALO: Words = Words {
    known: &[
        ("safe", &[restored(A::Smoke), restored(A::Co)]),
        ("interconnect_smoke", &[raised(A::Smoke)]),
        ("interconnect_carbon_monoxide", &[raised(A::Co)]),
        ("interconnect_co", &[raised(A::Co)]),
    ],
    other: Other::Quiet,
    apart: true,
};

/// What a word says; `None` when it should not be there.
pub(super) fn says(table: &'static Words, word: &str) -> Option<&'static [Says]> {
    let fits = |pattern: &str| match pattern.strip_prefix('*') {
        Some(part) => word.contains(part.trim_end_matches('*')),
        None => word.eq_ignore_ascii_case(pattern),
    };
    match table.known.iter().find(|(known, _)| fits(known)) {
        Some((_, says)) => Some(says),
        None => match table.other {
            Other::Quiet => Some(&[]),
            Other::Refused => None,
            Other::Says(says) => Some(says),
        },
    }
}
