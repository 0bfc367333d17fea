//! Configurations and templates that cannot be read: named, told, and never the end of what was good.

use serde_json::json;

use super::{fresh, hear, said, teach};

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
