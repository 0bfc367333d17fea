//! Names run out, and alarms do not: any number of devices, ghosts that a broker retains, a client that invents names. Told of
//! the pure core on a hand-turned clock.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use gateway_core::Input;
use tecs_protocol::event::{Entry, Event, decode};
use tecs_protocol::home::Summary;
use tecs_protocol::signal::{HealthOf, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind};
use tecs_tests::world::{Entered, Misfortune, World, settings};

const LIMIT: usize = 512;
const HOUR: u64 = 3_600_000;

fn calm() -> World {
    let mut world = World::new(1, settings(1), Misfortune::none());
    world.pass(200);
    world
}

fn events(world: &World) -> Vec<Event> {
    let entries = world.hubs[0].entries().values();
    let records = entries.filter_map(|e| match e {
        Entered::Record(bytes) => decode(bytes).ok(),
        Entered::Gap => None,
    });
    let event = |entry| match entry {
        Entry::Event(event) => Some(*event),
        Entry::Gap(_) => None,
    };
    records.filter_map(event).collect()
}

fn said(topic: String, payload: &str, retained: bool) -> Input {
    Input::Publish {
        source: 0,
        topic,
        payload: payload.to_owned().into(),
        retained,
        dup: false,
        packet: 0,
        token: None,
    }
}

/// So many devices of these names, each once, in batches as a broker delivers them.
fn ghosts(world: &mut World, names: impl Iterator<Item = String>, payload: &str, retained: bool) {
    let topics: Vec<String> = names.map(|name| format!("zigbee2mqtt/{name}")).collect();
    for some in topics.chunks(50) {
        world.inputs(
            some.iter()
                .map(|topic| said(topic.clone(), payload, retained)),
        );
        world.pass(20);
    }
}

fn press(world: &mut World, name: &str) {
    let input = said(
        format!("zigbee2mqtt/{name}"),
        r#"{"action":"emergency"}"#,
        false,
    );
    world.input(input);
    world.pass(500);
}

fn alarms(world: &World, name: &str, condition: Condition) -> Vec<Event> {
    let all = events(world).into_iter();
    all.filter(|e| e.device.id == format!("zigbee/{name}"))
        .filter(|e| matches!(&e.what, What::Alarm { condition: c, .. } if *c == condition))
        .collect()
}

fn raised(world: &World, name: &str) -> usize {
    alarms(world, name, Condition::Raised).len()
}

fn faults(world: &World) -> Vec<Condition> {
    let all = events(world).into_iter();
    all.filter(|e| e.device.id == "gateway/source/zigbee/devices")
        .filter_map(|e| match e.what {
            What::Health {
                kind: HealthKind::Fault,
                of: HealthOf::Condition(condition),
                ..
            } => Some(condition),
            _ => None,
        })
        .collect()
}

fn summary(world: &World) -> Summary {
    Summary::from_json(&world.told["summary"]).unwrap()
}

#[test]
fn a_pendant_that_speaks_after_seven_hundred_names_is_heard_and_said_to_be_unlisted() {
    let mut world = calm();
    ghosts(
        &mut world,
        (0..700).map(|n| format!("door-{n}")),
        r#"{"contact":true}"#,
        true,
    );
    press(&mut world, "pendant");
    let heard = alarms(&world, "pendant", Condition::Raised);
    assert_eq!(heard.len(), 1);
    assert_eq!(
        heard[0].what,
        What::alarm(AlarmKind::Help, Condition::Raised)
    );
    assert!(heard[0].flags.unlisted);
    // And so is every later one.
    press(&mut world, "pendant");
    assert_eq!(raised(&world, "pendant"), 2);
}

