//! What the classes of Home Assistant mean in the vocabulary. Sources: `binary_sensor`, `sensor`, `cover`, `event` and
//! `alarm_control_panel` of home-assistant.io, developers.home-assistant.io 'Binary sensor entity'. It knows no maker.

use crate::alarm_names::{Named, named, named_in_a_place, plain};
use crate::mqtt::reading::{is_elsewhere, state_of};
use crate::signal::What;
use crate::units::convert;
use crate::vocabulary::{AlarmKind as A, Condition, HealthKind as H, ObservedKind as O};

/// What one of two values says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Two {
    /// On raises, off restores.
    Alarm(A),
    /// On is active, open or locked.
    Seen(O),
    /// On is unlocked or closed.
    Unseen(O),
    /// On raises a technical condition; what exactly.
    Health(H, &'static str),
    /// Off raises it.
    Lost(H, &'static str),
}

/// What a class says of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Two(Two),
    /// A measurement.
    Number(O),
    /// A battery's charge, %.
    Charge,
    /// Known, and nothing for telecare.
    Quiet,
    /// No table knows it.
    Unknown,
}

use Class::{Quiet, Unknown};

/// A binary sensor's class; `names` are what its configuration calls the entity and the field that it reads.
pub(super) fn binary_sensor(class: &str, names: &[&str]) -> Class {
    Class::Two(match class {
        "battery" => Two::Health(H::BatteryLow, "battery low"),
        "carbon_monoxide" => Two::Alarm(A::Co),
        "cold" => Two::Alarm(A::Cold),
        "connectivity" => Two::Lost(H::Path, "the device says that it is not connected"),
        "door" | "garage_door" | "opening" | "window" => Two::Seen(O::Contact),
        "gas" => Two::Alarm(A::Gas),
        "heat" => Two::Alarm(A::Heat),
        "lock" => Two::Unseen(O::Lock),
        "moisture" => Two::Alarm(A::Flood),
        "motion" | "moving" => Two::Seen(O::Motion),
        "occupancy" => Two::Seen(O::Occupancy),
        "presence" => Two::Seen(O::Presence),
        "problem" => Two::Health(H::Fault, "the device reports a problem"),
        // 'On means unsafe': of what, the entity's name says, or nobody (Zigbee2MQTT gives this class to `sos`, Z-Wave JS UI
        // and rtl_433 to tamper, others to a door).
        "safety" => by_name(names).unwrap_or(Two::Alarm(A::Unknown)),
        "smoke" => Two::Alarm(A::Smoke),
        "sound" => Two::Seen(O::Sound),
        "tamper" => TAMPER,
        "vibration" => Two::Seen(O::Vibration),
        "battery_charging" | "light" | "plug" | "power" | "running" | "update" => return Quiet,
        // No class, or one that nobody knows yet.
        _ => match by_name(names) {
            Some(found @ (Two::Alarm(_) | Two::Health(..))) => found,
            Some(Two::Seen(_) | Two::Unseen(_) | Two::Lost(..)) | None => return Unknown,
        },
    })
}

/// A cover that is opened, or a device that is taken down.
pub(super) const TAMPER: Two = Two::Health(H::Tamper, "opened or removed");

/// What the names of an entity say that it is: the first that is exactly an alarm's, then one with a place before it, then
/// what is open or closed. What says only 'alarm' does not say of what.
pub(super) fn by_name(names: &[&str]) -> Option<Two> {
    let exactly = names.iter().find_map(|name| of_named(named(name)?));
    exactly
        .or_else(|| {
            let mut names = names.iter();
            names.find_map(|name| of_named(named_in_a_place(name)?))
        })
        .or_else(|| {
            names.iter().find_map(|name| {
                let plain = plain(name);
                match plain.rsplit('_').next()? {
                    "open" | "opened" => Some(Two::Seen(O::Contact)),
                    "closed" => Some(Two::Unseen(O::Contact)),
                    _ => None,
                }
            })
        })
}

/// The meaning of a name.
pub(super) const fn of_named(named: Named) -> Option<Two> {
    match named {
        Named::Alarm(kind) => Some(Two::Alarm(kind)),
        Named::Tamper => Some(TAMPER),
        Named::Unsaid => None,
    }
}

/// What a text of an entity of these names says in words: an alarm or tamper, where a name is exactly that.
pub(super) fn words(class: &str, unit: &str, names: &[&str]) -> Option<Named> {
    if !matches!(class, "" | "enum") || !unit.is_empty() {
        return None;
    }
    let found = names.iter().find_map(|name| named(name));
    found.filter(|found| *found != Named::Unsaid)
}

