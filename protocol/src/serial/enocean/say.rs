//! How packets and telegrams are written, for simulators and tests. It judges nothing: what no sensor should send can be
//! written too.

use super::frame::{SYNC, crc8};
use super::profile::Profile;
use super::telegram::{FOUR_BYTES, ONE_BYTE, RPS};

/// A whole packet with its checks. Data beyond 65535 bytes and optional data beyond 255 are cut off.
pub fn packet(kind: u8, data: &[u8], optional: &[u8]) -> Vec<u8> {
    let data = data.get(..0xffff).unwrap_or(data);
    let optional = optional.get(..0xff).unwrap_or(optional);
    let len = u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes();
    let more = u8::try_from(optional.len()).unwrap_or(u8::MAX);
    let header = [len[0], len[1], more, kind];
    let mut out = vec![SYNC];
    out.extend(header);
    out.push(crc8(&header));
    let content = [data, optional].concat();
    out.extend(&content);
    out.push(crc8(&content));
    out
}

/// A radio telegram as a receiver passes it on: heard once, meant for all, at -54 dBm, not encrypted.
pub fn telegram(rorg: u8, payload: &[u8], sender: u32, status: u8) -> Vec<u8> {
    let data = [&[rorg], payload, &sender.to_be_bytes(), &[status]].concat();
    packet(0x01, &data, &[0x01, 0xff, 0xff, 0xff, 0xff, 0x36, 0x00])
}

/// D5-00-01.
pub fn contact(sender: u32, open: bool) -> Vec<u8> {
    telegram(ONE_BYTE, &[0x08 | u8::from(!open)], sender, 0)
}

/// F6-01-01: a press, or its end.
pub fn button(sender: u32, pressed: bool) -> Vec<u8> {
    telegram(RPS, &[u8::from(pressed) << 4], sender, 0x30)
}

/// F6-02-01 and -02: one of four buttons (AI, AO, BI, BO) pressed, or all let go.
pub fn rocker(sender: u32, pressed: Option<u8>) -> Vec<u8> {
    match pressed {
        Some(button) => telegram(RPS, &[button << 5 | 0x10], sender, 0x30),
        None => telegram(RPS, &[0x00], sender, 0x20),
    }
}

/// F6-05-01.
pub fn leak(sender: u32, wet: bool) -> Vec<u8> {
    telegram(RPS, &[if wet { 0x11 } else { 0x00 }], sender, 0x30)
}

/// What a smoke detector says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Smoke {
    /// It smells smoke.
    Alarm,
    /// It does no longer.
    Clear,
    /// Its battery is low.
    BatteryLow,
}

/// F6-05-02.
pub fn smoke(sender: u32, says: Smoke) -> Vec<u8> {
    let said = match says {
        Smoke::Alarm => 0x10,
        Smoke::Clear => 0x00,
        Smoke::BatteryLow => 0x30,
    };
    telegram(RPS, &[said], sender, 0x30)
}

/// A5-07-01.
pub fn motion(sender: u32, active: bool) -> Vec<u8> {
    let seen = if active { 0xff } else { 0x00 };
    telegram(FOUR_BYTES, &[0x00, 0x00, seen, 0x08], sender, 0)
}

/// A5-04-01: 0 to 40 °C and 0 to 100 %; what is outside is said as the nearest.
pub fn climate(sender: u32, celsius: f64, humidity: f64) -> Vec<u8> {
    let raw = |part: f64| {
        let near = (part.clamp(0.0, 1.0) * 250.0).round();
        (0..=250u8).find(|n| f64::from(*n) >= near).unwrap_or(250)
    };
    let payload = [0x00, raw(humidity / 100.0), raw(celsius / 40.0), 0x0a];
    telegram(FOUR_BYTES, &payload, sender, 0)
}

/// The teach-in of a sensor of four bytes that names its profile; no maker.
pub fn teach_in(sender: u32, profile: Profile) -> Vec<u8> {
    let (func, kind) = profile.numbers();
    let payload = [func << 2 | kind >> 5 & 0x03, kind << 3, 0x00, 0x80];
    telegram(FOUR_BYTES, &payload, sender, 0)
}
