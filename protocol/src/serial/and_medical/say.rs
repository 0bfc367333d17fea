//! How frames and answers are written, for simulators, tests and the reader's own answers. It judges nothing.

/// The reading is safe: the device may forget it.
pub const ACCEPT: &[u8; 4] = b"PWA1";
/// The frame was broken: the device sends it again.
pub const REJECT: &[u8; 4] = b"PWA0";

/// A UA-767PBT, by its code.
pub(super) const BLOOD_PRESSURE: u16 = 767;
/// A UC-321PBT.
pub(super) const SCALE: u16 = 321;
/// A UC-411PBT-C, which weighs too.
pub(super) const BODY_COMPOSITION: u16 = 407;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The device's code: 767, 321 or 407.
    pub device: u16,
    /// Its serial number, up to twelve letters and digits.
    pub serial: String,
    /// When it measured, by its own clock: `2012-09-21T00:54:40`.
    pub measured: String,
}

/// A blood pressure in mm[Hg]; 0 stands for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BloodPressure {
    /// The measurement failed.
    pub failed: bool,
    /// At least the diastolic, at most 255 above it.
    pub systolic: u16,
    /// 0 to 255.
    pub diastolic: u16,
    /// 0 to 255.
    pub mean: u16,
    /// Pulse, /min.
    pub pulse: u8,
}

/// A weight as the scale writes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    /// The number.
    pub value: f64,
    /// `kg` or `lb`.
    pub unit: &'static str,
}

impl Head {
    /// The maker's name of the device.
    pub const fn model(&self) -> &'static str {
        match self.device {
            BLOOD_PRESSURE => "UA-767PBT",
            SCALE => "UC-321PBT",
            BODY_COMPOSITION => "UC-411PBT-C",
            _ => "",
        }
    }

    /// What it is called where nobody named it.
    pub(super) const fn usual_name(&self) -> &'static str {
        match self.device {
            SCALE | BODY_COMPOSITION => "scale",
            _ => "blood-pressure",
        }
    }

    /// A whole frame with this reading.
    pub fn frame(&self, payload: &[u8]) -> Vec<u8> {
        let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let time = self.time();
        let mut out = vec![0x02, 0x00];
        out.extend(len.to_le_bytes());
        out.extend(self.device.to_le_bytes());
        out.push(0);
        // Measured, and sent in the same second.
        out.extend(time);
        out.extend(time);
        out.extend([0; 12]);
        out.extend(self.serial.bytes().chain(std::iter::repeat(0)).take(12));
        out.resize(super::frame::HEAD, 0);
        out.extend(payload);
        out
    }

    /// Year, month, day, hour, minute, second.
    fn time(&self) -> [u8; 7] {
        let number = |at: usize, len: usize| {
            let digits = self.measured.get(at..at + len).unwrap_or_default();
            digits.parse::<u16>().unwrap_or_default()
        };
        let part = |at: usize| u8::try_from(number(at, 2)).unwrap_or_default();
        let [low, high] = number(0, 4).to_le_bytes();
        [low, high, part(5), part(8), part(11), part(14), part(17)]
    }
}

impl BloodPressure {
    /// Its ten characters.
    pub fn encode(&self) -> Vec<u8> {
        let state = if self.failed { 0x01 } else { 0x80 };
        let above = self.systolic.saturating_sub(self.diastolic).min(255);
        format!(
            "{state:02X}{above:02X}{:02X}{:02X}{:02X}",
            self.diastolic.min(255),
            self.pulse,
            self.mean.min(255)
        )
        .into_bytes()
    }
}

impl Weight {
    /// Its line, 14 bytes with its end.
    pub fn encode(&self) -> Vec<u8> {
        format!("ST,{:+07.2}{}\r\n", self.value, self.unit).into_bytes()
    }
}
