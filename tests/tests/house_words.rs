//! Words that a home should not have to read, and words that nobody else should: hostile input, and personal data.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::process::Command;
use std::time::Duration;

use rand::RngExt as _;
use serde_json::json;
use tecs_sim::bridge::Bridge;
use tecs_sim::words::Taken;
use tecs_tests::house::{House, Plan, SOON, house, load, programs, rounds};

/// An alarm's way while others say nonsense.
const ALARM_WITHIN: Duration = Duration::from_secs(5);

/// Somebody who may publish whatever they like below the dialect's topic.
async fn stranger(house: &House) -> Bridge {
    Bridge::bare(&house.broker.way_in("zigbee2mqtt"), "stranger")
        .await
        .unwrap()
}

/// A press on each path still arrives in time.
async fn alarms_flow(house: &mut House) -> Duration {
    let mut slowest = Duration::ZERO;
    for device in ["pendant", "line-button"] {
        let press = house.does(device, "press", None).await;
        slowest = slowest.max(house.arrives(0, &press, ALARM_WITHIN).await);
    }
    slowest
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_messages_are_refused_by_name_and_cost_no_alarm() {
    let Some(mut house) = house().await else {
        return;
    };
    let mut stranger = stranger(&house).await;
    let bomb = "[".repeat(60_000);
    let nested = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let long = format!("{{\"action\":\"{}\"}}", "x".repeat(20 << 10));
    let too_long = format!("{{\"action\":\"{}\"}}", "x".repeat(70 << 10));
    let payloads: [&[u8]; 10] = [
        b"",
        b"\xff\xfe{\"temperature\":1}",
        b"{\"temperature\":1e999}",
        b"{\"temperature\":NaN}",
        b"{\"temperature\":1,\"temperature\":",
        b"{\"action\":\"\0\x1b[2J\"}",
        bomb.as_bytes(),
        nested.as_bytes(),
        long.as_bytes(),
        too_long.as_bytes(),
    ];
    for device in ["Living room", "Bedside button", "nobody knows me"] {
        for payload in payloads {
            let taken = stranger
                .publish(&format!("zigbee2mqtt/{device}"), payload, false)
                .await
                .unwrap();
            assert_eq!(taken, Taken::Yes, "the broker keeps it");
        }
        let slowest = alarms_flow(&mut house).await;
        println!("after nonsense of `{device}`: the slowest alarm took {slowest:?}");
    }
    for refusal in ["too_large", "not_text", "not_json"] {
        let label = format!("refusal=\"{refusal}\"");
        assert!(
            house.gateway.metric("tecs_gateway_refusals_total", &label) >= 3,
            "{refusal} is not counted: {}",
            house.gateway.metrics()
        );
    }
    assert_eq!(
        house.gateway.status().unwrap()["sources"][0]["unacknowledged"],
        0,
        "nonsense is acknowledged"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publish_of_9_mb_costs_no_alarm_behind_a_broker_that_lets_it_pass() {
    const OPEN: &str = "message_size_limit 100000000\nmax_packet_size 100000000";
    let Some(publish) = programs::theirs("mosquitto_pub", "mosquitto-clients") else {
        return;
    };
    for broker in ["", OPEN] {
        let Some(mut house) = (Plan {
            broker,
            ..Plan::default()
        })
        .build()
        .await
        else {
            return;
        };
        house.all_come().await;
        let file = house.folder.path().join("large");
        std::fs::write(&file, vec![b'x'; 9 << 20]).unwrap();
        let (_, password) = house.broker.way_in("zigbee2mqtt").login.unwrap();
        let port = house.broker.port().to_string();
        let mut large = Command::new(&publish);
        large.args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-u",
            "zigbee2mqtt",
            "-P",
            &password,
        ]);
        large
            .args(["-q", "1", "-t", "zigbee2mqtt/Living room", "-f"])
            .arg(&file);
        let sent = large.output().unwrap();
        assert!(sent.status.success(), "{sent:?}");
        let slowest = alarms_flow(&mut house).await;
        let refused = house
            .gateway
            .metric("tecs_gateway_refusals_total", "too_large");
        println!("9 MB: {refused} refused by the gateway, the slowest alarm took {slowest:?}");
        assert_eq!(
            refused,
            u64::from(broker == OPEN),
            "{}",
            house.gateway.metrics()
        );
        house.everything_arrives(SOON).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_a_flood_of_topics_cost_no_alarm() {
    let Some(mut house) = house().await else {
        return;
    };
    let mut stranger = stranger(&house).await;
    let long = "n".repeat(10_000);
    let names = [
        "#",
        "+/+",
        "../../etc/passwd",
        "a\u{0}b",
        "\u{202e}evil\n\r",
        "<script>",
        "$SYS/x",
        &long,
    ];
    let devices: Vec<_> = names
        .iter()
        .map(|name| json!({ "friendly_name": name, "ieee_address": "0x1", "type": "EndDevice", "supported": true,
                            "definition": { "exposes": [] } }))
        .collect();
    let lesson = json!(devices).to_string();
    stranger
        .publish("zigbee2mqtt/bridge/devices", lesson.as_bytes(), false)
        .await
        .unwrap();
    // The bridge comes back and teaches what is true.
    let way_in = house.broker.way_in("zigbee2mqtt");
    house.living.bridge_starts(&way_in).await.unwrap();
    alarms_flow(&mut house).await;
    for n in 0..3_000 {
        let topic = format!("zigbee2mqtt/flood-{n}");
        stranger
            .publish(&topic, b"{\"temperature\":20}", false)
            .await
            .unwrap();
    }
    let slowest = alarms_flow(&mut house).await;
    println!(
        "after 3000 topics: the slowest alarm took {slowest:?}, load {}",
        load()
    );
    let devices = house.gateway.status().unwrap()["devices"].as_u64().unwrap();
    assert!(devices <= 520, "{devices} devices are remembered");
    assert!(
        house.gateway.metric("tecs_gateway_refusals_total", "") > 0,
        "{}",
        house.gateway.metrics()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_on_a_serial_line_costs_no_press_on_it() {
    let (rounds, mut luck) = rounds("noise", 5);
    let Some(mut house) = house().await else {
        return;
    };
    for _ in 0..rounds {
        let noise: Vec<u8> = (0..luck.random_range(1..3_000))
            .map(|_| luck.random())
            .collect();
        house.line().write(&noise).await.unwrap();
        // Whatever the noise looked like, the next line's end is one.
        house.line().write(b"\r\n").await.unwrap();
        alarms_flow(&mut house).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_is_in_logs_or_metrics() {
    const HOME: &str = r#"
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
[[device]]
name = "CANARY-LINE"
id = "line-button"
room = "CANARY-ROOM"
model = "line_help_button"
"#;
    let register = "[[home]]\ngateway = \"rowan-4\"\nlabel = \"CANARY-LABEL\"\nphone = \"CANARY-PHONE\"\n\
                    address = \"CANARY-ADDRESS\"\naccess_note = \"CANARY-KEYSAFE\"\nrisks = [\"CANARY-RISK\"]\n";
    let plan = Plan {
        register: register.to_owned(),
        home: HOME.to_owned(),
        ..Plan::default()
    };
    let Some(mut house) = plan.build().await else {
        return;
    };
    house.all_come().await;
    alarms_flow(&mut house).await;
    let mut stranger = stranger(&house).await;
    for payload in [
        &b"{\"CANARY-FIELD\":\"CANARY-VALUE\"}"[..],
        b"CANARY-NONSENSE",
        b"{\"action\":\"CANARY-ACTION\"}",
    ] {
        stranger
            .publish("zigbee2mqtt/CANARY-NAME/of Ada", payload, false)
            .await
            .unwrap();
        stranger
            .publish("zigbee2mqtt/CANARY-UNKNOWN", payload, false)
            .await
            .unwrap();
    }
    house.line().write(b"CANARY-SERIAL\r\n").await.unwrap();
    house.hubs[0].is_looked_at();
    house.hubs[0].is_killed();
    alarms_with_hub_away(&mut house).await;
    house.kill_gateway();
    house.gateway.comes().await;
    house.hubs[0].comes().await;
    house.everything_arrives(3 * SOON).await;
    let metrics = house.gateway.metrics();
    let (ended, _) = house.gateway.process().terminate(SOON).await;
    assert!(ended.success());
    let gateway = std::fs::read_to_string(house.gateway.log()).unwrap();
    let hub = std::fs::read_to_string(house.hubs[0].log()).unwrap();
    assert!(
        gateway.contains("running") && !hub.is_empty(),
        "there are logs"
    );
    for (whose, text) in [
        ("gateway's log", gateway),
        ("hub's log", hub),
        ("metrics", metrics),
    ] {
        let leaks: Vec<&str> = text.lines().filter(|l| l.contains("CANARY")).collect();
        assert!(leaks.is_empty(), "in the {whose}: {leaks:#?}");
    }
}

async fn alarms_with_hub_away(house: &mut House) {
    for device in ["fall", "pendant"] {
        let deed = if device == "fall" { "fall" } else { "press" };
        house.does(device, deed, None).await;
    }
}
