//! Zigbee2MQTT: definitions that turn an alarm round, words of makers, settings with an alarm's name, beds, and contacts
//! that are closed when they say true.

use serde_json::{Value, json};

use tecs_protocol::mqtt::zigbee2mqtt::{self, Zigbee2Mqtt};

use super::{all, hear};

fn zigbee(description: &str, model: &str, exposes: &Value) -> Zigbee2Mqtt {
    let devices = json!([{"ieee_address": "0x00158d0000000001", "type": "EndDevice", "friendly_name": "d",
        "definition": {"vendor": "Maker", "model": model, "description": description, "exposes": exposes}}]);
    let mut z = Zigbee2Mqtt::new("", zigbee2mqtt::Limits::default());
    let message = hear(&mut z, "zigbee2mqtt/bridge/devices", &devices.to_string());
    assert_eq!(message.refusals, []);
    z
}

fn binary(property: &str, on: impl Into<Value>, off: impl Into<Value>) -> Value {
    json!({"type": "binary", "name": property, "property": property, "access": 1, "value_on": on.into(), "value_off": off.into()})
}

fn words(property: &str, values: &[&str]) -> Value {
    json!({"type": "enum", "name": property, "property": property, "access": 1, "values": values})
}

#[test]
fn a_definition_never_makes_true_on_or_1_mean_that_an_alarm_is_over() {
    for (on, off) in [
        (json!(false), json!(true)),
        (json!("OFF"), json!("ON")),
        (json!(0), json!(1)),
        (json!("no"), json!("yes")),
        (json!("false"), json!("true")),
        (json!("Leak"), json!("Dry")),
        (json!("ALARM"), json!("CLEAR")),
    ] {
        let mut z = zigbee(
            "",
            "M",
            &json!([binary("water_leak", on.clone(), off.clone())]),
        );
        for yes in [
            json!(true),
            json!("ON"),
            json!(1),
            json!("1.0"),
            json!("TRUE"),
            json!("leak"),
        ] {
            let message = hear(
                &mut z,
                "zigbee2mqtt/d",
                &json!({"water_leak": yes}).to_string(),
            );
            assert_eq!(all(&message), ["flood raised"], "{on} {off}: {yes}");
        }
        for no in [
            json!(false),
            json!("OFF"),
            json!(0),
            json!("dry"),
            json!("NoLeak"),
        ] {
            let message = hear(
                &mut z,
                "zigbee2mqtt/d",
                &json!({"water_leak": no}).to_string(),
            );
            assert_eq!(all(&message), ["flood restored"], "{on} {off}: {no}");
        }
    }
    // A word of the definition's own is added.
    let mut z = zigbee("", "M", &json!([binary("smoke", "Rauch", "frei")]));
    for (word, due) in [
        ("rauch", "smoke raised"),
        ("frei", "smoke restored"),
        ("ON", "smoke raised"),
    ] {
        let message = hear(&mut z, "zigbee2mqtt/d", &json!({"smoke": word}).to_string());
        assert_eq!(all(&message), [due]);
    }
}

#[test]
fn what_can_be_set_was_not_sensed_whatever_it_is_called() {
    for property in [
        "smoke",
        "alarm",
        "alarm_1",
        "sos",
        "co_alarm",
        "fall_detection",
        "tamper_alarm_switch",
    ] {
        let mut expose = binary(property, true, false);
        for access in [2, 3, 7] {
            expose["access"] = json!(access);
            let mut z = zigbee("Smart siren", "M", &json!([expose]));
            let message = hear(
                &mut z,
                "zigbee2mqtt/d",
                &json!({ property: true }).to_string(),
            );
            assert_eq!(all(&message), [""; 0], "{property} {access}");
        }
        expose["access"] = json!(5);
        let mut z = zigbee("", "M", &json!([expose]));
        let message = hear(
            &mut z,
            "zigbee2mqtt/d",
            &json!({ property: true }).to_string(),
        );
        let is_alarm = property != "tamper_alarm_switch";
        assert_eq!(!message.signals.is_empty(), is_alarm, "{property}");
    }
}

