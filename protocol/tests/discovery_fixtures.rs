//! The captured messages of `shared/fixtures` that teach (Home Assistant's discovery, Homie), where the folder is there, against
//! what this project says they mean. The table holds ids and expectations, never a payload.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::path::Path;

use tecs_protocol::family::{Family, Options, dialect};
use tecs_protocol::mqtt::Publish;
use tecs_protocol::signal::{Message, What};

/// What a fixture read alone says: signals, then what it names as unmapped, then topics that it adds.
const EXPECTED: &[(&str, usize, usize, &[&str])] = &[
    (
        "ha_discovery-01",
        0,
        0,
        &[
            "zigbee2mqtt/0x0c4314fffe03c247",
            "zigbee2mqtt/0x0c4314fffe03c247/availability",
            "zigbee2mqtt/bridge/state",
        ],
    ),
    (
        "ha_discovery-03",
        0,
        0,
        &["zigbee2mqtt/0x0cae5ffffeefe7de", "zigbee2mqtt/bridge/state"],
    ),
    // Nobody has told about this entity: it is named, not guessed.
    ("ha_discovery-05", 0, 1, &[]),
    ("ha_discovery-06", 0, 0, &[]),
    // A switch is known and silent; its topic is not asked for.
    ("ha_discovery-08", 0, 0, &[]),
    ("homie-01", 1, 0, &[]),
];

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

fn read(family: Family, lines: &[(&str, &str)]) -> (Message, Vec<String>) {
    let mut dialect = dialect(family, &Options::default()).unwrap();
    let before = dialect.topics().len();
    let mut last = Message::default();
    for (topic, payload) in lines {
        last = dialect.read(&Publish {
            topic,
            payload: payload.as_bytes(),
            retained: false,
            now_ms: 0,
        });
    }
    (last, dialect.topics().split_off(before))
}

#[test]
fn every_captured_message_read_alone_says_what_it_meant() {
    for family in [Family::HaDiscovery, Family::Homie] {
        for fixture in fixtures(family) {
            let id = fixture["id"].as_str().unwrap();
            let expected = EXPECTED.iter().find(|(of, ..)| *of == id);
            let (_, signals, unmapped, topics) =
                expected.unwrap_or_else(|| panic!("{id} is not in the table"));
            let text = |key: &str| fixture[key].as_str().unwrap();
            let (message, asked) = read(family, &[(text("topic"), text("payload"))]);
            assert_eq!(message.signals.len(), *signals, "{id}: {message:?}");
            assert_eq!(message.unmapped.len(), *unmapped, "{id}: {message:?}");
            assert_eq!(message.refusals, [], "{id}");
            assert_eq!(asked, *topics, "{id}");
        }
    }
}

#[test]
fn what_the_captured_configurations_teach_is_then_read() {
    let fixtures = fixtures(Family::HaDiscovery);
    for (id, state, low) in [
        ("ha_discovery-01", r#"{"battery":100,"action":null}"#, None),
        ("ha_discovery-03", r#"{"battery_low":true}"#, Some(true)),
        ("ha_discovery-03", r#"{"battery_low":false}"#, Some(false)),
    ] {
        let Some(fixture) = fixtures.iter().find(|f| f["id"] == id) else {
            continue;
        };
        let topic = fixture["topic"].as_str().unwrap();
        let config = fixture["payload"].as_str().unwrap();
        let device = topic.split('/').nth(2).unwrap();
        let lines = [(topic, config), (&*format!("zigbee2mqtt/{device}"), state)];
        let (message, _) = read(Family::HaDiscovery, &lines);
        assert_eq!(message.signals.len(), 1, "{id}");
        let signal = &message.signals[0];
        assert_eq!(signal.device, device, "{id}");
        assert!(matches!(signal.what, What::Health { .. }), "{id}");
        assert_eq!(signal.what.is_raised(), low == Some(true), "{id}");
    }
}
