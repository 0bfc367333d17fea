//! RFXtrx packets: every sort of security device, switches and weather sensors; presses that are repeated; a line without a
//! checksum that loses its place and finds it again.

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
use tecs_protocol::serial::rfxtrx::{
    LONGEST, RfxTrx, climate, get_status, lighting2, packet, reset, security, start, status,
    temperature,
};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Message, Refusal};

const KD101: &str = "08 20 03 00 A10900 06 70";

fn hears(wire: &mut RfxTrx, bytes: &[u8], now: u64) -> Vec<Message> {
    let mut heard = Heard::default();
    wire.read(bytes, now, &mut heard);
    heard.messages
}

/// What one packet says.
fn says(packet: &[u8]) -> Vec<String> {
    let messages = hears(&mut RfxTrx::new(), packet, 0);
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages[0].signals.iter().map(said).collect()
}

#[test]
fn the_references_smoke_alarm_holds_both_ways() {
    let alarm = bytes(KD101);
    assert_eq!(security(0x03, 0, 0x00A1_0900, 0x06, 0), alarm);
    let message = &hears(&mut RfxTrx::new(), &alarm, 0)[0];
    assert_eq!(said(&message.signals[0]), "alarm smoke raised");
    assert_eq!(message.signals.len(), 1);
    assert_eq!(message.signals[0].device, "A10900");
    assert_eq!(message.raw, alarm);
}

#[test]
fn a_security_status_means_what_its_device_is() {
    const OK: &str = "health battery_low restored";
    const CLOSED: &str = "health tamper restored";
    let cases: &[(u8, u8, &[&str])] = &[
        (0x00, 0x00, &["observed contact closed", CLOSED, OK]),
        (0x00, 0x01, &["observed contact closed", CLOSED, OK]),
        (0x00, 0x02, &["observed contact open", CLOSED, OK]),
        (0x00, 0x03, &["observed contact open", CLOSED, OK]),
        (
            0x00,
            0x82,
            &["observed contact open", "health tamper raised", OK],
        ),
        (
            0x00,
            0x80,
            &["observed contact closed", "health tamper raised", OK],
        ),
        (0x00, 0x0B, &["observed button arm_home", OK]),
        (0x01, 0x04, &["observed motion active", CLOSED, OK]),
        (0x01, 0x05, &["observed motion clear", CLOSED, OK]),
        (
            0x01,
            0x84,
            &["observed motion active", "health tamper raised", OK],
        ),
        (0x01, 0x14, &[OK]),
        (0x01, 0x15, &[OK]),
        (0x01, 0x16, &["health battery_low raised"]),
        (0x02, 0x06, &["alarm panic raised", OK]),
        (
            0x02,
            0x86,
            &["alarm panic raised", "health tamper raised", OK],
        ),
        (0x02, 0x07, &["alarm panic restored", OK]),
        (0x02, 0x09, &["observed button arm_away", OK]),
        (0x02, 0x0D, &["observed button disarm", OK]),
        (0x02, 0x11, &["observed button light_1_on", OK]),
        (0x03, 0x06, &["alarm smoke raised"]),
        (0x03, 0x07, &["alarm smoke restored"]),
        (0x03, 0x82, &["alarm smoke raised", "health tamper raised"]),
        (0x03, 0x17, &[]),
        (0x04, 0x02, &["observed contact open", CLOSED, OK]),
        (0x05, 0x02, &["observed motion active", CLOSED, OK]),
        (0x06, 0x06, &["alarm panic raised", OK]),
        (0x07, 0x02, &["observed contact open", CLOSED, OK]),
        (0x08, 0x06, &["alarm panic raised", OK]),
        (0x08, 0x08, &["observed motion active", CLOSED, OK]),
        (0x09, 0x06, &["alarm smoke raised"]),
        (0x0A, 0x06, &["alarm smoke raised"]),
        (0x0A, 0x00, &["alarm smoke restored"]),
    ];
    for (subtype, status, expected) in cases {
        let found = says(&security(*subtype, 1, 0x00D3_DC54, *status, 9));
        assert_eq!(found, *expected, "{subtype:02X} {status:02X}");
    }
}

