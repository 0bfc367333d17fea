//! A device is what its maker burnt into it: renamed, swapped, replaced, over restarts and kills. Stories of the pure core on
//! a hand-turned clock.

use std::fmt::Write as _;

use gateway_core::settings::Device;
use gateway_core::{Input, Settings};
use tecs_protocol::event::{Entry, Event, decode};
use tecs_protocol::vocabulary::{AlarmKind, ObservedKind};
use tecs_tests::world::{Entered, Misfortune, World, settings};

const X: &str = "0x00158d00000000aa";
const Y: &str = "0x00158d00000000bb";
const SMOKE: &str = r#"{"smoke":true}"#;
const CLEAR: &str = r#"{"smoke":false}"#;
const PRESS: &str = r#"{"action":"single"}"#;

fn pendant(name: &str, id: &str) -> Device {
    Device {
        name: name.to_owned(),
        id: id.to_owned(),
        room: "hall".to_owned(),
        raises: vec![(ObservedKind::Button, AlarmKind::Help)],
        ..Device::default()
    }
}

fn home(devices: Vec<Device>) -> World {
    let settings = Settings {
        devices,
        ..settings(1)
    };
    let mut world = World::new(1, settings, Misfortune::none());
    world.pass(200);
    world
}

fn say_as(world: &mut World, topic: &str, payload: &str, retained: bool) {
    world.input(Input::Publish {
        source: 0,
        topic: format!("zigbee2mqtt/{topic}"),
        payload: payload.to_owned().into(),
        retained,
        dup: false,
        packet: 0,
        token: None,
    });
    world.pass(100);
}

fn say(world: &mut World, topic: &str, payload: &str) {
    say_as(world, topic, payload, false);
}

/// `bridge/devices` with these addresses and names.
fn teach(world: &mut World, devices: &[(&str, &str)]) {
    let devices = devices.iter().map(|(address, name)| {
        serde_json::json!({
            "ieee_address": address, "friendly_name": name, "type": "EndDevice",
            "supported": true, "disabled": false, "definition": null,
        })
    });
    let list = serde_json::Value::from(devices.collect::<Vec<_>>()).to_string();
    say_as(world, "bridge/devices", &list, true);
}

fn events(world: &World) -> Vec<Event> {
    let hubs = world.hubs.iter();
    let entries = hubs.flat_map(|hub| hub.entries().values());
    let records = entries.filter_map(|entered| match entered {
        Entered::Record(bytes) => decode(bytes).ok(),
        Entered::Gap => None,
    });
    records
        .filter_map(|entry| match entry {
            Entry::Event(event) => Some(*event),
            Entry::Gap(_) => None,
        })
        .collect()
}

