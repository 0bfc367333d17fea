//! Home Assistant's templates from end to end: what begins and what ends by them, what is named because it cannot be read,
//! and the sensors of words and scenes that zwave-js-ui announces.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

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
fn an_alarm_whose_template_cannot_be_read_is_a_fault_of_its_device_until_it_can() {
    let good = "{{ value_json.x }}";
    for (component, class) in [
        ("binary_sensor", "smoke"),
        ("binary_sensor", "carbon_monoxide"),
        ("binary_sensor", "gas"),
        ("binary_sensor", "moisture"),
        ("binary_sensor", "safety"),
        ("binary_sensor", "heat"),
        ("alarm_control_panel", ""),
    ] {
        for bad in [
            "{{ states('x') }}",
            "{{ value_json.x",
            "{% if x %}",
            "{{ value | nobody }}",
            "{{ now() }}",
        ] {
            let mut h = fresh();
            let place = format!("{component}/d/x");
            let with = |template: &str| json!({"device_class": class, "value_template": template});
            let message = teach(&mut h, &place, &with(bad));
            assert_eq!(said(&message), ["fault raised"], "{class} {bad}");
            assert!(message.unmapped[0].contains("template"), "{message:?}");
            assert_eq!(message.refusals.len(), 1, "{message:?}");
            assert_eq!(
                said(&teach(&mut h, &place, &with(bad))),
                [""; 0],
                "told once"
            );
            assert_eq!(
                said(&teach(&mut h, &place, &with(good))),
                ["fault restored"]
            );
        }
    }
    let mut h = fresh();
    let door = json!({"device_class": "door", "value_template": "{{ now() }}"});
    let message = teach(&mut h, "binary_sensor/d/x", &door);
    assert_eq!(
        (said(&message).len(), message.refusals.len()),
        (0, 1),
        "a door is named, and no fault"
    );
}