#[test]
fn the_bit_of_the_cover_holds_with_any_status_of_any_subtype() {
    const OFF: &str = "health tamper raised";
    for (subtype, status, what) in [
        (0x08, 0x88, "observed motion active"),
        (0x00, 0x88, "observed motion active"),
        (0x05, 0x88, "observed motion active"),
        (0x02, 0x8D, "observed button disarm"),
        (0x06, 0x89, "observed button arm_away"),
        (0x00, 0x93, "observed button light_2_on"),
        (0x0A, 0x86, "alarm smoke raised"),
        (0x09, 0x87, "alarm smoke restored"),
        (0x04, 0x86, "alarm panic raised"),
        (0x01, 0x96, "health battery_low raised"),
        (0x01, 0x94, OFF),
        (0x03, 0x97, OFF),
    ] {
        let message = &hears(
            &mut RfxTrx::new(),
            &security(subtype, 1, 0x00CE_0680, status, 9),
            0,
        )[0];
        let found: Vec<_> = message.signals.iter().map(said).collect();
        let has = |text: &str| found.iter().any(|said| said == text);
        assert!(
            has(what) && has(OFF),
            "{subtype:02X} {status:02X}: {found:?}"
        );
        assert_eq!((&message.refusals[..], message.ignored), (&[][..], None));
    }
    let beam = says(&bytes("082008CE0680018869"));
    assert_eq!(
        beam[..2],
        ["observed motion active".to_owned(), OFF.to_owned()]
    );
}

#[test]
fn a_remote_whose_cover_was_off_is_closed_when_it_speaks_without_the_bit() {
    let mut wire = RfxTrx::new();
    let mut told = |status, now| {
        let press = security(0x02, 1, 7, status, 9);
        let message = hears(&mut wire, &press, now).remove(0);
        let tampers = message.signals.iter().filter(|s| s.field == "tamper");
        tampers.map(said).collect::<Vec<_>>()
    };
    assert_eq!(told(0x89, 0), ["health tamper raised"]);
    assert_eq!(told(0x0D, 5_000), ["health tamper restored"]);
    assert_eq!(told(0x09, 9_000), [""; 0]);
}

#[test]
fn a_remote_that_looks_like_a_door_or_motion_sensor_is_a_remote_where_it_says_so() {
    for (subtype, status, what) in [
        (0x00, 0x06, "alarm panic raised"),
        (0x00, 0x07, "alarm panic restored"),
        (0x00, 0x09, "observed button arm_away"),
        (0x00, 0x0A, "observed button arm_away_delayed"),
        (0x01, 0x06, "alarm panic raised"),
        (0x04, 0x06, "alarm panic raised"),
        (0x05, 0x0D, "observed button disarm"),
        (0x07, 0x06, "alarm panic raised"),
        (0x08, 0x10, "observed button light_1_off"),
    ] {
        let found = says(&security(subtype, 1, 0x00AF_4000, status, 9));
        assert_eq!(found[0], what, "{subtype:02X} {status:02X}");
        assert!(!found.iter().any(|f| f.contains("contact")), "{found:?}");
    }
}

#[test]
fn panic_of_an_unknown_subtype_is_an_unknown_alarm_and_is_named() {
    let message = &hears(&mut RfxTrx::new(), &security(0x0E, 1, 1, 0x86, 9), 0)[0];
    let found: Vec<_> = message.signals.iter().map(said).collect();
    assert_eq!(found, ["alarm unknown raised"]);
    assert_eq!(message.refusals[0].name(), "unknown_frame");
}

