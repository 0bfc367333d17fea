//! Bluetooth values: the reference's captures, every unit and doubt, and bytes that are none.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use tecs_protocol::gatt::{
    BloodPressure, Characteristic, Glucose, LONGEST, Oximetry, Sender, Temperature, Weight,
    by_uuid, clock, float, read, sfloat,
};
use tecs_protocol::signal::{HealthOf, Measured, Message, Missing, Signal, What};
use tecs_protocol::vocabulary::VitalKind;

/// 2017-01-16 12:39:54 UTC.
const CAPTURED_MS: i64 = 1_484_570_394_000;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len() / 2)
        .map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap())
        .collect()
}

fn says(uuid: &str, hex: &str) -> Message {
    by_uuid(uuid, &bytes(hex))
}

fn vitals(message: &Message) -> Vec<(VitalKind, Measured)> {
    let vital = |signal: &Signal| match signal.what {
        What::Vital { kind, reading } => Some((kind, reading)),
        _ => None,
    };
    message.signals.iter().filter_map(vital).collect()
}

fn ok(kind: VitalKind, value: f64) -> (VitalKind, Measured) {
    (kind, Measured::of(value))
}

fn doubted(kind: VitalKind, value: f64) -> (VitalKind, Measured) {
    let reading = Measured::Value {
        value,
        questionable: true,
    };
    (kind, reading)
}

fn none(kind: VitalKind, why: Missing) -> (VitalKind, Measured) {
    (kind, Measured::Missing(why))
}

fn pressures(values: [f64; 3]) -> Vec<(VitalKind, Measured)> {
    let kinds = [VitalKind::Systolic, VitalKind::Diastolic, VitalKind::MeanBp];
    kinds
        .into_iter()
        .zip(values)
        .map(|(kind, value)| ok(kind, value))
        .collect()
}

#[test]
fn the_references_captures_are_read() {
    let message = says("2a35", "16 7D00 5000 6600 E107 01 10 0C 27 36 4000 0000");
    let mut due = pressures([125.0, 80.0, 102.0]);
    due.push(ok(VitalKind::Pulse, 64.0));
    assert_eq!(vitals(&message), due);
    for signal in &message.signals {
        assert_eq!(signal.happened_ms, Some(CAPTURED_MS));
    }

    // The clock was never set (bit 4), so its time means nothing; the perfusion is low.
    let message = says("2A5E", "17 6100 6000 E107 0101 012213 2000 200000");
    assert_eq!(
        vitals(&message),
        [
            doubted(VitalKind::Spo2, 97.0),
            doubted(VitalKind::Pulse, 96.0)
        ]
    );
    assert_eq!(message.signals[0].happened_ms, None);

    let message = says("2A5F", "0C 6200 4E00 2000 000000");
    assert_eq!(
        vitals(&message),
        [ok(VitalKind::Spo2, 98.0), ok(VitalKind::Pulse, 78.0)]
    );

    let fever = vitals(&says("2A1C", "00 6C0100FF"));
    assert_eq!(fever, [ok(VitalKind::TemperatureBody, 36.4)]);
}

#[test]
fn a_value_that_a_bridge_shifted_is_no_reading_and_the_rest_of_it_is_doubted() {
    for (hex, systolic) in [
        ("1E 2027 7500 5500 E407091810093A 6900 01 0000", 182_400.0),
        ("16 00F0 7500 5500 E407091810093A 6900 0000", 0.0),
        ("14 FF07 7500 5500 6900 0000", f64::NAN),
        ("15 1E20 7500 5500 6900 0000", 22_501.851),
        ("14 9001 7500 5500 6900 0000", 400.0),
        ("14 FB0F 7500 5500 6900 0000", -5.0),
    ] {
        let found = vitals(&says("2a35", hex));
        let first = found[0].1;
        let beyond = matches!(first, Measured::Beyond(said) if (said - systolic).abs() < 0.01);
        assert!(
            beyond || matches!(first, Measured::Missing(_)),
            "{hex}: {first:?}"
        );
        if beyond {
            let doubted = |m: &Measured| m.quality() != tecs_protocol::vocabulary::Quality::Ok;
            assert!(found.iter().all(|(_, m)| doubted(m)), "{hex}: {found:?}");
        }
    }
}

