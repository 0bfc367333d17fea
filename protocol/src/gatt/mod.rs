//! Bluetooth GATT values, as bridges forward them: the bytes of one characteristic in, the vital signs that it holds out.
//! Numbers are in `number`, what the values hold in `vitals`, `oximeter` and `glucose`, how values are written in `say`.
//! It keeps nothing between values, and speaks to no device.
//!
//! | characteristic | what it says |
//! |---|---|
//! | 2A35 blood pressure | systolic, diastolic, mean, pulse |
//! | 2A36 intermediate cuff pressure | nothing: the measurement is going on |
//! | 2A5E, 2A5F pulse oximetry, spot and continuous | saturation, pulse |
//! | 2A37 heart rate | pulse |
//! | 2A1C temperature; 2A1E, an intermediate one, says nothing | body temperature |
//! | 2A9D weight | weight |
//! | 2A18 glucose | glucose |
//! | 2A19 battery | charge |
//!
//! Units are converted once. What a value says of itself (a loose cuff, a poor signal) makes it questionable or is why
//! there is none. A device's time has no zone: whoever reads says which. Sources: the Bluetooth SIG's GATT Specification
//! Supplement and the services' specifications (BLS, PLXS 1.0.1, HRS, HTS, WSS, GLS); IEEE 11073-20601 for numbers.

mod fields;
mod glucose;
mod number;
mod oximeter;
mod say;
mod vitals;

pub use say::{BloodPressure, Glucose, Oximetry, Temperature, Weight, clock, float, sfloat};

use self::fields::Fields;
use crate::signal::{Message, Refusal};

/// The longest value, bytes: an attribute has at most 512 (Bluetooth Core, volume 3, part F, 3.2.9).
pub const LONGEST: usize = 512;

/// A characteristic that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Characteristic {
    /// 2A35.
    BloodPressure,
    /// 2A36.
    CuffPressure,
    /// 2A5E.
    OximetrySpot,
    /// 2A5F.
    OximetryContinuous,
    /// 2A37.
    HeartRate,
    /// 2A1C.
    Temperature,
    /// 2A1E.
    IntermediateTemperature,
    /// 2A9D.
    Weight,
    /// 2A18.
    Glucose,
    /// 2A19.
    Battery,
}

/// The rest of a UUID that the SIG gave out, around its 16 bits.
const BASE: (&str, &str) = ("0000", "-0000-1000-8000-00805f9b34fb");

impl Characteristic {
    /// Every one, with its 16 bits.
    pub const ALL: &'static [(Self, u16)] = &[
        (Self::BloodPressure, 0x2A35),
        (Self::CuffPressure, 0x2A36),
        (Self::OximetrySpot, 0x2A5E),
        (Self::OximetryContinuous, 0x2A5F),
        (Self::HeartRate, 0x2A37),
        (Self::Temperature, 0x2A1C),
        (Self::IntermediateTemperature, 0x2A1E),
        (Self::Weight, 0x2A9D),
        (Self::Glucose, 0x2A18),
        (Self::Battery, 0x2A19),
    ];

    /// By its UUID of 16 bits (`2A35`, `0x2a35`) or the whole of 128, letters in any case, with or without dashes.
    pub fn parse(uuid: &str) -> Option<Self> {
        let plain = uuid.trim().to_ascii_lowercase();
        let plain = plain.strip_prefix("0x").unwrap_or(&plain);
        let whole = |rest: &str| {
            plain
                .strip_prefix(BASE.0)
                .and_then(|p| p.strip_suffix(rest))
        };
        let undashed = BASE.1.replace('-', "");
        let short = whole(BASE.1).or_else(|| whole(&undashed)).unwrap_or(plain);
        let digits = short.len() == 4 && short.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u16::from_str_radix(short, 16).ok().filter(|_| digits)?;
        let found = Self::ALL.iter().find(|(_, bits)| *bits == number);
        found.map(|(characteristic, _)| *characteristic)
    }

    /// Their names, for whoever wrote another.
    pub fn names() -> String {
        let names = Self::ALL.iter().map(|(_, bits)| format!("{bits:04x}"));
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Whose value it is, and by what clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender<'a> {
    /// The device as its source calls it.
    pub device: &'a str,
    /// Its clock is so many minutes ahead of UTC, -720 to 840.
    pub utc_offset_min: i16,
}

/// Reads one value.
pub fn read(characteristic: Characteristic, value: &[u8], sender: Sender<'_>) -> Message {
    if value.len() > LONGEST {
        return Message::refused(Refusal::TooLarge {
            bytes: value.len(),
            limit: LONGEST,
        });
    }
    let mut fields = Fields::new(value, sender);
    let read = match characteristic {
        Characteristic::BloodPressure => vitals::blood_pressure(&mut fields),
        Characteristic::OximetrySpot => oximeter::spot(&mut fields),
        Characteristic::OximetryContinuous => oximeter::continuous(&mut fields),
        Characteristic::HeartRate => vitals::heart_rate(&mut fields),
        Characteristic::Temperature => vitals::temperature(&mut fields),
        Characteristic::Weight => vitals::weight(&mut fields),
        Characteristic::Glucose => glucose::glucose(&mut fields),
        Characteristic::Battery => vitals::battery(&mut fields),
        Characteristic::CuffPressure | Characteristic::IntermediateTemperature => {
            return Message::ignored("the measurement is still going on");
        }
    };
    let message = match read {
        Some(()) => fields.message,
        // What ended too early may have lost its doubts: nothing of it is said.
        None => Message::refused(Refusal::Length {
            due: fields.due(),
            found: value.len(),
        }),
    };
    Message {
        raw: value.to_vec(),
        ..message
    }
}

/// What a device is called whose bridge does not say.
pub const DEVICE: &str = "device";

/// Reads one value of the characteristic with this UUID, of a device without a name and by a clock in UTC.
pub fn by_uuid(uuid: &str, value: &[u8]) -> Message {
    let Some(characteristic) = Characteristic::parse(uuid) else {
        return Message::refused(Refusal::UnknownFrame {
            kind: uuid.chars().filter(|c| !c.is_control()).take(40).collect(),
        });
    };
    let sender = Sender {
        device: DEVICE,
        utc_offset_min: 0,
    };
    read(characteristic, value, sender)
}
