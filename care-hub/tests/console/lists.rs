//! What the lists show: order, words, badges, counts, hostile names; and what they never show.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::StreamExt as _;
use tecs_protocol::event::Flags;
use tecs_protocol::signal::{Measured, Seen, What};
use tecs_protocol::vocabulary::{
    AlarmKind, Condition, HealthKind, Lane, ObservedKind, State, Urgency, VitalKind,
};
use tower::ServiceExt as _;

use crate::browser::Browser;
use crate::room::{ACCESS_NOTE, Room, alarm, said};

#[tokio::test]
async fn the_most_urgent_stand_first_and_the_oldest_of_them_before_the_younger() {
    let mut room = Room::open();
    for (kind, urgency, ago_ms) in [
        (AlarmKind::MedicationMissed, Urgency::Advisory, 900_000),
        (AlarmKind::Fall, Urgency::Emergency, 10_000),
        (AlarmKind::PropertyExit, Urgency::Urgent, 400_000),
        (AlarmKind::Smoke, Urgency::Emergency, 70_000),
    ] {
        let event = alarm(kind, urgency, kind.word(), "Hall", ago_ms);
        room.hears("elm-4", &event, ago_ms).await;
    }
    let page = Browser::new(&room.router).get("/").await;
    let places = page.places(&[
        ">Smoke<",
        ">Fall detector fired<",
        ">Left the home<",
        ">Medication missed<",
    ]);
    assert!(places.is_sorted(), "{places:?}");
    // Colour never alone: each has its word, and the limits are words as well.
    page.places(&[
        "Emergency",
        "Urgent",
        "Advisory",
        "within 60 s",
        "over 60 s",
        "over 180 s",
    ]);
    assert!(page.text.contains("Risks: </strong>Oxygen in use; Dog"));
}

#[tokio::test]
async fn repeats_fold_into_one_row_and_another_kind_has_its_own() {
    let mut room = Room::open();
    for _ in 0..4 {
        let help = alarm(AlarmKind::Help, Urgency::Emergency, "pendant", "Hall", 0);
        room.hears("elm-4", &help, 0).await;
    }
    let smoke = alarm(AlarmKind::Smoke, Urgency::Emergency, "pendant", "Hall", 0);
    room.hears("elm-4", &smoke, 0).await;
    let page = Browser::new(&room.router).get("/").await;
    assert_eq!(page.text.matches("<li class=\"row").count(), 2);
    page.places(&["4 times", ">Once<", ">Call for help<", ">Smoke<"]);
}

#[tokio::test]
async fn a_late_a_replayed_a_redelivered_an_unlisted_and_a_test_alarm_say_so() {
    let mut room = Room::open();
    let old = alarm(
        AlarmKind::Fall,
        Urgency::Emergency,
        "fall-1",
        "Bath",
        6 * 3_600_000,
    );
    room.hears("elm-4", &old, 0).await;
    let mut flagged = alarm(AlarmKind::Help, Urgency::Emergency, "pendant", "Hall", 0);
    flagged.flags = Flags {
        replayed: true,
        redelivered: true,
        test: true,
        unlisted: true,
    };
    room.hears("oak-1", &flagged, 0).await;
    let page = Browser::new(&room.router).get("/").await;
    page.places(&[
        "Late: happened ",
        ", received ",
        "Replayed",
        "Redelivered",
        "Unlisted: nobody has named this device",
        "TEST: send nobody",
    ]);
}