#[test]
fn a_type_that_nobody_knows_swallows_no_alarm_before_which_it_stands() {
    // Security2; what looks like the beginning of a packet within it is none.
    let plain = [&[0x1C, 0x21, 0, 0][..], &[0x11; 25]].concat();
    let mut tricky = plain.clone();
    tricky[24..27].copy_from_slice(&[0x08, 0x20, 0x03]);
    let home = packet(&[0x1D, 0, 1, 0x07, 0x10, 0x0B, 0x11, 0x70]);
    for before in [
        plain.clone(),
        tricky.clone(),
        home.clone(),
        [plain.clone(), tricky.clone()].concat(),
        [tricky.clone(), home.clone(), plain.clone()].concat(),
    ] {
        for chunk in [before.len() + 9, before.len(), 64, 7] {
            let mut wire = RfxTrx::new();
            let line = [&before[..], &bytes(KD101)].concat();
            let mut messages = Vec::new();
            for part in line.chunks(chunk) {
                messages.extend(hears(&mut wire, part, 0));
            }
            let last = messages.last().unwrap();
            assert_eq!(last.raw, bytes(KD101), "{before:02X?} {messages:?}");
            assert_eq!(last.signals.len(), 1);
            let mut others = messages.iter().rev().skip(1);
            assert!(
                others.all(|m| m.signals.is_empty() && m.refusals[0].name() == "unknown_frame")
            );
        }
    }
}

#[test]
fn an_alarm_right_behind_a_byte_that_looks_like_a_length_waits_for_nothing() {
    for noise in ["1C", "1C21", "0A99", "28FF1C"] {
        let line = [bytes(noise), bytes(KD101)].concat();
        let messages = hears(&mut RfxTrx::new(), &line, 0);
        assert_eq!(messages.last().unwrap().raw, bytes(KD101), "{noise}");
    }
}

#[test]
fn a_battery_is_low_at_0_and_a_smoke_detector_has_none_to_tell() {
    let found = says(&security(0x01, 1, 1, 0x05, 0));
    assert!(found.contains(&"health battery_low raised".to_owned()));
    assert_eq!(says(&security(0x0A, 1, 1, 0x06, 0)).len(), 1);
}

#[test]
fn both_contacts_of_one_transmitter_have_their_own_field() {
    let mut wire = RfxTrx::new();
    let first = hears(&mut wire, &security(0x04, 1, 7, 0x02, 9), 0)[0].signals[0].clone();
    let second = hears(&mut wire, &security(0x07, 2, 7, 0x00, 9), 0)[0].signals[0].clone();
    assert_eq!(first.device, second.device);
    assert_eq!(
        (first.field, second.field),
        ("contact".into(), "contact_2".into())
    );
}

#[test]
fn statuses_and_subtypes_that_do_not_exist_are_refused_by_name() {
    let cases = [
        (security(0x03, 1, 1, 0x40, 0), "bad_value"),
        (security(0x02, 1, 1, 0xC0, 0), "bad_value"),
        (security(0x0B, 1, 1, 0x02, 0), "unknown_frame"),
        (packet(&[0x50, 1, 1, 0, 1, 0x7F, 0xFF, 0x79]), "bad_value"),
        (security(0x0B, 1, 1, 0x06, 0), "unknown_frame"),
        (lighting2(1, 1, 1, 9), "bad_value"),
        (packet(&[0x10, 0x00, 1, b'Z', 1, 1, 0x70]), "bad_value"),
        (climate(1, 1, 200, 101, 9), "bad_value"),
    ];
    for (wrong, name) in cases {
        let message = &hears(&mut RfxTrx::new(), &wrong, 0)[0];
        assert_eq!(message.refusals[0].name(), name, "{wrong:02X?}");
    }
}

