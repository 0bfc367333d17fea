//! What devices send on their lines, written by the protocol's own `say`.

use tecs_protocol::family::{Family, Options};
use tecs_protocol::gatt;
use tecs_protocol::serial::and_medical::{BloodPressure, Head, Weight};
use tecs_protocol::serial::enocean::{self, Smoke};
use tecs_protocol::serial::espa444::{self, ENQ, EOT};
use tecs_protocol::serial::modbus::{self, RegisterText, SettingsText, Table};
use tecs_protocol::serial::nonin::{self, DeviceTime, Second, SpotCheck};
use tecs_protocol::serial::{contec, masimo, rfxtrx};

use super::home::{Home, Reader, Said};

const SECOND_MS: u64 = 1_000;

/// The formats of a family that are measured by themselves.
pub(crate) const fn formats(family: Family) -> &'static [&'static str] {
    match family {
        Family::ChirpStack => &["", "whole"],
        Family::Nonin => &["df2", "df7", "df8", "df13"],
        Family::Contec => &["old", "v6"],
        _ => &[""],
    }
}

fn speaking(family: Family, options: &Options, said: Vec<Said>) -> Home {
    Home::new(Reader::of(family, options), &[], said, SECOND_MS).speaking()
}

pub(crate) fn jsonl() -> Home {
    let said = [
        r#"{"device":"cord","kind":"help"}"#,
        r#"{"device":"oximeter","kind":"spo2","value":97,"unit":"%"}"#,
        r#"{"device":"oximeter","kind":"pulse","value":72,"unit":"/min","time":"2026-01-05T10:00:00Z"}"#,
        r#"{"device":"dispenser","kind":"medication","state":"taken"}"#,
        r#"{"device":"bed","kind":"bed","state":"active","model":"Maker M1"}"#,
        r#"{"device":"thermometer","kind":"temperature","value":68.9,"unit":"[degF]"}"#,
        r#"{"device":"cord","kind":"battery_low","condition":"raised"}"#,
    ];
    let lines = said.map(|line| Said::sent(format!("{line}\n")));
    speaking(Family::JsonLines, &Options::default(), lines.to_vec())
}

pub(crate) fn enocean() -> Home {
    let mut options = Options::default();
    for (device, profile) in [
        ("01825DAB", "D5-00-01"),
        ("01A50401", "A5-04-01"),
        ("01A50701", "A5-07-01"),
        ("01F60502", "F6-05-02"),
        ("01F60501", "F6-05-01"),
    ] {
        assert!(options.enocean.name(device, profile), "{profile}");
    }
    let said = [
        enocean::contact(0x0182_5DAB, true),
        enocean::climate(0x01A5_0401, 20.5, 48.0),
        enocean::motion(0x01A5_0701, true),
        enocean::smoke(0x01F6_0502, Smoke::Alarm),
        enocean::leak(0x01F6_0501, true),
        enocean::contact(0x0182_5DAB, false),
        enocean::climate(0x01A5_0401, 21.0, 47.0),
        enocean::motion(0x01A5_0701, false),
        enocean::smoke(0x01F6_0502, Smoke::Clear),
        enocean::leak(0x01F6_0501, false),
    ];
    speaking(Family::EnOceanEsp3, &options, said.map(Said::sent).to_vec())
}

pub(crate) fn rfxtrx() -> Home {
    let said = [
        rfxtrx::security(0x03, 0, 0x00A1_0900, 0x06, 9),
        rfxtrx::security(0x00, 1, 0x00D3_DC54, 0x02, 9),
        rfxtrx::security(0x01, 2, 0x00A1_0901, 0x04, 9),
        rfxtrx::climate(3, 0x2801, 205, 48, 9),
        rfxtrx::temperature(4, 0x0401, 201, 9),
        rfxtrx::security(0x00, 5, 0x00D3_DC54, 0x00, 9),
        rfxtrx::lighting2(6, 0x0118_CDEA, 2, 1),
    ];
    // An alarm is the same one for half a minute.
    let home = Home::new(
        Reader::of(Family::RfxTrx, &Options::default()),
        &[],
        said.map(Said::sent).to_vec(),
        10 * SECOND_MS,
    );
    home.speaking()
}

/// Whole turns: the panel selects us, calls, hears that the call is safe, and ends.
pub(crate) fn espa444() -> Home {
    let call = |bed: u8, call_type| {
        let address = format!("5{bed:02}");
        let text = format!("ROOM {bed}");
        Said {
            of: String::new(),
            turns: vec![
                vec![b'1', ENQ, b'2', ENQ],
                espa444::call(&address, &text, call_type, 3, espa444::Text::Latin1),
                vec![EOT],
            ],
        }
    };
    let said = (1..=8).map(|bed| call(bed, 3)).collect();
    speaking(Family::Espa444, &Options::default(), said)
}

/// Readings that change from one to the next: saturation and pulse.
fn readings() -> impl Iterator<Item = (u8, u16)> {
    (0..8).map(|n| (92 + n, 60 + u16::from(n)))
}

