//! The list of everything that a home delivered, by name.

use axum::http::StatusCode;
use tecs_protocol::vocabulary::{AlarmKind, Urgency};

use crate::browser::Browser;
use crate::room::{Room, alarm};

#[tokio::test]
async fn every_record_of_a_home_is_listed_once_by_name_a_page_at_a_time() {
    let mut room = Room::open();
    for kind in [AlarmKind::Fall, AlarmKind::Smoke, AlarmKind::Help] {
        let event = alarm(kind, Urgency::Emergency, kind.word(), "Hall", 0);
        room.hears("elm-4", &event, 0).await;
    }
    let stranger = alarm(AlarmKind::Fall, Urgency::Emergency, "x", "", 0);
    room.hears("oak-1", &stranger, 0).await;

    let browser = Browser::new(&room.router);
    let (mut names, mut kinds, mut after) = (Vec::new(), Vec::new(), String::new());
    loop {
        let path = format!("/api/homes/elm-4/records?limit=2{after}");
        let page = browser.get(&path).await.json();
        let records = page["records"].as_array().unwrap().clone();
        let Some(last) = records.last() else { break };
        let part = |key: &str| last["name"][key].to_string().replace('"', "");
        after = format!(
            "&epoch={}&lane={}&seq={}",
            part("epoch"),
            part("lane"),
            part("seq")
        );
        for record in &records {
            assert_eq!(record["name"]["gateway"], "elm-4");
            assert!(
                record["raw_hex"].as_str().unwrap().starts_with("7b"),
                "{record}"
            );
            names.push(record["name"].to_string());
            kinds.push(record["event"]["kind"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(kinds, ["fall", "smoke", "help"]);
    names.dedup();
    assert_eq!(names.len(), 3);
}

#[tokio::test]
async fn half_a_name_to_go_on_after_is_refused() {
    let room = Room::open();
    let page = Browser::new(&room.router)
        .get("/api/homes/elm-4/records?seq=3")
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
}