#[tokio::test]
async fn a_hostile_name_is_text_and_nothing_else() {
    let mut room = Room::open();
    let name = "<img src=x onerror=alert(1)>\"'\u{202e}gnp.\u{0}\u{1b}[31m";
    let mut event = alarm(AlarmKind::Unknown, Urgency::Urgent, name, name, 0);
    event.what = What::Alarm {
        kind: AlarmKind::Unknown,
        condition: Condition::Raised,
        raw_code: name.to_owned(),
    };
    event.raw = name.as_bytes().to_vec();
    let id = room.hears("never-registered", &event, 0).await.unwrap();
    room.hears_bytes("never-registered", Lane::Alarm, vec![0xff; 300].into(), 0)
        .await;
    let browser = Browser::new(&room.router);
    for path in [
        "/",
        "/homes/never-registered",
        &format!("/cases/{id}"),
        "/homes",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.text.contains("<img"), "{path}");
        assert!(
            !page.text.contains(['\u{202e}', '\u{0}', '\u{1b}']),
            "{path}"
        );
    }
    let page = browser.get("/").await;
    page.places(&["&lt;img", "\\u{202e}", "not in the register"]);
}

#[tokio::test]
async fn technical_trouble_has_its_own_list_and_no_alarm_in_it() {
    let mut room = Room::open();
    let tamper = said(
        What::health(HealthKind::Tamper, Condition::Raised, ""),
        Urgency::Advisory,
        "smoke-2",
        "Kitchen",
        0,
    );
    room.hears("elm-4", &tamper, 0).await;
    let help = alarm(AlarmKind::Help, Urgency::Emergency, "pendant", "Hall", 0);
    room.hears("elm-4", &help, 0).await;
    room.hub
        .store
        .supervise("oak-1", true, "3 beats missed".into(), 1)
        .await
        .unwrap();
    let browser = Browser::new(&room.router);
    let (alarms, technical) = (browser.get("/").await, browser.get("/technical").await);
    assert!(alarms.text.contains("Call for help") && !alarms.text.contains("Opened or removed"));
    assert!(
        technical.text.contains("Opened or removed") && !technical.text.contains("Call for help")
    );
    technical.places(&["Silent or gone", "The home’s gateway"]);
}

