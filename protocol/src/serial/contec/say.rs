//! How frames and the one command are written, for simulators, tests and the reader's own calls. It refuses nothing: a
//! value too large for its bits is cut to them.

use super::Format;

/// Begins a frame of the new kind: live data.
pub(super) const LIVE: u8 = 0x01;
/// A saturation that stands for none.
pub(super) const NO_SPO2: u8 = 127;
/// A pulse that stands for none.
const NO_PULSE: u8 = 255;

/// Asks a device of the new kind for live data, for 30 s.
pub const REQUEST: [u8; 9] = [0x7D, 0x81, 0xA1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80];

/// A sixtieth of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Frame {
    /// Of which kind.
    pub format: Format,
    /// There is no finger in the probe.
    pub finger_out: bool,
    /// The probe failed; of the old kind alone.
    pub probe_error: bool,
    /// The pulse is being looked for.
    pub searching: bool,
    /// Pulse, /min, 1 to 254; `None`: 255 or 0.
    pub pulse: Option<u8>,
    /// Saturation, %, 1 to 100; `None`: 127 or 0.
    pub spo2: Option<u8>,
}

impl Frame {
    /// Its five or nine bytes.
    pub fn encode(&self) -> Vec<u8> {
        let bit = |set: bool, n: u8| u8::from(set) << n;
        let pulse = self.pulse.unwrap_or(NO_PULSE);
        let spo2 = self.spo2.unwrap_or(NO_SPO2) & 0x7f;
        match self.format {
            Format::Old => vec![
                0x80 | 0x05 | bit(self.finger_out, 4),
                0x20,
                0x04 | bit(self.probe_error, 4) | bit(self.searching, 5) | (pulse & 0x80) >> 1,
                pulse & 0x7f,
                spo2,
            ],
            Format::New => vec![
                LIVE,
                0xE0 | bit(self.finger_out, 0) | bit(self.searching, 1) | (pulse & 0x80) >> 4,
                0x85,
                0xA0,
                // There is no perfusion index.
                0x94,
                0x80 | pulse,
                0x80 | spo2,
                0xFF,
                0xFF,
            ],
        }
    }
}