#[test]
fn switches_chimes_and_fixed_codes_are_buttons() {
    let of = |packet: &[u8]| {
        let message = hears(&mut RfxTrx::new(), packet, 0).remove(0);
        let signal = &message.signals[0];
        format!("{} {}", signal.device, said(signal))
    };
    assert_eq!(
        of(&bytes("0B1100100118CDEA02010F70")),
        "118CDEA:2 observed button on"
    );
    assert_eq!(
        of(&lighting2(1, 0x0118_CDEA, 2, 3)),
        "118CDEA:2 observed button group_off"
    );
    assert_eq!(
        of(&packet(&[0x10, 0x00, 1, b'C', 3, 0x00, 0x70])),
        "C3 observed button off"
    );
    assert_eq!(
        of(&packet(&[0x10, 0x01, 1, b'C', 3, 0x06, 0x70])),
        "C observed button group_on"
    );
    assert_eq!(
        of(&packet(&[0x13, 0, 1, 0xBC, 0x7D, 0xE1, 1, 0x5E, 0x70])),
        "BC7DE1 observed button single"
    );
    assert_eq!(
        of(&packet(&[0x16, 0, 1, 0x00, 0x62, 0x01, 0x70])),
        "0062 observed button single"
    );
}

#[test]
fn weather_and_meters_say_what_they_measure() {
    const OK: &str = "health battery_low restored";
    assert_eq!(
        says(&bytes("08500100040100C879")),
        ["observed temperature 20", OK]
    );
    assert_eq!(
        says(&temperature(1, 0x0401, -105, 9)),
        ["observed temperature -10.5", OK]
    );
    assert_eq!(
        says(&packet(&[0x51, 1, 1, 0, 1, 45, 2, 0x79])),
        ["observed humidity 45", OK]
    );
    assert_eq!(
        says(&climate(1, 1, 167, 45, 9)),
        ["observed temperature 16.7", "observed humidity 45", OK]
    );
    let air = packet(&[0x54, 1, 1, 0, 1, 0, 200, 50, 0, 0x03, 0xF0, 1, 0x79]);
    assert_eq!(
        says(&air),
        ["observed temperature 20", "observed humidity 50", OK]
    );
    let mut meter = vec![0x5A, 1, 1, 0, 1, 0, 0, 0, 1, 0xF4];
    meter.extend([0, 0, 0, 0x03, 0x69, 0xB2, 0x79]);
    assert_eq!(
        says(&packet(&meter)),
        ["observed power 500", "observed energy 1"]
    );
}

#[test]
fn the_receivers_own_words_say_nothing() {
    let mut wire = RfxTrx::new();
    for own in [
        bytes("0D01000102531F004F6F00000000"),
        bytes("0402010100"),
        packet(&[0x55, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0x79]),
    ] {
        let message = &hears(&mut wire, &own, 0)[0];
        assert!(message.ignored.is_some());
        assert_eq!(
            (&message.signals[..], &message.refusals[..]),
            (&[][..], &[][..])
        );
    }
}

#[test]
fn the_receiver_is_reset_asked_and_started() {
    let mut wire = RfxTrx::new();
    assert_eq!(wire.opened(0), reset());
    assert_eq!(wire.due_ms(), Some(500));
    let mut heard = Heard::default();
    wire.tick(500, &mut heard);
    assert_eq!(heard.send, get_status());
    let mut heard = Heard::default();
    wire.read(&status(1, 0x1F), 600, &mut heard);
    assert_eq!(heard.send, start());
    assert_eq!(wire.due_ms(), None);
    // A receiver that says nothing is started all the same, and read.
    let mut wire = RfxTrx::new();
    wire.opened(0);
    let mut heard = Heard::default();
    wire.tick(500, &mut heard);
    wire.tick(1_500, &mut heard);
    assert_eq!(heard.send, [get_status(), start()].concat());
    assert_eq!(hears(&mut wire, &bytes(KD101), 2_000)[0].signals.len(), 1);
}

#[test]
fn a_repeated_press_is_one_and_a_second_press_is_another() {
    let mut wire = RfxTrx::new();
    let mut presses = |seq, now| -> usize {
        let on = lighting2(seq, 5, 1, 1);
        hears(&mut wire, &on, now)
            .iter()
            .map(|m| m.signals.len())
            .sum()
    };
    let found =
        [(1, 0), (2, 120), (3, 240), (4, 1_400), (5, 1_500)].map(|(seq, now)| presses(seq, now));
    assert_eq!(found, [1, 0, 0, 1, 0]);
}

