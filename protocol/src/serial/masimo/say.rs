//! How a line is written, for simulators and tests. It judges nothing.

/// The bits of EXC (the operator's manual of the Rad-8, section 4).
pub mod exc {
    /// No sensor is plugged in.
    pub const NO_SENSOR: u32 = 0x001;
    /// The sensor is defective.
    pub const DEFECTIVE: u32 = 0x002;
    /// Low perfusion.
    pub const LOW_PERFUSION: u32 = 0x004;
    /// The pulse is being looked for.
    pub const PULSE_SEARCH: u32 = 0x008;
    /// Interference.
    pub const INTERFERENCE: u32 = 0x010;
    /// The sensor is off the finger.
    pub const SENSOR_OFF: u32 = 0x020;
    /// Too much ambient light.
    pub const AMBIENT_LIGHT: u32 = 0x040;
    /// The sensor is not recognised.
    pub const UNRECOGNISED: u32 = 0x080;
    /// Low signal quality.
    pub const LOW_QUALITY: u32 = 0x400;
    /// The algorithm runs in full: as it should be.
    pub const SET: u32 = 0x800;
    /// A value with any of these is questionable.
    pub const DOUBTS: u32 =
        LOW_PERFUSION | PULSE_SEARCH | INTERFERENCE | AMBIENT_LIGHT | LOW_QUALITY;
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Saturation, %; `None`: dashes.
    pub spo2: Option<u16>,
    /// Pulse, /min; `None`: dashes.
    pub pulse: Option<u16>,
    /// The exceptions.
    pub exc: u32,
}

impl Default for Line {
    /// Nothing measured, nothing wrong.
    fn default() -> Self {
        Self {
            spo2: None,
            pulse: None,
            exc: exc::SET,
        }
    }
}

impl Line {
    /// A finger out of a sensor.
    pub const fn finger_out() -> Self {
        Self {
            spo2: None,
            pulse: None,
            exc: exc::SENSOR_OFF,
        }
    }

    /// The line with its end, in the device's time `date` (`03/17/16 19:19:36`).
    pub fn encode(&self, date: &str) -> Vec<u8> {
        let three = |value: Option<u16>| value.map_or("---".to_owned(), |n| format!("{n:03}"));
        format!(
            "{date} SN=---------- SPO2={}% BPM={} PI=--.--% SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- ALARM=000000 EXC={:07X} EXC1=00000000\r\n",
            three(self.spo2),
            three(self.pulse),
            self.exc
        )
        .into_bytes()
    }
}
