//! Homie as a home has it: descriptions, states, values, order, alerts, hostility.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use proptest::prelude::*;
use serde_json::{Value, json};

use tecs_protocol::mqtt::homie::{Homie, Limits, say};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::signal::{HealthOf, Measured, Message, Reading, Seen, Signal, What};

fn fresh() -> Homie {
    Homie::new("", Limits::default())
}

fn hear(h: &mut Homie, topic: &str, payload: &str) -> Message {
    h.read(&Publish {
        topic,
        payload: payload.as_bytes(),
        retained: false,
        now_ms: 0,
    })
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

/// A device of one property, and what a value of it says.
fn says(node: &str, kind: &str, id: &str, about: &Value, value: &str) -> Vec<String> {
    let mut h = fresh();
    let description = json!({"homie": "5.0", "version": 1, "nodes": {node: {"type": kind, "properties": {id: about}}}});
    let learned = hear(&mut h, "homie/5/d/$description", &description.to_string());
    let message = hear(&mut h, &format!("homie/5/d/{node}/{id}"), value);
    let mut all = all(&message);
    all.extend(message.refusals.iter().map(|r| r.name().to_owned()));
    if all.is_empty() && !learned.unmapped.is_empty() {
        all.push("unmapped".to_owned());
    }
    all
}

#[test]
fn a_state_says_whether_the_device_is_there() {
    let mut h = fresh();
    for (topic, payload, due) in [
        ("homie/5/d/$state", "ready", vec!["missing restored"]),
        ("homie/5/d/$state", "lost", vec!["missing raised"]),
        ("homie/5/d/$state", "disconnected", vec!["missing raised"]),
        ("homie/5/d/$state", "sleeping", vec!["missing restored"]),
        ("homie/5/d/$state", "init", vec![]),
        ("homie/super-car/$state", "ready", vec!["missing restored"]),
        (
            "homie/super-car/$state",
            "alert",
            vec!["missing restored", "fault raised"],
        ),
        (
            "homie/super-car/$state",
            "ready",
            vec!["missing restored", "fault restored"],
        ),
        ("homie/super-car/$state", "lost", vec!["missing raised"]),
        ("homie/super-car/$state", "", vec![]),
    ] {
        let message = hear(&mut h, topic, payload);
        assert_eq!(all(&message), due, "{topic} {payload}");
        assert_eq!(message.refusals, [], "{topic} {payload}");
    }
    assert_eq!(hear(&mut h, "homie/5/d/$state", "asleep").refusals.len(), 1);
}

#[test]
fn a_root_that_is_lost_is_a_path_to_its_devices() {
    let mut h = fresh();
    hear(
        &mut h,
        "homie/5/lamp/$description",
        r#"{"homie":"5.0","root":"bridge"}"#,
    );
    assert_eq!(
        all(&hear(&mut h, "homie/5/bridge/$state", "lost")),
        ["path raised"]
    );
    assert_eq!(
        all(&hear(&mut h, "homie/5/lamp/$state", "lost")),
        ["missing raised"]
    );
}

#[test]
#[allow(clippy::too_many_lines)] // One table.
fn properties_say_what_their_names_and_formats_make_certain() {
    let b = |format: &str| json!({"datatype": "boolean", "format": format});
    let n = |unit: &str| json!({"datatype": "float", "unit": unit});
    let e = |format: &str| json!({"datatype": "enum", "format": format});
    let once = json!({"datatype": "enum", "format": "SHORT_PRESSED,DOUBLE_PRESSED,LONG_PRESSED", "retained": false});
    let raw = json!({"datatype": "enum", "format": "PRESSED,RELEASED", "retained": false});
    for (node, kind, id, about, value, due) in [
        ("n", "", "smoke", b(""), "true", vec!["smoke raised"]),
        (
            "n",
            "",
            "smoke",
            b("smoke,clear"),
            "true",
            vec!["smoke restored"],
        ),
        ("smoke", "", "alarm", b(""), "true", vec!["smoke raised"]),
        (
            "n",
            "co-detector",
            "alarm",
            b(""),
            "false",
            vec!["co restored"],
        ),
        ("n", "", "alarm", b(""), "true", vec!["unmapped"]),
        ("n", "", "water-leak", b(""), "true", vec!["flood raised"]),
        ("n", "", "heat", b(""), "true", vec!["unmapped"]),
        ("n", "", "heat-alarm", b(""), "true", vec!["heat raised"]),
        ("n", "", "contact", b(""), "true", vec!["unmapped"]),
        (
            "n",
            "",
            "contact",
            b("closed,open"),
            "true",
            vec!["contact open"],
        ),
        (
            "n",
            "",
            "contact",
            b("open,closed"),
            "true",
            vec!["contact closed"],
        ),
        (
            "n",
            "",
            "contact",
            e("open,closed"),
            "closed",
            vec!["contact closed"],
        ),
        ("n", "", "open", b(""), "false", vec!["contact closed"]),
        (
            "n",
            "",
            "lock",
            e("locked,unlocked"),
            "unlocked",
            vec!["lock unlocked"],
        ),
        ("n", "", "motion", b(""), "true", vec!["motion active"]),
        ("n", "", "motion", b(""), "maybe", vec!["bad_value"]),
        (
            "n",
            "",
            "motion",
            e("clear,detected"),
            "detected",
            vec!["motion active"],
        ),
        ("n", "", "tamper", b(""), "true", vec!["tamper raised"]),
        (
            "n",
            "",
            "battery-low",
            b(""),
            "true",
            vec!["battery_low raised"],
        ),
        ("n", "", "battery", n("%"), "80.00", vec!["battery 80"]),
        (
            "n",
            "",
            "temperature",
            n("°F"),
            "68",
            vec!["temperature 20"],
        ),
        ("n", "", "temperature", n(""), "20", vec!["unmapped"]),
        ("n", "", "temperature", n("°C"), "327.67", vec!["bad_value"]),
        (
            "engine",
            "",
            "temperature",
            n("°C"),
            "21.5",
            vec!["temperature 21.5"],
        ),
        ("freezer", "", "temperature", n("°C"), "-18", vec![]),
        ("n", "", "humidity", n("%"), "40", vec!["humidity 40"]),
        ("n", "", "power", n("kW"), "1.2", vec!["power 1200"]),
        ("n", "", "heart-rate", n("bpm"), "72", vec!["pulse 72"]),
        (
            "n",
            "",
            "heart-rate",
            n("bpm"),
            "0",
            vec!["pulse no_signal"],
        ),
        ("n", "", "weight", n("kg"), "72", vec!["unmapped"]),
        (
            "n",
            "",
            "body-weight",
            n("lb"),
            "131.7",
            vec!["weight 59.7381"],
        ),
        ("n", "", "voltage", n("V"), "3", vec![]),
        ("n", "", "speed", n("m/s"), "3", vec!["unmapped"]),
        (
            "bell",
            "",
            "button",
            once.clone(),
            "LONG_PRESSED",
            vec!["button long"],
        ),
        (
            "bell",
            "",
            "button",
            raw.clone(),
            "PRESSED",
            vec!["button single"],
        ),
        ("bell", "", "button", raw.clone(), "RELEASED", vec![]),
        (
            "sos",
            "",
            "button",
            raw.clone(),
            "PRESSED",
            vec!["help raised"],
        ),
        (
            "n",
            "",
            "sos",
            json!({"datatype": "boolean", "retained": false}),
            "true",
            vec!["help raised"],
        ),
        (
            "n",
            "",
            "sos",
            json!({"datatype": "boolean", "retained": false}),
            "false",
            vec![],
        ),
        ("n", "", "panic", b(""), "true", vec!["panic raised"]),
        (
            "lamp",
            "",
            "power",
            json!({"datatype": "boolean", "settable": true}),
            "true",
            vec![],
        ),
    ] {
        let found = says(node, kind, id, &about, value);
        assert_eq!(found, due, "{node}/{id} {about} {value}");
    }
}

#[test]
fn what_is_momentary_is_a_press_and_what_is_kept_is_a_state() {
    let mut h = fresh();
    let property = |id, retained| say::Property {
        node: "n",
        id,
        datatype: "boolean",
        unit: "",
        format: "",
        retained,
    };
    let list = [property("smoke", true), property("fall", false)];
    let description = say::description("Hall", &list).to_string();
    let learned = hear(&mut h, "homie/5/d/$description", &description);
    assert_eq!((learned.unmapped, learned.refusals), (vec![], vec![]));
    for (one, reading) in list.iter().zip([Reading::Edge, Reading::Pulse]) {
        let message = hear(&mut h, &say::topic("homie", "d", one), "true");
        assert_eq!(message.signals[0].reading, reading);
        assert_eq!(message.signals[0].field, format!("n/{}", one.id));
    }
}

#[test]
fn a_value_before_its_description_waits_for_it() {
    let mut h = fresh();
    h.read(&Publish {
        topic: "homie/5/d/n/smoke",
        payload: b"true",
        retained: true,
        now_ms: 0,
    });
    let description =
        r#"{"homie":"5.0","nodes":{"n":{"properties":{"smoke":{"datatype":"boolean"}}}}}"#;
    let message = hear(&mut h, "homie/5/d/$description", description);
    assert_eq!(
        (all(&message), message.late),
        (vec!["smoke raised".into()], Some(true))
    );
    let again = hear(&mut h, "homie/5/d/$description", description);
    assert_eq!(
        (all(&again), again.ignored),
        (vec![], Some("a description"))
    );
    let alone = hear(&mut h, "homie/5/other/n/smoke", "true");
    assert_eq!(
        (all(&alone), alone.unmapped),
        (vec![], vec!["other/n/smoke".to_owned()])
    );
}

#[test]
fn alerts_are_raised_and_taken_back_and_their_text_is_nobodys() {
    let mut h = fresh();
    let raised = hear(
        &mut h,
        "homie/5/d/$alert/childlost",
        "Sensor of Mrs X is lost",
    );
    assert_eq!(all(&raised), ["fault raised"]);
    assert!(!format!("{raised:?}").contains("Mrs X"));
    assert_eq!(
        all(&hear(&mut h, "homie/5/d/$alert/childlost", "")),
        ["fault restored"]
    );
    assert_eq!(
        all(&hear(&mut h, "homie/5/d/$alert/battery", "8 %")),
        ["battery_low raised"]
    );
}

#[test]
fn targets_logs_commands_broadcasts_and_strangers_are_ignored_by_name() {
    let mut h = fresh();
    for topic in [
        "homie/5/d/n/p/$target",
        "homie/5/d/n/p/set",
        "homie/5/d/$log/error",
        "homie/5/d/$else",
        "homie/5/$broadcast/alert",
        "homie/d/n/p/$datatype",
        "homie/d/$name",
        "other/5/d/n/p",
    ] {
        let message = hear(&mut h, topic, "x");
        assert!(
            message.ignored.is_some() && message.signals.is_empty(),
            "{topic}"
        );
    }
    let older = hear(&mut h, "homie/d/n/smoke", "true");
    assert_eq!(
        (all(&older), older.unmapped),
        (vec![], vec!["d/n/smoke".to_owned()])
    );
    let other = Homie::new("house/5/", Limits::default());
    assert_eq!(
        other.topics(),
        ["house/+/$state", "house/5/+/+", "house/5/+/+/+"]
    );
    assert!(other.is_lesson("house/5/d/$description") && !other.is_lesson("house/5/d/$state"));
}

#[test]
fn descriptions_that_are_none_are_refused_by_name_and_who_makes_room_is_told() {
    let limits = Limits {
        devices: 1,
        properties: 2,
        ..Limits::default()
    };
    let mut h = Homie::new("", limits);
    for (payload, name) in [
        ("[1]", "not_shape"),
        ("{", "not_json"),
        (r#"{"nodes":[]}"#, "not_shape"),
    ] {
        let message = hear(&mut h, "homie/5/d/$description", payload);
        assert_eq!(message.refusals[0].name(), name, "{payload}");
    }
    let properties: serde_json::Map<String, Value> = (0..3)
        .map(|n| (format!("smoke{n}"), json!({"datatype": "boolean"})))
        .collect();
    let message = hear(
        &mut h,
        "homie/5/d/$description",
        &json!({"nodes": {"n": {"properties": properties}}}).to_string(),
    );
    assert_eq!(message.refusals.len(), 1);
    let message = hear(&mut h, "homie/5/e/$state", "ready");
    assert_eq!(
        message.refusals,
        [],
        "the other can raise an alarm and counts apart"
    );
    let message = hear(&mut h, "homie/5/f/$state", "ready");
    assert_eq!(message.refusals[0].name(), "too_many_devices");
    assert_eq!(message.signals.len(), 1);
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(300_000));
    let message = hear(&mut h, "homie/5/d/$description", &large);
    assert_eq!(message.refusals[0].name(), "too_large");
    assert_eq!(h.devices(), 2);
}

#[test]
fn ghosts_that_a_broker_retains_cost_no_alarm_and_no_listed_device() {
    let describe = |id: &str, property: &str| {
        json!({"nodes": {"n": {"properties": {property: {"datatype": "boolean"}}}}, "type": id})
            .to_string()
    };
    let listed = std::iter::once("listed".to_owned()).collect();
    let mut h = Homie::new("", Limits::default()).with_listed(std::sync::Arc::new(listed));
    hear(
        &mut h,
        "homie/5/listed/$description",
        &describe("x", "motion"),
    );
    for n in 0..700 {
        hear(&mut h, &format!("homie/5/ghost-{n}/$state"), "lost");
    }
    hear(&mut h, "homie/5/hall/$description", &describe("x", "smoke"));
    for n in 0..700 {
        let property = if n % 2 == 0 { "motion" } else { "occupancy" };
        hear(
            &mut h,
            &format!("homie/5/ghost-{n}/$description"),
            &describe("x", property),
        );
    }
    for (topic, value) in [
        ("hall/n/smoke", "true"),
        ("listed/n/motion", "true"),
        ("ghost-699/n/occupancy", "true"),
    ] {
        let message = hear(&mut h, &format!("homie/5/{topic}"), value);
        assert_eq!(message.signals.len(), 1, "{topic}: {message:?}");
    }
    // Seven hundred that can alarm are remembered, each of them.
    for n in 0..700 {
        hear(
            &mut h,
            &format!("homie/5/alarm-{n}/$description"),
            &describe("x", "smoke"),
        );
    }
    let message = hear(&mut h, "homie/5/alarm-0/n/smoke", "true");
    assert_eq!(message.signals.len(), 1);
    assert_eq!(h.devices(), 512 + 1 + 1 + 700);
}

proptest! {
    #[test]
    fn arbitrary_publishes_never_panic_and_are_never_silent(
        publishes in proptest::collection::vec(
            (
                "[a-z/ $]{0,20}|homie/5/[a-c]/(\\$state|\\$description|\\$alert/x|n/smoke)",
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..80),
                    "[\\[\\]{}\":,a-z0-9_~ ]{0,120}".prop_map(String::into_bytes),
                    Just(br#"{"nodes":{"n":{"properties":{"smoke":{"datatype":"boolean"}}}}}"#.to_vec()),
                ],
            ),
            0..20,
        ),
    ) {
        let mut h = fresh();
        for (topic, payload) in &publishes {
            let message = h.read(&Publish { topic, payload, retained: true, now_ms: 0 });
            let silent = message.signals.is_empty() && message.refusals.is_empty() && message.unmapped.is_empty();
            prop_assert!(!silent || message.ignored.is_some());
            prop_assert!(h.waiting().0 <= 512);
        }
    }

    #[test]
    fn what_is_described_by_the_simulator_is_read_as_it_was_meant(
        on in any::<bool>(),
        id in "smoke|co|gas|water-leak|panic|sos|fall",
    ) {
        let mut h = fresh();
        let one = say::Property { node: "n", id: &id, datatype: "boolean", unit: "", format: "", retained: true };
        hear(&mut h, "homie/5/d/$description", &say::description("D", &[one]).to_string());
        let message = hear(&mut h, &say::topic("homie", "d", &one), if on { "true" } else { "false" });
        prop_assert_eq!(message.signals.len(), 1);
        prop_assert_eq!(message.signals[0].what.is_raised(), on);
    }
}
