//! Modbus: a line of units that answer, refuse, garble and stay silent, and somebody else's questions overheard.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod said;

use proptest::prelude::*;

use said::{bytes, said};
use tecs_protocol::serial::modbus::{
    Format, LONGEST, Modbus, RegisterText, Settings, SettingsText, Table, bits, crc16, exception,
    frame, registers, request,
};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::Message;

fn register(device: &str, unit: u8, function: u8, address: u16, kind: &str) -> RegisterText {
    RegisterText {
        device: device.to_owned(),
        unit,
        function,
        address,
        kind: kind.to_owned(),
        field: String::new(),
        format: Format::U16,
        low_word_first: false,
        scale: 1.0,
        offset: 0.0,
        none: None,
        bit: None,
        invert: false,
    }
}

fn temperature() -> RegisterText {
    RegisterText {
        format: Format::I16,
        scale: 0.1,
        none: Some(-32_768),
        ..register("hall", 1, 4, 0x10, "temperature")
    }
}

fn settings(registers: Vec<RegisterText>) -> Settings {
    Settings::compile(SettingsText {
        registers,
        ..SettingsText::default()
    })
    .unwrap()
}

fn hears(wire: &mut Modbus, bytes: &[u8], now: u64) -> Vec<Message> {
    let mut heard = Heard::default();
    wire.read(bytes, now, &mut heard);
    heard.messages
}

/// What a whole line of a decode says to a reader that nobody opened.
fn by_hand(wire: &mut Modbus, bytes: &[u8]) -> Message {
    let mut heard = Heard::default();
    wire.read(bytes, 0, &mut heard);
    wire.ended(0, &mut heard);
    assert_eq!(heard.messages.len(), 1, "{heard:?}");
    heard.messages.remove(0)
}

fn words(messages: &[Message]) -> Vec<String> {
    let signals = messages.iter().flat_map(|m| &m.signals);
    signals
        .map(|s| format!("{} {}", s.device, said(s)))
        .collect()
}

/// What one register says, when its unit answers this.
fn says(text: RegisterText, answer: &[u8]) -> Message {
    let (table, address) = (Table::of(text.function).unwrap(), text.address);
    let unit = text.unit;
    let settings = settings(vec![text]);
    let mut wire = Modbus::new(settings);
    by_hand(
        &mut wire,
        &request(unit, table, address, answer_count(table, answer)),
    );
    by_hand(&mut wire, answer)
}

fn answer_count(table: Table, answer: &[u8]) -> u16 {
    if table.is_bits() {
        1
    } else {
        u16::from(answer[2]) / 2
    }
}

/// Turns a reader's clock until it asks: what it asked, and when.
fn asks(wire: &mut Modbus, heard: &mut Vec<Message>) -> (Vec<u8>, u64) {
    loop {
        let now = wire.due_ms().unwrap();
        let mut turn = Heard::default();
        wire.tick(now, &mut turn);
        heard.extend(turn.messages);
        if !turn.send.is_empty() {
            return (turn.send, now);
        }
    }
}

#[test]
fn the_references_request_holds_both_ways_and_says_nothing() {
    let whole = bytes("0103082B0002B663");
    assert_eq!(request(1, Table::Holding, 0x082B, 2), whole);
    let message = by_hand(&mut Modbus::new(Settings::default()), &whole);
    assert_eq!(
        (&message.signals[..], &message.refusals[..]),
        (&[][..], &[][..])
    );
    assert!(message.ignored.is_some());
    assert_eq!(message.raw, whole);
}

#[test]
fn a_wrong_check_and_half_a_frame_are_named() {
    let mut wire = Modbus::new(Settings::default());
    let message = by_hand(&mut wire, &bytes("0103082B0002B664"));
    assert_eq!(message.refusals[0].name(), "checksum");
    let message = by_hand(&mut wire, &bytes("010308"));
    assert_eq!(message.refusals[0].name(), "length");
    // High byte first is another check.
    let swapped = by_hand(&mut wire, &bytes("0103082B000263B6"));
    assert_eq!(swapped.refusals[0].name(), "checksum");
    assert_eq!(crc16(&bytes("0103082B0002")), 0x63B6);
}

