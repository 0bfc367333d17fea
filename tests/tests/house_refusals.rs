//! Disks that refuse to be written, hang at a write or are gone: from the first moment, later and at the end. Alarms reach
//! the hub, the fault is told and restored, nothing ends, and what was acknowledged is there. Needs root and strace.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::time::Duration;

use tecs_sim::told::What;
use tecs_tests::house::{House, Mount, Plan, SOON, Syncs, house};
use tokio::time::{Instant, sleep};

/// Everything is at the hub within this of the last fault.
const IN_THE_END: Duration = Duration::from_mins(1);
/// An alarm's way while the hub is there and the disk is not; twice the promise, for machines that do something else.
const ALARM_WITHIN: Duration = Duration::from_secs(2);

/// Waits until the home was told whether the journal keeps what it should.
async fn told_of_journal(house: &mut House, since: Instant, fine: bool, within: Duration) {
    let is = |what: &What| matches!(what, What::Summary(summary) if summary.journal == fine);
    let told = house.lamp.wait(since, since + within, is).await;
    assert!(
        told.is_some(),
        "the home was not told journal = {fine}: {:?}",
        house.gateway.status()
    );
}

/// Presses and readings for a while, each press at the hub in time.
async fn lives(house: &mut House, presses: u32) {
    for _ in 0..presses {
        house.does("climate", "reading", Some(20.5)).await;
        let press = house.does("pendant", "press", None).await;
        house.arrives(0, &press, ALARM_WITHIN).await;
        sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_refuses_every_write_from_the_start_ends_nothing() {
    for error in [
        "EIO", "EROFS", "ENOSPC", "EDQUOT", "EUCLEAN", "ENODEV", "EMFILE", "EACCES",
    ] {
        println!("{error}");
        let Some(mut house) = Plan::default().build().await else {
            return;
        };
        let Some(under) = Syncs::writes_from_the_start(&format!("error={error}")) else {
            return;
        };
        house.gateway.under = under;
        let started = Instant::now();
        house.all_come().await;
        let pid = house.gateway.process().pid();
        lives(&mut house, 3).await;
        told_of_journal(&mut house, started, false, SOON).await;
        let (status, took) = house.gateway.process().terminate(SOON).await;
        println!("{error}: {status} after {took:?}");
        assert_eq!(status.code(), Some(0), "{error} {pid}");
        house.gateway.under.clear();
        house.gateway.comes().await;
        house.everything_arrives(IN_THE_END).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_refuses_every_write_later_is_told_and_restored_and_what_was_acknowledged_outlives_a_kill()
 {
    for error in ["EIO", "EROFS", "ENOSPC"] {
        let Some(mut house) = house().await else {
            return;
        };
        let (pid, log) = (
            house.gateway.process().pid(),
            house.folder.path().join("strace.log"),
        );
        lives(&mut house, 1).await;
        let since = Instant::now();
        let what = format!("error={error}");
        let Some(refusing) = Syncs::writes_meet(pid, &what, &log).await else {
            return;
        };
        lives(&mut house, 5).await;
        told_of_journal(&mut house, since, false, SOON).await;
        drop(refusing);
        let healed = Instant::now();
        lives(&mut house, 1).await;
        told_of_journal(&mut house, healed, true, Duration::from_secs(20)).await;
        assert!(house.gateway.runs(), "{error}");
        assert_eq!(house.gateway.process().pid(), pid, "{error}");
        house.hubs[0].is_killed();
        house.does("pendant", "press", None).await;
        sleep(Duration::from_millis(300)).await;
        // Once more, with nobody else to have it: killed while it refuses.
        let Some(refusing) = Syncs::writes_meet(pid, &what, &log).await else {
            return;
        };
        house.does("pendant", "press", None).await;
        sleep(Duration::from_secs(1)).await;
        house.kill_gateway();
        drop(refusing);
        house.gateway.comes().await;
        house.hubs[0].comes().await;
        house.everything_arrives(IN_THE_END).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_whose_writes_hang_delays_no_alarm_and_is_told_and_restored() {
    let Some(mut house) = house().await else {
        return;
    };
    let (pid, log) = (
        house.gateway.process().pid(),
        house.folder.path().join("strace.log"),
    );
    let since = Instant::now();
    let Some(hanging) = Syncs::writes_meet(pid, "delay_enter=120000000", &log).await else {
        return;
    };
    lives(&mut house, 40).await;
    told_of_journal(&mut house, since, false, Duration::from_secs(1)).await;
    drop(hanging);
    let healed = Instant::now();
    lives(&mut house, 1).await;
    told_of_journal(&mut house, healed, true, SOON).await;
    assert!(house.gateway.runs() && house.gateway.process().pid() == pid);
    house.everything_arrives(IN_THE_END).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_whose_first_writes_hang_keeps_no_alarm_from_the_hub_and_is_killed_in_peace() {
    let Some(mut house) = Plan::default().build().await else {
        return;
    };
    let Some(under) = Syncs::writes_from_the_start("delay_enter=12000000") else {
        return;
    };
    house.gateway.under = under;
    let started = Instant::now();
    house.all_come().await;
    lives(&mut house, 3).await;
    told_of_journal(&mut house, started, false, SOON).await;
    house.kill_gateway();
    house.gateway.under.clear();
    house.gateway.comes().await;
    house.everything_arrives(IN_THE_END).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_gone_under_a_running_daemon_ends_nothing() {
    let Some(mut house) = Plan::default().build().await else {
        return;
    };
    let Some(disk) = Mount::ext4(house.folder.path()) else {
        return;
    };
    let state = disk.at.join("state").display().to_string();
    house.gateway.set("gateway", "state_dir", state);
    house.all_come().await;
    let pid = house.gateway.process().pid();
    lives(&mut house, 2).await;
    let since = Instant::now();
    disk.power_fails();
    lives(&mut house, 20).await;
    told_of_journal(&mut house, since, false, SOON).await;
    assert!(house.gateway.runs() && house.gateway.process().pid() == pid);
    // It is started anew on the disk that is gone, before somebody mounts it again.
    let (status, took) = house.gateway.process().terminate(SOON).await;
    println!("{status} after {took:?}");
    house.gateway.comes().await;
    lives(&mut house, 3).await;
    let _ = house.gateway.process().terminate(SOON).await;
    disk.power_returns().await;
    house.gateway.comes().await;
    house.everything_arrives(IN_THE_END).await;
    drop((house, disk));
}
