//! What an installer says of a Nonin oximeter. Judges nothing.

use super::say::Format;

/// What an installer says of an oximeter. The defaults ask for spot checks and name the device `oximeter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which format the device is asked for. Default: 13.
    pub format: Format,
    /// Whether it is asked at all. Default: yes.
    pub select: bool,
    /// What the device is called. Default: `oximeter`.
    pub device: String,
    /// The device's clock is so many minutes ahead of UTC, -720 to 840; anything else is read as 0. Default: 0.
    pub utc_offset_min: i16,
    /// Ask for the serial number and call the device `nonin-SERIAL` once it is known. Default: no.
    pub ask_serial: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::Df13,
            select: true,
            device: "oximeter".to_owned(),
            utc_offset_min: 0,
            ask_serial: false,
        }
    }
}
