//! The bytes of an A&D line cut into frames, and what each says. There is no check: a frame is believed when its header
//! and every character of its reading are such as the device writes.

use super::say::{BLOOD_PRESSURE, BODY_COMPOSITION, BloodPressure, Head, SCALE};
use crate::signal::Refusal;
use crate::units::convert;
use crate::vocabulary::Unit;

/// Bytes of the header.
pub(super) const HEAD: usize = 60;
/// So many bytes of it tell that it is one: type, length, device.
pub(super) const HEAD_SEEN: usize = 8;
/// The longest reading, bytes. Ours: 91 were seen.
const PAYLOAD_LONGEST: usize = 256;

/// What a frame begins with: the packet type 2.
const START: [u8; 2] = [0x02, 0x00];
/// What the device may ask before it, and how many bytes follow the word.
const ASKS: [(&[u8], usize); 2] = [(b"PWCAPI", 0), (b"PWRQPI", 3)];

/// What the first bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nothing yet.
    More,
    /// So many bytes belong to nothing.
    Noise(usize),
    /// So many bytes ask something.
    Asks(usize),
    /// So many bytes are a frame.
    Frame(usize),
}

/// What a frame says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reading {
    Pressure(BloodPressure),
    /// kg; `None` when it is not the weight that stands.
    Weight(Option<f64>),
    /// Of a device that we do not know.
    Unknown,
}

/// Looks at the first bytes.
pub(super) fn cut(bytes: &[u8]) -> Cut {
    if bytes.is_empty() {
        return Cut::More;
    }
    for (word, more) in ASKS {
        let begun = bytes.iter().zip(word).all(|(b, due)| b == due);
        if begun && bytes.len() < word.len() + more {
            return Cut::More;
        }
        if begun {
            return Cut::Asks(word.len() + more);
        }
    }
    if !bytes.iter().zip(&START).all(|(b, due)| b == due) {
        return Cut::Noise(1);
    }
    let Some(len) = bytes.get(2..6).and_then(|b| <[u8; 4]>::try_from(b).ok()) else {
        return Cut::More;
    };
    let len = usize::try_from(u32::from_le_bytes(len)).unwrap_or(usize::MAX);
    if !(1..=PAYLOAD_LONGEST).contains(&len) {
        return Cut::Noise(2);
    }
    match bytes.len().cmp(&(HEAD + len)) {
        std::cmp::Ordering::Less => Cut::More,
        std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => Cut::Frame(HEAD + len),
    }
}

/// What names a reading: all of its frame but when, from and to whom it was sent, and the battery.
pub(super) fn key(frame: &[u8]) -> Vec<u8> {
    let part = |range: std::ops::Range<usize>| frame.get(range).unwrap_or_default();
    let payload = frame.get(HEAD..).unwrap_or_default();
    [part(6..8), part(9..16), part(35..47), payload].concat()
}

/// Reads a whole frame, or says what is wrong with its reading.
pub(super) fn read(frame: &[u8]) -> Result<(Head, Reading), Refusal> {
    let at = |n: usize| frame.get(n).copied().unwrap_or_default();
    let (year, device) = (
        u16::from_le_bytes([at(9), at(10)]),
        u16::from_le_bytes([at(6), at(7)]),
    );
    let serial = frame.get(35..47).unwrap_or_default();
    let serial = serial.iter().take_while(|b| b.is_ascii_alphanumeric());
    let head = Head {
        device,
        serial: serial.map(|b| char::from(*b)).collect(),
        measured: format!(
            "{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            at(11),
            at(12),
            at(13),
            at(14),
            at(15)
        ),
    };
    let payload = frame.get(HEAD..).unwrap_or_default();
    let reading = match device {
        BLOOD_PRESSURE => Reading::Pressure(pressure(payload)?),
        SCALE | BODY_COMPOSITION => Reading::Weight(weight(payload)?),
        _ => Reading::Unknown,
    };
    Ok((head, reading))
}

/// Ten hexadecimal digits: state, systolic less diastolic, diastolic, pulse, mean.
fn pressure(payload: &[u8]) -> Result<BloodPressure, Refusal> {
    let due = "ten hexadecimal digits";
    let wrong = || Refusal::BadValue {
        field: "blood pressure".to_owned(),
        due,
    };
    let text = std::str::from_utf8(payload).map_err(|_| wrong())?;
    let text = text.trim_ascii();
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let number = u64::from_str_radix(text, 16).ok().filter(|_| plain);
    let [_, _, _, state, above, diastolic, pulse, mean] = number.ok_or_else(wrong)?.to_be_bytes();
    Ok(BloodPressure {
        failed: state != 0x80,
        systolic: u16::from(above) + u16::from(diastolic),
        diastolic: u16::from(diastolic),
        mean: u16::from(mean),
        pulse,
    })
}

/// Lines such as `ST,+078.05kg`; those that do not speak of weight mean nothing here.
fn weight(payload: &[u8]) -> Result<Option<f64>, Refusal> {
    let wrong = |due| Refusal::BadValue {
        field: "weight".to_owned(),
        due,
    };
    let due = "a line such as ST,+078.05kg";
    let text = std::str::from_utf8(payload).map_err(|_| wrong(due))?;
    let mut lines = text.lines().map(str::trim_ascii);
    let stands = lines.clone().find_map(|line| line.strip_prefix("ST,"));
    let Some(said) = stands else {
        // A line of the same shape that stands for something else; whatever has not that shape was garbled.
        let shaped = lines.any(|line| line.as_bytes().get(2) == Some(&b','));
        return if shaped { Ok(None) } else { Err(wrong(due)) };
    };
    let end = said
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(said.len());
    let (number, unit) = said.split_at_checked(end).unwrap_or((said, ""));
    let plain = number
        .trim_ascii()
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.'));
    let value: f64 = number
        .trim_ascii()
        .parse()
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| wrong(due))?;
    if !(0.0..=1_000.0).contains(&value) {
        return Err(wrong("0 to 1000"));
    }
    let kg = convert(value, unit, Unit::Kilogram).ok_or_else(|| Refusal::BadUnit {
        field: "weight".to_owned(),
        unit: unit.chars().take(8).collect(),
    })?;
    Ok(Some(kg))
}
