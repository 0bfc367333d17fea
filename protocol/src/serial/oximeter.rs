//! What the readers of oximeters have in common: a value is news every time, why there is none is news once; and of a
//! stream of many frames a second one reading a second is told. It knows no device.

use crate::signal::{Measured, Message, Missing, Reading, Signal, What};
use crate::vocabulary::VitalKind;

/// Said of a reading without a value for a reason that was told before.
pub(super) const STILL: &str = "still no value, for the reason told before";

/// Why there was no value last: saturation, pulse.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told([Option<Missing>; 2]);

impl Told {
    /// Nothing was told yet.
    pub(super) const NOTHING: Self = Self([None; 2]);

    /// What a reading says beyond what was told before.
    pub(super) fn say(&mut self, device: &str, spo2: Measured, pulse: Measured) -> Message {
        let mut message = Message::default();
        let read = [(VitalKind::Spo2, spo2), (VitalKind::Pulse, pulse)];
        for ((kind, reading), told) in read.into_iter().zip(&mut self.0) {
            let why = why(reading);
            let before = std::mem::replace(told, why);
            if why.is_none() || why != before {
                let what = What::Vital { kind, reading };
                let signal = Signal::new(device, kind.word(), Reading::Sample, what);
                message.signals.push(signal);
            }
        }
        message
    }
}

/// The same message, with a reason when it says nothing.
pub(super) fn or_still(mut message: Message) -> Message {
    if message.signals.is_empty() && message.refusals.is_empty() {
        message.ignored = Some(STILL);
    }
    message
}

const fn why(reading: Measured) -> Option<Missing> {
    match reading {
        Measured::Value { .. } => None,
        Measured::Beyond(_) => Some(Missing::OutOfRange),
        Measured::Missing(why) => Some(why),
    }
}

/// Lets one reading a second through, counted in what the device sends and not by a clock, and a value that is lost or
/// found again sooner: after a quarter of a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    a_second: u32,
    since: Option<u32>,
    last: [Option<Missing>; 2],
}

impl Pace {
    /// Of a device that says its values so often a second.
    pub(super) const fn new(a_second: u32) -> Self {
        Self {
            a_second,
            since: None,
            last: [None; 2],
        }
    }

    /// True when this one is told.
    pub(super) fn lets(&mut self, spo2: Measured, pulse: Measured) -> bool {
        let now = [why(spo2), why(pulse)];
        let since = self.since.map(|since| since.saturating_add(1));
        let due = since.is_none_or(|since| {
            since >= self.a_second || (now != self.last && since >= self.a_second / 4)
        });
        self.since = if due { Some(0) } else { since };
        if due {
            self.last = now;
        }
        due
    }

    /// The next one is told.
    pub(super) const fn anew(&mut self) {
        self.since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reading_a_second_is_told_and_a_lost_finger_sooner() {
        let value = Measured::of(97.0);
        let none = Measured::Missing(Missing::SensorOff);
        let mut pace = Pace::new(60);
        let told: Vec<usize> = (0..200)
            .filter(|n| {
                let reading = if *n < 130 { value } else { none };
                pace.lets(reading, reading)
            })
            .collect();
        assert_eq!(told, [0, 60, 120, 135, 195]);
        pace.anew();
        assert!(pace.lets(value, value));
    }
}
