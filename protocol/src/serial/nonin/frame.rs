//! The bytes of a Nonin line cut into frames, and what each holds. It gives no meaning and keeps no time. DF8 has no
//! checksum: what looks like a frame and holds an impossible value is noise.

use super::say::{ACK, ETX, NAK, SERIAL_REPLY, STX};
use super::stream;
use crate::signal::{Measured, Missing, Refusal};

/// The longest data of a spot check, bytes: the format may grow (14 today).
pub(super) const SPOT_LONGEST: usize = 64;

/// The shortest data of a spot check, bytes (Onyx II 9560, data format 13).
const SPOT_SHORTEST: usize = 14;

/// What a spot check begins with: start, start of packet, packet type 13.
pub(super) const SPOT_START: [u8; 4] = [0x00, 0x02, 0x00, 0x0D];

/// The longest data of a reply, bytes.
const REPLY_LONGEST: usize = 32;

/// A pulse rate that stands for none.
pub(super) const NO_PULSE: u16 = 511;

/// A saturation that stands for none.
pub(super) const NO_SPO2: u8 = 127;

/// One second of data format 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools)] // The device's own status bits.
pub struct Second {
    /// Pulse rate, /min, 0 to 510; `None`: 511.
    pub pulse: Option<u16>,
    /// Saturation, %, 0 to 100; `None`: 127.
    pub spo2: Option<u8>,
    /// SNSA: the sensor is off, or gives nothing usable; what is shown is up to 10 s old.
    pub sensor_off: bool,
    /// OOT: no good pulse for some time.
    pub out_of_track: bool,
    /// ARTF: a pulse was disturbed.
    pub artifact: bool,
    /// LPRF: the signal is low, or there is none.
    pub low_perfusion: bool,
    /// MPRF: the signal is marginal.
    pub marginal_perfusion: bool,
    /// SPA: a high quality measurement.
    pub smart_point: bool,
    /// LOWBAT.
    pub low_battery: bool,
}

impl Second {
    /// Saturation and pulse, or why there are none.
    pub(super) fn measured(&self) -> (Measured, Measured) {
        let questionable = self.out_of_track || self.artifact || self.low_perfusion;
        let of = |value: Option<f64>| match value {
            _ if self.sensor_off => Measured::Missing(Missing::SensorOff),
            Some(value) => Measured::Value {
                value,
                questionable,
            },
            None => Measured::Missing(Missing::NoSignal),
        };
        (of(self.spo2.map(f64::from)), of(self.pulse.map(f64::from)))
    }
}

/// A spot check of data format 13.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools)] // The device's own status bits.
pub struct SpotCheck {
    /// The device's own time; `None` when it is no time.
    pub time: Option<DeviceTime>,
    /// Pulse rate, /min, 0 to 510; `None`: 511.
    pub pulse: Option<u16>,
    /// Saturation, %, as sent; `None`: 127.
    pub spo2: Option<u8>,
    /// SPA: a high quality measurement.
    pub smart_point: bool,
    /// NOMS: there is no measurement.
    pub no_measurement: bool,
    /// MEM: stored in the device and sent later.
    pub from_memory: bool,
    /// LOWBAT.
    pub low_battery: bool,
}

/// A date and time as the device's clock shows it, without a zone; each part has two or four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceTime {
    /// 0 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Of a second, 0 to 99.
    pub hundredth: u8,
}

/// What was cut.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Second(Second),
    Spot(SpotCheck),
    /// The serial number.
    Serial(String),
    /// The answer to our command: taken, or not.
    Answer(bool),
    /// One of 25 of a packet of format 2 or 7.
    Stream {
        status: u8,
        float: u8,
    },
    /// A whole frame that the line garbled.
    Garbled(Refusal),
}

/// What may come now.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // Each is another kind of frame.
pub(super) struct Due {
    pub(super) two: bool,
    /// Format 2 and nothing else.
    pub(super) two_alone: bool,
    pub(super) seven: bool,
    pub(super) seconds: bool,
    pub(super) spots: bool,
    pub(super) answer: bool,
    pub(super) serial: bool,
}

/// What the first bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nothing yet.
    More,
    /// So many bytes belong to nothing.
    Noise(usize),
    /// So many bytes are this.
    Frame(usize, Frame),
}

/// Looks at the first bytes.
pub(super) fn cut(bytes: &[u8], due: Due) -> Cut {
    match bytes {
        [] => Cut::More,
        [ACK, ..] if due.answer => Cut::Frame(1, Frame::Answer(true)),
        [NAK, ..] if due.answer => Cut::Frame(1, Frame::Answer(false)),
        [0x01, ..] if due.two => stream::two(bytes, due.two_alone),
        [0x80..=0xff, ..] if due.seven => stream::seven(bytes),
        [0x80..=0xff, ..] if due.seconds => second(bytes),
        [0x00, ..] if due.spots => spot(bytes),
        [STX, ..] if due.serial => reply(bytes),
        _ => Cut::Noise(1),
    }
}