#[test]
fn alarms_in_words_are_read_by_the_name_of_their_property() {
    for (property, word, due) in [
        ("smoke_sensor_state", "alarm", "smoke raised"),
        ("smoke_alarm_status", "Normal", "smoke restored"),
        ("co_state", "alarm", "co raised"),
        ("co_alarm_state", "critical_alarm", "co raised"),
        ("leak_state", "leak", "flood raised"),
        ("water_leak_status", "no_leak", "flood restored"),
        ("fall_status", "fall_warning", "fall raised"),
        ("falling_state", "falling", "fall raised"),
        ("sos_state", "triggered", "help raised"),
        ("static_dwell_alarm", "1", "inactivity raised"),
        ("tamper_status", "tampered", "tamper raised"),
        ("link_available", "co_active", "co raised"),
        ("halo_alert_state", "interconnect_smoke", "smoke raised"),
        (
            "halo_alert_state",
            "interconnect_carbon_monoxide",
            "co raised",
        ),
    ] {
        let mut z = zigbee("", "M", &json!([words(property, &[])]));
        let message = hear(
            &mut z,
            "zigbee2mqtt/d",
            &json!({ property: word }).to_string(),
        );
        assert_eq!(all(&message), [due], "{property} {word}");
    }
    let mut z = zigbee(
        "",
        "M",
        &json!([words("smoke_state", &["alarm", "normal", "unknown"])]),
    );
    let message = hear(&mut z, "zigbee2mqtt/d", r#"{"smoke_state":"unknown"}"#);
    assert_eq!((all(&message).len(), message.refusals.len()), (0, 0));
    let message = hear(&mut z, "zigbee2mqtt/d", r#"{"smoke_state":"perhaps"}"#);
    assert_eq!((all(&message).len(), message.refusals.len()), (0, 1));
}

#[test]
fn two_words_of_one_detector_that_differ_are_heard_as_the_worse() {
    let exposes = json!([
        binary("smoke", true, false),
        words("smoke_state", &["alarm", "normal"])
    ]);
    let mut z = zigbee("", "M", &exposes);
    let message = hear(
        &mut z,
        "zigbee2mqtt/d",
        r#"{"smoke":false,"smoke_state":"alarm"}"#,
    );
    assert!(
        all(&message).contains(&"smoke raised".to_owned()),
        "{message:?}"
    );
    let message = hear(
        &mut z,
        "zigbee2mqtt/d",
        r#"{"smoke":true,"smoke_state":"normal"}"#,
    );
    assert_eq!(all(&message), ["smoke raised"]);
    let message = hear(
        &mut z,
        "zigbee2mqtt/d",
        r#"{"smoke":true,"smoke_state":"alarm"}"#,
    );
    assert_eq!(all(&message), ["smoke raised"]);
}

#[test]
fn an_alarm_without_a_name_is_of_the_kind_that_model_or_description_tells() {
    let alarm = binary("alarm_1", true, false);
    let status = words("alarm_status", &["normal", "alarm"]);
    for (description, model, due) in [
        ("Flood Gen 4", "S4SN-0071A", "flood raised"),
        ("Smart water leakage alarm sensor", "W04", "flood raised"),
        (
            "Automatically generated definition",
            "TS0601_smoke_9",
            "smoke raised",
        ),
        (
            "Automatically generated definition",
            "CS-T10C",
            "unknown raised",
        ),
        ("Emergency button", "PBX", "help raised"),
    ] {
        for (property, expose, yes) in [
            ("alarm_1", &alarm, json!(true)),
            ("alarm_status", &status, json!("alarm")),
        ] {
            let mut z = zigbee(description, model, &json!([expose]));
            let message = hear(
                &mut z,
                "zigbee2mqtt/d",
                &json!({ property: yes }).to_string(),
            );
            assert_eq!(all(&message), [due], "{description} {model} {property}");
        }
    }
    for description in ["Smart siren", "Indoor siren alarm", "Sounder"] {
        let mut z = zigbee(description, "M", &json!([binary("alarm", true, false)]));
        assert_eq!(
            all(&hear(&mut z, "zigbee2mqtt/d", r#"{"alarm":true}"#)),
            [""; 0],
            "{description}"
        );
    }
    // Words that no alarm has stay for the installer to see.
    let mut z = zigbee(
        "Climate sensor",
        "M",
        &json!([words("alarm", &["over_temperature", "off"])]),
    );
    let message = hear(&mut z, "zigbee2mqtt/d", r#"{"alarm":"over_temperature"}"#);
    assert_eq!(
        (all(&message).len(), message.unmapped),
        (0, vec!["alarm".to_owned()])
    );
}

#[test]
fn a_pad_under_a_mattress_is_a_bed_and_a_contact_is_closed_when_its_description_says_so() {
    let mut pad = binary("contact", false, true);
    pad["description"] = json!("Indicates whether the device is opened or closed");
    let mut z = zigbee("Sleeping pad monitor", "SPM915", &json!([pad]));
    assert_eq!(
        all(&hear(&mut z, "zigbee2mqtt/d", r#"{"contact":true}"#)),
        ["bed active"]
    );
    assert_eq!(
        all(&hear(&mut z, "zigbee2mqtt/d", r#"{"contact":false}"#)),
        ["bed clear"]
    );
    let strap = json!([binary("occupancy", true, false)]);
    let mut z = zigbee(
        "Pressure Sensing Strap/Bed Occupancy Sensor",
        "TS0601_bed_presence_sensor",
        &strap,
    );
    assert_eq!(
        all(&hear(&mut z, "zigbee2mqtt/d", r#"{"occupancy":true}"#)),
        ["bed active"]
    );
    let mut z = zigbee("Motion sensor for the bathroom", "M", &strap);
    assert_eq!(
        all(&hear(&mut z, "zigbee2mqtt/d", r#"{"occupancy":true}"#)),
        ["occupancy active"]
    );

    // TERNCY-DC01 and PushOk POK003, POK010: on is called true or ON, and the description says that it is closed.
    for (on, off) in [
        (json!(true), json!(false)),
        (json!("ON"), json!("OFF")),
        (json!(false), json!(true)),
    ] {
        let mut contact = binary("contact", on, off);
        contact["description"] =
            json!("Indicates if the contact is closed (= true) or open (= false)");
        let mut z = zigbee("Contact sensor", "M", &json!([contact]));
        for yes in [json!(true), json!("ON")] {
            let message = hear(
                &mut z,
                "zigbee2mqtt/d",
                &json!({"contact": yes}).to_string(),
            );
            assert_eq!(all(&message), ["contact closed"]);
        }
        assert_eq!(
            all(&hear(&mut z, "zigbee2mqtt/d", r#"{"contact":false}"#)),
            ["contact open"]
        );
    }
    // Where no description says so, the values do.
    let mut z = zigbee(
        "Contact sensor",
        "M",
        &json!([binary("contact", true, false)]),
    );
    assert_eq!(
        all(&hear(&mut z, "zigbee2mqtt/d", r#"{"contact":true}"#)),
        ["contact open"]
    );
}
