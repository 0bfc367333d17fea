//! The responders' page over an invented evening, to look at: `cargo run -p tecs-hub --example console -- 8080`.
//! A line on its standard input with an alarm's word (`fall`, `smoke` …) raises one more. Nothing of it is kept.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a tool to look at the page with: it may stop with a message"
)]

#[path = "../tests/console/room.rs"]
mod room;

use tecs_hub::store::{Act, Closing, Outcome, Person, Words};
use tecs_protocol::event::Flags;
use tecs_protocol::signal::{Measured, Missing, Seen, What};
use tecs_protocol::vocabulary::{
    AlarmKind, Condition, HealthKind, ObservedKind, State, Urgency, VitalKind,
};

use room::{ACCESS_NOTE, Room, alarm, said};

const MINUTE: i64 = 60_000;

#[tokio::main]
async fn main() {
    let port = std::env::args().nth(1).map_or(8080, |p| p.parse().unwrap());
    let mut room = Room::open();
    alarms(&mut room).await;
    daily_life(&mut room).await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .unwrap();
    println!("http://127.0.0.1:{port}/ (the access note of 4 Elm Row: {ACCESS_NOTE})");
    let router = room.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let line = || std::io::stdin().lines().next();
    while let Some(word) = tokio::task::spawn_blocking(line).await.unwrap() {
        let word = word.unwrap();
        match AlarmKind::from_word(word.trim()) {
            Some(kind) => {
                let event = alarm(kind, Urgency::Emergency, kind.word(), "Bathroom", 0);
                room.hears("elm-4", &event, 0).await;
            }
            None => println!("no alarm's word: {word}"),
        }
    }
    std::future::pending::<()>().await;
}

async fn alarms(room: &mut Room) {
    let fall = alarm(
        AlarmKind::Fall,
        Urgency::Emergency,
        "fall-1",
        "Bathroom",
        20_000,
    );
    room.hears("elm-4", &fall, 20_000).await;
    for ago_ms in [MINUTE + 30_000, MINUTE, 45_000] {
        let help = alarm(
            AlarmKind::Help,
            Urgency::Emergency,
            "pendant-2",
            "Hall",
            ago_ms,
        );
        room.hears("oak-1", &help, ago_ms).await;
    }
    let night = alarm(
        AlarmKind::Smoke,
        Urgency::Emergency,
        "smoke-1",
        "Kitchen",
        367 * MINUTE,
    );
    room.hears("elm-4", &night, 4 * MINUTE).await;
    odd(room).await;
    answered(room).await;
}

/// An unknown device of an unregistered home, a missed dose, a test.
async fn odd(room: &mut Room) {
    let mut unknown = alarm(
        AlarmKind::Unknown,
        Urgency::Urgent,
        "<b>odd</b>\u{202e}name",
        "",
        0,
    );
    unknown.what = What::Alarm {
        kind: AlarmKind::Unknown,
        condition: Condition::Raised,
        raw_code: "0x7F".into(),
    };
    room.hears("ash-9", &unknown, 0).await;
    let dose = alarm(
        AlarmKind::MedicationMissed,
        Urgency::Advisory,
        "dispenser",
        "Kitchen",
        12 * MINUTE,
    );
    room.hears("oak-1", &dose, 12 * MINUTE).await;
    let mut test = alarm(
        AlarmKind::Help,
        Urgency::Emergency,
        "pull cord",
        "Bathroom",
        MINUTE,
    );
    test.flags = Flags {
        test: true,
        ..Flags::default()
    };
    room.hears("elm-4", &test, MINUTE).await;
}

/// One that somebody attends, and one that was closed.
async fn answered(room: &mut Room) {
    let mut exit = alarm(
        AlarmKind::PropertyExit,
        Urgency::Urgent,
        "front door",
        "Hall",
        2 * MINUTE,
    );
    exit.flags = Flags {
        replayed: true,
        ..Flags::default()
    };
    let exit = room.hears("oak-1", &exit, 2 * MINUTE).await.unwrap();
    let flood = alarm(
        AlarmKind::Flood,
        Urgency::Urgent,
        "leak-1",
        "Kitchen",
        30 * MINUTE,
    );
    let flood = room.hears("oak-1", &flood, 30 * MINUTE).await.unwrap();
    let (bea, now_ms) = (Person::new("Bea").unwrap(), tecs_hub::state::Hub::now_ms());
    let store = &room.hub.store;
    store
        .act(exit, bea.clone(), Act::Claim, now_ms - MINUTE)
        .await
        .unwrap();
    store
        .act(exit, bea.clone(), Act::Attend, now_ms - 30_000)
        .await
        .unwrap();
    let words = Words::new("Tap left running. Neighbour turned it off.");
    let closing = Closing::new(Outcome::ResolvedByPhone, words, None).unwrap();
    let close = Act::Close {
        closing,
        seen_count: None,
    };
    store
        .act(flood, bea, close, now_ms - 20 * MINUTE)
        .await
        .unwrap();
}

async fn daily_life(room: &mut Room) {
    for (kind, ago_ms) in [
        (HealthKind::BatteryLow, 3_000 * MINUTE),
        (HealthKind::Mains, 5 * MINUTE),
    ] {
        let event = said(
            What::health(kind, Condition::Raised, ""),
            Urgency::Advisory,
            "smoke-2",
            "Landing",
            ago_ms,
        );
        room.hears("elm-4", &event, ago_ms).await;
    }
    let silent = "no beat for 45 s".to_owned();
    room.hub
        .store
        .supervise("oak-1", true, silent, tecs_hub::state::Hub::now_ms())
        .await
        .unwrap();
    let vital = |kind, reading| What::Vital { kind, reading };
    for (what, device) in [
        (vital(VitalKind::Spo2, Measured::of(93.0)), "oximeter"),
        (
            vital(
                VitalKind::Pulse,
                Measured::Value {
                    value: 88.0,
                    questionable: true,
                },
            ),
            "oximeter",
        ),
        (
            vital(VitalKind::Glucose, Measured::Missing(Missing::DeviceError)),
            "glucose meter",
        ),
        (
            What::Observed {
                kind: ObservedKind::Contact,
                seen: Seen::State(State::Closed),
            },
            "front door",
        ),
        (
            What::Observed {
                kind: ObservedKind::Temperature,
                seen: Seen::Value(18.25),
            },
            "climate",
        ),
        (
            What::health(HealthKind::TestCall, Condition::Raised, ""),
            "pendant-2",
        ),
    ] {
        let event = said(what, Urgency::Routine, device, "Living room", 7 * MINUTE);
        room.hears("elm-4", &event, 7 * MINUTE).await;
    }
}
