//! Home Assistant's templates from end to end: what begins and what ends by them.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod broken;
mod zwave;

use serde_json::{Value, json};

use tecs_protocol::mqtt::ha_discovery::{HaDiscovery, Limits};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::signal::{HealthOf, Message, Reading, Seen, What};

fn fresh() -> HaDiscovery {
    HaDiscovery::new("", Limits::default())
}

fn hear(h: &mut HaDiscovery, topic: &str, payload: &str) -> Message {
    h.read(&Publish {
        topic,
        payload: payload.as_bytes(),
        retained: false,
        now_ms: 0,
    })
}

/// Announces an entity of a device whose states are said on `s`.
fn teach(h: &mut HaDiscovery, place: &str, config: &Value) -> Message {
    let mut config = config.clone();
    let keys = config.as_object_mut().unwrap();
    keys.entry("state_topic").or_insert("s".into());
    keys.entry("device")
        .or_insert(json!({"identifiers": ["d"], "name": "Hall"}));
    let topic = format!("homeassistant/{place}/config");
    hear(h, &topic, &config.to_string())
}

fn said(message: &Message) -> Vec<String> {
    let each = message.signals.iter().map(|signal| match &signal.what {
        What::Alarm {
            kind, condition, ..
        } => format!("{kind} {condition}"),
        What::Health {
            kind,
            of: HealthOf::Condition(condition),
            ..
        } => format!("{kind} {condition}"),
        What::Observed {
            kind,
            seen: Seen::State(state),
        } => format!("{kind} {}", state.word()),
        What::Observed {
            kind,
            seen: Seen::Value(value),
        } => format!("{kind} {value:.2}"),
        other => format!("{other:?}"),
    });
    each.collect()
}

/// What an entity of this class and template says to each payload.
fn each(class: &str, template: &str, payloads: &[&str]) -> Vec<Vec<String>> {
    let mut h = fresh();
    let message = teach(
        &mut h,
        "binary_sensor/d/x",
        &json!({"device_class": class, "value_template": template}),
    );
    assert_eq!(message.refusals, [], "{template}");
    let mut each = payloads.iter();
    each.by_ref()
        .map(|payload| said(&hear(&mut h, "s", payload)))
        .collect()
}

#[test]
fn conditions_dictionaries_orders_and_functions_raise_and_clear_as_in_home_assistant() {
    for (template, on, off) in [
        (
            "{{ 'ON' if value_json.s > 3 else 'OFF' }}",
            r#"{"s":4}"#,
            r#"{"s":3}"#,
        ),
        (
            "{% if value_json.s == 'fire' %}ON{% else %}OFF{% endif %}",
            r#"{"s":"fire"}"#,
            r#"{"s":""}"#,
        ),
        (
            "{{ {0:'OFF',2:'ON'}[value_json.s] }}",
            r#"{"s":2}"#,
            r#"{"s":0}"#,
        ),
        (
            "{{ iif(value_json.s | int(0) | bitwise_and(1), 'ON', 'OFF') }}",
            r#"{"s":33}"#,
            r#"{"s":32}"#,
        ),
        (
            "{{ 'ON' if 'smoke' in value.split(';') else 'OFF' }}",
            "a;smoke",
            "a",
        ),
        (
            "{{ 'ON' if value | float * 10 >= 5 else 'OFF' }}",
            "0.5",
            "0.4",
        ),
        (
            "{{ 'ON' if value_json.s is search('^al', true) else 'OFF' }}",
            r#"{"s":"Alarm"}"#,
            r#"{"s":"ok"}"#,
        ),
        (
            "{{ value_json.s | bool | iif('ON', 'OFF') }}",
            r#"{"s":"yes"}"#,
            r#"{"s":"no"}"#,
        ),
        (
            "{% set s = value_json.s %}{% for x in s if x.id == 1 %}{{ x.on }}{% endfor %}",
            r#"{"s":[{"id":2},{"id":1,"on":"ON"}]}"#,
            r#"{"s":[{"id":1,"on":"OFF"}]}"#,
        ),
        (
            "{{ ['OFF','ON'][value_json.s] }}",
            r#"{"s":1}"#,
            r#"{"s":0}"#,
        ),
    ] {
        let said = each("smoke", template, &[on, off]);
        assert_eq!(said, [["smoke raised"], ["smoke restored"]], "{template}");
    }
}