#[test]
fn too_many_devices_are_a_fault_told_once_at_the_hub_in_the_home_and_to_the_installer_and_so_is_their_end()
 {
    let mut world = calm();
    ghosts(
        &mut world,
        (0..LIMIT).map(|n| format!("door-{n}")),
        r#"{"contact":true}"#,
        false,
    );
    assert!(faults(&world).is_empty() && summary(&world).devices);
    ghosts(
        &mut world,
        (0..200).map(|n| format!("more-{n}")),
        r#"{"contact":true}"#,
        false,
    );
    world.pass(20 * 60_000);
    ghosts(
        &mut world,
        (0..9).map(|n| format!("last-{n}")),
        r#"{"contact":true}"#,
        false,
    );
    world.pass(HOUR - 60_000);
    assert_eq!(faults(&world), [Condition::Raised]);
    assert!(!summary(&world).devices);
    let now = gateway_core::Mono(world.now);
    let seen = world.gateway().unwrap().inventory(now);
    assert_eq!(
        seen.sources[0].crowd.map(|crowd| crowd.forgotten),
        Some(209)
    );
    world.pass(2 * 60_000);
    assert_eq!(faults(&world), [Condition::Raised, Condition::Restored]);
    assert!(summary(&world).devices);
    let now = gateway_core::Mono(world.now);
    assert_eq!(
        world.gateway().unwrap().inventory(now).sources[0].crowd,
        None
    );
    assert_eq!(seen.devices.len(), LIMIT);
}

#[test]
fn a_fault_that_stood_when_the_gateway_was_killed_is_restored_once_by_the_next_run() {
    let mut world = calm();
    ghosts(
        &mut world,
        (0..600).map(|n| format!("door-{n}")),
        r#"{"contact":true}"#,
        false,
    );
    world.pass(10_000);
    world.crash();
    world.pass(10_000);
    assert_eq!(faults(&world), [Condition::Raised]);
    world.pass(HOUR + 60_000);
    assert_eq!(faults(&world), [Condition::Raised, Condition::Restored]);
}

