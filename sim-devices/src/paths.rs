//! The paths on which simulated devices speak: one row each, with what a gateway must be told of it. A further family is a
//! row here, an encoder in `encode`, and models. It opens and sends nothing.

use tecs_protocol::family::Family;

/// On which path a model speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// Through Zigbee2MQTT.
    Zigbee2Mqtt,
    /// As JSON lines on a serial port.
    JsonLines,
    /// Through a nurse call panel that is the control station of its line.
    Espa444,
    /// Through a nurse call bridge that never polls and opens with SOH.
    Espa444Bridge,
    /// From a Nonin oximeter that stores spot checks (data format 13, or 8 where it is asked for).
    Nonin,
    /// From a Nonin oximeter that has data format 8 alone.
    NoninDf8,
    /// Through `rtl_433`.
    Rtl433,
    /// From a Tasmota module.
    Tasmota,
}

/// How a serial line is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Bits a second. A pseudo terminal has no speed; a gateway must be told the device's.
    pub baud: u32,
    /// Data bits.
    pub data_bits: u8,
    /// `none`, `even` or `odd`.
    pub parity: &'static str,
    /// The name that the gateway gives the one device of this line; `None` where a line has many.
    pub alone: Option<&'static str>,
}

/// How a publisher says that it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// The retained topic; `{}` is the publisher's own name.
    pub topic: &'static str,
    /// While it is there.
    pub here: &'static str,
    /// Its will.
    pub gone: &'static str,
}

/// What carries a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The home's Zigbee2MQTT.
    Bridge,
    /// Publishers of their own at the home's broker.
    Publisher(Presence),
    /// A serial port.
    Port(Setting),
}

/// A path's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What the gateway is told that the source speaks.
    pub family: Family,
    /// The source's name at the gateway; a line with one device has the device's id instead.
    pub source: &'static str,
    /// What carries it.
    pub way: Way,
}

const fn port(family: Family, source: &'static str, baud: u32, alone: Option<&'static str>) -> Row {
    let setting = Setting {
        baud,
        data_bits: 8,
        parity: "none",
        alone,
    };
    Row {
        family,
        source,
        way: Way::Port(setting),
    }
}

const fn publisher(
    family: Family,
    source: &'static str,
    topic: &'static str,
    here: &'static str,
    gone: &'static str,
) -> Row {
    Row {
        family,
        source,
        way: Way::Publisher(Presence { topic, here, gone }),
    }
}

impl Path {
    /// Every path.
    pub const ALL: &'static [Self] = &[
        Self::Zigbee2Mqtt,
        Self::JsonLines,
        Self::Espa444,
        Self::Espa444Bridge,
        Self::Nonin,
        Self::NoninDf8,
        Self::Rtl433,
        Self::Tasmota,
    ];

    /// Its row.
    pub const fn row(self) -> Row {
        match self {
            Self::Zigbee2Mqtt => Row {
                family: Family::Zigbee2Mqtt,
                source: "zigbee",
                way: Way::Bridge,
            },
            Self::JsonLines => port(Family::JsonLines, "serial", 115_200, None),
            Self::Espa444 => port(Family::Espa444, "nurse-call", 9_600, None),
            Self::Espa444Bridge => port(Family::Espa444, "call-bridge", 9_600, None),
            Self::Nonin | Self::NoninDf8 => port(Family::Nonin, "", 9_600, Some("oximeter")),
            Self::Rtl433 => publisher(
                Family::Rtl433,
                "radio",
                "rtl_433/{}/availability",
                "online",
                "offline",
            ),
            Self::Tasmota => publisher(
                Family::Tasmota,
                "tasmota",
                "tele/{}/LWT",
                "Online",
                "Offline",
            ),
        }
    }

    /// Its port's setting, where it has one.
    pub const fn setting(self) -> Option<Setting> {
        match self.row().way {
            Way::Port(setting) => Some(setting),
            Way::Bridge | Way::Publisher(_) => None,
        }
    }
}
