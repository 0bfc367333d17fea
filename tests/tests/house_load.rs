//! The load tool in small: what it says arrives whole and once, and it counts what it promises to count. Its times mean
//! nothing on a machine that does something else, and are not looked at.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of these tests fail the test"
)]

use serde_json::Value;
use tecs_tests::house::programs;

/// The one line that a load prints.
fn told(args: &[&str]) -> Value {
    let work = tempfile::tempdir().unwrap();
    let done = programs::run("tecs-sim")
        .args(args)
        .arg("--work-dir")
        .arg(work.path().join("load"))
        .output()
        .expect("tecs-sim");
    let (out, err) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(done.status.success(), "{}\n{out}\n{err}", done.status);
    assert_eq!(out.lines().count(), 1, "{out}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_small_load_arrives_whole_and_nothing_is_there_twice() {
    if programs::mosquitto().is_none() {
        return;
    }
    let small = "load --homes 2 --events 300 --backlog 400 --steady-s 1 --steady-per-s 100 --paced-s 1 --returns 1";
    let told = told(&small.split(' ').collect::<Vec<_>>());
    assert_eq!(
        (&told["lost"], &told["repeated"]),
        (&0.into(), &0.into()),
        "{told:#}"
    );
    // Both homes: online, both steady and fast, alarms and words at a home's pace, the backlog, the one that waited; and alarms that came meanwhile.
    let least = 2 * (300 + 100 + 20 + 20 + 400 + 1);
    assert!(told["said"].as_u64().unwrap() >= least, "{told:#}");
    assert_eq!(told["offline"]["events"], 800);
    assert_eq!(told["paced"]["alarms"]["count"], 40);
    assert_eq!(told["hub_listening_to_first_alarm"]["count"], 2);
    let per_page = told["offline"]["syncs_per_page"].as_f64().unwrap();
    assert!(per_page > 0.0 && per_page <= 2.0, "{told:#}");
}

#[test]
fn a_hub_with_many_gateways_receipts_every_record_before_and_after_it_is_killed() {
    let few = "load-hub --gateways 25 --at-rate 100 --events 150 --backlog 70";
    let told = told(&few.split(' ').collect::<Vec<_>>());
    assert_eq!(told["lost"], 0, "{told:#}");
    assert!(
        told["at_rate"]["events"].as_u64().unwrap() >= 25 * 4 * 6,
        "{told:#}"
    );
    assert!(
        told["flood"]["events"].as_u64().unwrap() >= 25 * 150,
        "{told:#}"
    );
    // Twenty more come back with the others, and each twentieth has an alarm.
    assert_eq!(told["storm"]["events"], 45 * 70 + 3, "{told:#}");
    assert_eq!(told["storm"]["alarms"]["count"], 3, "{told:#}");
}
