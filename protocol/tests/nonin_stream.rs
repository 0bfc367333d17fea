//! Nonin's data formats 2 and 7: 75 frames a second become one reading a second, in any chunks, with noise between.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use tecs_protocol::serial::nonin::{ACK, Format, NAK, Nonin, Second, Settings, select};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Measured, Message, Missing, Signal, What};
use tecs_protocol::vocabulary::VitalKind;

fn asked(format: Format) -> Nonin {
    let mut wire = Nonin::new(Settings {
        format,
        ..Settings::default()
    });
    assert_eq!(wire.opened(0), select(format));
    hears(&mut wire, &[ACK], 0);
    wire
}

fn hears(wire: &mut Nonin, bytes: &[u8], now: u64) -> Heard {
    let mut heard = Heard::default();
    wire.read(bytes, now, &mut heard);
    heard
}

fn good() -> Second {
    Second {
        pulse: Some(130),
        spo2: Some(97),
        ..Second::default()
    }
}

/// The vital signs of these messages, in order.
fn vitals(messages: &[Message]) -> Vec<(VitalKind, Measured)> {
    let signals = messages.iter().flat_map(|m| &m.signals);
    let vital = |signal: &Signal| match signal.what {
        What::Vital { kind, reading } => Some((kind, reading)),
        _ => None,
    };
    signals.filter_map(vital).collect()
}

fn read(spo2: Measured, pulse: Measured) -> Vec<(VitalKind, Measured)> {
    let read = [(VitalKind::Spo2, spo2), (VitalKind::Pulse, pulse)];
    read.map(|(kind, reading)| (kind, reading.possible(kind)))
        .to_vec()
}

#[test]
fn a_packet_is_written_as_the_reference_has_it() {
    let two = good().packet(Format::Df2);
    assert_eq!(two.len(), 125);
    // SYNC in the first frame alone; 130/min is 1, 0000010.
    assert_eq!(two[..5], [0x01, 0x81, 0x40, 0x01, 0xC3]);
    assert_eq!(two[5..10], [0x01, 0x80, 0x40, 0x02, 0xC3]);
    assert_eq!(two[10..15], [0x01, 0x80, 0x40, 97, 0x22]);
    let seven = good().packet(Format::Df7);
    assert_eq!(seven[..5], [0x81, 0x40, 0x40, 0x01, 0x02]);
    assert_eq!(good().packet(Format::Df8), Vec::<u8>::new());
}

#[test]
fn three_packets_a_second_are_one_reading_a_second() {
    for format in [Format::Df2, Format::Df7] {
        let mut wire = asked(format);
        let ten_seconds = good().packet(format).repeat(30);
        let messages = hears(&mut wire, &ten_seconds, 10).messages;
        assert!(messages.iter().all(|m| m.refusals.is_empty()), "{format:?}");
        let due = read(Measured::of(97.0), Measured::of(130.0)).repeat(10);
        assert_eq!(vitals(&messages), due, "{format:?}");
    }
}

#[test]
fn a_sensor_that_comes_off_is_told_at_once_and_once_and_what_it_still_shows_is_dropped() {
    for format in [Format::Df2, Format::Df7] {
        let mut wire = asked(format);
        let off = Second {
            sensor_off: true,
            ..good()
        };
        let stream = [
            good().packet(format).repeat(2),
            off.packet(format).repeat(30),
            good().packet(format),
        ];
        let messages = hears(&mut wire, &stream.concat(), 10).messages;
        let none = Measured::Missing(Missing::SensorOff);
        let value = read(Measured::of(97.0), Measured::of(130.0));
        let due = [value.clone(), read(none, none), value].concat();
        assert_eq!(vitals(&messages), due, "{format:?}");
    }
}

