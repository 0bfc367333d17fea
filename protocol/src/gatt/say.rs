//! How values are written, for simulators and tests. It judges nothing: a number too large for its bits is cut to them.

/// NaN as SFLOAT: what a device writes that has no number.
const NAN: u16 = 0x07FF;

/// An SFLOAT of this mantissa and exponent; `None`: NaN.
pub fn sfloat(number: Option<(i16, i8)>) -> [u8; 2] {
    let bits = number.map_or(NAN, |(mantissa, exponent)| {
        let [low, high] = mantissa.to_le_bytes();
        let [exponent] = exponent.to_le_bytes();
        u16::from_le_bytes([low, high & 0x0f | exponent << 4])
    });
    bits.to_le_bytes()
}

/// A FLOAT of this mantissa and exponent; `None`: NaN.
pub fn float(number: Option<(i32, i8)>) -> [u8; 4] {
    let (mantissa, exponent) = number.unwrap_or((0x007F_FFFF, 0));
    let [a, b, c, _] = mantissa.to_le_bytes();
    let [exponent] = exponent.to_le_bytes();
    [a, b, c, exponent]
}

/// A device's time: year, then month, day, hour, minute, second.
pub fn clock(year: u16, rest: [u8; 5]) -> [u8; 7] {
    let [low, high] = year.to_le_bytes();
    let [month, day, hour, minute, second] = rest;
    [low, high, month, day, hour, minute, second]
}

/// 2A35, in mm[Hg] and with a pulse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BloodPressure {
    /// Systolic, diastolic, mean; `None`: the measurement failed.
    pub pressures: Option<[i16; 3]>,
    /// Pulse, /min.
    pub pulse: Option<i16>,
    /// When, by the device's clock.
    pub time: Option<[u8; 7]>,
    /// What was wrong, bit by bit.
    pub status: u16,
}

impl BloodPressure {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![0x14 | u8::from(self.time.is_some()) << 1];
        for n in 0..3 {
            let number = self.pressures.and_then(|p| p.get(n).copied());
            out.extend(sfloat(number.map(|p| (p, 0))));
        }
        out.extend(
            self.time
                .unwrap_or_default()
                .iter()
                .take(if self.time.is_some() { 7 } else { 0 }),
        );
        out.extend(sfloat(self.pulse.map(|p| (p, 0))));
        out.extend(self.status.to_le_bytes());
        out
    }
}

/// 2A5E, with both states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Oximetry {
    /// Saturation, %.
    pub spo2: Option<i16>,
    /// Pulse, /min.
    pub pulse: Option<i16>,
    /// What the device says of the measurement.
    pub measurement: u16,
    /// What it says of itself and its sensor, 24 bits.
    pub sensor: u32,
}

impl Oximetry {
    /// The bytes of a spot check (2A5E).
    pub fn spot(&self) -> Vec<u8> {
        self.encode(0x06)
    }

    /// The bytes of one of a stream (2A5F).
    pub fn continuous(&self) -> Vec<u8> {
        self.encode(0x0C)
    }

    fn encode(&self, flags: u8) -> Vec<u8> {
        let mut out = vec![flags];
        out.extend(sfloat(self.spo2.map(|n| (n, 0))));
        out.extend(sfloat(self.pulse.map(|n| (n, 0))));
        out.extend(self.measurement.to_le_bytes());
        out.extend(self.sensor.to_le_bytes().iter().take(3));
        out
    }
}

/// 2A1C, in tenths of a degree Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temperature(pub Option<i32>);

impl Temperature {
    /// Its bytes.
    pub fn encode(self) -> Vec<u8> {
        let mut out = vec![0x00];
        out.extend(float(self.0.map(|tenths| (tenths, -1))));
        out
    }
}

/// 2A9D, in steps of 5 g; `None`: the measurement failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight(pub Option<u16>);

impl Weight {
    /// Its bytes.
    pub fn encode(self) -> Vec<u8> {
        let mut out = vec![0x00];
        out.extend(self.0.unwrap_or(u16::MAX).to_le_bytes());
        out
    }
}

/// 2A18, capillary whole blood from a finger, in tenths of mmol/L.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glucose {
    /// The meter's own count.
    pub sequence: u16,
    /// When, by the device's clock.
    pub time: [u8; 7],
    /// Tenths of mmol/L; `None`: NaN.
    pub tenths: Option<i16>,
}

impl Glucose {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![0x06];
        out.extend(self.sequence.to_le_bytes());
        out.extend(self.time);
        // A tenth of mmol/L is ten to the power of -4 mol/L.
        out.extend(sfloat(self.tenths.map(|n| (n, -4))));
        out.push(0x11);
        out
    }
}
