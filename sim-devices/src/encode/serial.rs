//! Frames of serial families, over the protocol crate's own encoders.

use tecs_protocol::serial::{and_medical, contec, enocean, masimo, rfxtrx};

use super::{Encoded, Told};
use crate::device::Cannot;
use crate::home::Spec;
use crate::models::Lit;
use crate::units::Address;
use crate::wall;
use crate::words::Body;

/// The pulse beside every saturation, /min.
const PULSE: u8 = 72;
/// Subtypes and words of RFXtrx' security devices: a KD101 smoke detector, a remote; panic, its end; a good battery.
const KD101: u8 = 0x03;
const REMOTE: u8 = 0x02;
const PANIC: u8 = 0x06;
const PANIC_ENDS: u8 = 0x07;
const GOOD: u8 = 9;

fn bytes(told: &Told<'_>, bytes: Vec<u8>) -> Encoded {
    Encoded {
        body: Body::Bytes(bytes),
        happened_ms: None,
        word: told.word(told.said.as_f64()),
    }
}

/// A telegram; the name is the sender's address, eight hexadecimal digits.
pub(super) fn enocean(told: &Told<'_>) -> Result<Encoded, Cannot> {
    let sender = u32::from_str_radix(&told.spec.name, 16)
        .map_err(|_| told.no_name("a sender's address, eight hexadecimal digits"))?;
    let on = told.said.as_bool() == Some(true);
    let telegram = match told.property() {
        "contact" => enocean::contact(sender, on),
        "button" => enocean::button(sender, on),
        "smoke" if on => enocean::smoke(sender, enocean::Smoke::Alarm),
        "smoke" => enocean::smoke(sender, enocean::Smoke::Clear),
        _ => enocean::climate(sender, told.said.as_f64().unwrap_or_default(), 48.0),
    };
    Ok(bytes(told, telegram))
}

/// A packet; the name is the transmitter's id in hexadecimal digits, six for a security device, four for a sensor.
pub(super) fn rfxtrx(told: &Told<'_>) -> Result<Encoded, Cannot> {
    let id = u32::from_str_radix(&told.spec.name, 16)
        .map_err(|_| told.no_name("an id, four or six hexadecimal digits"))?;
    let raised = told.said.as_bool() == Some(true);
    let status = if raised { PANIC } else { PANIC_ENDS };
    let packet = match told.property() {
        "smoke" => rfxtrx::security(KD101, 0, id, status, 0),
        "panic" => rfxtrx::security(REMOTE, 0, id, status, GOOD),
        _ => {
            let low = u16::try_from(id & 0xffff).unwrap_or_default();
            rfxtrx::temperature(0, low, tenths(told), GOOD)
        }
    };
    Ok(bytes(told, packet))
}

fn tenths(told: &Told<'_>) -> i16 {
    tenths_of(told.said.as_f64().unwrap_or_default())
}

#[allow(clippy::cast_possible_truncation, reason = "kept within its bounds")]
fn tenths_of(value: f64) -> i16 {
    (value * 10.0).round().clamp(-500.0, 1_000.0) as i16
}

/// What a register holds from now on; the name is `UNIT/ADDRESS`.
pub(super) fn modbus(told: &Told<'_>) -> Result<Encoded, Cannot> {
    let place = place(&told.spec.name).ok_or_else(|| told.no_name("UNIT/ADDRESS"))?;
    let (function, value) = match told.said.as_bool() {
        Some(set) => (2, u16::from(set)),
        None => (3, tenths(told).cast_unsigned()),
    };
    let body = Body::Register {
        at: (place.0, function, place.1),
        value,
    };
    Ok(Encoded {
        body,
        happened_ms: None,
        word: told.word(told.said.as_f64()),
    })
}

/// What a register of this device holds before anything happened.
pub(crate) fn at_rest(spec: &Spec) -> Option<(Address, u16)> {
    let (unit, address) = place(&spec.name)?;
    let (function, value) = match spec.model.fields.first()?.at_rest {
        Lit::Num(value) => (3, tenths_of(value).cast_unsigned()),
        Lit::Is(set) => (2, u16::from(set)),
        Lit::Text(_) | Lit::Null => return None,
    };
    Some(((unit, function, address), value))
}

/// The unit and the address in a name.
pub(crate) fn place(name: &str) -> Option<(u8, u16)> {
    let (unit, address) = name.split_once('/')?;
    Some((unit.parse().ok()?, address.parse().ok()?))
}

/// Whole percent, 0 to 100.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "kept within 0 to 100"
)]
fn percent(told: &Told<'_>) -> Option<u8> {
    let value = told.said.as_f64().filter(|_| !told.is("finger_off"))?;
    Some(value.round().clamp(0.0, 100.0) as u8)
}

fn repeats(told: &Told<'_>, bytes: Vec<u8>) -> Encoded {
    Encoded {
        body: Body::Repeats(bytes),
        happened_ms: None,
        word: told.word(percent(told).map(f64::from)),
    }
}

/// The line that a Masimo says every second from now on; its clock was never set.
pub(super) fn masimo(told: &Told<'_>) -> Encoded {
    let line = match percent(told) {
        Some(spo2) => masimo::Line {
            spo2: Some(spo2.into()),
            pulse: Some(PULSE.into()),
            ..masimo::Line::default()
        },
        None => masimo::Line::finger_out(),
    };
    repeats(told, line.encode("01/01/00 00:00:00"))
}

/// The frame that a Contec of the new kind says sixty times a second from now on.
pub(super) fn contec(told: &Told<'_>) -> Encoded {
    let spo2 = percent(told);
    let frame = contec::Frame {
        format: contec::Format::New,
        finger_out: spo2.is_none(),
        pulse: spo2.map(|_| PULSE),
        spo2,
        ..contec::Frame::default()
    };
    repeats(told, frame.encode())
}

/// A weight, sent until it is accepted. Its time has whole seconds: two readings within one would be one.
pub(super) fn scale(told: &Told<'_>) -> Encoded {
    let s = told.now_ms.div_euclid(1000);
    let measured = wall::iso(s * 1000);
    let head = and_medical::Head {
        device: 321,
        serial: "5111124008".to_owned(),
        measured: measured.chars().take(19).collect(),
    };
    let weight = and_medical::Weight {
        value: told.said.as_f64().unwrap_or_default(),
        unit: "kg",
    };
    Encoded {
        body: Body::Bytes(head.frame(&weight.encode())),
        happened_ms: None,
        word: told.word(told.said.as_f64()),
    }
}
