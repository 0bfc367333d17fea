//! What one field of a device says, no other takes back, whatever the family: read with the daemon's own eyes.

use gateway_core::settings::{Device, Source};
use gateway_core::{Decoder, Mono, Settings};
use tecs_protocol::event::Event;
use tecs_protocol::family::Family;
use tecs_protocol::mqtt::Publish;
use tecs_protocol::vocabulary::{AlarmKind, ObservedKind};

/// What is said of a field that clears while another holds.
const HELD: &str = "another field of this device still says so";

/// Reads messages with the daemon's own eyes.
struct Eyes {
    decoder: Decoder,
    now: u64,
}

impl Eyes {
    fn of(speaks: Family, devices: Vec<Device>) -> Self {
        let source = Source {
            name: "home".to_owned(),
            speaks,
            base: String::new(),
            map: None,
            window: 0,
        };
        Self {
            decoder: Decoder::new(Settings {
                sources: vec![source],
                devices,
                ..Settings::default()
            }),
            now: 0,
        }
    }

    /// The events in short words, and why there were none.
    fn hear(&mut self, topic: &str, payload: &str) -> (Vec<String>, Option<String>) {
        self.now += 1_000;
        let publish = Publish {
            topic,
            payload: payload.as_bytes(),
            retained: false,
            now_ms: self.now,
        };
        let decoded = self.decoder.publish(0, &publish, false, Mono(self.now));
        (decoded.events.iter().map(short).collect(), decoded.ignored)
    }
}

/// `kind condition` or `kind state`.
fn short(event: &Event) -> String {
    let json = event.to_json();
    let word = |key: &str| Some(json.get(key)?.as_str()?.to_owned());
    let how = word("condition").or_else(|| word("state"));
    format!(
        "{} {}",
        word("kind").unwrap_or_default(),
        how.unwrap_or_default()
    )
}

/// Each payload of the device `x` with what it must become; `held` stands for nothing but the true reason.
fn check(eyes: &mut Eyes, topic: &str, steps: &[(&str, &[&str])]) {
    for (n, (payload, due)) in steps.iter().enumerate() {
        let (events, why) = eyes.hear(topic, payload);
        if *due == ["held"] {
            assert_eq!(events, [""; 0], "step {n}: {payload}");
            assert_eq!(why.as_deref(), Some(HELD), "step {n}: {payload}");
        } else {
            assert_eq!(events, *due, "step {n}: {payload} ({why:?})");
        }
    }
}

const ZIGBEE: &str = "zigbee2mqtt/x";

