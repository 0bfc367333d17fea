//! Single stories of the pure core, told on a hand-turned clock.

use gateway_core::{Input, Order};
use tecs_protocol::event::{Entry, Event, decode};
use tecs_protocol::home::{AlarmInHome, Stage, Summary};
use tecs_protocol::hub::v1;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind, Lane};
use tecs_tests::laws::check_the_end;
use tecs_tests::world::{Entered, Misfortune, World, settings};

fn calm(endpoints: usize) -> World {
    let mut world = World::new(1, settings(endpoints), Misfortune::none());
    world.pass(200);
    world
}

fn events(world: &World, hub: usize) -> Vec<Event> {
    let entries = world
        .hubs
        .get(hub)
        .into_iter()
        .flat_map(|h| h.entries().values());
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

fn from_hub(world: &mut World, says: v1::from_hub::Says) {
    world.input(Input::Link {
        endpoint: 0,
        says: gateway_core::LinkSays::Heard(v1::FromHub { says: Some(says) }),
    });
}

#[test]
fn online_a_routine_reading_reaches_the_hub_and_never_touches_the_disk() {
    let mut world = calm(1);
    let number = world.speak(Lane::Routine);
    world.pass(500);
    assert!(world.hubs[0].has_number(number));
    assert!(!world.disk.has(number));
    assert_eq!(world.broker.waiting(), 0);
}

#[test]
fn offline_nothing_is_acknowledged_before_the_disk_has_it() {
    let mut world = calm(1);
    world.freeze(0, 60_000);
    world.misfortune.disk_slow_ms = 400;
    let number = world.speak(Lane::Routine);
    world.pass(45);
    assert_eq!(world.broker.waiting(), 1, "it lingers for its receipt");
    world.pass(600);
    assert!(world.disk.has(number));
    assert_eq!(world.broker.waiting(), 0);
    world.heal();
    check_the_end(&world);
}

#[test]
fn offline_a_page_closes_when_half_of_the_brokers_window_waits() {
    let mut world = calm(1);
    world.freeze(0, 60_000);
    world.pass(12_000);
    for _ in 0..10 {
        world.speak(Lane::Routine);
    }
    world.pass(5);
    assert_eq!(
        world.broker.waiting(),
        0,
        "no lingering: ten of twenty waited"
    );
}

#[test]
fn with_disk_and_first_endpoint_stuck_an_alarm_overtakes_a_thousand_readings_to_the_second_endpoint()
 {
    let mut world = calm(2);
    world.misfortune.disk_slow_ms = 20_000;
    world.freeze(0, 60_000);
    for _ in 0..1_000 {
        world.speak(Lane::Routine);
    }
    say(
        &mut world,
        "zigbee2mqtt/pendant",
        r#"{"action":"emergency"}"#,
        false,
    );
    world.pass(3_100);
    let alarms: Vec<Event> = events(&world, 1);
    assert!(
        alarms
            .iter()
            .any(|e| e.what == What::alarm(AlarmKind::Help, Condition::Raised)),
        "the second endpoint holds {alarms:?}"
    );
}

#[test]
fn a_repeated_state_is_told_once_and_a_change_is_told() {
    let mut world = calm(1);
    for smoke in ["false", "true", "true", "true", "false"] {
        say(
            &mut world,
            "zigbee2mqtt/kitchen smoke",
            &format!(r#"{{"smoke":{smoke}}}"#),
            false,
        );
        world.pass(100);
    }
    let told: Vec<What> = events(&world, 0).into_iter().map(|e| e.what).collect();
    assert_eq!(
        told,
        [
            What::alarm(AlarmKind::Smoke, Condition::Restored),
            What::alarm(AlarmKind::Smoke, Condition::Raised),
            What::alarm(AlarmKind::Smoke, Condition::Restored),
        ]
    );
}

#[test]
fn an_active_alarm_first_met_as_retained_is_raised_and_says_that_it_is_old() {
    let mut world = calm(1);
    let smoke = r#"{"smoke":true}"#;
    say(&mut world, "zigbee2mqtt/smoke", smoke, true);
    say(&mut world, "zigbee2mqtt/smoke", smoke, true);
    say(&mut world, "zigbee2mqtt/smoke", smoke, false);
    world.pass(100);
    let told = events(&world, 0);
    assert_eq!(told.len(), 1);
    assert!(told[0].flags.replayed);
}

#[test]
fn a_state_survives_a_crash_and_is_not_told_again() {
    let mut world = calm(1);
    say(&mut world, "zigbee2mqtt/smoke", r#"{"smoke":true}"#, false);
    world.pass(100);
    world.crash();
    world.pass(5_000);
    say(&mut world, "zigbee2mqtt/smoke", r#"{"smoke":true}"#, false);
    world.pass(100);
    assert_eq!(events(&world, 0).len(), 1);
}

#[test]
fn every_press_counts_even_when_the_button_says_the_same_each_time() {
    let mut world = calm(1);
    for _ in 0..3 {
        world.speak(Lane::Alarm);
        say(&mut world, "zigbee2mqtt/pendant", r#"{"action":""}"#, false);
    }
    world.pass(500);
    assert_eq!(events(&world, 0).len(), 3);
}

#[test]
fn a_press_that_a_kill_left_unanswered_comes_again_and_says_so() {
    let mut world = calm(1);
    world.freeze(0, 500_000);
    world.misfortune.disk_slow_ms = 1;
    world.speak(Lane::Alarm);
    // The disk has it and the answer is on its way when the gateway dies.
    let number = 1;
    while !world.disk.has(number) {
        world.pass(1);
        if world.broker.waiting() == 0 {
            break;
        }
    }
    world.crash();
    world.heal();
    check_the_end(&world);
    let presses = events(&world, 0);
    let again = presses.iter().filter(|e| e.flags.redelivered).count();
    assert_eq!(presses.len() - again, 1, "{presses:?}");
}

#[test]
fn the_home_is_told_how_far_its_alarm_has_come() {
    let mut world = calm(1);
    world.speak(Lane::Alarm);
    world.pass(200);
    let told = |world: &World| -> Option<Stage> {
        let alarms = world.told.iter().filter(|(t, _)| t.starts_with("alarm/"));
        let stages = alarms.filter_map(|(_, p)| AlarmInHome::from_json(p));
        stages.map(|a| a.stage).next()
    };
    assert_eq!(told(&world), Some(Stage::Accepted));
    let name = world.hubs[0].entries().keys().next().copied().unwrap();
    for (progress, stage) in [
        (v1::stage::Progress::Presented, Stage::Presented),
        (v1::stage::Progress::Claimed, Stage::Claimed),
        (v1::stage::Progress::Attending, Stage::Attending),
        (v1::stage::Progress::Closed, Stage::Closed),
    ] {
        let says = v1::Stage {
            name: Some(v1::Name {
                epoch: name.0,
                lane: name.1,
                seq: name.2,
            }),
            progress: progress.into(),
            by: "Responder 4".to_owned(),
            at_ms: 0,
        };
        from_hub(&mut world, v1::from_hub::Says::Stage(says));
        assert_eq!(told(&world), Some(stage));
    }
    world.pass(61_000);
    assert_eq!(told(&world), None, "closed, shown, cleared");
}

#[test]
fn the_home_is_told_when_its_alarm_is_not_sent_yet() {
    let mut world = calm(1);
    world.freeze(0, 500_000);
    world.speak(Lane::Alarm);
    world.pass(11_000);
    let summary = Summary::from_json(&world.told["summary"]).unwrap();
    assert_eq!(summary.stage, Some(Stage::NotSentYet));
    assert_eq!(summary.open, 1);
}

#[test]
fn an_alarm_that_was_closed_while_nobody_listened_is_cleared_in_the_home() {
    let mut world = calm(1);
    world.speak(Lane::Alarm);
    world.pass(200);
    let shown = |world: &World| world.told.keys().any(|topic| topic.starts_with("alarm/"));
    assert!(shown(&world));
    // The gateway dies; the hub, which closes the case meanwhile, greets the next run without a word of it.
    world.crash();
    world.pass(5_000);
    assert!(shown(&world), "it may still be open");
    world.pass(100_000);
    assert!(!shown(&world), "told closed, then cleared");
}

#[test]
fn a_pause_holds_routine_back_and_never_an_alarm() {
    let mut world = calm(1);
    let pause = v1::Pause {
        lane: Lane::Routine.wire(),
        for_ms: 5_000,
    };
    from_hub(&mut world, v1::from_hub::Says::Pause(pause));
    let pause = v1::Pause {
        lane: Lane::Alarm.wire(),
        for_ms: 5_000,
    };
    from_hub(&mut world, v1::from_hub::Says::Pause(pause));
    let routine = world.speak(Lane::Routine);
    let alarm = world.speak(Lane::Alarm);
    world.pass(1_000);
    assert!(world.hubs[0].has_number(alarm));
    assert!(!world.hubs[0].has_number(routine));
    assert!(world.disk.has(routine), "it waits on the disk");
    world.pass(5_000);
    assert!(world.hubs[0].has_number(routine));
}

#[test]
fn alarms_of_the_last_day_are_offered_again_to_a_hub_whose_ledger_has_gone_back() {
    let mut world = calm(1);
    let alarm = world.speak(Lane::Alarm);
    world.pass(1_000);
    assert!(world.hubs[0].has_number(alarm));
    world.restore_older_ledger(0);
    assert!(!world.hubs[0].has_number(alarm));
    world.pass(10_000);
    assert!(world.hubs[0].has_number(alarm));
}

#[test]
fn a_test_alarm_goes_all_the_way_and_says_that_it_is_a_test() {
    let mut world = calm(1);
    world.input(Input::Order(Order::TestAlarm));
    world.pass(100);
    let told = events(&world, 0);
    assert_eq!(told.len(), 1);
    assert!(told[0].flags.test);
}

#[test]
fn an_orderly_end_puts_everything_on_the_disk_first() {
    let mut world = calm(1);
    world.freeze(0, 500_000);
    let numbers: Vec<u64> = (0..5).map(|_| world.speak(Lane::Routine)).collect();
    world.input(Input::Stop);
    world.pass(1_000);
    assert!(world.gateway().is_none(), "it said that it may end");
    assert!(numbers.iter().all(|n| world.disk.has(*n)));
}

#[test]
fn a_source_that_stays_away_is_told_once_and_its_return_once() {
    let mut world = calm(1);
    world.input(Input::SourceDown {
        source: 0,
        why: "no route".to_owned(),
    });
    world.pass(60_000);
    world.input(Input::SourceUp {
        source: 0,
        resumed: true,
    });
    world.pass(1_000);
    let told: Vec<What> = events(&world, 0)
        .into_iter()
        .filter(|e| e.device.id == "gateway/source/zigbee")
        .map(|e| e.what)
        .collect();
    let path = |what: &What, due: Condition| {
        matches!(what, What::Health { kind: HealthKind::Path, of, .. }
            if *of == tecs_protocol::signal::HealthOf::Condition(due))
    };
    assert_eq!(told.len(), 2);
    assert!(path(&told[0], Condition::Raised) && path(&told[1], Condition::Restored));
}

#[test]
fn when_the_disk_is_full_the_oldest_routine_goes_and_says_so_and_alarms_stay() {
    let mut settings = settings(1);
    settings.limits.disk = [1 << 20, 1 << 20, 8 << 10];
    let mut world = World::new(1, settings, Misfortune::none());
    world.pass(200);
    world.freeze(0, 10_000_000);
    let alarm = world.speak(Lane::Alarm);
    let first = world.speak(Lane::Routine);
    for _ in 0..200 {
        world.speak(Lane::Routine);
        world.pass(100);
    }
    assert!(!world.disk.has(first), "the oldest routine is gone");
    assert!(world.disk.gaps() > 0, "a Gap stands for it");
    assert!(world.disk.has(alarm));
    world.heal();
    check_the_end(&world);
    assert!(world.hubs[0].has_number(alarm));
    assert!(world.gaps() > 0, "the hub was told");
}
