//! JSON lines, as a line gives them: in any chunks, with noise between them, in good words and bad ones.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use proptest::prelude::*;

use tecs_protocol::serial::jsonl::{JsonLines, encode};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{
    HealthOf, Measured, Message, Missing, Reading, Refusal, Seen, Signal, What,
};
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind, ObservedKind, State, VitalKind};

const LONGEST: usize = 64 * 1024;

fn read(bytes: &[u8]) -> Vec<Message> {
    let mut heard = Heard::default();
    JsonLines::new(LONGEST).read(bytes, 0, &mut heard);
    assert!(heard.send.is_empty(), "a one-way wire is not written to");
    heard.messages
}

fn signals(messages: &[Message]) -> Vec<Signal> {
    messages.iter().flat_map(|m| m.signals.clone()).collect()
}

fn one(line: &str) -> Signal {
    let messages = read(format!("{line}\n").as_bytes());
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0].refusals, [], "{line}");
    messages[0].signals[0].clone()
}

fn refused(line: &str) -> &'static str {
    let messages = read(format!("{line}\n").as_bytes());
    assert_eq!(messages.len(), 1, "{line}");
    assert_eq!(messages[0].signals, [], "{line}");
    messages[0].refusals[0].name()
}

#[test]
fn no_kind_is_a_word_of_two_lists() {
    let words: Vec<&str> = AlarmKind::ALL
        .iter()
        .map(|k| k.word())
        .chain(VitalKind::ALL.iter().map(|k| k.word()))
        .chain(ObservedKind::ALL.iter().map(|k| k.word()))
        .chain(HealthKind::ALL.iter().map(|k| k.word()))
        .collect();
    let mut once = words.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), words.len());
}

#[test]
fn a_help_button_is_a_press_every_time_with_or_without_a_state() {
    for line in [
        r#"{"device":"pendant","kind":"help"}"#,
        r#"{"device":"pendant","kind":"help","state":"raised"}"#,
        r#"{"n":7,"device":"pendant","kind":"help","what":"alarm","condition":"raised"}"#,
    ] {
        let signal = one(line);
        assert_eq!(signal.reading, Reading::Pulse);
        assert_eq!(signal.what, What::alarm(AlarmKind::Help, Condition::Raised));
    }
}

