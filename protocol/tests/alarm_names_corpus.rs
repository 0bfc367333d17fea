//! Every property of the published definitions (where the folder is there) that sounds like an alarm, decided one by one: a
//! property that is not in the list fails the test, so that somebody decides it.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use tecs_protocol::mqtt::zigbee2mqtt::{Limits, Zigbee2Mqtt, say};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::Condition;

/// What a property must do.
enum Due {
    /// Its values raise these kinds and no other, in one definition or another.
    Raises(&'static [&'static str]),
    /// An alarm of the kind that the device's description tells, or nothing where the device says it by another name.
    ByDescription,
    /// It raises nothing, though it is only read.
    Nothing,
    /// It is set, not sensed: with access to set it raises nothing.
    Setting,
}

use Due::{ByDescription, Nothing, Raises, Setting};

/// Property, what it must do, why.
const DECIDED: &[(&str, Due, &str)] = &[
    (
        "active_water_leak",
        Raises(&["flood"]),
        "a valve that sees water",
    ),
    ("alarm", ByDescription, "says only that there is one"),
    ("alarm_1", ByDescription, "a bit of a zone"),
    ("alarm_2", ByDescription, "a bit of a zone"),
    ("alarm_control", Setting, "which sound it makes"),
    ("alarm_indicator", Nothing, "a lamp"),
    ("alarm_mode", Nothing, "what it is set to warn of"),
    ("alarm_on_motion", Setting, "whether it sounds"),
    ("alarm_ringtone", Setting, "a melody"),
    ("alarm_state", ByDescription, "a detector's own words"),
    ("alarm_switch", Setting, "whether it sounds"),
    ("alarm_volume", Setting, "how loud"),
    ("alert_behaviour", Setting, "lamp or sound"),
    ("bedroom", Setting, "a kind of room"),
    ("beeper_on_leak_1", Setting, "whether it beeps"),
    ("broadcast_alarms", Setting, "whether others sound"),
    ("buzzer_manual_alarm", Setting, "a buzzer"),
    ("carbon_monoxide", Raises(&["co"]), "the alarm itself"),
    ("co_state", Raises(&["co"]), "the alarm in words"),
    ("current_weather_alert", Nothing, "the weather"),
    ("emergency_overcurrent", Nothing, "a plug protects itself"),
    ("emergency_overheat", Nothing, "a plug protects itself"),
    ("emergency_overvoltage", Nothing, "a plug protects itself"),
    (
        "emergency_shutoff_recovery",
        Setting,
        "what a plug does afterwards",
    ),
    ("emergency_undervoltage", Nothing, "a plug protects itself"),
    ("fall_detection", Setting, "whether it looks for falls"),
    ("fall_detection_settings", Nothing, "figures"),
    (
        "fall_down_status",
        Raises(&["fall"]),
        "a radar that sees falls",
    ),
    ("fault_alarm", Nothing, "the device is broken: health"),
    (
        "gas",
        Raises(&["gas"]),
        "the alarm itself; as a number a volume",
    ),
    ("gas_sensitivity", Setting, "a threshold"),
    ("gas_sensor_state", Raises(&["gas"]), "the alarm in words"),
    (
        "halo_alert_state",
        Raises(&["co", "smoke"]),
        "what a linked alarm sees",
    ),
    ("heat", Raises(&["heat"]), "a detector's, in a definition"),
    ("illuminance_warning", Nothing, "light"),
    ("interconnectable", Nothing, "whether it can be linked"),
    (
        "link_available",
        Raises(&["co", "gas", "heat", "smoke"]),
        "what linked alarms see",
    ),
    ("linkage_alarm", Setting, "whether others sound"),
    (
        "linkage_alarm_state",
        Nothing,
        "said by the device that sees it",
    ),
    ("occupancy_alarm_1", Nothing, "somebody there"),
    ("occupancy_alarm_2", Nothing, "somebody there"),
    ("pre_alarm", Setting, "whether it warns early"),
    ("preheat", Nothing, "it warms up"),
    ("preheating", Nothing, "it warms up"),
    ("silence_siren", Setting, "a button"),
    ("siren_for_automation_only", Setting, "makes it sound"),
    ("siren_state", Nothing, "its own noise"),
    ("smoke", Raises(&["smoke"]), "the alarm itself"),
    (
        "smoke_alarm_silenced",
        Nothing,
        "somebody pressed its button",
    ),
    ("smoke_state", Raises(&["smoke"]), "the alarm in words"),
    ("smoke_unit", Setting, "a unit"),
    ("sos", Raises(&["help"]), "a call"),
    (
        "static_dwell_alarm",
        Raises(&["inactivity"]),
        "somebody has not moved for long",
    ),
    ("status", Raises(&["fall"]), "a radar that sees falls"),
    ("tamper", Nothing, "opened or removed: health"),
    ("th_heater", Nothing, "it heats its own sensor"),
    ("tvoc_alert_enable", Setting, "whether it warns"),
    (
        "water",
        Nothing,
        "may warn of missing water; water_leak says it",
    ),
    ("water_leak", Raises(&["flood"]), "the alarm itself"),
    ("water_leak_alarm_control", Setting, "mutes it"),
    ("water_leak_buzzer", Setting, "a buzzer"),
    ("weather_alert", Nothing, "the weather"),
    ("weather_alerts_interest", Setting, "a list"),
];

/// Words that make a name sound like an alarm.
const SOUNDS: &[&str] = &[
    "alarm",
    "alert",
    "bed",
    "burst",
    "carbon",
    "dwell",
    "emergency",
    "fall",
    "fire",
    "flood",
    "gas",
    "heat",
    "help",
    "interconnect",
    "leak",
    "link_available",
    "moisture",
    "panic",
    "siren",
    "smoke",
    "sos",
    "tamper",
    "warning",
    "water",
];

