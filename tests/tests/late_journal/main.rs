//! A disk that hangs, and a journal that is opened after the sources, on a hand-turned clock: alarms wait for neither, what
//! was heard wins over what is remembered, and everything is there in the end.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of these tests fail the test"
)]

mod hanging;

use gateway_core::{Input, JournalSays};
use tecs_protocol::event::{Entry, Event, decode};
use tecs_protocol::home::{AlarmInHome, Stage, Summary};
use tecs_protocol::signal::{HealthOf, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind, Lane};
use tecs_tests::laws::check_the_end;
use tecs_tests::world::{Entered, Misfortune, World, settings};

const HOUR: u64 = 3_600_000;

fn world(endpoints: usize) -> World {
    let mut world = World::new(1, settings(endpoints), Misfortune::none());
    world.pass(200);
    world
}

/// The same home started once more, killed before, with a journal that is open so much later.
fn killed_and_started(world: &mut World, opens_after_ms: u64) {
    world.opens_after_ms = opens_after_ms;
    world.crash();
    while world.gateway().is_none() {
        world.pass(10);
    }
    world.pass(300);
}

fn events(world: &World) -> Vec<Event> {
    let entries = world.hubs[0].entries().values();
    let records = entries.filter_map(|e| match e {
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

/// What the hub was told of this state of the gateway's own, or of a device.
fn told_of(world: &World, device: &str) -> Vec<Condition> {
    let of = events(world).into_iter().filter(|e| e.device.id == device);
    of.filter_map(|e| match e.what {
        What::Health {
            of: HealthOf::Condition(condition),
            ..
        }
        | What::Alarm { condition, .. } => Some(condition),
        _ => None,
    })
    .collect()
}

fn say(world: &mut World, topic: &str, payload: &str, retained: bool) {
    world.input(Input::Publish {
        source: 0,
        topic: topic.to_owned(),
        payload: payload.to_owned().into(),
        retained,
        dup: false,
        packet: 0,
        token: None,
    });
}

fn the_home_hears_of_the_journal(world: &World) -> bool {
    Summary::from_json(&world.told["summary"]).unwrap().journal
}

use Condition::{Raised, Restored};

#[test]
fn an_end_before_the_journal_is_open_is_waited_for_2_s_and_no_longer() {
    let mut world = world(1);
    killed_and_started(&mut world, HOUR);
    world.input(Input::Stop);
    world.pass(2_100);
    assert!(world.gateway().is_none());
}

#[test]
fn a_journal_that_is_not_open_in_time_is_told_and_alarms_are_sent_and_answered_without_it() {
    let mut world = world(1);
    killed_and_started(&mut world, 60_000);
    assert_eq!(told_of(&world, "gateway/journal"), [Raised]);
    assert!(!the_home_hears_of_the_journal(&world));
    let number = world.speak(Lane::Alarm);
    world.pass(50);
    assert!(world.hubs[0].has_number(number));
    assert_eq!(world.broker.waiting(), 0);
    world.pass(61_000);
    assert_eq!(told_of(&world, "gateway/journal"), [Raised, Restored]);
    assert!(the_home_hears_of_the_journal(&world));
    world.heal();
    check_the_end(&world);
}

#[test]
fn what_a_late_journal_holds_in_three_lanes_is_sent_without_a_restart() {
    let mut world = world(1);
    world.freeze(0, 20_000);
    let mut numbers = Vec::new();
    for lane in [Lane::Routine, Lane::Vital, Lane::Alarm] {
        for _ in 0..5 {
            numbers.push(world.speak(lane));
            world.pass(1_000);
        }
    }
    killed_and_started(&mut world, 10_000);
    let since = world.speak(Lane::Alarm);
    world.pass(5_000);
    assert!(world.hubs[0].has_number(since));
    assert!(numbers.iter().all(|n| !world.hubs[0].has_number(*n)));
    world.pass(30_000);
    assert!(numbers.iter().all(|n| world.hubs[0].has_number(*n)));
    assert_eq!(world.runs, 2);
    world.heal();
    check_the_end(&world);
}

#[test]
fn an_alarm_that_was_open_in_a_late_journal_is_shown_as_far_as_the_hub_says_it_has_come() {
    let mut world = world(1);
    world.freeze(0, 15_000);
    world.speak(Lane::Alarm);
    world.pass(16_000);
    let name = world
        .told
        .keys()
        .find(|topic| topic.starts_with("alarm/"))
        .unwrap()
        .clone();
    world.pass(5_000);
    world.told.clear();
    killed_and_started(&mut world, 5_000);
    assert!(
        !world.told.contains_key(&name),
        "nobody has remembered it yet"
    );
    world.pass(20_000);
    let shown = AlarmInHome::from_json(&world.told[&name]).unwrap();
    assert!(shown.stage >= Stage::Accepted, "{shown:?}");
}

#[test]
fn what_was_heard_since_the_start_wins_over_what_a_late_journal_remembers() {
    let mut world = world(1);
    say(&mut world, "zigbee2mqtt/smoke", r#"{"smoke":true}"#, false);
    world.pass(100);
    killed_and_started(&mut world, 5_000);
    say(&mut world, "zigbee2mqtt/smoke", r#"{"smoke":false}"#, false);
    world.pass(10_000);
    // Remembered as raised, heard as clear: fire now is news.
    say(&mut world, "zigbee2mqtt/smoke", r#"{"smoke":true}"#, false);
    world.pass(100);
    let told = told_of(&world, "zigbee/smoke");
    assert_eq!(told.iter().filter(|c| **c == Raised).count(), 2, "{told:?}");
    assert!(told.contains(&Restored));
}

#[test]
fn what_nobody_has_heard_since_the_start_is_as_a_late_journal_remembers_it() {
    let mut world = world(1);
    say(&mut world, "zigbee2mqtt/smoke", r#"{"smoke":true}"#, false);
    world.pass(100);
    killed_and_started(&mut world, 5_000);
    world.pass(10_000);
    say(&mut world, "zigbee2mqtt/smoke", r#"{"smoke":true}"#, false);
    world.pass(100);
    let raised = What::alarm(AlarmKind::Smoke, Condition::Raised);
    let told = events(&world);
    assert_eq!(told.iter().filter(|e| e.what == raised).count(), 1);
}

#[test]
fn an_alarm_that_a_broker_repeats_before_the_journal_is_open_is_told_again_rather_than_lost() {
    let mut world = world(1);
    say(&mut world, "zigbee2mqtt/smoke", r#"{"smoke":true}"#, false);
    world.pass(100);
    killed_and_started(&mut world, 5_000);
    say(&mut world, "zigbee2mqtt/smoke", r#"{"smoke":true}"#, true);
    world.pass(10_000);
    assert_eq!(told_of(&world, "zigbee/smoke"), [Raised, Raised]);
}

#[test]
fn a_path_that_was_down_in_the_last_run_and_opened_before_the_journal_is_called_open() {
    let mut world = world(1);
    world.input(Input::SourceDown {
        source: 0,
        why: "the broker is gone".to_owned(),
    });
    world.pass(200_000);
    assert_eq!(told_of(&world, "gateway/source/zigbee"), [Raised]);
    // Its word that it is open comes before anybody remembers that it was not.
    killed_and_started(&mut world, 5_000);
    world.pass(10_000);
    let told = told_of(&world, "gateway/source/zigbee");
    assert!(told.len() == 2 && told.contains(&Restored), "{told:?}");
}

#[test]
fn a_device_that_was_missed_in_the_last_run_and_came_back_before_the_journal_is_called_found() {
    let mut world = world(1);
    let topic = "zigbee2mqtt/hall/availability";
    say(&mut world, "zigbee2mqtt/hall", r#"{"smoke":false}"#, false);
    say(&mut world, topic, r#"{"state":"offline"}"#, false);
    world.pass(10_000);
    let missed = |world: &World| {
        let events = events(world).into_iter();
        let of = events.filter_map(|e| match e.what {
            What::Health {
                kind: HealthKind::Missing,
                of: HealthOf::Condition(condition),
                ..
            } => Some(condition),
            _ => None,
        });
        of.collect::<Vec<_>>()
    };
    assert_eq!(missed(&world), [Raised]);
    killed_and_started(&mut world, 5_000);
    say(&mut world, topic, r#"{"state":"online"}"#, false);
    world.pass(10_000);
    let told = missed(&world);
    assert!(told.len() == 2 && told.contains(&Restored), "{told:?}");
}

#[test]
fn a_kill_while_the_journal_is_being_opened_loses_nothing_of_it() {
    let mut world = world(1);
    world.freeze(0, 60_000);
    let mut numbers = Vec::new();
    for lane in [Lane::Routine, Lane::Alarm] {
        numbers.push(world.speak(lane));
        world.pass(1_000);
    }
    for _ in 0..3 {
        killed_and_started(&mut world, 30_000);
        world.pass(5_000);
    }
    killed_and_started(&mut world, 0);
    world.pass(60_000);
    assert!(numbers.iter().all(|n| world.hubs[0].has_number(*n)));
    world.heal();
    check_the_end(&world);
}

#[test]
fn with_a_late_journal_and_no_hub_alarms_wait_unanswered_and_are_kept_once_it_is_open() {
    let mut world = world(1);
    world.freeze(0, 120_000);
    killed_and_started(&mut world, 20_000);
    let number = world.speak(Lane::Alarm);
    world.pass(15_000);
    assert_eq!(world.broker.waiting(), 1, "nobody has it but us");
    world.pass(10_000);
    assert!(world.disk.has(number));
    assert_eq!(world.broker.waiting(), 0);
    world.heal();
    check_the_end(&world);
}

#[test]
fn a_page_that_cannot_be_read_just_now_is_read_later_and_is_no_gap() {
    let mut world = world(1);
    world.freeze(0, 20_000);
    let numbers: Vec<u64> = [Lane::Alarm, Lane::Vital, Lane::Routine]
        .into_iter()
        .map(|lane| world.speak(lane))
        .collect();
    world.pass(10_000);
    world.disk.reads(false);
    world.pass(30_000);
    assert!(!world.hubs[0].has_number(numbers[0]));
    assert_eq!(told_of(&world, "gateway/journal").first(), Some(&Raised));
    world.disk.reads(true);
    world.pass(10_000);
    assert!(numbers.iter().all(|n| world.hubs[0].has_number(*n)));
    assert_eq!(world.gaps(), 0);
    world.heal();
    check_the_end(&world);
}

#[test]
fn a_lane_that_is_opened_after_the_others_is_taken_in_as_well() {
    let mut world = world(1);
    world.freeze(0, 20_000);
    let number = world.speak(Lane::Alarm);
    world.pass(1_000);
    let all = world.disk.open();
    let alone = gateway_core::Recovered {
        used: [all.used[0], 0, 0],
        ..all
    };
    world.opens_after_ms = HOUR;
    world.crash();
    world.pass(5_000);
    // First it is open with nothing, as where the alarm lane's disk refused; then comes that lane.
    world.input(Input::Journal(JournalSays::Opened(
        gateway_core::Recovered::default(),
    )));
    world.pass(1_000);
    world.input(Input::Journal(JournalSays::Opened(alone)));
    world.pass(30_000);
    assert!(world.hubs[0].has_number(number));
}
