//! The captured messages of `shared/fixtures`, where the folder is there, against what this project says they mean. The table
//! holds ids and expectations, never a payload.

use std::path::Path;

use tecs_gateway::config::tables;
use tecs_protocol::family::{Family, Options, dialect};
use tecs_protocol::mqtt::Publish;
use tecs_protocol::signal::{HealthOf, Measured, Seen, Signal, What};

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
    ("rtl_433-05", &["observed contact open"]),
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
];

fn said(signal: &Signal) -> String {
    match &signal.what {
        What::Alarm {
            kind, condition, ..
        } => format!("alarm {kind} {condition}"),
        What::Vital { kind, reading } => match reading {
            Measured::Value { value, .. } => format!("vital {kind} {value}"),
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

#[test]
fn every_captured_message_read_alone_says_what_it_meant() {
    for family in tables::presets() {
        let options = Options {
            map: tables::preset(family),
            ..Options::default()
        };
        for fixture in fixtures(family) {
            let id = fixture["id"].as_str().unwrap();
            let expected = EXPECTED
                .iter()
                .find(|(of, _)| *of == id)
                .unwrap_or_else(|| panic!("{id} is not in the table"))
                .1;
            let usual = family.usual_topic("");
            let message = dialect(family, &options).unwrap().read(&Publish {
                topic: fixture["topic"].as_str().unwrap_or(&usual),
                payload: fixture["payload"].as_str().unwrap().as_bytes(),
                retained: false,
                now_ms: 0,
            });
            let mut found: Vec<String> = message.signals.iter().map(said).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{id}: {message:?}");
            assert_eq!(message.refusals, [], "{id}");
            // A code that nobody taught is named; nothing else of a captured message is unknown.
            let codes = message.unmapped.iter().filter(|u| u.starts_with("code "));
            assert_eq!(codes.count(), message.unmapped.len(), "{id}: {message:?}");
        }
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
