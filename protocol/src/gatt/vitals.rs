//! Blood pressure, heart rate, temperature, weight and the battery.

use super::fields::{Fields, bit};
use crate::signal::{HealthOf, Missing, Refusal, What};
use crate::vocabulary::{HealthKind, VitalKind};

/// 2A35. Flags: 0 kPa, 1 time, 2 pulse, 3 user, 4 status.
pub(super) fn blood_pressure(fields: &mut Fields<'_>) -> Option<()> {
    let flags = u32::from(fields.u8()?);
    let unit = if bit(flags, 0) { "kPa" } else { "mmHg" };
    let (systolic, diastolic, mean) = (fields.sfloat()?, fields.sfloat()?, fields.sfloat()?);
    let time = if bit(flags, 1) {
        Some(fields.time()?)
    } else {
        None
    };
    let pulse = if bit(flags, 2) {
        Some(fields.sfloat()?)
    } else {
        None
    };
    if bit(flags, 3) {
        fields.u8()?;
    }
    if bit(flags, 4) {
        // The body moved, the cuff was loose, the pulse irregular or beyond what is counted (two bits), the arm not at
        // the heart's height.
        fields.questionable = fields.u16()? & 0x3f != 0;
    }
    // Where one pressure cannot be, a bridge shifted the fields, and the others are no better.
    let pressures = [systolic, diastolic, mean];
    fields.questionable |= pressures
        .into_iter()
        .any(|number| fields.is_beyond(VitalKind::Systolic, number, unit));
    fields.say(VitalKind::Systolic, systolic, unit);
    fields.say(VitalKind::Diastolic, diastolic, unit);
    fields.say(VitalKind::MeanBp, mean, unit);
    if let Some(pulse) = pulse {
        fields.say(VitalKind::Pulse, pulse, "");
    }
    fields.happened(time);
    Some(())
}

/// 2A37. Flags: 0 a rate of 16 bits; 1 contact, where 2 says that contact is told.
pub(super) fn heart_rate(fields: &mut Fields<'_>) -> Option<()> {
    let flags = u32::from(fields.u8()?);
    let rate = if bit(flags, 0) {
        fields.u16()?
    } else {
        u16::from(fields.u8()?)
    };
    if bit(flags, 2) && !bit(flags, 1) {
        fields.none = Some(Missing::SensorOff);
    }
    fields.say(VitalKind::Pulse, Ok(f64::from(rate)), "");
    Some(())
}

/// 2A1C. Flags: 0 °F, 1 time, 2 where it was measured.
pub(super) fn temperature(fields: &mut Fields<'_>) -> Option<()> {
    let flags = u32::from(fields.u8()?);
    let unit = if bit(flags, 0) { "°F" } else { "°C" };
    let value = fields.float()?;
    let time = if bit(flags, 1) {
        Some(fields.time()?)
    } else {
        None
    };
    if bit(flags, 2) {
        fields.u8()?;
    }
    fields.say(VitalKind::TemperatureBody, value, unit);
    fields.happened(time);
    Some(())
}

/// The flags of 2A9D that the specification reserves; of them Xiaomi's scales say that the weight stands.
const RESERVED: u32 = 0xf0;
/// The weight stands.
const STANDS: u8 = 5;

/// 2A9D. Flags: 0 pounds, 1 time, 2 user, 3 body mass index and height. FFFF: the measurement failed. A collector has to
/// ignore the reserved ones, and does, as everywhere, in the layout; but Xiaomi's scales, which send each weight while it
/// still moves, set bit 4 for catties (which count as kg do), bit 5 when the weight stands and bit 7 when it was taken
/// off. So a weight with reserved flags is one only with bit 5.
pub(super) fn weight(fields: &mut Fields<'_>) -> Option<()> {
    let flags = u32::from(fields.u8()?);
    let raw = fields.u16()?;
    let (value, unit) = if bit(flags, 0) {
        (f64::from(raw) / 100.0, "lb")
    } else {
        (f64::from(raw) / 200.0, "kg")
    };
    let time = if bit(flags, 1) {
        Some(fields.time()?)
    } else {
        None
    };
    if bit(flags, 2) {
        fields.u8()?;
    }
    if bit(flags, 3) {
        fields.u16()?;
        fields.u16()?;
    }
    if raw == u16::MAX || flags & RESERVED != 0 && !bit(flags, STANDS) {
        fields.none = Some(Missing::DeviceError);
    }
    fields.say(VitalKind::Weight, Ok(value), unit);
    fields.happened(time);
    Some(())
}

/// 2A19: 0 to 100 %.
pub(super) fn battery(fields: &mut Fields<'_>) -> Option<()> {
    let charge = fields.u8()?;
    if charge > 100 {
        fields.message.refusals.push(Refusal::BadValue {
            field: "battery".to_owned(),
            due: "0 to 100",
        });
        return Some(());
    }
    let kind = HealthKind::Battery;
    let what = What::Health {
        kind,
        of: HealthOf::Value(f64::from(charge)),
        detail: String::new(),
    };
    fields.signal(kind.word(), what);
    Some(())
}
