//! The table, name by name: what each is, and what looks like it and is not.

use super::*;

fn alarm(kind: AlarmKind) -> Named {
    Named::Alarm(kind)
}

#[test]
fn a_name_is_an_alarm_whatever_words_its_maker_puts_around_it() {
    for (kind, stems) in [
        (A::Help, &["help", "sos", "emergency"][..]),
        (A::Panic, &["panic"]),
        (A::Fall, &["fall", "falling", "fall_down"]),
        (A::Smoke, &["smoke"]),
        (A::Co, &["co", "carbon_monoxide", "carbon monoxide"]),
        (A::Gas, &["gas"]),
        (
            A::Flood,
            &["flood", "leak", "water_leak", "moisture", "burst"],
        ),
    ] {
        for stem in stems {
            for name in [
                (*stem).to_owned(),
                format!("{stem}_alarm"),
                format!("{stem}_detected"),
                format!("{stem}_state"),
                format!("{stem}_status"),
                format!("alarm_{stem}"),
                format!("alarm-{stem}"),
                format!("{stem}_alarm_state"),
                format!("{stem} alarm status"),
                format!("{stem}_1"),
                format!("{stem}_alarm_2"),
                format!("{stem}_1_alarm"),
                format!("{}_ALARM", stem.to_uppercase()),
            ] {
                assert_eq!(named(&name), Some(alarm(kind)), "{name}");
            }
        }
    }
    for (name, kind) in [
        ("heat_alarm", A::Heat),
        ("alarm_heat", A::Heat),
        ("heat_detected", A::Heat),
        ("FireAlarm", A::Smoke),
        ("COAlarm", A::Co),
        ("WaterLeak2", A::Flood),
        ("WATER_LEAK_STATUS", A::Flood),
        ("water_leak_zone_3", A::Flood),
        ("active_water_leak", A::Flood),
        ("water_detected", A::Flood),
        ("Falling Information", A::Fall),
        ("fall_down_status", A::Fall),
        ("smoke_sensor_state", A::Smoke),
        ("SOSButton", A::Help),
        ("emergency_button_pressed", A::Help),
        ("pull cord", A::Help),
        ("pendant_alarm", A::Help),
        ("static_dwell_alarm", A::Inactivity),
        ("duress", A::Panic),
    ] {
        assert_eq!(named(name), Some(alarm(kind)), "{name}");
    }
    for name in [
        "tamper",
        "tamper_alarm",
        "Tamper Status",
        "tamper_2",
        "anti_tamper",
    ] {
        assert_eq!(named(name), Some(Named::Tamper), "{name}");
    }
    for name in [
        "alarm",
        "alarm_1",
        "alarm_2",
        "alarm_status",
        "Alarm State",
        "ALARM_status",
    ] {
        assert_eq!(named(name), Some(Named::Unsaid), "{name}");
    }
}

#[test]
fn what_only_looks_like_an_alarm_is_none() {
    for name in [
        "",
        "smoke_density",
        "smoke_value",
        "smoke_alarm_silenced",
        "smoke_alarm_test",
        "smoke_sensor_active",
        "smoke_battery",
        "smoke_unit",
        "smoker",
        "co_alarm_enabled",
        "co_ppm",
        "co2",
        "CO2 alarm",
        "cover",
        "sos_battery",
        "sos_enabled",
        "fall_sensitivity",
        "fall_detection_settings",
        "fall_detection_active",
        "rainfall",
        "waterfall",
        "gas_meter",
        "gas_consumption",
        "gas_valve_state",
        "gas_sensitivity",
        "heat",
        "heating",
        "heat_state",
        "heat_active",
        "heat_button",
        "emergency_heat",
        "emergency_overcurrent",
        "emergency_light",
        "water",
        "water_level_alarm",
        "water_temperature",
        "water_leak_alarm_control",
        "water_leak_buzzer",
        "soil_moisture",
        "leak_sensor_battery",
        "panic_mode",
        "helper",
        "pendant",
        "alarm_volume",
        "alarm_switch",
        "alarm_mode",
        "alarm_time",
        "alarm_on_motion",
        "tamper_count",
        "linkage_alarm",
        "interconnectable",
    ] {
        assert_eq!(named(name), None, "{name}");
    }
}

#[test]
fn a_place_before_a_name_leaves_it_what_it_is_and_a_word_of_control_does_not() {
    for (name, due) in [
        ("kitchen_smoke", Some(alarm(A::Smoke))),
        ("Hall - Detector - co_alarm", Some(alarm(A::Co))),
        ("Kitchen smoke alarm", Some(alarm(A::Smoke))),
        ("living_room_fall_detected", Some(alarm(A::Fall))),
        ("bathroom_sos", Some(alarm(A::Help))),
        ("DSC-Security-2681680-tamper", Some(Named::Tamper)),
        ("hall_alarm", None),
        ("test_smoke", None),
        ("enable_co_alarm", None),
        ("no_leak", None),
        ("rain_fall", None),
        ("free_fall", None),
        ("last_smoke_alarm", None),
        ("kitchen_soil_moisture", None),
        ("floor_heat", None),
        ("kitchen_smoke_battery", None),
    ] {
        assert_eq!(named_in_a_place(name), due, "{name}");
    }
}

#[test]
fn one_rule_says_what_is_yes() {
    for yes in [
        "true", "TRUE", "True", "1", "1.0", " on ", "ON", "yes", "Yes",
    ] {
        assert_eq!(yes_or_no(yes), Some(true), "{yes}");
    }
    for no in ["false", "FALSE", "0", "0.0", "-0", "off", "OFF", "no"] {
        assert_eq!(yes_or_no(no), Some(false), "{no}");
    }
    for neither in ["", "2", "0.5", "11", "nan", "inf", "open", "none", "1x"] {
        assert_eq!(yes_or_no(neither), None, "{neither}");
    }
}

