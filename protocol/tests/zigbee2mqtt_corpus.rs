//! The published definitions of `shared/corpus`, where the folder is there: each is taught by a `bridge/devices`, and
//! every property that matters to telecare must be read as this table says, whatever values its definition gives it.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod said;

use std::path::Path;

use serde_json::{Map, Value, json};

use tecs_protocol::mqtt::zigbee2mqtt::{Limits, Zigbee2Mqtt, say};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::signal::Message;

use said::said;

/// What the two values of a property say: when it is on, when it is off.
const BINARY: &[(&str, &str, &str)] = &[
    ("smoke", "alarm smoke raised", "alarm smoke restored"),
    ("heat", "alarm heat raised", "alarm heat restored"),
    ("carbon_monoxide", "alarm co raised", "alarm co restored"),
    ("gas", "alarm gas raised", "alarm gas restored"),
    ("water_leak", "alarm flood raised", "alarm flood restored"),
    (
        "active_water_leak",
        "alarm flood raised",
        "alarm flood restored",
    ),
    ("sos", "alarm help raised", "alarm help restored"),
    (
        "contact",
        "observed contact open",
        "observed contact closed",
    ),
    (
        "occupancy",
        "observed occupancy active",
        "observed occupancy clear",
    ),
    (
        "occupancy_alarm_1",
        "observed occupancy active",
        "observed occupancy clear",
    ),
    (
        "occupancy_alarm_2",
        "observed occupancy active",
        "observed occupancy clear",
    ),
    (
        "presence",
        "observed presence active",
        "observed presence clear",
    ),
    ("moving", "observed motion active", "observed motion clear"),
    (
        "pir_detection",
        "observed motion active",
        "observed motion clear",
    ),
    (
        "vibration",
        "observed vibration active",
        "observed vibration clear",
    ),
    (
        "noise_detected",
        "observed sound active",
        "observed sound clear",
    ),
    ("tamper", "health tamper raised", "health tamper restored"),
    (
        "battery_low",
        "health battery_low raised",
        "health battery_low restored",
    ),
    (
        "mains_power_connected",
        "health mains restored",
        "health mains raised",
    ),
    ("trouble", "health fault raised", "health fault restored"),
    ("fault", "health fault raised", "health fault restored"),
    (
        "fault_alarm",
        "health fault raised",
        "health fault restored",
    ),
    (
        "device_fault",
        "health fault raised",
        "health fault restored",
    ),
    (
        "test",
        "health test_call raised",
        "health test_call restored",
    ),
];

/// What a number says, in its definition's unit.
const NUMERIC: &[(&str, &str)] = &[
    ("battery", "health battery 42"),
    ("battery2", "health battery 42"),
    ("temperature", "observed temperature 42"),
    ("temperature_38", "observed temperature 42"),
    ("local_temperature", "observed temperature 42"),
    ("humidity", "observed humidity 42"),
    ("illuminance", "observed illuminance 42"),
    ("power", "observed power 42"),
    ("energy", "observed energy 42"),
    ("breathing_rate", "vital respiration 42"),
];

