//! Kill -9 at any moment, of each process in turn, while the home goes on living. What the broker took over is at the
//! hub in the end, no name twice, alarms in time. `TECS_ROUNDS` scales it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::time::Duration;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use tecs_sim::tally::AtHub;
use tecs_tests::house::{House, house, load, now_ms, rounds};
use tokio::time::{Instant, sleep};

/// Everything is at the hub within this of the last kill.
const IN_THE_END: Duration = Duration::from_mins(1);
/// An alarm is at the hub within this, while gateway and hub are up.
const ALARM_WITHIN_MS: i64 = 5_000;

/// A moment up to so many milliseconds away.
fn moment(luck: &mut ChaCha8Rng, most: u64) -> Duration {
    Duration::from_millis(luck.random_range(1..=most))
}

/// Each alarm's way, from when it was said or, if it had to wait for one, from when everything ran again.
fn slowest_alarm(house: &House, at_hub: &[AtHub], up_again: &[i64]) -> i64 {
    let arrived = |device: &str, number| {
        let all = at_hub
            .iter()
            .filter(|r| r.device == device && r.number == Some(number));
        all.map(|r| r.received_ms).min()
    };
    let alarms = house.living.spoken.iter().filter(|s| s.deed == "press");
    let waits = alarms.filter_map(|s| {
        let at = arrived(&s.message.device, s.message.number)?;
        let begun = up_again.iter().filter(|up| **up <= at).max();
        Some(at - begun.copied().unwrap_or(0).max(s.wall_ms))
    });
    waits.max().expect("alarms")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_killed_with_9_at_any_moment_loses_nothing_and_counts_nothing_twice() {
    let (rounds, mut luck) = rounds("gateway killed", 10);
    let Some(mut house) = house().await else {
        return;
    };
    let began = Instant::now();
    let mut up_again = Vec::new();
    let mut killed_at_start = 0;
    for _ in 0..rounds {
        let alive = moment(&mut luck, 1_200);
        house.lives(&mut luck, alive).await;
        house.kill_gateway();
        let dead = moment(&mut luck, 200);
        house.lives(&mut luck, dead).await;
        if luck.random_ratio(1, 4) {
            house.gateway.starts();
            let young = moment(&mut luck, 250);
            sleep(young).await;
            house.kill_gateway();
            killed_at_start += 1;
        }
        house.gateway.comes().await;
        up_again.push(now_ms());
    }
    let count = house.everything_arrives(IN_THE_END).await;
    let slowest = slowest_alarm(&house, &house.at_hubs().await, &up_again);
    println!(
        "{rounds} kills and {killed_at_start} of a gateway that was starting, in {:?}: {} of {} arrived, {} lost, \
         {} twice, {} redelivered and marked, slowest alarm {slowest} ms, load {}",
        began.elapsed(),
        count.arrived,
        count.must,
        count.lost.len(),
        count.twice.len(),
        count.redelivered.len(),
        load(),
    );
    assert!(
        count.must > 10 * rounds as usize,
        "too little was said: the kills proved nothing"
    );
    assert!(slowest < ALARM_WITHIN_MS, "an alarm took {slowest} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_with_9_at_any_moment_gets_everything_once() {
    let (rounds, mut luck) = rounds("hub killed", 6);
    let Some(mut house) = house().await else {
        return;
    };
    let mut up_again = Vec::new();
    for _ in 0..rounds {
        let alive = moment(&mut luck, 1_000);
        house.lives(&mut luck, alive).await;
        house.hubs[0].is_killed();
        let away = moment(&mut luck, 600);
        house.lives(&mut luck, away).await;
        house.hubs[0].comes().await;
        up_again.push(now_ms());
    }
    let count = house.everything_arrives(IN_THE_END).await;
    let slowest = slowest_alarm(&house, &house.at_hubs().await, &up_again);
    println!("{rounds} kills of the hub, slowest alarm {slowest} ms");
    assert!(
        count.redelivered.is_empty(),
        "no source had a reason: {:?}",
        count.redelivered
    );
    assert!(slowest < ALARM_WITHIN_MS, "an alarm took {slowest} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn gateway_and_hub_killed_together_lose_nothing() {
    let (rounds, mut luck) = rounds("both killed", 4);
    let Some(mut house) = house().await else {
        return;
    };
    for _ in 0..rounds {
        let alive = moment(&mut luck, 600);
        house.lives(&mut luck, alive).await;
        house.hubs[0].is_killed();
        let alone = moment(&mut luck, 600);
        house.lives(&mut luck, alone).await;
        house.kill_gateway();
        house.hubs[0].comes().await;
        house.gateway.comes().await;
    }
    house.everything_arrives(IN_THE_END).await;
}

/// What mosquitto has acknowledged survives its own good end; a kill may cost it that (reference: 'Found by trying').
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_ends_in_good_order_and_comes_back_costs_nothing() {
    let (rounds, mut luck) = rounds("broker restarted", 4);
    let Some(mut house) = house().await else {
        return;
    };
    for _ in 0..rounds {
        let alive = moment(&mut luck, 800);
        house.lives(&mut luck, alive).await;
        house.broker.restart().await;
        house.gateway.open().await;
    }
    house.lives(&mut luck, Duration::from_millis(300)).await;
    house.everything_arrives(IN_THE_END).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_broker_was_killed_with_or_without_its_sessions_the_gateway_listens_again() {
    let (rounds, mut luck) = rounds("broker killed", 4);
    let Some(mut house) = house().await else {
        return;
    };
    for round in 0..rounds {
        let alive = moment(&mut luck, 500);
        house.lives(&mut luck, alive).await;
        house.broker.crash(round % 2 == 0).await;
        // The socket's state may be a moment older than the crash: what counts is that a press gets through.
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let press = house.does("pendant", "press", None).await;
            let number = Some(press.message.number);
            sleep(Duration::from_millis(300)).await;
            if house
                .at_hubs()
                .await
                .iter()
                .any(|r| r.device == "pendant" && r.number == number)
            {
                break;
            }
            assert!(
                Instant::now() < end,
                "round {round}: no press gets through any more"
            );
        }
    }
    // What it acknowledged and lost, and what it sends again because it forgot our acknowledgement, is its own doing.
    let count = house.count().await;
    let (lost, again) = (count.lost.len(), count.twice.len());
    println!(
        "{rounds} kills of the broker: it lost {lost} of {} and sent {again} again unmarked",
        count.must
    );
    assert!(
        count.unexpected.is_empty(),
        "nobody said: {:?}",
        count.unexpected
    );
}