#[test]
fn an_answer_that_nobody_has_described_says_nothing() {
    let mut wire = Modbus::new(Settings::default());
    let message = by_hand(&mut wire, &registers(1, Table::Holding, &[215]));
    assert!(message.ignored.is_some());
    assert_eq!(message.signals, []);
}

#[test]
fn registers_and_bits_say_what_the_installer_says_they_are() {
    let one = |values: &[u16]| registers(1, Table::Registers, values);
    let with = |change: fn(&mut RegisterText)| {
        let mut text = temperature();
        change(&mut text);
        text
    };
    let cases: Vec<(RegisterText, Vec<u8>, &[&str])> = vec![
        (
            temperature(),
            one(&[215]),
            &["hall observed temperature 21.5"],
        ),
        (
            temperature(),
            one(&[0xFFF6]),
            &["hall observed temperature -1"],
        ),
        (temperature(), one(&[0x8000]), &[]),
        (
            with(|t| t.format = Format::U32),
            one(&[0, 215]),
            &["hall observed temperature 21.5"],
        ),
        (
            with(|t| t.format = Format::I32),
            one(&[0xFFFF, 0xFFF6]),
            &["hall observed temperature -1"],
        ),
        (
            with(|t| {
                t.format = Format::F32;
                t.scale = 1.0;
            }),
            one(&[0x41AC, 0]),
            &["hall observed temperature 21.5"],
        ),
        (
            with(|t| {
                t.format = Format::F32;
                t.scale = 1.0;
                t.low_word_first = true;
            }),
            one(&[0, 0x41AC]),
            &["hall observed temperature 21.5"],
        ),
        (
            with(|t| {
                t.scale = 1.0;
                t.offset = -40.0;
            }),
            one(&[61]),
            &["hall observed temperature 21"],
        ),
        (
            register("ups", 1, 4, 0, "battery"),
            one(&[80]),
            &["ups health battery 80"],
        ),
        (
            register("sump", 1, 4, 0, "flood"),
            one(&[2]),
            &["sump alarm flood raised"],
        ),
        (
            RegisterText {
                bit: Some(0),
                ..register("sump", 1, 4, 0, "flood")
            },
            one(&[2]),
            &["sump alarm flood restored"],
        ),
        (
            register("door", 1, 2, 3, "contact"),
            bits(1, Table::Inputs, &[true]),
            &["door observed contact open"],
        ),
        (
            RegisterText {
                invert: true,
                ..register("door", 1, 2, 3, "contact")
            },
            bits(1, Table::Inputs, &[true]),
            &["door observed contact closed"],
        ),
        (
            register("panel", 1, 1, 0, "mains"),
            bits(1, Table::Coils, &[true]),
            &["panel health mains raised"],
        ),
    ];
    for (text, answer, expected) in cases {
        let message = says(text.clone(), &answer);
        assert_eq!(words(&[message]), expected, "{text:?}");
    }
}

#[test]
fn a_number_that_is_none_is_refused_by_name() {
    let text = RegisterText {
        format: Format::F32,
        ..register("hall", 1, 4, 0, "temperature")
    };
    let message = says(text, &registers(1, Table::Registers, &[0x7FC0, 0]));
    assert_eq!(
        (message.signals.len(), message.refusals[0].name()),
        (0, "bad_value")
    );
    let message = says(
        register("ups", 1, 4, 0, "battery"),
        &registers(1, Table::Registers, &[101]),
    );
    assert_eq!(
        (message.signals.len(), message.refusals[0].name()),
        (0, "bad_value")
    );
}

#[test]
fn every_register_is_asked_for_in_each_round() {
    let door = register("door", 2, 2, 3, "contact");
    let mut wire = Modbus::new(settings(vec![temperature(), door]));
    assert!(wire.opened(1_000).is_empty());
    let mut heard = Vec::new();
    for round in 0..3 {
        let (asked, now) = asks(&mut wire, &mut heard);
        assert_eq!(
            (asked, now),
            (
                request(1, Table::Registers, 0x10, 1),
                1_000 + round * 10_000
            )
        );
        heard.extend(hears(
            &mut wire,
            &registers(1, Table::Registers, &[215]),
            now + 20,
        ));
        let (asked, now) = asks(&mut wire, &mut heard);
        assert_eq!(asked, request(2, Table::Inputs, 3, 1));
        heard.extend(hears(
            &mut wire,
            &bits(2, Table::Inputs, &[round == 1]),
            now + 20,
        ));
    }
    let due = [
        "hall observed temperature 21.5",
        "door observed contact closed",
        "hall observed temperature 21.5",
        "door observed contact open",
        "hall observed temperature 21.5",
        "door observed contact closed",
    ];
    assert_eq!(words(&heard), due);
}

