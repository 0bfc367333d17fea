//! The installers' commands against real processes: what they show and what they hide.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use tecs_sim::bridge::Bridge;
use tecs_tests::house::{HOME, House, Plan, SOON, house, until};

async fn stranger(house: &House) -> Bridge {
    Bridge::bare(&house.broker.way_in("zigbee2mqtt"), "stranger")
        .await
        .unwrap()
}

/// What a command printed as one JSON object.
fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

fn devices(house: &House) -> Value {
    json(&house.gateway.tool("devices", &["--json"]))
}

fn device<'v>(devices: &'v Value, id: &str) -> &'v Value {
    let all = devices["devices"].as_array().unwrap();
    let found = all.iter().find(|d| d["id"] == id);
    found.unwrap_or_else(|| panic!("{id} is not in {devices:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_says_who_was_heard_who_was_not_and_what_to_paste() {
    let Some(mut house) = house().await else {
        return;
    };
    let press = house.does("pendant", "press", None).await;
    house.arrives(0, &press, SOON).await;
    let mut stranger = stranger(&house).await;
    for (topic, payload) in [
        (
            "zigbee2mqtt/New \"button\"",
            &b"{\"action\":\"single\",\"strange_field\":7}"[..],
        ),
        ("zigbee2mqtt/Living room", b"{\"temperature\":"),
    ] {
        stranger.publish(topic, payload, false).await.unwrap();
    }
    let id = "zigbee/New \"button\"";
    until("the stranger is known", SOON, || {
        devices(&house).to_string().contains("New ")
    })
    .await;
    let seen = devices(&house);
    let pendant = device(&seen, "pendant");
    assert_eq!(
        (&pendant["configured"], &pendant["room"]),
        (&true.into(), &"bedroom".into())
    );
    assert!(pendant["heard_ago_ms"].is_u64(), "{pendant}");
    assert!(pendant["says"].to_string().contains("help"), "{pendant}");
    assert!(
        device(&seen, "door")["heard_ago_ms"].is_null(),
        "it was never opened"
    );
    let source = &seen["sources"][0];
    assert_eq!(source["refusals"][0]["name"], "not_json", "{source:#}");
    assert_eq!(source["refusals"][0]["sample"], "{\"temperature\":");
    assert!(
        source["unmapped"].to_string().contains("strange_field"),
        "{source:#}"
    );

    let paste = device(&seen, id)["paste"].as_str().unwrap().to_owned();
    let more: toml::Table = paste.parse().unwrap();
    let listed = house.gateway.config["device"].as_array_mut().unwrap();
    listed.push(more["device"][0].clone());
    let checked = house.gateway.tool("check", &[]);
    assert!(checked.status.success(), "{paste}\n{checked:?}");
    house.gateway.process().terminate(SOON).await;
    house.gateway.comes().await;
    stranger
        .publish(
            "zigbee2mqtt/New \"button\"",
            b"{\"action\":\"single\"}",
            false,
        )
        .await
        .unwrap();
    until(
        "it is listed and heard, by the id that it has",
        SOON,
        || {
            let seen = devices(&house);
            let all = seen["devices"].as_array().unwrap();
            all.iter()
                .any(|d| d["id"] == id && d["paste"].is_null() && d["heard_ago_ms"].is_u64())
        },
    )
    .await;
    let text = house.gateway.tool("devices", &[]);
    let text = String::from_utf8_lossy(&text.stdout);
    assert!(text.contains("not heard  door"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_yields_only_refusals_is_told_with_its_likely_cause() {
    let Some(mut house) = house().await else {
        return;
    };
    for _ in 0..30 {
        let noise = house
            .living
            .noise(Some("line-button"), b"\xff\xfe\x80\x00\r\n");
        noise.await.unwrap();
    }
    until("the line is called garbled", SOON, || {
        devices(&house)["sources"][1]["garbled"] == true
    })
    .await;
    let told = |house: &House, condition: &str| {
        let page = house.hubs[0].json(&format!("/api/homes/{HOME}/records"));
        let records = page["records"].as_array().cloned().unwrap_or_default();
        let is = |r: &Value| {
            let event = r["event"].to_string();
            event.contains("source/serial/line") && event.contains(condition)
        };
        records.iter().any(is)
    };
    until("the hub is told", SOON, || told(&house, "raised")).await;
    let press = house.does("line-button", "press", None).await;
    house.arrives(0, &press, SOON).await;
    until("the hub is told that it reads again", SOON, || {
        told(&house, "restored")
    })
    .await;
    assert_eq!(devices(&house)["sources"][1]["garbled"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_shown_lane_by_lane_and_the_oldest_records_are_read_from_disk() {
    let Some(mut house) = house().await else {
        return;
    };
    house.hubs[0].is_killed();
    for _ in 0..3 {
        house.does("pendant", "press", None).await;
    }
    house.does("fall", "fall", None).await;
    house.does("climate", "reading", Some(21.5)).await;
    until("all of it is on disk", SOON, || {
        let queue_ls = json(&queue(&house, &["ls", "--json"]));
        let on_disk = |lane: usize| {
            let lane = &queue_ls["lanes"][lane];
            lane["pages"].as_u64() > Some(0) && lane["fresh"] == 0
        };
        let peeked = queue(&house, &["peek", "--lane", "alarm", "-n", "50"]);
        let fell = String::from_utf8_lossy(&peeked.stdout).contains("alarm/fall");
        on_disk(0) && on_disk(2) && fell
    })
    .await;
    let ls = json(&queue(&house, &["ls", "--json"]));
    assert_eq!(ls["lanes"][0]["lane"], "alarm");
    assert!(ls["lanes"][0]["budget_bytes"].as_u64() > ls["lanes"][0]["disk_bytes"].as_u64());
    let peek = json(&queue(
        &house,
        &["peek", "--lane", "alarm", "-n", "50", "--json"],
    ));
    let records = peek["records"].as_array().unwrap();
    let fall = records
        .iter()
        .find(|r| r["event"]["kind"] == "fall")
        .unwrap();
    assert_eq!(fall["event"]["device"], "fall");
    assert!(fall["event"].get("raw").is_none(), "{fall}");
    let peek = json(&queue(
        &house,
        &[
            "peek",
            "--lane",
            "alarm",
            "-n",
            "50",
            "--json",
            "--personal",
        ],
    ));
    assert!(
        peek.to_string().contains("fall_status") || peek.to_string().contains("raw"),
        "{peek}"
    );
    let text = queue(&house, &["peek", "-n", "3"]);
    let text = String::from_utf8_lossy(&text.stdout);
    assert!(text.contains("alarm") && text.contains("routine"), "{text}");
    let wrong = queue(&house, &["peek", "--lane", "left"]);
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(said.contains("alarm, vital, routine"), "{said}");
    house.hubs[0].comes().await;
    house.everything_arrives(3 * SOON).await;
}

/// A command of two words, with the gateway's configuration.
fn two_words(house: &House, words: &[&str]) -> Output {
    // Writes the configuration as well, and knows which variables steer tests alone.
    let usual = house.gateway.command("queue");
    let mut command = Command::new(usual.get_program());
    for (name, _) in usual.get_envs() {
        command.env_remove(name);
    }
    command
        .args(words)
        .arg("--config")
        .arg(house.gateway.file());
    command.output().unwrap()
}

fn queue(house: &House, words: &[&str]) -> Output {
    two_words(house, &[&["queue"], words].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collected_archive_holds_what_helps_and_nothing_personal() {
    const HOME_TOML: &str = r#"
[home]
gateway = "rowan-4"
label = "CANARY-LABEL"
[zigbee2mqtt]
last_seen = "epoch"
[[device]]
name = "CANARY-NAME/of Ada"
id = "fall"
room = "CANARY-ROOM"
model = "fall_detector"
[[device]]
name = "CANARY-PENDANT"
id = "pendant"
room = "CANARY-ROOM"
model = "sos_button"
"#;
    let plan = Plan {
        home: HOME_TOML.to_owned(),
        ..Plan::default()
    };
    let Some(mut house) = plan.build().await else {
        return;
    };
    let sources = house.gateway.config["source"].as_array_mut().unwrap();
    sources.truncate(1);
    house.all_come().await;
    house.does("pendant", "press", None).await;
    let mut stranger = stranger(&house).await;
    for payload in [
        &b"{\"CANARY-FIELD\":\"CANARY-VALUE\",\"action\":\"CANARY-ACTION\"}"[..],
        b"CANARY-NONSENSE",
    ] {
        for topic in ["zigbee2mqtt/CANARY-UNKNOWN", "zigbee2mqtt/CANARY-PENDANT"] {
            stranger.publish(topic, payload, false).await.unwrap();
        }
    }
    until("all is heard", SOON, || {
        devices(&house).to_string().contains("CANARY-UNKNOWN")
    })
    .await;
    let archive = house.folder.path().join("diag.tar");
    let path = archive.display().to_string();
    let collect = || two_words(&house, &["diag", "collect", "--out", &path]);
    let collected = collect();
    assert!(collected.status.success(), "{collected:?}");
    assert!(
        !collect().status.success(),
        "an archive that is there is not touched"
    );
    let unpack = Command::new("tar")
        .args(["-x", "-f"])
        .arg(&archive)
        .current_dir(house.folder.path())
        .output();
    assert!(unpack.unwrap().status.success());
    let folder = house.folder.path().join("tecs-gateway-diag");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let (_, password) = house.broker.way_in("tecs-gateway").login.unwrap();
    let key = fs::read_to_string(house.tls.join(format!("{HOME}.key"))).unwrap();
    let secret = key.lines().nth(1).unwrap();
    let names = [
        "README.txt",
        "config.toml",
        "check.json",
        "machine.json",
        "status.json",
        "devices.json",
        "queue.json",
        "log.txt",
        "metrics.txt",
    ];
    assert_eq!(fs::read_dir(&folder).unwrap().count(), names.len());
    for name in names {
        let text = read(name);
        for personal in ["CANARY", "Ada", password.as_str(), secret] {
            assert!(
                !text.contains(personal),
                "`{personal}` is in {name}:\n{text}"
            );
        }
    }
    assert!(read("log.txt").contains("running"), "{}", read("log.txt"));
    assert!(read("metrics.txt").contains("tecs_gateway_uptime_seconds"));
    assert!(read("config.toml").contains("back_off_longest_ms = 2000"));
    let status: Value = serde_json::from_str(&read("status.json")).unwrap();
    assert_eq!(status["journal"], "fine");
    let seen: Value = serde_json::from_str(&read("devices.json")).unwrap();
    let refusals = seen["sources"][0]["refusals"].to_string();
    assert!(refusals.contains("not_json"), "{seen:#}");
    assert!(
        read("devices.json").contains("pendant"),
        "the installer's own word stays"
    );
}
