//! Devices that measure vital signs: their lines need a path alone, and what means nothing to a family is named.

use tecs_protocol::serial::vitals::VitalsText;

use super::*;
use crate::serial::config::{Parity, SerialSource};

const SPEAKS: &str = "speaks = \"zigbee2mqtt\"\n[source.mqtt]\n";

fn with(source: &str) -> String {
    GOOD.replacen(SPEAKS, source, 1)
}

/// The line of the only source.
fn line(source: &str) -> (SerialSource, Vec<(usize, VitalsText)>) {
    let config = read(Path::new("/etc/g.toml"), &with(source), &[]).unwrap();
    match &config.reached_by[0] {
        ReachedBy::Serial(line) => (line.clone(), config.settings.vitals),
        ReachedBy::Mqtt(_) => panic!("a line is due"),
    }
}

#[test]
fn a_line_needs_its_path_alone() {
    for (speaks, baud, parity) in [
        ("nonin", 9_600, Parity::None),
        ("masimo", 9_600, Parity::None),
        ("contec", 115_200, Parity::None),
        ("and_medical", 9_600, Parity::None),
    ] {
        let text = format!("speaks = \"{speaks}\"\n[source.serial]\npath = \"/dev/x\"\n");
        let (line, vitals) = line(&text);
        assert_eq!((line.baud.get(), line.parity), (baud, parity), "{speaks}");
        assert_eq!(vitals, []);
    }
    let old = "speaks = \"contec\"\n[source.serial]\npath = \"/dev/x\"\n[source.vitals]\nformat = \"old\"\n";
    let (line, vitals) = line(old);
    assert_eq!((line.baud.get(), line.parity), (19_200, Parity::Odd));
    assert_eq!(vitals[0].1.format, "old");
}

#[test]
fn what_the_installer_says_of_the_line_counts() {
    let text = "speaks = \"masimo\"\n[source.serial]\npath = \"/dev/x\"\nbaud = 57600\n";
    assert_eq!(line(text).0.baud.get(), 57_600);
}

#[test]
fn what_is_wrong_is_named_with_its_key() {
    let serial = "[source.serial]\npath = \"/dev/x\"\n";
    for (speaks, vitals, words) in [
        (
            "nonin",
            "format = \"9\"",
            &["source[0].vitals.format", "13, 8, 7, 2"][..],
        ),
        ("masimo", "format = \"8\"", &["means nothing to `masimo`"]),
        (
            "and_medical",
            "utc_offset_min = 1000",
            &["vitals.utc_offset_min: is 1000", "-720 to 840"],
        ),
        ("contec", "formt = \"old\"", &["unknown key"]),
    ] {
        let source = format!("speaks = \"{speaks}\"\n{serial}[source.vitals]\n{vitals}\n");
        let faults = faults(&with(&source));
        assert_eq!(faults.len(), 1, "{faults:#?}");
        let said = faults[0].to_string();
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
}

#[test]
fn bluetooth_values_come_in_the_messages_of_a_table() {
    check(
        SPEAKS,
        "speaks = \"gatt\"\n[source.mqtt]\n",
        &[
            "source[0].speaks",
            "nothing brings its values by itself",
            "map.md",
        ],
    );
}
