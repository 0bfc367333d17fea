//! The captured messages of `shared/fixtures`, where the folder is there, against what this project says they mean. The table
//! holds ids and expectations, never a payload.

use std::path::Path;

use tecs_gateway::config::tables;
use tecs_protocol::family::{Family, Options, dialect, wire};
use tecs_protocol::mqtt::Publish;
use tecs_protocol::serial::Heard;
use tecs_protocol::signal::{HealthOf, Measured, Message, Seen, Signal, What};

/// What a fixture says: `what kind word`, in any order.
const EXPECTED: &[(&str, &[&str])] = &[
    ("tasmota-01", &["health path restored"]),
    // Codes that nobody has taught.
    ("tasmota-03", &["health untaught raised"]),
    ("tasmota-05", &["health untaught raised"]),
    ("tasmota-06", &["health untaught raised"]),
    ("tasmota-08", &["observed contact closed"]),
    (
        "tasmota-10",
        &[
            "health battery 100",
            "observed humidity 57.5",
            "observed temperature 20.7",
        ],
    ),
    ("rtl_433-01", &["health battery_low restored"]),
    (
        "rtl_433-03",
        &[
            "health battery_low restored",
            "health tamper restored",
            "observed contact open",
        ],
    ),
    (
        "rtl_433-05",
        &["alarm unknown restored", "observed contact open"],
    ),
    (
        "rtl_433-06",
        &[
            "health battery_low restored",
            "health tamper restored",
            "observed contact open",
        ],
    ),
    (
        "rtl_433-08",
        &[
            "health battery_low restored",
            "health tamper restored",
            "observed motion active",
        ],
    ),
    (
        "shelly-01",
        &[
            "health fault restored",
            "health fault restored",
            "health fault restored",
            "observed humidity 57.6",
            "observed temperature 19",
        ],
    ),
    (
        "shelly-03",
        &[
            "health fault restored",
            "health fault restored",
            "health fault restored",
            "observed energy 26.589744",
            "observed power 99.4",
        ],
    ),
    (
        "shelly-05",
        &[
            "alarm smoke restored",
            "health battery 71",
            "observed temperature 25.0625",
        ],
    ),
    (
        "theengs-01",
        &["health battery 100", "observed button single"],
    ),
    (
        "theengs-03",
        &["health battery 100", "observed button long"],
    ),
    (
        "theengs-05",
        &[
            "health battery 100",
            "observed contact open",
            "observed illuminance 87",
        ],
    ),
    (
        "theengs-06",
        &[
            "health battery 100",
            "observed contact closed",
            "observed illuminance 673",
        ],
    ),
    (
        "theengs-08",
        &[
            "health battery 100",
            "observed illuminance 36",
            "observed motion clear",
        ],
    ),
    ("theengs-10", &["vital weight 61.75"]),
    ("theengs-11", &["vital weight 59.7381"]),
    // An object on the scales.
    ("theengs-13", &[]),
    ("theengs-15", &["vital pulse 104"]),
    ("theengs-16", &["health battery 97", "vital pulse 63"]),
    (
        "theengs-18",
        &[
            "alarm door_left_open raised",
            "health battery 65",
            "observed contact open",
            "observed motion active",
        ],
    ),
    ("theengs-20", &["observed contact open"]),
    (
        "theengs-21",
        &["observed illuminance 3", "observed motion active"],
    ),
    (
        "theengs-23",
        &[
            "health battery 71.4",
            "observed humidity 68",
            "observed temperature 23.36",
        ],
    ),
    // No codec has read it.
    ("chirpstack-01", &[]),
    (
        "chirpstack-03",
        &["observed humidity 52.7", "observed temperature 26.6"],
    ),
    (
        "chirpstack-05",
        &["health battery 16", "observed button single"],
    ),
    ("chirpstack-06", &["observed button single"]),
    // An Ei6500 tells of smoke by a counter alone.
    ("wmbus-01", HEALTHY),
    ("wmbus-03", HEALTHY),
    ("wmbus-05", HEALTHY_AND_NO_SMOKE),
    ("wmbus-06", &["alarm smoke raised"]),
    ("wmbus-08", &["observed contact open"]),
    ("wmbus-10", &["alarm smoke raised"]),
    ("wmbus-11", HEALTHY),
    (
        "wisafe2_serial-01",
        &["alarm smoke raised", "health missing restored"],
    ),
    (
        "wisafe2_serial-03",
        &["health missing restored", "health test_call raised"],
    ),
    ("wisafe2_serial-05", &["health missing raised"]),
    (
        "wisafe2_serial-06",
        &["health missing restored", "observed button silence"],
    ),
    ("wisafe2_serial-08", &["health fault raised"]),
];

/// A wM-Bus device whose status is OK.
const HEALTHY: &[&str] = &[
    "health battery_low restored",
    "health fault restored",
    "health tamper restored",
];

