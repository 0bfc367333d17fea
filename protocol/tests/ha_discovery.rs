//! Home Assistant's discovery as a home has it: configurations of all kinds, devices, order, availability, hostility.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use proptest::prelude::*;
use serde_json::{Value, json};

use tecs_protocol::mqtt::ha_discovery::{HaDiscovery, Limits, say};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::signal::{HealthOf, Message, Reading, Refusal, Seen, Signal, What};

fn fresh() -> HaDiscovery {
    HaDiscovery::new("", Limits::default())
}

fn at(h: &mut HaDiscovery, now_ms: u64, topic: &str, payload: &str) -> Message {
    h.read(&Publish {
        topic,
        payload: payload.as_bytes(),
        retained: false,
        now_ms,
    })
}

fn hear(h: &mut HaDiscovery, topic: &str, payload: &str) -> Message {
    at(h, 0, topic, payload)
}

fn teach(h: &mut HaDiscovery, place: &str, config: &Value) -> Message {
    hear(
        h,
        &format!("homeassistant/{place}/config"),
        &config.to_string(),
    )
}

fn said(signal: &Signal) -> String {
    match &signal.what {
        What::Alarm {
            kind, condition, ..
        } => format!("{kind} {condition}"),
        What::Vital { kind, .. } => format!("vital {kind}"),
        What::Observed { kind, seen } => match seen {
            Seen::State(state) => format!("{kind} {}", state.word()),
            Seen::Value(value) => format!("{kind} {value}"),
        },
        What::Health { kind, of, .. } => match of {
            HealthOf::Condition(condition) => format!("{kind} {condition}"),
            HealthOf::Value(value) => format!("{kind} {value}"),
        },
    }
}

fn all(message: &Message) -> Vec<String> {
    message.signals.iter().map(said).collect()
}

const DEVICE: say::Device<'static> = say::Device {
    id: "0x01",
    name: "Hall detector",
    maker: "Maker",
    model: "M1",
    availability: "",
};

fn entity<'a>(component: &'a str, object: &'a str, class: &'a str) -> say::Entity<'a> {
    say::Entity {
        component,
        object,
        class,
        unit: "",
        topic: "home/x",
        field: object,
        more: Vec::new(),
    }
}

#[test]
fn several_entities_of_one_json_are_one_device_with_a_field_each() {
    let mut h = fresh();
    let temperature = say::Entity {
        unit: "°F",
        ..entity("sensor", "temperature", "temperature")
    };
    for one in [
        entity("binary_sensor", "smoke", "smoke"),
        entity("binary_sensor", "battery_low", "battery"),
        entity("sensor", "battery", "battery"),
        temperature,
        entity("sensor", "linkquality", ""),
        entity("switch", "led", ""),
    ] {
        let (topic, config) = say::config("homeassistant", &DEVICE, &one);
        let message = hear(&mut h, &topic, &config.to_string());
        assert!(message.ignored.is_some() && message.refusals.is_empty());
        let unknown = one.object == "linkquality";
        assert_eq!(message.unmapped.len(), usize::from(unknown), "{message:?}");
    }
    assert_eq!((h.entities(), h.devices()), (6, 1));
    let message = hear(
        &mut h,
        "home/x",
        r#"{"smoke":true,"battery_low":"OFF","battery":"80.00","temperature":68,"linkquality":9,"led":"ON"}"#,
    );
    assert_eq!(
        all(&message),
        [
            "battery_low restored",
            "smoke raised",
            "battery 80",
            "temperature 20"
        ]
    );
    assert_eq!(message.unmapped, [""; 0], "told once, at its configuration");
    for signal in &message.signals {
        assert_eq!(
            (signal.device.as_str(), signal.model.as_str()),
            ("Hall detector", "Maker M1")
        );
    }
    let fields: Vec<&str> = message.signals.iter().map(|s| s.field.as_str()).collect();
    assert_eq!(fields, ["battery_low", "smoke", "battery", "temperature"]);
}

