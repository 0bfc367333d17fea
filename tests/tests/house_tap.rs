//! `tap` against a real daemon: what it shows, what it hides, and that a slow reader costs nobody anything.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tecs_sim::bridge::Bridge;
use tecs_tests::house::process::Process;
use tecs_tests::house::{House, SOON, house, until};
use tokio::time::sleep;

async fn stranger(house: &House) -> Bridge {
    Bridge::bare(&house.broker.way_in("zigbee2mqtt"), "stranger")
        .await
        .unwrap()
}

/// A tap that is open, and the file of its words.
async fn tap(house: &House, name: &str, more: &[&str]) -> (Process, PathBuf) {
    let log = house.folder.path().join(name);
    let mut command = house.gateway.command("tap");
    command.args(more);
    let tap = Process::start(&mut command, &log);
    until("the tap is open", SOON, || {
        lines(&log).iter().any(|line| line["ok"] == true)
    })
    .await;
    (tap, log)
}

/// The lines that a tap printed so far.
fn lines(log: &Path) -> Vec<Value> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_shows_what_is_decided_and_nothing_personal_unless_asked_and_ends_with_the_daemon() {
    let Some(mut house) = house().await else {
        return;
    };
    let (mut bare, bare_log) = tap(&house, "bare", &["--json"]).await;
    let (mut whole, whole_log) = tap(&house, "whole", &["--json", "--personal"]).await;
    let mut stranger = stranger(&house).await;
    for (topic, payload) in [
        (
            "zigbee2mqtt/CANARY device",
            &b"{\"smoke\":true,\"note\":\"CANARY words\"}"[..],
        ),
        ("zigbee2mqtt/CANARY device", b"CANARY nonsense"),
        ("zigbee2mqtt/bridge/state", b"{\"state\":\"online\"}"),
    ] {
        stranger.publish(topic, payload, false).await.unwrap();
    }
    house.does("pendant", "press", None).await;
    for log in [&bare_log, &whole_log] {
        until("everything is shown", SOON, || {
            let all = lines(log);
            let has = |key: &str| all.iter().any(|l| !l[key].is_null());
            let press = all.iter().any(|l| l["event"]["device"] == "pendant");
            press && has("refused") && has("ignored")
        })
        .await;
    }
    let bare_text = fs::read_to_string(&bare_log).unwrap();
    assert!(!bare_text.contains("CANARY"), "{bare_text}");
    let smoke = lines(&bare_log);
    let smoke = smoke
        .iter()
        .find(|l| l["event"]["kind"] == "smoke")
        .unwrap();
    assert_eq!(
        (&smoke["lane"], &smoke["event"]["condition"]),
        (&"alarm".into(), &"raised".into())
    );
    assert!(smoke["seq"].as_u64().unwrap() > 0);
    let whole_text = fs::read_to_string(&whole_log).unwrap();
    for canary in ["CANARY device", "CANARY words", "CANARY nonsense"] {
        assert!(
            whole_text.contains(canary),
            "{canary} is not in {whole_text}"
        );
    }
    house.gateway.process().terminate(SOON).await;
    for tap in [&mut bare, &mut whole] {
        let ended = tap.ended(SOON).await;
        assert!(ended.success(), "{ended}: {}", tap.said());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_tap_costs_no_alarm_and_is_told_what_it_missed_and_a_fifth_is_refused() {
    let Some(mut house) = house().await else {
        return;
    };
    let (slow, slow_log) = tap(&house, "slow", &["--json", "--personal"]).await;
    slow.freeze();
    let mut stranger = stranger(&house).await;
    for n in 0..4_000 {
        let payload = format!("{{\"temperature\":{}.5}}", n % 40);
        stranger
            .publish("zigbee2mqtt/Living room", payload.as_bytes(), false)
            .await
            .unwrap();
    }
    let press = house.does("pendant", "press", None).await;
    let took = house.arrives(0, &press, SOON).await;
    println!("with a frozen tap a press took {took:?}");
    slow.thaw();
    until("it is told what it missed", SOON, || {
        lines(&slow_log)
            .iter()
            .any(|l| l["dropped"].as_u64() > Some(0))
    })
    .await;
    let mut others = Vec::new();
    for n in 0..3 {
        others.push(tap(&house, &format!("tap-{n}"), &["--json"]).await);
    }
    let fifth = house.gateway.tool("tap", &[]);
    let said = String::from_utf8_lossy(&fifth.stderr);
    assert!(
        !fifth.status.success() && said.contains("as many taps"),
        "{said}"
    );
    drop((slow, others));
    sleep(Duration::from_secs(1)).await;
    tap(&house, "a place is free again", &["--json"]).await;
}
