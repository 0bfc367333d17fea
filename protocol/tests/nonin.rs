//! Nonin oximeters as a line gives them: seconds and spot checks, in any chunks, with noise between, with and without
//! values.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use proptest::prelude::*;

use tecs_protocol::serial::nonin::{
    ACK, DeviceTime, Format, NAK, Nonin, Second, Settings, SpotCheck, ask_serial, select,
    serial_reply,
};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{HealthOf, Measured, Message, Missing, Reading, Signal, What};
use tecs_protocol::vocabulary::{Condition, HealthKind, VitalKind};

/// The reference's spot check: 93 %, 72/min.
const EXAMPLE: &str = "0002000D000E 2026010509300000 0200 0048 00 5D 2C 03";

/// 2026-01-05 09:30:00 UTC.
const EXAMPLE_MS: i64 = 1_767_605_400_000;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len() / 2)
        .map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap())
        .collect()
}

fn new() -> Nonin {
    Nonin::new(Settings::default())
}

fn hears(wire: &mut Nonin, bytes: &[u8], now: u64) -> Heard {
    let mut heard = Heard::default();
    wire.read(bytes, now, &mut heard);
    heard
}

/// What these bytes say to a line that nobody opened.
fn said(bytes: &[u8]) -> Vec<Message> {
    hears(&mut new(), bytes, 0).messages
}

fn vital(kind: VitalKind, reading: Measured) -> Signal {
    let what = What::Vital { kind, reading };
    Signal::new("oximeter", kind.word(), Reading::Sample, what)
}

fn value(kind: VitalKind, value: f64) -> Signal {
    vital(kind, Measured::of(value))
}

fn none(kind: VitalKind, why: Missing) -> Signal {
    vital(kind, Measured::Missing(why))
}

fn battery(condition: Condition) -> Signal {
    let what = What::health(HealthKind::BatteryLow, condition, "");
    Signal::new("oximeter", "battery_low", Reading::Edge, what)
}

fn at(ms: i64, mut signal: Signal) -> Signal {
    signal.happened_ms = Some(ms);
    signal
}

fn good() -> Second {
    Second {
        pulse: Some(72),
        spo2: Some(97),
        ..Second::default()
    }
}

fn spot() -> SpotCheck {
    SpotCheck {
        time: Some(DeviceTime {
            year: 2026,
            month: 1,
            day: 5,
            hour: 9,
            minute: 30,
            second: 0,
            hundredth: 0,
        }),
        pulse: Some(72),
        spo2: Some(93),
        smart_point: true,
        ..SpotCheck::default()
    }
}

#[test]
fn the_references_spot_check_holds_both_ways() {
    let messages = said(&bytes(EXAMPLE));
    assert_eq!(messages.len(), 1);
    assert_eq!(
        messages[0].signals,
        [
            at(EXAMPLE_MS, value(VitalKind::Spo2, 93.0)),
            at(EXAMPLE_MS, value(VitalKind::Pulse, 72.0)),
        ]
    );
    assert!(!messages[0].replayed);
    assert_eq!(spot().encode(), bytes(EXAMPLE));
}

#[test]
fn a_second_is_four_bytes_with_nine_bits_of_pulse() {
    // HR8 and HR7 are the lowest bits of the first byte: 1, 0000010 → 130.
    let messages = said(&[0x81, 0x02, 0x61, 0x00]);
    assert_eq!(
        messages[0].signals,
        [value(VitalKind::Spo2, 97.0), value(VitalKind::Pulse, 130.0)]
    );
    let second = Second {
        pulse: Some(130),
        ..good()
    };
    assert_eq!(second.encode(), [0x81, 0x02, 0x61, 0x00]);
}

#[test]
fn what_is_shown_while_the_sensor_is_off_is_dropped_and_why_is_told_once() {
    let mut wire = new();
    let off = Second {
        sensor_off: true,
        ..good()
    };
    let mut all = Vec::new();
    for second in [good(), off, off, off, good()] {
        all.extend(hears(&mut wire, &second.encode(), 0).messages);
    }
    assert_eq!(all[0].signals.len(), 2);
    assert_eq!(
        all[1].signals,
        [
            none(VitalKind::Spo2, Missing::SensorOff),
            none(VitalKind::Pulse, Missing::SensorOff)
        ]
    );
    for quiet in &all[2..4] {
        assert_eq!(quiet.signals, []);
        assert!(quiet.ignored.is_some());
    }
    assert_eq!(all[4].signals[0], value(VitalKind::Spo2, 97.0));
}