#[test]
fn a_silent_unit_is_missing_once_and_holds_up_no_other() {
    let texts = vec![
        temperature(),
        RegisterText {
            address: 0x11,
            ..temperature()
        },
        register("door", 2, 2, 3, "contact"),
    ];
    let mut wire = Modbus::new(settings(texts));
    wire.opened(0);
    let mut heard = Vec::new();
    for _ in 0..5 {
        // The unit's second register is not waited for.
        let (asked, _) = asks(&mut wire, &mut heard);
        assert_eq!(asked[0], 1);
        let (asked, now) = asks(&mut wire, &mut heard);
        assert_eq!(asked[0], 2);
        heard.extend(hears(&mut wire, &bits(2, Table::Inputs, &[false]), now));
    }
    let (_, now) = asks(&mut wire, &mut heard);
    heard.extend(hears(
        &mut wire,
        &registers(1, Table::Registers, &[215]),
        now,
    ));
    let found: Vec<String> = words(&heard)
        .into_iter()
        .filter(|w| w.starts_with("hall"))
        .collect();
    assert_eq!(
        found,
        [
            "hall health missing raised",
            "hall observed temperature 21.5",
            "hall health missing restored"
        ]
    );
}

#[test]
fn an_exception_is_refused_by_name_and_is_a_fault_until_it_is_answered() {
    let mut wire = Modbus::new(settings(vec![temperature()]));
    wire.opened(0);
    let mut heard = Vec::new();
    for code in [2, 2] {
        let (_, now) = asks(&mut wire, &mut heard);
        let messages = hears(&mut wire, &exception(1, Table::Registers, code), now);
        assert_eq!(messages[0].refusals[0].name(), "exception");
        assert!(
            messages[0].refusals[0]
                .to_string()
                .contains("illegal data address")
        );
        heard.extend(messages);
    }
    let (_, now) = asks(&mut wire, &mut heard);
    heard.extend(hears(&mut wire, &registers(1, Table::Registers, &[0]), now));
    assert_eq!(
        words(&heard),
        [
            "hall health fault raised",
            "hall observed temperature 0",
            "hall health fault restored"
        ]
    );
}

#[test]
fn noise_before_an_answer_costs_no_answer() {
    let mut wire = Modbus::new(settings(vec![temperature()]));
    wire.opened(0);
    let mut heard = Vec::new();
    let (_, now) = asks(&mut wire, &mut heard);
    let line = [&[0x00, 0xFF], &registers(1, Table::Registers, &[215])[..]].concat();
    heard.extend(hears(&mut wire, &line, now));
    let (_, _) = asks(&mut wire, &mut heard);
    assert_eq!(words(&heard), ["hall observed temperature 21.5"]);
    assert!(
        heard
            .iter()
            .any(|m| m.refusals.iter().any(|r| r.name() == "noise"))
    );
}

#[test]
fn somebody_elses_question_says_what_the_answer_is_about() {
    let texts = vec![
        temperature(),
        RegisterText {
            address: 0x12,
            device: "attic".into(),
            ..temperature()
        },
    ];
    let mut wire = Modbus::new(settings(texts));
    by_hand(&mut wire, &request(1, Table::Registers, 0x10, 4));
    let message = by_hand(&mut wire, &registers(1, Table::Registers, &[1, 2, 3, 4]));
    assert_eq!(
        words(&[message]),
        [
            "hall observed temperature 0.1",
            "attic observed temperature 0.3"
        ]
    );
    // Without a question two registers can be meant.
    let message = by_hand(&mut wire, &registers(1, Table::Registers, &[1]));
    assert!(message.ignored.is_some());
    let mut wire = Modbus::new(settings(vec![temperature()]));
    let message = by_hand(&mut wire, &registers(1, Table::Registers, &[1]));
    assert_eq!(words(&[message]), ["hall observed temperature 0.1"]);
    // Writing and the like say nothing.
    let written = by_hand(&mut wire, &frame(&[1, 6, 0, 1, 0, 3]));
    assert!(written.ignored.is_some());
}