#[test]
fn after_a_restart_retained_ghosts_do_not_displace_a_smoke_detector_that_alarmed() {
    let mut world = calm();
    let smoke = |on: bool, retained| {
        let payload = format!(r#"{{"smoke":{on}}}"#);
        said("zigbee2mqtt/hall".to_owned(), &payload, retained)
    };
    world.input(smoke(true, false));
    world.pass(500);
    world.input(smoke(false, false));
    world.pass(10_000);
    world.crash();
    world.pass(5_000);
    ghosts(
        &mut world,
        (0..2_000).map(|n| format!("ghost-{n}")),
        r#"{"smoke":false,"contact":true}"#,
        true,
    );
    // What it said last is known still: its retained word is a repeat, and its next alarm is one.
    world.input(smoke(false, true));
    world.pass(500);
    assert_eq!(alarms(&world, "hall", Condition::Restored).len(), 1);
    world.input(smoke(true, false));
    world.pass(500);
    assert_eq!(raised(&world, "hall"), 2);
}

#[test]
fn the_first_all_clear_of_ghosts_beyond_the_limit_is_no_record_of_the_alarm_lane() {
    let mut world = calm();
    ghosts(
        &mut world,
        (0..2_000).map(|n| format!("ghost-{n}")),
        r#"{"smoke":false}"#,
        true,
    );
    let told = events(&world).into_iter();
    let clear = told
        .filter(|e| matches!(e.what, What::Alarm { .. }))
        .count();
    assert!((LIMIT..LIMIT + 60).contains(&clear), "{clear}");
    // Of one that is met among them, an alarm and its end are told.
    for on in [true, false] {
        let payload = format!(r#"{{"smoke":{on}}}"#);
        world.input(said("zigbee2mqtt/ghost-3".to_owned(), &payload, false));
        world.pass(500);
    }
    assert_eq!(raised(&world, "ghost-3"), 1);
    assert_eq!(alarms(&world, "ghost-3", Condition::Restored).len(), 2);
}

#[test]
fn devices_that_are_missing_fill_every_place_and_an_alarm_needs_none_of_them() {
    let mut world = calm();
    let gone = |n: usize| {
        said(
            format!("zigbee2mqtt/gone-{n}/availability"),
            "offline",
            true,
        )
    };
    let here = |n: usize| {
        said(
            format!("zigbee2mqtt/gone-{n}"),
            r#"{"contact":true}"#,
            false,
        )
    };
    for n in 0..LIMIT {
        world.inputs([here(n), gone(n)]);
    }
    world.pass(500);
    world.input(said(
        "zigbee2mqtt/door".to_owned(),
        r#"{"contact":false}"#,
        false,
    ));
    press(&mut world, "pendant");
    assert_eq!(raised(&world, "pendant"), 1);
    let now = gateway_core::Mono(world.now);
    let seen = world.gateway().unwrap().inventory(now);
    let crowd = seen.sources[0].crowd.unwrap();
    assert_eq!((crowd.refused, crowd.without_place), (1, 0));
    let refusals: Vec<_> = seen.sources[0]
        .refusals
        .iter()
        .map(|(name, ..)| *name)
        .collect();
    assert_eq!(
        refusals,
        ["too_many_devices"],
        "the door is refused by name"
    );
}

#[test]
fn when_every_place_has_an_alarm_that_stands_one_more_is_raised_without_a_place_and_so_is_its_end()
{
    let mut world = calm();
    let stands = 4_096 + LIMIT;
    ghosts(
        &mut world,
        (0..stands).map(|n| format!("hot-{n}")),
        r#"{"smoke":true}"#,
        false,
    );
    world.pass(5_000);
    for on in [true, true, false] {
        let payload = format!(r#"{{"smoke":{on}}}"#);
        world.input(said("zigbee2mqtt/last".to_owned(), &payload, false));
        world.pass(500);
    }
    press(&mut world, "pendant");
    assert!(raised(&world, "last") >= 1);
    assert_eq!(alarms(&world, "last", Condition::Restored).len(), 1);
    assert_eq!(raised(&world, "pendant"), 1);
    let now = gateway_core::Mono(world.now);
    let gateway = world.gateway().unwrap();
    assert_eq!(gateway.status(now).devices, stands);
    let crowd = gateway.inventory(now).sources[0].crowd.unwrap();
    assert!(crowd.without_place >= 2, "{crowd:?}");
    // When one of them is restored, the next that alarms has its place.
    world.input(said(
        "zigbee2mqtt/hot-4000".to_owned(),
        r#"{"smoke":false}"#,
        false,
    ));
    world.input(said(
        "zigbee2mqtt/later".to_owned(),
        r#"{"smoke":true}"#,
        false,
    ));
    world.input(said(
        "zigbee2mqtt/later".to_owned(),
        r#"{"smoke":true}"#,
        false,
    ));
    world.pass(500);
    assert_eq!(
        raised(&world, "later"),
        1,
        "it is remembered: the second word is a repeat"
    );
}

#[test]
fn no_more_than_4096_once_alarmed_devices_are_remembered_over_a_restart_and_the_longest_closed_goes_first()
 {
    let mut world = calm();
    for n in 0..5_000 {
        let topic = format!("zigbee2mqtt/s-{n}");
        let says = |on: bool| said(topic.clone(), &format!(r#"{{"smoke":{on}}}"#), false);
        world.inputs([says(true), says(false)]);
    }
    world.pass(10_000);
    world.crash();
    world.pass(10_000);
    let now = gateway_core::Mono(world.now);
    let seen = world.gateway().unwrap().inventory(now).devices;
    let known = |n: usize| seen.iter().any(|d| d.name == format!("s-{n}") && d.alarms);
    let remembered = (0..5_000).filter(|n| known(*n)).count();
    assert_eq!(remembered, 4_096);
    // The first 256 are open in the home.
    assert!(known(255) && !known(256) && known(4_999));
}

#[test]
fn one_device_that_names_ever_more_fields_is_remembered_by_its_first_ones_and_its_alarms_are_raised()
 {
    let mut settings = settings(1);
    settings.sources.push(gateway_core::settings::Source {
        name: "line".to_owned(),
        speaks: tecs_protocol::family::Family::JsonLines,
        base: String::new(),
        map: None,
        window: 0,
    });
    let mut world = World::new(1, settings, Misfortune::none());
    world.pass(200);
    let mut line = |kind: &str, field: String| {
        let line = format!("{{\"device\":\"d\",\"kind\":\"{kind}\",\"field\":\"{field}\"}}\n");
        let bytes = line.into_bytes().into();
        world.input(Input::Bytes { source: 1, bytes });
        world.pass(10);
    };
    for n in 0..300 {
        line("smoke", format!("s{n}"));
    }
    world.pass(1_000);
    let smoke = events(&world)
        .into_iter()
        .filter(|e| e.what == What::alarm(AlarmKind::Smoke, Condition::Raised));
    // Beyond ten a minute they are counted in one record a second.
    assert_eq!(smoke.map(|e| e.folded).sum::<u32>(), 300);
}
