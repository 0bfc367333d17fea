//! Devices on lines that go both ways, against the gateway's own reader of their protocol, on a hand-turned clock: who is
//! told what, and when a call counts as handed over.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod between;

use tecs_protocol::serial::and_medical::{self, AndMedical};
use tecs_protocol::serial::contec::{self, Contec};
use tecs_protocol::serial::espa444::{self, Espa444, Role, Text, nak_garbled};
use tecs_protocol::serial::modbus::{self, Modbus};
use tecs_protocol::serial::nonin::{self, Nonin, Second, SpotCheck};
use tecs_protocol::serial::rfxtrx::{self, RfxTrx};
use tecs_protocol::signal::{Measured, Message, Missing, Seen, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, ObservedKind};
use tecs_sim::display::Display;
use tecs_sim::monitor::Monitor;
use tecs_sim::oximeter::Oximeter;
use tecs_sim::panel::{Manner, Panel};
use tecs_sim::port::Talker;
use tecs_sim::receiver::Receiver;
use tecs_sim::units::Units;
use tecs_sim::words::{Body, Handed, Taken};

use between::Between;

fn call(n: u64) -> Body {
    Body::Bytes(espa444::call(
        "550",
        &format!("ROOM 4 #{n}"),
        3,
        3,
        Text::Latin1,
    ))
}

fn espa(role: Role) -> Espa444 {
    let settings = espa444::Settings {
        role,
        ..espa444::Settings::default()
    };
    Espa444::new(settings, 65_536)
}

fn station() -> Espa444 {
    espa(espa444::Settings::default().role)
}

fn refusals(messages: &[Message]) -> usize {
    messages.iter().map(|m| m.refusals.len()).sum()
}

#[test]
fn a_panel_of_every_manner_hands_its_calls_over_once_and_in_order() {
    let manners = [
        (Manner::Control, station()),
        (Manner::Bridge, station()),
        (Manner::Station(b'3'), espa(Role::control(vec![b'3', b'4']))),
    ];
    for (manner, reader) in manners {
        let mut line = Between::new(Panel::new(manner), reader);
        line.runs(2_000);
        let handed: Vec<Handed> = (1..=3).map(|n| line.says(&call(n))).collect();
        line.runs(6_000);
        assert!(handed.iter().all(|h| h.taken() == Taken::Yes), "{manner:?}");
        assert_eq!(
            (line.calls(), refusals(&line.messages)),
            (3, 0),
            "{manner:?}"
        );
        let all = (line.counted("calls"), line.counted("acknowledged"));
        assert_eq!(
            (all, line.counted("blocks repeated")),
            ((3, 3), 0),
            "{manner:?}"
        );
        let numbers: Vec<Option<u64>> = line
            .messages
            .iter()
            .filter(|m| m.ticket.is_some())
            .map(|m| tecs_sim::device::number_in(&m.raw))
            .collect();
        assert_eq!(numbers, [Some(1), Some(2), Some(3)], "{manner:?}");
    }
}

#[test]
fn a_call_that_is_not_safe_is_repeated_twice_given_up_made_again_and_never_counted_as_taken() {
    let mut line = Between::new(Panel::new(Manner::Control), station());
    line.safe_after_ms = None;
    let handed = line.says(&call(1));
    line.runs(9_000);
    assert_eq!(handed.taken(), Taken::Waits);
    assert_eq!(line.counted("blocks repeated"), 2);
    assert_eq!(line.counted("calls made again later"), 1);
    assert_eq!(line.calls(), 1, "the repeats joined the first");
    let ticket = line.messages.iter().find_map(|m| m.ticket).unwrap();
    line.unsafe_yet.push((line.now_ms, ticket));
    line.runs(5_000);
    assert_eq!(handed.taken(), Taken::Yes, "safe at last");
    assert_eq!(line.calls(), 1);
}

