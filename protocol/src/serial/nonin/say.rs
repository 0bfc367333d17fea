//! How frames and commands are written, for simulators, tests and the reader's own commands. It refuses nothing: a value
//! too large for its bits is cut to them.

use super::frame::{DeviceTime, NO_PULSE, NO_SPO2, SPOT_START, Second, SpotCheck};

/// Begins a command or a reply.
pub const STX: u8 = 0x02;
/// Ends a command, a reply and a spot check.
pub const ETX: u8 = 0x03;
/// A command was taken.
pub const ACK: u8 = 0x06;
/// A command was not taken.
pub const NAK: u8 = 0x15;

/// The operation that asks for the serial number (as the open driver of the MD `PnP` programme has it).
const SERIAL_REQUEST: u8 = 0x74;
/// The operation that gives it.
pub(super) const SERIAL_REPLY: u8 = 0xF4;
/// Which of the device's serial numbers.
const SERIAL_ID: u8 = 0x02;

/// How the device speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Format {
    /// 75 frames a second, with a waveform of 8 bits.
    Df2,
    /// 75 frames a second, with a waveform of 16 bits.
    Df7,
    /// Once a second, as shown on the device.
    Df8,
    /// One frame a measurement; stored ones first. The devices' own default.
    #[default]
    Df13,
}

impl Format {
    /// The format of this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            2 => Some(Self::Df2),
            7 => Some(Self::Df7),
            8 => Some(Self::Df8),
            13 => Some(Self::Df13),
            _ => None,
        }
    }

    /// Its number in the command.
    pub const fn number(self) -> u8 {
        match self {
            Self::Df2 => 0x02,
            Self::Df7 => 0x07,
            Self::Df8 => 0x08,
            Self::Df13 => 0x0D,
        }
    }
}

/// The command that selects a format; the device answers ACK or NAK.
pub const fn select(format: Format) -> [u8; 6] {
    [STX, 0x70, 0x02, 0x02, format.number(), ETX]
}

/// The command that asks for the serial number.
pub const fn ask_serial() -> [u8; 6] {
    [STX, SERIAL_REQUEST, 0x02, SERIAL_ID, SERIAL_ID, ETX]
}

/// The reply to it: the first nine bytes of the serial number, filled up with spaces.
pub fn serial_reply(serial: &str) -> Vec<u8> {
    let mut out = vec![STX, SERIAL_REPLY, 10, SERIAL_ID];
    out.extend(serial.bytes().chain(std::iter::repeat(b' ')).take(9));
    out.push(ETX);
    out
}

impl Second {
    /// Its four bytes.
    pub fn encode(&self) -> [u8; 4] {
        let bit = |set: bool, n: u8| u8::from(set) << n;
        let [high, low] = (self.pulse.unwrap_or(NO_PULSE) << 1).to_be_bytes();
        [
            0x80 | bit(self.out_of_track, 5)
                | bit(self.low_perfusion, 4)
                | bit(self.marginal_perfusion, 3)
                | bit(self.artifact, 2)
                | (high & 0x03),
            low >> 1,
            self.spo2.unwrap_or(NO_SPO2) & 0x7f,
            bit(self.smart_point, 5) | bit(self.sensor_off, 3) | bit(self.low_battery, 0),
        ]
    }
}

impl SpotCheck {
    /// Its 22 bytes.
    pub fn encode(&self) -> Vec<u8> {
        let bit = |set: bool, n: u8| u8::from(set) << n;
        let [high, low] = self.pulse.unwrap_or(NO_PULSE).to_be_bytes();
        let mut data = self.time.map_or([0; 8], DeviceTime::encode).to_vec();
        data.extend([
            bit(self.smart_point, 1) | bit(self.no_measurement, 0),
            bit(self.from_memory, 4) | bit(self.low_battery, 0),
            high & 0x01,
            low,
            0x00,
            self.spo2.unwrap_or(NO_SPO2) & 0x7f,
        ]);
        let check = data.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
        let mut out = SPOT_START.to_vec();
        out.extend([0x00, u8::try_from(data.len()).unwrap_or(u8::MAX)]);
        out.extend(data);
        out.extend([check, ETX]);
        out
    }
}

impl DeviceTime {
    /// Two digits a byte.
    fn encode(self) -> [u8; 8] {
        let digits = |n: u8| (n / 10 % 10) << 4 | (n % 10);
        let part = |n: u16| u8::try_from(n % 100).unwrap_or_default();
        [
            digits(part(self.year / 100)),
            digits(part(self.year)),
            digits(self.month),
            digits(self.day),
            digits(self.hour),
            digits(self.minute),
            digits(self.second),
            digits(self.hundredth),
        ]
    }
}
