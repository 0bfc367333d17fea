//! Masimo oximeters as a line gives them: whole lines, torn ones, in any chunks, with noise between.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use tecs_protocol::serial::masimo::{LONGEST, Line, Masimo, Settings, exc};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Measured, Message, Missing, Signal, What};
use tecs_protocol::vocabulary::VitalKind;

/// The reference's line: low signal quality.
const EXAMPLE: &str = "03/17/16 19:19:36 SN=---------- SPO2=098% BPM=123 PI=00.55 SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- ALARM=000000 EXC=0000C00 EXC1=00000000\r\n";
/// A Rad-8 with a good signal.
const GOOD: &str = "02/22/16 22:47:45 SN=0000056661 SPO2=098% BPM=097 PI=03.60% SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- ALARM=0000 EXC=000800\n";
const DATE: &str = "03/17/16 19:19:36";

fn new() -> Masimo {
    Masimo::new(Settings::default())
}

fn hears(wire: &mut Masimo, bytes: &[u8]) -> Vec<Message> {
    let mut heard = Heard::default();
    wire.read(bytes, 0, &mut heard);
    assert!(heard.send.is_empty());
    heard.messages
}

fn vitals(messages: &[Message]) -> Vec<(VitalKind, Measured)> {
    let signals = messages.iter().flat_map(|m| &m.signals);
    let vital = |signal: &Signal| match signal.what {
        What::Vital { kind, reading } => Some((kind, reading)),
        _ => None,
    };
    signals.filter_map(vital).collect()
}

fn read(spo2: Measured, pulse: Measured) -> Vec<(VitalKind, Measured)> {
    vec![(VitalKind::Spo2, spo2), (VitalKind::Pulse, pulse)]
}

fn doubted(value: f64) -> Measured {
    Measured::Value {
        value,
        questionable: true,
    }
}

#[test]
fn the_references_line_is_a_value_of_low_signal_quality() {
    let messages = hears(&mut new(), EXAMPLE.as_bytes());
    assert_eq!(messages.len(), 1);
    assert_eq!(vitals(&messages), read(doubted(98.0), doubted(123.0)));
    assert_eq!(messages[0].unmapped, Vec::<String>::new());
    assert_eq!(messages[0].signals[0].happened_ms, None);
    assert_eq!(messages[0].signals[0].device, "oximeter");
}

#[test]
fn every_line_of_a_good_signal_is_told() {
    let messages = hears(&mut new(), GOOD.repeat(3).as_bytes());
    let value = read(Measured::of(98.0), Measured::of(97.0));
    assert_eq!(vitals(&messages), value.repeat(3));
}

#[test]
fn why_there_is_no_value_goes_by_the_exceptions_and_is_told_once() {
    for (bits, why) in [
        (exc::NO_SENSOR, Missing::SensorOff),
        (exc::SENSOR_OFF, Missing::SensorOff),
        (exc::SENSOR_OFF | exc::PULSE_SEARCH, Missing::SensorOff),
        (exc::DEFECTIVE, Missing::DeviceError),
        (exc::UNRECOGNISED, Missing::DeviceError),
        (exc::PULSE_SEARCH, Missing::NoSignal),
        (exc::AMBIENT_LIGHT, Missing::NoSignal),
        (exc::SET, Missing::NoSignal),
    ] {
        let line = Line {
            exc: bits,
            ..Line::default()
        };
        let mut wire = new();
        let messages = hears(&mut wire, &line.encode(DATE).repeat(3));
        let none = Measured::Missing(why);
        assert_eq!(vitals(&messages), read(none, none), "{bits:#x}");
        assert!(messages[1].ignored.is_some());
        assert_eq!(vitals(&hears(&mut wire, GOOD.as_bytes())).len(), 2);
    }
}

#[test]
fn what_is_shown_without_a_sensor_on_the_finger_is_dropped() {
    let line = Line {
        spo2: Some(97),
        pulse: Some(70),
        exc: exc::SENSOR_OFF,
    };
    let none = Measured::Missing(Missing::SensorOff);
    assert_eq!(
        vitals(&hears(&mut new(), &line.encode(DATE))),
        read(none, none)
    );
}

#[test]
fn each_doubt_makes_a_value_questionable() {
    for bits in [
        exc::LOW_PERFUSION,
        exc::PULSE_SEARCH,
        exc::INTERFERENCE,
        exc::AMBIENT_LIGHT,
        exc::LOW_QUALITY,
    ] {
        let line = Line {
            spo2: Some(97),
            pulse: Some(70),
            exc: bits,
        };
        let messages = hears(&mut new(), &line.encode(DATE));
        assert_eq!(
            vitals(&messages),
            read(doubted(97.0), doubted(70.0)),
            "{bits:#x}"
        );
    }
}