#[test]
fn a_weight_with_reserved_flags_is_one_only_where_it_stands() {
    let of = |flags: u8| {
        let value = [
            &[flags][..],
            &[0x60, 0x0E],
            &clock(2023, [7, 1, 10, 26, 10]),
        ]
        .concat();
        vitals(&by_uuid("2a9d", &value))
    };
    for moving in [0x82, 0x42, 0x12, 0x92, 0xC2, 0xD2] {
        let due = [none(VitalKind::Weight, Missing::DeviceError)];
        assert_eq!(of(moving), due, "{moving:02X}");
    }
    for stands in [0x02, 0x22, 0x32, 0xA2, 0xB2] {
        assert_eq!(of(stands), [ok(VitalKind::Weight, 18.4)], "{stands:02X}");
    }
    // Elsewhere the reserved ones are ignored, as the specifications ask of collectors.
    let found = vitals(&says("2a37", "E0 48"));
    assert_eq!(found, [ok(VitalKind::Pulse, 72.0)]);
    let found = vitals(&says("2a1c", "F8 6C0100FF"));
    assert_eq!(found, [ok(VitalKind::TemperatureBody, 36.4)]);
    let found = vitals(&says("2a5e", "E0 6100 6000"));
    assert_eq!(
        found,
        [ok(VitalKind::Spo2, 97.0), ok(VitalKind::Pulse, 96.0)]
    );
    let found = vitals(&says("2a35", "E0 7D00 5000 6600"));
    assert_eq!(found, pressures([125.0, 80.0, 102.0]));
}

#[test]
fn a_failed_blood_pressure_is_not_a_number() {
    let failed = BloodPressure {
        status: 0x0002,
        ..BloodPressure::default()
    };
    let message = by_uuid("2a35", &failed.encode());
    let kinds = [
        VitalKind::Systolic,
        VitalKind::Diastolic,
        VitalKind::MeanBp,
        VitalKind::Pulse,
    ];
    let due: Vec<_> = kinds
        .into_iter()
        .map(|kind| none(kind, Missing::NotANumber))
        .collect();
    assert_eq!(vitals(&message), due);
    let message = says("2a35", "00 FE07 0008 0208");
    assert_eq!(
        vitals(&message),
        [
            none(VitalKind::Systolic, Missing::OutOfRange),
            none(VitalKind::Diastolic, Missing::OutOfRange),
            none(VitalKind::MeanBp, Missing::OutOfRange),
        ]
    );
}

#[test]
fn what_a_cuff_says_of_its_measurement_makes_it_questionable() {
    for status in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20] {
        let said = BloodPressure {
            pressures: Some([120, 80, 93]),
            pulse: Some(60),
            status,
            ..BloodPressure::default()
        };
        let message = by_uuid("2a35", &said.encode());
        assert_eq!(
            vitals(&message)[0],
            doubted(VitalKind::Systolic, 120.0),
            "{status:#x}"
        );
        assert_eq!(vitals(&message)[3], doubted(VitalKind::Pulse, 60.0));
    }
}

#[test]
fn units_are_converted_once() {
    // 16.0, 10.7 and 12.5 kPa.
    let message = says("2a35", "01 A0F0 6BF0 7DF0");
    assert_eq!(vitals(&message), pressures([120.0099, 80.2566, 93.7577]));
    // 98.6 °F.
    let message = says("2a1c", "01 DA0300FF");
    assert_eq!(vitals(&message), [ok(VitalKind::TemperatureBody, 37.0)]);
    // 165.35 lb, and 75 kg.
    let message = says("2a9d", "01 9740");
    assert_eq!(vitals(&message), [ok(VitalKind::Weight, 75.0015)]);
    let message = says("2a9d", "00 983A");
    assert_eq!(vitals(&message), [ok(VitalKind::Weight, 75.0)]);
    // 5.5 mmol/L as 55 * 10^-4 mol/L, and 99 mg/dL as 99 * 10^-5 kg/L.
    let message = says("2a18", "06 0100 EA07 01 05 09 1E 00 37C0 11");
    assert_eq!(vitals(&message), [ok(VitalKind::Glucose, 5.5)]);
    let message = says("2a18", "02 0100 EA07 01 05 09 1E 00 63B0 11");
    assert_eq!(vitals(&message), [ok(VitalKind::Glucose, 5.4951)]);
}