#[test]
fn keys_may_be_long_or_short_and_a_tilde_is_the_base() {
    let mut h = fresh();
    let message = teach(
        &mut h,
        "binary_sensor/hall/door",
        &json!({
            "~": "esp/hall", "stat_t": "~/door/state", "dev_cla": "door", "pl_on": "1", "pl_off": "0", "uniq_id": "d1",
            "avty": [{"t": "~/status", "val_tpl": "{{ value }}", "pl_avail": "up", "pl_not_avail": "down"}], "avty_mode": "all",
            "dev": {"ids": "abc", "cns": [["mac", "aa"]], "mf": "Maker", "mdl": "M", "name": "Hall", "sw": "1"}, "o": {"name": "x"},
        }),
    );
    assert!(message.topics_changed);
    assert_eq!(
        h.topics(),
        [
            "homeassistant/+/+/config",
            "homeassistant/+/+/+/config",
            "esp/hall/door/state",
            "esp/hall/status"
        ]
    );
    assert_eq!(
        all(&hear(&mut h, "esp/hall/door/state", "1")),
        ["contact open"]
    );
    assert_eq!(
        all(&hear(&mut h, "esp/hall/door/state", "0")),
        ["contact closed"]
    );
    assert_eq!(
        all(&hear(&mut h, "esp/hall/status", "down")),
        ["missing raised"]
    );
    assert_eq!(
        all(&hear(&mut h, "esp/hall/status", "up")),
        ["missing restored"]
    );
    teach(
        &mut h,
        "sensor/t",
        &json!({"~": "t", "stat_t": "state/~", "dev_cla": "temperature", "unit_of_meas": "°C"}),
    );
    let message = hear(&mut h, "state/t", "21.5");
    assert_eq!(all(&message), ["temperature 21.5"]);
    assert_eq!(message.signals[0].device, "t");
}