#[test]
fn a_line_that_lost_something_is_refused_by_name_and_says_nothing() {
    for (line, name) in [
        ("SPO2=09% BPM=123 EXC=000800\n", "bad_value"),
        ("SPO2=0981% BPM=123 EXC=000800\n", "bad_value"),
        ("SPO2=098% BPM=12 EXC=000800\n", "bad_value"),
        ("SPO2=098% BPM=123 ALARM=0000\n", "bad_value"),
        ("SPO2=098% BPM=123 EXC=00G800\n", "bad_value"),
        ("SPO2=098% BPM=123 EXC=80\n", "bad_value"),
        ("SN=1234 ALARM=0000 EXC=000800\n", "unknown_frame"),
        ("hello\n", "noise"),
    ] {
        let messages = hears(&mut new(), line.as_bytes());
        assert_eq!(messages.len(), 1, "{line}");
        assert_eq!(messages[0].refusals[0].name(), name, "{line}");
        assert_eq!(messages[0].signals, [], "{line}");
    }
}

#[test]
fn a_number_that_the_oximeter_cannot_show_is_kept_and_is_no_reading() {
    let messages = hears(&mut new(), b"SPO2=101% BPM=999 EXC=000800\n");
    let due = read(Measured::Beyond(101.0), Measured::Beyond(999.0));
    assert_eq!(vitals(&messages), due);
}

#[test]
fn the_devices_time_is_used_where_the_installer_gives_its_zone() {
    let mut wire = Masimo::new(Settings {
        utc_offset_min: Some(60),
        ..Settings::default()
    });
    let messages = hears(&mut wire, EXAMPLE.as_bytes());
    // 2016-03-17 18:19:36 UTC.
    assert_eq!(messages[0].signals[0].happened_ms, Some(1_458_238_776_000));
}

#[test]
fn a_line_that_is_too_long_is_refused_once_and_the_next_is_read() {
    let mut wire = new();
    let long = [vec![b'x'; 3 * LONGEST], b"\r\n".to_vec()].concat();
    let messages = hears(&mut wire, &long);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].refusals[0].name(), "too_large");
    assert!(wire.held() <= LONGEST);
    assert_eq!(vitals(&hears(&mut wire, GOOD.as_bytes())).len(), 2);
}

#[test]
fn a_line_without_an_end_is_read_by_hand_alone() {
    let mut wire = new();
    assert_eq!(hears(&mut wire, GOOD.trim_end().as_bytes()), []);
    let mut heard = Heard::default();
    wire.ended(0, &mut heard);
    assert_eq!(vitals(&heard.messages).len(), 2);
    // The first part of a line is no part of the one after a reopening.
    hears(&mut wire, b"SPO2=0");
    wire.opened(0);
    assert_eq!(vitals(&hears(&mut wire, GOOD.as_bytes())).len(), 2);
}

proptest! {
    #[test]
    fn lines_are_read_whatever_the_chunks_and_the_noise_between(
        lines in prop::collection::vec((1u16..=100, 1u16..=300, 0u32..0x1000, "[!-<>-~]{0,20}"), 1..10),
        cuts in prop::collection::vec(1usize..200, 1..20),
    ) {
        let mut clean = Vec::new();
        let mut noisy = Vec::new();
        for (spo2, pulse, exc, noise) in &lines {
            let line = Line { spo2: Some(*spo2), pulse: Some(*pulse), exc: *exc }.encode(DATE);
            clean.extend(&line);
            noisy.extend(noise.as_bytes());
            noisy.extend(b"\r\n\xff\x00 ");
            noisy.extend(&line);
        }
        let due = vitals(&hears(&mut new(), &clean));
        let mut wire = new();
        let mut messages = Vec::new();
        let mut rest = &noisy[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, more) = rest.split_at((*cut).min(rest.len()));
            rest = more;
            messages.extend(hears(&mut wire, chunk));
        }
        prop_assert_eq!(vitals(&messages), due);
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_are_held(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..10),
    ) {
        let mut wire = new();
        for chunk in chunks {
            hears(&mut wire, &chunk);
            prop_assert!(wire.held() <= LONGEST);
        }
        wire.ended(0, &mut Heard::default());
    }
}