#[tokio::test]
async fn no_list_no_page_and_no_json_holds_an_access_note() {
    let mut room = Room::open();
    let help = alarm(AlarmKind::Help, Urgency::Emergency, "pendant", "Hall", 0);
    let id = room.hears("elm-4", &help, 0).await.unwrap();
    let browser = Browser::of(&room.router, "Amal").await;
    let case = format!("/cases/{id}");
    let json = format!("/api/cases/{id}");
    let all = [
        "/",
        "/technical",
        "/homes",
        "/homes/elm-4",
        "/closed",
        &case,
        "/api/alarms",
        "/api/technical",
        "/api/closed",
        &json,
        "/api/homes",
        "/api/health",
    ];
    for path in all {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(
            !page.text.contains("4711") && !page.text.contains(ACCESS_NOTE),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_home_shows_its_newest_vitals_and_daily_life_and_its_last_test() {
    let mut room = Room::open();
    let pulse = What::Vital {
        kind: VitalKind::Pulse,
        reading: Measured::of(64.0),
    };
    room.hears(
        "elm-4",
        &said(pulse, Urgency::Routine, "oximeter", "", 0),
        0,
    )
    .await;
    let spo2 = What::Vital {
        kind: VitalKind::Spo2,
        reading: Measured::Missing(tecs_protocol::signal::Missing::SensorOff),
    };
    room.hears("elm-4", &said(spo2, Urgency::Routine, "oximeter", "", 0), 0)
        .await;
    let systolic = What::Vital {
        kind: VitalKind::Systolic,
        reading: Measured::Beyond(182_400.0),
    };
    room.hears("elm-4", &said(systolic, Urgency::Routine, "cuff", "", 0), 0)
        .await;
    let door = What::Observed {
        kind: ObservedKind::Contact,
        seen: Seen::State(State::Open),
    };
    room.hears(
        "elm-4",
        &said(door, Urgency::Routine, "front door", "Hall", 0),
        0,
    )
    .await;
    let ago = 40 * 86_400_000;
    let test = What::health(HealthKind::TestCall, Condition::Raised, "");
    room.hears(
        "elm-4",
        &said(test, Urgency::Routine, "pendant", "", ago),
        ago,
    )
    .await;
    let browser = Browser::new(&room.router);
    let home = browser.get("/homes/elm-4").await;
    home.places(&[
        "64 /min",
        "no value: sensor off",
        "open",
        "40 days",
        "Test due",
    ]);
    let home = browser.get("/homes/elm-4").await;
    assert!(
        home.text
            .contains("no value: out of range (the device said 182400 mmHg)"),
        "{}",
        home.text
    );
    let homes = browser.get("/homes?find=elm").await;
    assert!(homes.text.contains("4 Elm Row") && !homes.text.contains("1 Oak Lane"));
    assert_eq!(
        browser.get("/homes/nobody").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn an_alarm_that_ended_by_itself_stays_until_a_person_closes_it() {
    let mut room = Room::open();
    let mut smoke = alarm(
        AlarmKind::Smoke,
        Urgency::Emergency,
        "smoke-1",
        "Kitchen",
        0,
    );
    room.hears("elm-4", &smoke, 0).await;
    smoke.what = What::alarm(AlarmKind::Smoke, Condition::Restored);
    room.hears("elm-4", &smoke, 0).await;
    let page = Browser::new(&room.router).get("/").await;
    page.places(&[">Smoke<", "Ended at the device", ">Once<"]);
}

#[tokio::test]
async fn one_listener_too_many_is_told_so_and_finds_a_place_when_another_leaves() {
    let room = Room::open();
    let browser = Browser::new(&room.router);
    let listen = async || {
        let request = browser
            .request("GET", "/live")
            .body(axum::body::Body::empty());
        room.router.clone().oneshot(request.unwrap()).await.unwrap()
    };
    let mut listening = Vec::new();
    for _ in 0..64 {
        listening.push(listen().await);
    }
    assert_eq!(listen().await.status(), StatusCode::SERVICE_UNAVAILABLE);
    listening.pop();
    assert_eq!(listen().await.status(), StatusCode::OK);
}

/// Waits until a case was marked as presented; fails after five seconds.
async fn presented(room: &Room, id: tecs_hub::store::CaseId) -> bool {
    for _ in 0..250 {
        let (case, _) = room.hub.store.case(id).await.unwrap().unwrap();
        if case.presented_ms.is_some() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn an_alarm_counts_as_presented_when_a_page_shows_it_and_not_when_a_program_reads_it() {
    let mut room = Room::open();
    let help = alarm(AlarmKind::Help, Urgency::Emergency, "pendant", "Hall", 0);
    let id = room.hears("elm-4", &help, 0).await.unwrap();
    let browser = Browser::new(&room.router);
    for path in ["/api/alarms".to_owned(), format!("/api/cases/{id}")] {
        browser.get(&path).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (case, _) = room.hub.store.case(id).await.unwrap().unwrap();
    assert_eq!(case.presented_ms, None);
    browser.get("/").await;
    assert!(presented(&room, id).await);
}

#[tokio::test]
async fn the_stream_says_what_is_open_then_what_comes_and_a_beat() {
    let mut room = Room::open();
    let browser = Browser::new(&room.router);
    let request = browser
        .request("GET", "/live")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = room.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut words = answer.into_body().into_data_stream();
    let mut next =
        async || String::from_utf8(words.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(next().await.contains("\"open\":0"));
    assert!(next().await.starts_with("event: beat"));
    let fall = alarm(AlarmKind::Fall, Urgency::Emergency, "fall-1", "Bath", 0);
    let id = room.hears("elm-4", &fall, 0).await.unwrap();
    let word = tokio::time::timeout(Duration::from_secs(4), next())
        .await
        .unwrap();
    assert!(word.starts_with("event: alarms"), "{word}");
    assert!(
        word.contains("Emergency: Fall detector fired, Bath")
            && word.contains("\"sound\":\"high\""),
        "{word}"
    );
    assert!(presented(&room, id).await);
}
