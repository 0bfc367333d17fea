//! The captured serial messages of `shared/fixtures`, where the folder is there, against what this project says they mean.
//! The table holds ids and expectations, never a payload.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod said;

use std::path::Path;

use said::{bytes, said};
use tecs_protocol::family::{Family, Options, wire};
use tecs_protocol::serial::Heard;

/// What a fixture says, in its order: `what kind word` of each signal, or `!` and the name of why it was not understood.
/// One that says nothing must say why.
const EXPECTED: &[(&str, &[&str])] = &[
    ("enocean_esp3-01", &["observed contact open"]),
    ("enocean_esp3-03", &["observed button BI"]),
    ("enocean_esp3-05", &["observed temperature 26.7"]),
    ("enocean_esp3-06", &[]),
    ("enocean_esp3-08", &["!checksum"]),
    // Accepted; nobody has taught what it is.
    ("enocean_esp3-10", &["health untaught raised"]),
    // The bytes behind it are none of its own.
    ("enocean_esp3-11", &["!noise"]),
    ("enocean_esp3-13", &["observed motion clear"]),
    ("enocean_esp3-15", &["observed motion active"]),
    (
        "enocean_esp3-16",
        &["observed motion active", "observed illuminance 0"],
    ),
    (
        "enocean_esp3-18",
        &["observed humidity 50", "observed temperature 20"],
    ),
    (
        "enocean_esp3-20",
        &["observed humidity 100", "observed temperature 60"],
    ),
    ("enocean_esp3-21", &["alarm flood raised"]),
    ("enocean_esp3-23", &["alarm smoke raised"]),
    ("enocean_esp3-25", &["health battery_low raised"]),
    ("enocean_esp3-26", &["observed button single"]),
    ("rfxtrx-01", &["alarm smoke raised"]),
    (
        "rfxtrx-03",
        &[
            "observed motion active",
            "health tamper restored",
            "health battery_low raised",
        ],
    ),
    ("rfxtrx-05", &["health battery_low raised"]),
    ("rfxtrx-06", &["observed button on"]),
    (
        "rfxtrx-08",
        &[
            "observed contact closed",
            "health tamper restored",
            "health battery_low restored",
        ],
    ),
    (
        "rfxtrx-10",
        &["observed button arm_home", "health battery_low restored"],
    ),
    (
        "rfxtrx-11",
        &["observed temperature 20", "health battery_low restored"],
    ),
    ("rfxtrx-13", &[]),
    ("modbus_rtu-01", &[]),
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

#[test]
fn every_captured_frame_read_alone_says_what_it_meant() {
    for family in [Family::EnOceanEsp3, Family::RfxTrx, Family::ModbusRtu] {
        for fixture in fixtures(family) {
            let id = fixture["id"].as_str().unwrap();
            let expected = EXPECTED.iter().find(|(of, _)| *of == id);
            let expected = expected.unwrap_or_else(|| panic!("{id} is not in the table"));
            let mut wire = wire(family, &Options::default()).unwrap();
            if let Some(profile) = fixture["eep"].as_str() {
                wire.told(profile);
            }
            let mut heard = Heard::default();
            wire.read(&bytes(fixture["hex"].as_str().unwrap()), 0, &mut heard);
            wire.ended(0, &mut heard);
            let mut found = Vec::new();
            for message in &heard.messages {
                found.extend(message.signals.iter().map(said));
                found.extend(message.refusals.iter().map(|r| format!("!{}", r.name())));
            }
            assert_eq!(found, expected.1, "{id}: {heard:?}");
            let why = heard.messages.iter().any(|m| m.ignored.is_some());
            assert!(!found.is_empty() || why, "{id}");
        }
    }
}
