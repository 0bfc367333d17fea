//! A&D blood pressure monitors and scales: whole frames, torn ones, and answers that wait for custody.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use tecs_protocol::serial::and_medical::{
    ACCEPT, AndMedical, BloodPressure, Head, REJECT, Settings, Weight,
};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Measured, Message, Missing, Signal, What};
use tecs_protocol::vocabulary::VitalKind;

/// What a UC-411PBT-C sent: a word before it, the header, and eight lines.
const CAPTURED: &str = "50574341504902005b000000970100dc070915003628dc070916080c16ed4a801f090055432d3431313531323034303030313700005042542d430000000000f0002353542c2b3037382e30356b670d0a52542c303438362e314f0d0a46542c32352e34250d0a48542c2b313734306d6d0d0a42542c30313638336b630d0a4d542c3035352e326b670d0a57542c3034322e356b670d0a49442c30310d0a";
/// 2012-09-21 00:54:40 UTC.
const CAPTURED_MS: i64 = 1_348_188_880_000;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap())
        .collect()
}

fn new() -> AndMedical {
    AndMedical::new(Settings::default())
}

fn hears(wire: &mut AndMedical, bytes: &[u8], now: u64) -> Heard {
    let mut heard = Heard::default();
    wire.read(bytes, now, &mut heard);
    heard
}

fn safe(wire: &mut AndMedical, message: &Message) -> Vec<u8> {
    let mut heard = Heard::default();
    wire.safe(message.ticket.unwrap(), 0, &mut heard);
    heard.send
}

fn vitals(messages: &[Message]) -> Vec<(VitalKind, Measured)> {
    let signals = messages.iter().flat_map(|m| &m.signals);
    let vital = |signal: &Signal| match signal.what {
        What::Vital { kind, reading } => Some((kind, reading)),
        _ => None,
    };
    signals.filter_map(vital).collect()
}

fn head(device: u16) -> Head {
    Head {
        device,
        serial: "5111124008".to_owned(),
        measured: "2012-09-21T00:54:40".to_owned(),
    }
}

fn pressure(payload: &[u8]) -> Vec<u8> {
    head(767).frame(payload)
}

fn four(values: [f64; 4]) -> Vec<(VitalKind, Measured)> {
    let kinds = [
        VitalKind::Systolic,
        VitalKind::Diastolic,
        VitalKind::MeanBp,
        VitalKind::Pulse,
    ];
    kinds.into_iter().zip(values.map(Measured::of)).collect()
}

fn weight(kg: f64) -> Vec<(VitalKind, Measured)> {
    vec![(VitalKind::Weight, Measured::of(kg))]
}

#[test]
fn the_references_blood_pressure_holds_both_ways() {
    let said = BloodPressure {
        failed: false,
        systolic: 105,
        diastolic: 76,
        mean: 82,
        pulse: 65,
    };
    assert_eq!(said.encode(), b"801D4C4152");
    let heard = hears(&mut new(), &pressure(b"801D4C4152"), 0);
    assert_eq!(vitals(&heard.messages), four([105.0, 76.0, 82.0, 65.0]));
    let signal = &heard.messages[0].signals[0];
    assert_eq!(signal.happened_ms, Some(CAPTURED_MS));
    assert_eq!(signal.device, "blood-pressure");
    assert_eq!(signal.model, "A&D UA-767PBT");
    let heard = hears(&mut new(), &pressure(b"8020423C4C"), 0);
    assert_eq!(vitals(&heard.messages), four([98.0, 66.0, 76.0, 60.0]));
}

#[test]
fn the_references_weight_holds_both_ways_and_pounds_become_kilograms() {
    let kg = Weight {
        value: 78.05,
        unit: "kg",
    };
    assert_eq!(kg.encode(), b"ST,+078.05kg\r\n");
    let heard = hears(&mut new(), &head(321).frame(&kg.encode()), 0);
    assert_eq!(vitals(&heard.messages), weight(78.05));
    assert_eq!(heard.messages[0].signals[0].device, "scale");
    let lb = Weight {
        value: 172.0,
        unit: "lb",
    };
    let heard = hears(&mut new(), &head(321).frame(&lb.encode()), 0);
    assert_eq!(vitals(&heard.messages), weight(78.0179));
}

