//! Alarms that outlive what was done about them: contributions over a kill, and alarms that were closed while their device
//! still says so. Stories of the pure core on a hand-turned clock.

use gateway_core::{Input, LinkSays};
use tecs_protocol::event::{Entry, Event, decode};
use tecs_protocol::hub::v1;
use tecs_tests::world::{Entered, Misfortune, World, settings};

const ZIGBEE: &str = "zigbee2mqtt/x";

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

fn calm() -> World {
    let mut world = World::new(1, settings(1), Misfortune::none());
    world.pass(200);
    world
}

fn events(world: &World) -> Vec<((u64, u64), Event)> {
    let hubs = world.hubs.iter();
    let entries = hubs.flat_map(|hub| hub.entries().iter());
    entries
        .filter_map(|(name, entered)| match entered {
            Entered::Record(bytes) => match decode(bytes).ok()? {
                Entry::Event(event) => Some(((name.0, name.2), *event)),
                Entry::Gap(_) => None,
            },
            Entered::Gap => None,
        })
        .collect()
}

/// What the hub has heard in all, sorted.
fn heard(world: &World) -> Vec<String> {
    let mut heard: Vec<String> = events(world)
        .iter()
        .map(|(_, event)| short(event))
        .collect();
    heard.sort();
    heard
}

fn say_as(world: &mut World, topic: &str, payload: &str, retained: bool) {
    world.input(Input::Publish {
        source: 0,
        topic: topic.to_owned(),
        payload: payload.to_owned().into(),
        retained,
        dup: false,
        packet: 0,
        token: None,
    });
    world.pass(100);
}

fn say(world: &mut World, payload: &str) {
    say_as(world, ZIGBEE, payload, false);
}

