//! Pulse oximetry, spot (2A5E) and continuous (2A5F), with what a device says of its measurement and of its sensor
//! (PLXS 1.0.1, tables 3.4 and 3.5).

use super::fields::{Fields, bit};
use crate::signal::Missing;
use crate::vocabulary::VitalKind;

/// An estimate, a calibration going on, a measurement that the device itself doubts.
const MEASUREMENT_DOUBTS: u32 = 1 << 6 | 1 << 12 | 1 << 14;
/// An old display, an irregular, inadequate, poor, weak, erratic or pulseless signal, a questionable pulse, an analysis
/// going on, interference, an unknown sensor.
const SENSOR_DOUBTS: u32 = 0x07ff & !(1 << 1) | 1 << 12;
/// The sensor is not on the person, has slipped, or is not plugged in.
const SENSOR_OFF: u32 = 1 << 11 | 1 << 13 | 1 << 15;
/// The device or its sensor is broken.
const BROKEN: u32 = 1 << 1 | 1 << 14;

/// Flags: 0 time, 1 measurement status, 2 device and sensor status, 3 pulse amplitude, 4 the clock was never set.
pub(super) fn spot(fields: &mut Fields<'_>) -> Option<()> {
    let flags = u32::from(fields.u8()?);
    let (spo2, pulse) = (fields.sfloat()?, fields.sfloat()?);
    let time = if bit(flags, 0) {
        Some(fields.time()?)
    } else {
        None
    };
    fields.no_clock = bit(flags, 4);
    let is_test = status(fields, bit(flags, 1), bit(flags, 2))?;
    if bit(flags, 3) {
        fields.u16()?;
    }
    say(fields, spo2, pulse, is_test);
    fields.happened(time);
    Some(())
}

/// Flags: 0 fast values, 1 slow values, 2 measurement status, 3 device and sensor status, 4 pulse amplitude.
pub(super) fn continuous(fields: &mut Fields<'_>) -> Option<()> {
    let flags = u32::from(fields.u8()?);
    let (spo2, pulse) = (fields.sfloat()?, fields.sfloat()?);
    // Fast and slow averages are the same values once more.
    for averaged in [0, 1] {
        if bit(flags, averaged) {
            fields.u16()?;
            fields.u16()?;
        }
    }
    let is_test = status(fields, bit(flags, 2), bit(flags, 3))?;
    if bit(flags, 4) {
        fields.u16()?;
    }
    say(fields, spo2, pulse, is_test);
    Some(())
}

fn say(
    fields: &mut Fields<'_>,
    spo2: super::number::Number,
    pulse: super::number::Number,
    is_test: bool,
) {
    fields.say(VitalKind::Spo2, spo2, "%");
    fields.say(VitalKind::Pulse, pulse, "");
    if is_test {
        fields.test();
    }
}

/// What the device says of the measurement and of itself; true when it only demonstrates or tests.
fn status(fields: &mut Fields<'_>, measurement: bool, sensor: bool) -> Option<bool> {
    let measurement = if measurement {
        u32::from(fields.u16()?)
    } else {
        0
    };
    let sensor = if sensor { fields.u24()? } else { 0 };
    fields.questionable = measurement & MEASUREMENT_DOUBTS != 0 || sensor & SENSOR_DOUBTS != 0;
    fields.none = if sensor & SENSOR_OFF != 0 {
        Some(Missing::SensorOff)
    } else if sensor & BROKEN != 0 || bit(measurement, 15) {
        Some(Missing::DeviceError)
    } else if bit(measurement, 13) {
        Some(Missing::NoSignal)
    } else {
        None
    };
    // From its memory.
    fields.message.replayed = bit(measurement, 9);
    Some(bit(measurement, 10) || bit(measurement, 11))
}