#[test]
fn an_alarm_with_a_state_is_a_state_and_without_one_a_press() {
    let flood = one(r#"{"device":"cellar","kind":"flood","state":"restored"}"#);
    assert_eq!(flood.reading, Reading::Edge);
    assert_eq!(
        flood.what,
        What::alarm(AlarmKind::Flood, Condition::Restored)
    );
    assert_eq!(
        one(r#"{"device":"cellar","kind":"flood"}"#).reading,
        Reading::Pulse
    );
}

#[test]
fn values_are_converted_and_their_time_is_the_devices() {
    let scale = one(
        r#"{"device":"scale","kind":"weight","value":131.7,"unit":"lb","time":"2026-04-17T23:33:17+08:00","model":"W1"}"#,
    );
    assert_eq!(
        scale.what,
        What::Vital {
            kind: VitalKind::Weight,
            reading: Measured::of(59.7381)
        }
    );
    assert_eq!(scale.happened_ms, Some(1_776_439_997_000));
    assert_eq!(scale.model, "W1");
    let room = one(r#"{"device":"hall","kind":"temperature","value":"68","unit":"°F"}"#);
    assert_eq!(
        room.what,
        What::Observed {
            kind: ObservedKind::Temperature,
            seen: Seen::Value(20.0)
        }
    );
}

#[test]
fn a_sensor_that_is_off_says_so_instead_of_a_value() {
    assert_eq!(
        one(r#"{"device":"ox","kind":"spo2","quality":"sensor_off"}"#).what,
        What::Vital {
            kind: VitalKind::Spo2,
            reading: Measured::Missing(Missing::SensorOff)
        }
    );
    assert_eq!(
        refused(r#"{"device":"ox","kind":"spo2","quality":"sensor_off","value":97}"#),
        "bad_value"
    );
}

#[test]
fn a_number_that_no_instrument_shows_is_kept_and_is_no_reading() {
    for (line, kind, said) in [
        (r#""kind":"pulse","value":-5"#, VitalKind::Pulse, -5.0),
        (
            r#""kind":"pulse","value":65535"#,
            VitalKind::Pulse,
            65_535.0,
        ),
        (
            r#""kind":"systolic","value":182400"#,
            VitalKind::Systolic,
            182_400.0,
        ),
        (
            r#""kind":"temperature_body","value":365"#,
            VitalKind::TemperatureBody,
            365.0,
        ),
        (
            r#""kind":"temperature_body","value":212,"unit":"°F""#,
            VitalKind::TemperatureBody,
            100.0,
        ),
        (r#""kind":"spo2","value":9797"#, VitalKind::Spo2, 9_797.0),
        (r#""kind":"spo2","value":-1"#, VitalKind::Spo2, -1.0),
        (r#""kind":"weight","value":1e21"#, VitalKind::Weight, 1e21),
        (
            r#""kind":"glucose","value":99,"quality":"questionable""#,
            VitalKind::Glucose,
            99.0,
        ),
        (
            r#""kind":"systolic","value":310,"quality":"out_of_range""#,
            VitalKind::Systolic,
            310.0,
        ),
    ] {
        let signal = one(&format!("{{\"device\":\"a\",{line}}}"));
        let reading = Measured::Beyond(said);
        assert_eq!(signal.what, What::Vital { kind, reading }, "{line}");
        // What a bridge writes again is the same.
        assert_eq!(one(encode(&signal).trim()).what, signal.what);
    }
}

#[test]
fn what_cannot_be_read_is_refused_by_name_and_says_nothing() {
    for (line, name) in [
        (r#"{"kind":"help"}"#, "bad_value"),
        (r#"{"device":"","kind":"help"}"#, "bad_value"),
        (r#"{"device":"a\u0000b","kind":"help"}"#, "bad_value"),
        (r#"{"device":"a"}"#, "bad_value"),
        (r#"{"device":"a","kind":"hlep"}"#, "not_in_vocabulary"),
        (
            r#"{"device":"a","kind":"help","what":"vital"}"#,
            "bad_value",
        ),
        (r#"{"device":"a","kind":"smoke","state":"on"}"#, "bad_value"),
        (r#"{"device":"a","kind":"smoke","state":7}"#, "bad_value"),
        (
            r#"{"device":"a","kind":"smoke","state":"raised","condition":"restored"}"#,
            "bad_value",
        ),
        (
            r#"{"device":"a","kind":"contact","state":"ajar"}"#,
            "bad_value",
        ),
        (r#"{"device":"a","kind":"humidity"}"#, "bad_value"),
        (
            r#"{"device":"a","kind":"humidity","value":100.1}"#,
            "bad_value",
        ),
        (
            r#"{"device":"a","kind":"humidity","value":1,"unit":"K"}"#,
            "bad_unit",
        ),
        (
            r#"{"device":"a","kind":"humidity","value":1e999}"#,
            "not_json",
        ),
        (
            r#"{"device":"a","kind":"humidity","value":255}"#,
            "bad_value",
        ),
        (
            r#"{"device":"a","kind":"temperature","value":327.67,"unit":"°F"}"#,
            "bad_value",
        ),
        (
            r#"{"device":"a","kind":"power","value":1e300}"#,
            "bad_value",
        ),
        (
            r#"{"device":"a","kind":"humidity","value":NaN}"#,
            "not_json",
        ),
        (
            r#"{"device":"a","kind":"battery","value":101}"#,
            "bad_value",
        ),
        (
            r#"{"device":"a","kind":"consciousness","value":2.5}"#,
            "bad_value",
        ),
        (r#"{"device":"a","device":"b","kind":"help"}"#, "not_json"),
        (r#"{"device":"a","kind":"help""#, "not_json"),
        (r#"{"device":["a"],"kind":"help"}"#, "bad_value"),
        ("# booting, firmware 1.2", "noise"),
        ("[1,2,3]", "noise"),
    ] {
        assert_eq!(refused(line), name, "{line}");
    }
    let deep = format!(
        "{{\"device\":\"a\",\"kind\":\"help\",\"x\":{}",
        "[".repeat(4000)
    );
    assert_eq!(refused(&deep), "not_json");
}

#[test]
fn a_bad_time_does_not_cost_the_alarm() {
    let messages = read(b"{\"device\":\"a\",\"kind\":\"help\",\"time\":\"soon\",\"mood\":1}\n");
    assert_eq!(messages[0].signals.len(), 1);
    assert_eq!(messages[0].refusals[0].name(), "bad_value");
    assert_eq!(messages[0].unmapped, ["mood"]);
}

#[test]
fn an_alarm_behind_noise_or_behind_a_line_that_was_cut_off_is_read() {
    for before in [
        &b"\xff\xfe\x00boot>"[..],
        b"\xef\xbb\xbf",
        b"{\"device\":\"a\",\"ki",
        b"}}}}",
    ] {
        let bytes = [before, b"{\"device\":\"a\",\"kind\":\"help\"}\r\n"].concat();
        let messages = read(&bytes);
        assert_eq!(signals(&messages).len(), 1, "{before:?}");
        assert!(
            messages[0].refusals.contains(&Refusal::Noise {
                bytes: before.len()
            }),
            "{messages:?}"
        );
    }
}

#[test]
fn a_line_beyond_the_limit_is_refused_once_and_the_next_one_is_read() {
    let mut wire = JsonLines::new(100);
    let mut heard = Heard::default();
    for _ in 0..1000 {
        wire.read(&[b'x'; 37], 0, &mut heard);
    }
    wire.read(b"\n{\"device\":\"a\",\"kind\":\"help\"}\n", 0, &mut heard);
    assert_eq!(heard.messages.len(), 2);
    assert_eq!(heard.messages[0].refusals[0].name(), "too_large");
    assert_eq!(heard.messages[1].signals.len(), 1);
}

#[test]
fn a_line_of_exactly_the_limit_is_read_with_either_end() {
    let line = br#"{"device":"a","kind":"help"}"#;
    for end in [&b"\n"[..], b"\r\n"] {
        let mut heard = Heard::default();
        JsonLines::new(line.len()).read(&[line, end].concat(), 0, &mut heard);
        assert_eq!(signals(&heard.messages).len(), 1);
        let mut heard = Heard::default();
        JsonLines::new(line.len() - 1).read(&[line, end].concat(), 0, &mut heard);
        assert_eq!(heard.messages[0].refusals[0].name(), "too_large");
    }
}

fn names() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9äöüß \"\\\\{}/_.-]{1,40}"
}

fn conditions() -> impl Strategy<Value = Condition> {
    proptest::sample::select(Condition::ALL)
}

fn values() -> impl Strategy<Value = f64> {
    (-1_000_000i32..1_000_000).prop_map(|n| f64::from(n) / 100.0)
}

/// The nearest value that can be.
fn possible(value: f64, (least, most): (f64, f64)) -> f64 {
    value.clamp(least, most)
}

/// Anything that a line can say.
fn whats() -> impl Strategy<Value = (What, Reading)> {
    let alarm = (
        proptest::sample::select(AlarmKind::ALL),
        conditions(),
        any::<bool>(),
    )
        .prop_map(|(kind, condition, press)| {
            let press_kind = matches!(kind, AlarmKind::Help | AlarmKind::Panic | AlarmKind::Fall);
            let what = What::Alarm {
                kind,
                condition: if press && !press_kind {
                    Condition::Raised
                } else {
                    condition
                },
                raw_code: if kind == AlarmKind::Unknown {
                    "E7".to_owned()
                } else {
                    String::new()
                },
            };
            let reading = if press || press_kind {
                Reading::Pulse
            } else {
                Reading::Edge
            };
            (what, reading)
        });
    let vital = (proptest::sample::select(VitalKind::ALL), values(), 0..6).prop_map(
        |(kind, value, how)| {
            let value = match kind {
                VitalKind::Consciousness => 3.0,
                VitalKind::Oxygen => 1.0,
                kind => possible(value, kind.range()),
            };
            let reading = match how {
                0 => Measured::Missing(Missing::SensorOff),
                1 => Measured::Missing(Missing::NoSignal),
                2 => Measured::Missing(Missing::OutOfRange),
                3 => Measured::Missing(Missing::DeviceError),
                4 => Measured::Missing(Missing::NotANumber),
                _ => Measured::Value {
                    value,
                    questionable: value > 0.0,
                },
            };
            (What::Vital { kind, reading }, Reading::Sample)
        },
    );
    let observed = (
        proptest::sample::select(ObservedKind::ALL),
        values(),
        any::<bool>(),
    )
        .prop_map(|(kind, value, on)| {
            if kind.unit().is_some() {
                // As much as a room has of each; what is beyond is refused.
                let seen = Seen::Value(value.abs() / 100.0);
                return (What::Observed { kind, seen }, Reading::Sample);
            }
            let words = [
                "open", "closed", "active", "clear", "taken", "reminder", "locked", "unlocked",
            ];
            let state = words
                .iter()
                .filter_map(|word| State::of(kind, word))
                .nth(usize::from(on))
                .unwrap();
            let reading = match kind {
                ObservedKind::Button | ObservedKind::Medication => Reading::Pulse,
                _ => Reading::Edge,
            };
            (What::state(kind, state), reading)
        });
    let health = (
        proptest::sample::select(HealthKind::ALL),
        conditions(),
        0..=100u8,
    )
        .prop_map(|(kind, condition, charge)| {
            if kind == HealthKind::Battery {
                let of = HealthOf::Value(f64::from(charge));
                let detail = String::new();
                (What::Health { kind, of, detail }, Reading::Sample)
            } else {
                (What::health(kind, condition, "why"), Reading::Edge)
            }
        });
    prop_oneof![alarm, vital, observed, health]
}

fn any_signal() -> impl Strategy<Value = Signal> {
    (
        names(),
        proptest::option::of(names()),
        whats(),
        proptest::option::of(100_000_000_000i64..250_000_000_000_000),
        any::<bool>(),
    )
        .prop_map(|(device, field, (what, reading), happened_ms, test)| {
            let kind = match &what {
                What::Alarm { kind, .. } => kind.word(),
                What::Vital { kind, .. } => kind.word(),
                What::Observed { kind, .. } => kind.word(),
                What::Health { kind, .. } => kind.word(),
            };
            let field = field.unwrap_or_else(|| kind.to_owned());
            Signal {
                happened_ms,
                test,
                ..Signal::new(device, field, reading, what)
            }
        })
}

/// Bytes that are no line: no LF and no brace.
fn any_noise() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..40).prop_map(|mut bytes| {
        bytes.retain(|b| !matches!(b, b'\n' | b'{'));
        bytes
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_in_any_chunks_with_noise_between_the_lines(
        said in proptest::collection::vec((any_signal(), any_noise(), any::<bool>()), 1..12),
        chunk in 1usize..50,
    ) {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (signal, noise, crlf) in said {
            bytes.extend(&noise);
            bytes.extend(if crlf { &b"\r\n"[..] } else { b"\n" });
            let line = encode(&signal);
            bytes.extend(if crlf { line.replace('\n', "\r\n") } else { line }.bytes());
            expected.push(signal);
        }
        let mut wire = JsonLines::new(LONGEST);
        let mut heard = Heard::default();
        for piece in bytes.chunks(chunk) {
            wire.read(piece, 0, &mut heard);
        }
        prop_assert_eq!(signals(&heard.messages), expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_the_reader_holds_no_more_than_a_line(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..40),
    ) {
        let mut wire = JsonLines::new(256);
        let mut heard = Heard::default();
        for chunk in &chunks {
            wire.read(chunk, 0, &mut heard);
            prop_assert!(wire.held() <= 257);
        }
    }

    #[test]
    fn arbitrary_text_that_looks_like_a_line_never_panics(text in "\\{[\"a-z:,0-9eE.\\[\\]{}\\\\ -]{0,200}") {
        let _ = read(format!("{text}\n").as_bytes());
    }
}

#[test]
fn a_line_that_was_half_said_when_the_port_closed_does_not_hide_the_next_one() {
    let long = [b'x'; 100];
    for before in [&b"{\"device\":\"co"[..], &long] {
        let mut wire = JsonLines::new(64);
        wire.read(before, 0, &mut Heard::default());
        wire.closed(1);
        assert_eq!(wire.held(), 0);
        let mut heard = Heard::default();
        wire.read(b"{\"device\":\"cord\",\"kind\":\"help\"}\n", 2, &mut heard);
        assert_eq!(signals(&heard.messages).len(), 1, "{heard:?}");
        assert_eq!(heard.messages[0].refusals, []);
    }
}

/// What the alarms of some bytes are, and how many refusals are beside them.
fn calls(bytes: &[u8]) -> Vec<String> {
    let mut calls = Vec::new();
    for signal in signals(&read(bytes)) {
        if let What::Alarm { kind, .. } = signal.what {
            calls.push(format!("{} {kind}", signal.device));
        }
    }
    calls
}

#[test]
fn every_object_of_a_line_is_said_whatever_stands_between_them() {
    let (help, fall) = (
        r#"{"device":"cord","kind":"help"}"#,
        r#"{"device":"hip","kind":"fall"}"#,
    );
    for line in [
        format!("{help}{fall}"),
        format!("{help} {fall}"),
        format!("{help},{fall},"),
        format!("[{help},{fall}]"),
        format!("[ {help} ,\t{fall} ]"),
        format!("[[{help}],[{fall}]]"),
        format!("\x1e{help}\x1e{fall}"),
        format!("{help}\0{fall}\0"),
        format!("{help}\r{fall}"),
        format!("{help}OK{fall}"),
        format!("I (12034) radio: {help} rssi=-71 {fall} #2"),
        format!("{{\"device\":\"x\",\"ki{help}{fall}"),
        format!("{help}{{\"device\":\"x\",\"ki{fall}"),
        format!("{help}{fall}{{\"device\":\"x\",\"ki"),
        format!("{{}}{help}{{\"rssi\":-70}}{fall}"),
        format!("}}{{{help}}}]{fall}"),
    ] {
        let found = calls(format!("{line}\n").as_bytes());
        assert_eq!(found, ["cord help", "hip fall"], "{line}");
    }
    let noise = [&b"\xff\xfe\x00"[..], help.as_bytes(), b"\xc3\x28\n"].concat();
    assert_eq!(calls(&noise), ["cord help"]);
}

#[test]
fn noise_behind_an_object_is_named_beside_it() {
    let messages = read(b"{\"device\":\"cord\",\"kind\":\"help\"}OK\n");
    assert_eq!(signals(&messages).len(), 1);
    assert_eq!(messages[0].refusals, [Refusal::Noise { bytes: 2 }]);
    let nothing = read(b"[\n");
    assert!(nothing[0].ignored.is_some(), "{nothing:?}");
}

#[test]
fn an_object_that_stands_within_a_whole_one_is_no_message_of_its_own() {
    let line = br#"{"device":"a","kind":"help","log":[{"device":"b","kind":"fall"}]}"#;
    assert_eq!(calls(&[&line[..], b"\n"].concat()), ["a help"]);
}

#[test]
fn a_whole_object_waits_for_no_end_of_its_line() {
    let mut wire = JsonLines::new(LONGEST);
    let mut heard = Heard::default();
    wire.read(
        b"{\"device\":\"cord\",\"kind\":\"help\"}{\"devi",
        1_000,
        &mut heard,
    );
    assert_eq!(heard.messages, []);
    assert_eq!(wire.due_ms(), Some(1_500));
    wire.tick(1_500, &mut heard);
    assert_eq!(signals(&heard.messages).len(), 1);
    assert_eq!((wire.due_ms(), wire.held()), (None, 6));
    wire.read(b"ce\":\"hip\",\"kind\":\"fall\"}\r\n", 9_000, &mut heard);
    assert_eq!(signals(&heard.messages).len(), 2);
    assert_eq!(heard.messages[1].refusals, []);
}

#[test]
fn a_line_that_never_ends_costs_no_whole_object() {
    let help = r#"{"device":"cord","kind":"help"}"#;
    for chunk in [1, 13, 10_000] {
        let mut wire = JsonLines::new(100);
        let mut heard = Heard::default();
        for bytes in help.repeat(50).as_bytes().chunks(chunk) {
            wire.read(bytes, 0, &mut heard);
            assert!(wire.held() <= 101);
        }
        wire.read(b"\n", 0, &mut heard);
        assert_eq!(signals(&heard.messages).len(), 50, "{chunk}");
    }
}
