//! The captured messages of `shared/fixtures`, where the folder is there, against what this project says they mean.
//! The table holds ids and expectations, never a payload.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::path::Path;

use tecs_protocol::mqtt::zigbee2mqtt::{Limits, Zigbee2Mqtt};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::signal::{HealthOf, Measured, Seen, Signal, What};

/// What a fixture says: `what kind word`, in the order in which it says it.
const EXPECTED: &[(&str, &[&str])] = &[
    ("zigbee2mqtt-01", &["alarm help raised"]),
    ("zigbee2mqtt-03", &["alarm help raised"]),
    ("zigbee2mqtt-05", &["health battery 100"]),
    (
        "zigbee2mqtt-06",
        &[
            "alarm help raised",
            "health battery 0",
            "health battery_low raised",
        ],
    ),
    (
        "zigbee2mqtt-08",
        &["alarm smoke raised", "health battery_low restored"],
    ),
    (
        "zigbee2mqtt-10",
        &["health battery 100", "alarm smoke restored"],
    ),
    (
        "zigbee2mqtt-11",
        &["alarm co restored", "health battery 100"],
    ),
    (
        "zigbee2mqtt-13",
        &[
            "health battery 80",
            "observed temperature 27.35",
            "alarm flood restored",
        ],
    ),
    (
        "zigbee2mqtt-15",
        &["health battery 100", "alarm flood raised"],
    ),
    (
        "zigbee2mqtt-16",
        &[
            "health battery 100",
            "health battery_low restored",
            "health tamper restored",
            "observed temperature 26",
            "alarm flood restored",
        ],
    ),
    (
        "zigbee2mqtt-18",
        &[
            "observed contact open",
            "health tamper restored",
            "health battery_low restored",
        ],
    ),
    (
        "zigbee2mqtt-20",
        &[
            "health battery 100",
            "observed occupancy active",
            "observed temperature 25",
        ],
    ),
    (
        "zigbee2mqtt-21",
        &[
            "health battery 100",
            "observed occupancy clear",
            "observed temperature 25",
        ],
    ),
    (
        "zigbee2mqtt-23",
        &["observed energy 1.54", "observed power 0"],
    ),
    ("zigbee2mqtt-25", &["observed power 0"]),
    ("zigbee2mqtt-26", &["observed button single"]),
    ("zigbee2mqtt-28", &["health path restored"]),
    ("zigbee2mqtt-30", &[]),
];

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

fn fixtures() -> Option<Vec<serde_json::Value>> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/zigbee2mqtt.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no captured messages beside this checkout");
        return None;
    };
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// The base is what stands before the name; two captures come from homes with another one.
fn base_of(topic: &str) -> &str {
    topic.split('/').next().unwrap()
}

#[test]
fn every_captured_message_read_alone_says_what_it_meant() {
    for fixture in fixtures().unwrap_or_default() {
        let id = fixture["id"].as_str().unwrap();
        let topic = fixture["topic"].as_str().unwrap_or("zigbee2mqtt/device");
        let payload = fixture["payload"].as_str().unwrap().as_bytes();
        let mut dialect = Zigbee2Mqtt::new(base_of(topic), Limits::default());
        let message = dialect.read(&Publish {
            topic,
            payload,
            retained: false,
            now_ms: 0,
        });
        let expected = EXPECTED
            .iter()
            .find(|(of, _)| *of == id)
            .unwrap_or_else(|| panic!("{id} is not in the table"))
            .1;
        let found: Vec<String> = message.signals.iter().map(said).collect();
        assert_eq!(found, expected, "{id}: {message:?}");
        assert_eq!(message.refusals, [], "{id}");
        assert_eq!(message.ignored.is_some(), found.is_empty(), "{id}");
    }
}

#[test]
fn a_press_that_comes_as_json_and_as_an_attribute_is_one_press() {
    let Some(fixtures) = fixtures() else { return };
    let mut dialect = Zigbee2Mqtt::new("", Limits::default());
    let mut presses = 0;
    for fixture in &fixtures {
        if matches!(
            fixture["id"].as_str(),
            Some("zigbee2mqtt-01" | "zigbee2mqtt-03")
        ) {
            let message = dialect.read(&Publish {
                topic: fixture["topic"].as_str().unwrap(),
                payload: fixture["payload"].as_str().unwrap().as_bytes(),
                retained: false,
                now_ms: 0,
            });
            presses += message.signals.len();
        }
    }
    assert_eq!(presses, 1);
}