/// Classes of sensors that others say in full, or that say nothing for telecare. `weight` is not among them: it is any mass,
/// and whose is not known.
const QUIET_SENSORS: &str = "apparent_power aqi area atmospheric_pressure carbon_dioxide carbon_monoxide conductivity current data_rate \
    data_size date distance duration energy_distance energy_storage frequency gas irradiance moisture monetary \
    nitrogen_dioxide nitrogen_monoxide nitrous_oxide ozone ph pm1 pm10 pm25 pm4 power_factor precipitation \
    precipitation_intensity pressure reactive_energy reactive_power signal_strength sound_pressure speed \
    sulphur_dioxide temperature_delta timestamp uptime volatile_organic_compounds volatile_organic_compounds_parts \
    voltage volume volume_flow_rate volume_storage water wind_direction wind_speed";

/// A sensor's class with its unit. A class whose unit does not convert is not read.
pub(super) fn sensor(class: &str, unit: &str, names: &[&str]) -> Class {
    let kind = match class {
        "temperature" | "humidity" if is_elsewhere(names) => return Quiet,
        "temperature" => O::Temperature,
        "humidity" => O::Humidity,
        "illuminance" => O::Illuminance,
        "power" => O::Power,
        "energy" => O::Energy,
        "battery" => {
            return if matches!(unit, "" | "%") {
                Class::Charge
            } else {
                Unknown
            };
        }
        quiet if QUIET_SENSORS.split_whitespace().any(|of| of == quiet) => return Quiet,
        _ => return Unknown,
    };
    let wanted = kind.unit();
    let converts = wanted.is_some_and(|wanted| convert(1.0, unit, wanted).is_some());
    // Of these one unit is usual everywhere; a temperature may be of two.
    let usual = unit.is_empty() && matches!(kind, O::Humidity | O::Illuminance);
    if converts || usual {
        Class::Number(kind)
    } else {
        Unknown
    }
}

/// A cover's class: doors and windows are contacts, blinds are not.
pub(super) fn cover(class: &str) -> Class {
    match class {
        "door" | "garage" | "gate" | "window" => Class::Two(Two::Seen(O::Contact)),
        _ => Quiet,
    }
}

/// What on or off says; `code` is the entity's name, for an alarm of which nobody knows what it is about.
pub(super) fn said(two: Two, on: bool, code: &str) -> What {
    let condition = |raised| {
        if raised {
            Condition::Raised
        } else {
            Condition::Restored
        }
    };
    match two {
        Two::Alarm(kind) => What::Alarm {
            kind,
            condition: condition(on),
            raw_code: match kind {
                A::Unknown => code.to_owned(),
                _ => String::new(),
            },
        },
        Two::Seen(kind) => What::state(kind, state_of(kind, on)),
        Two::Unseen(kind) => What::state(kind, state_of(kind, !on)),
        Two::Health(kind, detail) => What::health(kind, condition(on), detail),
        Two::Lost(kind, detail) => What::health(kind, condition(!on), detail),
    }
}

/// Components that say nothing for telecare: what can be told, and what is not in the home.
const QUIET: &str = "button camera climate date datetime device_tracker fan humidifier image infrared lawn_mower light notify \
    number remote scene select siren switch tag text time update vacuum water_heater";