#[test]
fn a_captured_frame_of_many_lines_is_a_weight() {
    let mut wire = AndMedical::new(Settings {
        by_serial: true,
        utc_offset_min: 60,
        ..Settings::default()
    });
    let heard = hears(&mut wire, &bytes(CAPTURED), 0);
    assert!(heard.messages[0].ignored.is_some());
    assert_eq!(vitals(&heard.messages), weight(78.05));
    let signal = &heard.messages[1].signals[0];
    assert_eq!(signal.device, "and-5120400017");
    assert_eq!(signal.happened_ms, Some(CAPTURED_MS - 3_600_000));
}

#[test]
fn a_reading_is_accepted_when_it_is_safe_and_not_before() {
    let mut wire = new();
    let heard = hears(&mut wire, &pressure(b"801D4C4152"), 0);
    assert_eq!(heard.send, Vec::<u8>::new());
    assert_eq!(safe(&mut wire, &heard.messages[0]), ACCEPT);
    assert_eq!(safe(&mut wire, &heard.messages[0]), Vec::<u8>::new());
}

#[test]
fn the_same_reading_again_is_answered_and_is_no_second_message() {
    let mut wire = new();
    let frame = pressure(b"801D4C4152");
    let first = hears(&mut wire, &frame, 0);
    let again = hears(&mut wire, &frame, 100);
    assert_eq!(vitals(&again.messages), []);
    assert_eq!(again.send, Vec::<u8>::new());
    assert_eq!(safe(&mut wire, &first.messages[0]), ACCEPT);
    wire.closed(200);
    wire.opened(300);
    // It was sent in another second, with another battery: the reading is the same.
    let mut later = frame.clone();
    later[22] = 41;
    later[57] = 7;
    let again = hears(&mut wire, &later, 400);
    assert_eq!(vitals(&again.messages), []);
    assert_eq!(again.send, ACCEPT);
    let other = hears(&mut wire, &pressure(b"801D4C4153"), 500);
    assert_eq!(vitals(&other.messages).len(), 4);
}

#[test]
fn what_waited_while_the_line_was_closed_is_new() {
    let mut wire = new();
    let first = hears(&mut wire, &pressure(b"801D4C4152"), 0);
    wire.closed(100);
    assert_eq!(safe(&mut wire, &first.messages[0]), Vec::<u8>::new());
    wire.opened(200);
    let second = hears(&mut wire, &pressure(b"801D4C4152"), 300);
    assert_eq!(vitals(&second.messages).len(), 4);
    assert_eq!(safe(&mut wire, &second.messages[0]), ACCEPT);
}

#[test]
fn a_failed_measurement_is_a_device_error_and_is_accepted() {
    let mut wire = new();
    let heard = hears(&mut wire, &pressure(b"0100000000"), 0);
    let none = Measured::Missing(Missing::DeviceError);
    assert_eq!(vitals(&heard.messages).len(), 4);
    assert!(vitals(&heard.messages).iter().all(|(_, r)| *r == none));
    assert_eq!(safe(&mut wire, &heard.messages[0]), ACCEPT);
    let heard = hears(&mut new(), &head(321).frame(b"US,+078.05kg\r\n"), 0);
    assert_eq!(vitals(&heard.messages), [(VitalKind::Weight, none)]);
}

#[test]
fn a_garbled_reading_is_named_and_sent_again() {
    for (device, payload, name) in [
        (767, &b"801D4C41"[..], "bad_value"),
        (767, b"801D4C41XX", "bad_value"),
        (767, b"\xff01D4C4152", "bad_value"),
        (321, b"ST,+0?8.05kg\r\n", "bad_value"),
        (321, b"ST,-078.05kg\r\n", "bad_value"),
        (321, b"078.05kg\r\n", "bad_value"),
        (321, b"ST,+078.05kq\r\n", "bad_unit"),
    ] {
        let heard = hears(&mut new(), &head(device).frame(payload), 0);
        assert_eq!(heard.messages.len(), 1);
        assert_eq!(heard.messages[0].refusals[0].name(), name, "{payload:?}");
        assert_eq!(heard.messages[0].ticket, None);
        assert_eq!(heard.send, REJECT);
    }
}