#[test]
fn a_detector_that_never_says_that_a_fire_is_out_is_heard_again() {
    let mut wire = RfxTrx::new();
    let mut alarms = |seq, now| -> usize {
        let alarm = security(0x03, seq, 9, 0x06, 0);
        hears(&mut wire, &alarm, now)
            .iter()
            .map(|m| m.signals.len())
            .sum()
    };
    let found = [(1, 0), (2, 10_000), (3, 35_000), (4, 90_000)].map(|(seq, now)| alarms(seq, now));
    assert_eq!(found, [1, 0, 0, 1]);
}

#[test]
fn a_lost_place_is_named_and_found_again() {
    let mut wire = RfxTrx::new();
    // A type that does not exist, a length that its type cannot have, and bytes that are neither.
    for (before, name) in [
        ("0899000102", "unknown_frame"),
        ("0920030001", "length"),
        ("FF00FE", "noise"),
    ] {
        let line = [bytes(before), bytes(KD101)].concat();
        let messages = hears(&mut wire, &line, 0);
        assert_eq!(
            messages[0].refusals[0].name(),
            name,
            "{before}: {messages:?}"
        );
        assert_eq!(messages.last().unwrap().raw, bytes(KD101), "{before}");
    }
    assert_eq!(wire.held(), 0);
}

#[test]
fn half_a_packet_ends_with_a_pause_or_with_whole_ones() {
    let mut wire = RfxTrx::new();
    assert_eq!(hears(&mut wire, &bytes("082003"), 0), []);
    let mut heard = Heard::default();
    assert_eq!(wire.due_ms(), Some(500));
    wire.tick(500, &mut heard);
    assert_eq!(heard.messages[0].refusals, [Refusal::Noise { bytes: 3 }]);
    assert_eq!(wire.due_ms(), None);
    assert_eq!(hears(&mut wire, &bytes("08200300A109"), 1_000), []);
    let messages = hears(&mut wire, &bytes(KD101), 1_000);
    assert_eq!(messages[0].refusals, [Refusal::Noise { bytes: 6 }]);
    assert_eq!(messages[1].signals.len(), 1);
}

proptest! {
    /// Whatever the chunks, and with noise between, the same is heard.
    #[test]
    fn any_chunks_and_noise_between_say_the_same(
        ids in proptest::collection::vec(0u32..0x00ff_ffff, 1..8),
        noise in proptest::collection::vec(41u8.., 0..12),
        cuts in proptest::collection::vec(1usize..9, 1..100),
    ) {
        let mut line = Vec::new();
        for id in &ids {
            line.extend(&noise);
            line.extend(security(0x02, 1, *id, 0x09, 9));
        }
        let mut wire = RfxTrx::new();
        let mut found = Vec::new();
        let mut rest = &line[..];
        for (turn, n) in cuts.iter().cycle().enumerate() {
            if rest.is_empty() { break; }
            let (chunk, after) = rest.split_at((*n).min(rest.len()));
            let now = 100 * u64::try_from(turn).unwrap();
            for message in hears(&mut wire, chunk, now) {
                if !message.raw.is_empty() { found.push(message.raw); }
            }
            prop_assert!(wire.held() < LONGEST);
            rest = after;
        }
        let due: Vec<Vec<u8>> = ids.iter().map(|id| security(0x02, 1, *id, 0x09, 9)).collect();
        prop_assert_eq!(found, due);
    }

    /// Anything may come: it never panics, and never holds more than its limit.
    #[test]
    fn arbitrary_bytes_are_bounded(turns in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..300), 0u64..700), 0..8)) {
        let mut wire = RfxTrx::new();
        let mut now = 0;
        wire.opened(now);
        for (bytes, pause) in turns {
            hears(&mut wire, &bytes, now);
            prop_assert!(wire.held() < LONGEST);
            now += pause;
            wire.tick(now, &mut Heard::default());
        }
        wire.ended(now, &mut Heard::default());
    }
}