/// Bit 7 is set in the first byte of four and in no other.
fn second(bytes: &[u8]) -> Cut {
    if let Some(next) = bytes.iter().skip(1).take(3).position(|b| b & 0x80 != 0) {
        return Cut::Noise(next + 1);
    }
    let [status, rate, spo2, more, ..] = *bytes else {
        return Cut::More;
    };
    let pulse = u16::from(status & 0x03) << 7 | u16::from(rate);
    if spo2 > 100 && spo2 != NO_SPO2 {
        return Cut::Noise(4);
    }
    let bit = |byte: u8, n: u8| byte & (1 << n) != 0;
    let said = Second {
        pulse: (pulse != NO_PULSE).then_some(pulse),
        spo2: (spo2 != NO_SPO2).then_some(spo2),
        sensor_off: bit(more, 3),
        out_of_track: bit(status, 5),
        artifact: bit(status, 2),
        low_perfusion: bit(status, 4),
        marginal_perfusion: bit(status, 3),
        smart_point: bit(more, 5),
        low_battery: bit(more, 0),
    };
    Cut::Frame(4, Frame::Second(said))
}

fn spot(bytes: &[u8]) -> Cut {
    let start = bytes.iter().zip(SPOT_START).all(|(b, due)| *b == due);
    if !start {
        return Cut::Noise(1);
    }
    let Some(&[high, low]) = bytes.get(4..6) else {
        return Cut::More;
    };
    let len = usize::from(u16::from_be_bytes([high, low]));
    if !(SPOT_SHORTEST..=SPOT_LONGEST).contains(&len) {
        let refusal = Refusal::Length {
            due: SPOT_SHORTEST,
            found: len,
        };
        return Cut::Frame(6, Frame::Garbled(refusal));
    }
    let Some(frame) = bytes.get(..len + 8) else {
        return Cut::More;
    };
    let (data, tail) = frame.get(6..).unwrap_or_default().split_at(len);
    let said = tail.first().copied().unwrap_or_default();
    let found = data.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
    if tail.last() != Some(&ETX) {
        // A byte was lost: another frame may begin in what was taken for this one.
        let refusal = Refusal::Length {
            due: len + 8,
            found: len + 7,
        };
        return Cut::Frame(4, Frame::Garbled(refusal));
    }
    if said != found {
        let refusal = Refusal::Checksum {
            said: u32::from(said),
            found: u32::from(found),
        };
        return Cut::Frame(len + 8, Frame::Garbled(refusal));
    }
    Cut::Frame(len + 8, Frame::Spot(spot_check(data)))
}

fn spot_check(data: &[u8]) -> SpotCheck {
    let at = |n: usize| data.get(n).copied().unwrap_or_default();
    let pulse = u16::from_be_bytes([at(10) & 0x01, at(11)]);
    let spo2 = at(13) & 0x7f;
    SpotCheck {
        time: device_time(data),
        pulse: (pulse != NO_PULSE).then_some(pulse),
        spo2: (spo2 != NO_SPO2).then_some(spo2),
        smart_point: at(8) & 0x02 != 0,
        no_measurement: at(8) & 0x01 != 0,
        from_memory: at(9) & 0x10 != 0,
        low_battery: at(9) & 0x01 != 0,
    }
}

/// Eight bytes of two decimal digits each.
fn device_time(data: &[u8]) -> Option<DeviceTime> {
    let digits = |n: usize| {
        let byte = *data.get(n)?;
        let (tens, ones) = (byte >> 4, byte & 0x0f);
        (tens < 10 && ones < 10).then_some(tens * 10 + ones)
    };
    Some(DeviceTime {
        year: u16::from(digits(0)?) * 100 + u16::from(digits(1)?),
        month: digits(2)?,
        day: digits(3)?,
        hour: digits(4)?,
        minute: digits(5)?,
        second: digits(6)?,
        hundredth: digits(7)?,
    })
}

/// The reply to the request for the serial number: its id, then nine characters, and whatever a later device adds.
fn reply(bytes: &[u8]) -> Cut {
    if bytes.get(1).is_some_and(|op| *op != SERIAL_REPLY) {
        return Cut::Noise(1);
    }
    let Some(len) = bytes.get(2).map(|len| usize::from(*len)) else {
        return Cut::More;
    };
    if !(10..=REPLY_LONGEST).contains(&len) {
        return Cut::Noise(1);
    }
    let Some(frame) = bytes.get(..len + 4) else {
        return Cut::More;
    };
    let serial = frame.get(4..13).unwrap_or_default();
    let readable = serial.iter().all(|b| matches!(b, b' '..=b'~'));
    if frame.last() != Some(&ETX) || !readable {
        return Cut::Noise(1);
    }
    let serial = String::from_utf8_lossy(serial).trim().to_owned();
    Cut::Frame(len + 4, Frame::Serial(serial))
}