/// True of a component that says nothing for telecare.
pub(super) fn is_quiet(component: &str) -> bool {
    QUIET.split_whitespace().any(|quiet| quiet == component)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_of_a_binary_sensor_has_its_meaning() {
        for (class, on) in [
            (
                "battery",
                "Health { kind: BatteryLow, of: Condition(Raised)",
            ),
            ("carbon_monoxide", "Alarm { kind: Co, condition: Raised"),
            ("cold", "Alarm { kind: Cold, condition: Raised"),
            (
                "connectivity",
                "Health { kind: Path, of: Condition(Restored)",
            ),
            ("door", "kind: Contact, seen: State(Open)"),
            ("garage_door", "kind: Contact, seen: State(Open)"),
            ("gas", "Alarm { kind: Gas, condition: Raised"),
            ("heat", "Alarm { kind: Heat, condition: Raised"),
            ("lock", "kind: Lock, seen: State(Unlocked)"),
            ("moisture", "Alarm { kind: Flood, condition: Raised"),
            ("motion", "kind: Motion, seen: State(Active)"),
            ("moving", "kind: Motion, seen: State(Active)"),
            ("occupancy", "kind: Occupancy, seen: State(Active)"),
            ("opening", "kind: Contact, seen: State(Open)"),
            ("presence", "kind: Presence, seen: State(Active)"),
            ("problem", "Health { kind: Fault, of: Condition(Raised)"),
            (
                "safety",
                "Alarm { kind: Unknown, condition: Raised, raw_code: \"x\"",
            ),
            ("smoke", "Alarm { kind: Smoke, condition: Raised"),
            ("sound", "kind: Sound, seen: State(Active)"),
            ("tamper", "Health { kind: Tamper, of: Condition(Raised)"),
            ("vibration", "kind: Vibration, seen: State(Active)"),
            ("window", "kind: Contact, seen: State(Open)"),
        ] {
            let Class::Two(two) = binary_sensor(class, &["x"]) else {
                panic!("{class}");
            };
            let what = format!("{:?}", said(two, true, "x"));
            assert!(what.contains(on), "{class}: {what}");
        }
        for class in [
            "battery_charging",
            "light",
            "plug",
            "power",
            "running",
            "update",
        ] {
            assert_eq!(binary_sensor(class, &[]), Quiet, "{class}");
        }
        assert_eq!(binary_sensor("", &["mystery"]), Unknown);
        assert_eq!(
            binary_sensor("new_class", &["sos"]),
            Class::Two(Two::Alarm(A::Help))
        );
        let sos = binary_sensor("safety", &["0x00", "sos"]);
        assert_eq!(sos, Class::Two(Two::Alarm(A::Help)));
        assert_eq!(binary_sensor("", &["emergency_overheat"]), Unknown);
    }

    #[test]
    fn a_measurement_has_a_unit_that_converts_and_is_of_the_room() {
        for (class, unit, name, due) in [
            ("temperature", "°C", "t", Class::Number(O::Temperature)),
            ("temperature", "°F", "t", Class::Number(O::Temperature)),
            ("temperature", "", "t", Unknown),
            ("temperature", "°C", "device_temperature", Quiet),
            ("temperature", "°C", "ESP32 Internal", Quiet),
            ("humidity", "", "h", Class::Number(O::Humidity)),
            ("illuminance", "lx", "l", Class::Number(O::Illuminance)),
            ("illuminance", "W/m²", "l", Unknown),
            ("power", "kW", "p", Class::Number(O::Power)),
            ("energy", "Wh", "e", Class::Number(O::Energy)),
            ("energy", "m³", "e", Unknown),
            ("battery", "%", "b", Class::Charge),
            ("battery", "V", "b", Unknown),
            ("voltage", "mV", "v", Quiet),
            ("weight", "kg", "w", Unknown),
            ("", "lqi", "linkquality", Unknown),
        ] {
            assert_eq!(sensor(class, unit, &[name]), due, "{class} {unit} {name}");
        }
    }

    #[test]
    fn a_name_says_what_a_class_does_not_and_the_class_safety_never_beats_it() {
        let alarm = |kind| Class::Two(Two::Alarm(kind));
        for (class, names, due) in [
            ("", &["co_alarm", "value"][..], alarm(A::Co)),
            ("", &["smoke_alarm"], alarm(A::Smoke)),
            ("", &["0x01", "", "Kitchen smoke alarm"], alarm(A::Smoke)),
            ("", &["falling_information"], alarm(A::Fall)),
            ("", &["Falling Detected"], alarm(A::Fall)),
            ("", &["water_leak_1"], alarm(A::Flood)),
            ("", &["pull_cord"], alarm(A::Help)),
            ("", &["tamper"], Class::Two(TAMPER)),
            ("", &["smoke_alarm_test"], Unknown),
            ("", &["co_alarm_enabled"], Unknown),
            ("", &["gas_meter"], Unknown),
            ("", &["heat"], Unknown),
            ("", &["alarm"], Unknown),
            ("", &["closed"], Unknown),
            ("safety", &["tamper"], Class::Two(TAMPER)),
            (
                "safety",
                &["DSC-Security-2681680-tamper"],
                Class::Two(TAMPER),
            ),
            (
                "safety",
                &["DSC-Security-2681680-closed"],
                Class::Two(Two::Unseen(O::Contact)),
            ),
            (
                "safety",
                &["GS-558-reed_open"],
                Class::Two(Two::Seen(O::Contact)),
            ),
            ("safety", &["smoke_detected"], alarm(A::Smoke)),
            ("safety", &["x"], alarm(A::Unknown)),
        ] {
            assert_eq!(binary_sensor(class, names), due, "{class} {names:?}");
        }
    }

    #[test]
    fn a_text_is_an_alarm_when_its_name_is_exactly_that_and_no_number_with_a_unit_is() {
        let smoke = Some(Named::Alarm(A::Smoke));
        assert_eq!(words("", "", &["smoke_alarm_state"]), smoke);
        assert_eq!(words("enum", "", &["smoke"]), smoke);
        assert_eq!(words("", "dB/m", &["smoke"]), None);
        assert_eq!(words("carbon_monoxide", "", &["co"]), None);
        assert_eq!(words("", "", &["smoke_density"]), None);
        assert_eq!(words("", "", &["alarm_status"]), None);
    }
}
