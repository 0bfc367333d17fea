//! The sensors of words and the scenes that zwave-js-ui announces.

use serde_json::json;

use tecs_protocol::signal::Reading;

use super::{HaDiscovery, fresh, hear, said, teach};

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