#[test]
fn a_template_that_met_a_missing_key_never_clears_and_still_raises() {
    let raised = r#"{"s":1}"#;
    for template in [
        "{{ 'ON' if value_json.s else 'OFF' }}",
        "{{ value_json.s | default(0) | int | iif('ON','OFF') }}",
        "{{ value_json.get('s', 0) | iif('ON','OFF') }}",
        "{% if value_json.s is defined and value_json.s == 1 %}ON{% else %}OFF{% endif %}",
        "{{ 'ON' if 's' in value_json else 'OFF' }}",
        "{{ {1:'ON'}[value_json.s] | default('OFF') }}",
        "{{ {1:'ON'}.get(value_json.s, 'OFF') }}",
        "{{ iif(value_json.s | int(0) == 1, 'ON', 'OFF') }}",
        "{{ 'ON' if value_json.s > 0 else 'OFF' }}",
    ] {
        for class in ["smoke", "gas", "moisture"] {
            for unknown in ["{}", r#"{"s":null}"#, r#"{"other":1}"#] {
                // A key with null in it is there.
                if template.contains("in value_json") && unknown.contains("null") {
                    continue;
                }
                let all = each(class, template, &[raised, unknown]);
                assert_eq!(all[0].len(), 1, "{template}");
                assert_eq!(all[1], [""; 0], "{template} of {unknown}");
            }
        }
        let battery = each("battery", template, &["{}", raised]);
        assert_eq!(
            battery,
            [vec![], vec!["battery_low raised".to_owned()]],
            "{template}"
        );
    }
    let absent = "{{ 'ON' if value_json.ok is not defined else 'OFF' }}";
    assert_eq!(each("smoke", absent, &["{}"]), [["smoke raised"]]);
}