#[test]
fn an_invalid_republish_keeps_the_last_good_configuration_and_says_so() {
    let good = json!({"device_class": "smoke", "value_template": "{{ value_json.x }}"});
    for bad in [
        r#"{"device_class":"smoke","value_template":"{{ value_json.x","state_topic":"s"}"#,
        r#"{"device_class":"smoke","value_template":"{{ now() }}","state_topic":"s"}"#,
        r#"{"device_class":"smoke","state_topic":"s/#"}"#,
        r#"{"device_class":"smoke"}"#,
        r#"{"device_class":"smoke","state_topic":"#,
        "[]",
        "null",
    ] {
        let mut h = fresh();
        teach(&mut h, "binary_sensor/d/x", &good);
        let message = hear(&mut h, "homeassistant/binary_sensor/d/x/config", bad);
        let told = message
            .unmapped
            .iter()
            .any(|why| why.contains("stays in force"));
        assert!(told, "{bad}: {message:?}");
        let raised = hear(&mut h, "s", r#"{"x":"ON"}"#);
        assert_eq!(said(&raised), ["smoke raised"], "{bad}");
    }
}

#[test]
fn a_device_whose_configuration_breaks_keeps_all_of_its_components() {
    let mut h = fresh();
    let config = |smoke: &str| {
        json!({"components": {
            "smoke": {"platform": "binary_sensor", "device_class": "smoke", "value_template": smoke},
            "door": {"platform": "binary_sensor", "device_class": "door", "value_template": "{{ value_json.d }}"},
        }})
    };
    teach(&mut h, "device/d", &config("{{ value_json.x }}"));
    let message = teach(&mut h, "device/d", &config("{{ value_json.x | nobody }}"));
    assert_eq!(said(&message), ["fault raised"]);
    let both = hear(&mut h, "s", r#"{"x":"ON","d":"ON"}"#);
    assert_eq!(said(&both), ["contact open", "smoke raised"]);
}

/// zwave-js-ui's sensor of a notification with more than two states.
fn notification(h: &mut HaDiscovery, object: &str, states: &str, default: &str) {
    let template = format!("{{{{ {{{states}}}[value_json.value] | default({default}) }}}}");
    let message = teach(
        h,
        &format!("sensor/Hall/{object}"),
        &json!({"value_template": template}),
    );
    assert_eq!(
        (message.unmapped.len(), message.refusals.len()),
        (0, 0),
        "{message:?}"
    );
}

#[test]
fn zwave_notifications_of_many_states_say_what_their_words_say() {
    let number = |n: u32| format!(r#"{{"time":1,"value":{n}}}"#);
    for (object, states, raising, due) in [
        (
            "notification_heat_alarm_heat_sensor_status",
            r#"0: "idle",2: "Overheat detected",6: "Underheat detected""#,
            2,
            "heat raised",
        ),
        (
            "notification_heat_alarm_heat_sensor_status",
            r#"0: "idle",2: "Overheat detected",6: "Underheat detected""#,
            6,
            "cold raised",
        ),
        (
            "notification_heat_alarm_heat_sensor_status",
            r#"0: "idle",1: "Overheat detected (location provided)",2: "Overheat detected""#,
            1,
            "heat raised",
        ),
        (
            "notification_smoke_alarm_sensor_status",
            r#"0: "idle",1: "Smoke detected (location provided)",2: "Smoke detected""#,
            2,
            "smoke raised",
        ),
        (
            "notification_co_alarm_sensor_status",
            r#"0: "idle",1: "Carbon monoxide detected (location provided)",2: "Carbon monoxide detected""#,
            1,
            "co raised",
        ),
        (
            "notification_water_alarm_sensor_status",
            r#"0: "idle",1: "Water leak detected (location provided)",2: "Water leak detected""#,
            1,
            "flood raised",
        ),
        (
            "notification_gas_alarm_combustible_gas_status",
            r#"0: "idle",1: "Combustible gas detected (location provided)",2: "Combustible gas detected""#,
            2,
            "gas raised",
        ),
        (
            "notification_home_security_cover_status",
            r#"0: "idle",3: "Tampering, product cover removed",4: "Tampering, invalid code""#,
            3,
            "tamper raised",
        ),
        (
            "notification_access_control_door_state",
            r#"22: "Window/door is open",23: "Window/door is closed",5632: "Window/door is open in regular position""#,
            5632,
            "contact open",
        ),
        (
            "smoke_status",
            r#"0: "normal",1: "alarm",2: "fault""#,
            1,
            "smoke raised",
        ),
    ] {
        let mut h = fresh();
        notification(&mut h, object, states, "value_json.value");
        assert_eq!(
            said(&hear(&mut h, "s", &number(raising))),
            [due],
            "{object}"
        );
        let unknown = hear(&mut h, "s", &number(200));
        assert_eq!(
            (unknown.signals.len(), unknown.refusals.len()),
            (0, 0),
            "{object}: {unknown:?}"
        );
    }
}

#[test]
fn a_zwave_sensor_that_is_idle_restores_all_that_it_may_raise_and_unknown_states_end_nothing() {
    let number = |n: u32| format!(r#"{{"time":1,"value":{n}}}"#);
    let mut h = fresh();
    let states = r#"0: "idle",2: "Overheat detected",6: "Underheat detected""#;
    notification(
        &mut h,
        "notification_heat_alarm_heat_sensor_status",
        states,
        "'idle'",
    );
    assert_eq!(
        said(&hear(&mut h, "s", &number(0))),
        ["heat restored", "cold restored"]
    );
    assert_eq!(
        said(&hear(&mut h, "s", &number(254))),
        [""; 0],
        "a state that nobody knows ends nothing"
    );
    assert_eq!(said(&hear(&mut h, "s", "{}")), [""; 0]);
    let fields: Vec<String> = hear(&mut h, "s", &number(0))
        .signals
        .iter()
        .map(|s| s.field.clone())
        .collect();
    assert_ne!(fields[0], fields[1], "each state has a field of its own");
}

#[test]
fn zwave_scenes_are_presses_and_a_key_that_comes_up_is_none() {
    let mut h = fresh();
    let config = json!({"value_template": "{{ value_json.value | default('') }}"});
    teach(&mut h, "sensor/Fob/scene_state_scene_001", &config);
    for (value, due) in [
        ("0", "button single"),
        ("3", "button double"),
        ("2", "button long"),
        ("4", "button triple"),
    ] {
        let message = hear(&mut h, "s", &format!(r#"{{"time":1,"value":{value}}}"#));
        assert_eq!(said(&message), [due]);
        assert_eq!(message.signals[0].reading, Reading::Pulse);
    }
    for nothing in [
        r#"{"time":1,"value":1}"#,
        r#"{"time":1,"value":null}"#,
        r#"{"time":1}"#,
    ] {
        assert_eq!(said(&hear(&mut h, "s", nothing)), [""; 0], "{nothing}");
    }
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
