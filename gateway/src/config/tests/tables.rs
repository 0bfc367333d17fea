//! Sources that are read by a table: how they are reached, and what is wrong with their `map`.

use tecs_protocol::family::{Family, Way};

use crate::config::tables;

use super::*;

const SPEAKS: &str = "speaks = \"zigbee2mqtt\"\n[source.mqtt]\n";

#[test]
fn a_source_that_is_read_by_a_table_says_which() {
    check(
        SPEAKS,
        "speaks = \"map\"\n[source.mqtt]\n",
        &["source[0].map: is missing", "gateway/docs/map.md"],
    );
    check(
        "speaks = \"zigbee2mqtt\"",
        "speaks = \"zigbee2mqtt\"\nmap = \"x.toml\"",
        &["source[0].map", "`zigbee2mqtt` is not read by a table"],
    );
    let text = GOOD.replacen(
        SPEAKS,
        "speaks = \"map\"\nmap = \"nowhere.toml\"\n[source.mqtt]\n",
        1,
    );
    let said = faults(&text)[0].to_string();
    assert!(said.contains("/etc/nowhere.toml: cannot be read"), "{said}");
}

#[test]
fn a_preset_needs_no_file_and_comes_over_a_broker_or_a_line() {
    for (reached, way, topic) in [
        ("[source.mqtt]\n", Way::Mqtt, Some("rtl_433/+/events")),
        (
            "[source.mqtt]\nbase = \"up/radio\"\n",
            Way::Mqtt,
            Some("up/radio/+/events"),
        ),
        (
            "[source.serial]\npath = \"/dev/x\"\nbaud = 115200\n",
            Way::Line,
            None,
        ),
    ] {
        let text = GOOD.replacen(SPEAKS, &format!("speaks = \"rtl_433\"\n{reached}"), 1);
        let config = read(Path::new("/etc/g.toml"), &text, &[]).unwrap();
        let source = &config.settings.sources[0];
        assert_eq!((source.speaks, source.way()), (Family::Rtl433, way));
        let filters = source.map.as_ref().unwrap().filters();
        assert_eq!(
            topic.is_some_and(|t| filters.iter().any(|f| f == t)),
            way == Way::Mqtt
        );
    }
}

#[test]
fn a_receiver_of_radio_codes_has_a_table_of_codes_and_needs_none() {
    let read = |reached: &str, codes: &str| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("codes.toml"), codes).unwrap();
        let serial = format!("speaks = \"rfxtrx\"\n{reached}[source.serial]\npath = \"/dev/x\"\n");
        let text = GOOD.replacen(SPEAKS, &serial, 1);
        read(&dir.path().join("g.toml"), &text, &[])
    };
    let fob = "[codes.rfxtrx]\n22670E = { device = \"pendant\", kind = \"help\" }\n";
    for (reached, codes) in [("", ""), ("map = \"codes.toml\"\n", fob)] {
        let source = read(reached, codes).unwrap().settings.sources[0].clone();
        let map = source.map.unwrap();
        assert_eq!((source.speaks, map.way()), (Family::RfxTrx, Way::Line));
        let asked: Vec<_> = map.code_tables().collect();
        assert_eq!(asked, ["rfxtrx", "rfxtrx_switches"]);
        assert_eq!(map.lint(), []);
    }
    let faults = read("map = \"codes.toml\"\n", &fob.replace("22670E", "22670X")).unwrap_err();
    let said = faults.0[0].to_string();
    assert!(
        said.contains("codes.toml") && said.contains("22670X"),
        "{said}"
    );
}

#[test]
fn every_preset_is_spoken_by_its_name_alone() {
    let serial = "[source.serial]\npath = \"/dev/x\"\nbaud = 115200\n";
    for family in tables::presets() {
        let (due, other) = match family.way() {
            Way::Mqtt => ("[source.mqtt]\n", None),
            Way::Line | Way::Frames => (serial, Some("[source.mqtt]\n")),
        };
        let with = |reached: &str| {
            let text = GOOD.replacen(SPEAKS, &format!("speaks = \"{family}\"\n{reached}"), 1);
            read(Path::new("/etc/g.toml"), &text, &[])
        };
        let config = with(due).unwrap();
        let source = &config.settings.sources[0];
        assert_eq!((source.speaks, source.way()), (family, family.way()));
        assert_eq!(config.tables, [], "{family}");
        if let Some(other) = other {
            let said = with(other).err().unwrap().to_string();
            assert!(
                said.contains("reached by `[source.serial]` alone"),
                "{said}"
            );
        }
    }
}

#[test]
fn what_is_worth_knowing_of_a_table_is_told_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("g.toml");
    std::fs::write(
        dir.path().join("mine.toml"),
        "[[rule]]\nname = \"all\"\ntopic = \"a/#\"\nignore = true\n\n[[rule]]\nname = \"one\"\ntopic = \"a/b\"\nignore = true\n",
    )
    .unwrap();
    let text = GOOD.replacen(
        SPEAKS,
        "speaks = \"map\"\nmap = \"mine.toml\"\n[source.mqtt]\n",
        1,
    );
    let config = read(&config, &text, &[]).unwrap();
    let [advice] = &config.tables[..] else {
        panic!("{:?}", config.tables);
    };
    let said = advice.to_string();
    assert!(said.contains("mine.toml:6"), "{said}");
    assert!(
        said.contains("rule `one`: can never fit: `all` before it"),
        "{said}"
    );
    assert!(said.starts_with("warning"), "{said}");
    let lines = text.replacen(
        "[source.mqtt]\n",
        "[source.serial]\npath = \"/dev/x\"\nbaud = 9600\n",
        1,
    );
    let Err(faults) = read(&dir.path().join("g.toml"), &lines, &[]) else {
        panic!("a table of topics on a line was taken");
    };
    let said = faults.to_string();
    assert!(
        said.contains("the table reads lines and the source is a broker"),
        "{said}"
    );
}