#[test]
fn the_words_of_an_alarm_raise_it_or_say_that_all_is_well() {
    use Says::{Neither, Raised, Restored};
    let [flood, fall, smoke] = [A::Flood, A::Fall, A::Smoke].map(Named::Alarm);
    for (of, word, due) in [
        (flood, "Leak", Some(Raised)),
        (flood, "NoLeak", Some(Restored)),
        (flood, "NO LEAK", Some(Restored)),
        (flood, "noleak", Some(Restored)),
        (flood, "water_leakage_yes", Some(Raised)),
        (flood, "water_leakage_no", Some(Restored)),
        (flood, "wet", Some(Raised)),
        (flood, "dry", Some(Restored)),
        (fall, "falling", Some(Raised)),
        (fall, "maybe_fall", Some(Raised)),
        (fall, "fall_warning", Some(Raised)),
        (fall, "normal", Some(Restored)),
        (fall, "unknown", Some(Neither)),
        (smoke, "alarm", Some(Raised)),
        (smoke, "No Alarm", Some(Restored)),
        (smoke, "critical_alarm", Some(Raised)),
        (smoke, "prealarm", Some(Neither)),
        (smoke, "detecting", Some(Neither)),
        (smoke, "Not Detected", Some(Restored)),
        (smoke, "TRUE", Some(Raised)),
        (smoke, "0.0", Some(Restored)),
        (smoke, "carbon_monoxide", None),
        (smoke, "2", None),
        (smoke, "perhaps", None),
        (flood, "Leak of gas", None),
    ] {
        assert_eq!(says(of, word), due, "{of:?} {word}");
    }
}

#[test]
fn a_description_says_what_a_device_is_there_for() {
    for (text, due) in [
        ("Smart smoke alarm", Some(Subject::Alarm(A::Smoke))),
        ("Dual smoke CO sensor", Some(Subject::SmokeOrCo)),
        (
            "TS0601_smoke_7 CO + Smoke detector",
            Some(Subject::SmokeOrCo),
        ),
        ("Smart natural gas detector", Some(Subject::Alarm(A::Gas))),
        ("Flood Gen 4", Some(Subject::Alarm(A::Flood))),
        ("Water leakage sensor", Some(Subject::Alarm(A::Flood))),
        ("SOS button", Some(Subject::Alarm(A::Help))),
        ("Fall Detection Sensor", Some(Subject::Alarm(A::Fall))),
        ("Smart siren", Some(Subject::Siren)),
        ("Battery powered PIR presence sensor", Some(Subject::Motion)),
        ("Door sensor", Some(Subject::Contact)),
        ("Gas meter", None),
        ("Automatically generated definition", None),
    ] {
        assert_eq!(subject(text), due, "{text}");
    }
}

#[test]
fn a_room_of_a_home_may_stand_behind_a_name_and_nothing_else() {
    for (name, due) in [
        ("leak_under_sink", Some(A::Flood)),
        ("Smoke alarm hallway", Some(A::Smoke)),
        ("smoke_alarm_ground_floor", Some(A::Smoke)),
        ("SOS button bedroom", Some(A::Help)),
        ("fall_in_the_bathroom", Some(A::Fall)),
        ("co_alarm_landing_2", Some(A::Co)),
        ("nurse_call_room_3", Some(A::Help)),
        ("smoke_living_room", Some(A::Smoke)),
        ("wet_room", None),
        ("panic_room", None),
        ("emergency_light_hall", None),
        ("heat_floor", None),
        ("water_kitchen", None),
        ("gas_boiler", None),
        ("fall_back", None),
        ("smoke_alarm_test_kitchen", None),
        ("no_leak_kitchen", None),
        ("alarm_hall", None),
    ] {
        let found = named_in_a_place(name).and_then(Named::kind);
        assert_eq!(found, due, "{name}");
    }
}

#[test]
fn a_call_is_pressed_and_gas_leaks() {
    let (help, panic, gas) = (
        Named::Alarm(A::Help),
        Named::Alarm(A::Panic),
        Named::Alarm(A::Gas),
    );
    for (of, word, due) in [
        (help, "pressed", Some(Says::Raised)),
        (help, "Pulled", Some(Says::Raised)),
        (panic, "PRESS", Some(Says::Raised)),
        (help, "released", Some(Says::Restored)),
        (help, "not pressed", Some(Says::Restored)),
        (Named::Alarm(A::Smoke), "pressed", None),
        (gas, "leak", Some(Says::Raised)),
        (gas, "leakage", Some(Says::Raised)),
        (gas, "no_leak", Some(Says::Restored)),
        (gas, "wet", None),
        (Named::Alarm(A::Flood), "gas", None),
    ] {
        assert_eq!(says(of, word), due, "{of:?} {word}");
    }
}

#[test]
fn a_flag_and_a_report_of_an_alarm_are_the_alarm() {
    for (name, due) in [
        ("sosFlag", Some(A::Help)),
        ("fall_flag", Some(A::Fall)),
        ("floodReport", Some(A::Flood)),
        ("smoke_report_interval", None),
        ("water_report", None),
        ("restore_reports", None),
    ] {
        assert_eq!(named(name).and_then(Named::kind), due, "{name}");
    }
    assert_eq!(named("tamperReport"), Some(Named::Tamper));
}
