//! `doctor` against real processes: which hop it blames when the broker, the line, the hub, a certificate, a name or the disk
//! fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::fs;
use std::process::Output;

use serde_json::Value;
use tecs_sim::ca::Pair;
use tecs_tests::house::{HOME, House, Mount, Plan, SOON, house, until};

/// What a command printed as one JSON object.
fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

/// What doctor says of each hop.
struct Verdict {
    code: Option<i32>,
    hops: Vec<(String, String, String)>,
}

fn doctor(house: &House) -> Verdict {
    let output = house.gateway.tool("doctor", &["--json"]);
    let said = json(&output);
    let hops = said["hops"].as_array().unwrap().iter().map(|hop| {
        let text = |key: &str| hop[key].as_str().unwrap().to_owned();
        (
            text("hop"),
            text("outcome"),
            format!("{}; {}", text("why"), text("do")),
        )
    });
    let verdict = Verdict {
        code: output.status.code(),
        hops: hops.collect(),
    };
    assert_eq!(said["ok"] == true, verdict.code == Some(0), "{said:#}");
    verdict
}

impl Verdict {
    /// The hops that failed.
    fn failed(&self) -> Vec<&str> {
        let failed = self
            .hops
            .iter()
            .filter(|(_, outcome, _)| outcome == "failed");
        failed.map(|(hop, _, _)| hop.as_str()).collect()
    }

    /// What it says of a hop that failed.
    fn why(&self, hop: &str) -> &str {
        let found = self.hops.iter().find(|(h, o, _)| h == hop && o == "failed");
        &found
            .unwrap_or_else(|| panic!("{hop} did not fail: {:#?}", self.hops))
            .2
    }