#[test]
fn values_that_stand_for_none_are_why_there_is_none() {
    let nothing = Second::default();
    assert_eq!(nothing.encode(), [0x83, 0x7F, 0x7F, 0x00]);
    assert_eq!(
        said(&nothing.encode())[0].signals,
        [
            none(VitalKind::Spo2, Missing::NoSignal),
            none(VitalKind::Pulse, Missing::NoSignal)
        ]
    );
    for spot in [
        SpotCheck {
            no_measurement: true,
            ..spot()
        },
        SpotCheck {
            pulse: None,
            spo2: None,
            ..spot()
        },
    ] {
        let messages = said(&spot.encode());
        assert_eq!(
            messages[0].signals,
            [
                at(EXAMPLE_MS, none(VitalKind::Spo2, Missing::NoSignal)),
                at(EXAMPLE_MS, none(VitalKind::Pulse, Missing::NoSignal)),
            ]
        );
    }
}

#[test]
fn a_value_that_the_device_doubts_is_questionable() {
    let doubted = |second: Second| {
        matches!(
            said(&second.encode())[0].signals[0].what,
            What::Vital {
                reading: Measured::Value {
                    questionable: true,
                    ..
                },
                ..
            }
        )
    };
    for second in [
        Second {
            out_of_track: true,
            ..good()
        },
        Second {
            artifact: true,
            ..good()
        },
        Second {
            low_perfusion: true,
            ..good()
        },
    ] {
        assert!(doubted(second), "{second:?}");
    }
    assert!(!doubted(Second {
        marginal_perfusion: true,
        ..good()
    }));
    let unsure = SpotCheck {
        smart_point: false,
        ..spot()
    };
    let messages = said(&unsure.encode());
    assert!(matches!(
        messages[0].signals[0].what,
        What::Vital {
            reading: Measured::Value {
                questionable: true,
                ..
            },
            ..
        }
    ));
}

#[test]
fn a_stored_reading_is_marked_and_has_the_devices_own_time() {
    let stored = SpotCheck {
        from_memory: true,
        ..spot()
    };
    let mut wire = Nonin::new(Settings {
        utc_offset_min: 60,
        ..Settings::default()
    });
    let messages = hears(&mut wire, &stored.encode(), 0).messages;
    assert!(messages[0].replayed);
    assert_eq!(
        messages[0].signals[0].happened_ms,
        Some(EXAMPLE_MS - 3_600_000)
    );
}

#[test]
fn a_time_that_is_none_is_named_and_does_not_cost_the_reading() {
    let mut frame = bytes(EXAMPLE);
    // The month becomes 1F, which is no two digits; the checksum follows.
    frame[8] = 0x1F;
    frame[20] = frame[20].wrapping_add(0x1E);
    let messages = said(&frame);
    assert_eq!(messages[0].signals.len(), 2);
    assert_eq!(messages[0].signals[0].happened_ms, None);
    assert_eq!(messages[0].refusals[0].name(), "bad_value");
}

#[test]
fn a_low_battery_is_told_when_it_changes() {
    let mut wire = new();
    let low = Second {
        low_battery: true,
        ..good()
    };
    let mut found = Vec::new();
    for second in [good(), low, low, good(), good()] {
        for message in hears(&mut wire, &second.encode(), 0).messages {
            found.extend(message.signals.into_iter().filter(|s| {
                matches!(
                    s.what,
                    What::Health {
                        of: HealthOf::Condition(_),
                        ..
                    }
                )
            }));
        }
    }
    assert_eq!(
        found,
        [battery(Condition::Raised), battery(Condition::Restored)]
    );
}

#[test]
fn the_format_is_selected_when_the_line_is_opened_and_asked_three_times() {
    let mut wire = new();
    assert_eq!(wire.opened(0), select(Format::Df13));
    assert_eq!(select(Format::Df13), [0x02, 0x70, 0x02, 0x02, 0x0D, 0x03]);
    let mut heard = Heard::default();
    for now in [1_000, 2_000] {
        assert_eq!(wire.due_ms(), Some(now));
        wire.tick(now, &mut heard);
    }
    assert_eq!(
        heard.send,
        [select(Format::Df13), select(Format::Df13)].concat()
    );
    wire.tick(3_000, &mut heard);
    assert!(heard.messages[0].ignored.is_some());
    assert_eq!(wire.due_ms(), None);
    // It is read in whatever format it has.
    let messages = hears(&mut wire, &good().encode(), 4_000).messages;
    assert!(messages[0].signals.contains(&value(VitalKind::Spo2, 97.0)));
}

