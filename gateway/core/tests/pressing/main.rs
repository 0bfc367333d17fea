//! More presses than ten a minute of one device: each second one record that says how many, nobody's press dropped or
//! answered before it is safe, on a hand-turned clock.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(test)]
mod home;

use gateway_core::{Input, Mono, Order};
use tecs_protocol::hub::v1;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::Condition;

use home::{CLEARED, HELD, Home, PRESS};

#[test]
fn ten_presses_a_minute_are_each_a_record_and_beyond_that_a_second_is_one() {
    let mut home = Home::new(1, 0, Vec::new());
    home.press("pendant", 10);
    assert_eq!(home.counts("zigbee/pendant"), [1; 10]);
    home.now += 100;
    home.press("pendant", 300);
    home.pass(700);
    home.press("pendant", 200);
    home.disk();
    assert_eq!(home.acknowledged.len(), 10, "the others are not safe yet");
    home.pass(300);
    assert_eq!(home.counts("zigbee/pendant")[10..], [500]);
    let storm = &home.records[10].1;
    assert_eq!(storm.heard.since_boot_ms, 100);
    assert_eq!(storm.last_heard.unwrap().since_boot_ms, 800);
    let in_order: Vec<u64> = (1..=510).collect();
    assert_eq!(home.acknowledged, in_order, "safe with the one record");
}

#[test]
fn a_storm_is_a_record_a_second_and_its_end_leaves_nothing_behind() {
    let mut home = Home::new(1, 0, Vec::new());
    for _ in 0..20 {
        for _ in 0..10 {
            home.press("pendant", 500);
            home.pass(100);
        }
    }
    home.pass(2_000);
    let counts = home.counts("zigbee/pendant");
    assert_eq!(counts.iter().sum::<u32>(), 100_000);
    assert!(counts.len() <= 10 + 21, "{} records", counts.len());
    assert_eq!(home.acknowledged.len(), 100_000);
    // A press a while after the storm waits for nothing, and after a minute all is as it was.
    home.press("pendant", 1);
    assert_eq!(home.counts("zigbee/pendant").len(), counts.len() + 1);
    home.pass(61_000);
    home.press("pendant", 10);
    assert_eq!(home.counts("zigbee/pendant").len(), counts.len() + 11);
    // What the journal remembers of presses is gone as well.
    home.pass(60_000);
    let presses = home.kept.iter().filter(|n| n.key.starts_with(b"presses"));
    assert_eq!(presses.filter(|n| n.value.is_some()).count(), 0);
}

#[test]
fn presses_that_are_a_second_apart_wait_for_nothing() {
    let mut home = Home::new(1, 0, Vec::new());
    for n in 1..=60 {
        home.press("pendant", 1);
        assert_eq!(home.counts("zigbee/pendant").len(), n);
        home.pass(1_000);
    }
}

#[test]
fn another_pendant_s_press_is_a_record_at_once_in_the_middle_of_a_storm() {
    let mut home = Home::new(1, 0, Vec::new());
    home.press("pendant", 400);
    home.press("second", 1);
    assert_eq!(home.counts("zigbee/second"), [1]);
    let both = home.publish("second", PRESS);
    let storm = home.publish("pendant", PRESS);
    home.inputs(vec![storm, both]);
    assert_eq!(home.counts("zigbee/second"), [1, 1]);
    // Two storms at once are counted each by itself.
    home.press("second", 30);
    home.pass(1_000);
    assert_eq!(home.counts("zigbee/pendant").iter().sum::<u32>(), 401);
    assert_eq!(home.counts("zigbee/second").iter().sum::<u32>(), 32);
}