#[test]
fn a_frame_that_broke_off_is_named_and_sent_again() {
    let frame = pressure(b"801D4C4152");
    for cut in 8..frame.len() {
        let mut wire = new();
        hears(&mut wire, &frame[..cut], 0);
        let mut heard = Heard::default();
        wire.tick(1_499, &mut heard);
        assert_eq!(heard, Heard::default());
        assert_eq!(wire.due_ms(), Some(1_500));
        wire.tick(1_500, &mut heard);
        assert_eq!(heard.messages[0].refusals[0].name(), "length", "{cut}");
        assert_eq!(heard.send, REJECT);
        let heard = hears(&mut wire, &frame, 2_000);
        assert_eq!(vitals(&heard.messages).len(), 4, "{cut}");
    }
}

#[test]
fn a_device_that_we_do_not_know_is_named_and_not_asked_to_repeat() {
    let mut wire = new();
    let heard = hears(&mut wire, &head(999).frame(b"1234"), 0);
    assert_eq!(heard.messages[0].refusals[0].name(), "unknown_frame");
    assert_eq!(safe(&mut wire, &heard.messages[0]), ACCEPT);
}

#[test]
fn a_clock_that_was_never_set_does_not_cost_the_reading() {
    let unset = Head {
        measured: "0000-00-00T00:00:00".to_owned(),
        ..head(767)
    };
    let heard = hears(&mut new(), &unset.frame(b"801D4C4152"), 0);
    assert_eq!(vitals(&heard.messages).len(), 4);
    assert_eq!(heard.messages[0].signals[0].happened_ms, None);
    assert_eq!(heard.messages[0].refusals[0].name(), "bad_value");
}

proptest! {
    #[test]
    fn readings_are_read_whatever_the_chunks_and_the_noise_between(
        readings in prop::collection::vec((1u8..=99, 1u8..=200, 15u8..=255, any::<bool>(), prop::collection::vec(0x80u8..=0xff, 0..9)), 1..6),
        cuts in prop::collection::vec(1usize..90, 1..20),
    ) {
        let mut bytes = Vec::new();
        let mut due = Vec::new();
        for (n, (above, diastolic, pulse, scale, noise)) in readings.iter().enumerate() {
            bytes.extend(noise);
            let measured = format!("2026-01-05T09:30:{n:02}");
            if *scale {
                let said = Weight { value: f64::from(*diastolic), unit: "kg" };
                bytes.extend(Head { measured, ..head(321) }.frame(&said.encode()));
                due.extend(weight(f64::from(*diastolic)));
            } else {
                let systolic = u16::from(*above) + u16::from(*diastolic);
                let said = BloodPressure {
                    failed: false,
                    systolic,
                    diastolic: u16::from(*diastolic),
                    mean: u16::from(*diastolic),
                    pulse: *pulse,
                };
                bytes.extend(Head { measured, ..head(767) }.frame(&said.encode()));
                let low = f64::from(*diastolic);
                due.extend(four([f64::from(systolic), low, low, f64::from(*pulse)]));
            }
        }
        let mut wire = new();
        let mut found = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, more) = rest.split_at((*cut).min(rest.len()));
            rest = more;
            let heard = hears(&mut wire, chunk, 0);
            prop_assert!(heard.send.is_empty());
            found.extend(vitals(&heard.messages));
        }
        prop_assert_eq!(found, due);
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_are_held_nor_accepted(
        chunks in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), 0u64..2_000, any::<bool>()), 0..20),
    ) {
        let mut wire = new();
        let mut now = 0;
        for (mut chunk, pause, begins) in chunks {
            if begins {
                chunk.splice(0..0, [0x02, 0x00, 0x0A, 0, 0, 0, 0xFF, 0x02]);
            }
            let heard = hears(&mut wire, &chunk, now);
            prop_assert!(!heard.send.windows(4).any(|w| w == ACCEPT) || heard.messages.iter().any(|m| m.ignored.is_some()));
            prop_assert!(wire.held() <= 316);
            now += pause;
            wire.tick(now, &mut Heard::default());
        }
    }
}