#[test]
fn what_still_holds_is_known_after_a_kill_and_after_an_orderly_end() {
    for killed in [true, false] {
        let mut world = calm();
        say(&mut world, r#"{"water_leak_1":true,"water_leak_2":true}"#);
        world.pass(6_000);
        if killed {
            world.crash();
        } else {
            world.input(Input::Stop);
            world.pass(1_000);
            world.start();
        }
        world.pass(5_000);
        let before = heard(&world).len();
        say(&mut world, r#"{"water_leak_1":false}"#);
        assert_eq!(heard(&world).len(), before, "killed: {killed}");
        say(&mut world, r#"{"water_leak_2":false}"#);
        let last = heard(&world);
        assert_eq!(
            last.iter().filter(|e| *e == "flood restored").count(),
            1,
            "{last:?}"
        );
    }
}

#[test]
fn a_low_battery_of_one_field_holds_over_a_kill_and_its_next_word_is_news() {
    let mut world = calm();
    say(&mut world, r#"{"battery_defect":true,"trouble":true}"#);
    let faults = heard(&world);
    world.pass(6_000);
    world.crash();
    world.pass(5_000);
    say(&mut world, r#"{"trouble":false}"#);
    assert_eq!(heard(&world), faults, "the other still says so");
    say(&mut world, r#"{"battery_defect":true}"#);
    assert_eq!(heard(&world).len(), faults.len() + 1, "in doubt it is new");
    say(&mut world, r#"{"battery_defect":false}"#);
    assert!(heard(&world).contains(&"fault restored".to_owned()));
}

/// A field that cleared in silence while another held, and rose again after a kill.
#[test]
fn a_rise_after_a_kill_is_never_taken_for_a_repeat_of_one_that_was_cleared_in_silence() {
    let mut world = calm();
    say(&mut world, r#"{"water_leak_1":true,"water_leak_2":true}"#);
    // Its clearing is a note that waits for company; the kill comes first.
    say(&mut world, r#"{"water_leak_1":false}"#);
    let before = heard(&world).len();
    world.crash();
    world.pass(5_000);
    say(&mut world, r#"{"water_leak_1":true}"#);
    assert_eq!(heard(&world).len(), before + 1);
}

fn close(world: &mut World, (epoch, seq): (u64, u64)) {
    let stage = v1::Stage {
        name: Some(v1::Name {
            epoch,
            lane: v1::Lane::Alarm.into(),
            seq,
        }),
        progress: v1::stage::Progress::Closed.into(),
        by: "Responder 4".to_owned(),
        at_ms: 1,
    };
    world.input(Input::Link {
        endpoint: 0,
        says: LinkSays::Heard(v1::FromHub {
            says: Some(v1::from_hub::Says::Stage(stage)),
        }),
    });
    world.pass(100);
}

fn raised(world: &World) -> Vec<(u64, u64)> {
    let raised = events(world).into_iter();
    let raised = raised.filter(|(_, event)| short(event).ends_with(" raised"));
    raised.map(|(name, _)| name).collect()
}

const SMOKE: &str = r#"{"smoke":true}"#;
const QUARTER: u64 = 15 * 60_000;

#[test]
fn an_alarm_that_was_closed_while_its_device_still_says_so_is_raised_anew() {
    let mut world = calm();
    say(&mut world, SMOKE);
    say(&mut world, SMOKE);
    assert_eq!(raised(&world).len(), 1, "nobody has closed it");
    let first = raised(&world)[0];
    close(&mut world, first);
    say_as(&mut world, ZIGBEE, SMOKE, true);
    assert_eq!(
        raised(&world).len(),
        1,
        "what a broker kept is no live word"
    );
    say(&mut world, SMOKE);
    say(&mut world, SMOKE);
    assert_eq!(raised(&world).len(), 2);
}

#[test]
fn an_alarm_is_raised_anew_at_most_once_in_a_quarter_of_an_hour() {
    let mut world = calm();
    say(&mut world, SMOKE);
    let first = raised(&world)[0];
    close(&mut world, first);
    say(&mut world, SMOKE);
    let second = raised(&world)[1];
    close(&mut world, second);
    for _ in 0..14 {
        world.pass(60_000);
        say(&mut world, SMOKE);
        assert_eq!(raised(&world).len(), 2);
    }
    world.pass(QUARTER - 14 * 60_000);
    say(&mut world, SMOKE);
    assert_eq!(raised(&world).len(), 3);
}

#[test]
fn one_of_two_open_alarms_that_is_closed_leaves_the_other_to_speak() {
    let mut world = calm();
    say(&mut world, r#"{"smoke_1":true,"smoke_2":true}"#);
    let both = raised(&world);
    close(&mut world, both[0]);
    say(&mut world, r#"{"smoke_1":true,"smoke_2":true}"#);
    assert_eq!(raised(&world).len(), 2, "one is still open");
    close(&mut world, both[1]);
    say(&mut world, r#"{"smoke_1":true,"smoke_2":true}"#);
    assert_eq!(raised(&world).len(), 3);
}

#[test]
fn a_closed_alarm_that_still_stands_is_raised_anew_after_a_restart() {
    for killed in [true, false] {
        let mut world = calm();
        say(&mut world, SMOKE);
        let first = raised(&world)[0];
        close(&mut world, first);
        world.pass(6_000);
        if killed {
            world.crash();
        } else {
            world.input(Input::Stop);
            world.pass(1_000);
            world.start();
        }
        world.pass(5_000);
        say(&mut world, SMOKE);
        assert_eq!(raised(&world).len(), 2, "killed: {killed}");
    }
}

#[test]
fn an_alarm_that_was_restored_and_closed_is_raised_by_its_next_rise_and_by_nothing_else() {
    let mut world = calm();
    say(&mut world, SMOKE);
    say(&mut world, r#"{"smoke":false}"#);
    let first = raised(&world)[0];
    close(&mut world, first);
    say(&mut world, r#"{"smoke":false}"#);
    assert_eq!(raised(&world).len(), 1);
    say(&mut world, SMOKE);
    say(&mut world, SMOKE);
    assert_eq!(raised(&world).len(), 2);
}

#[test]
fn another_kind_of_the_same_device_is_not_raised_anew() {
    let mut world = calm();
    say(&mut world, r#"{"smoke":true,"water_leak":true}"#);
    let smoke = events(&world).into_iter();
    let smoke = smoke.filter(|(_, event)| short(event) == "smoke raised");
    let smoke = smoke.map(|(name, _)| name).next().unwrap();
    close(&mut world, smoke);
    say(&mut world, r#"{"smoke":true,"water_leak":true}"#);
    let floods = heard(&world)
        .iter()
        .filter(|e| *e == "flood raised")
        .count();
    assert_eq!((floods, raised(&world).len()), (1, 3));
}