#[test]
fn an_oximeter_says_why_there_is_no_value() {
    let good = Oximetry {
        spo2: Some(97),
        pulse: Some(60),
        ..Oximetry::default()
    };
    for (measurement, sensor, why) in [
        (0, 1 << 11, Missing::SensorOff),
        (0, 1 << 13, Missing::SensorOff),
        (0, 1 << 15, Missing::SensorOff),
        (0, 1 << 1, Missing::DeviceError),
        (0, 1 << 14, Missing::DeviceError),
        (1 << 15, 0, Missing::DeviceError),
        (1 << 13, 0, Missing::NoSignal),
    ] {
        let said = Oximetry {
            measurement,
            sensor,
            ..good
        };
        let due = [none(VitalKind::Spo2, why), none(VitalKind::Pulse, why)];
        assert_eq!(vitals(&by_uuid("2a5e", &said.spot())), due);
        assert_eq!(vitals(&by_uuid("2a5f", &said.continuous())), due);
    }
    for (measurement, sensor) in [(1 << 6, 0), (1 << 14, 0), (0, 1 << 4), (0, 1 << 10)] {
        let said = Oximetry {
            measurement,
            sensor,
            ..good
        };
        let message = by_uuid("2a5f", &said.continuous());
        assert_eq!(vitals(&message)[0], doubted(VitalKind::Spo2, 97.0));
    }
    let stored = Oximetry {
        measurement: 1 << 9,
        ..good
    };
    assert!(by_uuid("2a5e", &stored.spot()).replayed);
    let demonstration = Oximetry {
        measurement: 1 << 10,
        ..good
    };
    let message = by_uuid("2a5e", &demonstration.spot());
    assert!(message.signals.iter().all(|s| s.test));
    let message = says("2a5f", "1F 6200 4E00 6300 4F00 6100 4D00 2000 000000 0A00");
    assert_eq!(vitals(&message)[0], ok(VitalKind::Spo2, 98.0));
}

#[test]
fn a_heart_rate_needs_contact_where_contact_is_told() {
    let pulse = |value| vec![ok(VitalKind::Pulse, value)];
    assert_eq!(vitals(&says("2a37", "00 48")), pulse(72.0));
    assert_eq!(vitals(&says("2a37", "06 48")), pulse(72.0));
    assert_eq!(vitals(&says("2a37", "11 4800 0A03")), pulse(72.0));
    let off = vec![none(VitalKind::Pulse, Missing::SensorOff)];
    assert_eq!(vitals(&says("2a37", "04 48")), off);
    let nothing = vec![none(VitalKind::Pulse, Missing::NoSignal)];
    assert_eq!(vitals(&says("2a37", "00 00")), nothing);
}

#[test]
fn a_glucose_meter_says_what_went_wrong_and_what_was_no_blood() {
    let value = "0E 0100 EA07 01 05 09 1E 00 37C0 11";
    for (status, why) in [
        ("2000", Missing::OutOfRange),
        ("4000", Missing::OutOfRange),
        ("0200", Missing::DeviceError),
        ("0002", Missing::DeviceError),
    ] {
        let message = says("2a18", &format!("{value} {status}"));
        assert_eq!(
            vitals(&message),
            [none(VitalKind::Glucose, why)],
            "{status}"
        );
    }
    // A low battery says nothing of the reading; a wrong clock says so of its time.
    let message = says("2a18", &format!("{value} 0108"));
    assert_eq!(vitals(&message), [ok(VitalKind::Glucose, 5.5)]);
    assert_eq!(message.signals[0].happened_ms, None);
    // Control solution, by type and by location.
    for sample in ["1A", "41"] {
        let hex = format!("06 0100 EA07 01 05 09 1E 00 37C0 {sample}");
        assert!(says("2a18", &hex).signals[0].test, "{sample}");
    }
    // An hour later than the base time.
    let message = says("2a18", "07 0100 EA07 01 05 09 1E 00 3C00 37C0 11");
    assert_eq!(message.signals[0].happened_ms, Some(1_767_609_000_000));
    let empty = says("2a18", "00 0100 EA07 01 05 09 1E 00");
    assert!(empty.ignored.is_some());
    let said = Glucose {
        sequence: 1,
        time: clock(2026, [1, 5, 9, 30, 0]),
        tenths: Some(55),
    };
    assert_eq!(said.encode(), bytes("06 0100 EA07 01 05 09 1E 00 37C0 11"));
}

#[test]
fn a_scale_that_failed_and_a_battery_say_so() {
    let failed = by_uuid("2a9d", &Weight(None).encode());
    assert_eq!(
        vitals(&failed),
        [none(VitalKind::Weight, Missing::DeviceError)]
    );
    let message = says("2a19", "5A");
    assert_eq!(message.signals[0].field, "battery");
    assert!(matches!(
        message.signals[0].what,
        What::Health {
            of: HealthOf::Value(90.0),
            ..
        }
    ));
    assert_eq!(says("2a19", "65").refusals[0].name(), "bad_value");
}

#[test]
fn a_characteristic_is_named_in_any_of_its_forms() {
    for uuid in [
        "2a35",
        "2A35",
        "0x2A35",
        "00002a35-0000-1000-8000-00805f9b34fb",
        "00002A35-0000-1000-8000-00805F9B34FB",
        "00002a3500001000800000805f9b34fb",
    ] {
        let found = Characteristic::parse(uuid);
        assert_eq!(found, Some(Characteristic::BloodPressure), "{uuid}");
    }
    for uuid in [
        "",
        "2a00",
        "2a355",
        "+a35",
        "00002a35-0000-1000-8000-00805f9b34fc",
        "12342a35-0000-1000-8000-00805f9b34fb",
    ] {
        assert_eq!(Characteristic::parse(uuid), None, "{uuid}");
    }
    let refused = by_uuid("2a00", &[1]);
    assert_eq!(refused.refusals[0].name(), "unknown_frame");
    assert!(says("2a36", "00 5000 FF07 FF07").ignored.is_some());
    assert!(says("2a1e", "00 6C0100FF").ignored.is_some());
}