/// The same of a detector whose status speaks of smoke.
const HEALTHY_AND_NO_SMOKE: &[&str] = &[
    "alarm smoke restored",
    "health battery_low restored",
    "health fault restored",
    "health tamper restored",
];

/// Messages that are refused by name, and a part of why.
const REFUSED: &[(&str, &str)] = &[("chirpstack-01", "no codec")];

fn said(signal: &Signal) -> String {
    match &signal.what {
        What::Alarm {
            kind, condition, ..
        } => format!("alarm {kind} {condition}"),
        What::Vital { kind, reading } => match reading {
            Measured::Value { value, .. } => format!("vital {kind} {value}"),
            Measured::Beyond(said) => format!("vital {kind} beyond {said}"),
            Measured::Missing(why) => format!("vital {kind} {}", why.quality()),
        },
        What::Observed { kind, seen } => match seen {
            Seen::State(state) => format!("observed {kind} {}", state.word()),
            Seen::Value(value) => format!("observed {kind} {value}"),
        },
        What::Health { kind, of, .. } => match of {
            HealthOf::Condition(condition) => format!("health {kind} {condition}"),
            HealthOf::Value(value) => format!("health {kind} {value}"),
        },
    }
}

fn fixtures(family: Family) -> Vec<serde_json::Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    let Ok(text) = std::fs::read_to_string(folder.join(format!("{family}.jsonl"))) else {
        println!("skipped: no captured messages beside this checkout");
        return Vec::new();
    };
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What a fixture brings: its message, what wmbusmeters made of its telegram, or the uplink of its bytes.
fn payload(fixture: &serde_json::Value) -> String {
    if let Some(payload) = fixture["payload"].as_str() {
        return payload.to_owned();
    }
    if fixture["decoded"].is_object() {
        return fixture["decoded"].to_string();
    }
    let data = match fixture["hex"].as_str().unwrap() {
        "017510FF2E01" => "AXUQ/y4B",
        "FF2E01" => "/y4B",
        other => panic!("bytes that nobody has put into base64: {other}"),
    };
    serde_json::json!({"fPort": 85, "data": data}).to_string()
}

/// Read alone, as its source would.
fn read(family: Family, fixture: &serde_json::Value) -> Message {
    let options = Options {
        map: tables::preset(family),
        ..Options::default()
    };
    let payload = payload(fixture);
    if let Some(mut wire) = wire(family, &options) {
        let mut heard = Heard::default();
        wire.read((payload + "\r\n").as_bytes(), 0, &mut heard);
        return heard.messages.remove(0);
    }
    let usual = family.usual_topic("");
    dialect(family, &options).unwrap().read(&Publish {
        topic: fixture["topic"].as_str().unwrap_or(&usual),
        payload: payload.as_bytes(),
        retained: false,
        now_ms: 0,
    })
}

#[test]
fn every_captured_message_read_alone_says_what_it_meant() {
    for family in tables::presets() {
        for fixture in fixtures(family) {
            let id = fixture["id"].as_str().unwrap();
            let expected = EXPECTED
                .iter()
                .find(|(of, _)| *of == id)
                .unwrap_or_else(|| panic!("{id} is not in the table"))
                .1;
            let message = read(family, &fixture);
            let mut found: Vec<String> = message.signals.iter().map(said).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{id}: {message:?}");
            let refused = REFUSED.iter().find(|(of, _)| *of == id);
            match (&message.refusals[..], refused) {
                ([], None) => {}
                ([one], Some((_, why))) => assert!(one.to_string().contains(why), "{id}: {one}"),
                other => panic!("{id}: {other:?}"),
            }
            // A code that nobody taught is named; nothing else of a captured message is unknown.
            let codes = message.unmapped.iter().filter(|u| u.starts_with("code "));
            assert_eq!(codes.count(), message.unmapped.len(), "{id}: {message:?}");
        }
    }
}

#[test]
fn a_time_that_is_none_is_the_time_of_arrival() {
    for fixture in fixtures(Family::WmBus) {
        let message = read(Family::WmBus, &fixture);
        let times = message.signals.iter().filter_map(|s| s.happened_ms);
        assert_eq!(times.count(), 0, "{}", fixture["id"]);
    }
}

#[test]
fn what_was_heard_959_seconds_ago_happened_then() {
    for fixture in fixtures(Family::Tasmota) {
        if fixture["id"] == "tasmota-10" {
            let options = Options {
                map: tables::preset(Family::Tasmota),
                ..Options::default()
            };
            let message = dialect(Family::Tasmota, &options).unwrap().read(&Publish {
                topic: fixture["topic"].as_str().unwrap(),
                payload: fixture["payload"].as_str().unwrap().as_bytes(),
                ..Publish::default()
            });
            let when: Vec<_> = message.signals.iter().map(|s| s.happened_ms).collect();
            assert_eq!(when, [Some(1_709_404_980_000); 3]);
            assert_eq!(message.signals[0].model, "SONOFF SNZB-02D");
        }
    }
}
