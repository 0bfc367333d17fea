//! Definitions of eight megabytes through the core: they are read slice by slice, and an alarm of the same broker goes between
//! the slices.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as loudly as the tests"
)]

use gateway_core::settings::Source;
use gateway_core::{
    Decoder, Effect, Gateway, Identity, Input, JournalOrder, Mono, Recovered, Settings,
};
use tecs_protocol::Bytes;
use tecs_protocol::family::Family;
use tecs_protocol::mqtt::Publish;
use tecs_protocol::vocabulary::Lane;

/// A slice of a lesson, bytes.
const SLICE: usize = 64 * 1024;

fn settings() -> Settings {
    Settings {
        gateway_id: "home".to_owned(),
        sources: vec![Source {
            name: "zigbee".to_owned(),
            speaks: Family::Zigbee2Mqtt,
            base: String::new(),
            map: None,
            window: 0,
        }],
        ..Settings::default()
    }
}

/// A definition of a leak sensor whose `state` says it in words of its own, with so many bytes of what nobody asks for.
fn device(name: &str, filling: usize) -> String {
    format!(
        r#"{{"ieee_address":"0x00158d000{name:0>7}","friendly_name":"{name}","type":"EndDevice","definition":{{
        "vendor":"V","model":"M","description":"{}","exposes":[{{"type":"binary","name":"water_leak",
        "property":"water_leak","access":1,"value_on":"Leak","value_off":"Dry"}}]}}}}"#,
        "x".repeat(filling)
    )
}

/// A lesson of at least so many bytes.
fn lesson(bytes: usize) -> String {
    let each = device("1000", 20_000).len() + 1;
    let devices: Vec<String> = (0..bytes.div_ceil(each))
        .map(|n| device(&n.to_string(), 20_000))
        .collect();
    format!("[{}]", devices.join(","))
}

/// What one turn led to.
#[derive(Debug, Default)]
struct Turn {
    alarms: u64,
    acknowledged: Vec<u64>,
    listens: bool,
}

struct Home {
    gateway: Gateway,
    now: u64,
    token: u64,
}

impl Home {
    fn new() -> Self {
        let who = Identity {
            epoch: 1,
            boot_id: 2,
        };
        let mut home = Self {
            gateway: Gateway::new(settings(), who, Recovered::default(), Mono(0)),
            now: 0,
            token: 0,
        };
        home.turn(Input::SourceUp {
            source: 0,
            resumed: false,
        });
        home
    }

    fn turn(&mut self, input: Input) -> Turn {
        self.now += 1;
        self.gateway.handle(input, Mono(self.now));
        self.gateway.settle(Mono(self.now));
        let mut turn = Turn::default();
        while let Some(effect) = self.gateway.poll_effect() {
            match effect {
                Effect::Acknowledge { token, .. } => turn.acknowledged.push(token),
                Effect::Listen { .. } => turn.listens = true,
                Effect::Journal(JournalOrder::Keep {
                    lane: Lane::Alarm,
                    pages,
                    ..
                }) => {
                    turn.alarms += pages.iter().map(|p| p.last - p.key.first + 1).sum::<u64>();
                }
                _ => {}
            }
        }
        turn
    }

    fn says(&mut self, topic: &str, payload: &str) -> Turn {
        self.token += 1;
        self.turn(Input::Publish {
            source: 0,
            topic: format!("zigbee2mqtt/{topic}"),
            payload: Bytes::copy_from_slice(payload.as_bytes()),
            retained: false,
            dup: false,
            packet: 1,
            token: Some(self.token),
        })
    }

    /// Whether the core asks to be called again at once.
    fn is_due(&self) -> bool {
        let due = self.gateway.poll_timeout();
        due.is_some_and(|(at, why)| at <= Mono(self.now) && why == "line")
    }

    /// Turns until the lesson is learned.
    fn turns_until_learned(&mut self) -> usize {
        let mut turns = 0;
        while self.is_due() {
            turns += 1;
            assert!(turns < 1_000, "it never ends");
            if self.turn(Input::Tick).listens {
                break;
            }
        }
        turns
    }
}

