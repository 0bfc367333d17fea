//! Lines that answer, in the house: a nurse call panel takes our ACK for a promise. Killed in the middle of any call, the
//! gateway has kept it: every call that was acknowledged is at the hub.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rand::RngExt as _;
use tecs_sim::tally::Place;
use tecs_sim::words::Taken;
use tecs_tests::house::{House, Plan, programs, rounds};
use tokio::time::{Instant, sleep};

/// Every call is acknowledged within this of the last kill: a panel waits seconds before it calls again.
const IN_THE_END: Duration = Duration::from_mins(1);

/// Two rooms on a panel that polls, and a garden gate on a bridge that does not; nobody lives there.
const HOME_TOML: &str = r#"
[home]
gateway = "rowan-4"
label = "4 Rowan Row"
[zigbee2mqtt]
last_seen = "epoch"
[[device]]
name = "Hall/Fall detector"
id = "fall"
room = "hall"
model = "fall_detector"
[[device]]
name = "401"
id = "bedroom"
room = "bedroom"
model = "nurse_call"
[[device]]
name = "402"
id = "bathroom"
room = "bathroom"
model = "nurse_call"
[[device]]
name = "77"
id = "garden"
room = "garden"
model = "bridge_call"
"#;

/// The calls that nobody has acknowledged yet.
fn waiting(house: &House) -> BTreeSet<Place> {
    let spoken = house.living.spoken.iter();
    let waits = spoken.filter(|s| s.deed == "press" && s.taken() != Taken::Yes);
    waits
        .map(|s| (s.message.device.clone(), s.message.number))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_that_was_acknowledged_is_at_the_hub_wherever_in_it_the_gateway_was_killed() {
    let (rounds, mut luck) = rounds("killed in a call", 8);
    let plan = Plan {
        home: HOME_TOML.to_owned(),
        ..Plan::default()
    };
    let Some(mut house) = plan.build().await else {
        return;
    };
    house.all_come().await;
    let mut interrupted = BTreeSet::new();
    for round in 0..rounds {
        for _ in 0..luck.random_range(0..3) {
            let room = ["bedroom", "bathroom", "garden"][luck.random_range(0..3)];
            house.does(room, "press", None).await;
        }
        // Up to here the gateway was given its time; this call is cut off at any moment of its exchange.
        let room = ["bedroom", "garden"][luck.random_range(0..2)];
        house.living.begins(room, "press").await.unwrap();
        sleep(Duration::from_micros(luck.random_range(0..4_000))).await;
        interrupted.extend(waiting(&house));
        house.kill_gateway();
        if round % 3 == 0 {
            house.does("bathroom", "press", None).await;
        }
        house.gateway.comes().await;
    }
    let end = Instant::now() + IN_THE_END;
    while !waiting(&house).is_empty() {
        let left = waiting(&house);
        assert!(Instant::now() < end, "never acknowledged: {left:?}");
        sleep(Duration::from_millis(100)).await;
    }
    let mut count = house.count().await;
    while !count.lost.is_empty() && Instant::now() < end {
        sleep(Duration::from_millis(100)).await;
        count = house.count().await;
    }
    println!(
        "{rounds} kills in the middle of a call: {} calls acknowledged, {} at the hub, {} twice, {} were cut off",
        count.must,
        count.arrived,
        count.twice.len(),
        interrupted.len(),
    );
    assert!(
        count.lost.is_empty(),
        "acknowledged and lost: {:?}",
        count.lost
    );
    assert!(count.unexpected.is_empty(), "{:?}", count.unexpected);
    assert!(count.reordered.is_empty(), "{:?}", count.reordered);
    // A line cannot say that it repeats: what was cut off may be there twice, and nothing else.
    let twice: BTreeSet<Place> = count.twice.into_iter().collect();
    let excess: Vec<_> = twice.difference(&interrupted).collect();
    assert!(
        excess.is_empty(),
        "twice, and nobody cut it off: {excess:?}"
    );
    assert!(count.must >= rounds as usize, "too little was called");
}

/// The scenario, played by the program that a tester would play it with.
#[tokio::test(flavor = "multi_thread")]
async fn the_scenario_of_every_wire_holds() {
    plays("wires.toml").await;
}

/// One device of every family through the real daemon.
#[tokio::test(flavor = "multi_thread")]
async fn the_scenario_of_every_family_holds() {
    plays("every-family.toml").await;
}

async fn plays(scenario: &str) {
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/../sim-devices/scenarios");
    let work = tempfile::tempdir().unwrap();
    let mut command = programs::run("tecs-sim");
    command
        .arg("scenario")
        .arg(Path::new(scenarios).join(scenario));
    command.arg("--work-dir").arg(work.path());
    let played = tokio::task::spawn_blocking(move || command.output()).await;
    let played = played.unwrap().unwrap();
    let told = String::from_utf8_lossy(&played.stdout);
    println!("{told}");
    let why = String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{told}\n{why}");
}
