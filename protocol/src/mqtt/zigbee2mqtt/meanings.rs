//! The table of meanings: what a property of a Zigbee2MQTT device says in the vocabulary, by its name and shape.
//! It decides nothing about one maker's device; what a definition says otherwise (an inverted contact, "ON" for
//! true) is applied by `teach`. Source of the names: the 4,516 published definitions of zigbee-herdsman-converters.

use crate::alarm_names::{Named, named};
use crate::vocabulary::{AlarmKind, HealthKind, ObservedKind, VitalKind};

use super::words::{self, Words};

/// What kind of value a property has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One of two values.
    Binary,
    /// A number.
    Numeric,
    /// A word of a list, or free text.
    Words,
}

/// What a property says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Means {
    /// On raises, off restores.
    Alarm(AlarmKind),
    /// On is active, open or locked; off is clear, closed or unlocked.
    Seen(ObservedKind),
    /// On raises, off restores a technical condition; what exactly.
    Health(HealthKind, &'static str),
    /// Off raises, on restores (mains that is connected).
    Lost(HealthKind, &'static str),
    /// A measurement of daily life.
    Number(ObservedKind),
    /// A vital sign.
    Vital(VitalKind),
    /// A battery's charge, %.
    Charge,
    /// A press.
    Action,
    /// The device is being tested.
    Test,
    /// Words that say something each.
    Words(&'static Words),
    /// An alarm, or tamper, in words: what each says stands in the one table of alarm names.
    Says(Named),
    /// When the bridge heard the device.
    LastSeen,
    /// Known, and nothing for telecare.
    Quiet,
}

/// A meaning, and the field it speaks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usual {
    /// What it says.
    pub(super) means: Means,
    /// Another property that says the same in a better way: this one is read as that field, and only when a message
    /// lacks the other.
    pub(super) alias_of: Option<&'static str>,
}

impl Means {
    const fn usual(self) -> Usual {
        Usual {
            means: self,
            alias_of: None,
        }
    }

    const fn as_well_as(self, property: &'static str) -> Usual {
        Usual {
            means: self,
            alias_of: Some(property),
        }
    }
}

use AlarmKind as A;
use HealthKind as H;
use Means::{Alarm, Health, Lost, Number, Quiet, Seen};
use ObservedKind as O;

/// What a property of this name and shape usually says; `None` when no table knows it.
pub(super) fn usual(property: &str, shape: Shape) -> Option<Usual> {
    exactly(property, shape).or_else(|| {
        let (base, _) = split_endpoint(property)?;
        exactly(base, shape)
    })
}

/// True of a contact that is closed when it says true, though its definition calls true on: zone alarms of a contact
/// are inverted before they are published (`modernExtend.iasZoneAlarm`), and garage doors are described so.
pub(super) fn is_closed_when_true(property: &str) -> bool {
    matches!(
        property,
        "contact_alarm_1" | "contact_alarm_2" | "garage_door_contact"
    )
}

/// A lock's `state`, which its `lock_state` says better.
pub(super) const fn lock_state() -> Usual {
    Seen(O::Lock).as_well_as("lock_state")
}

/// The meaning of exactly this name.
fn exactly(property: &str, shape: Shape) -> Option<Usual> {
    match shape {
        Shape::Binary => binary(property),
        Shape::Numeric => numeric(property).map(Means::usual),
        Shape::Words => of_words(property),
    }
    .or_else(|| is_quiet(property).then_some(Quiet.usual()))
}

/// Properties with two values. On and off are the definition's `value_on` and `value_off`.
fn binary(property: &str) -> Option<Usual> {
    let means = match property {
        // A detector's; elsewhere a name that says no more is a boiler's heating.
        "heat" => Alarm(A::Heat),
        // `water` of the Nous E13 is absent on purpose: it may be set to warn of missing water; `water_leak` says it.
        "water_condition_alarm" => return Some(Alarm(A::Flood).as_well_as("water_sensor")),
        // A radiator's `window` is left out: it is a guess from a falling temperature.
        "contact" | "garage_door_contact" => Seen(O::Contact),
        "occupancy" | "occupancy_status" | "occupancy_in" | "occupancy_out" | "occupancy_or"
        | "occupancy_and" => Seen(O::Occupancy),
        "presence" => Seen(O::Presence),
        // A sensor that moves with its door, and a radar that sees somebody move: both are daily life.
        "motion" | "moving" | "motion_status" | "motion_up" | "motion_down" | "pir_detection" => {
            Seen(O::Motion)
        }
        "vibration" => Seen(O::Vibration),
        // The button of a detector (Bosch BSD-2) that is held for 3 s, to test it or to silence it: no test of all that it says.
        "button_pushed" => Seen(O::Button),
        "noise" | "noise_detected" | "sound" => Seen(O::Sound),
        // A pad under a mattress (Tuya C3007); air pressure is numeric.
        "pressure" | "bed_presence" => Seen(O::Bed),
        "valve" | "valve_state" | "valve_status" | "gas_valve_state" => Seen(O::Valve),
        "battery_low" => Health(H::BatteryLow, "battery low"),
        "battery_defect" => Health(H::Fault, "battery defective"),
        // Described as 'mains voltage supply is at fault'.
        "ac_status" => Health(H::Mains, "mains supply at fault"),
        "power_outage" => Health(H::Mains, "power outage"),
        "mains_power_connected" | "ac_connected" => Lost(H::Mains, "mains not connected"),
        "fault" | "fault_alarm" | "device_fault" => Health(H::Fault, "the device reports a fault"),
        "trouble" => Health(H::Fault, "the device reports trouble"),
        "error" | "sensor_error" => Health(H::Fault, "the device reports an error"),
        // Protection of a plug or relay tripped; nobody asks for help.
        "emergency_overheat"
        | "emergency_overcurrent"
        | "emergency_overvoltage"
        | "emergency_undervoltage" => Health(H::Fault, "electrical protection tripped"),
        "test" | "testing" | "test_in_progress" => Means::Test,
        _ => return binary_by_pattern(property).or_else(|| by_name(property)),
    };
    Some(means.usual())
}

/// What was opened or removed.
pub(super) const OPENED: &str = "opened or removed";

/// What the one table of alarm names says; what says only 'alarm' stands in the device's description.
fn by_name(property: &str) -> Option<Usual> {
    let means = match named(property)? {
        Named::Alarm(kind) => Alarm(kind),
        Named::Tamper => Health(H::Tamper, OPENED),
        Named::Unsaid => return None,
    };
    Some(means.usual())
}

/// The same in words.
fn words_by_name(property: &str) -> Option<Usual> {
    match named(property)? {
        Named::Unsaid => None,
        named => Some(Means::Says(named).usual()),
    }
}

/// Names of which one device has many.
fn binary_by_pattern(property: &str) -> Option<Usual> {
    let base = property.trim_end_matches(|c: char| c.is_ascii_digit());
    let means = if base.ends_with("_leak_detect_") {
        Alarm(A::Flood)
    } else if base.starts_with("channel_") && base.ends_with("_battery_low_") {
        Health(H::BatteryLow, "battery low")
    } else if property.starts_with("mmwave_area") && property.ends_with("_occupancy") {
        Seen(O::Occupancy)
    } else {
        return None;
    };
    Some(means.usual())
}

/// Properties that are numbers.
fn numeric(property: &str) -> Option<Means> {
    Some(match property {
        // Of the room. A device's own chip (`device_temperature`, `cpu_temperature`), water, floors and probes in
        // refrigerators are not: rules about a cold home must not read them.
        "temperature" | "local_temperature" | "room_temperature" => Number(O::Temperature),
        "humidity" => Number(O::Humidity),
        "illuminance" | "illuminance_lux" => Number(O::Illuminance),
        "power" => Number(O::Power),
        "energy" => Number(O::Energy),
        "battery" | "battery2" | "battery_value" => Means::Charge,
        "breathing_rate" => Means::Vital(VitalKind::Respiration),
        "heart_rate" => Means::Vital(VitalKind::Pulse),
        "last_seen" => Means::LastSeen,
        // Volumes and concentrations: the device's own alarm property says when they matter.
        "gas"
        | "gas_value"
        | "gas_density"
        | "co"
        | "co_ppm"
        | "carbon_monoxide_value"
        | "smoke_density"
        | "smoke_density_dbm"
        | "smoke_concentration"
        | "smoke_level"
        | "smoke_value"
        | "pressure"
        | "noise"
        | "sound" => Quiet,
        _ => return None,
    })
}

/// Properties whose words say something.
fn of_words(property: &str) -> Option<Usual> {
    Some(match property {
        "action" => Means::Action.usual(),
        "last_seen" => Means::LastSeen.usual(),
        "status" => Means::Words(&words::OWON_STATUS).usual(),
        "smoke_state" => Means::Says(Named::Alarm(A::Smoke)).as_well_as("smoke"),
        "co_state" => Means::Says(Named::Alarm(A::Co)).as_well_as("carbon_monoxide"),
        "gas_sensor_state" => Means::Says(Named::Alarm(A::Gas)).as_well_as("gas"),
        "water_leakage_state" => Means::Says(Named::Alarm(A::Flood)).as_well_as("water_leak"),
        // SONOFF valves join their faults with commas: any word with a leak in it is one.
        "current_device_status" | "valve_abnormal_state" => {
            Means::Words(&words::VALVE_FAULTS).usual()
        }
        "presence_state" => Means::Words(&words::PRESENCE).as_well_as("presence"),
        "state" => Means::Words(&words::STATE).as_well_as("presence"),
        "human_motion_state" | "motion_state" | "movement" => Means::Words(&words::MOTION).usual(),
        "pressure_state" => Means::Words(&words::BED).usual(),
        "lock_state" => Means::Words(&words::LOCK).usual(),
        "door_state" | "opening_state" | "handle_position" | "contact" => {
            Means::Words(&words::OPENING).usual()
        }
        "valve" | "valve_state" | "valve_status" | "gas_valve_state" => {
            Means::Words(&words::VALVE).usual()
        }
        "battery_state" | "battery_level" => {
            Means::Words(&words::BATTERY).as_well_as("battery_low")
        }
        "fault" | "fault_alarm" | "fault_state" | "fault_status" | "error_state"
        | "sensor_error" => Means::Words(&words::FAULT).usual(),
        "self_test_result" | "checking_result" | "test_alarm_result" => {
            Means::Words(&words::SELF_TEST).usual()
        }
        "endoflife" => Means::Words(&words::END_OF_LIFE).usual(),
        "overheat" => Means::Words(&words::OVERHEAT).usual(),
        "link_available" => Means::Words(&words::LINK).usual(),
        "halo_alert_state" => Means::Words(&words::HALO).usual(),
        _ => return words_by_name(property),
    })
}

/// Known properties that say nothing for telecare, in any shape: radio, electricity, updates, the sensor's own chip,
/// what bridges repeat in every state.
const KNOWN: &[&str] = &[
    "linkquality",
    "voltage",
    "current",
    "update",
    "update_available",
    "device",
    "device_temperature",
    "cpu_temperature",
    "brightness",
    "color",
    "color_mode",
    "color_temp",
    "position",
    "state",
    "power_factor",
    "ac_frequency",
    "produced_energy",
    "power_outage_count",
    "trigger_count",
    "strength",
    "x_axis",
    "y_axis",
    "z_axis",
    "angle_x",
    "angle_y",
    "angle_z",
    "target_distance",
    "distance",
    "alarm_ringtone",
    "working_mode",
    "sensitivity",
    "keep_time",
    "fading_time",
    "indicator",
    "silence",
    "water",
    "moving",
    "self_test",
    "preheat",
    "co2",
    "voc",
    "pm25",
    "pm10",
    "air_quality",
    "soil_moisture",
    "dew_point",
    "running_state",
    "power_apparent",
    "power_reactive",
    "identify",
    // Words of a radar that `presence` and `fall_*` already say.
    "presence_event",
    "work_state",
    // The simulators number their messages.
    "n",
    "sensor_status",
    // Said in full by `smoke` or `gas` of the device that sees it.
    "linkage_alarm_state",
    "smoke_alarm_silenced",
    "illumination",
    "supervision_reports",
    "restore_reports",
    // A keypad's code is nobody's business here.
    "action_code",
];

/// How the names of settings end.
const SETTINGS_END: &[&str] = &[
    "_sensitivity",
    "_threshold",
    "_timeout",
    "_interval",
    "_calibration",
    "_behavior",
    "_behaviour",
    "_delay",
    "_offset",
    "_mode",
    "_setpoint",
    "_count",
    "_memory",
    "_volume",
    "_duration",
    "_lock",
    "_last_changed",
];

/// True of what is known and says nothing.
fn is_quiet(property: &str) -> bool {
    const BEGIN: &[&str] = &["action_", "led_", "color_", "state_"];
    KNOWN.contains(&property)
        || BEGIN.iter().any(|with| property.starts_with(with))
        || SETTINGS_END.iter().any(|with| property.ends_with(with))
}

/// Splits the endpoint off a property of which a device has several: `contact_2`, `occupancy_left`, `power_l1`,
/// `gas_alarm_1`, `energy_phase_b`.
pub(super) fn split_endpoint(property: &str) -> Option<(&str, &str)> {
    const PLACES: &[&str] = &[
        "left", "right", "top", "bottom", "center", "centre", "up", "down", "middle", "main",
        "usb", "a", "b", "c", "x", "y", "z",
    ];
    let (base, endpoint) = property.rsplit_once('_')?;
    let digits = endpoint.trim_start_matches(['l', 'p', 'c', 'h', 'e', 's']);
    let numbered =
        !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit());
    let lower = endpoint.to_ascii_lowercase();
    if !numbered && !PLACES.contains(&lower.as_str()) {
        return None;
    }
    let base = base
        .strip_suffix("_alarm")
        .or_else(|| base.strip_suffix("_phase"))
        .unwrap_or(base);
    (!base.is_empty()).then_some((base, endpoint))
}