/// `id kind condition` of every alarm and technical word of a device, in no order.
fn told(world: &World) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for event in events(world) {
        let json = event.to_json();
        let part = |key: &str| {
            json.get(key)
                .and_then(|v| v.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let mut line = event.device.id.clone();
        let _ = write!(
            line,
            " {} {}{}",
            part("kind"),
            part("condition"),
            part("state")
        );
        if !line.starts_with("gateway/") {
            told.push(line);
        }
    }
    told.sort();
    told
}

fn restart(world: &mut World, killed: bool) {
    world.pass(6_000);
    if killed {
        world.crash();
    } else {
        world.input(Input::Stop);
        world.pass(1_000);
        world.start();
    }
    world.pass(5_000);
}

#[test]
fn a_device_that_is_renamed_keeps_its_id_its_row_and_what_it_said() {
    let mut world = home(vec![pendant("pendant", "pendant-1")]);
    teach(&mut world, &[(X, "pendant"), (Y, "stair smoke")]);
    say(&mut world, "stair smoke", SMOKE);
    teach(&mut world, &[(X, "pendant lounge"), (Y, "landing smoke")]);
    say(&mut world, "pendant lounge", PRESS);
    say(&mut world, "landing smoke", SMOKE);
    say(&mut world, "landing smoke", CLEAR);
    assert_eq!(
        told(&world),
        [
            "pendant-1 help raised",
            "zigbee/stair smoke smoke raised",
            "zigbee/stair smoke smoke restored",
        ]
    );
    assert!(
        events(&world)
            .iter()
            .any(|event| event.device.room == "hall")
    );
}

#[test]
fn a_rename_while_the_gateway_is_off_is_found_out_at_the_first_list() {
    for killed in [true, false] {
        let mut world = home(vec![pendant("pendant", "pendant-1")]);
        teach(&mut world, &[(X, "pendant"), (Y, "smoke")]);
        say(&mut world, "smoke", SMOKE);
        restart(&mut world, killed);
        teach(&mut world, &[(X, "pendant lounge"), (Y, "smoke upstairs")]);
        say(&mut world, "pendant lounge", PRESS);
        say(&mut world, "smoke upstairs", SMOKE);
        say(&mut world, "smoke upstairs", CLEAR);
        let due = [
            "pendant-1 help raised",
            "zigbee/smoke smoke raised",
            "zigbee/smoke smoke restored",
        ];
        assert_eq!(told(&world), due, "killed: {killed}");
    }
}

#[test]
fn two_names_that_are_swapped_change_no_id() {
    for off in [true, false] {
        let mut world = home(Vec::new());
        teach(&mut world, &[(X, "kitchen"), (Y, "attic")]);
        say(&mut world, "kitchen", SMOKE);
        say(&mut world, "attic", CLEAR);
        if off {
            restart(&mut world, true);
        }
        teach(&mut world, &[(X, "attic"), (Y, "kitchen")]);
        say(&mut world, "attic", CLEAR);
        say(&mut world, "kitchen", SMOKE);
        assert_eq!(
            told(&world),
            [
                "zigbee/attic smoke raised",
                "zigbee/attic smoke restored",
                "zigbee/kitchen smoke raised",
                "zigbee/kitchen smoke restored",
            ],
            "off: {off}"
        );
    }
}

#[test]
fn swapped_names_leave_each_row_with_whom_it_was_bound_to_and_fit_the_new_bearer_too() {
    let bare = Device {
        name: "door".to_owned(),
        id: "door-1".to_owned(),
        ..Device::default()
    };
    let mut world = home(vec![pendant("pendant", "pendant-1"), bare]);
    teach(&mut world, &[(X, "pendant"), (Y, "door")]);
    teach(&mut world, &[(X, "door"), (Y, "pendant")]);
    // X was bound to the row of a pendant; Y bears the name of one.
    say(&mut world, "door", PRESS);
    say(&mut world, "pendant", PRESS);
    assert_eq!(
        told(&world),
        ["door-1 help raised", "pendant-1 help raised"]
    );
}

#[test]
fn a_replacement_under_the_old_name_has_its_row_and_none_of_its_states() {
    let mut row = pendant("detector", "detector-1");
    row.raises.clear();
    let mut world = home(vec![row]);
    teach(&mut world, &[(X, "detector")]);
    say(&mut world, "detector", SMOKE);
    teach(&mut world, &[(Y, "detector")]);
    say(&mut world, "detector", SMOKE);
    assert_eq!(
        told(&world),
        ["detector-1 smoke raised", "detector-1 smoke raised"]
    );
    assert!(events(&world).iter().all(|event| !event.flags.unlisted));
}

#[test]
fn a_row_by_name_fits_whoever_bears_it_now_and_whoever_it_was_bound_to() {
    let mut world = home(vec![pendant("pendant", "pendant-1")]);
    teach(&mut world, &[(X, "pendant")]);
    teach(&mut world, &[(X, "spare"), (Y, "pendant")]);
    say(&mut world, "spare", PRESS);
    say(&mut world, "pendant", PRESS);
    assert_eq!(
        told(&world),
        ["pendant-1 help raised", "pendant-1 help raised"]
    );
    // The old one leaves: the row is the new one's alone.
    teach(&mut world, &[(Y, "pendant")]);
    say(&mut world, "pendant", PRESS);
    assert_eq!(told(&world).len(), 3);
}

#[test]
fn a_row_may_name_the_address() {
    for address in [X.to_owned(), X.to_ascii_uppercase()] {
        let mut world = home(vec![pendant(&address, "pendant-1")]);
        teach(&mut world, &[(X, "pendant")]);
        say(&mut world, "pendant", PRESS);
        teach(&mut world, &[(X, "other")]);
        say(&mut world, "other", PRESS);
        restart(&mut world, true);
        say(&mut world, "other", PRESS);
        assert_eq!(told(&world), ["pendant-1 help raised"; 3], "{address}");
    }
}

#[test]
fn a_press_before_the_definition_is_raised_under_its_name_and_merged() {
    let mut world = home(vec![pendant(X, "pendant-1")]);
    say(&mut world, "pendant", SMOKE);
    teach(&mut world, &[(X, "pendant")]);
    say(&mut world, "pendant", SMOKE);
    say(&mut world, "pendant", CLEAR);
    // What it said before is known of it: it is no news, and its end is.
    assert_eq!(
        told(&world),
        ["pendant-1 smoke restored", "zigbee/pendant smoke raised"]
    );
}

#[test]
fn another_device_with_a_name_that_somebody_had_before_is_another() {
    let mut world = home(Vec::new());
    teach(&mut world, &[(X, "smoke")]);
    say(&mut world, "smoke", SMOKE);
    teach(&mut world, &[(X, "old smoke"), (Y, "smoke")]);
    say(&mut world, "smoke", CLEAR);
    say(&mut world, "old smoke", SMOKE);
    say(&mut world, "old smoke", CLEAR);
    let other = format!("zigbee/{Y} smoke restored");
    let due = [
        &*other,
        "zigbee/smoke smoke raised",
        "zigbee/smoke smoke restored",
    ];
    assert_eq!(told(&world), due);
}

#[test]
fn the_availability_that_was_kept_of_an_old_name_is_no_ghost() {
    let mut world = home(Vec::new());
    teach(&mut world, &[(X, "new name")]);
    say_as(
        &mut world,
        "old name/availability",
        r#"{"state":"offline"}"#,
        true,
    );
    assert_eq!(told(&world), [""; 0]);
    say_as(
        &mut world,
        "new name/availability",
        r#"{"state":"offline"}"#,
        true,
    );
    assert_eq!(told(&world), ["zigbee/new name missing raised"]);
}

#[test]
fn joins_leaves_and_renames_that_the_bridge_tells_are_heard_before_its_list() {
    let mut world = home(vec![pendant("pendant", "pendant-1")]);
    let event = |kind: &str, address: &str, name: &str| {
        let data = serde_json::json!({ "ieee_address": address, "friendly_name": name });
        serde_json::json!({ "type": kind, "data": data }).to_string()
    };
    say(
        &mut world,
        "bridge/event",
        &event("device_joined", X, "pendant"),
    );
    let renamed = r#"{"data":{"from":"pendant","to":"lounge"},"status":"ok"}"#;
    say(&mut world, "bridge/response/device/rename", renamed);
    say(&mut world, "lounge", PRESS);
    assert_eq!(told(&world), ["pendant-1 help raised"]);
    say(&mut world, "lounge", SMOKE);
    say(
        &mut world,
        "bridge/event",
        &event("device_leave", X, "lounge"),
    );
    say(
        &mut world,
        "bridge/event",
        &event("device_joined", X, "lounge"),
    );
    say(&mut world, "lounge", SMOKE);
    let smoke = told(&world);
    assert_eq!(
        smoke
            .iter()
            .filter(|t| *t == "pendant-1 smoke raised")
            .count(),
        2,
        "{smoke:?}"
    );
}

#[test]
fn a_device_that_comes_back_is_who_it_was() {
    let mut world = home(Vec::new());
    teach(&mut world, &[(X, "smoke")]);
    teach(&mut world, &[]);
    restart(&mut world, false);
    teach(&mut world, &[(X, "something else")]);
    say(&mut world, "something else", SMOKE);
    assert_eq!(told(&world), ["zigbee/smoke smoke raised"]);
}
