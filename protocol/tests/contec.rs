//! Contec oximeters of both kinds as a line gives them: recognised by their bytes, in any chunks, with noise between.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use tecs_protocol::serial::contec::{Contec, Format, Frame, REQUEST, Settings};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Measured, Message, Missing, Signal, What};
use tecs_protocol::vocabulary::VitalKind;

const KINDS: [Format; 2] = [Format::Old, Format::New];

fn new() -> Contec {
    Contec::new(Settings::default())
}

fn hears(wire: &mut Contec, bytes: &[u8], now: u64) -> Vec<Message> {
    let mut heard = Heard::default();
    wire.read(bytes, now, &mut heard);
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

fn good(format: Format) -> Frame {
    Frame {
        format,
        pulse: Some(150),
        spo2: Some(97),
        ..Frame::default()
    }
}

#[test]
fn a_frame_that_a_device_of_firmware_4_6_sent_is_read() {
    let bytes = [0x01, 0xE0, 0x85, 0xD5, 0x9A, 0xBD, 0xE3, 0xFF, 0xFF];
    let messages = hears(&mut new(), &bytes, 0);
    assert_eq!(messages.len(), 1);
    assert_eq!(
        vitals(&messages),
        read(Measured::of(99.0), Measured::of(61.0))
    );
}

#[test]
fn bit_seven_of_the_pulse_stands_elsewhere() {
    assert_eq!(good(Format::Old).encode(), [0x85, 0x20, 0x44, 22, 97]);
    let new_kind = good(Format::New).encode();
    assert_eq!(new_kind[..2], [0x01, 0xE8]);
    for format in KINDS {
        let messages = hears(&mut new(), &good(format).encode(), 0);
        let due = read(Measured::of(97.0), Measured::of(150.0));
        assert_eq!(vitals(&messages), due, "{format:?}");
    }
}

#[test]
fn a_waveform_of_a_cms50d_bt_holds_no_saturation() {
    for wave in [
        &[0xEB, 0x00, 0x03, 0x48, 0x09, 0x3F][..],
        &[0xEB, 0x00, 0x03, 0x47, 0x09, 0x3F],
        &[0xEB, 0x00, 0x43, 0x48, 0x09, 0x7F],
        &[0xEB, 0x00, 0x04, 0x62, 0x63, 0xB4],
        &[0xEB, 0x00, 0x83, 0x01, 0x61, 0x80],
    ] {
        for stream in [wave.to_vec(), wave.repeat(300), [&[0x05], wave].concat()] {
            let messages = hears(&mut new(), &stream, 0);
            assert_eq!(vitals(&messages), [], "{wave:02X?}");
            assert!(messages.iter().any(|m| m.ignored.is_some()), "{wave:02X?}");
        }
    }
    let half = hears(&mut new(), &[0xEB, 0x00, 0x03, 0x48, 0x63], 0);
    assert_eq!(half, []);
}

#[test]
fn the_values_of_a_cms50d_bt_are_read_between_its_waveforms() {
    let wave = [0xEB, 0x00, 0x03, 0x48, 0x09, 0x3F];
    let values = [0xEB, 0x01, 0x04, 0x53, 0x63, 0x7F, 0x00, 0x25];
    let second = [&wave.repeat(60)[..], &values].concat();
    let messages = hears(&mut new(), &second.repeat(3), 0);
    let due = read(Measured::of(99.0), Measured::of(83.0));
    assert_eq!(vitals(&messages), due.repeat(3));
    // With a wrong sum it is none; without a finger there is no value.
    let mut wrong = values;
    wrong[4] = 0x62;
    assert_eq!(vitals(&hears(&mut new(), &wrong, 0)), []);
    let off = [0xEB, 0x01, 0x04, 0xFF, 0x7F, 0x7F, 0x00, 0xED];
    let none = Measured::Missing(Missing::NoSignal);
    assert_eq!(vitals(&hears(&mut new(), &off, 0)), read(none, none));
}

#[test]
fn a_strength_that_the_old_kind_has_not_begins_no_frame() {
    for first in [0x89, 0x8A, 0xEC, 0xED, 0x9E] {
        let messages = hears(&mut new(), &[first, 0x20, 0x04, 72, 97], 0);
        assert_eq!(vitals(&messages), [], "{first:02X}");
    }
    let messages = hears(&mut new(), &[0x8F, 0x20, 0x04, 72, 97], 0);
    assert_eq!(vitals(&messages).len(), 2);
}

#[test]
fn sixty_frames_a_second_are_one_reading_a_second() {
    for format in KINDS {
        let messages = hears(&mut new(), &good(format).encode().repeat(600), 0);
        assert_eq!(messages.len(), 10);
        let due = read(Measured::of(97.0), Measured::of(150.0)).repeat(10);
        assert_eq!(vitals(&messages), due);
    }
}

#[test]
fn why_there_is_no_value_is_told_once_and_soon() {
    for format in KINDS {
        let out = Frame {
            finger_out: true,
            pulse: None,
            spo2: None,
            ..good(format)
        };
        let stream = [
            good(format).encode().repeat(30),
            out.encode().repeat(600),
            good(format).encode(),
        ];
        let messages = hears(&mut new(), &stream.concat(), 0);
        let none = Measured::Missing(Missing::SensorOff);
        let value = read(Measured::of(97.0), Measured::of(150.0));
        assert_eq!(
            vitals(&messages),
            [value.clone(), read(none, none), value].concat()
        );
        assert!(messages.iter().any(|m| m.ignored.is_some()));
    }
}

#[test]
fn each_bit_says_why_there_is_no_value() {
    for format in KINDS {
        for (frame, why) in [
            (
                Frame {
                    finger_out: true,
                    searching: true,
                    ..good(format)
                },
                Missing::SensorOff,
            ),
            (
                Frame {
                    searching: true,
                    ..good(format)
                },
                Missing::NoSignal,
            ),
            (
                Frame {
                    pulse: None,
                    spo2: None,
                    ..good(format)
                },
                Missing::NoSignal,
            ),
        ] {
            let none = Measured::Missing(why);
            let messages = hears(&mut new(), &frame.encode(), 0);
            assert_eq!(vitals(&messages), read(none, none), "{frame:?}");
        }
    }
    let failed = Frame {
        probe_error: true,
        ..good(Format::Old)
    };
    let none = Measured::Missing(Missing::DeviceError);
    assert_eq!(
        vitals(&hears(&mut new(), &failed.encode(), 0)),
        read(none, none)
    );
}

#[test]
fn the_new_kind_is_called_again_before_it_falls_silent_and_sooner_while_it_is() {
    let mut wire = new();
    assert_eq!(wire.opened(1_000), REQUEST);
    assert_eq!(wire.due_ms(), Some(6_000));
    let mut heard = Heard::default();
    wire.tick(6_000, &mut heard);
    assert_eq!(heard.send, REQUEST);
    hears(&mut wire, &good(Format::New).encode(), 6_100);
    assert_eq!(wire.due_ms(), Some(26_000));
    wire.closed(7_000);
    assert_eq!(wire.due_ms(), None);
    let mut old = Contec::new(Settings {
        format: Format::Old,
        ..Settings::default()
    });
    assert_eq!(old.opened(0), Vec::<u8>::new());
    assert_eq!(old.due_ms(), None);
}

#[test]
fn a_saturation_that_cannot_be_is_noise() {
    for format in KINDS {
        let mut frame = good(format).encode();
        let at = if format == Format::Old { 4 } else { 6 };
        frame[at] = frame[at] & 0x80 | 0x65;
        let messages = hears(&mut new(), &frame, 0);
        assert_eq!(messages[0].refusals[0].name(), "noise");
        assert_eq!(vitals(&messages), []);
    }
}

#[test]
fn a_part_of_a_frame_before_a_pause_is_no_part_of_the_next() {
    for format in KINDS {
        let mut wire = new();
        let frame = good(format).encode();
        hears(&mut wire, &frame[..3], 0);
        assert_eq!(vitals(&hears(&mut wire, &frame[3..], 1_000)), []);
    }
}

#[test]
fn frames_that_are_read_by_hand_are_each_told() {
    let mut wire = new();
    for format in [Format::Old, Format::New, Format::Old] {
        assert_eq!(
            vitals(&hears(&mut wire, &good(format).encode(), 0)).len(),
            2
        );
        wire.ended(0, &mut Heard::default());
    }
}

proptest! {
    #[test]
    fn frames_are_read_whatever_the_chunks_and_the_noise_between(
        seconds in prop::collection::vec((any::<bool>(), 15u8..=254, 1u8..=100, prop::collection::vec(2u8..0x80, 0..6)), 1..8),
        cuts in prop::collection::vec(1usize..40, 1..20),
    ) {
        let mut bytes = Vec::new();
        let mut due = Vec::new();
        for (is_new, pulse, spo2, noise) in &seconds {
            let format = if *is_new { Format::New } else { Format::Old };
            let frame = Frame { format, pulse: Some(*pulse), spo2: Some(*spo2), ..Frame::default() };
            bytes.extend(noise);
            bytes.extend(frame.encode().repeat(60));
            due.extend(read(Measured::of(f64::from(*spo2)), Measured::of(f64::from(*pulse))));
        }
        let mut wire = new();
        let mut messages = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, more) = rest.split_at((*cut).min(rest.len()));
            rest = more;
            messages.extend(hears(&mut wire, chunk, 0));
        }
        prop_assert_eq!(vitals(&messages), due);
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_are_held(
        chunks in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), 0u64..9_000), 0..20),
        open in any::<bool>(),
    ) {
        let mut wire = new();
        let mut now = 0;
        if open {
            wire.opened(now);
        }
        for (chunk, pause) in chunks {
            for (_, reading) in vitals(&hears(&mut wire, &chunk, now)) {
                if let Measured::Value { value, .. } = reading {
                    prop_assert!((1.0..=254.0).contains(&value));
                }
            }
            prop_assert!(wire.held() <= 9);
            now += pause;
            wire.tick(now, &mut Heard::default());
        }
    }
}