#[test]
fn a_device_is_not_back_for_a_missing_key() {
    let mut h = fresh();
    teach(
        &mut h,
        "binary_sensor/d/x",
        &json!({
            "device_class": "smoke", "availability_topic": "a", "value_template": "{{ value_json.value }}",
            "availability_template": "{{ 'online' if value_json.value is not defined or value_json.value else 'offline' }}",
        }),
    );
    assert_eq!(
        said(&hear(&mut h, "a", r#"{"value":false}"#)),
        ["missing raised"]
    );
    assert_eq!(said(&hear(&mut h, "a", "{}")), [""; 0]);
    assert_eq!(
        said(&hear(&mut h, "a", r#"{"value":true}"#)),
        ["missing restored"]
    );
}

#[test]
fn what_its_entity_said_last_is_no_news() {
    let mut h = fresh();
    let template = "{% if value == '1' %}ON{% elif value == '0' %}OFF{% else %}{{ this.state | upper }}{% endif %}";
    let config = json!({"device_class": "smoke", "value_template": template, "off_delay": 30});
    teach(&mut h, "binary_sensor/d/x", &config);
    assert_eq!(said(&hear(&mut h, "s", "7")), [""; 0]);
    let message = hear(&mut h, "s", "1");
    assert_eq!(
        (said(&message), message.signals[0].reading),
        (vec!["smoke raised".into()], Reading::Pulse)
    );
    assert_eq!(
        said(&hear(&mut h, "s", "7")),
        [""; 0],
        "another sender's code is no second press"
    );
    assert_eq!(said(&hear(&mut h, "s", "0")), ["smoke restored"]);
}

#[test]
fn a_bare_word_is_said_where_its_template_needs_json() {
    let template = "{{ value_json.x }}";
    assert_eq!(
        each("smoke", template, &["ON", "OFF", "oN?"]),
        [
            vec!["smoke raised".to_owned()],
            vec!["smoke restored".to_owned()],
            vec![]
        ]
    );
}

#[test]
fn a_press_is_read_around_a_template_and_an_absent_one_is_none() {
    for template in [
        r#"{"event_type": "{{ value_json.action }}"}"#,
        r#"{"event_type": {{ value_json.action | tojson }}}"#,
        r"{{ {'event_type': value_json.action} | to_json }}",
        r#"{% if value_json.action is defined %}{"event_type": "{{ value_json.action }}", "b": "{{ value_json.b }}"}{% endif %}"#,
        r#"{"event_type": "{{ {1:'single'}.get(value_json.action, value_json.action) }}"}"#,
    ] {
        let mut h = fresh();
        let config = json!({"event_types": ["single"], "value_template": template});
        teach(&mut h, "event/d/button", &config);
        let message = hear(&mut h, "s", r#"{"action":"single"}"#);
        assert_eq!(said(&message), ["button single"], "{template}");
        let absent = hear(&mut h, "s", r#"{"rssi":-70}"#);
        assert_eq!(said(&absent), [""; 0], "{template}");
    }
}

#[test]
fn payloads_of_json_numbers_and_booleans_are_the_words_that_python_writes() {
    for (on, off, raise, restore) in [
        (json!(2), json!(0), r#"{"x":2}"#, r#"{"x":0}"#),
        (json!(true), json!(false), r#"{"x":true}"#, r#"{"x":false}"#),
        (
            json!("True"),
            json!("False"),
            r#"{"x":true}"#,
            r#"{"x":false}"#,
        ),
        (json!(1.5), json!(0.5), r#"{"x":1.5}"#, r#"{"x":0.5}"#),
        (json!(255), json!("0"), r#"{"x":"255"}"#, r#"{"x":0}"#),
    ] {
        for template in [
            "{{ value_json.x }}",
            "{{ value_json['x'] | lower | capitalize }}",
        ] {
            let mut h = fresh();
            let config = json!({"device_class": "smoke", "payload_on": on, "payload_off": off, "value_template": template});
            teach(&mut h, "binary_sensor/d/x", &config);
            assert_eq!(
                said(&hear(&mut h, "s", raise)),
                ["smoke raised"],
                "{on} {template}"
            );
            assert_eq!(
                said(&hear(&mut h, "s", restore)),
                ["smoke restored"],
                "{off} {template}"
            );
        }
    }
}

#[test]
fn a_temperature_is_read_in_every_way_that_its_degree_is_written() {
    for (unit, value, due) in [
        ("°C", "21.5", "temperature 21.50"),
        ("ºC", "21.5", "temperature 21.50"),
        ("˚C", "21.5", "temperature 21.50"),
        ("℃", "21.5", "temperature 21.50"),
        ("ºF", "70.7", "temperature 21.50"),
        ("°F", "70.7", "temperature 21.50"),
        ("K", "294.65", "temperature 21.50"),
    ] {
        let mut h = fresh();
        let config = json!({"device_class": "temperature", "unit_of_measurement": unit, "value_template": "{{ value | float | round(2) }}"});
        teach(&mut h, "sensor/d/t", &config);
        assert_eq!(said(&hear(&mut h, "s", value)), [due], "{unit}");
    }
    let mut h = fresh();
    let message = teach(
        &mut h,
        "sensor/d/t",
        &json!({"device_class": "temperature"}),
    );
    assert!(
        message.unmapped[0].contains("class temperature"),
        "no unit: it is named, {message:?}"
    );
}

#[test]
fn a_number_that_stands_in_for_a_missing_key_is_no_reading() {
    let mut h = fresh();
    let config = json!({"device_class": "temperature", "unit_of_measurement": "°C", "value_template": "{{ value_json.t | default(0) | float }}"});
    teach(&mut h, "sensor/d/t", &config);
    assert_eq!(said(&hear(&mut h, "s", "{}")), [""; 0]);
    assert_eq!(
        said(&hear(&mut h, "s", r#"{"t":"20"}"#)),
        ["temperature 20.00"]
    );
}
