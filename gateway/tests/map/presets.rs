//! The presets on messages that are built from what the makers' sources say (`*.jsonl` beside this file), run as
//! `tecs-gateway map test` runs them, and the whole command as a process.

use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/map")
}

fn map_test(args: &[&str], file: &Path) -> (Option<i32>, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_tecs-gateway"))
        .args(["map", "test"])
        .args(args)
        .arg(file)
        .output()
        .unwrap();
    let both = [out.stdout, out.stderr].concat();
    (out.status.code(), String::from_utf8(both).unwrap())
}

fn says_what_is_due(preset: &str) {
    let file = folder().join(format!("{preset}.jsonl"));
    let (code, said) = map_test(&["--preset", preset], &file);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn rtl_433_says_what_its_decoders_mean() {
    says_what_is_due("rtl_433");
}

#[test]
fn tasmota_says_what_its_documents_mean() {
    says_what_is_due("tasmota");
}

#[test]
fn shelly_says_what_its_components_mean() {
    says_what_is_due("shelly");
}

#[test]
fn theengs_says_what_its_decoder_means() {
    says_what_is_due("theengs");
}

#[test]
fn chirpstack_says_what_codecs_and_bytes_mean() {
    says_what_is_due("chirpstack");
}

#[test]
fn wmbus_says_what_the_words_of_its_drivers_mean() {
    says_what_is_due("wmbus");
}

#[test]
fn wisafe2_says_what_its_firmware_prints() {
    says_what_is_due("wisafe2_serial");
}

#[test]
fn esphome_says_what_its_ids_make_certain() {
    says_what_is_due("esphome");
}

#[test]
fn the_rule_that_the_esphome_preset_shows_reads_an_id_of_the_installers_own() {
    let preset = include_str!("../../presets/esphome.toml");
    let begin = preset.find("#     [[rule]]").unwrap();
    let shown = preset[begin..]
        .lines()
        .take_while(|l| l.starts_with("#     "));
    let rule = shown.map(|l| &l[6..]).collect::<Vec<_>>().join("\n");
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("own.toml");
    std::fs::write(&own, rule).unwrap();
    let lines = dir.path().join("test.jsonl");
    std::fs::write(
        &lines,
        r#"{"topic":"bathroom/binary_sensor/cord/state","payload":"ON","expect":[{"kind":"help","condition":"raised","device":"bathroom"}]}"#,
    )
    .unwrap();
    let args = ["--preset", "esphome", "--map", own.to_str().unwrap()];
    let (code, said) = map_test(&args, &lines);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn codes_that_an_installer_has_taught_are_their_devices() {
    let dir = tempfile::tempdir().unwrap();
    let codes = dir.path().join("codes.toml");
    std::fs::write(
        &codes,
        "[codes.tasmota]\n\"0xd2c71e\" = { device = \"hall-pir\", kind = \"motion\" }\nDE3C71 = { device = \"front-door\", kind = \"contact\", says = \"open\" }\nBC7DE1 = { device = \"fob\", kind = \"help\" }\n",
    )
    .unwrap();
    let lines = dir.path().join("test.jsonl");
    let line = |code: &str, expect: &str| {
        format!(
            "{{\"topic\":\"tele/rf/RESULT\",\"payload\":{{\"RfReceived\":{{\"Data\":{code},\"RfKey\":1}}}},\"expect\":[{expect}]}}\n"
        )
    };
    let text = [
        line(
            "\"D2C71E\"",
            r#"{"device":"hall-pir","kind":"motion","state":"active"}"#,
        ),
        line(
            "\"0xDE3C71\"",
            r#"{"device":"front-door","kind":"contact","state":"open"}"#,
        ),
        // A number is the code itself (SetOption28).
        line(
            "12352993",
            r#"{"device":"fob","kind":"help","condition":"raised","urgency":"emergency"}"#,
        ),
    ];
    std::fs::write(&lines, text.concat()).unwrap();
    let args = ["--preset", "tasmota", "--map", codes.to_str().unwrap()];
    let (code, said) = map_test(&args, &lines);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn what_differs_is_printed_and_ends_with_1_and_a_bad_table_with_78() {
    let dir = tempfile::tempdir().unwrap();
    let lines = dir.path().join("test.jsonl");
    std::fs::write(
        &lines,
        r#"{"id":"a","topic":"tele/x/LWT","payload":"Offline","expect":[]}"#,
    )
    .unwrap();
    let (code, said) = map_test(&["--preset", "tasmota"], &lines);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("line 1 (a)") && said.contains("raised"),
        "{said}"
    );
    let table = dir.path().join("bad.toml");
    std::fs::write(&table, "[[rule]]\nname = \"a\"\nsays = 1\n").unwrap();
    let (code, said) = map_test(&["--map", table.to_str().unwrap()], &lines);
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("bad.toml:3"), "{said}");
    let (code, said) = map_test(&["--preset", "nobody"], &lines);
    assert_eq!(code, Some(2), "{said}");
}
