//! Devices that are there to raise an alarm and say what nobody understands: the hub is told once that one is mute, and once
//! that it is no longer. Told of the pure core on a hand-turned clock.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use gateway_core::{Input, Mono};
use tecs_protocol::event::{Entry, decode};
use tecs_protocol::signal::{HealthOf, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind};
use tecs_tests::world::{Entered, Misfortune, World, settings};

use Condition::{Raised, Restored};

fn calm() -> World {
    let mut world = World::new(1, settings(1), Misfortune::none());
    world.pass(200);
    world
}

fn say(world: &mut World, name: &str, payload: &str) {
    world.input(Input::Publish {
        source: 0,
        topic: format!("zigbee2mqtt/{name}"),
        payload: payload.to_owned().into(),
        retained: false,
        dup: false,
        packet: 0,
        token: None,
    });
    world.pass(500);
}

/// What the hub was told of the device's being mute.
fn told(world: &World, name: &str) -> Vec<Condition> {
    let entries = world.hubs[0].entries().values();
    let records = entries.filter_map(|entered| match entered {
        Entered::Record(bytes) => decode(bytes).ok(),
        Entered::Gap => None,
    });
    let events = records.filter_map(|entry| match entry {
        Entry::Event(event) => Some(*event),
        Entry::Gap(_) => None,
    });
    let of = events.filter(|event| event.device.id == format!("zigbee/{name}"));
    of.filter_map(|event| match event.what {
        What::Health {
            kind: HealthKind::Untaught,
            of: HealthOf::Condition(condition),
            ..
        } => Some(condition),
        _ => None,
    })
    .collect()
}

/// The alarm that the installer is told a device is there for and has not said.
fn mute(world: &World, name: &str) -> Option<AlarmKind> {
    let seen = world.gateway().unwrap().inventory(Mono(world.now));
    let mut devices = seen.devices.into_iter();
    devices.find(|device| device.name == name).unwrap().mute
}

fn started_again(world: &mut World) {
    while world.gateway().is_none() {
        world.pass(10);
    }
    world.pass(500);
}

#[test]
fn a_mute_device_is_told_once_and_once_that_it_speaks_whatever_its_alarm_is_called() {
    for (name, alarm, kind) in [
        ("Smoke detector hall", r#"{"smoke":true}"#, AlarmKind::Smoke),
        ("CO alarm", r#"{"carbon_monoxide":true}"#, AlarmKind::Co),
        (
            "water leak sink",
            r#"{"water_leak":false}"#,
            AlarmKind::Flood,
        ),
        ("gas_alarm", r#"{"gas":true}"#, AlarmKind::Gas),
        ("SOS button", r#"{"action":"emergency"}"#, AlarmKind::Help),
        ("panic button", r#"{"action":"panic"}"#, AlarmKind::Panic),
    ] {
        let mut world = calm();
        for value in ["ON", "OFF", "ON", "OFF"] {
            say(
                &mut world,
                name,
                &format!(r#"{{"zzz_word":"{value}","battery":90}}"#),
            );
        }
        assert_eq!(told(&world, name), [Raised], "{name}");
        assert_eq!(mute(&world, name), Some(kind), "{name}");
        say(&mut world, name, alarm);
        assert_eq!(told(&world, name), [Raised, Restored], "{name}");
        assert_eq!(mute(&world, name), None, "{name}");
        say(&mut world, name, r#"{"zzz_word":"ON"}"#);
        say(&mut world, name, alarm);
        assert_eq!(told(&world, name), [Raised, Restored], "{name}");
    }
}

#[test]
fn a_kill_or_an_orderly_end_tells_nothing_twice_of_a_mute_device() {
    for killed in [true, false] {
        let mut world = calm();
        let end = |world: &mut World| {
            world.pass(10_000);
            if killed {
                world.crash();
            } else {
                world.input(Input::Stop);
                world.pass(5_000);
                assert!(world.gateway().is_none());
                world.start();
            }
            started_again(world);
        };
        let name = "Smoke detector hall";
        say(&mut world, name, r#"{"zzz_word":"ON"}"#);
        end(&mut world);
        say(&mut world, name, r#"{"zzz_word":"ON"}"#);
        assert_eq!(told(&world, name), [Raised], "killed: {killed}");
        assert_eq!(mute(&world, name), Some(AlarmKind::Smoke));
        end(&mut world);
        say(&mut world, name, r#"{"smoke":false}"#);
        assert_eq!(told(&world, name), [Raised, Restored], "killed: {killed}");
        end(&mut world);
        say(&mut world, name, r#"{"zzz_word":"ON"}"#);
        say(&mut world, name, r#"{"smoke":false}"#);
        assert_eq!(told(&world, name), [Raised, Restored], "killed: {killed}");
        assert_eq!(mute(&world, name), None);
    }
}

#[test]
fn what_is_no_alarms_or_has_said_one_or_is_understood_is_never_told_to_be_mute() {
    let mut world = calm();
    // A door is no alarm's, of heat the installer alone is told, and of one that is understood there is nothing to teach.
    for (name, payload, due) in [
        ("front door", r#"{"zzz_word":"ON"}"#, None),
        ("gas meter", r#"{"zzz_word":"ON"}"#, None),
        (
            "heat detector",
            r#"{"zzz_word":"ON","battery":90}"#,
            Some(AlarmKind::Heat),
        ),
        (
            "Smoke detector attic",
            r#"{"battery":90}"#,
            Some(AlarmKind::Smoke),
        ),
    ] {
        say(&mut world, name, payload);
        assert_eq!(told(&world, name), [], "{name}");
        assert_eq!(mute(&world, name), due, "{name}");
    }
    say(
        &mut world,
        "Smoke detector loft",
        r#"{"smoke":false,"zzz_word":"ON"}"#,
    );
    assert_eq!(told(&world, "Smoke detector loft"), []);
    assert_eq!(mute(&world, "Smoke detector loft"), None);
    // What it said in an earlier run is remembered.
    world.pass(10_000);
    world.crash();
    started_again(&mut world);
    say(&mut world, "Smoke detector loft", r#"{"zzz_word":"ON"}"#);
    assert_eq!(told(&world, "Smoke detector loft"), []);
}