#[test]
fn a_call_in_whose_middle_the_reader_died_is_made_again() {
    for manner in [Manner::Control, Manner::Bridge] {
        let mut line = Between::new(Panel::new(manner), station());
        line.runs(500);
        line.safe_after_ms = None;
        let handed = line.says(&call(1));
        while !line.device.is_asking() {
            line.runs(5);
        }
        line.dies(station());
        line.safe_after_ms = Some(20);
        assert_eq!(handed.taken(), Taken::Waits, "{manner:?}");
        line.runs(2_000);
        assert_eq!(handed.taken(), Taken::Yes, "{manner:?}");
    }
}

#[test]
fn a_nak_is_counted_and_the_block_repeated() {
    let mut panel = Panel::new(Manner::Bridge);
    panel.opened(0);
    let handed = Handed::new(Taken::Waits);
    panel.says(&call(1), &handed, 0);
    let first = panel.speaks(1_000);
    panel.hears(&nak_garbled(), 1_010);
    assert_eq!(panel.speaks(1_010), first);
    panel.hears(&nak_garbled(), 1_020);
    assert_eq!(panel.speaks(1_020), first);
    panel.hears(&nak_garbled(), 1_030);
    assert_eq!(panel.speaks(1_030), [espa444::EOT], "given up for now");
    let all = panel.counted();
    assert!(all.contains(&("refused (NAK)", 3)), "{all:?}");
    assert_eq!(panel.speaks(2_100), first, "and made again later");
    panel.hears(&[espa444::ACK], 2_110);
    assert_eq!(handed.taken(), Taken::Yes);
}

fn spo2(messages: &[Message]) -> Vec<(Measured, bool)> {
    let mut out = Vec::new();
    for message in messages {
        for signal in &message.signals {
            if let What::Vital { kind, reading } = &signal.what
                && kind.word() == "spo2"
            {
                out.push((*reading, message.replayed));
            }
        }
    }
    out
}

const fn ok(value: f64) -> Measured {
    Measured::Value {
        value,
        questionable: false,
    }
}

fn spot(spo2: u8) -> Body {
    Body::Spot(SpotCheck {
        spo2: Some(spo2),
        pulse: Some(72),
        smart_point: true,
        ..SpotCheck::default()
    })
}

#[test]
fn an_oximeter_takes_the_format_and_forwards_what_it_stored_marked_so() {
    let reader = || Nonin::new(nonin::Settings::default());
    let mut line = Between::new(Oximeter::new(false), reader());
    line.runs(100);
    let first = line.says(&spot(95));
    line.runs(100);
    assert_eq!(
        (line.counted("formats asked for"), first.taken()),
        (1, Taken::Yes)
    );
    line.device.closed(line.now_ms);
    let stored = line.says(&spot(91));
    assert_eq!(stored.taken(), Taken::Waits);
    line.dies(reader());
    line.runs(100);
    assert_eq!(stored.taken(), Taken::Yes);
    assert_eq!(spo2(&line.messages), [(ok(95.0), false), (ok(91.0), true)]);
}

#[test]
fn an_oximeter_that_has_format_8_alone_refuses_and_shows_a_value_a_second_until_the_finger_is_off()
{
    let reader = Nonin::new(nonin::Settings::default());
    let mut line = Between::new(Oximeter::new(true), reader);
    line.runs(100);
    assert_eq!(line.counted("formats refused"), 1);
    let display = |spo2: Option<u8>| {
        Body::Shows(Second {
            spo2,
            pulse: spo2.map(u16::from),
            sensor_off: spo2.is_none(),
            ..Second::default()
        })
    };
    let shown = line.says(&display(Some(97)));
    line.runs(2_900);
    assert_eq!(shown.taken(), Taken::Yes);
    assert_eq!(spo2(&line.messages), vec![(ok(97.0), false); 3]);
    line.messages.clear();
    line.written.clear();
    line.says(&display(None));
    line.runs(12_000);
    let off = Measured::Missing(Missing::SensorOff);
    assert_eq!(spo2(&line.messages), [(off, false)], "told once");
    // 97 is held for ten seconds, and then 127.
    let values: Vec<u8> = line.written.iter().skip(2).step_by(4).copied().collect();
    assert_eq!((values.first(), values.last()), (Some(&97), Some(&127)));
}