    fn is_ok(&self, hop: &str) -> bool {
        self.hops.iter().any(|(h, o, _)| h == hop && o == "ok")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_a_house_well_with_its_daemon_and_without_says_what_it_could_not_check() {
    let Some(mut house) = house().await else {
        return;
    };
    for device in ["pendant", "line-button"] {
        let press = house.does(device, "press", None).await;
        house.arrives(0, &press, SOON).await;
    }
    let well = doctor(&house);
    assert_eq!(well.code, Some(0), "{:#?}", well.hops);
    for hop in [
        "configuration",
        "daemon",
        "clock",
        "source zigbee: broker",
        "source zigbee: custody",
        "source serial: port",
        "source serial: decode",
        "journal: write and sync",
        "hub: our certificate",
        "hub hub-0: DNS",
        "hub hub-0: TCP",
        "hub hub-0: TLS",
        "hub hub-0: welcome",
        "hub hub-0: record stored",
        "daemon: record stored",
    ] {
        assert!(well.is_ok(hop), "{hop}: {:#?}", well.hops);
    }
    let page = house.hubs[0].json(&format!("/api/homes/{HOME}/records"));
    assert!(
        page.to_string().contains("gateway/doctor"),
        "it is really there"
    );
    house.everything_arrives(SOON).await;

    house.gateway.process().terminate(SOON).await;
    let alone = doctor(&house);
    assert_eq!(alone.code, Some(1));
    assert_eq!(alone.failed(), ["daemon"], "{:#?}", alone.hops);
    for hop in [
        "source zigbee: broker",
        "source serial: port",
        "hub hub-0: record stored",
    ] {
        assert!(alone.is_ok(hop), "{hop}: {:#?}", alone.hops);
    }
    let unchecked = alone
        .hops
        .iter()
        .any(|(h, o, _)| h == "source zigbee: decode" && o == "unchecked");
    assert!(unchecked, "{:#?}", alone.hops);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_the_broker_that_is_down_the_password_that_is_wrong_and_the_line_that_is_gone()
{
    let Some(mut house) = house().await else {
        return;
    };
    let gone = house.living.plugged(Some("line-button"), false);
    gone.await.unwrap();
    house.broker.is_killed();
    until("the daemon has noticed", SOON, || {
        let status = house.gateway.status().unwrap();
        status["sources"]
            .as_array()
            .unwrap()
            .iter()
            .all(|s| s["up"] == false)
    })
    .await;
    until("the daemon has called again", SOON, || {
        let down = doctor(&house);
        let why = down.why("source zigbee: broker");
        why.contains("start the broker")
    })
    .await;
    let down = doctor(&house);
    assert!(
        down.why("source serial: port")
            .contains("plug the device in"),
        "{:#?}",
        down.hops
    );
    assert!(down.is_ok("hub hub-0: record stored"), "{:#?}", down.hops);
    house.gateway.process().terminate(SOON).await;
    let alone = doctor(&house);
    assert!(
        alone
            .why("source zigbee: broker")
            .contains("start the broker"),
        "{:#?}",
        alone.hops
    );

    house.broker.crash(true).await;
    let wrong = house.folder.path().join("wrong-password");
    fs::copy(house.broker.password_file("tecs-gateway"), &wrong).unwrap();
    fs::write(&wrong, "not-this-one\n").unwrap();
    let sources = house.gateway.config["source"].as_array_mut().unwrap();
    let mqtt = sources[0]["mqtt"].as_table_mut().unwrap();
    mqtt.insert(
        "password_file".to_owned(),
        wrong.display().to_string().into(),
    );
    let refused = doctor(&house);
    let why = refused.why("source zigbee: broker");
    assert!(
        why.contains("refuses the user tecs-gateway") && why.contains("password_file"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_the_hop_to_the_hub_that_fails_each_endpoint_by_itself() {
    let Some(mut house) = (Plan {
        hubs: 2,
        ..Plan::default()
    })
    .build()
    .await
    else {
        return;
    };
    house.all_come().await;
    house.hubs[1].is_killed();
    let down = doctor(&house);
    assert_eq!(down.failed(), ["hub hub-1: TCP"], "{:#?}", down.hops);
    assert!(down.why("hub hub-1: TCP").contains("connection refused"));
    assert!(down.is_ok("hub hub-0: record stored"));
    house.hubs[1].comes().await;
    house.gateway.process().terminate(SOON).await;

    let good = house.gateway.config.clone();
    let tls = house.tls.clone();
    house.gateway.set(
        "hub",
        "ca",
        tls.join("stranger/ca.pem").display().to_string(),
    );
    let stranger = doctor(&house);
    for hop in ["hub hub-0: TLS", "hub hub-1: TLS"] {
        assert!(
            stranger.why(hop).contains("authority"),
            "{}",
            stranger.why(hop)
        );
    }
    house.gateway.config = good.clone();
    let old = Pair::at(&tls.join("expired"), HOME);
    house
        .gateway
        .set("hub", "cert", old.certificate.display().to_string());
    house
        .gateway
        .set("hub", "key", old.key.display().to_string());
    let expired = doctor(&house);
    assert!(
        expired.why("hub: our certificate").contains("has expired"),
        "{:#?}",
        expired.hops
    );
    house.gateway.config = good.clone();
    let endpoints = house.gateway.config["hub"]["endpoints"]
        .as_array_mut()
        .unwrap();
    let lost = endpoints[0].as_table_mut().unwrap();
    lost.insert("url".to_owned(), "https://no-such-hub.invalid:8443".into());
    let lost = doctor(&house);
    let why = lost.why("hub hub-0: DNS");
    assert!(
        why.contains("no-such-hub.invalid") && why.contains("DNS"),
        "{why}"
    );
    assert!(lost.is_ok("hub hub-1: record stored"), "{:#?}", lost.hops);
    house.gateway.config = good;
    house.hubs[0].is_killed();
    let old = Pair::at(&tls.join("expired"), "hub");
    house.hubs[0].certify(&old, &tls.join("ca.pem"));
    house.hubs[0].comes().await;
    let expired = doctor(&house);
    let why = expired.why("hub hub-0: TLS");
    assert!(
        why.contains("has expired") && why.contains("operator"),
        "{why}"
    );
    assert!(
        expired.is_ok("hub hub-1: record stored"),
        "{:#?}",
        expired.hops
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_the_disk_that_is_full() {
    let Some(mut house) = Plan::default().build().await else {
        return;
    };
    let Some(disk) = Mount::small(house.folder.path(), 64 << 10) else {
        return;
    };
    let state = disk.at.join("state");
    house
        .gateway
        .set("gateway", "state_dir", state.display().to_string());
    house.all_come().await;
    disk.fill();
    let full = doctor(&house);
    let why = full.why("journal: write and sync");
    assert!(why.contains("make room on this disk"), "{why}");
    assert!(
        full.why("journal: room").contains("0 MiB are left"),
        "{:#?}",
        full.hops
    );
    assert!(full.is_ok("hub hub-0: record stored"), "{:#?}", full.hops);
    house.gateway.is_killed();
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_the_disk_that_has_turned_read_only() {
    let Some(mut house) = Plan::default().build().await else {
        return;
    };
    let Some(disk) = Mount::small(house.folder.path(), 64 << 10) else {
        return;
    };
    let state = disk.at.join("state").display().to_string();
    house.gateway.set("gateway", "state_dir", state.clone());
    house.all_come().await;
    house.gateway.process().terminate(SOON).await;
    if disk.turns_read_only().is_none() {
        return;
    }
    let alone = doctor(&house);
    let why = alone.why("journal: write and sync");
    assert!(why.contains(&state), "the folder: {why}");
    assert!(why.contains("Read-only file system"), "the cause: {why}");
    assert!(why.contains("mount it for writing"), "what to do: {why}");
    assert!(alone.is_ok("hub hub-0: record stored"), "{:#?}", alone.hops);

    // The daemon itself does not end for it: it says the same, and alarms go on.
    house.gateway.comes().await;
    until("the daemon has tried to open its journal", SOON, || {
        let notes = house.gateway.status().unwrap()["notes"].to_string();
        notes.contains("Read-only file system")
    })
    .await;
    let awake = doctor(&house);
    let why = awake.why("journal: daemon");
    assert!(why.contains("Read-only file system"), "{why}");
    assert!(awake.is_ok("daemon: record stored"), "{:#?}", awake.hops);
    house.gateway.is_killed();
}