#[test]
fn what_is_not_allowed_of_a_register_is_named_by_its_key() {
    let wrong = |text: RegisterText| {
        let text = SettingsText {
            registers: vec![text],
            ..SettingsText::default()
        };
        Settings::compile(text).unwrap_err().remove(0).key
    };
    let good = temperature;
    assert_eq!(
        wrong(RegisterText { unit: 0, ..good() }),
        "registers[0].unit"
    );
    assert_eq!(
        wrong(RegisterText {
            function: 6,
            ..good()
        }),
        "registers[0].function"
    );
    assert_eq!(
        wrong(RegisterText {
            function: 1,
            ..good()
        }),
        "registers[0].function"
    );
    assert_eq!(
        wrong(RegisterText {
            kind: "spo2".into(),
            ..good()
        }),
        "registers[0].kind"
    );
    assert_eq!(
        wrong(RegisterText {
            kind: "button".into(),
            ..good()
        }),
        "registers[0].kind"
    );
    assert_eq!(
        wrong(RegisterText {
            bit: Some(16),
            ..good()
        }),
        "registers[0].bit"
    );
    assert_eq!(
        wrong(RegisterText {
            device: String::new(),
            ..good()
        }),
        "registers[0].device"
    );
    assert_eq!(
        wrong(RegisterText {
            scale: f64::NAN,
            ..good()
        }),
        "registers[0].scale"
    );
    assert_eq!(
        wrong(RegisterText {
            address: 0xFFFF,
            format: Format::U32,
            ..good()
        }),
        "registers[0].address"
    );
    let text = SettingsText {
        poll_ms: 1,
        answer_ms: 1,
        registers: Vec::new(),
    };
    assert_eq!(Settings::compile(text).unwrap_err().len(), 2);
}

proptest! {
    /// Whatever the chunks, every answer is heard.
    #[test]
    fn any_chunks_say_the_same(values in proptest::collection::vec(-1_500i16..=10_000, 1..6), cuts in proptest::collection::vec(1usize..9, 1..60)) {
        let mut line = Vec::new();
        for value in &values {
            line.extend(request(1, Table::Registers, 0x10, 1));
            line.extend(registers(1, Table::Registers, &[value.cast_unsigned()]));
        }
        let mut wire = Modbus::new(settings(vec![temperature()]));
        let mut found = Vec::new();
        let mut rest = &line[..];
        for n in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (chunk, after) = rest.split_at((*n).min(rest.len()));
            found.extend(hears(&mut wire, chunk, 0));
            rest = after;
        }
        prop_assert_eq!(words(&found).len(), values.len());
    }

    /// Anything may come: it never panics, and never holds more than its limit.
    #[test]
    fn arbitrary_bytes_are_bounded(turns in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..600), 0u64..700), 0..8)) {
        let mut wire = Modbus::new(settings(vec![temperature()]));
        let mut now = 0;
        wire.opened(now);
        for (bytes, pause) in turns {
            hears(&mut wire, &bytes, now);
            prop_assert!(wire.held() <= LONGEST);
            now += pause;
            wire.tick(now, &mut Heard::default());
        }
        wire.ended(now, &mut Heard::default());
    }
}

#[test]
fn a_humidity_that_cannot_be_is_refused() {
    let humidity = RegisterText {
        scale: 0.1,
        ..register("hall", 1, 3, 1, "humidity")
    };
    for (raw, due) in [(1_000, Some("observed humidity 100")), (5_353, None)] {
        let mut wire = Modbus::new(settings(vec![humidity.clone()]));
        let message = hears(&mut wire, &registers(1, Table::Holding, &[raw]), 0).remove(0);
        let words: Vec<String> = message.signals.iter().map(said).collect();
        assert_eq!(words.first().map(String::as_str), due, "{raw}");
        assert_eq!(message.refusals.is_empty(), due.is_some(), "{raw}");
    }
}
