//! What the names of Homie properties mean, where it is certain. The convention fixes no names: these are the plain English
//! ones that say what they are, and no others. It knows no value.

use crate::alarm_names::{Named, named_in_a_place};
use crate::vocabulary::{AlarmKind as A, HealthKind as H, ObservedKind as O, VitalKind as V};

/// What one of two values says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Two {
    /// True raises.
    Alarm(A),
    /// True is active, open or locked.
    Seen(O),
    /// True raises a technical condition; what exactly.
    Health(H, &'static str),
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Observed(O),
    Vital(V),
    Charge,
}

/// Names that say only that something is so: what, the node says.
pub(super) fn says_only_that(name: &str) -> bool {
    matches!(
        name,
        "active" | "alarm" | "alert" | "detected" | "state" | "status" | "triggered" | "value"
    )
}

/// What two values of this name say; `None` when nobody can be sure.
pub(super) fn two(name: &str) -> Option<Two> {
    match named_in_a_place(name) {
        Some(Named::Alarm(kind)) => return Some(Two::Alarm(kind)),
        Some(Named::Tamper) => return Some(Two::Health(H::Tamper, "opened or removed")),
        Some(Named::Unsaid) | None => {}
    }
    let base = name
        .strip_suffix("_detected")
        .or_else(|| name.strip_suffix("_detector"))
        .or_else(|| name.strip_suffix("_sensor"))
        .unwrap_or(name);
    Some(match base {
        "motion" | "pir" => Two::Seen(O::Motion),
        "occupancy" | "occupied" => Two::Seen(O::Occupancy),
        "presence" | "present" => Two::Seen(O::Presence),
        "bed_occupancy" | "in_bed" | "bed_presence" => Two::Seen(O::Bed),
        "chair_occupancy" | "chair_presence" => Two::Seen(O::Chair),
        "vibration" => Two::Seen(O::Vibration),
        "sound" | "noise" => Two::Seen(O::Sound),
        "open" | "opened" | "is_open" | "door_open" | "window_open" => Two::Seen(O::Contact),
        "locked" | "is_locked" => Two::Seen(O::Lock),
        "battery_low" | "low_battery" => Two::Health(H::BatteryLow, "battery low"),
        "fault" | "problem" => Two::Health(H::Fault, "the device reports a fault"),
        _ => return None,
    })
}

/// What words of this name say: as two values, and what says open or locked in so many words.
pub(super) fn of_words(name: &str) -> Option<Two> {
    two(name).or(match name {
        "contact" | "door" | "window" | "garage_door" | "gate" | "opening" => {
            Some(Two::Seen(O::Contact))
        }
        "lock" | "door_lock" => Some(Two::Seen(O::Lock)),
        "valve" => Some(Two::Seen(O::Valve)),
        _ => None,
    })
}

/// What a number of this name is.
pub(super) fn number(name: &str) -> Option<Number> {
    Some(match name {
        "temperature" | "room_temperature" | "air_temperature" => Number::Observed(O::Temperature),
        "humidity" | "relative_humidity" => Number::Observed(O::Humidity),
        "illuminance" | "lux" | "light_level" => Number::Observed(O::Illuminance),
        "power" => Number::Observed(O::Power),
        "energy" => Number::Observed(O::Energy),
        "battery" | "battery_level" => Number::Charge,
        "spo2" | "oxygen_saturation" => Number::Vital(V::Spo2),
        "heart_rate" | "pulse_rate" => Number::Vital(V::Pulse),
        "respiration_rate" | "respiratory_rate" | "breathing_rate" => Number::Vital(V::Respiration),
        "body_temperature" => Number::Vital(V::TemperatureBody),
        "body_weight" => Number::Vital(V::Weight),
        "systolic" | "systolic_pressure" => Number::Vital(V::Systolic),
        "diastolic" | "diastolic_pressure" => Number::Vital(V::Diastolic),
        "blood_glucose" => Number::Vital(V::Glucose),
        _ => return None,
    })
}

/// Names of what is known and says nothing for telecare.
pub(super) fn is_quiet(name: &str) -> bool {
    matches!(
        name,
        "battery_voltage"
            | "current"
            | "firmware"
            | "ip"
            | "linkquality"
            | "mac"
            | "pressure"
            | "rssi"
            | "signal"
            | "signal_strength"
            | "uptime"
            | "version"
            | "voltage"
    )
}

/// True of a press.
pub(super) fn is_button(name: &str) -> bool {
    matches!(
        name,
        "action" | "button" | "click" | "doorbell" | "press" | "pushbutton"
    ) || name
        .strip_prefix("button_")
        .is_some_and(|n| n.parse::<u8>().is_ok())
}
