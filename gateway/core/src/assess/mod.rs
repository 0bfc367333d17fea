//! How soon a person must look, by what it is: never by a device's own priority field.

use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind, Urgency};

/// The urgency of what was said.
pub(crate) fn urgency(what: &What) -> Urgency {
    match what {
        What::Alarm {
            kind,
            condition: Condition::Raised,
            ..
        } => raised(*kind),
        // That it ended is news for whoever is looking at it already.
        What::Alarm {
            condition: Condition::Restored | Condition::Cancelled,
            ..
        } => Urgency::Advisory,
        What::Health { kind, .. } if what.is_raised() => technical(*kind),
        What::Health { .. } | What::Vital { .. } | What::Observed { .. } => Urgency::Routine,
    }
}

fn raised(kind: AlarmKind) -> Urgency {
    match kind {
        AlarmKind::Help
        | AlarmKind::Fall
        | AlarmKind::Smoke
        | AlarmKind::Heat
        | AlarmKind::Co
        | AlarmKind::Gas
        | AlarmKind::Panic
        | AlarmKind::Seizure => Urgency::Emergency,
        AlarmKind::Flood
        | AlarmKind::Cold
        | AlarmKind::Hot
        | AlarmKind::Intruder
        | AlarmKind::Inactivity
        | AlarmKind::BedAbsence
        | AlarmKind::ChairAbsence
        | AlarmKind::PropertyExit
        | AlarmKind::Vital
        // A code that no table knows may be the worst there is.
        | AlarmKind::Unknown => Urgency::Urgent,
        AlarmKind::DoorLeftOpen | AlarmKind::MedicationMissed | AlarmKind::Enuresis => {
            Urgency::Advisory
        }
    }
}

fn technical(kind: HealthKind) -> Urgency {
    match kind {
        HealthKind::Tamper
        | HealthKind::Mains
        | HealthKind::Missing
        | HealthKind::Path
        | HealthKind::Jamming
        | HealthKind::Journal
        | HealthKind::Gap
        | HealthKind::Fault
        | HealthKind::BatteryLow
        | HealthKind::Clock => Urgency::Advisory,
        HealthKind::Battery | HealthKind::TestCall | HealthKind::Untaught => Urgency::Routine,
    }
}
