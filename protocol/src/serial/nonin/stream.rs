//! Data formats 2 and 7: 75 frames of five bytes a second, 25 to a packet, each with its check. What a packet says is
//! gathered here from its frames; the waveform, of which both are full, is no vital sign and is dropped.
//!
//! | format | bytes |
//! |---|---|
//! | 2 | `01`, STATUS, waveform, FLOAT, sum of the four |
//! | 7 | STATUS, waveform high, waveform low, FLOAT, sum of the four |
//!
//! STATUS has bit 7 set, and SYNC in the first frame of a packet. What FLOAT holds goes by the frame's place: 1 and 2
//! pulse, 3 saturation, 8 STAT2. Format 7 as the open reader of the Oxford sleep apnoea project has it (`WristOx2` 3150).

use super::frame::{Cut, Frame, NO_PULSE, NO_SPO2, Second};
use crate::signal::Refusal;

/// What a frame of format 2 begins with.
pub(super) const START: u8 = 0x01;
/// Bytes of a frame.
pub(super) const LEN: usize = 5;
/// Frames of a packet.
pub(super) const FRAMES: u8 = 25;
/// Packets a second.
pub(super) const A_SECOND: u32 = 3;

/// A frame of format 2 at the beginning of these bytes. Unless nothing else is due, it takes a second good one after it
/// to believe the first.
pub(super) fn two(bytes: &[u8], sure: bool) -> Cut {
    let mut rest = bytes;
    for n in 0..if sure { 1 } else { 2 } {
        match rest {
            [] | [START] => return Cut::More,
            [START, 0x80..=0xff, ..] => {}
            _ => return Cut::Noise(1),
        }
        let Some((frame, after)) = rest.split_at_checked(LEN) else {
            return Cut::More;
        };
        match (checked(frame), n) {
            (Ok(()), _) => rest = after,
            (Err(refusal), 0) if sure => return Cut::Frame(1, Frame::Garbled(refusal)),
            (Err(_), _) => return Cut::Noise(1),
        }
    }
    cut(bytes, 1)
}

/// A frame of format 7 at the beginning of these bytes.
pub(super) fn seven(bytes: &[u8]) -> Cut {
    let Some(frame) = bytes.get(..LEN) else {
        return Cut::More;
    };
    match checked(frame) {
        Ok(()) => cut(bytes, 0),
        Err(refusal) => Cut::Frame(1, Frame::Garbled(refusal)),
    }
}

/// True when these bytes begin with two whole frames of format 7, which those of format 8 never do: their bit 7 stands
/// elsewhere.
pub(super) fn is_seven(bytes: &[u8]) -> bool {
    let mut frames = bytes.chunks_exact(LEN).take(2);
    let good = |frame: &[u8]| frame.first().is_some_and(|b| *b >= 0x80) && checked(frame).is_ok();
    bytes.len() >= 2 * LEN && frames.all(good)
}

fn cut(bytes: &[u8], status: usize) -> Cut {
    let at = |n: usize| bytes.get(n).copied().unwrap_or_default();
    let frame = Frame::Stream {
        status: at(status),
        float: at(LEN - 2),
    };
    Cut::Frame(LEN, frame)
}

fn checked(frame: &[u8]) -> Result<(), Refusal> {
    let (said, data) = frame.split_last().unwrap_or((&0, &[]));
    let found = data.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
    if *said == found {
        return Ok(());
    }
    Err(Refusal::Checksum {
        said: u32::from(*said),
        found: u32::from(found),
    })
}

/// A packet on its way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Packet {
    /// The last frame's place, from 1; 0: none since the last SYNC.
    at: u8,
    high: u8,
    said: Second,
}

impl Packet {
    /// A frame is missing: what was gathered is not whole.
    pub(super) const fn lost(&mut self) {
        self.at = 0;
    }

    /// The next frame; a packet when it was the last one of it.
    pub(super) fn frame(&mut self, status: u8, float: u8) -> Option<Second> {
        let bit = |byte: u8, n: u8| byte & (1 << n) != 0;
        if bit(status, 0) {
            *self = Self::default();
        } else if self.at == 0 {
            return None;
        }
        self.at += 1;
        let said = &mut self.said;
        // SNSA, and SNSD: there is no sensor, or none that works (OEM III).
        said.sensor_off |= bit(status, 3) || bit(status, 6);
        said.out_of_track |= bit(status, 4);
        said.artifact |= bit(status, 5);
        said.low_perfusion |= bit(status, 2) && !bit(status, 1);
        said.marginal_perfusion |= bit(status, 2) && bit(status, 1);
        match self.at {
            1 => self.high = float & 0x03,
            2 => {
                let pulse = u16::from(self.high) << 7 | u16::from(float & 0x7f);
                said.pulse = (pulse != NO_PULSE).then_some(pulse);
            }
            3 => {
                let spo2 = float & 0x7f;
                said.spo2 = (spo2 != NO_SPO2 && spo2 <= 100).then_some(spo2);
            }
            8 => {
                said.smart_point = bit(float, 5);
                said.low_battery = bit(float, 0);
            }
            _ => {}
        }
        (self.at == FRAMES).then(|| {
            self.at = 0;
            self.said
        })
    }
}

impl Second {
    /// A packet of format 2 or 7 that says this, 125 bytes; of another format nothing.
    pub fn packet(&self, format: super::Format) -> Vec<u8> {
        let start: &[u8] = match format {
            super::Format::Df2 => &[START],
            super::Format::Df7 => &[],
            super::Format::Df8 | super::Format::Df13 => return Vec::new(),
        };
        let bit = |set: bool, n: u8| u8::from(set) << n;
        let [high, low] = (self.pulse.unwrap_or(NO_PULSE) << 1).to_be_bytes();
        let status = 0x80
            | bit(self.artifact, 5)
            | bit(self.out_of_track, 4)
            | bit(self.sensor_off, 3)
            | bit(self.low_perfusion || self.marginal_perfusion, 2)
            | bit(self.marginal_perfusion, 1);
        let mut out = Vec::new();
        for place in 1..=FRAMES {
            let float = match place {
                1 | 14 | 20 => high & 0x03,
                2 | 15 | 21 => low >> 1,
                3 | 9 | 16 => self.spo2.unwrap_or(NO_SPO2) & 0x7f,
                8 => bit(self.smart_point, 5) | bit(self.low_battery, 0),
                _ => 0,
            };
            let mut frame = start.to_vec();
            frame.push(status | u8::from(place == 1));
            // A waveform at rest.
            frame.resize(LEN - 2, 0x40);
            frame.push(float);
            let check = frame.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
            frame.push(check);
            out.extend(frame);
        }
        out
    }
}