#[test]
fn numbers_that_stand_for_none_and_doubts_are_told() {
    let none = Measured::Missing(Missing::NoSignal);
    for format in [Format::Df2, Format::Df7] {
        let messages = hears(&mut asked(format), &Second::default().packet(format), 10).messages;
        assert_eq!(vitals(&messages), read(none, none));
        for doubted in [
            Second {
                artifact: true,
                ..good()
            },
            Second {
                out_of_track: true,
                ..good()
            },
            Second {
                low_perfusion: true,
                ..good()
            },
        ] {
            let messages = hears(&mut asked(format), &doubted.packet(format), 10).messages;
            let value = |value| Measured::Value {
                value,
                questionable: true,
            };
            assert_eq!(vitals(&messages), read(value(97.0), value(130.0)));
        }
    }
}

#[test]
fn a_garbled_frame_costs_its_packet_and_is_named() {
    for format in [Format::Df2, Format::Df7] {
        let packet = good().packet(format);
        for at in 0..packet.len() {
            let mut bad = packet.clone();
            bad[at] ^= 0x10;
            let mut wire = asked(format);
            let messages = hears(&mut wire, &[bad, packet.clone()].concat(), 10).messages;
            let due = read(Measured::of(97.0), Measured::of(130.0));
            assert_eq!(vitals(&messages), due, "{format:?}, byte {at}");
            assert!(messages.iter().any(|m| !m.refusals.is_empty()), "byte {at}");
        }
    }
}

#[test]
fn a_device_that_has_other_formats_is_read_all_the_same() {
    let mut wire = Nonin::new(Settings {
        format: Format::Df2,
        ..Settings::default()
    });
    wire.opened(0);
    hears(&mut wire, &[NAK], 10);
    let messages = hears(&mut wire, &good().encode(), 20).messages;
    assert_eq!(vitals(&messages).len(), 2);
}

#[test]
fn what_is_read_by_hand_is_recognised() {
    for format in [Format::Df2, Format::Df7] {
        let mut wire = Nonin::new(Settings::default());
        for _ in 0..2 {
            let messages = hears(&mut wire, &good().packet(format), 0).messages;
            wire.ended(0, &mut Heard::default());
            let due = read(Measured::of(97.0), Measured::of(130.0));
            assert_eq!(vitals(&messages), due, "{format:?}");
        }
        let messages = hears(&mut wire, &good().encode(), 0).messages;
        assert_eq!(vitals(&messages).len(), 2, "{format:?}");
    }
}

proptest! {
    #[test]
    fn packets_are_read_whatever_the_chunks_and_the_noise_between(
        packets in prop::collection::vec((0u16..=510, 0u8..=100, prop::collection::vec(any::<u8>(), 0..4)), 1..8),
        cuts in prop::collection::vec(1usize..150, 1..20),
        seven in any::<bool>(),
    ) {
        let format = if seven { Format::Df7 } else { Format::Df2 };
        let mut bytes = Vec::new();
        let mut due = Vec::new();
        for (n, (pulse, spo2, noise)) in packets.iter().enumerate() {
            // Noise that could begin a frame may cost the packet after it.
            bytes.extend(noise.iter().filter(|b| **b != 0x01 && **b < 0x80));
            let said = Second { pulse: Some(*pulse), spo2: Some(*spo2), ..Second::default() };
            bytes.extend(said.packet(format));
            if n % 3 == 0 {
                due.extend(read(Measured::of(f64::from(*spo2)), Measured::of(f64::from(*pulse))));
            }
        }
        let mut wire = asked(format);
        let mut messages = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, more) = rest.split_at((*cut).min(rest.len()));
            rest = more;
            messages.extend(hears(&mut wire, chunk, 10).messages);
        }
        prop_assert_eq!(vitals(&messages), due);
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_are_held(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
        format in prop::sample::select(vec![Format::Df2, Format::Df7, Format::Df8, Format::Df13]),
        select in any::<bool>(),
    ) {
        let mut wire = Nonin::new(Settings { format, select, ..Settings::default() });
        wire.opened(0);
        for chunk in chunks {
            for (_, reading) in vitals(&hears(&mut wire, &chunk, 0).messages) {
                let value = match reading {
                    Measured::Value { value, .. } => value,
                    Measured::Beyond(_) | Measured::Missing(_) => 0.0,
                };
                prop_assert!((0.0..=510.0).contains(&value));
            }
            prop_assert!(wire.held() <= 72);
        }
    }
}
