//! A disk whose sync does not come back, or late: it is told, and alarms wait for nothing.

use super::*;

#[test]
fn a_sync_that_hangs_is_told_after_2_s_at_the_hub_and_in_the_home_and_its_end_too() {
    let mut world = world(1);
    world.hang_disk(30_000);
    world.speak(Lane::Alarm);
    world.pass(1_990);
    assert_eq!(told_of(&world, "gateway/journal"), []);
    world.pass(50);
    assert_eq!(told_of(&world, "gateway/journal"), [Raised]);
    assert!(!the_home_hears_of_the_journal(&world));
    world.pass(30_000);
    assert_eq!(told_of(&world, "gateway/journal"), [Raised, Restored]);
    assert!(the_home_hears_of_the_journal(&world));
    world.heal();
    check_the_end(&world);
}

#[test]
fn a_sync_that_is_slow_by_more_than_2_s_is_told_and_a_quicker_one_is_not() {
    for (takes, told) in [(1_900, &[][..]), (2_200, &[Raised, Restored][..])] {
        let mut world = world(1);
        world.hang_disk(takes);
        world.speak(Lane::Alarm);
        world.pass(5_000);
        assert_eq!(told_of(&world, "gateway/journal"), told, "{takes} ms");
    }
}

#[test]
fn while_the_disk_hangs_for_an_hour_every_alarm_is_at_the_hub_at_once_and_answered() {
    let mut world = world(1);
    world.hang_disk(HOUR);
    world.speak(Lane::Alarm);
    world.pass(3_000);
    for _ in 0..100 {
        let number = world.speak(Lane::Alarm);
        world.pass(30);
        assert!(world.hubs[0].has_number(number));
        assert_eq!(world.broker.waiting(), 0, "answered by the hub's receipt");
        world.pass(1_000);
    }
    world.pass(HOUR);
    world.heal();
    check_the_end(&world);
}

#[test]
fn a_disk_that_hangs_is_given_no_more_orders_than_it_had_when_it_was_told() {
    let mut world = world(1);
    world.freeze(0, HOUR);
    world.pass(12_000);
    world.hang_disk(HOUR);
    world.speak(Lane::Alarm);
    world.pass(3_000);
    let pages = |world: &World| {
        let now = gateway_core::Mono(world.now);
        world.gateway().unwrap().status(now).counters.pages
    };
    let before = pages(&world);
    for _ in 0..10 {
        world.speak(Lane::Alarm);
        world.pass(1_000);
    }
    assert_eq!(pages(&world), before);
    world.pass(HOUR);
    world.heal();
    check_the_end(&world);
}

#[test]
fn a_machine_that_slept_while_a_sync_was_due_has_no_journal_that_hangs() {
    let mut world = world(1);
    world.misfortune.disk_slow_ms = 100;
    world.speak(Lane::Alarm);
    world.suspend(8 * HOUR);
    world.pass(1_000);
    assert_eq!(told_of(&world, "gateway/journal"), []);
}

#[test]
fn an_end_while_the_disk_hangs_is_waited_for_2_s_and_no_longer() {
    let mut world = world(1);
    world.freeze(0, HOUR);
    world.pass(12_000);
    world.hang_disk(HOUR);
    world.speak(Lane::Alarm);
    world.pass(100);
    world.input(Input::Stop);
    world.pass(1_900);
    assert!(world.gateway().is_some(), "its answer may still come");
    world.pass(200);
    assert!(world.gateway().is_none());
    assert_eq!(world.broker.waiting(), 1, "its source keeps it");
}