#[test]
fn a_value_that_lost_its_end_is_refused_and_says_nothing() {
    for (uuid, hex) in [
        ("2a35", "16 7D00 5000 6600 E107 01 10 0C 27 36 4000 0000"),
        ("2a5e", "17 6100 6000 E107 0101 012213 2000 200000"),
        ("2a5f", "0C 6200 4E00 2000 000000"),
        ("2a37", "01 4800"),
        ("2a1c", "06 6C0100FF E107 01 10 0C 27 36 02"),
        ("2a9d", "0E 983A E107 01 10 0C 27 36 01 0000 0000"),
        ("2a18", "0F 0100 EA07 01 05 09 1E 00 3C00 37C0 11 0000"),
        ("2a19", "5A"),
    ] {
        let whole = bytes(hex);
        assert!(!says(uuid, hex).signals.is_empty(), "{uuid}");
        for cut in 0..whole.len() {
            let message = by_uuid(uuid, &whole[..cut]);
            assert_eq!(message.signals, [], "{uuid}: {cut}");
            assert_eq!(message.refusals[0].name(), "length", "{uuid}: {cut}");
        }
    }
    let long = by_uuid("2a35", &vec![0; LONGEST + 1]);
    assert_eq!(long.refusals[0].name(), "too_large");
}

#[test]
fn a_devices_time_is_read_by_its_zone() {
    let value = bytes("16 7D00 5000 6600 E107 01 10 0C 27 36 4000 0000");
    let sender = Sender {
        device: "cuff",
        utc_offset_min: 60,
    };
    let message = read(Characteristic::BloodPressure, &value, sender);
    assert_eq!(message.signals[0].device, "cuff");
    assert_eq!(
        message.signals[0].happened_ms,
        Some(CAPTURED_MS - 3_600_000)
    );
    // A date that is none is named and does not cost the reading; one that is unknown is not.
    let wrong = says("2a35", "02 7D00 5000 6600 E107 0D 10 0C 27 36");
    assert_eq!(wrong.refusals[0].name(), "bad_value");
    assert_eq!(wrong.signals.len(), 3);
    let unknown = says("2a35", "02 7D00 5000 6600 0000 00 00 0C 27 36");
    assert_eq!(unknown.refusals, []);
    assert_eq!(unknown.signals[0].happened_ms, None);
}

#[test]
fn numbers_are_written_as_they_are_read() {
    assert_eq!(sfloat(Some((125, 0))), [0x7D, 0x00]);
    assert_eq!(sfloat(Some((-1, -1))), [0xFF, 0xFF]);
    assert_eq!(sfloat(None), [0xFF, 0x07]);
    assert_eq!(float(Some((364, -1))), [0x6C, 0x01, 0x00, 0xFF]);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        pressures in prop::array::uniform3(1i16..300),
        pulse in 15i16..250,
        grams in 10u16..u16::MAX,
        tenths in 300i32..450,
    ) {
        let said = BloodPressure {
            pressures: Some(pressures),
            pulse: Some(pulse),
            time: Some(clock(2026, [1, 5, 9, 30, 0])),
            status: 0,
        };
        let message = by_uuid("2a35", &said.encode());
        let found: Vec<_> = vitals(&message).into_iter().map(|(_, reading)| reading).collect();
        let due: Vec<_> = pressures.into_iter().chain([pulse]).map(|n| Measured::of(f64::from(n))).collect();
        prop_assert_eq!(found, due);
        let message = by_uuid("2a9d", &Weight(Some(grams)).encode());
        prop_assert_eq!(vitals(&message), [ok(VitalKind::Weight, f64::from(grams) / 200.0)]);
        let message = by_uuid("2a1c", &Temperature(Some(tenths)).encode());
        prop_assert_eq!(vitals(&message), [ok(VitalKind::TemperatureBody, f64::from(tenths) / 10.0)]);
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_become_what_cannot_be(
        value in prop::collection::vec(any::<u8>(), 0..40),
        of in prop::sample::select(Characteristic::ALL.to_vec()),
    ) {
        let message = by_uuid(&format!("{:04x}", of.1), &value);
        for (kind, reading) in vitals(&message) {
            if let Measured::Value { value, .. } = reading {
                prop_assert!(value.is_finite() && value > 0.0);
                prop_assert!(kind != VitalKind::Spo2 || value <= 100.0);
            }
        }
    }
}
