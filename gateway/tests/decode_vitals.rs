//! Vital signs by hand: lines of `decode` for oximeters, cuffs, scales and Bluetooth values, and what they become.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Value, json};
use tecs_gateway::decode::decode;

fn run(lines: &str) -> Vec<Value> {
    let mut out = Vec::new();
    decode(None, lines.as_bytes(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Kind, value and quality of what one line became.
fn said(answer: &Value) -> Vec<(&str, f64, &str)> {
    let events = answer["events"].as_array().unwrap();
    let value = |event: &Value| event["value"].as_f64().unwrap_or(f64::MIN);
    events
        .iter()
        .map(|event| {
            assert_eq!(event["what"], "vital");
            let text = |key: &str| event[key].as_str().unwrap();
            (text("kind"), value(event), text("quality"))
        })
        .collect()
}

const NONE: f64 = f64::MIN;

#[test]
fn a_bluetooth_value_becomes_its_vital_signs() {
    let out = run(concat!(
        r#"{"speaks":"gatt","characteristic":"2A35","hex":"167D0050006600E10701100C27364000 0000"}"#,
        "\n",
        r#"{"speaks":"gatt","characteristic":"00002a5f-0000-1000-8000-00805f9b34fb","hex":"0C62004E002000000000"}"#,
        "\n",
        r#"{"speaks":"gatt","characteristic":"2a35","hex":"00FF07FF07FF07"}"#,
        "\n",
        r#"{"speaks":"gatt","characteristic":"2a00","hex":"00"}"#,
        "\n",
        r#"{"speaks":"gatt","hex":"00"}"#,
        "\n",
        r#"{"speaks":"gatt","characteristic":"2a35","hex":"167D"}"#,
    ));
    assert_eq!(
        said(&out[0]),
        [
            ("systolic", 125.0, "ok"),
            ("diastolic", 80.0, "ok"),
            ("mean_bp", 102.0, "ok"),
            ("pulse", 64.0, "ok")
        ]
    );
    assert_eq!(out[0]["events"][0]["unit"], "mm[Hg]");
    assert_eq!(out[0]["events"][0]["device"], "device");
    assert_eq!(said(&out[1]), [("spo2", 98.0, "ok"), ("pulse", 78.0, "ok")]);
    assert_eq!(said(&out[2])[0], ("systolic", NONE, "not_a_number"));
    for (n, words) in [
        (3, "unknown kind 2a00"),
        (4, "`characteristic`"),
        (5, "3 are due"),
    ] {
        assert_eq!(out[n]["events"], json!([]));
        let ignored = out[n]["ignored"].as_str().unwrap();
        assert!(ignored.contains(words), "{ignored}");
    }
}

#[test]
fn lines_of_oximeters_become_readings_each_by_itself() {
    let out = run(concat!(
        r#"{"speaks":"contec","hex":"01E085D59ABDE3FFFF"}"#,
        "\n",
        r#"{"speaks":"contec","hex":"8520440061"}"#,
        "\n",
        r#"{"speaks":"contec","hex":"952004007F"}"#,
        "\n",
        r#"{"speaks":"nonin","hex":"81026100"}"#,
        "\n",
        r#"{"speaks":"masimo","payload":"03/17/16 19:19:36 SN=---------- SPO2=098% BPM=123 PI=00.55 ALARM=000000 EXC=0000C00 EXC1=00000000"}"#,
        "\n",
        r#"{"speaks":"masimo","payload":"03/17/16 19:19:37 SN=---------- SPO2=---% BPM=--- PI=--.-- ALARM=000000 EXC=0000020 EXC1=00000000\r\n"}"#,
    ));
    assert_eq!(said(&out[0]), [("spo2", 99.0, "ok"), ("pulse", 61.0, "ok")]);
    assert_eq!(
        said(&out[1]),
        [("spo2", 97.0, "ok"), ("pulse", 128.0, "ok")]
    );
    assert_eq!(
        said(&out[2]),
        [("spo2", NONE, "sensor_off"), ("pulse", NONE, "sensor_off")]
    );
    assert_eq!(
        said(&out[3]),
        [("spo2", 97.0, "ok"), ("pulse", 130.0, "ok")]
    );
    assert_eq!(
        said(&out[4]),
        [
            ("spo2", 98.0, "questionable"),
            ("pulse", 123.0, "questionable")
        ]
    );
    assert_eq!(
        said(&out[5]),
        [("spo2", NONE, "sensor_off"), ("pulse", NONE, "sensor_off")]
    );
}

#[test]
fn a_cuff_and_a_scale_say_their_readings() {
    let head = "02000A000000FF0200DC070915003628DC070915003628";
    let rest = "00".repeat(60 - head.len() / 2);
    let cuff = format!("{head}{rest}38303144344334313532");
    let out = run(&json!({"speaks": "and_medical", "hex": cuff}).to_string());
    assert_eq!(
        said(&out[0]),
        [
            ("systolic", 105.0, "ok"),
            ("diastolic", 76.0, "ok"),
            ("mean_bp", 82.0, "ok"),
            ("pulse", 65.0, "ok")
        ]
    );
    assert_eq!(out[0]["events"][0]["device"], "blood-pressure");
}
