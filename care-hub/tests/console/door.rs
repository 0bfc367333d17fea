//! Who is let in: strangers' names, other sites, forms without the page's secret, bodies without end.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;
use tecs_protocol::vocabulary::{AlarmKind, Urgency};

use crate::browser::Browser;
use crate::room::{Room, alarm};

async fn room_with_a_case() -> (Room, String) {
    let mut room = Room::open();
    let help = alarm(AlarmKind::Help, Urgency::Emergency, "pendant", "Hall", 0);
    let id = room.hears("elm-4", &help, 0).await.unwrap();
    (room, format!("/cases/{id}"))
}

#[tokio::test]
async fn another_name_for_this_machine_is_refused_in_clear_words_with_every_security_header() {
    let room = Room::open();
    let request = Request::get("/")
        .header(header::HOST, "rebound.example:8080")
        .body(Body::empty());
    let page = Browser::new(&room.router).send(request.unwrap()).await;
    assert_eq!(page.status, StatusCode::MISDIRECTED_REQUEST);
    assert!(page.text.contains("127.0.0.1"));
    for name in [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "cache-control",
    ] {
        assert!(page.headers.contains_key(name), "{name}");
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
}

#[tokio::test]
async fn a_form_without_the_page_s_secret_changes_nothing_and_loses_no_note() {
    let (room, case) = room_with_a_case().await;
    let browser = Browser::of(&room.router, "Amal").await;
    let form = [("token", "guessed"), ("note", "she is on the floor")];
    let page = browser.post(&format!("{case}/note"), &form).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("Nothing was saved"));
    assert!(page.text.contains("she is on the floor</textarea>"));
    let told = browser.get(&format!("/api{case}")).await.json();
    let entries = told["timeline"].as_array().unwrap();
    assert!(
        entries.iter().all(|entry| entry["entry"] != "note"),
        "{entries:?}"
    );
}

#[tokio::test]
async fn another_site_can_neither_send_a_form_nor_json_even_with_the_secret() {
    let (room, case) = room_with_a_case().await;
    let browser = Browser::of(&room.router, "Amal").await;
    let token = browser.get(&case).await.token();
    for (name, value) in [
        ("origin", "http://127.0.0.1:9999"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let request = browser
            .request("POST", &format!("{case}/claim"))
            .header(name, value)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("token={token}")));
        let page = browser.send(request.unwrap()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    // What a cross-site form can send without a preflight is no JSON.
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = browser
            .request("POST", &format!("/api{case}/claim"))
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(r#"{"who":"Eve"}"#));
        let page = browser.send(request.unwrap()).await;
        assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let told = browser.get(&format!("/api{case}")).await.json();
    assert_eq!(told["case"]["claim"], json!(null));
}

#[tokio::test]
async fn nothing_is_changed_by_merely_asking() {
    let (room, case) = room_with_a_case().await;
    let browser = Browser::of(&room.router, "Amal").await;
    for path in [
        format!("{case}/claim"),
        format!("{case}/access"),
        format!("/api{case}/claim"),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test]
async fn a_body_without_end_is_refused() {
    let (room, case) = room_with_a_case().await;
    let browser = Browser::of(&room.router, "Amal").await;
    let note = "x".repeat(200_000);
    let page = browser
        .post(&format!("{case}/note"), &[("token", "t"), ("note", &note)])
        .await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    let page = browser
        .send_json(
            &format!("/api{case}/note"),
            &json!({ "who": "A", "note": note }),
        )
        .await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn everything_a_page_needs_comes_from_the_page_itself() {
    let (room, case) = room_with_a_case().await;
    let browser = Browser::new(&room.router);
    for path in [
        "/",
        "/technical",
        "/homes",
        "/homes/elm-4",
        "/closed",
        "/who",
        &case,
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for foreign in ["http://", "https://", "style=", "onclick", "<script>"] {
            assert!(!page.text.contains(foreign), "{path} holds {foreign}");
        }
    }
    for (path, kind) in [
        ("/console.css", "text/css"),
        ("/console.js", "text/javascript"),
        ("/icon.svg", "image/svg"),
    ] {
        let file = browser.get(path).await;
        assert!(
            file.headers[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .starts_with(kind),
            "{path}"
        );
    }
}