#[test]
fn a_device_that_took_a_format_is_read_in_it_alone() {
    let mut wire = new();
    wire.opened(0);
    assert!(hears(&mut wire, &[ACK], 10).messages[0].ignored.is_some());
    assert_eq!(wire.due_ms(), None);
    let messages = hears(&mut wire, &good().encode(), 20).messages;
    assert_eq!(messages[0].refusals[0].name(), "noise");
    let messages = hears(&mut wire, &bytes(EXAMPLE), 30).messages;
    assert_eq!(meaning(messages).len(), 3, "with its battery's state");

    let mut wire = new();
    wire.opened(0);
    let refused = hears(&mut wire, &[NAK], 10).messages;
    assert_eq!(refused[0].refusals[0].name(), "bad_value");
    assert!(
        !hears(&mut wire, &good().encode(), 20).messages[0]
            .signals
            .is_empty()
    );
}

#[test]
fn a_device_may_be_called_by_its_serial_number() {
    let mut wire = Nonin::new(Settings {
        ask_serial: true,
        select: false,
        ..Settings::default()
    });
    assert_eq!(wire.opened(0), ask_serial());
    assert_eq!(wire.due_ms(), None);
    hears(&mut wire, &serial_reply("123456789"), 10);
    let messages = hears(&mut wire, &bytes(EXAMPLE), 20).messages;
    assert_eq!(messages[0].signals[0].device, "nonin-123456789");
}

#[test]
fn a_lost_byte_costs_one_second_and_the_next_is_read() {
    let frame = good().encode();
    let stream = [&frame[..], &frame[..2], &frame[..], &frame[1..], &frame[..]].concat();
    let messages = said(&stream);
    let whole = messages.iter().filter(|m| !m.signals.is_empty()).count();
    assert_eq!(whole, 3);
    let noise = messages.iter().filter(|m| !m.refusals.is_empty()).count();
    assert_eq!(noise, 2);
}

#[test]
fn a_part_of_a_second_before_a_pause_is_no_part_of_the_next() {
    let mut wire = new();
    hears(&mut wire, &good().encode()[..2], 0);
    let messages = hears(&mut wire, &good().encode()[2..], 1_000).messages;
    assert!(
        messages.iter().all(|m| m.signals.is_empty()),
        "{messages:?}"
    );
}

#[test]
fn a_garbled_spot_check_is_refused_and_never_taken_for_a_second() {
    // A pulse of 200 makes C8 00 5D 2C, which looks like 93 % in the other format.
    let fast = SpotCheck {
        pulse: Some(200),
        ..spot()
    };
    let whole = fast.encode();
    for at in 6..whole.len() - 1 {
        let mut bad = whole.clone();
        bad[at] ^= 0x40;
        let messages = said(&bad);
        assert_eq!(messages[0].refusals[0].name(), "checksum", "byte {at}");
        assert!(messages.iter().all(|m| m.signals.is_empty()), "byte {at}");
    }
    for lost in 6..whole.len() {
        let mut bad = whole.clone();
        bad.remove(lost);
        let messages = said(&[bad, whole.clone()].concat());
        let read: Vec<_> = messages.iter().filter(|m| !m.signals.is_empty()).collect();
        assert!(read.iter().all(|m| m.signals.len() == 2), "byte {lost}");
        assert!(
            read.iter()
                .all(|m| m.signals[1] == at(EXAMPLE_MS, value(VitalKind::Pulse, 200.0))),
            "byte {lost}"
        );
    }
}

#[test]
fn a_longer_spot_check_of_a_later_device_is_read_and_one_that_is_too_long_refused() {
    let mut long = spot().encode();
    long[5] = 16;
    long.splice(20..20, [0x05, 0x07]);
    let check = long.len() - 2;
    long[check] = long[check].wrapping_add(12);
    assert_eq!(said(&long)[0].signals.len(), 2);
    let mut huge = spot().encode();
    huge[4] = 0xFF;
    let messages = said(&huge);
    assert_eq!(messages[0].refusals[0].name(), "length");
}

fn seconds() -> impl Strategy<Value = Second> {
    (
        prop::option::of(0u16..=510),
        prop::option::of(0u8..=100),
        any::<[bool; 7]>(),
    )
        .prop_map(|(pulse, spo2, bits)| Second {
            pulse,
            spo2,
            sensor_off: bits[0],
            out_of_track: bits[1],
            artifact: bits[2],
            low_perfusion: bits[3],
            marginal_perfusion: bits[4],
            smart_point: bits[5],
            low_battery: bits[6],
        })
}

fn spots() -> impl Strategy<Value = SpotCheck> {
    let time = (
        1970u16..=2099,
        1u8..=12,
        1u8..=28,
        0u8..24,
        0u8..60,
        0u8..60,
        0u8..100,
    );
    (
        time,
        prop::option::of(0u16..=510),
        prop::option::of(0u8..=100),
        any::<[bool; 4]>(),
    )
        .prop_map(|(time, pulse, spo2, bits)| SpotCheck {
            time: Some(DeviceTime {
                year: time.0,
                month: time.1,
                day: time.2,
                hour: time.3,
                minute: time.4,
                second: time.5,
                hundredth: time.6,
            }),
            pulse,
            spo2,
            smart_point: bits[0],
            no_measurement: bits[1],
            from_memory: bits[2],
            low_battery: bits[3],
        })
}