#[test]
fn presses_of_another_meaning_are_not_counted_together() {
    let mut home = Home::new(1, 0, Vec::new());
    home.press("pendant", 20);
    home.say("pendant", r#"{"action":"panic"}"#, 20);
    home.pass(1_000);
    let mut meanings = std::collections::BTreeMap::new();
    for (_, event) in &home.records {
        *meanings.entry(format!("{:?}", event.what)).or_insert(0) += event.folded;
    }
    assert_eq!(meanings.into_values().collect::<Vec<u32>>(), [20, 20]);
}

#[test]
fn what_one_device_says_keeps_its_order_whatever_is_counted_of_it() {
    let mut home = Home::new(1, 0, Vec::new());
    home.press("pendant", 10);
    home.now += 10;
    // A press that waits for its second, then one of another meaning that is a record at once, then one that waits.
    home.press("pendant", 3);
    home.say("pendant", r#"{"action":"panic"}"#, 10);
    home.press("pendant", 2);
    home.say("pendant", r#"{"action":"panic"}"#, 4);
    home.press("pendant", 1);
    home.pass(2_000);
    let after: Vec<(bool, u32)> = home.records[10..]
        .iter()
        .map(|(_, event)| (format!("{:?}", event.what).contains("Panic"), event.folded))
        .collect();
    let mut due = vec![(false, 3)];
    due.extend([(true, 1); 10]);
    due.extend([(false, 3), (true, 4)]);
    assert_eq!(after, due);
}

#[test]
fn nothing_is_counted_together_across_what_the_hub_says_of_it() {
    let mut home = Home::new(1, 0, Vec::new());
    home.press("pendant", 10);
    home.now += 10;
    home.press("pendant", 30);
    let last = home.records.last().unwrap().0;
    home.stage(last, v1::stage::Progress::Closed);
    assert_eq!(
        home.counts("zigbee/pendant")[10..],
        [30],
        "before it was closed"
    );
    home.press("pendant", 5);
    // What says nothing new parts nothing: the rule stays a record a second, however often the hub says it.
    home.stage(last, v1::stage::Progress::Closed);
    home.press("pendant", 5);
    home.pass(1_000);
    assert_eq!(home.counts("zigbee/pendant")[10..], [30, 10]);
}

#[test]
fn a_stage_of_another_alarm_parts_nothing() {
    let mut home = Home::new(1, 0, Vec::new());
    home.press("second", 1);
    let other = home.records.last().unwrap().0;
    home.press("pendant", 40);
    home.stage(other, v1::stage::Progress::Closed);
    home.press("pendant", 10);
    home.pass(1_000);
    assert_eq!(home.counts("zigbee/pendant")[10..], [40]);
}

#[test]
fn presses_before_a_restore_are_told_before_it_and_presses_after_it_are_new() {
    let mut home = Home::new(1, 0, Vec::new());
    home.say("keypad", HELD, 1);
    home.press("keypad", 15);
    home.say("keypad", CLEARED, 1);
    home.press("keypad", 5);
    home.pass(1_000);
    let said: Vec<(bool, u32)> = (home.records.iter().skip(11))
        .map(|(_, event)| (event.what.is_raised(), event.folded))
        .collect();
    assert_eq!(said, [(true, 5), (false, 1), (true, 5)]);
}

#[test]
fn a_responder_who_presses_again_and_again_is_told_each_time() {
    let mut home = Home::new(1, 0, Vec::new());
    home.say("at the door", r#"{"action":"single"}"#, 30);
    assert_eq!(home.counts("door-button"), [1; 30]);
    home.full = true;
    home.press("pendant", 1);
    home.disk();
    let before = home.gateway.status(Mono(home.now)).counters.folded;
    home.say("at the door", r#"{"action":"single"}"#, 5);
    let after = home.gateway.status(Mono(home.now)).counters.folded;
    assert_eq!(before, after, "also on a full disk");
}

#[test]
fn a_broker_with_a_window_is_answered_before_it_stops() {
    let mut home = Home::new(1, 20, Vec::new());
    home.press("pendant", 10);
    home.disk();
    assert_eq!(home.acknowledged.len(), 10);
    home.press("pendant", 9);
    assert_eq!(home.counts("zigbee/pendant").len(), 10);
    home.press("pendant", 1);
    assert_eq!(
        home.counts("zigbee/pendant")[10..],
        [10],
        "half of its window"
    );
    home.disk();
    assert_eq!(home.acknowledged.len(), 20);
}

#[test]
fn on_a_full_disk_a_storm_is_counted_and_what_was_said_last_stays_last() {
    let mut home = Home::new(1, 0, Vec::new());
    home.full = true;
    home.press("pendant", 1);
    home.disk();
    for _ in 0..5 {
        home.press("pendant", 100);
        home.pass(1_000);
    }
    home.say("keypad", HELD, 1);
    home.say("keypad", PRESS, 1);
    home.say("keypad", CLEARED, 1);
    home.say("keypad", PRESS, 1);
    assert_eq!(home.acknowledged, [] as [u64; 0]);
    home.full = false;
    home.pass(5_000);
    assert_eq!(home.acknowledged.len(), 505);
    assert_eq!(home.counts("zigbee/pendant").iter().sum::<u32>(), 501);
    let keypad = home
        .records
        .iter()
        .filter(|(_, e)| e.device.id == "zigbee/keypad");
    let conditions: Vec<Condition> = keypad
        .map(|(_, event)| match &event.what {
            What::Alarm { condition, .. } => *condition,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        conditions.len(),
        3,
        "a press after a restore is not in the one before it"
    );
    assert_eq!(conditions.last(), Some(&Condition::Raised));
}

#[test]
fn after_a_kill_presses_that_come_again_are_known_and_those_that_had_no_record_are_new() {
    let mut home = Home::new(1, 0, Vec::new());
    home.press("pendant", 10);
    home.press("pendant", 400);
    home.pass(1_000);
    assert_eq!(home.counts("zigbee/pendant")[10..], [400]);
    let answered = home.acknowledged.len();
    home.press("pendant", 50);
    assert_eq!(home.acknowledged.len(), answered, "counted, and not safe");
    // Killed: neither the answers of the 400 nor those of the 50 arrived.
    let mut again = Home::new(2, 0, home.kept);
    let presses = (11..=460)
        .map(|packet| Home::again("pendant", PRESS, packet, true))
        .collect();
    again.inputs(presses);
    again.pass(1_000);
    let of = |known: bool| -> u32 {
        let records = again.records.iter();
        let of = records.filter(|(_, e)| e.flags.redelivered == known);
        of.map(|(_, event)| event.folded).sum()
    };
    assert_eq!((of(true), of(false)), (400, 50));
    assert_eq!(again.acknowledged.len(), 450);
    assert!(again.records.len() <= 22, "{}", again.records.len());
}

#[test]
fn at_the_end_what_is_counted_becomes_a_record_at_once() {
    let mut home = Home::new(1, 0, Vec::new());
    home.press("pendant", 60);
    home.input(Input::Stop);
    home.disk();
    assert_eq!(home.counts("zigbee/pendant").iter().sum::<u32>(), 60);
    assert_eq!(home.acknowledged.len(), 60);
}

#[test]
fn ten_thousand_names_that_press_are_bounded_and_a_listed_or_known_device_keeps_its_own() {
    let mut home = Home::new(1, 0, Vec::new());
    home.press("pendant", 1);
    for n in 0..200 {
        let some = (0..100)
            .map(|m| home.publish(&format!("rogue {n} {m}"), PRESS))
            .collect();
        home.inputs(some);
        home.pass(10);
    }
    home.press("pendant", 1);
    assert_eq!(home.counts("zigbee/pendant"), [1, 1]);
    home.pass(1_000);
    let presses: u32 = home.records.iter().map(|(_, event)| event.folded).sum();
    let refused = home.gateway.status(Mono(home.now)).counters.refused;
    assert_eq!(
        u64::from(presses) + refused,
        20_002,
        "none is dropped in silence"
    );
}

#[test]
fn a_test_alarm_is_nobody_s_press() {
    let mut home = Home::new(1, 0, Vec::new());
    let before = home.gateway.status(Mono(0)).counters.raised;
    (0..30).for_each(|_| home.input(Input::Order(Order::TestAlarm)));
    let counters = home.gateway.status(Mono(0)).counters;
    assert_eq!((counters.raised - before, counters.folded), (30, 0));
}
