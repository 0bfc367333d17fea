//! What an installer writes about a serial line (`[source.serial]`). Parsed once: a value that exists is a value that is
//! allowed. Opens nothing.

use std::path::PathBuf;

use serde::Deserialize;
use tokio_serial as port;

/// A serial line and how its device speaks on it. There is no flow control: none of the devices has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SerialSource {
    /// The line, best by what is plugged in: `/dev/serial/by-id/…` stays the same when plugs are moved.
    pub path: PathBuf,
    /// Bits a second, 50 to 4000000, as the device's manual says. Default: what devices of the source's family have.
    #[serde(default)]
    pub baud: Baud,
    /// Data bits of a character, 5 to 8. Default: 8.
    #[serde(default)]
    pub data_bits: DataBits,
    /// `none`, `even` or `odd`. Default: `none`.
    #[serde(default)]
    pub parity: Parity,
    /// Stop bits, 1 or 2. Default: 1.
    #[serde(default)]
    pub stop_bits: StopBits,
}

/// A speed, bits a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "u32")]
pub struct Baud(u32);

impl Baud {
    /// Bits a second.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// True when nobody said one: the line cannot be opened.
    pub const fn is_unsaid(self) -> bool {
        self.0 == 0
    }
}

impl TryFrom<u32> for Baud {
    type Error = &'static str;

    /// 0 would hang the line up (termios, `B0`).
    fn try_from(baud: u32) -> Result<Self, Self::Error> {
        if (50..=4_000_000).contains(&baud) {
            Ok(Self(baud))
        } else {
            Err("baud is 50 to 4000000 bits a second")
        }
    }
}

/// The data bits of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub struct DataBits(pub(super) port::DataBits);

impl Default for DataBits {
    fn default() -> Self {
        Self(port::DataBits::Eight)
    }
}

impl TryFrom<u8> for DataBits {
    type Error = &'static str;

    fn try_from(bits: u8) -> Result<Self, Self::Error> {
        match bits {
            5 => Ok(Self(port::DataBits::Five)),
            6 => Ok(Self(port::DataBits::Six)),
            7 => Ok(Self(port::DataBits::Seven)),
            8 => Ok(Self(port::DataBits::Eight)),
            _ => Err("data_bits is 5, 6, 7 or 8"),
        }
    }
}

/// The parity bit of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parity {
    /// There is none.
    #[default]
    None,
    /// Makes the number of ones even.
    Even,
    /// Makes the number of ones odd.
    Odd,
}

impl From<Parity> for port::Parity {
    fn from(parity: Parity) -> Self {
        match parity {
            Parity::None => Self::None,
            Parity::Even => Self::Even,
            Parity::Odd => Self::Odd,
        }
    }
}

/// The stop bits of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub struct StopBits(pub(super) port::StopBits);

impl Default for StopBits {
    fn default() -> Self {
        Self(port::StopBits::One)
    }
}

impl TryFrom<u8> for StopBits {
    type Error = &'static str;

    fn try_from(bits: u8) -> Result<Self, Self::Error> {
        match bits {
            1 => Ok(Self(port::StopBits::One)),
            2 => Ok(Self(port::StopBits::Two)),
            _ => Err("stop_bits is 1 or 2"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_a_speed_are_enough() {
        let text = "path = \"/dev/serial/by-id/usb-x\"\nbaud = 9600";
        let line: SerialSource = toml::from_str(text).unwrap();
        assert_eq!(line.baud.get(), 9_600);
        assert_eq!(line.data_bits.0, port::DataBits::Eight);
        assert_eq!(line.parity, Parity::None);
        assert_eq!(line.stop_bits.0, port::StopBits::One);
    }

    #[test]
    fn what_is_not_allowed_is_refused_with_what_is() {
        for (more, words) in [
            ("baud = 0", "50 to 4000000"),
            ("baud = 9600\ndata_bits = 9", "5, 6, 7 or 8"),
            ("baud = 9600\nparity = \"mark\"", "`none`, `even` or `odd`"),
            ("baud = 9600\nstop_bits = 3", "stop_bits is 1 or 2"),
            ("baud = 9600\nspeed = 1", "unknown field `speed`"),
        ] {
            let text = format!("path = \"/dev/ttyUSB0\"\n{more}");
            let fault = toml::from_str::<SerialSource>(&text).unwrap_err();
            let fault = fault.to_string().replace("one of ", "");
            let plain = fault.replace("`none`, `even`, `odd`", "`none`, `even` or `odd`");
            assert!(plain.contains(words), "{text}: {fault}");
        }
    }
}