/// What a word says. A word that is not here says nothing, or is a button.
const WORDS: &[(&str, &str, &str)] = &[
    ("action", "emergency", "alarm help raised"),
    ("action", "sos", "alarm help raised"),
    ("action", "panic", "alarm panic raised"),
    ("action", "fall", "alarm fall raised"),
    ("action", "single", "observed button single"),
    ("action", "double", "observed button double"),
    ("fall_down_status", "none", "alarm fall restored"),
    ("fall_down_status", "maybe_fall", "alarm fall raised"),
    ("fall_down_status", "fall", "alarm fall raised"),
    ("status", "falling", "alarm fall raised"),
    ("status", "low_posture", "alarm fall raised"),
    ("status", "sitting", "alarm fall restored"),
    ("smoke_state", "alarm", "alarm smoke raised"),
    ("co_state", "alarm", "alarm co raised"),
    ("gas_sensor_state", "alarm", "alarm gas raised"),
    ("gas_sensor_state", "normal", "alarm gas restored"),
    ("battery_state", "low", "health battery_low raised"),
    ("battery_state", "high", "health battery_low restored"),
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

fn expose(property: &str, of: &Value) -> Value {
    let mut expose = of.clone();
    expose["name"] = json!(property);
    expose["property"] = json!(property);
    expose["access"] = json!(1);
    expose
}

fn taught(definition: &Value) -> Zigbee2Mqtt {
    let properties = definition["properties"].as_object().unwrap();
    let text = |key: &str| definition[key].as_str().unwrap_or_default();
    let device = say::Device {
        ieee_address: "0x00158d0000000001",
        friendly_name: "a device/upstairs",
        vendor: text("vendor"),
        model: text("model"),
        description: text("description"),
        exposes: properties
            .iter()
            .map(|(name, of)| expose(name, of))
            .collect(),
    };
    let mut z = Zigbee2Mqtt::new("", Limits::default());
    let message = z.read(&Publish {
        topic: "zigbee2mqtt/bridge/devices",
        payload: say::devices(&[device]).to_string().as_bytes(),
        retained: true,
        now_ms: 0,
    });
    assert_eq!(message.refusals, []);
    z
}

fn hear(z: &mut Zigbee2Mqtt, property: &str, value: &Value) -> Message {
    z.read(&Publish {
        topic: "zigbee2mqtt/a device/upstairs",
        payload: json!({ property: value }).to_string().as_bytes(),
        retained: false,
        now_ms: 0,
    })
}

/// What a message said first; empty when nothing.
fn first(message: &Message) -> String {
    message.signals.first().map(said).unwrap_or_default()
}

#[test]
fn every_property_that_matters_is_read_as_its_definition_means_it() {
    let (mut checked, mut odd) = (0, 0);
    for definition in corpus() {
        let mut z = taught(&definition);
        let model = definition["model"].as_str().unwrap();
        for (property, of) in definition["properties"].as_object().unwrap() {
            let case = format!("{model} {property} {of}");
            match of["type"].as_str().unwrap() {
                "binary" => {
                    let Some((_, on, off)) = BINARY.iter().find(|(name, ..)| name == property)
                    else {
                        continue;
                    };
                    // A strap under a mattress says occupancy and means the bed.
                    let bed = model.contains("bed_presence") && property == "occupancy";
                    let due = |word: &str| {
                        if bed {
                            word.replace("occupancy", "bed")
                        } else {
                            word.to_owned()
                        }
                    };
                    let (on, off) = (due(on), due(off));
                    for (value, due) in [(&of["value_on"], on), (&of["value_off"], off)] {
                        let message = hear(&mut z, property, value);
                        assert_eq!(first(&message), due, "{case}");
                        assert_eq!(message.refusals, [], "{case}");
                        odd += usize::from(!value.is_boolean());
                    }
                    let neither = hear(&mut z, property, &json!("perhaps"));
                    assert_eq!(neither.signals, [], "{case}");
                    assert_eq!(neither.refusals[0].name(), "bad_value", "{case}");
                    checked += 1;
                }
                "numeric" => {
                    let message = hear(&mut z, property, &json!(42));
                    let due = NUMERIC.iter().find(|(name, _)| name == property);
                    // A number is never an alarm, whatever its name (a gas meter's `gas`, a `co` in ppm).
                    assert_eq!(first(&message), due.map_or("", |(_, due)| due), "{case}");
                    assert_eq!(message.refusals, [], "{case}");
                    checked += usize::from(due.is_some());
                }
                _ => {
                    for value in of["values"].as_array().into_iter().flatten() {
                        let message = hear(&mut z, property, value);
                        let word = value.as_str().unwrap_or_default();
                        if let Some((.., due)) = WORDS
                            .iter()
                            .find(|(name, w, _)| name == property && *w == word)
                        {
                            assert_eq!(first(&message), *due, "{case} {word}");
                            checked += 1;
                        }
                        let alarms = message
                            .signals
                            .iter()
                            .filter(|s| s.what.is_raised())
                            .count();
                        let known = WORDS.iter().any(|(name, ..)| name == property);
                        assert!(
                            known
                                || alarms == 0
                                || [
                                    "self_test_result",
                                    "checking_result",
                                    "endoflife",
                                    "fault",
                                    "alarm",
                                    "alarm_state",
                                    "halo_alert_state",
                                    "link_available"
                                ]
                                .contains(&property.as_str())
                                || is_level(property),
                            "{case}: {word} raised something that no table expects"
                        );
                    }
                }
            }
        }
    }
    println!("{checked} properties checked, {odd} values that are not true or false");
}

/// How the names of alarms, of what is seen, and of a device's own troubles begin.
const STEMS: &[&str] = &[
    "smoke",
    "heat",
    "carbon_monoxide",
    "co_alarm",
    "gas",
    "water_leak",
    "sos",
    "emergency",
    "panic",
    "fall",
    "contact",
    "occupancy",
    "presence",
    "motion",
    "vibration",
    "tamper",
    "bed",
    "battery_low",
];

/// What begins like one of them and is a setting, a sound or an answer.
const SETTINGS: &[&str] = &[
    "smoke_alarm_silenced",
    "heartbeat",
    "heartbeat_indicator",
    "water_leak_alarm_control",
    "water_leak_buzzer",
    "fall_detection",
    "presence_switch",
    "vibration_detection",
    "vibration_detection_enabled",
    // A room of a radar's settings.
    "bedroom",
];

#[test]
fn no_alarm_and_nothing_seen_goes_unread_whatever_its_endpoint() {
    let mut read = 0;
    for definition in corpus() {
        let mut z = taught(&definition);
        for (property, of) in definition["properties"].as_object().unwrap() {
            let is_one = STEMS.iter().any(|stem| property.starts_with(stem));
            if of["type"] != "binary" || !is_one || SETTINGS.contains(&property.as_str()) {
                continue;
            }
            let case = format!("{} {property} {of}", definition["model"]);
            let on = first(&hear(&mut z, property, &of["value_on"]));
            let off = first(&hear(&mut z, property, &of["value_off"]));
            assert!(
                !on.is_empty() && !off.is_empty() && on != off,
                "{case}: {on}, {off}"
            );
            for nothing in [json!(null), json!("")] {
                assert_eq!(hear(&mut z, property, &nothing).signals, [], "{case}");
            }
            // Two of a kind on one device are two fields, and each is read like one.
            let second = format!("{property}_2");
            if BINARY.iter().any(|(name, ..)| name == property)
                && !property.ends_with(char::is_numeric)
            {
                let mut two = definition.clone();
                two["properties"] = json!({ property.as_str(): of, second.as_str(): of });
                let mut z = taught(&two);
                assert_eq!(first(&hear(&mut z, &second, &of["value_on"])), on, "{case}");
            }
            read += 1;
        }
    }
    println!("{read} properties read on and off");
}

/// Batteries that say how full they are in words.
fn is_level(property: &str) -> bool {
    property.starts_with("battery_")
}

#[test]
fn a_whole_state_of_every_device_is_read_without_a_refusal() {
    for definition in corpus() {
        let mut z = taught(&definition);
        let mut state = Map::new();
        for (property, of) in definition["properties"].as_object().unwrap() {
            let value = match of["type"].as_str().unwrap() {
                "binary" => of["value_off"].clone(),
                "numeric" => json!(1),
                _ => of["values"][0].clone(),
            };
            state.insert(property.clone(), value);
        }
        let message = z.read(&Publish {
            topic: "zigbee2mqtt/a device/upstairs",
            payload: Value::Object(state).to_string().as_bytes(),
            retained: false,
            now_ms: 0,
        });
        assert_eq!(message.refusals, [], "{}", definition["model"]);
    }
}