pub(crate) fn nonin(format: &str) -> Home {
    let format = match format {
        "df2" => nonin::Format::Df2,
        "df7" => nonin::Format::Df7,
        "df8" => nonin::Format::Df8,
        _ => nonin::Format::Df13,
    };
    let mut options = Options::default();
    options.nonin.format = format;
    let said = readings().map(|(spo2, pulse)| {
        let second = Second {
            spo2: Some(spo2),
            pulse: Some(pulse),
            ..Second::default()
        };
        let time = DeviceTime {
            year: 2026,
            month: 1,
            day: 5,
            hour: 9,
            minute: 30,
            second: spo2 - 90,
            hundredth: 0,
        };
        let spot = SpotCheck {
            time: Some(time),
            spo2: Some(spo2),
            pulse: Some(pulse),
            ..SpotCheck::default()
        };
        Said::sent(match format {
            nonin::Format::Df2 | nonin::Format::Df7 => second.packet(format),
            nonin::Format::Df8 => second.encode().to_vec(),
            nonin::Format::Df13 => spot.encode(),
        })
    });
    let selected = Said::sent([nonin::ACK]);
    let home = Home::new(
        Reader::of(Family::Nonin, &options),
        &[selected],
        said.collect(),
        SECOND_MS,
    );
    match format {
        // Three packets a second.
        nonin::Format::Df2 | nonin::Format::Df7 => home.speaking_once_in(3),
        nonin::Format::Df8 | nonin::Format::Df13 => home.speaking(),
    }
}

pub(crate) fn masimo() -> Home {
    let lines = readings().map(|(spo2, pulse)| {
        let line = masimo::Line {
            spo2: Some(spo2.into()),
            pulse: Some(pulse),
            ..masimo::Line::default()
        };
        Said::sent(line.encode("03/17/16 19:19:36"))
    });
    speaking(Family::Masimo, &Options::default(), lines.collect())
}

/// Frames, of which sixty are a second and one reading.
pub(crate) fn contec(format: &str) -> Home {
    let mut options = Options::default();
    options.contec.format = match format {
        "old" => contec::Format::Old,
        _ => contec::Format::New,
    };
    let frames = readings().map(|(spo2, pulse)| {
        let frame = contec::Frame {
            format: options.contec.format,
            spo2: Some(spo2),
            pulse: u8::try_from(pulse).ok(),
            ..contec::Frame::default()
        };
        Said::sent(frame.encode())
    });
    let reader = Reader::of(Family::Contec, &options);
    Home::new(reader, &[], frames.collect(), SECOND_MS / 60).speaking_once_in(60)
}

/// A blood pressure and a weight in turn, each answered.
pub(crate) fn and_medical() -> Home {
    let head = |device, minute: u8| Head {
        device,
        serial: "5111124008".to_owned(),
        measured: format!("2026-02-01T09:{minute:02}:40"),
    };
    let said = readings().map(|(spo2, pulse)| {
        Said::sent(if spo2 % 2 == 0 {
            let pressure = BloodPressure {
                systolic: 60 + pulse,
                diastolic: 80,
                mean: 95,
                pulse: spo2 - 20,
                failed: false,
            };
            head(767, spo2 - 90).frame(&pressure.encode())
        } else {
            let weight = Weight {
                value: 78.0 + f64::from(spo2) / 100.0,
                unit: "kg",
            };
            head(321, spo2 - 90).frame(&weight.encode())
        })
    });
    speaking(Family::AndMedical, &Options::default(), said.collect())
}

pub(crate) fn gatt() -> Home {
    let time = gatt::clock(2026, [1, 5, 9, 30, 0]);
    let pressure = gatt::BloodPressure {
        pressures: Some([125, 80, 102]),
        pulse: Some(64),
        time: Some(time),
        status: 0,
    };
    let oximetry = gatt::Oximetry {
        spo2: Some(97),
        pulse: Some(72),
        measurement: 0x20,
        sensor: 0,
    };
    let glucose = gatt::Glucose {
        sequence: 1,
        time,
        tenths: Some(55),
    };
    let said = [
        ("2a35", pressure.encode()),
        ("2a5e", oximetry.spot()),
        ("2a5f", oximetry.continuous()),
        ("2a1c", gatt::Temperature(Some(364)).encode()),
        (
            "00002a9d-0000-1000-8000-00805f9b34fb",
            gatt::Weight(Some(15_000)).encode(),
        ),
        ("2a18", glucose.encode()),
        ("2a37", vec![0x06, 72]),
        ("2a19", vec![97]),
    ];
    let said = said.map(|(of, bytes)| Said::published(of, bytes));
    speaking(Family::Gatt, &Options::default(), said.to_vec())
}

/// Our question, whose time has come, and the unit's answer.
pub(crate) fn modbus() -> Home {
    let register = |unit, address, kind: &str, scale| RegisterText {
        device: format!("unit-{unit}"),
        unit,
        function: 4,
        address,
        kind: kind.to_owned(),
        field: String::new(),
        format: modbus::Format::I16,
        low_word_first: false,
        scale,
        offset: 0.0,
        none: Some(-32_768),
        bit: None,
        invert: false,
    };
    let text = SettingsText {
        registers: vec![
            register(1, 0x10, "temperature", 0.1),
            register(1, 0x11, "humidity", 0.1),
            register(2, 0x00, "power", 1.0),
            register(2, 0x40, "flood", 1.0),
        ],
        ..SettingsText::default()
    };
    let options = Options {
        modbus: modbus::Settings::compile(text).unwrap(),
        ..Options::default()
    };
    let answers = [
        (1, 205),
        (1, 480),
        (2, 2010),
        (2, 1),
        (1, 206),
        (1, 481),
        (2, 2011),
        (2, 0),
    ];
    let said = answers
        .map(|(unit, value)| Said::sent(modbus::registers(unit, Table::Registers, &[value])));
    // A round's first question waits for the round.
    let reader = Reader::of(Family::ModbusRtu, &options);
    Home::new(reader, &[], said.to_vec(), 10 * SECOND_MS).speaking()
}
