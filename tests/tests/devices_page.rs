//! `gateway/docs/devices.md` says what each family reads. It is written from what the real reader makes of real lines, so that
//! it cannot lie: `TECS_REGENERATE=1` writes it anew, otherwise this compares.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they did"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tecs_gateway::decode::Decode;
use tecs_protocol::family::{Family, Way};

/// The tables of expectations over captured messages, by id.
const CAPTURED: &[&str] = &[
    "protocol/tests/discovery_fixtures.rs",
    "protocol/tests/espa444.rs",
    "protocol/tests/serial_fixtures.rs",
    "protocol/tests/zigbee2mqtt_fixtures.rs",
    "gateway/tests/map/captured.rs",
];
/// Lines of the families that code reads; the tables' own lie in `gateway/tests/map`.
const LINES: &str = include_str!("devices.jsonl");
/// What a family reads that only its configuration names.
const BY_CONFIGURATION: &[(Family, &str)] = &[
    (Family::Map, "what your table says (`gateway/docs/map.md`)"),
    (
        Family::ModbusRtu,
        "what `[source.modbus]` says of each register",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every line of a family, as `decode` takes it.
fn lines(family: Family) -> Vec<Value> {
    let own = LINES.lines().map(|l| serde_json::from_str(l).unwrap());
    let own = own.filter(|l: &Value| l["speaks"] == family.word());
    let table = root().join(format!("gateway/tests/map/{family}.jsonl"));
    let table = std::fs::read_to_string(table).unwrap_or_default();
    let made = table.lines().filter(|l| !l.is_empty()).map(|l| {
        let mut line: Value = serde_json::from_str(l).unwrap();
        line["speaks"] = json!(family.word());
        line
    });
    own.chain(made).collect()
}

/// The kinds that the reader makes of them, by what they are. What a line was before is forgotten where it asks for that.
fn kinds(lines: &[Value]) -> BTreeMap<String, BTreeSet<String>> {
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut decode = Decode::new(None);
    for (n, line) in (1..).zip(lines) {
        if line["fresh"] == true {
            decode = Decode::new(None);
        }
        let mut asked = line.clone();
        for own_of_map_test in ["id", "fresh", "expect", "ignored"] {
            asked.as_object_mut().unwrap().remove(own_of_map_test);
        }
        let read = decode.line(n, asked.to_string().as_bytes());
        for event in read["events"].as_array().unwrap() {
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            kinds.entry(text("what")).or_default().insert(text("kind"));
        }
    }
    kinds
}

/// How many captured messages of a family have an expectation.
fn captured(family: Family) -> usize {
    let mut ids = BTreeSet::new();
    for file in CAPTURED {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let quoted = text.split('"').skip(1).step_by(2);
        let of = quoted.filter_map(|word| word.rsplit_once('-'));
        let own = of.filter(|(of, _)| *of == family.word());
        ids.extend(own.filter_map(|(_, n)| n.parse::<u16>().ok()));
    }
    ids.len()
}

/// The kinds in words.
fn told(family: Family, kinds: &BTreeMap<String, BTreeSet<String>>) -> String {
    assert!(!kinds.is_empty(), "no line of {family} says anything");
    let lists = kinds.iter().map(|(what, kinds)| {
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        format!("**{what}** {}", kinds.join(", "))
    });
    lists.collect::<Vec<_>>().join("; ")
}

fn page() -> String {
    let mut page = "# What it reads\n\nOne row a family, written by `tests/tests/devices_page.rs` from what the real \
        reader made of the lines it counts; a kind that\nis not here may still be read where a device says it (Zigbee2MQTT \
        and what is announced describe themselves). *Captured* are\nmessages of real devices with an expectation, *further* \
        lines are built from makers' documents and the protocols' own rules.\n`tecs-gateway decode` says what any message \
        becomes.\n\n| `speaks` | comes by | read by | reads | captured | further |\n|---|---|---|---|---|---|\n"
        .to_owned();
    for family in Family::ALL {
        let way = match family.way() {
            Way::Mqtt => "broker",
            Way::Line => "serial line",
            Way::Frames => "a table's `decode`",
        };
        let preset = format!("gateway/presets/{family}.toml");
        let by = if root().join(&preset).is_file() {
            format!("[table](../presets/{family}.toml)")
        } else {
            "code".to_owned()
        };
        let lines = lines(*family);
        let configured = BY_CONFIGURATION.iter().find(|(of, _)| of == family);
        let reads = configured.map_or_else(
            || told(*family, &kinds(&lines)),
            |(_, what)| (*what).to_owned(),
        );
        let (captured, further) = (captured(*family), lines.len());
        writeln!(
            page,
            "| `{family}` | {way} | {by} | {reads} | {captured} | {further} |"
        )
        .unwrap();
    }
    page
}

#[test]
fn the_page_of_devices_says_what_the_reader_reads() {
    let file = root().join("gateway/docs/devices.md");
    let page = page();
    if std::env::var_os("TECS_REGENERATE").is_some() {
        std::fs::write(&file, &page).unwrap();
        println!("{} is written anew", file.display());
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == page,
        "gateway/docs/devices.md is not true any more: TECS_REGENERATE=1 cargo test -p tecs-tests --test devices_page"
    );
}