#[test]
fn a_device_tells_all_of_its_components_at_once_and_takes_one_out() {
    let mut h = fresh();
    let device = say::Device {
        availability: "home/there",
        ..DEVICE
    };
    let smoke = entity("binary_sensor", "smoke", "smoke");
    let (topic, config) = say::device(
        "homeassistant",
        &device,
        &[smoke.clone(), entity("sensor", "battery", "battery")],
    );
    assert!(h.is_lesson(&topic));
    hear(&mut h, &topic, &config.to_string());
    assert_eq!((h.entities(), h.devices()), (2, 1));
    assert_eq!(
        all(&hear(&mut h, "home/x", r#"{"smoke":"ON","battery":5}"#)),
        ["battery 5", "smoke raised"]
    );
    assert_eq!(
        all(&hear(&mut h, "home/there", "offline")),
        ["missing raised"]
    );
    // Shared keys stand behind each component's own.
    let shared = json!({
        "dev": {"ids": ["s"]}, "o": {"name": "x"}, "stat_t": "s/state",
        "cmps": {"a": {"p": "binary_sensor", "dev_cla": "gas", "val_tpl": "{{ value_json.g }}"}, "gone": {"p": "sensor"}},
    });
    teach(&mut h, "device/s", &shared);
    assert_eq!(
        all(&hear(&mut h, "s/state", r#"{"g":"ON"}"#)),
        ["gas raised"]
    );
    teach(
        &mut h,
        "device/s",
        &json!({"dev": {"ids": ["s"]}, "cmps": {"a": {"p": "binary_sensor"}}}),
    );
    assert_eq!(all(&hear(&mut h, "s/state", r#"{"g":"ON"}"#)), [""; 0]);
    hear(&mut h, &topic, "");
    assert_eq!((h.entities(), h.devices()), (0, 0));
    assert_eq!(h.topics().len(), 2);
}

#[test]
fn an_empty_configuration_takes_the_entity_out() {
    let mut h = fresh();
    let config = json!({"stat_t": "a/b", "dev_cla": "smoke"});
    teach(&mut h, "binary_sensor/garden", &config);
    assert_eq!(all(&hear(&mut h, "a/b", "ON")), ["smoke raised"]);
    let message = hear(&mut h, "homeassistant/binary_sensor/garden/config", "");
    assert_eq!(message.ignored, Some("an entity is taken out"));
    assert!(message.topics_changed);
    let message = hear(&mut h, "a/b", "ON");
    assert_eq!(
        (all(&message).len(), message.unmapped),
        (0, vec!["a/b".to_owned()])
    );
}

#[test]
fn a_state_that_nobody_has_told_about_is_named_and_never_guessed() {
    let mut h = fresh();
    let message = hear(&mut h, "homeassistant/binary_sensor/garden/state", "ON");
    assert_eq!(message.signals, []);
    assert_eq!(
        message.unmapped,
        ["homeassistant/binary_sensor/garden/state"]
    );
}

#[test]
fn what_was_queued_before_its_configuration_is_read_when_that_comes() {
    let mut h = fresh();
    let press = |payload: &str| {
        json!({
            "atype": "trigger", "type": "action", "stype": payload, "pl": payload, "t": "b/action", "dev": {"ids": ["b"]},
        })
    };
    hear(&mut h, "b/action", "emergency");
    let other = teach(&mut h, "device_automation/b/single", &press("single"));
    assert_eq!((all(&other), other.late), (vec![], None));
    let message = teach(&mut h, "device_automation/b/emergency", &press("emergency"));
    assert_eq!(all(&message), ["help raised"]);
    assert_eq!(message.late, Some(false), "it was a press, not a kept one");
    // Told again after it was taken out, the same press is not a second one.
    hear(
        &mut h,
        "homeassistant/device_automation/b/emergency/config",
        "",
    );
    let message = teach(&mut h, "device_automation/b/emergency", &press("emergency"));
    assert_eq!(all(&message), [""; 0]);
    // What is older than a minute is somebody's past.
    at(&mut h, 1000, "late/topic", "ON");
    let late = at(
        &mut h,
        62_000,
        "homeassistant/binary_sensor/late/config",
        r#"{"stat_t":"late/topic","dev_cla":"smoke"}"#,
    );
    assert_eq!(all(&late), [""; 0]);
}

#[test]
fn a_kept_state_met_before_its_configuration_is_one_that_was_kept() {
    let mut h = fresh();
    h.read(&Publish {
        topic: "k",
        payload: b"ON",
        retained: true,
        now_ms: 0,
    });
    let message = teach(
        &mut h,
        "binary_sensor/k",
        &json!({"stat_t": "k", "dev_cla": "smoke"}),
    );
    assert_eq!(
        (all(&message), message.late),
        (vec!["smoke raised".into()], Some(true))
    );
}

#[test]
fn a_template_that_asks_for_another_entity_is_reported_and_never_read() {
    let mut h = fresh();
    let config = json!({
        "stat_t": "p", "dev_cla": "smoke", "val_tpl": "{{ 'ON' if states('sensor.s') else 'OFF' }}",
    });
    let message = teach(&mut h, "binary_sensor/p", &config);
    assert_eq!(message.refusals[0].name(), "bad_value");
    assert!(
        message.unmapped[0].contains("binary_sensor/p"),
        "{message:?}"
    );
    assert_eq!(h.topics().len(), 2, "nobody asks for what nobody reads");
    let again = teach(&mut h, "binary_sensor/p", &config);
    assert_eq!(again.unmapped, [""; 0]);
    let state = hear(&mut h, "p", r#"{"s":9}"#);
    assert_eq!((state.signals.len(), state.ignored), (0, None));
    assert_eq!(state.unmapped, ["binary_sensor/p"], "never a silent one");
}

#[test]
fn payloads_compare_exactly_first_and_then_by_type_and_text() {
    let mut h = fresh();
    let teach_with = |h: &mut HaDiscovery, on: Value, off: Value| {
        teach(
            h,
            "binary_sensor/c",
            &json!({"stat_t": "c", "dev_cla": "door", "val_tpl": "{{ value_json.v }}", "pl_on": on, "pl_off": off}),
        );
    };
    for (on, off, payload, due) in [
        (json!(false), json!(true), r#"{"v":false}"#, "contact open"),
        (
            json!(false),
            json!(true),
            r#"{"v":"true"}"#,
            "contact closed",
        ),
        (json!("ON"), json!("OFF"), r#"{"v":true}"#, "contact open"),
        (json!("ON"), json!("OFF"), r#"{"v":0}"#, "contact closed"),
        (json!("on"), json!("ON"), r#"{"v":"ON"}"#, "contact closed"),
        (json!(3), json!("4"), r#"{"v":"3"}"#, "contact open"),
        (json!(3), json!("4"), r#"{"v":4}"#, "contact closed"),
        (
            json!("open"),
            json!("shut"),
            r#"{"v":"Open"}"#,
            "contact open",
        ),
    ] {
        teach_with(&mut h, on.clone(), off.clone());
        assert_eq!(
            all(&hear(&mut h, "c", payload)),
            [due],
            "{on} {off} {payload}"
        );
    }
    teach_with(&mut h, json!("open"), json!("shut"));
    let message = hear(&mut h, "c", r#"{"v":"ajar"}"#);
    assert_eq!(message.refusals[0].name(), "bad_value");
    for unknown in ["null", "\"\"", "\"None\"", "\"unknown\"", "\"unavailable\""] {
        let message = hear(&mut h, "c", &format!("{{\"v\":{unknown}}}"));
        assert_eq!(
            (message.signals.len(), message.refusals.len()),
            (0, 0),
            "{unknown}"
        );
    }
    assert_eq!(hear(&mut h, "c", "{}").signals, []);
    assert_eq!(hear(&mut h, "c", "ON").refusals[0].name(), "not_json");
}

#[test]
fn codes_of_a_receiver_are_each_an_entity_of_their_own() {
    let mut h = fresh();
    for (object, code, class) in [("pir", "11", "motion"), ("door", "22", "door")] {
        teach(
            &mut h,
            &format!("binary_sensor/rf/{object}"),
            &json!({"stat_t": "rf", "val_tpl": "{{ value_json.value }}", "pl_on": code, "off_dly": 30, "dev_cla": class}),
        );
    }
    let message = at(&mut h, 0, "rf", r#"{"value":11}"#);
    assert_eq!(
        (all(&message), message.refusals),
        (vec!["motion active".into()], vec![])
    );
    assert_eq!(message.signals[0].reading, Reading::Pulse);
    let again = at(&mut h, 29_000, "rf", r#"{"value":11}"#);
    assert_eq!(all(&again), [""; 0], "on until 30 s after the last");
    assert_eq!(
        all(&at(&mut h, 60_000, "rf", r#"{"value":11}"#)),
        ["motion active"]
    );
    let message = at(&mut h, 60_000, "rf", r#"{"value":33}"#);
    assert_eq!(message.refusals.len(), 2, "nobody knows this code");
}

#[test]
fn presses_come_as_triggers_and_as_events() {
    let mut h = fresh();
    let trigger = |kind: &str, subtype: &str| {
        json!({
            "automation_type": "trigger", "type": kind, "subtype": subtype, "payload": "x", "topic": "t", "device": {"identifiers": ["b"]},
        })
    };
    for (kind, subtype, due) in [
        ("button_short_press", "button_1", vec!["button single"]),
        ("button_double_press", "button_1", vec!["button double"]),
        ("button_long_press", "button_1", vec!["button long"]),
        ("button_long_release", "button_1", vec![]),
        ("action", "sos", vec!["help raised"]),
        ("action", "rotate_left", vec!["button rotate_left"]),
    ] {
        teach(&mut h, "device_automation/b/x", &trigger(kind, subtype));
        let message = hear(&mut h, "t", "x");
        assert_eq!(all(&message), due, "{kind} {subtype}");
        assert!(message.signals.iter().all(|s| s.reading == Reading::Pulse));
        assert_eq!(all(&hear(&mut h, "t", "y")), [""; 0]);
    }
    teach(
        &mut h,
        "event/esp/pendant",
        &json!({"stat_t": "e", "evt_typ": ["press", "hold"], "dev_cla": "button", "dev": {"ids": ["e"]}}),
    );
    assert_eq!(
        all(&hear(&mut h, "e", r#"{"event_type":"press"}"#)),
        ["button single"]
    );
    assert_eq!(
        all(&hear(&mut h, "e", r#"{"event_type":"hold","n":1}"#)),
        ["button long"]
    );
    assert_eq!(hear(&mut h, "e", r#"{"kind":"press"}"#).refusals.len(), 1);
    teach(
        &mut h,
        "event/esp/sos",
        &json!({"stat_t": "f", "evt_typ": ["press", "release"], "dev": {"ids": ["e"]}}),
    );
    assert_eq!(
        all(&hear(&mut h, "f", r#"{"event_type":"press"}"#)),
        ["help raised"]
    );
    assert_eq!(
        all(&hear(&mut h, "f", r#"{"event_type":"release"}"#)),
        [""; 0]
    );
}

#[test]
fn locks_covers_valves_and_panels_say_what_they_are() {
    let mut h = fresh();
    teach(
        &mut h,
        "lock/l",
        &json!({"stat_t": "l", "cmd_t": "l/set", "stat_unlocked": "OPENED"}),
    );
    teach(
        &mut h,
        "cover/g",
        &json!({"stat_t": "g", "dev_cla": "garage"}),
    );
    teach(
        &mut h,
        "cover/blind",
        &json!({"stat_t": "blind", "dev_cla": "blind"}),
    );
    teach(
        &mut h,
        "valve/v",
        &json!({"stat_t": "v", "dev_cla": "water"}),
    );
    teach(
        &mut h,
        "alarm_control_panel/p",
        &json!({"stat_t": "p", "cmd_t": "x"}),
    );
    for (topic, payload, due) in [
        ("l", "LOCKED", vec!["lock locked"]),
        ("l", "OPENED", vec!["lock unlocked"]),
        ("l", "LOCKING", vec![]),
        ("g", "open", vec!["contact open"]),
        ("g", "opening", vec![]),
        ("g", "closed", vec!["contact closed"]),
        ("blind", "open", vec![]),
        ("v", "closed", vec!["valve closed"]),
        ("p", "triggered", vec!["unknown raised"]),
        ("p", "pending", vec![]),
        ("p", "armed_away", vec!["unknown restored"]),
        ("p", "triggered", vec!["unknown raised"]),
        ("p", "in_entry", vec![]),
        ("p", "part_armed_1", vec!["unknown restored"]),
        ("p", "full_armed", vec!["unknown restored"]),
        ("p", "in_exit", vec!["unknown restored"]),
        ("p", "ARMED", vec!["unknown restored"]),
        ("p", "Part Armed 3", vec!["unknown restored"]),
        ("p", "disarmed", vec!["unknown restored"]),
    ] {
        let message = hear(&mut h, topic, payload);
        assert_eq!(all(&message), due, "{topic} {payload}");
        assert_eq!(message.refusals, [], "{topic} {payload}");
    }
    assert_eq!(hear(&mut h, "l", "JAMMED").refusals.len(), 1);
    // What no word of it explains restores nothing.
    for state in ["unarmed_zone", "alarm memory", "1"] {
        let message = hear(&mut h, "p", state);
        assert_eq!(
            (all(&message), message.refusals.len()),
            (vec![], 1),
            "{state}"
        );
    }
}

#[test]
fn availability_is_all_any_or_the_latest_and_a_shared_topic_is_a_path() {
    let list =
        json!([{"topic": "bridge", "value_template": "{{ value_json.state }}"}, {"topic": "own"}]);
    for (mode, steps) in [
        (
            "all",
            [vec![], vec!["missing restored"], vec!["missing raised"]],
        ),
        (
            "any",
            [
                vec!["missing restored"],
                vec!["missing restored"],
                vec!["missing restored"],
            ],
        ),
        (
            "latest",
            [
                vec!["missing restored"],
                vec!["missing restored"],
                vec!["missing raised"],
            ],
        ),
    ] {
        let mut h = fresh();
        let config = json!({"stat_t": "s", "dev_cla": "smoke", "avty": list, "avty_mode": mode, "dev": {"ids": ["a"]}});
        teach(&mut h, "binary_sensor/a", &config);
        let words = [
            ("bridge", r#"{"state":"online"}"#),
            ("own", "online"),
            ("bridge", r#"{"state":"offline"}"#),
        ];
        for ((topic, payload), due) in words.iter().zip(&steps) {
            let message = hear(&mut h, topic, payload);
            assert_eq!(all(&message), *due, "{mode} {topic} {payload}");
        }
    }
    let mut h = fresh();
    let config = |id: &str| {
        json!({
            "stat_t": id, "dev_cla": "smoke", "avty": [{"t": "bridge"}], "dev": {"ids": [id], "name": id},
        })
    };
    teach(&mut h, "binary_sensor/a", &config("a"));
    let alone = hear(&mut h, "bridge", "offline");
    assert_eq!(
        (all(&alone), alone.signals[0].device.as_str()),
        (vec!["missing raised".into()], "a")
    );
    let second = teach(&mut h, "binary_sensor/b", &config("b"));
    assert_eq!(all(&second), ["path raised", "missing restored"]);
    assert_eq!(
        (
            second.signals[0].device.as_str(),
            second.signals[1].device.as_str()
        ),
        ("bridge", "a")
    );
    assert_eq!(all(&hear(&mut h, "bridge", "online")), ["path restored"]);
    assert_eq!(hear(&mut h, "bridge", "maybe").refusals.len(), 1);
}

#[test]
fn a_value_that_is_not_said_again_in_time_makes_its_device_missing_until_it_is() {
    let mut h = fresh();
    let config = |topic: &str, seconds: Value| {
        json!({
            "stat_t": topic, "dev_cla": "temperature", "unit_of_meas": "°C",
            "exp_aft": seconds, "dev": {"ids": ["1"], "name": "Hall"},
        })
    };
    teach(&mut h, "sensor/a", &config("a", json!(60)));
    teach(&mut h, "sensor/b", &config("b", json!("90")));
    teach(&mut h, "sensor/c", &config("c", json!(0)));
    assert_eq!(h.due_ms(), None, "nobody has spoken yet");
    for topic in ["a", "b", "c"] {
        at(&mut h, 1_000, topic, "20");
    }
    assert_eq!(h.due_ms(), Some(61_000));
    assert_eq!(h.tick(60_999), Message::default());
    let over = h.tick(61_000);
    assert_eq!(all(&over), ["missing raised"]);
    assert_eq!(over.signals[0].device, "Hall");
    assert_eq!(all(&h.tick(91_000)), ["missing raised"]);
    // One of its two values is still overdue; an empty word is none.
    at(&mut h, 92_000, "a", "unavailable");
    assert_eq!(all(&at(&mut h, 92_000, "a", "21")), ["temperature 21"]);
    let back = at(&mut h, 93_000, "b", "21");
    assert_eq!(all(&back), ["missing restored", "temperature 21"]);
    assert_eq!(h.due_ms(), Some(152_000));
    hear(&mut h, "homeassistant/sensor/a/config", "");
    hear(&mut h, "homeassistant/sensor/b/config", "");
    assert_eq!(h.due_ms(), None);
}

#[test]
fn a_mark_for_no_reading_is_no_temperature_in_any_unit() {
    for unit in ["°C", "°F", "K"] {
        let mut h = fresh();
        let config = json!({"stat_t": "t", "dev_cla": "temperature", "unit_of_meas": unit});
        teach(&mut h, "sensor/t", &config);
        let message = hear(&mut h, "t", "327.67");
        assert_eq!(message.refusals[0].name(), "bad_value", "{unit}");
        assert_eq!(message.signals, []);
    }
}

#[test]
fn two_of_one_name_carry_their_identifier_and_a_configuration_that_changes_counts_at_once() {
    let mut h = fresh();
    for id in ["1", "2"] {
        teach(
            &mut h,
            &format!("binary_sensor/{id}"),
            &json!({"stat_t": id, "dev_cla": "smoke", "dev": {"ids": [id], "name": "Smoke"}}),
        );
    }
    assert_eq!(hear(&mut h, "1", "ON").signals[0].device, "Smoke (1)");
    let changed = teach(
        &mut h,
        "binary_sensor/1",
        &json!({"stat_t": "one", "dev_cla": "carbon_monoxide", "dev": {"ids": ["1"], "name": "Kitchen"}}),
    );
    assert!(changed.topics_changed);
    assert_eq!(hear(&mut h, "1", "ON").signals, []);
    let message = hear(&mut h, "one", "ON");
    assert_eq!(
        (all(&message), message.signals[0].device.as_str()),
        (vec!["co raised".into()], "Kitchen")
    );
    assert_eq!(hear(&mut h, "2", "ON").signals[0].device, "Smoke");
}

#[test]
fn one_entity_told_twice_is_heard_once_and_refused_by_name() {
    let mut h = fresh();
    let config = json!({"stat_t": "s", "dev_cla": "smoke", "uniq_id": "u", "dev": {"ids": ["d"]}});
    teach(&mut h, "binary_sensor/old", &config);
    let twin = teach(&mut h, "binary_sensor/new", &config);
    assert_eq!(twin.refusals[0].name(), "bad_value");
    assert_eq!(all(&hear(&mut h, "s", "ON")), ["smoke raised"]);
    // What is left over of a move has another topic: nobody can tell which is true, so both are heard.
    let moved = json!({"stat_t": "s2", "dev_cla": "smoke", "uniq_id": "u", "dev": {"ids": ["d"]}});
    assert_eq!(teach(&mut h, "binary_sensor/new", &moved).refusals, []);
    assert_eq!(all(&hear(&mut h, "s2", "ON")), ["smoke raised"]);
}

#[test]
fn a_hostile_configuration_asks_for_nothing_of_the_brokers() {
    let mut h = fresh();
    for topic in [
        "#",
        "+/x",
        "$SYS/broker/uptime",
        "a/#",
        "homeassistant/a/b/config",
        "a\u{7}",
        &"x".repeat(300),
    ] {
        let message = teach(
            &mut h,
            "binary_sensor/evil",
            &json!({"stat_t": topic, "dev_cla": "smoke"}),
        );
        assert_eq!(message.refusals[0].name(), "bad_value", "{topic}");
        let message = teach(
            &mut h,
            "binary_sensor/evil2",
            &json!({"stat_t": "fine", "dev_cla": "smoke", "avty_t": topic}),
        );
        if !topic.starts_with("homeassistant") {
            assert_eq!(message.refusals[0].name(), "bad_value", "{topic}");
        }
        let wild = h
            .topics()
            .iter()
            .filter(|t| t.contains(['+', '#', '$']))
            .count();
        assert_eq!(wild, 2, "{topic}");
        hear(&mut h, "homeassistant/binary_sensor/evil2/config", "");
    }
    for (payload, name) in [
        ("[1]", "not_shape"),
        ("{\"stat_t\":", "not_json"),
        ("7", "not_shape"),
    ] {
        let message = hear(&mut h, "homeassistant/sensor/x/config", payload);
        assert_eq!(message.refusals[0].name(), name, "{payload}");
    }
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(300_000));
    let message = hear(&mut h, "homeassistant/sensor/x/config", &large);
    assert_eq!(message.refusals[0].name(), "too_large");
}

#[test]
fn devices_entities_and_topics_have_their_limits() {
    let limits = Limits {
        devices: 2,
        entities: 3,
        topics_bytes: 40,
        ..Limits::default()
    };
    let mut h = HaDiscovery::new("ha", limits);
    let teach = |h: &mut HaDiscovery, object: &str, id: &str, topic: &str| {
        let config =
            json!({"stat_t": topic, "dev_cla": "motion", "dev": {"ids": [id]}}).to_string();
        hear(h, &format!("ha/binary_sensor/{object}/config"), &config)
    };
    assert_eq!(teach(&mut h, "a", "1", "s/1").refusals, []);
    assert_eq!(teach(&mut h, "b", "2", "s/2").refusals, []);
    assert_eq!(
        teach(&mut h, "c", "3", "s/3").refusals,
        [Refusal::TooManyDevices { limit: 2 }]
    );
    assert_eq!(teach(&mut h, "c", "2", &"x".repeat(39)).refusals.len(), 1);
    assert_eq!(teach(&mut h, "c", "2", "s/3").refusals, []);
    assert_eq!(teach(&mut h, "d", "2", "s/4").refusals.len(), 1);
    assert_eq!((h.entities(), h.devices()), (3, 2));
}

#[test]
fn configurations_that_a_broker_retains_cost_no_alarm_and_no_listed_device() {
    let listed = std::iter::once("Hall".to_owned()).collect();
    let limits = Limits {
        entities: 720,
        topics_bytes: 700 * 12,
        ..Limits::default()
    };
    let mut h = HaDiscovery::new("ha", limits).with_listed(std::sync::Arc::new(listed));
    let mut teach = |class: &str, object: &str, name: &str| {
        let device = json!({"ids": [object], "name": name});
        let config = json!({"stat_t": format!("s/{object}"), "dev_cla": class, "dev": device});
        hear(
            &mut h,
            &format!("ha/binary_sensor/{object}/config"),
            &config.to_string(),
        );
    };
    for n in 0..700 {
        teach("motion", &format!("ghost-{n}"), "");
    }
    teach("motion", "hall", "Hall");
    // Of detectors there may be more than there is room for others.
    for n in 0..650 {
        teach("smoke", &format!("smoke-{n}"), "");
    }
    for topic in ["s/smoke-0", "s/smoke-649", "s/hall"] {
        let message = hear(&mut h, topic, "ON");
        assert_eq!(
            message.signals.len(),
            1,
            "{topic}: {message:?} {}",
            h.entities()
        );
    }
    let topics = h.topics();
    assert!(topics.iter().any(|topic| topic == "s/smoke-649"));
    assert!(
        !topics.iter().any(|topic| topic == "s/ghost-0"),
        "it made room"
    );
    assert!(topics.iter().map(String::len).sum::<usize>() < 700 * 13);
}

proptest! {
    #[test]
    fn arbitrary_publishes_never_panic_and_are_never_silent(
        publishes in proptest::collection::vec(
            (
                "[a-z/ +#$]{0,20}|homeassistant/(sensor|binary_sensor|event|lock|device|x)/[a-z]{1,2}/(config|state)",
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..80),
                    "[\\[\\]{}\":,a-z0-9_~ ]{0,120}".prop_map(String::into_bytes),
                ],
                any::<bool>(),
            ),
            0..20,
        ),
    ) {
        let mut h = fresh();
        for (n, (topic, payload, retained)) in publishes.iter().enumerate() {
            let message = h.read(&Publish { topic, payload, retained: *retained, now_ms: n as u64 });
            let silent = message.signals.is_empty() && message.refusals.is_empty() && message.unmapped.is_empty();
            prop_assert!(!silent || message.ignored.is_some());
            prop_assert!(h.waiting().0 <= 512);
        }
    }

    #[test]
    fn whatever_is_configured_the_topics_are_exact_and_go_with_their_entities(
        configs in proptest::collection::vec(
            (
                "(sensor|binary_sensor|event|lock|cover|switch|device_automation)/[a-c](/[ab])?",
                proptest::option::of((
                    "[a-c]|~/[ab]|#|\\$x",
                    "smoke|battery|temperature|door|",
                    proptest::option::of("[xy]"),
                    proptest::option::of("[pq]"),
                )),
            ),
            0..30,
        ),
    ) {
        let mut h = fresh();
        let mut places = std::collections::BTreeSet::new();
        for (place, config) in &configs {
            let before = h.topics();
            let message = match config {
                None => hear(&mut h, &format!("homeassistant/{place}/config"), ""),
                Some((topic, class, device, availability)) => {
                    let mut config = json!({"~": "base", "stat_t": topic, "t": topic, "dev_cla": class, "unit_of_meas": "%"});
                    if let Some(id) = device {
                        config["dev"] = json!({"ids": [id], "name": "same"});
                    }
                    if let Some(topic) = availability {
                        config["avty_t"] = json!(topic);
                    }
                    teach(&mut h, place, &config)
                }
            };
            places.insert(place.clone());
            prop_assert_eq!(message.topics_changed, before != h.topics());
            for topic in h.topics().iter().skip(2) {
                prop_assert!(!topic.contains(['+', '#', '$']));
                hear(&mut h, topic, "ON");
            }
        }
        for place in &places {
            hear(&mut h, &format!("homeassistant/{place}/config"), "");
        }
        prop_assert_eq!((h.entities(), h.devices(), h.topics().len()), (0, 0, 2));
    }

    #[test]
    fn what_is_said_by_the_simulator_is_read_as_it_was_meant(
        on in any::<bool>(),
        class in "smoke|carbon_monoxide|gas|moisture|heat",
        whole in any::<bool>(),
    ) {
        let mut h = fresh();
        let one = entity("binary_sensor", "alarm", &class);
        let (topic, config) = if whole {
            say::device("homeassistant", &DEVICE, &[one])
        } else {
            say::config("homeassistant", &DEVICE, &one)
        };
        hear(&mut h, &topic, &config.to_string());
        let message = hear(&mut h, "home/x", &json!({"alarm": if on { "ON" } else { "OFF" }}).to_string());
        prop_assert_eq!(message.signals.len(), 1);
        prop_assert_eq!(message.signals[0].what.is_raised(), on);
    }
}
