//! Entities announced to Home Assistant and Homie's properties: without a class, their names say what they are.

use serde_json::{Value, json};

use tecs_protocol::mqtt::ha_discovery::{self, HaDiscovery};
use tecs_protocol::mqtt::homie::{self, Homie};

use super::{all, hear};

fn announced(config: &Value, topic: &str) -> HaDiscovery {
    let mut ha = HaDiscovery::new("", ha_discovery::Limits::default());
    hear(&mut ha, topic, &config.to_string());
    ha
}

#[test]
fn home_assistants_entities_without_a_class_are_what_their_names_say() {
    for (object, name, on, due) in [
        (
            "co_alarm",
            "Hall - Detector - co_alarm",
            json!(2),
            "co raised",
        ),
        ("smoke_alarm", "Smoke alarm", json!("ON"), "smoke raised"),
        (
            "falling_information",
            "Falling Information",
            json!("ON"),
            "fall raised",
        ),
        ("x1", "Kitchen smoke detector", json!("ON"), "smoke raised"),
        ("water_leak_2", "", json!("ON"), "flood raised"),
        ("alarm-gas", "", json!("ON"), "gas raised"),
        (
            "pull_cord_bath",
            "Bath pull cord",
            json!("ON"),
            "help raised",
        ),
        ("tamper", "", json!(true), "tamper raised"),
    ] {
        let config = json!({"name": name, "state_topic": "s", "payload_on": on, "unique_id": "u", "device": {"identifiers": ["d"]}});
        let mut ha = announced(
            &config,
            &format!("homeassistant/binary_sensor/n/{object}/config"),
        );
        let payload = on.as_str().map_or_else(|| on.to_string(), str::to_owned);
        assert_eq!(all(&hear(&mut ha, "s", &payload)), [due], "{object} {name}");
    }
    for object in [
        "co_alarm_enabled",
        "sos_battery",
        "gas_meter",
        "smoke_alarm_test",
        "alarm",
        "heat",
        "rain_fall",
    ] {
        let config = json!({"state_topic": "s", "device": {"identifiers": ["d"]}});
        let mut ha = announced(
            &config,
            &format!("homeassistant/binary_sensor/n/{object}/config"),
        );
        assert_eq!(all(&hear(&mut ha, "s", "ON")), [""; 0], "{object}");
    }
}

#[test]
fn what_is_diagnostic_is_health_and_the_class_safety_never_beats_a_name() {
    for (object, diagnostic, due) in [
        ("tamper", false, "tamper raised"),
        ("DSC-Security-1-tamper", true, "tamper raised"),
        ("DSC-Security-1-closed", false, "contact closed"),
        ("GS-1-reed_open", true, "contact open"),
        ("smoke", false, "smoke raised"),
        ("x", true, "fault raised"),
        ("x", false, "unknown raised"),
    ] {
        let mut config = json!({"state_topic": "s", "device_class": "safety", "payload_on": "1", "payload_off": "0", "device": {"identifiers": ["d"]}});
        if diagnostic {
            config["entity_category"] = json!("diagnostic");
        }
        let mut ha = announced(
            &config,
            &format!("homeassistant/binary_sensor/n/{object}/config"),
        );
        assert_eq!(all(&hear(&mut ha, "s", "1")), [due], "{object}");
    }
}

#[test]
fn a_sensor_whose_text_is_an_alarm_is_read_in_its_words() {
    let config = json!({"state_topic": "s", "device": {"identifiers": ["d"]}});
    let topic = "homeassistant/sensor/n/smoke_alarm_state/config";
    let mut ha = announced(&config, topic);
    assert_eq!(all(&hear(&mut ha, "s", "alarm")), ["smoke raised"]);
    assert_eq!(all(&hear(&mut ha, "s", "normal")), ["smoke restored"]);
    assert_eq!(hear(&mut ha, "s", "17").refusals.len(), 1);
    let mut metered = config;
    metered["unit_of_measurement"] = json!("dB/m");
    let mut ha = announced(&metered, topic);
    assert_eq!(all(&hear(&mut ha, "s", "1")), [""; 0]);
}

#[test]
fn homies_properties_have_the_same_names_and_words() {
    for (property, datatype, value, due) in [
        ("co-alarm", "boolean", "true", "co raised"),
        ("alarm-smoke", "boolean", "true", "smoke raised"),
        ("fall-down-status", "enum", "fall", "fall raised"),
        ("falling-detected", "boolean", "true", "fall raised"),
        ("water-leak-2", "boolean", "true", "flood raised"),
        ("leak-state", "enum", "no-leak", "flood restored"),
        ("tamper-alarm", "boolean", "true", "tamper raised"),
    ] {
        let mut homie = Homie::new("", homie::Limits::default());
        let format = "fall,normal,leak,no-leak";
        let description = json!({"homie": "5.0", "version": 1, "nodes": {"n": {"properties": {property: {
            "datatype": datatype, "format": if datatype == "enum" { format } else { "" }, "retained": true}}}}});
        hear(
            &mut homie,
            "homie/5/d/$description",
            &description.to_string(),
        );
        let message = hear(&mut homie, &format!("homie/5/d/n/{property}"), value);
        assert_eq!(all(&message), [due], "{property}");
    }
}

#[test]
fn an_event_whose_name_or_object_is_a_call_is_one_whatever_was_pressed() {
    for (object, name, event, due) in [
        ("e1", "SOS", "press", vec!["help raised"]),
        ("e2", "Bathroom pull cord", "single", vec!["help raised"]),
        ("panic", "Event", "hold", vec!["panic raised"]),
        (
            "e3",
            "Emergency button bedroom",
            "press",
            vec!["help raised"],
        ),
        ("e4", "Fall detected", "press", vec!["fall raised"]),
        ("e5", "SOS", "release", vec![]),
        ("e6", "Help desk", "press", vec!["button single"]),
        ("e7", "SOS battery", "press", vec!["button single"]),
        ("e8", "Doorbell", "press", vec!["button single"]),
    ] {
        let mut h = HaDiscovery::new("", ha_discovery::Limits::default());
        let config = json!({"name": name, "unique_id": object, "state_topic": "x", "event_types": ["press", "single", "hold", "release"], "device": {"identifiers": ["d"]}});
        let topic = format!("homeassistant/event/d/{object}/config");
        hear(&mut h, &topic, &config.to_string());
        let message = hear(&mut h, "x", &json!({"event_type": event}).to_string());
        assert_eq!(all(&message), due, "{object} {name} {event}");
    }
}

#[test]
fn homies_properties_may_have_a_room_in_their_names() {
    for (id, due) in [
        ("bathroom-pull-cord", "help raised"),
        ("smoke-hall", "smoke raised"),
        ("kitchen-smoke", "smoke raised"),
        ("leak-under-sink", "flood raised"),
        ("bedroom-fall-detected", "fall raised"),
        ("smoke-test", ""),
        ("rain-fall", ""),
        ("panic-room", ""),
    ] {
        let mut homie = Homie::new("", homie::Limits::default());
        let described = json!({"homie": "5.0", "version": 1, "nodes": {"n": {"name": "N", "properties": {id: {"name": id, "datatype": "boolean"}}}}});
        hear(&mut homie, "homie/5/k/$description", &described.to_string());
        let message = hear(&mut homie, &format!("homie/5/k/n/{id}"), "true");
        assert_eq!(all(&message).join(" "), due, "{id}");
    }
}
