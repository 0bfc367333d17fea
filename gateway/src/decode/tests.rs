//! Lines as they are decoded, and what is printed of them.

use super::*;

fn run(lines: &str) -> Vec<Value> {
    let mut out = Vec::new();
    decode(None, lines.as_bytes(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

#[test]
fn a_message_becomes_events_with_every_key_there() {
    let out = run(concat!(
        r#"{"speaks":"zigbee2mqtt","topic":"zigbee2mqtt/hall/smoke","payload":"{\"smoke\":true}"}"#,
        "\n",
        r#"{"speaks":"jsonl","payload":"{\"device\":\"pendant\",\"kind\":\"help\"}","qos":1,"profile":null}"#,
    ));
    let smoke = &out[0]["events"][0];
    assert_eq!(
        (&smoke["device"], &smoke["kind"]),
        (&json!("hall/smoke"), &json!("smoke"))
    );
    assert_eq!(smoke["condition"], "raised");
    assert_eq!(out[0]["ignored"], Value::Null);
    let help = &out[1]["events"][0];
    assert_eq!(
        (&help["what"], &help["kind"]),
        (&json!("alarm"), &json!("help"))
    );
    let keys: Vec<_> = help
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let due = [
        "condition",
        "device",
        "flags",
        "kind",
        "quality",
        "said",
        "state",
        "unit",
        "urgency",
        "value",
        "what",
    ];
    let mut keys = keys;
    keys.sort_unstable();
    assert_eq!(keys, due);
    assert_eq!(out[1]["line"], 2);
}

#[test]
fn a_message_without_a_topic_is_the_devices() {
    let out = run(r#"{"speaks":"zigbee2mqtt","payload":"{\"contact\":false}"}"#);
    assert_eq!(out[0]["events"][0]["device"], "device");
    assert_eq!(out[0]["events"][0]["state"], "open");
}

#[test]
fn state_is_kept_between_lines() {
    let line = r#"{"speaks":"zigbee2mqtt","payload":{"contact":false}}"#;
    let out = run(&format!("{line}\n{line}\n"));
    assert_eq!(out[0]["events"].as_array().unwrap().len(), 1);
    assert_eq!(out[1]["events"], json!([]));
    assert_eq!(out[1]["ignored"], "repeat");
}

#[test]
fn what_was_announced_is_read_before_or_after_its_configuration() {
    let config = r#"{"speaks":"ha_discovery","topic":"homeassistant/binary_sensor/hall/config","payload":{"state_topic":"hall/state","device_class":"smoke","device":{"identifiers":["1"],"name":"Hall"}}}"#;
    let state = r#"{"speaks":"ha_discovery","topic":"hall/state","payload":"ON"}"#;
    let due = |event: &Value| {
        assert_eq!(
            (&event["device"], &event["kind"], &event["condition"]),
            (&json!("Hall"), &json!("smoke"), &json!("raised"))
        );
    };
    let out = run(&format!("{config}\n{state}\n"));
    assert_eq!(out[0]["ignored"], "a configuration");
    due(&out[1]["events"][0]);
    let out = run(&format!("{state}\n{config}\n"));
    assert_eq!(out[0]["ignored"], "unmapped: hall/state");
    due(&out[1]["events"][0]);
    // The configuration was kept by the broker, the state was not.
    let kept = config.replacen('{', r#"{"retained":true,"#, 1);
    let out = run(&format!("{state}\n{kept}\n"));
    assert_eq!(out[1]["events"][0]["flags"], json!(["unlisted"]));
}

#[test]
fn after_any_number_of_names_an_alarm_is_said_and_what_has_no_place_says_so() {
    let line = |topic: &str, payload: &str| {
        json!({ "speaks": "zigbee2mqtt", "topic": format!("zigbee2mqtt/{topic}"), "payload": payload })
            .to_string()
            + "\n"
    };
    let mut lines = String::new();
    for n in 0..600 {
        lines += &line(&format!("door-{n}"), r#"{"contact":true}"#);
    }
    lines += &line("pendant", r#"{"action":"emergency"}"#);
    let out = run(&lines);
    let press = &out[600]["events"][0];
    assert_eq!(
        (&press["kind"], &press["flags"]),
        (&json!("help"), &json!(["unlisted"]))
    );
    assert_eq!(out[600]["ignored"], Value::Null);
    // Every place is held by a door that is missing.
    let mut lines = String::new();
    for n in 0..512 {
        lines += &line(&format!("door-{n}"), r#"{"contact":true}"#);
        lines += &line(&format!("door-{n}/availability"), "online");
        lines += &line(&format!("door-{n}/availability"), "offline");
    }
    lines += &line("new", r#"{"contact":false}"#);
    lines += &line("pendant", r#"{"action":"emergency","battery":80}"#);
    let out = run(&lines);
    let [.., door, pendant] = out.as_slice() else {
        panic!("no answers");
    };
    assert_eq!(door["events"], json!([]));
    assert_eq!(
        door["ignored"],
        "more than 512 devices that are not listed: list this one"
    );
    assert_eq!(pendant["events"][0]["kind"], "help");
}

#[test]
fn hex_comes_in_any_chunks() {
    let whole = "{\"device\":\"p\",\"kind\":\"help\"}\n";
    let pairs: Vec<_> = whole.bytes().map(|b| format!("{b:02x}")).collect();
    let hex = pairs.join(" ");
    let (first, second) = hex.split_at(30);
    let line = |hex: &str| format!("{{\"speaks\":\"jsonl\",\"hex\":\"{hex}\"}}\n");
    let out = run(&(line(first) + &line(second)));
    assert_eq!(out[0]["ignored"], "no whole message yet");
    assert_eq!(out[1]["events"][0]["kind"], "help");
}

#[test]
fn a_bad_line_is_named_and_the_next_is_read() {
    let out = run(concat!(
        "nonsense\n",
        "\n",
        r#"{"speaks":"klingon","payload":""}"#,
        "\n",
        r#"{"speaks":"gatt","payload":""}"#,
        "\n",
        r#"{"speaks":"jsonl"}"#,
        "\n",
        r#"{"speaks":"jsonl","hex":"0"}"#,
        "\n",
        r#"{"speaks":"jsonl","hex":"+1"}"#,
        "\n",
        r#"{"speaks":"jsonl","payload":"{}"}"#,
        "\n",
        r#"{"speaks":"jsonl","payload":"{\"device\":\"p\",\"kind\":\"help\"}"}"#,
    ));
    let words = [
        "not a line",
        "not a line",
        "`klingon` is no family",
        "`characteristic` is missing",
        "neither",
        "hexadecimal",
        "hexadecimal",
    ];
    for (answer, word) in out.iter().zip(words) {
        let ignored = answer["ignored"].as_str().unwrap();
        assert!(ignored.contains(word), "{ignored}");
        assert_eq!(answer["events"], json!([]));
    }
    assert!(out[7]["ignored"].is_string());
    assert_eq!(out[8]["line"], 9);
    assert_eq!(out[8]["events"][0]["kind"], "help");
}

/// `what kind word` of the events of each answer.
fn said(answer: &Value) -> Vec<String> {
    let word = |event: &Value, key: &str| event[key].as_str().map(str::to_owned);
    let events = answer["events"].as_array().unwrap();
    let said = events.iter().map(|event| {
        let state = word(event, "condition").or_else(|| word(event, "state"));
        let state = state.unwrap_or_else(|| event["value"].to_string());
        format!("{} {state}", word(event, "kind").unwrap())
    });
    said.collect()
}

#[test]
fn a_profile_says_what_an_enocean_sender_is_and_is_remembered() {
    let alarm = r#"{"speaks":"enocean_esp3","hex":"55000707017AF61001F605020000FFFFFFFF2900AC""#;
    let out = run(&format!(
        "{alarm}}}\n{alarm},\"profile\":\"F6-05-02\"}}\n{}\n{}\n{}\n",
        r#"{"speaks":"enocean_esp3","hex":"55000707017AF63001F605020000FFFFFFFF290052"}"#,
        r#"{"speaks":"enocean_esp3","hex":"55000A0701EBA500000F0801A507010000FFFFFFFF2900D2","profile":"A5-07-01"}"#,
        r#"{"speaks":"enocean_esp3","hex":"5500050102DB00FF9E55000A79","profile":"nonsense"}"#,
    ));
    assert_eq!(said(&out[0]), ["untaught raised"]);
    assert_eq!(out[0]["events"][0]["device"], "01F60502");
    assert_eq!(said(&out[1]), ["smoke raised", "untaught restored"]);
    assert_eq!(said(&out[2]), ["battery_low raised"]);
    let words = |n: usize| out[n]["ignored"].as_str().unwrap().to_owned();
    assert!(words(3).contains("checksum"), "{}", words(3));
    assert!(
        words(4).contains("`nonsense` is no profile"),
        "{}",
        words(4)
    );
}

#[test]
fn a_frame_that_broke_off_does_not_hide_the_next_line() {
    let out = run(concat!(
        r#"{"speaks":"rfxtrx","hex":"08200300A109"}"#,
        "\n",
        r#"{"speaks":"rfxtrx","hex":"08200300A109000670"}"#,
        "\n",
        r#"{"speaks":"enocean_esp3","hex":"55000707017AD508"}"#,
        "\n",
        r#"{"speaks":"enocean_esp3","hex":"55000707017AD50801825DAB0001FFFFFFFF360053"}"#,
        "\n",
        r#"{"speaks":"modbus_rtu","hex":"0103"}"#,
        "\n",
        r#"{"speaks":"modbus_rtu","hex":"0103082B0002B663"}"#,
    ));
    assert_eq!(said(&out[1]), ["smoke raised"]);
    assert_eq!(said(&out[3]), ["contact open"]);
    assert!(out[4]["ignored"].as_str().unwrap().contains("4 are due"));
    assert_eq!(out[5]["ignored"], "a question to a unit");
}