fn corpus() -> Vec<Value> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/zigbee_exposes.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no published definitions beside this checkout");
        return Vec::new();
    };
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn due(property: &str) -> Option<&'static Due> {
    DECIDED
        .iter()
        .find(|(name, ..)| *name == property)
        .map(|(_, due, _)| due)
}

fn taught(definition: &Value) -> Zigbee2Mqtt {
    let text = |key: &str| definition[key].as_str().unwrap_or_default();
    let exposes = definition["properties"].as_object().unwrap().iter();
    let exposes = exposes.map(|(name, of)| {
        let mut expose = of.clone();
        expose["name"] = json!(name);
        expose["property"] = json!(name);
        expose["access"] = json!(if matches!(due(name), Some(Setting)) {
            3
        } else {
            1
        });
        expose
    });
    let device = say::Device {
        ieee_address: "0x00158d0000000001",
        friendly_name: "d",
        vendor: text("vendor"),
        model: text("model"),
        description: text("description"),
        exposes: exposes.collect(),
    };
    let mut z = Zigbee2Mqtt::new("", Limits::default());
    z.read(&Publish {
        topic: "zigbee2mqtt/bridge/devices",
        payload: say::devices(&[device]).to_string().as_bytes(),
        retained: true,
        now_ms: 0,
    });
    z
}

/// The kinds of alarm that a state raises.
fn raised(z: &mut Zigbee2Mqtt, state: &Value) -> BTreeSet<&'static str> {
    let message = z.read(&Publish {
        topic: "zigbee2mqtt/d",
        payload: state.to_string().as_bytes(),
        retained: false,
        now_ms: 0,
    });
    let kinds = message
        .signals
        .iter()
        .filter_map(|signal| match &signal.what {
            What::Alarm {
                kind,
                condition: Condition::Raised,
                ..
            } => Some(kind.word()),
            _ => None,
        });
    kinds.collect()
}

/// Every value that a property may have.
fn values(of: &Value) -> Vec<Value> {
    match of["type"].as_str().unwrap() {
        "binary" => vec![
            of["value_on"].clone(),
            of["value_off"].clone(),
            json!(true),
            json!(1),
        ],
        "numeric" => vec![json!(0), json!(1), json!(42)],
        _ => match of["values"].as_array() {
            Some(values) if !values.is_empty() => values.clone(),
            _ => vec![json!("alarm"), json!("normal")],
        },
    }
}

#[test]
fn every_property_that_sounds_like_an_alarm_is_decided_and_does_what_was_decided() {
    let mut seen: BTreeSet<(String, &'static str)> = BTreeSet::new();
    for definition in corpus() {
        let mut z = taught(&definition);
        for (property, of) in definition["properties"].as_object().unwrap() {
            let case = format!("{} {property} {of}", definition["model"]);
            let kinds: BTreeSet<&str> = values(of)
                .iter()
                .flat_map(|value| raised(&mut z, &json!({ property.as_str(): value })))
                .collect();
            let sounds = SOUNDS.iter().any(|word| property.contains(word));
            if of["type"] == "numeric" {
                assert!(kinds.is_empty(), "{case}: a number raises {kinds:?}");
                continue;
            }
            match due(property) {
                Some(Raises(all)) => {
                    assert!(kinds.iter().all(|k| all.contains(k)), "{case}: {kinds:?}");
                    assert!(!kinds.is_empty() || property == "status", "{case}: silent");
                    seen.extend(kinds.iter().map(|k| (property.clone(), *k)));
                }
                Some(ByDescription) => {}
                Some(Nothing | Setting) => assert!(kinds.is_empty(), "{case}: raises {kinds:?}"),
                None => {
                    assert!(
                        !sounds,
                        "{case}: sounds like an alarm and nobody decided it"
                    );
                    assert!(
                        kinds.is_empty() || property == "action",
                        "{case}: raises {kinds:?} and nobody decided it"
                    );
                }
            }
        }
    }
    if seen.is_empty() {
        return;
    }
    for (property, due, why) in DECIDED {
        if let Raises(all) = due {
            for kind in *all {
                assert!(
                    seen.contains(&((*property).to_owned(), *kind)),
                    "{property} ({why}) never raised {kind}"
                );
            }
        }
    }
}

#[test]
fn at_rest_no_published_device_raises_an_alarm() {
    const CALM: &[&str] = &[
        "normal",
        "none",
        "inactive",
        "safe",
        "unoccupied",
        "off",
        "stop",
        "idle",
    ];
    for definition in corpus() {
        let mut z = taught(&definition);
        let mut state = Map::new();
        for (property, of) in definition["properties"].as_object().unwrap() {
            let value = match of["type"].as_str().unwrap() {
                "binary" => of["value_off"].clone(),
                "numeric" => json!(0),
                _ => {
                    let words = of["values"].as_array();
                    let calm = words.and_then(|words| {
                        words
                            .iter()
                            .find(|w| w.as_str().is_some_and(|w| CALM.contains(&w)))
                    });
                    // A press has no rest.
                    let first = words.and_then(|words| words.first());
                    match property.as_str() {
                        "action" => json!(""),
                        _ => calm.or(first).cloned().unwrap_or_default(),
                    }
                }
            };
            state.insert(property.clone(), value);
        }
        let kinds = raised(&mut z, &Value::Object(state));
        assert!(kinds.is_empty(), "{}: {kinds:?}", definition["model"]);
    }
}
