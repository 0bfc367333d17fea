//! The daemon as its installer and its service manager meet it: its end, its double, its tools, its configuration.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use tecs_tests::house::{HOME, Plan, SOON, house, rounds};
use tokio::time::{Instant, sleep};

/// The end of the daemon is due within this of SIGTERM.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_loses_nothing_and_ends_within_5_s_even_while_the_hub_is_away() {
    let (rounds, mut luck) = rounds("SIGTERM", 3);
    let Some(mut house) = house().await else {
        return;
    };
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        if round % 2 == 0 {
            house.hubs[0].is_killed();
        }
        let pid = house.gateway.process().pid().to_string();
        let ending = tokio::spawn(async move {
            sleep(Duration::from_millis(300)).await;
            assert!(
                Command::new("kill")
                    .args(["-TERM", &pid])
                    .status()
                    .unwrap()
                    .success()
            );
            Instant::now()
        });
        house.lives(&mut luck, Duration::from_millis(400)).await;
        let asked = ending.await.unwrap();
        let status = house.gateway.process().ended(ENDS_WITHIN).await;
        slowest = slowest.max(asked.elapsed());
        assert_eq!(status.code(), Some(0), "{}", house.gateway.process().said());
        house.lives(&mut luck, Duration::from_millis(50)).await;
        if round % 2 == 0 {
            house.hubs[0].comes().await;
        }
        house.gateway.comes().await;
    }
    println!("{rounds} times SIGTERM, the slowest end after {slowest:?}");
    assert!(slowest < ENDS_WITHIN, "{slowest:?}");
    house.everything_arrives(3 * SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_the_same_state_refuses_and_names_the_first() {
    let Some(mut house) = house().await else {
        return;
    };
    let pid = house.gateway.process().pid().to_string();
    let second = house.gateway.tool("run", &[]);
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success(), "{said}");
    assert!(said.contains(&pid) && said.contains("state"), "{said}");
    let press = house.does("pendant", "press", None).await;
    house.arrives(0, &press, SOON).await;
    assert!(
        house.gateway.status().is_some(),
        "the first one's socket is still its own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_named_by_file_key_and_line_and_ends_with_78() {
    let Some(mut house) = Plan::default().build().await else {
        return;
    };
    let good = house.gateway.tool("check", &[]);
    assert_eq!(
        good.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&good.stdout)
    );

    house.gateway.set("limits", "linger_ms", 10_001);
    house.gateway.set("hub", "endpionts", "x");
    for word in ["check", "run"] {
        let wrong = house.gateway.tool(word, &[]);
        let said = [wrong.stdout, wrong.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(wrong.status.code(), Some(78), "{word}: {said}");
        let text = fs::read_to_string(house.gateway.file()).unwrap();
        let line = text
            .lines()
            .position(|l| l.starts_with("endpionts"))
            .unwrap()
            + 1;
        let place = format!("gateway.toml:{line}");
        assert!(
            said.contains(&place) && said.contains("endpionts"),
            "{word}: {place} is not in {said}"
        );
        assert!(
            said.contains("endpoints"),
            "{word} does not say what is allowed: {said}"
        );
    }
    house.gateway.config["hub"]
        .as_table_mut()
        .unwrap()
        .remove("endpionts");
    let range = house.gateway.tool("check", &["--json"]);
    let said = String::from_utf8_lossy(&range.stdout).into_owned();
    assert_eq!(range.status.code(), Some(78), "{said}");
    assert!(
        said.contains("linger_ms") && said.contains("10000"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_that_others_may_read_is_refused() {
    let Some(mut house) = Plan::default().build().await else {
        return;
    };
    let key = house.tls.join(format!("{HOME}.key"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    for word in ["check", "run"] {
        let wrong = house.gateway.tool(word, &[]);
        let said = [wrong.stdout, wrong.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(wrong.status.code(), Some(78), "{word}: {said}");
        assert!(
            said.contains("chmod 600") && said.contains(&*key.to_string_lossy()),
            "{word}: {said}"
        );
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    house.gateway.comes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_alarm_from_the_command_line_reaches_the_hub_marked_as_a_test() {
    let Some(house) = house().await else { return };
    let asked = house.gateway.tool("test-alarm", &[]);
    assert!(asked.status.success(), "{asked:?}");
    let end = Instant::now() + SOON;
    let is_test = |house: &tecs_tests::house::House| {
        let page = house.hubs[0].json(&format!("/api/homes/{HOME}/records"));
        let records = page["records"].as_array().cloned().unwrap_or_default();
        records
            .iter()
            .any(|r| r["event"]["flags"].to_string().contains("test"))
    };
    while !is_test(&house) {
        assert!(
            Instant::now() < end,
            "no test alarm at the hub: {:?}",
            house.gateway.status()
        );
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serial_line_that_is_pulled_out_and_plugged_in_again_is_read_again() {
    let Some(mut house) = house().await else {
        return;
    };
    for _ in 0..3 {
        house.line().unplug().await;
        let press = house.does("pendant", "press", None).await;
        house.arrives(0, &press, SOON).await;
        house.line().plug().await.unwrap();
        house.gateway.open().await;
        let line = house.does("line-button", "press", None).await;
        house.arrives(0, &line, SOON).await;
    }
}
