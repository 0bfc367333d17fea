//! Zigbee2MQTT as a home has it: definitions, names, attributes, replays, faults.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use proptest::prelude::*;
use serde_json::{Value, json};

use tecs_protocol::mqtt::zigbee2mqtt::{Limits, Zigbee2Mqtt, say};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::signal::{HealthOf, Measured, Message, Reading, Refusal, Seen, Signal, What};

fn fresh() -> Zigbee2Mqtt {
    Zigbee2Mqtt::new("zigbee2mqtt", Limits::default())
}

fn hear(z: &mut Zigbee2Mqtt, topic: &str, payload: &str) -> Message {
    z.read(&Publish {
        topic: &format!("zigbee2mqtt/{topic}"),
        payload: payload.as_bytes(),
        retained: false,
        now_ms: 0,
    })
}

fn device(name: &str, exposes: Vec<Value>) -> say::Device<'_> {
    say::Device {
        ieee_address: "0x00158d0000000001",
        friendly_name: name,
        vendor: "Maker",
        model: "M1",
        description: "Something",
        exposes,
    }
}

fn teach(z: &mut Zigbee2Mqtt, devices: &[say::Device<'_>]) -> Message {
    hear(z, "bridge/devices", &say::devices(devices).to_string())
}

fn said(signal: &Signal) -> String {
    match &signal.what {
        What::Alarm {
            kind, condition, ..
        } => format!("{kind} {condition}"),
        What::Vital { kind, reading } => match reading {
            Measured::Value { value, .. } => format!("{kind} {value}"),
            Measured::Beyond(said) => format!("{kind} beyond {said}"),
            Measured::Missing(why) => format!("{kind} {}", why.quality()),
        },
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

#[test]
fn the_definition_overrides_the_usual_meaning() {
    let mut z = fresh();
    assert_eq!(
        all(&hear(&mut z, "d", r#"{"contact":true}"#)),
        ["contact closed"]
    );
    teach(
        &mut z,
        &[device(
            "d",
            vec![
                say::binary("contact", true, false),
                say::binary("carbon_monoxide", "ON", "OFF"),
                say::numeric("gas", "m³"),
                say::binary("water_leak", "Leak", "Dry"),
                say::binary("smoke", "yes", "no"),
                say::numeric("power", "kW"),
                say::numeric("temperature", "°F"),
            ],
        )],
    );
    let message = hear(
        &mut z,
        "d",
        r#"{"contact":true,"carbon_monoxide":"ON","gas":1,"water_leak":"dry","smoke":"yes","power":1.2,"temperature":68}"#,
    );
    assert_eq!(
        all(&message),
        [
            "contact open",
            "co raised",
            "flood restored",
            "smoke raised",
            "power 1200",
            "temperature 20"
        ]
    );
    assert_eq!(message.signals[0].model, "Maker M1");
}

#[test]
fn the_button_of_a_detector_is_a_button_and_makes_no_test_of_its_smoke() {
    let mut z = fresh();
    let two = |property: &str| {
        json!({"type": "binary", "name": property, "property": property, "access": 1,
            "value_on": true, "value_off": false, "category": "diagnostic"})
    };
    let definition = vec![
        two("smoke"),
        two("button_pushed"),
        two("smoke_alarm_silenced"),
    ];
    teach(&mut z, &[device("hall", definition)]);
    for (payload, due) in [
        (
            r#"{"smoke":false,"button_pushed":true}"#,
            vec!["smoke restored", "button long"],
        ),
        (
            r#"{"smoke":true,"button_pushed":true}"#,
            vec!["smoke raised", "button long"],
        ),
        (r#"{"button_pushed":false}"#, vec!["button clear"]),
        (
            r#"{"button_pushed":null,"smoke":true}"#,
            vec!["smoke raised"],
        ),
        (r#"{"smoke_alarm_silenced":true}"#, vec![]),
    ] {
        let message = hear(&mut z, "hall", payload);
        let mut said = all(&message);
        said.sort_by_key(|word| !word.starts_with("smoke"));
        assert_eq!(said, due, "{payload}");
        assert!(message.signals.iter().all(|s| !s.test), "{payload}");
    }
}

#[test]
fn a_value_that_is_none_of_the_two_is_refused_and_the_rest_is_read() {
    let mut z = fresh();
    teach(
        &mut z,
        &[device("d", vec![say::binary("smoke", "ALARM", "CLEAR")])],
    );
    let message = hear(&mut z, "d", r#"{"smoke":"perhaps","battery":"80.00"}"#);
    assert_eq!(all(&message), ["battery 80"]);
    assert_eq!(message.refusals.len(), 1);
    assert!(message.refusals[0].to_string().contains("`smoke`"));
}

#[test]
fn null_and_absence_say_nothing_and_clear_nothing() {
    let mut z = fresh();
    let message = hear(
        &mut z,
        "d",
        r#"{"smoke":null,"contact":null,"action":"","battery":null,"last_seen":null,"temperature":null}"#,
    );
    assert_eq!(all(&message), [""; 0]);
    assert_eq!(message.refusals, []);
    assert_eq!(message.unmapped, [""; 0]);
    assert!(message.ignored.is_some());
}

#[test]
fn features_are_flat_in_a_specific_type_and_nested_in_a_composite() {
    let mut z = fresh();
    teach(
        &mut z,
        &[device(
            "d",
            vec![
                say::specific(
                    "lock",
                    &[
                        say::binary("state", "LOCK", "UNLOCK"),
                        say::words("lock_state", &["not_fully_locked", "locked", "unlocked"]),
                    ],
                ),
                say::composite(
                    "probe",
                    &[
                        say::numeric("temperature", "°C"),
                        say::binary("tamper", 1, 0),
                    ],
                ),
                say::specific("switch", &[say::binary("state_l1", "ON", "OFF")]),
            ],
        )],
    );
    let message = hear(
        &mut z,
        "d",
        r#"{"state":"UNLOCK","lock_state":"unlocked","probe":{"temperature":21.5,"tamper":1,"other":2},"state_l1":"ON"}"#,
    );
    assert_eq!(
        all(&message),
        ["lock unlocked", "temperature 21.5", "tamper raised"]
    );
    assert_eq!(message.signals[1].field, "probe.temperature");
    assert_eq!(message.unmapped, ["probe.other"]);
    assert_eq!(
        all(&hear(&mut z, "d", r#"{"state":"LOCK"}"#)),
        ["lock locked"]
    );
}

#[test]
fn several_of_one_kind_are_several_fields() {
    let mut z = fresh();
    let message = hear(
        &mut z,
        "d",
        r#"{"contact_1":false,"contact_2":true,"occupancy_left":true,"temperature_38":20,"water_leak_alarm_2":true}"#,
    );
    assert_eq!(
        all(&message),
        [
            "contact open",
            "contact closed",
            "occupancy active",
            "temperature 20",
            "flood raised"
        ]
    );
    let fields: Vec<&str> = message.signals.iter().map(|s| s.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "contact_1",
            "contact_2",
            "occupancy_left",
            "temperature_38",
            "water_leak_alarm_2"
        ]
    );
}

#[test]
fn what_only_can_be_set_and_what_is_a_setting_is_silent() {
    let mut z = fresh();
    let setting = |name: &str, access: u8| json!({ "type": "binary", "name": name, "property": name, "access": access, "value_on": "ON", "value_off": "OFF" });
    teach(
        &mut z,
        &[device(
            "d",
            vec![
                setting("alarm", 3),
                setting("vibration", 7),
                setting("smoke", 2),
                setting("mystery", 1),
            ],
        )],
    );
    let message = hear(
        &mut z,
        "d",
        r#"{"alarm":"ON","vibration":"ON","smoke":"ON","mystery":"ON","linkquality":3,"update":{"state":"idle"}}"#,
    );
    assert_eq!(all(&message), [""; 0]);
    assert_eq!(message.unmapped, ["mystery"]);
}

#[test]
fn falls_are_raised_from_a_suspicion_on_and_a_low_posture_never_restores_one() {
    let mut z = fresh();
    let mut at =
        |field: &str, word: &str| all(&hear(&mut z, "d", &json!({ field: word }).to_string()));
    assert_eq!(at("fall_status", "fall_warning"), ["fall raised"]);
    assert_eq!(at("fall_status", "fall_alarm"), ["fall raised"]);
    assert_eq!(at("fall_status", "normal"), ["fall restored"]);
    assert_eq!(at("fall_status", "unknown"), [""; 0]);
    assert_eq!(at("fall_down_status", "maybe_fall"), ["fall raised"]);
    assert_eq!(at("fall_down_status", "none"), ["fall restored"]);
    assert_eq!(
        at("status", "falling"),
        ["fall raised", "presence active", "bed clear"]
    );
    assert_eq!(at("status", "low_posture")[0], "fall raised");
    assert_eq!(
        at("status", "on_the_bed"),
        ["fall restored", "presence active", "bed active"]
    );
    assert_eq!(at("action", "fall"), ["fall raised"]);
    assert_eq!(at("status", "Unknown (9)"), [""; 0]);
}

#[test]
fn a_cube_that_falls_is_no_person() {
    let mut z = fresh();
    teach(
        &mut z,
        &[device(
            "cube",
            vec![say::words("action", &["shake", "fall", "flip90"])],
        )],
    );
    assert_eq!(
        all(&hear(&mut z, "cube", r#"{"action":"fall"}"#)),
        ["button fall"]
    );
}

#[test]
fn presses_are_pulses_and_say_what_they_are() {
    let mut z = fresh();
    for (action, meaning) in [
        ("emergency", "help raised"),
        ("sos", "help raised"),
        ("panic", "panic raised"),
        ("single", "button single"),
        ("hold", "button long"),
        ("double_press", "button double"),
        ("arm_all_zones", "button arm_all_zones"),
    ] {
        let message = hear(&mut z, "d", &json!({ "action": action }).to_string());
        assert_eq!(all(&message), [meaning]);
        assert_eq!(message.signals[0].reading, Reading::Pulse);
    }
}

#[test]
fn an_alarm_during_a_test_is_a_test() {
    let mut z = fresh();
    let message = hear(&mut z, "d", r#"{"smoke":true,"test":true}"#);
    assert_eq!(all(&message), ["smoke raised", "test_call raised"]);
    assert!(message.signals.iter().all(|s| s.test));
    let real = hear(&mut z, "d", r#"{"smoke":true,"test":false}"#);
    assert!(real.signals.iter().all(|s| !s.test));
}

#[test]
fn an_alarm_without_a_name_is_what_the_definition_says_the_device_is() {
    let mut z = fresh();
    for (description, meaning) in [
        ("Smoke sensor", vec!["smoke raised"]),
        (
            "Audio Detector: listens for the siren of a listed smoke detector",
            vec!["smoke raised"],
        ),
        ("CO alarm", vec!["co raised"]),
        ("Smart heat alarm", vec!["heat raised"]),
        ("Smart siren", vec![]),
        ("Door sensor", vec!["contact open"]),
        ("Battery powered PIR presence sensor", vec!["motion active"]),
        ("SOS button", vec!["help raised"]),
        ("Automatically generated definition", vec!["unknown raised"]),
    ] {
        let mut it = device("d", vec![say::binary("alarm_1", true, false)]);
        it.description = description;
        teach(&mut z, &[it]);
        let message = hear(&mut z, "d", r#"{"alarm_1":true}"#);
        assert_eq!(all(&message), meaning, "{description}");
    }
    // The device's own property is the better word.
    let mut it = device(
        "d",
        vec![
            say::binary("alarm", true, false),
            say::binary("carbon_monoxide", true, false),
        ],
    );
    it.description = "CO alarm";
    teach(&mut z, &[it]);
    let message = hear(&mut z, "d", r#"{"alarm":true,"carbon_monoxide":true}"#);
    assert_eq!(all(&message), ["co raised"]);
}

#[test]
fn a_word_that_says_the_same_as_a_state_is_dropped_beside_it_and_read_alone() {
    let mut z = fresh();
    assert_eq!(
        all(&hear(
            &mut z,
            "d",
            r#"{"smoke_state":"alarm","smoke":true}"#
        )),
        ["smoke raised"]
    );
    let alone = hear(&mut z, "d", r#"{"smoke_state":"alarm"}"#);
    assert_eq!(all(&alone), ["smoke raised"]);
    assert_eq!(alone.signals[0].field, "smoke");
    assert_eq!(
        all(&hear(&mut z, "d", r#"{"state":"move","presence":true}"#)),
        ["presence active"]
    );
}

#[test]
fn sentinels_and_numbers_out_of_range_are_refused_not_read() {
    let mut z = fresh();
    for payload in [
        r#"{"temperature":327.67}"#,
        r#"{"humidity":655.35}"#,
        r#"{"battery":255}"#,
        r#"{"battery":-1}"#,
        r#"{"battery":"full"}"#,
        r#"{"power":"1e999"}"#,
        r#"{"power":"NaN"}"#,
    ] {
        let message = hear(&mut z, "d", payload);
        assert_eq!(all(&message), [""; 0], "{payload}");
        assert_eq!(message.refusals[0].name(), "bad_value", "{payload}");
    }
    let breath = hear(&mut z, "d", r#"{"breathing_rate":0,"heart_rate":72}"#);
    assert_eq!(all(&breath), ["respiration no_signal", "pulse 72"]);
}

#[test]
fn a_battery_at_zero_is_low_until_it_is_charged_unless_the_device_says_so_itself() {
    let mut z = fresh();
    assert_eq!(
        all(&hear(&mut z, "d", r#"{"battery":0}"#)),
        ["battery 0", "battery_low raised"]
    );
    assert_eq!(
        all(&hear(&mut z, "d", r#"{"battery":100}"#)),
        ["battery 100", "battery_low restored"]
    );
    assert_eq!(all(&hear(&mut z, "d", r#"{"battery":90}"#)), ["battery 90"]);
    assert_eq!(
        all(&hear(&mut z, "d", r#"{"battery":0,"battery_low":false}"#)),
        ["battery 0", "battery_low restored"]
    );
}

#[test]
fn names_with_spaces_and_slashes_are_matched_longest_first() {
    let mut z = fresh();
    teach(
        &mut z,
        &[
            device("bath", vec![say::binary("occupancy", true, false)]),
            device("bath/shower cord", vec![say::words("action", &["sos"])]),
        ],
    );
    let cord = hear(&mut z, "bath/shower cord", r#"{"action":"sos"}"#);
    assert_eq!(cord.signals[0].device, "bath/shower cord");
    let bath = hear(&mut z, "bath", r#"{"occupancy":true}"#);
    assert_eq!(bath.signals[0].device, "bath");
    let gone = hear(
        &mut z,
        "bath/shower cord/availability",
        r#"{"state":"offline"}"#,
    );
    assert_eq!(all(&gone), ["missing raised"]);
    assert_eq!(gone.signals[0].device, "bath/shower cord");
    // Nobody taught this one, and its first level is another device's name.
    let new = hear(&mut z, "bath/new sensor", r#"{"water_leak":true}"#);
    assert_eq!(new.signals[0].device, "bath/new sensor");
    for command in [
        "bath/set",
        "bath/get",
        "bath/set/state",
        "bath/shower cord/set",
        "attic/lamp/set",
    ] {
        let message = hear(&mut z, command, r#"{"action":"sos","smoke":true}"#);
        assert_eq!(message.ignored, Some("a command to a device"), "{command}");
    }
}

#[test]
fn a_press_over_attributes_alone_is_never_lost_and_a_doubled_one_is_one() {
    let mut z = fresh();
    let mut presses = |said: &[(&str, &str)]| -> usize {
        said.iter()
            .map(|(topic, payload)| hear(&mut z, topic, payload).signals.len())
            .sum()
    };
    // Attributes alone: each is a press, its clearing is none.
    assert_eq!(
        presses(&[("b/action", "sos"), ("b/action", ""), ("b/action", "sos")]),
        2
    );
    // Both: JSON first, then its echo.
    let json = ("b", r#"{"action":"sos"}"#);
    assert_eq!(presses(&[json, ("b/action", "sos")]), 1);
    assert_eq!(
        presses(&[json, json, ("b/action", "sos"), ("b/action", "sos")]),
        2
    );
    // The JSON message of the second press was lost on the way: its echo is a press.
    assert_eq!(
        presses(&[json, ("b/action", "sos"), ("b/action", "sos")]),
        2
    );
}

#[test]
fn a_press_that_comes_long_after_another_is_no_echo_of_it() {
    let mut z = fresh();
    hear(&mut z, "b", r#"{"action":"sos"}"#);
    for _ in 0..100 {
        hear(&mut z, "other", r#"{"occupancy":true}"#);
    }
    // From here on the bridge sends attributes alone.
    assert_eq!(all(&hear(&mut z, "b/action", "sos")), ["help raised"]);
}

#[test]
fn a_measurement_over_attributes_is_read_until_the_device_speaks_json() {
    let mut z = fresh();
    assert_eq!(all(&hear(&mut z, "plug/power", "12.5")), ["power 12.5"]);
    hear(&mut z, "plug", r#"{"power":12.5}"#);
    let echo = hear(&mut z, "plug/power", "12.5");
    assert_eq!(echo.ignored, Some("repeat of the JSON message"));
    // A state is read always: what repeats is the core's to drop.
    assert_eq!(all(&hear(&mut z, "plug/smoke", "true")), ["smoke raised"]);
}

#[test]
fn after_the_bridge_started_the_first_state_of_a_device_may_be_a_replay() {
    let mut z = fresh();
    assert!(!hear(&mut z, "d", r#"{"smoke":false}"#).replayed);
    let online = hear(&mut z, "bridge/state", r#"{"state":"online"}"#);
    assert_eq!(all(&online), ["path restored"]);
    assert_eq!(online.signals[0].device, "zigbee2mqtt");
    let first = hear(&mut z, "d", r#"{"smoke":true}"#);
    assert!(first.replayed);
    assert_eq!(all(&first), ["smoke raised"]);
    assert!(!hear(&mut z, "d", r#"{"smoke":true}"#).replayed);
    assert!(
        !hear(&mut z, "b", r#"{"action":"sos"}"#).replayed,
        "a press is never cached"
    );
    assert_eq!(
        all(&hear(&mut z, "bridge/state", "offline")),
        ["path raised"]
    );
}

#[test]
fn a_state_heard_later_than_the_last_one_is_no_replay() {
    let mut z = fresh();
    hear(
        &mut z,
        "d",
        r#"{"smoke":false,"last_seen":"2026-01-01T10:00:00Z"}"#,
    );
    hear(&mut z, "bridge/state", "online");
    let news = hear(
        &mut z,
        "d",
        r#"{"smoke":true,"last_seen":"2026-01-01T10:05:00+00:00"}"#,
    );
    assert!(!news.replayed);
    assert_eq!(news.signals[0].happened_ms, Some(1_767_261_900_000));
}

#[test]
fn a_retained_bridge_state_is_no_start() {
    let mut z = fresh();
    z.read(&Publish {
        topic: "zigbee2mqtt/bridge/state",
        payload: br#"{"state":"online"}"#,
        retained: true,
        now_ms: 0,
    });
    assert!(!hear(&mut z, "d", r#"{"smoke":true}"#).replayed);
}

#[test]
fn a_definition_that_changes_while_running_holds_from_then_on() {
    let mut z = fresh();
    teach(
        &mut z,
        &[device("d", vec![say::binary("contact", false, true)])],
    );
    assert_eq!(
        all(&hear(&mut z, "d", r#"{"contact":true}"#)),
        ["contact closed"]
    );
    teach(
        &mut z,
        &[device("d", vec![say::binary("contact", true, false)])],
    );
    assert_eq!(
        all(&hear(&mut z, "d", r#"{"contact":true}"#)),
        ["contact open"]
    );
    let broken = hear(&mut z, "bridge/devices", r#"[{"friendly_name":"d""#);
    assert_eq!(broken.refusals[0].name(), "not_json");
    assert_eq!(
        all(&hear(&mut z, "d", r#"{"contact":true}"#)),
        ["contact open"]
    );
}

#[test]
fn one_odd_device_does_not_cost_the_others_their_definitions() {
    let mut z = fresh();
    let good = say::devices(&[device("good", vec![say::binary("contact", true, false)])]);
    let mut list = good.as_array().unwrap().clone();
    list.splice(
        0..0,
        [
            json!("a text"),
            json!({"friendly_name": "a+b", "definition": {"exposes": []}}),
            json!({"friendly_name": "x".repeat(300)}),
            json!({"friendly_name": "ctrl\u{7}"}),
            json!({"friendly_name": "odd", "definition": {"exposes": {"type": 7}}}),
            json!({"friendly_name": "odder", "definition": [1, 2], "type": {}}),
            json!({"friendly_name": "oddest", "definition": {"exposes": [null, {"type": "binary", "property": 5}]}}),
            json!({"friendly_name": "good", "disabled": "maybe"}),
        ],
    );
    list.swap(7, 9);
    let message = hear(&mut z, "bridge/devices", &Value::from(list).to_string());
    let names: Vec<&str> = message.refusals.iter().map(Refusal::name).collect();
    assert_eq!(names, ["not_shape", "bad_value", "bad_value"]);
    assert_eq!(z.taught(), 4);
    assert_eq!(
        all(&hear(&mut z, "good", r#"{"contact":true}"#)),
        ["contact open"]
    );
}

#[test]
fn devices_beyond_the_limit_are_refused_by_name_and_the_others_taught() {
    let mut z = Zigbee2Mqtt::new(
        "",
        Limits {
            devices: 2,
            ..Limits::default()
        },
    );
    let names = ["a", "b", "c", "d"];
    let list: Vec<say::Device<'_>> = names.iter().map(|n| device(n, vec![])).collect();
    let message = teach(&mut z, &list);
    assert_eq!(message.refusals.len(), 1);
    assert_eq!(message.refusals[0].name(), "too_many_devices");
    assert_eq!(z.taught(), 2);
}

#[test]
fn disabled_devices_groups_the_coordinator_and_the_bridge_itself_are_ignored_by_name() {
    let mut z = fresh();
    let mut list = say::devices(&[device("off", vec![])]);
    list[1]["disabled"] = json!(true);
    hear(&mut z, "bridge/devices", &list.to_string());
    hear(
        &mut z,
        "bridge/groups",
        r#"[{"id":1,"friendly_name":"all lights","members":[]}]"#,
    );
    for (topic, why) in [
        ("off", "a disabled device"),
        ("all lights", "a group of devices"),
        ("Coordinator", "the coordinator"),
        ("bridge/info", "the bridge about itself"),
        ("bridge/event", "a bridge event"),
        (
            "bridge/response/device/rename",
            "a request to the bridge or its answer",
        ),
        (
            "bridge/whatever/new",
            "a bridge topic that says nothing for telecare",
        ),
    ] {
        let message = hear(&mut z, topic, r#"{"smoke":true}"#);
        assert_eq!(message.ignored, Some(why), "{topic}");
        assert_eq!(all(&message), [""; 0]);
    }
    let foreign = z.read(&Publish {
        topic: "zigbee2mqttx/d",
        payload: b"{}",
        retained: false,
        now_ms: 0,
    });
    assert_eq!(foreign.ignored, Some("not below the base topic"));
}

#[test]
fn hostile_payloads_are_refused_by_name() {
    let mut z = fresh();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(500), "]".repeat(500));
    let many: serde_json::Map<String, Value> =
        (0..2000).map(|n| (format!("k{n}"), json!(1))).collect();
    let many = Value::Object(many).to_string();
    for (payload, name) in [
        (&b"{\"smoke\":tru"[..], "not_json"),
        (b"{\"smoke\":true} x", "not_json"),
        (b"{\"smoke\":true,\"smoke\":false}", "not_json"),
        (b"{\"power\":1e999}", "not_json"),
        (b"{\"power\":NaN}", "not_json"),
        (b"\xef\xbb\xbf{\"smoke\":true}", "not_json"),
        (b"{\"smoke\":true,\"a\":\"\xff\"}", "not_text"),
        (b"[1]", "not_shape"),
        (b"\"smoke\"", "not_shape"),
        (deep.as_bytes(), "not_json"),
        (many.as_bytes(), "not_json"),
    ] {
        let message = z.read(&Publish {
            topic: "zigbee2mqtt/d",
            payload,
            retained: false,
            now_ms: 0,
        });
        assert_eq!(message.signals, [], "{}", String::from_utf8_lossy(payload));
        assert_eq!(
            message.refusals[0].name(),
            name,
            "{}",
            String::from_utf8_lossy(payload)
        );
    }
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(hear(&mut z, "d", &large).refusals[0].name(), "too_large");
    assert_eq!(
        hear(&mut z, "a\u{1}b", "{}").refusals[0].name(),
        "bad_value"
    );
}

#[test]
fn the_topics_bring_what_is_read_and_nothing_twice() {
    let mut z = fresh();
    let before = z.topics();
    let message = teach(
        &mut z,
        &[
            device(
                "bath/cord",
                vec![
                    say::words("action", &["sos"]),
                    say::binary("smoke", true, false),
                ],
            ),
            device("plain", vec![say::numeric("linkquality", "lqi")]),
        ],
    );
    assert!(message.topics_changed);
    let topics = z.topics();
    assert_ne!(before, topics);
    let count = |topic: &str| {
        topics
            .iter()
            .filter(|filter| {
                let (f, t): (Vec<&str>, Vec<&str>) =
                    (filter.split('/').collect(), topic.split('/').collect());
                f.len() == t.len() && f.iter().zip(&t).all(|(f, t)| *f == "+" || f == t)
            })
            .count()
    };
    for wanted in [
        "bridge/devices",
        "bridge/state",
        "bridge/groups",
        "plain",
        "bath/cord",
        "plain/availability",
        "bath/cord/availability",
        "plain/action",
        "bath/cord/action",
        "bath/cord/smoke",
        "plain/smoke",
    ] {
        assert_eq!(count(&format!("zigbee2mqtt/{wanted}")), 1, "{wanted}");
    }
    for unwanted in [
        "bridge/info",
        "bridge/definitions",
        "bridge/logging",
        "bridge/event",
        "plain/set",
        "bath/cord/set",
    ] {
        assert_eq!(count(&format!("zigbee2mqtt/{unwanted}")), 0, "{unwanted}");
    }
    assert!(
        !teach(
            &mut z,
            &[device(
                "bath/cord",
                vec![
                    say::words("action", &["sos"]),
                    say::binary("smoke", true, false)
                ]
            ),]
        )
        .topics_changed
    );
    assert!(z.is_lesson("zigbee2mqtt/bridge/devices"));
    assert!(!z.is_lesson("zigbee2mqtt/plain"));
}

#[test]
fn definitions_beyond_the_limit_cost_no_detector_its_own() {
    let device = |name: &str, property: &str, on: &str| {
        serde_json::json!({
            "friendly_name": name, "ieee_address": name, "type": "EndDevice", "supported": true,
            "definition": {"vendor": "v", "model": "m", "exposes": [
                {"type": "binary", "name": property, "property": property, "access": 1, "value_on": on, "value_off": "q"},
            ]},
        })
    };
    let mut all: Vec<serde_json::Value> = (0..700)
        .map(|n| device(&format!("door-{n}"), "contact", "x"))
        .collect();
    all.extend((0..700).map(|n| device(&format!("smoke-{n}"), "smoke", "LEAK")));
    let mut z = Zigbee2Mqtt::new("", Limits::default());
    let payload = serde_json::Value::from(all).to_string();
    let mut learned = z.read(&Publish {
        topic: "zigbee2mqtt/bridge/devices",
        payload: payload.as_bytes(),
        retained: true,
        now_ms: 0,
    });
    while let Some(due) = z.due_ms() {
        learned = z.tick(due);
    }
    assert_eq!(learned.refusals, [Refusal::TooManyDevices { limit: 512 }]);
    assert_eq!(z.taught(), 512 + 700);
    // The word for yes that only its definition teaches.
    let message = hear(&mut z, "smoke-699", r#"{"smoke":"LEAK"}"#);
    assert_eq!(message.signals.len(), 1, "{message:?}");
    assert!(message.signals[0].what.is_raised());
}

proptest! {
    #[test]
    fn arbitrary_publishes_never_panic(
        publishes in proptest::collection::vec(
            ("[a-z/ +#]{0,20}|bridge/(devices|state|groups|x)", proptest::collection::vec(any::<u8>(), 0..80)),
            0..20,
        ),
    ) {
        let mut z = fresh();
        for (topic, payload) in &publishes {
            let topic = format!("zigbee2mqtt/{topic}");
            let message = z.read(&Publish { topic: &topic, payload, retained: false, now_ms: 0 });
            let silent = message.signals.is_empty() && message.refusals.is_empty() && message.unmapped.is_empty();
            prop_assert!(!silent || message.ignored.is_some());
        }
    }

    #[test]
    fn arbitrary_json_is_read_without_a_panic_and_only_known_fields_speak(
        fields in proptest::collection::btree_map(
            "smoke|contact|action|battery|temperature|status|fall_status|last_seen|[a-z_]{1,12}",
            prop_oneof![
                Just(Value::Null), any::<bool>().prop_map(Value::from), any::<f64>().prop_map(|n| json!(n)),
                any::<i64>().prop_map(Value::from), "\\PC{0,20}".prop_map(Value::from),
                Just(json!({"state": {"a": [1]}})), Just(json!([1, "x"])),
            ],
            0..10,
        ),
    ) {
        let mut z = fresh();
        let payload = json!(fields).to_string();
        let message = hear(&mut z, "d", &payload);
        for signal in &message.signals {
            prop_assert_eq!(signal.device.as_str(), "d");
        }
        for refusal in &message.refusals {
            prop_assert_ne!(refusal.name(), "not_json");
        }
    }

    #[test]
    fn arbitrary_definitions_are_taught_without_a_panic(text in "[\\[\\]{}\":,a-z0-9_ ]{0,200}", cut in 0usize..4000) {
        let mut z = fresh();
        hear(&mut z, "bridge/devices", &text);
        let whole = say::devices(&[device("d", vec![
            say::composite("c", &[say::numeric("temperature", "°C")]), say::binary("smoke", true, false),
        ])]).to_string();
        let end = (0..=cut.min(whole.len())).rev().find(|n| whole.is_char_boundary(*n)).unwrap_or(0);
        hear(&mut z, "bridge/devices", &whole[..end]);
        hear(&mut z, "d", r#"{"smoke":true,"c":{"temperature":1}}"#);
    }
}
