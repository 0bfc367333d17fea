//! The bytes of a Contec line cut into frames of either kind. There is no check: bit 7 alone tells where a frame begins.

use super::Format;
use super::say::{Frame, LIVE, NO_SPO2};

/// What the first bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nothing yet.
    More,
    /// So many bytes belong to nothing.
    Noise(usize),
    /// So many bytes are this.
    Frame(usize, Frame),
    /// So many bytes of a CMS50D-BT are waveform, which is no vital sign.
    Wave(usize),
    /// So many bytes of a CMS50D-BT are saturation and pulse.
    Values(usize, Option<u8>, Option<u8>),
}

/// What every packet of a CMS50D-BT begins with; as a signal strength of the old kind it would be 11 of 8.
const BT: u8 = 0xeb;
/// Bytes of its waveform packets.
const WAVE: usize = 6;
/// Signal strengths that the old kind has: 0 to 8, and 15 for none (BCI protocol 1.2). Ours to use as a check.
const STRENGTHS: [u8; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 15];

/// Looks at the first bytes.
pub(super) fn cut(bytes: &[u8]) -> Cut {
    match bytes {
        [] | [BT] | [BT, 0x00, ..] if bytes.len() < WAVE => Cut::More,
        [LIVE, ..] => new(bytes),
        [BT, 0x00, ..] if bytes.len() >= WAVE => Cut::Wave(WAVE),
        [BT, 0x01, ..] => values(bytes),
        [first @ 0x80..=0xff, ..] if !STRENGTHS.contains(&(first & 0x0f)) => Cut::Noise(1),
        [0x80..=0xff, ..] => old(bytes),
        _ => Cut::Noise(1),
    }
}

/// Bit 7 is set in the first byte of five and in no other.
fn old(bytes: &[u8]) -> Cut {
    if let Some(next) = bytes.iter().skip(1).take(4).position(|b| b & 0x80 != 0) {
        return Cut::Noise(next + 1);
    }
    let [signal, _, bar, rate, spo2, ..] = *bytes else {
        return Cut::More;
    };
    let frame = Frame {
        format: Format::Old,
        finger_out: signal & 0x10 != 0,
        probe_error: bar & 0x10 != 0,
        searching: bar & 0x20 != 0,
        pulse: pulse((bar & 0x40) << 1 | rate),
        spo2: None,
    };
    whole(5, frame, spo2)
}

/// Eight bytes: EB, 01, whether there is a finger (as it seems), pulse, saturation, 7F, 00, and the sum of all.
fn values(bytes: &[u8]) -> Cut {
    let [_, _, _, rate, spo2, _, _, check, ..] = *bytes else {
        return Cut::More;
    };
    let data = bytes.get(..7).unwrap_or_default();
    let sum = data.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
    match spo2 {
        _ if sum != check => Cut::Noise(1),
        0 | NO_SPO2 => Cut::Values(8, None, pulse(rate)),
        1..=100 => Cut::Values(8, Some(spo2), pulse(rate)),
        _ => Cut::Noise(8),
    }
}

/// Bit 7 is set in the last eight bytes of nine; the second of them holds the bits that it hides.
fn new(bytes: &[u8]) -> Cut {
    if bytes.iter().skip(1).take(8).any(|b| b & 0x80 == 0) {
        return Cut::Noise(1);
    }
    let [_, high, _, _, _, rate, spo2, _, _, ..] = *bytes else {
        return Cut::More;
    };
    let hidden = |n: u8| high & (1 << n) != 0;
    let frame = Frame {
        format: Format::New,
        finger_out: hidden(0),
        probe_error: false,
        searching: hidden(1) || bytes.get(2).is_some_and(|b| b & 0x10 != 0),
        pulse: pulse(u8::from(hidden(3)) << 7 | (rate & 0x7f)),
        spo2: None,
    };
    whole(9, frame, spo2 & 0x7f)
}

fn pulse(rate: u8) -> Option<u8> {
    (1..u8::MAX).contains(&rate).then_some(rate)
}

fn whole(len: usize, frame: Frame, spo2: u8) -> Cut {
    match spo2 {
        0 | NO_SPO2 => Cut::Frame(len, frame),
        1..=100 => Cut::Frame(
            len,
            Frame {
                spo2: Some(spo2),
                ..frame
            },
        ),
        _ => Cut::Noise(len),
    }
}
