//! Glucose (2A18). What was measured in control solution is a test of the meter, not a person's reading.

use super::fields::{Fields, bit};
use crate::signal::Missing;
use crate::units::MMOL_PER_LITRE_OF_KG;
use crate::vocabulary::VitalKind;

/// The sample is control solution (type 10), or was taken from it (location 4).
const CONTROL: (u8, u8) = (10, 4);
/// The meter failed, the sample was too small, the strip went in wrong or is of another meter, it was too hot or too
/// cold, or the strip was pulled too soon.
const FAILED: u32 = 0b0111_1001_1110;

/// Flags: 0 time offset, 1 concentration with type and location, 2 mol/L instead of kg/L, 3 status, 4 a context follows.
pub(super) fn glucose(fields: &mut Fields<'_>) -> Option<()> {
    let flags = u32::from(fields.u8()?);
    let _sequence = fields.u16()?;
    let time = fields.time()?;
    let later = if bit(flags, 0) { fields.i16()? } else { 0 };
    let mut said = None;
    if bit(flags, 1) {
        let concentration = fields.sfloat()?;
        let sample = fields.u8()?;
        said = Some((concentration, sample));
    }
    let status = if bit(flags, 3) {
        u32::from(fields.u16()?)
    } else {
        0
    };
    // Higher or lower than the meter can tell.
    fields.none = if bit(status, 5) || bit(status, 6) {
        Some(Missing::OutOfRange)
    } else if status & FAILED != 0 {
        Some(Missing::DeviceError)
    } else {
        None
    };
    fields.no_clock = bit(status, 11);
    let Some((concentration, sample)) = said else {
        if fields.none.is_none() {
            fields.message.ignored = Some("a record without a concentration");
            return Some(());
        }
        fields.say(VitalKind::Glucose, Err(Missing::DeviceError), "");
        fields.happened(Some(time.later(later)));
        return Some(());
    };
    let factor = if bit(flags, 2) {
        1_000.0
    } else {
        MMOL_PER_LITRE_OF_KG
    };
    // A conversion must not print more digits than were measured.
    let value = concentration.map(|c| (c * factor * 1e4).round() / 1e4);
    fields.say(VitalKind::Glucose, value, "");
    fields.happened(Some(time.later(later)));
    if (sample & 0x0f) == CONTROL.0 || (sample >> 4) == CONTROL.1 {
        fields.test();
    }
    Some(())
}