#[test]
fn a_receiver_is_started_and_says_each_packet_three_times_which_is_one_alarm() {
    let mut line = Between::new(Receiver::default(), RfxTrx::default());
    line.runs(2_000);
    assert_eq!(line.counted("status asked for"), 1);
    let packet = rfxtrx::security(0x03, 0, 0x00_A1_09, 0x06, 0);
    let handed = line.says(&Body::Bytes(packet));
    line.runs(500);
    assert_eq!(
        (handed.taken(), line.counted("packets said")),
        (Taken::Yes, 3)
    );
    let alarms = line.messages.iter().flat_map(|m| &m.signals);
    let alarms = alarms
        .filter(|s| matches!(s.what, What::Alarm { .. }))
        .count();
    assert_eq!((alarms, refusals(&line.messages)), (1, 0));
}

#[test]
fn a_unit_answers_when_its_register_is_asked_for() {
    let text = r#"{"poll_ms": 100, "registers": [
        {"device": "cellar", "unit": 3, "function": 3, "address": 43, "kind": "temperature", "format": "i16", "scale": 0.1},
        {"device": "floor", "unit": 4, "function": 2, "address": 7, "kind": "flood"}]}"#;
    let settings = modbus::Settings::compile(serde_json::from_str(text).unwrap()).unwrap();
    let mut line = Between::new(Units::default(), Modbus::new(settings));
    let cold = Body::Register {
        at: (3, 3, 43),
        value: (-15_i16).cast_unsigned(),
    };
    let wet = Body::Register {
        at: (4, 2, 7),
        value: 1,
    };
    let handed = [line.says(&cold), line.says(&wet)];
    line.runs(2_000);
    assert!(handed.iter().all(|h| h.taken() == Taken::Yes));
    let says: Vec<&What> = line
        .messages
        .iter()
        .flat_map(|m| &m.signals)
        .map(|s| &s.what)
        .collect();
    let cold = What::Observed {
        kind: ObservedKind::Temperature,
        seen: Seen::Value(-1.5),
    };
    assert!(says.contains(&&cold), "{says:?}");
    let flood = What::alarm(AlarmKind::Flood, Condition::Raised);
    assert!(says.contains(&&flood), "{says:?}");
}

#[test]
fn scales_send_a_weight_until_it_is_accepted_and_only_then_is_it_handed_over() {
    let reader = || AndMedical::new(and_medical::Settings::default());
    let mut line = Between::new(Monitor::default(), reader());
    let head = and_medical::Head {
        device: 321,
        serial: "5111124008".to_owned(),
        measured: "2026-02-03T04:05:06".to_owned(),
    };
    let weight = and_medical::Weight {
        value: 71.3,
        unit: "kg",
    };
    line.safe_after_ms = None;
    let handed = line.says(&Body::Bytes(head.frame(&weight.encode())));
    line.runs(3_000);
    assert_eq!((handed.taken(), line.calls()), (Taken::Waits, 1));
    line.dies(reader());
    line.safe_after_ms = Some(20);
    line.runs(3_000);
    assert_eq!((handed.taken(), line.counted("accepted")), (Taken::Yes, 1));
}

#[test]
fn a_display_is_read_once_a_second_and_one_that_must_be_called_waits_for_the_call() {
    let frame = contec::Frame {
        format: contec::Format::New,
        pulse: Some(72),
        spo2: Some(98),
        ..contec::Frame::default()
    };
    let device = Display::new(16, Some(&contec::REQUEST));
    let mut line = Between::new(device, Contec::new(contec::Settings::default()));
    let handed = line.says(&Body::Repeats(frame.encode()));
    line.runs(3_000);
    assert_eq!(handed.taken(), Taken::Yes);
    assert!(line.counted("calls heard") >= 1);
    let read = spo2(&line.messages);
    assert!((2..=4).contains(&read.len()), "{read:?}");
    assert!(read.iter().all(|r| *r == (ok(98.0), false)), "{read:?}");
}
