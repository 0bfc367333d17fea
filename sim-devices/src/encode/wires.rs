//! Calls of a nurse call panel and the readings of Nonin oximeters, over the protocol crate's own encoders.

use tecs_protocol::serial::espa444::{self, Text};
use tecs_protocol::serial::nonin::{DeviceTime, Second, SpotCheck};

use super::{Encoded, Told};
use crate::wall::civil_time;
use crate::words::Body;

/// The pulse beside every saturation, /min.
const PULSE: u16 = 72;
/// Priorities of the standard: 1 alarm, 3 normal.
const PRIORITY: u8 = 3;

/// A call: its number stands in the display text, which is all that a panel says of itself.
pub(super) fn call(told: &Told<'_>) -> Encoded {
    let call_type = match told.said.as_str() {
        Some("reset") => 1,
        Some("speech") => 2,
        _ => 3,
    };
    let room = told.spec.room.to_uppercase();
    let display = format!("{room} #{}", told.number);
    let block = espa444::call(
        &told.spec.name,
        display.trim(),
        call_type,
        PRIORITY,
        Text::Latin1,
    );
    Encoded {
        body: Body::Bytes(block),
        happened_ms: None,
        word: None,
    }
}

/// A spot check, by the device's own clock, which runs in UTC and has hundredths of a second.
pub(super) fn spot(told: &Told<'_>) -> Encoded {
    let now_ms = told.now_ms - told.now_ms.rem_euclid(10);
    let off = told.is("finger_off");
    let spot = SpotCheck {
        time: time(now_ms),
        spo2: saturation(told).filter(|_| !off),
        pulse: Some(PULSE).filter(|_| !off),
        smart_point: !off,
        no_measurement: off,
        ..SpotCheck::default()
    };
    Encoded {
        body: Body::Spot(spot),
        happened_ms: Some(now_ms),
        word: None,
    }
}

/// What the device shows from now on.
pub(super) fn second(told: &Told<'_>) -> Encoded {
    let off = told.is("finger_off");
    let second = Second {
        spo2: saturation(told).filter(|_| !off),
        pulse: Some(PULSE).filter(|_| !off),
        smart_point: !off,
        sensor_off: off,
        ..Second::default()
    };
    Encoded {
        word: told.word(second.spo2.map(f64::from)),
        body: Body::Shows(second),
        happened_ms: None,
    }
}

/// Whole percent, 0 to 100.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "kept within 0 to 100"
)]
fn saturation(told: &Told<'_>) -> Option<u8> {
    let value = told.said.as_f64()?;
    Some(value.round().clamp(0.0, 100.0) as u8)
}

fn time(ms: i64) -> Option<DeviceTime> {
    let (date, of_day) = civil_time(ms);
    let (hundredths, s) = (of_day / 10, of_day / 1000);
    let small = |n: i64| u8::try_from(n).ok();
    Some(DeviceTime {
        year: u16::try_from(date.0).ok()?,
        month: small(date.1)?,
        day: small(date.2)?,
        hour: small(s / 3600)?,
        minute: small(s / 60 % 60)?,
        second: small(s % 60)?,
        hundredth: small(hundredths % 100)?,
    })
}
