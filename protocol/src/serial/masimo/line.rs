//! What one line of a Masimo oximeter says. Every value has its width: what lost a digit is refused, not read.

use super::say::exc;
use crate::signal::{Measured, Missing, Refusal};
use crate::when;

/// Names that are known and are no vital sign of the vocabulary, or none of ours.
const SILENT: &[&str] = &[
    "SN", "PI", "PVI", "SPCO", "SPMET", "SPHB", "SPOC", "RRA", "DESAT", "PIDELTA", "ALARM", "EXC1",
];
/// The most names of a line that are told as unmapped.
const UNMAPPED_MOST: usize = 8;

/// A line.
#[derive(Debug)]
pub(super) struct Said {
    date: String,
    time: String,
    spo2: Option<f64>,
    pulse: Option<f64>,
    exc: u32,
    pub(super) unmapped: Vec<String>,
}

/// Reads a line; everything that is wrong with it when it cannot be used.
pub(super) fn read(content: &[u8]) -> Result<Said, Vec<Refusal>> {
    let text = String::from_utf8_lossy(content);
    if !text.contains('=') {
        return Err(vec![Refusal::Noise {
            bytes: content.len(),
        }]);
    }
    let mut words = text.split_ascii_whitespace();
    let mut said = Said {
        date: words.next().unwrap_or_default().to_owned(),
        time: words.next().unwrap_or_default().to_owned(),
        spo2: None,
        pulse: None,
        exc: 0,
        unmapped: Vec::new(),
    };
    let (mut spo2, mut pulse, mut exc) = (None, None, None);
    for (name, value) in text
        .split_ascii_whitespace()
        .filter_map(|w| w.split_once('='))
    {
        match name {
            "SPO2" => spo2 = Some(value),
            "BPM" => pulse = Some(value),
            "EXC" => exc = Some(value),
            _ if SILENT.contains(&name) => {}
            _ => said.unmapped(name),
        }
    }
    if spo2.is_none() && pulse.is_none() {
        let kind = "a line without SPO2 and BPM".to_owned();
        return Err(vec![Refusal::UnknownFrame { kind }]);
    }
    let mut wrong = Vec::new();
    let mut keep = |field: &str, due, read: Result<Option<f64>, ()>| {
        let Ok(value) = read else {
            let field = field.to_owned();
            wrong.push(Refusal::BadValue { field, due });
            return None;
        };
        value
    };
    said.spo2 = keep("SPO2", "three digits, or dashes", three(spo2));
    said.pulse = keep("BPM", "three digits, or dashes", three(pulse));
    let flags = exc.and_then(hex);
    keep("EXC", "hexadecimal digits", flags.map(|_| None).ok_or(()));
    said.exc = flags.unwrap_or_default();
    if wrong.is_empty() {
        Ok(said)
    } else {
        Err(wrong)
    }
}

/// Three digits; `None` for dashes and for what is not there.
fn three(value: Option<&str>) -> Result<Option<f64>, ()> {
    let Some(value) = value else {
        return Ok(None);
    };
    let value = value.strip_suffix('%').unwrap_or(value);
    if value.len() == 3 && value.bytes().all(|b| b == b'-') {
        return Ok(None);
    }
    let digits = value.len() == 3 && value.bytes().all(|b| b.is_ascii_digit());
    let number: f64 = value.parse().map_err(|_| ())?;
    // 000 is nothing measured, not a heart that stands still.
    if digits {
        Ok((number > 0.0).then_some(number))
    } else {
        Err(())
    }
}

fn hex(value: &str) -> Option<u32> {
    let digits = (4..=8).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| u32::from_str_radix(value, 16).ok())?
}

impl Said {
    fn unmapped(&mut self, name: &str) {
        let name: String = name.chars().filter(|c| !c.is_control()).take(32).collect();
        if self.unmapped.len() < UNMAPPED_MOST && !self.unmapped.contains(&name) {
            self.unmapped.push(name);
        }
    }

    /// Saturation and pulse, or why there are none.
    pub(super) fn measured(&self) -> (Measured, Measured) {
        let has = |bits: u32| self.exc & bits != 0;
        let none = if has(exc::NO_SENSOR | exc::SENSOR_OFF) {
            Some(Missing::SensorOff)
        } else if has(exc::DEFECTIVE | exc::UNRECOGNISED) {
            Some(Missing::DeviceError)
        } else {
            None
        };
        let questionable = has(exc::DOUBTS);
        let of = |value: Option<f64>| match (none, value) {
            (Some(why), _) => Measured::Missing(why),
            (None, None) => Measured::Missing(Missing::NoSignal),
            (None, Some(value)) => Measured::Value {
                value,
                questionable,
            },
        };
        (of(self.spo2), of(self.pulse))
    }

    /// `03/17/16 19:19:36`, month first, of this century.
    pub(super) fn happened_ms(&self, utc_offset_min: i16) -> Option<i64> {
        let mut date = self.date.splitn(3, '/');
        let (month, day, year) = (date.next()?, date.next()?, date.next()?);
        let local = format!("20{year}-{month}-{day}T{}", self.time);
        when::from_local(&local, utc_offset_min)
    }
}