#[test]
fn two_leak_sensors_of_one_device_are_dry_only_when_both_are() {
    let mut eyes = Eyes::of(Family::Zigbee2Mqtt, Vec::new());
    check(
        &mut eyes,
        ZIGBEE,
        &[
            (
                r#"{"water_leak_1":true,"water_leak_2":false}"#,
                &["flood raised"],
            ),
            (
                r#"{"water_leak_1":true,"water_leak_2":true}"#,
                &["flood raised"],
            ),
            (r#"{"water_leak_1":false,"water_leak_2":true}"#, &["held"]),
            (
                r#"{"water_leak_1":false,"water_leak_2":false}"#,
                &["flood restored"],
            ),
            (r#"{"water_leak_1":false,"water_leak_2":false}"#, &[]),
        ],
    );
}

#[test]
fn in_one_message_a_field_that_rises_is_not_preceded_by_another_that_clears() {
    let mut eyes = Eyes::of(Family::Zigbee2Mqtt, Vec::new());
    check(
        &mut eyes,
        ZIGBEE,
        &[
            (
                r#"{"water_leak_1":true,"water_leak_2":false}"#,
                &["flood raised"],
            ),
            (
                r#"{"water_leak_1":false,"water_leak_2":true}"#,
                &["flood raised"],
            ),
            (
                r#"{"water_leak_2":false,"water_leak_1":true}"#,
                &["flood raised"],
            ),
            (
                r#"{"water_leak_2":false,"water_leak_1":false}"#,
                &["flood restored"],
            ),
        ],
    );
}

#[test]
fn a_field_that_is_null_or_silent_counts_as_it_last_was() {
    let mut eyes = Eyes::of(Family::Zigbee2Mqtt, Vec::new());
    check(
        &mut eyes,
        ZIGBEE,
        &[
            (
                r#"{"smoke_1":true,"smoke_2":true}"#,
                &["smoke raised", "smoke raised"],
            ),
            (r#"{"smoke_1":null,"smoke_2":false}"#, &["held"]),
            (r#"{"battery":50}"#, &["battery "]),
            (r#"{"smoke_2":false}"#, &[]),
            (r#"{"smoke_1":false}"#, &["smoke restored"]),
        ],
    );
}

#[test]
fn a_kind_is_restored_by_its_own_fields_alone() {
    let mut eyes = Eyes::of(Family::Zigbee2Mqtt, Vec::new());
    check(
        &mut eyes,
        ZIGBEE,
        &[
            (
                r#"{"smoke":true,"water_leak":true}"#,
                &["smoke raised", "flood raised"],
            ),
            (r#"{"water_leak":false}"#, &["flood restored"]),
            (r#"{"smoke":false}"#, &["smoke restored"]),
        ],
    );
}

#[test]
fn two_contacts_of_one_device_are_closed_when_both_are() {
    let mut eyes = Eyes::of(Family::Zigbee2Mqtt, Vec::new());
    check(
        &mut eyes,
        ZIGBEE,
        &[
            (r#"{"contact_1":false,"contact_2":true}"#, &["contact open"]),
            (
                r#"{"contact_1":false,"contact_2":false}"#,
                &["contact open"],
            ),
            (r#"{"contact_1":true,"contact_2":false}"#, &["held"]),
            (
                r#"{"contact_1":true,"contact_2":true}"#,
                &["contact closed"],
            ),
        ],
    );
}

#[test]
fn what_a_row_makes_of_two_contacts_is_held_as_what_it_became() {
    let intruder = Device {
        name: "x".to_owned(),
        id: "back-door".to_owned(),
        raises: vec![(ObservedKind::Contact, AlarmKind::Intruder)],
        invert: vec!["contact_2".to_owned()],
        ..Device::default()
    };
    let mut eyes = Eyes::of(Family::Zigbee2Mqtt, vec![intruder]);
    check(
        &mut eyes,
        ZIGBEE,
        &[
            // The second is mounted the wrong way round.
            (
                r#"{"contact_1":false,"contact_2":false}"#,
                &["intruder raised"],
            ),
            (
                r#"{"contact_1":true,"contact_2":true}"#,
                &["intruder raised"],
            ),
            (
                r#"{"contact_1":true,"contact_2":false}"#,
                &["intruder restored"],
            ),
        ],
    );
}

fn entity(id: &str, class: &str) -> (String, String) {
    let topic = format!("homeassistant/binary_sensor/{id}/config");
    let config = serde_json::json!({
        "name": id, "state_topic": format!("home/{id}"), "device_class": class, "unique_id": id,
        "device": { "identifiers": ["panel"], "name": "Panel" },
    });
    (topic, config.to_string())
}

#[test]
fn two_entities_of_one_class_and_device_hold_one_another() {
    let mut eyes = Eyes::of(Family::HaDiscovery, Vec::new());
    for id in ["hall", "attic"] {
        let (topic, config) = entity(id, "smoke");
        eyes.hear(&topic, &config);
    }
    for (id, word, due) in [
        ("hall", "ON", "smoke raised"),
        ("attic", "ON", "smoke raised"),
        ("hall", "OFF", "held"),
        ("attic", "OFF", "smoke restored"),
    ] {
        check(&mut eyes, &format!("home/{id}"), &[(word, &[due])]);
    }
}

#[test]
fn an_entity_that_is_deleted_holds_nothing_and_restores_nothing() {
    let mut eyes = Eyes::of(Family::HaDiscovery, Vec::new());
    for id in ["hall", "attic"] {
        let (topic, config) = entity(id, "smoke");
        eyes.hear(&topic, &config);
        check(
            &mut eyes,
            &format!("home/{id}"),
            &[("ON", &["smoke raised"])],
        );
    }
    let (topic, _) = entity("hall", "smoke");
    assert_eq!(eyes.hear(&topic, "").0, [""; 0]);
    check(&mut eyes, "home/attic", &[("OFF", &["smoke restored"])]);
}

#[test]
fn an_entity_whose_class_is_changed_no_longer_holds_what_it_said() {
    let mut eyes = Eyes::of(Family::HaDiscovery, Vec::new());
    for id in ["hall", "attic"] {
        let (topic, config) = entity(id, "smoke");
        eyes.hear(&topic, &config);
        check(
            &mut eyes,
            &format!("home/{id}"),
            &[("ON", &["smoke raised"])],
        );
    }
    let (topic, config) = entity("hall", "motion");
    assert_eq!(eyes.hear(&topic, &config).0, [""; 0]);
    check(&mut eyes, "home/attic", &[("OFF", &["smoke restored"])]);
    check(&mut eyes, "home/hall", &[("ON", &["motion active"])]);
}

#[test]
fn trouble_beside_a_battery_defect_is_over_when_both_are() {
    let mut eyes = Eyes::of(Family::HaDiscovery, Vec::new());
    for (id, class) in [("trouble", "problem"), ("battery_defect", "problem")] {
        let (topic, config) = entity(id, class);
        eyes.hear(&topic, &config);
    }
    for (id, word, due) in [
        ("trouble", "ON", "fault raised"),
        ("battery_defect", "ON", "fault raised"),
        ("battery_defect", "OFF", "held"),
        ("trouble", "OFF", "fault restored"),
    ] {
        check(&mut eyes, &format!("home/{id}"), &[(word, &[due])]);
    }
}

#[test]
fn a_homie_property_that_leaves_the_description_holds_nothing() {
    let mut eyes = Eyes::of(Family::Homie, Vec::new());
    let describe = |names: &[&str]| {
        let property = serde_json::json!({ "datatype": "boolean" });
        let nodes = names.iter().map(|name| {
            let properties = serde_json::json!({ "properties": { "smoke": property } });
            ((*name).to_owned(), properties)
        });
        let nodes: serde_json::Map<_, _> = nodes.collect();
        serde_json::json!({ "homie": "5.0", "version": 1, "nodes": nodes }).to_string()
    };
    eyes.hear("homie/5/d/$description", &describe(&["one", "two"]));
    check(
        &mut eyes,
        "homie/5/d/one/smoke",
        &[("true", &["smoke raised"])],
    );
    check(
        &mut eyes,
        "homie/5/d/two/smoke",
        &[("true", &["smoke raised"])],
    );
    check(
        &mut eyes,
        "homie/5/d/one/smoke",
        &[("false", &["held"]), ("true", &["smoke raised"])],
    );
    eyes.hear("homie/5/d/$description", &describe(&["two"]));
    check(
        &mut eyes,
        "homie/5/d/two/smoke",
        &[("false", &["smoke restored"])],
    );
}
