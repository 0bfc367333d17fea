//! The fields of one value, in their order, little endian; and the message that they become. A field that is not there
//! ends the reading.

use super::Sender;
use super::number::{self, Number};
use crate::signal::{Measured, Message, Missing, Reading, Refusal, Signal, What};
use crate::units::convert;
use crate::vocabulary::{VitalKind, is_within};
use crate::when;

/// What is left of a value, and what it said so far.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    taken: usize,
    sender: Sender<'a>,
    pub(super) message: Message,
    /// A value is given and doubted.
    pub(super) questionable: bool,
    /// There is no value that can be used, whatever stands there.
    pub(super) none: Option<Missing>,
    /// The clock stands still or was never set: its time means nothing.
    pub(super) no_clock: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn new(value: &'a [u8], sender: Sender<'a>) -> Self {
        Self {
            rest: value,
            taken: 0,
            sender,
            message: Message::default(),
            questionable: false,
            none: None,
            no_clock: false,
        }
    }

    /// How long the value should have been, as far as it was read.
    pub(super) const fn due(&self) -> usize {
        self.taken
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.taken += N;
        let (head, rest) = self.rest.split_at_checked(N)?;
        self.rest = rest;
        head.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take().map(|[byte]: [u8; 1]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    pub(super) fn u24(&mut self) -> Option<u32> {
        let [a, b, c] = self.take()?;
        Some(u32::from_le_bytes([a, b, c, 0]))
    }

    pub(super) fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_le_bytes)
    }

    pub(super) fn sfloat(&mut self) -> Option<Number> {
        self.u16().map(number::sfloat)
    }

    pub(super) fn float(&mut self) -> Option<Number> {
        self.take().map(u32::from_le_bytes).map(number::float)
    }

    /// Year, month, day, hour, minute, second by the device's clock, and so many minutes later.
    pub(super) fn time(&mut self) -> Option<Time> {
        let year = self.u16()?;
        let [month, day, hour, minute, second] = self.take()?;
        // A part of 0 is one that the device does not know.
        let known = year != 0 && month != 0 && day != 0;
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        let ms = when::from_local(&text, self.sender.utc_offset_min);
        if known && ms.is_none() {
            self.message.refusals.push(Refusal::BadValue {
                field: "time".to_owned(),
                due: "a date and a time",
            });
        }
        Some(Time { ms })
    }

    /// True of a number that its kind cannot have.
    pub(super) fn is_beyond(&self, kind: VitalKind, number: Number, unit: &str) -> bool {
        let value = converted(kind, number, unit);
        self.none.is_none() && value.is_ok_and(|value| !is_within(value, kind.range()))
    }

    /// Says a vital sign in this unit, or in the vocabulary's where there is none; 0 of what lives is none.
    pub(super) fn say(&mut self, kind: VitalKind, number: Number, unit: &str) {
        let reading = match (self.none, converted(kind, number, unit)) {
            (Some(why), _) | (None, Err(why)) => Measured::Missing(why),
            (None, Ok(value)) if !value.is_finite() => Measured::Missing(Missing::NotANumber),
            (None, Ok(value)) if value.abs() < f64::MIN_POSITIVE => {
                Measured::Missing(Missing::NoSignal)
            }
            (None, Ok(value)) => Measured::Value {
                value,
                questionable: self.questionable,
            },
        };
        let what = What::Vital { kind, reading };
        self.signal(kind.word(), what);
    }

    pub(super) fn signal(&mut self, field: &str, what: What) {
        let signal = Signal::new(self.sender.device, field, Reading::Sample, what);
        self.message.signals.push(signal);
    }

    /// Everything that was said happened then.
    pub(super) fn happened(&mut self, time: Option<Time>) {
        let ms = time.and_then(|time| time.ms).filter(|_| !self.no_clock);
        for signal in &mut self.message.signals {
            signal.happened_ms = ms;
        }
    }

    /// Everything that was said is a test.
    pub(super) fn test(&mut self) {
        for signal in &mut self.message.signals {
            signal.test = true;
        }
    }
}

/// In the vocabulary's unit.
fn converted(kind: VitalKind, number: Number, unit: &str) -> Number {
    number.map(|number| match kind.unit() {
        Some(to) if !unit.is_empty() => convert(number, unit, to).unwrap_or(f64::NAN),
        _ => number,
    })
}

/// A device's time, as far as it is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    ms: Option<i64>,
}

impl Time {
    /// So many minutes later (earlier, when negative).
    pub(super) fn later(self, minutes: i16) -> Self {
        Self {
            ms: self.ms.map(|ms| ms + i64::from(minutes) * 60_000),
        }
    }
}

/// True when the bit is set.
pub(super) const fn bit(bits: u32, n: u8) -> bool {
    bits & (1 << n) != 0
}
