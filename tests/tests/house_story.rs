//! The whole way through the house, told once: devices, broker, gateway, hub, responder, and the word that comes back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::collections::BTreeMap;

use gateway_core::Effect;
use serde_json::{Value, json};
use tecs_gateway::record::{self, Step};
use tecs_protocol::event::{Entry, decode};
use tecs_protocol::home::Stage;
use tecs_protocol::hub::v1;
use tecs_tests::house::{HOME, Hub, Plan, SOON, house};
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn a_fall_and_a_press_reach_a_responder_and_the_home_is_told() {
    let Some(mut house) = house().await else {
        return;
    };
    let began = Instant::now();
    let fall = house.does("fall", "fall", None).await;
    let press = house.does("line-button", "press", None).await;
    let took = [
        house.arrives(0, &fall, SOON).await,
        house.arrives(0, &press, SOON).await,
    ];
    println!("fall and press at the hub after {took:?}");
    for device in ["fall", "line-button"] {
        house.is_told(began, device, Stage::Accepted, SOON).await;
    }

    house.hubs[0].is_looked_at();
    house.is_told(began, "fall", Stage::Presented, SOON).await;
    let hub = house.hubs[0].api;
    let open = hub.open(HOME).await.unwrap();
    let kinds: BTreeMap<&str, &str> = open
        .iter()
        .map(|c| (c.device.as_str(), c.kind.as_str()))
        .collect();
    assert_eq!(
        kinds,
        BTreeMap::from([("fall", "alarm/fall"), ("line-button", "alarm/help")])
    );

    let case = open.iter().find(|c| c.device == "fall").unwrap().id;
    hub.act(case, "claim", &json!({ "who": "Ada" }))
        .await
        .unwrap();
    house.is_told(began, "fall", Stage::Claimed, SOON).await;
    let second = hub
        .act(case, "claim", &json!({ "who": "Bea" }))
        .await
        .unwrap_err();
    assert!(second.to_string().contains("Ada"), "{second:#}");
    hub.act(case, "attend", &json!({ "who": "Ada" }))
        .await
        .unwrap();
    house.is_told(began, "fall", Stage::Attending, SOON).await;
    let end = json!({ "who": "Ada", "outcome": "visited", "note": "helped up" });
    if let Err(why) = hub.act(case, "close", &end).await {
        panic!("{why:#}");
    }
    house.is_told(began, "fall", Stage::Closed, SOON).await;
    let count = house.everything_arrives(SOON).await;
    assert_eq!(count.must, 2);
}

/// A recording's replay sends the same records under the same names as the daemon did: the hub's ledger is the witness.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_of_a_real_session_replays_to_what_the_hub_was_sent() {
    let Some(mut house) = Plan::default().build().await else {
        return;
    };
    let file = house.folder.path().join("incident.jsonl");
    house.gateway.more = vec![
        "--record".into(),
        file.display().to_string(),
        "--record-personal".into(),
    ];
    house.all_come().await;
    house.does("fall", "fall", None).await;
    house.does("line-button", "press", None).await;
    house.hubs[0].is_killed();
    for degrees in 0..20 {
        house
            .does("climate", "reading", Some(20.0 + f64::from(degrees) / 10.0))
            .await;
    }
    house.does("pendant", "press", None).await;
    house.hubs[0].comes().await;
    house.everything_arrives(SOON).await;
    let (status, _) = house.gateway.process().terminate(SOON).await;
    assert_eq!(status.code(), Some(0));

    let (first, again) = (replayed(&file), replayed(&file));
    assert_eq!(first, again, "a replay is always the same");
    let listed = records(&house.hubs[0]);
    assert!(listed.len() >= 23, "{}", listed.len());
    for (name, event) in &listed {
        assert_eq!(
            first.get(name),
            Some(event),
            "{name:?} was not sent so in the replay"
        );
    }
}

/// (epoch, lane, seq).
type Name = (String, String, u64);

/// Every record that a replay sends, by name; its effects are compared by what they carry.
fn replayed(file: &std::path::Path) -> BTreeMap<Name, Value> {
    let recording = record::replay(file).unwrap();
    assert!(recording.personal);
    let mut gateway = recording.gateway();
    let mut sent = BTreeMap::new();
    for step in recording {
        let (now, step) = step.unwrap();
        match step {
            Step::Input(input) => gateway.handle(input, now),
            Step::Settle => gateway.settle(now),
        }
        while let Some(effect) = gateway.poll_effect() {
            let Effect::Send { says, .. } = effect else {
                continue;
            };
            let Some(v1::from_home::Says::Parcel(parcel)) = says.says else {
                continue;
            };
            let lane = parcel.lane().as_str_name().to_lowercase();
            let lane = lane.trim_start_matches("lane_").to_owned();
            for (seq, bytes) in (parcel.first_seq..).zip(&parcel.records) {
                let event = match decode(bytes) {
                    Ok(Entry::Event(event)) => event.to_json(),
                    Ok(Entry::Gap(_)) => Value::Null,
                    Err(wrong) => panic!("{wrong}"),
                };
                sent.insert((format!("{:016x}", parcel.epoch), lane.clone(), seq), event);
            }
        }
    }
    sent
}

/// What the hub's own list says, by name.
fn records(hub: &Hub) -> BTreeMap<Name, Value> {
    let page = hub.json(&format!("/api/homes/{HOME}/records?limit=1000"));
    let told = page["records"].as_array().unwrap();
    let one = |record: &Value| {
        let name = &record["name"];
        let text = |key: &str| name[key].as_str().unwrap().to_owned();
        let name = (text("epoch"), text("lane"), name["seq"].as_u64().unwrap());
        (name, record["event"].clone())
    };
    told.iter().map(one).collect()
}