/// Everything that was said of people and batteries, in order.
fn meaning(messages: Vec<Message>) -> Vec<Signal> {
    messages.into_iter().flat_map(|m| m.signals).collect()
}

/// Reads in chunks of these lengths, over and over.
fn in_chunks(bytes: &[u8], cuts: &[usize]) -> Vec<Signal> {
    let mut wire = new();
    let mut messages = Vec::new();
    let mut rest = bytes;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, more) = rest.split_at((*cut).min(rest.len()));
        rest = more;
        messages.extend(hears(&mut wire, chunk, 0).messages);
    }
    // The line pauses: what waits for its next byte waits no longer.
    let mut heard = Heard::default();
    wire.tick(500, &mut heard);
    messages.extend(heard.messages);
    meaning(messages)
}

#[test]
fn a_second_behind_a_01_that_fits_the_check_of_format_2_is_told_when_the_line_pauses() {
    let fits = |second: &Second| {
        let bytes = second.encode();
        let sum = bytes[..3].iter().fold(1u8, |sum, b| sum.wrapping_add(*b));
        sum == bytes[3]
    };
    let mut found = 0;
    for (pulse, spo2) in (18..=321).flat_map(|pulse| (70..=100).map(move |spo2| (pulse, spo2))) {
        let second = Second {
            pulse: Some(pulse),
            spo2: Some(spo2),
            ..Second::default()
        };
        if !fits(&second) {
            continue;
        }
        found += 1;
        let noisy = [&[0x01], &second.encode()[..]].concat();
        let due = meaning(said(&second.encode()));
        assert_eq!(in_chunks(&noisy, &[1]), due, "{second:?}");
        // The next second, told or not by then, is told as well: no format was found.
        let mut wire = new();
        let mut messages = hears(&mut wire, &noisy, 0).messages;
        messages.extend(hears(&mut wire, &noisy, 1_000).messages);
        let mut heard = Heard::default();
        wire.tick(2_000, &mut heard);
        messages.extend(heard.messages);
        assert_eq!(meaning(messages), [&due[..], &due].concat(), "{second:?}");
        // Read by hand it waits for nothing.
        let mut heard = Heard::default();
        let mut wire = new();
        wire.read(&noisy, 0, &mut heard);
        wire.ended(0, &mut heard);
        assert_eq!(meaning(heard.messages), due, "{second:?}");
    }
    assert!(found > 10, "{found}");
}

proptest! {
    #[test]
    fn seconds_are_read_whatever_the_chunks_and_the_noise_between(
        frames in prop::collection::vec((seconds(), prop::collection::vec(0u8..0x80, 0..6)), 1..20),
        cuts in prop::collection::vec(1usize..9, 1..30),
    ) {
        let mut clean = Vec::new();
        let mut noisy = Vec::new();
        for (second, noise) in &frames {
            clean.extend(second.encode());
            // A spot check's start is no noise.
            noisy.extend(noise.iter().filter(|b| **b != 0));
            noisy.extend(second.encode());
        }
        let due = meaning(said(&clean));
        prop_assert_eq!(in_chunks(&noisy, &cuts), due);
    }

    #[test]
    fn spot_checks_are_read_whatever_the_chunks_and_the_noise_between(
        frames in prop::collection::vec((spots(), prop::collection::vec(1u8..0x80, 0..20)), 1..8),
        cuts in prop::collection::vec(1usize..40, 1..30),
    ) {
        let mut due = Vec::new();
        let mut noisy = Vec::new();
        let mut wire = new();
        for (spot, noise) in &frames {
            let messages = hears(&mut wire, &spot.encode(), 0).messages;
            prop_assert_eq!(messages.len(), 1);
            prop_assert_eq!(&messages[0].refusals, &[]);
            prop_assert_eq!(messages[0].replayed, spot.from_memory);
            due.extend(meaning(messages));
            noisy.extend(noise);
            noisy.extend(spot.encode());
        }
        prop_assert_eq!(in_chunks(&noisy, &cuts), due);
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_are_held(
        chunks in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), 0u64..1_500), 0..30),
        open in any::<bool>(),
    ) {
        let mut wire = Nonin::new(Settings { ask_serial: true, ..Settings::default() });
        let mut now = 0;
        if open {
            wire.opened(now);
        }
        for (chunk, pause) in chunks {
            hears(&mut wire, &chunk, now);
            prop_assert!(wire.held() <= 72);
            now += pause;
            let mut heard = Heard::default();
            wire.tick(now, &mut heard);
        }
    }
}
