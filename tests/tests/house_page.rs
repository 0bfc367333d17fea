//! The responders' page in a real browser, over a real hub and a real home: what a person sees and presses, with scripts and
//! without.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::time::Duration;

use tecs_protocol::home::Stage;
use tecs_tests::house::{Chromium, HOME, SOON, house};
use tokio::time::Instant;

/// The page calls its link dead after 12 s of silence.
const STALE_WITHIN: Duration = Duration::from_secs(20);
/// Without scripts the page loads itself again every 10 s.
const RELOADED_WITHIN: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_appears_on_an_open_page_is_claimed_with_a_click_and_the_home_is_told_who_comes() {
    let Some(mut house) = house().await else {
        return;
    };
    let Some(page) = Chromium::open(&house.folder.path().join("chromium"), true) else {
        return;
    };
    let address = format!("http://{}/", house.hubs[0].api.at);
    page.visits(&address);
    page.until("#queue", "No open alarms", SOON);

    let began = Instant::now();
    house.does("fall", "fall", None).await;
    let shown = page.until("#rows .row", "Fall detector fired", SOON);
    println!("on the open page {shown:?} after it was said, without loading it again");
    house.is_told(began, "fall", Stage::Presented, SOON).await;

    // A claim by nobody is answered with a question, and with a name it counts.
    page.clicks("#rows .row .mine button");
    page.until(".told", "Who are you?", SOON);
    page.clicks(".me a");
    page.types("#who", "Ada");
    page.clicks("#main button[type=submit]");
    page.until(".me", "You are Ada", SOON);
    page.clicks("#act-claim");
    page.until("#case-head", "Claimed by Ada", SOON);
    house.is_told(began, "fall", Stage::Claimed, SOON).await;

    // Somebody else looks at the list: whose it is stands there, and nothing to press.
    page.visits(&address);
    page.until("#rows .row", "Claimed by Ada", SOON);
    assert_eq!(page.reads("#rows .row .mine button"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_keeps_still_under_the_pointer_and_says_what_waits_below() {
    let Some(mut house) = house().await else {
        return;
    };
    let Some(page) = Chromium::open(&house.folder.path().join("chromium"), true) else {
        return;
    };
    page.visits(&format!("http://{}/", house.hubs[0].api.at));
    house.does("line-button", "press", None).await;
    page.until("#rows .row", "Call for help", SOON);
    page.points_at("#rows .row h2");
    let place = "return document.querySelector('#rows .row h2').getBoundingClientRect().top";
    let before = page.runs(place);
    house.does("fall", "fall", None).await;
    page.until("#fresh", "1 new", SOON);
    assert_eq!(page.runs(place), before, "the row moved under the pointer");
    assert!(!page.reads("#rows").contains("Fall detector fired"));
    page.clicks("#fresh-show");
    page.until("#rows", "Fall detector fired", SOON);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_hub_falls_silent_says_stale_and_stops_saying_it_when_the_hub_is_back() {
    let Some(mut house) = house().await else {
        return;
    };
    let Some(page) = Chromium::open(&house.folder.path().join("chromium"), true) else {
        return;
    };
    page.visits(&format!("http://{}/", house.hubs[0].api.at));
    page.until("#queue", "No open alarms", SOON);
    assert_eq!(page.reads("#stale"), "");
    house.hubs[0].process().freeze();
    let stale = page.until("#stale", "STALE", STALE_WITHIN);
    assert!(
        stale > Duration::from_secs(5),
        "a pause of {stale:?} is no silence"
    );
    house.hubs[0].process().thaw();
    let began = Instant::now();
    while !page.reads("#stale").is_empty() {
        assert!(began.elapsed() < STALE_WITHIN, "still STALE");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_the_page_shows_an_alarm_by_itself_and_it_is_claimed_attended_and_closed() {
    let Some(mut house) = house().await else {
        return;
    };
    let Some(page) = Chromium::open(&house.folder.path().join("chromium"), false) else {
        return;
    };
    let address = format!("http://{}", house.hubs[0].api.at);
    page.visits(&format!("{address}/who"));
    page.types("#who", "Ada");
    page.clicks("#main button[type=submit]");
    page.until("#queue", "No open alarms", SOON);
    page.until("footer", "Without scripts", SOON);

    let began = Instant::now();
    house.does("fall", "fall", None).await;
    page.until("#rows .row", "Fall detector fired", RELOADED_WITHIN);
    page.clicks("#rows .row .mine button");
    page.until("body", "Claimed by Ada", SOON);
    let case = house.hubs[0].api.open(HOME).await.unwrap()[0].id;
    page.visits(&format!("{address}/cases/{case}"));
    page.clicks("#act-attend");
    page.until("body", "Attended by Ada", SOON);
    // The whole page is there: nothing moves any more between looking and pressing.
    page.until("footer", "Shown as of", SOON);
    house.is_told(began, "fall", Stage::Attending, SOON).await;
    page.clicks("#outcome-visited");
    page.types("#ending", "Helped up.");
    page.clicks(&format!("form[action='/cases/{case}/close'] button"));
    page.until("#case-head", "Closed by Ada", SOON);
    house.is_told(began, "fall", Stage::Closed, SOON).await;
    page.visits(&format!("{address}/closed"));
    page.until("#closed", "Fall detector fired", SOON);
}