#[test]
fn a_lesson_of_eight_megabytes_is_read_by_and_by_and_acknowledged_at_once() {
    let mut home = Home::new();
    let text = lesson(8_000_000);
    let first = home.says("bridge/devices", &text);
    assert_eq!(first.acknowledged, [1]);
    // A turn reads two slices at most.
    let least = text.len().div_ceil(2 * SLICE);
    assert!(home.turns_until_learned() + 1 >= least);
    assert!(!home.is_due(), "it is learned, and nothing is left to do");
    assert_eq!(home.says("7", r#"{"water_leak":"Leak"}"#).alarms, 1);
    assert_eq!(home.says("390", r#"{"water_leak":"Leak"}"#).alarms, 1);
}

#[test]
fn an_alarm_between_twenty_long_lessons_has_its_record_in_its_own_turn() {
    let mut home = Home::new();
    let text = lesson(8_000_000);
    for n in 0..20 {
        home.says("bridge/devices", &text);
        // Another pendant each time: of one, more than ten presses a minute are counted together.
        let press = home.says(&format!("pendant {n}"), r#"{"action":"sos"}"#);
        assert_eq!(press.alarms, 1, "press {n}");
    }
    // Of all lessons the newest alone is left to be read.
    assert!(home.turns_until_learned() <= text.len().div_ceil(SLICE));
}

#[test]
fn a_short_lesson_takes_the_place_of_a_long_one_that_is_being_read() {
    let mut home = Home::new();
    home.says("bridge/devices", &lesson(1_000_000));
    home.says("bridge/devices", &format!("[{}]", device("bath", 0)));
    assert!(!home.is_due());
    assert_eq!(home.says("bath", r#"{"water_leak":"Leak"}"#).alarms, 1);
}

#[test]
fn a_long_lesson_that_is_broken_at_its_end_teaches_nothing_and_takes_nothing_away() {
    let mut home = Home::new();
    home.says("bridge/devices", &format!("[{}]", device("bath", 0)));
    let mut text = lesson(1_000_000);
    text.truncate(text.len() - 10);
    home.says("bridge/devices", &text);
    home.turns_until_learned();
    assert!(!home.is_due());
    assert_eq!(home.says("bath", r#"{"water_leak":"Leak"}"#).alarms, 1);
}

#[test]
fn one_definition_that_is_too_long_costs_its_own_device_alone() {
    let mut home = Home::new();
    let long = device("long", 2_000_000);
    let text = format!("[{},{long},{}]", device("a", 0), device("b", 0));
    home.says("bridge/devices", &text);
    home.turns_until_learned();
    for name in ["a", "b"] {
        assert_eq!(
            home.says(name, r#"{"water_leak":"Leak"}"#).alarms,
            1,
            "{name}"
        );
    }
}

#[test]
fn groups_and_devices_that_are_both_long_are_both_learned() {
    let mut home = Home::new();
    let groups: Vec<String> = (0..400)
        .map(|n| format!(r#"{{"friendly_name":"g{n}","x":"{}"}}"#, "y".repeat(1_000)))
        .collect();
    home.says("bridge/groups", &format!("[{}]", groups.join(",")));
    home.says("bridge/devices", &lesson(500_000));
    while home.is_due() {
        home.turn(Input::Tick);
    }
    assert_eq!(home.says("g7", r#"{"water_leak":true}"#).alarms, 0);
    assert_eq!(home.says("7", r#"{"water_leak":"Leak"}"#).alarms, 1);
}

#[test]
fn decode_reads_a_long_lesson_to_its_end_before_the_next_line() {
    let mut decoder = Decoder::new(settings());
    let mut says = |topic: &str, payload: &str| {
        let publish = Publish {
            topic: &format!("zigbee2mqtt/{topic}"),
            payload: payload.as_bytes(),
            retained: false,
            now_ms: 1,
        };
        decoder.publish(0, &publish, false, Mono(1))
    };
    let learned = says("bridge/devices", &lesson(1_000_000));
    assert_eq!(learned.ignored.as_deref(), Some("definitions learned"));
    assert_eq!(says("7", r#"{"water_leak":"Leak"}"#).events.len(), 1);
}
