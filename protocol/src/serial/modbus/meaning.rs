//! What registers say, as the installer has described them. It remembers nothing.

use super::frame::Asked;
use super::settings::{Format, Register, Says, two};
use crate::signal::{HealthOf, Message, Reading, Refusal, Seen, Signal, What};
use crate::vocabulary::{Condition, is_within};

/// What an answer to this question says of one register; nothing when it was not asked for.
pub(super) fn read(register: &Register, asked: Asked, data: &[u8], message: &mut Message) {
    let here = asked.unit == register.text.unit && asked.table == register.table;
    let Some(place) = register.text.address.checked_sub(asked.address) else {
        return;
    };
    if !here || u32::from(place) + u32::from(register.count()) > u32::from(asked.count) {
        return;
    }
    let place = usize::from(place);
    let raw = if register.table.is_bits() {
        data.get(place / 8)
            .map(|byte| Raw::Whole(i64::from(byte >> (place % 8) & 1)))
    } else {
        number(register, data.get(2 * place..).unwrap_or_default())
    };
    match raw {
        Some(raw) => say(register, raw, message),
        None => message.refusals.push(Refusal::Length {
            due: 2 * (place + usize::from(register.count())),
            found: data.len(),
        }),
    }
}

/// A number as it stood.
#[derive(Debug, Clone, Copy)]
enum Raw {
    Whole(i64),
    Real(f32),
}

fn number(register: &Register, data: &[u8]) -> Option<Raw> {
    let word = |n: usize| {
        let pair = [data.get(2 * n)?, data.get(2 * n + 1)?];
        Some(u16::from_be_bytes(pair.map(|b| *b)))
    };
    if register.count() == 1 {
        let word = word(0)?;
        return Some(Raw::Whole(match register.text.format {
            Format::I16 => i64::from(word.cast_signed()),
            Format::U16 | Format::U32 | Format::I32 | Format::F32 => i64::from(word),
        }));
    }
    let (first, second) = (word(0)?, word(1)?);
    let (high, low) = if register.text.low_word_first {
        (second, first)
    } else {
        (first, second)
    };
    let both = u32::from(high) << 16 | u32::from(low);
    Some(match register.text.format {
        Format::F32 => Raw::Real(f32::from_bits(both)),
        Format::I32 => Raw::Whole(i64::from(both.cast_signed())),
        Format::U32 | Format::U16 | Format::I16 => Raw::Whole(i64::from(both)),
    })
}

fn say(register: &Register, raw: Raw, message: &mut Message) {
    let text = &register.text;
    if let (Raw::Whole(raw), Some(none)) = (raw, text.none)
        && raw == none
    {
        return;
    }
    let set = match (raw, text.bit) {
        (Raw::Whole(raw), Some(bit)) => raw >> bit & 1 != 0,
        (Raw::Whole(raw), None) => raw != 0,
        (Raw::Real(raw), _) => raw != 0.0,
    };
    let there = set != text.invert;
    let condition = if there {
        Condition::Raised
    } else {
        Condition::Restored
    };
    let value = value(register, raw);
    let (reading, what) = match register.says {
        Says::Alarm(kind) => (Reading::Edge, What::alarm(kind, condition)),
        Says::Health(kind) => (Reading::Edge, What::health(kind, condition, "")),
        Says::Seen(kind) => {
            let Some([on, off]) = two(kind) else { return };
            let state = if there { on } else { off };
            (Reading::Edge, What::state(kind, state))
        }
        Says::Measured(kind) => {
            let Some(value) = value else {
                return bad(register, "a number", message);
            };
            if !is_within(value, kind.range()) {
                return bad(register, "a number in its kind's range", message);
            }
            let seen = Seen::Value(value);
            (Reading::Sample, What::Observed { kind, seen })
        }
        Says::Battery => {
            let Some(charge) = value.filter(|v| (0.0..=100.0).contains(v)) else {
                return bad(register, "a number in its kind's range", message);
            };
            let what = What::Health {
                kind: crate::vocabulary::HealthKind::Battery,
                of: HealthOf::Value(charge),
                detail: String::new(),
            };
            (Reading::Sample, what)
        }
    };
    let signal = Signal::new(text.device.as_str(), register.field(), reading, what);
    message.signals.push(signal);
}

/// The value that a raw number stands for, printed with no more digits than it has.
fn value(register: &Register, raw: Raw) -> Option<f64> {
    let raw = match raw {
        // 32 bits at most: every one is exact.
        Raw::Whole(raw) => raw.to_string().parse::<f64>().ok()?,
        Raw::Real(raw) => f64::from(raw),
    };
    let value = raw * register.text.scale + register.text.offset;
    value.is_finite().then(|| (value * 1e4).round() / 1e4)
}

fn bad(register: &Register, due: &'static str, message: &mut Message) {
    message.refusals.push(Refusal::BadValue {
        field: register.field().to_owned(),
        due,
    });
}
