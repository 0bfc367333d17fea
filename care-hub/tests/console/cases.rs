//! What people do with a case: claim, attend, note, close; who is told what; and a timeline that only grows.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use tecs_hub::store::CaseId;
use tecs_protocol::vocabulary::{AlarmKind, Urgency};

use crate::browser::{Browser, Page};
use crate::room::{ACCESS_NOTE, Room, alarm};

async fn fall(room: &mut Room) -> CaseId {
    let fall = alarm(AlarmKind::Fall, Urgency::Emergency, "fall-1", "Bath", 0);
    room.hears("elm-4", &fall, 0).await.unwrap()
}

/// Presses a button of the case's page, as a browser without scripts does.
async fn press(browser: &Browser, id: CaseId, deed: &str, fields: &[(&str, &str)]) -> Page {
    let token = browser.get(&format!("/cases/{id}")).await.token();
    let mut all = vec![("token", token.as_str())];
    all.extend(fields);
    browser.post(&format!("/cases/{id}/{deed}"), &all).await
}

async fn timeline(browser: &Browser, id: CaseId) -> Vec<Value> {
    let told = browser.get(&format!("/api/cases/{id}")).await.json();
    told["timeline"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_first_who_claims_has_it_and_the_second_is_told_who() {
    let mut room = Room::open();
    let id = fall(&mut room).await;
    let amal = Browser::of(&room.router, "Amal").await;
    let bea = Browser::of(&room.router, "Bea").await;
    let claimed = press(&amal, id, "claim", &[]).await;
    assert_eq!(claimed.status, StatusCode::SEE_OTHER);
    assert_eq!(claimed.location(), format!("/cases/{id}"));
    let refused = press(&bea, id, "claim", &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("Amal has had it since"));
    let list = bea.get("/").await;
    assert!(list.text.contains("Claimed by <strong>Amal</strong>"));
    let api = bea
        .send_json(&format!("/api/cases/{id}/claim"), &json!({ "who": "Cy" }))
        .await;
    assert_eq!(api.status, StatusCode::CONFLICT);
    assert_eq!(
        (&api.json()["error"], &api.json()["by"]),
        (&json!("held"), &json!("Amal"))
    );
}

#[tokio::test]
async fn a_person_without_a_name_is_asked_for_it_and_keeps_what_was_typed() {
    let mut room = Room::open();
    let id = fall(&mut room).await;
    let nobody = Browser::new(&room.router);
    let page = press(&nobody, id, "note", &[("note", "talked to her")]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    page.places(&["Say who you are,", "talked to her</textarea>"]);
}

#[tokio::test]
async fn a_person_says_a_name_with_the_claim_and_is_known_from_then_on() {
    let mut room = Room::open();
    let id = fall(&mut room).await;
    let mut browser = Browser::new(&room.router);
    let page = browser.get(&format!("/cases/{id}")).await;
    page.places(&["Your name", "id=\"act-claim\""]);
    let claimed = press(&browser, id, "claim", &[("who", "Amal")]).await;
    assert_eq!(claimed.status, StatusCode::SEE_OTHER);
    browser.keep_cookie(&claimed);
    let page = browser.get(claimed.location()).await;
    page.places(&["You are <strong>Amal</strong>", "Give it back"]);
    assert!(!page.text.contains("Your name"));
    let again = press(&browser, id, "attend", &[("who", "Somebody else")]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert!(!again.headers.contains_key(header::SET_COOKIE));
    let last = timeline(&browser, id).await;
    assert_eq!(last.last().unwrap()["by"], "Amal");
}

#[tokio::test]
async fn a_case_goes_from_claim_to_close_by_forms_alone() {
    let mut room = Room::open();
    let id = fall(&mut room).await;
    let amal = Browser::of(&room.router, "Amal").await;
    for (deed, fields) in [
        ("claim", &[][..]),
        ("attend", &[]),
        ("note", &[("note", "She is sitting.\nNo pain.")]),
        (
            "close",
            &[
                ("outcome", "visited"),
                ("ending", "Helped up"),
                ("seen_count", "1"),
            ],
        ),
    ] {
        let page = press(&amal, id, deed, fields).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{deed}: {}", page.text);
    }
    let page = amal.get(&format!("/cases/{id}")).await;
    let places = page.places(&[
        "Amal</strong> claimed it",
        "is attending",
        "She is sitting.\nNo pain.",
        "closed it: visited",
        "Helped up",
    ]);
    assert!(places.is_sorted());
    assert!(
        amal.get("/closed")
            .await
            .text
            .contains("Fall detector fired")
    );
    assert!(amal.get("/").await.text.contains("No open alarms."));
}

#[tokio::test]
async fn not_visiting_takes_a_reason_and_a_refused_form_keeps_every_word() {
    let mut room = Room::open();
    let id = fall(&mut room).await;
    let amal = Browser::of(&room.router, "Amal").await;
    let without = [
        ("outcome", "no_visit_needed"),
        ("ending", "her son is there"),
    ];
    let page = press(&amal, id, "close", &without).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.places(&[
        "Say why nobody visits.",
        "her son is there</textarea>",
        "value=\"no_visit_needed\" checked",
    ]);
    let page = press(&amal, id, "close", &[("outcome", "elsewhere")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let with = [without[0], without[1], ("reason", "son attends")];
    assert_eq!(
        press(&amal, id, "close", &with).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_repeat_that_came_since_is_not_closed_unseen() {
    let mut room = Room::open();
    let id = fall(&mut room).await;
    let amal = Browser::of(&room.router, "Amal").await;
    assert_eq!(fall(&mut room).await, id);
    let page = press(
        &amal,
        id,
        "close",
        &[
            ("outcome", "false_alarm"),
            ("seen_count", "1"),
            ("ending", "a cushion"),
        ],
    )
    .await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.places(&["came again since", "now 2 times", "a cushion</textarea>"]);
}

#[tokio::test]
async fn no_line_of_a_timeline_ever_changes() {
    let mut room = Room::open();
    let id = fall(&mut room).await;
    let amal = Browser::of(&room.router, "Amal").await;
    let mut before: Vec<Value> = Vec::new();
    for (deed, fields) in [
        ("claim", json!({ "who": "Amal" })),
        ("note", json!({ "who": "Bea", "note": "on my way" })),
        ("attend", json!({ "who": "Amal" })),
        ("release", json!({ "who": "Amal" })),
        (
            "close",
            json!({ "who": "Bea", "outcome": "visited", "note": "well" }),
        ),
        (
            "note",
            json!({ "who": "Bea", "note": "called again later" }),
        ),
    ] {
        let page = amal
            .send_json(&format!("/api/cases/{id}/{deed}"), &fields)
            .await;
        assert_eq!(page.status, StatusCode::OK, "{deed}: {}", page.text);
        fall_ends_or_repeats(&mut room, deed).await;
        let now = timeline(&amal, id).await;
        assert!(now.len() > before.len(), "{deed} wrote nothing");
        assert_eq!(now[..before.len()], before[..], "{deed} changed a line");
        before = now;
    }
    let again = amal
        .send_json(&format!("/api/cases/{id}/claim"), &json!({ "who": "Amal" }))
        .await;
    assert_eq!(
        (again.status, &again.json()["error"]),
        (StatusCode::CONFLICT, &json!("closed"))
    );
}

/// The home goes on speaking while people act.
async fn fall_ends_or_repeats(room: &mut Room, deed: &str) {
    if deed == "claim" || deed == "release" {
        fall(room).await;
    }
}

#[tokio::test]
async fn the_access_note_is_shown_to_who_asks_and_the_timeline_says_to_whom() {
    let mut room = Room::open();
    let id = fall(&mut room).await;
    let amal = Browser::of(&room.router, "Amal").await;
    let page = press(&amal, id, "access", &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(ACCESS_NOTE));
    page.places(&["Amal</strong> wrote", "Looked at how to get in"]);
    let written = timeline(&amal, id).await;
    assert!(!json!(written).to_string().contains("4711"));
    assert!(
        !amal
            .get(&format!("/cases/{id}"))
            .await
            .text
            .contains("4711")
    );
    let nobody = press(&Browser::new(&room.router), id, "access", &[]).await;
    assert!(nobody.status == StatusCode::UNAUTHORIZED && !nobody.text.contains("4711"));
    let json = amal
        .send_json(
            &format!("/api/cases/{id}/access"),
            &json!({ "who": "Amal" }),
        )
        .await;
    assert_eq!(json.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_note_may_hold_anything_and_shows_it_harmlessly() {
    let mut room = Room::open();
    let id = fall(&mut room).await;
    let amal = Browser::of(&room.router, "<b>Amal</b>").await;
    let note = "</p><script>alert(1)</script>\u{202e}";
    assert_eq!(
        press(&amal, id, "note", &[("note", note)]).await.status,
        StatusCode::SEE_OTHER
    );
    let page = amal.get(&format!("/cases/{id}")).await;
    assert!(!page.text.contains("<script>alert") && !page.text.contains("<b>Amal"));
    page.places(&["&lt;script&gt;alert(1)", "&lt;b&gt;Amal"]);
}

#[tokio::test]
async fn a_case_that_is_not_there_is_not_there() {
    let room = Room::open();
    let browser = Browser::of(&room.router, "Amal").await;
    assert_eq!(browser.get("/cases/99").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        browser.get("/api/cases/99").await.status,
        StatusCode::NOT_FOUND
    );
    let claim = browser
        .send_json("/api/cases/99/claim", &json!({ "who": "Amal" }))
        .await;
    assert_eq!(claim.status, StatusCode::NOT_FOUND);
}
