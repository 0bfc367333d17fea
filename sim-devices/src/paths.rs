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
    /// Through a nurse call panel that waits to be polled: the gateway is the control station.
    Espa444Station,
    /// From a Nonin oximeter that stores spot checks (data format 13, or 8 where it is asked for).
    Nonin,
    /// From a Nonin oximeter that has data format 8 alone.
    NoninDf8,
    /// Through `rtl_433`.
    Rtl433,
    /// From a Tasmota module.
    Tasmota,
    /// Through an EnOcean receiver.
    EnOcean,
    /// Through an `RFXtrx433`.
    RfxTrx,
    /// From a unit of a Modbus line.
    Modbus,
    /// From a Masimo oximeter.
    Masimo,
    /// From a Contec oximeter of the new kind.
    Contec,
    /// From a device of A&D.
    AndMedical,
    /// Through a Wi-Safe2 bridge.
    WiSafe2,
    /// From a Shelly.
    Shelly,
    /// Through Theengs or OpenMQTTGateway.
    Theengs,
    /// Through ChirpStack.
    ChirpStack,
    /// Through wmbusmeters.
    WmBus,
    /// Announced to Home Assistant.
    HaDiscovery,
    /// From a device that describes itself as Homie 5 has it.
    Homie,
    /// From an `ESPHome` node.
    EspHome,
    /// Through a bridge that forwards the bytes of Bluetooth characteristics, read by a table of the installer's.
    Gatt,
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
    Publisher(Option<Presence>),
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
    (topic, here, gone): (&'static str, &'static str, &'static str),
) -> Row {
    Row {
        family,
        source,
        way: Way::Publisher(Some(Presence { topic, here, gone })),
    }
}

/// A publisher that says nothing of itself.
const fn mute(family: Family, source: &'static str) -> Row {
    Row {
        family,
        source,
        way: Way::Publisher(None),
    }
}

impl Path {
    /// Every path.
    pub const ALL: &'static [Self] = &[
        Self::Zigbee2Mqtt,
        Self::JsonLines,
        Self::Espa444,
        Self::Espa444Bridge,
        Self::Espa444Station,
        Self::Nonin,
        Self::NoninDf8,
        Self::Rtl433,
        Self::Tasmota,
        Self::EnOcean,
        Self::RfxTrx,
        Self::Modbus,
        Self::Masimo,
        Self::Contec,
        Self::AndMedical,
        Self::WiSafe2,
        Self::Shelly,
        Self::Theengs,
        Self::ChirpStack,
        Self::WmBus,
        Self::HaDiscovery,
        Self::Homie,
        Self::EspHome,
        Self::Gatt,
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
            Self::Espa444Station => port(Family::Espa444, "call-station", 9_600, None),
            Self::Nonin | Self::NoninDf8 => port(Family::Nonin, "", 9_600, Some("oximeter")),
            Self::EnOcean => port(Family::EnOceanEsp3, "enocean", 57_600, None),
            Self::RfxTrx => port(Family::RfxTrx, "rfxtrx", 38_400, None),
            Self::Modbus => port(Family::ModbusRtu, "modbus", 9_600, None),
            Self::Masimo => port(Family::Masimo, "", 9_600, Some("oximeter")),
            Self::Contec => port(Family::Contec, "", 115_200, Some("oximeter")),
            Self::AndMedical => port(Family::AndMedical, "", 9_600, Some("scale")),
            Self::WiSafe2 => port(Family::WiSafe2Serial, "wisafe2", 115_200, None),
            Self::Rtl433 => {
                let presence = ("rtl_433/{}/availability", "online", "offline");
                publisher(Family::Rtl433, "radio", presence)
            }
            Self::Tasmota => publisher(
                Family::Tasmota,
                "tasmota",
                ("tele/{}/LWT", "Online", "Offline"),
            ),
            Self::Shelly => publisher(Family::Shelly, "shelly", ("{}/online", "true", "false")),
            Self::Theengs => publisher(
                Family::Theengs,
                "bluetooth",
                ("home/{}/LWT", "online", "offline"),
            ),
            Self::ChirpStack => mute(Family::ChirpStack, "lorawan"),
            Self::WmBus => mute(Family::WmBus, "wmbus"),
            Self::HaDiscovery => {
                let presence = ("{}/status", "online", "offline");
                publisher(Family::HaDiscovery, "announced", presence)
            }
            Self::Homie => publisher(
                Family::Homie,
                "homie",
                ("homie/5/{}/$state", "ready", "lost"),
            ),
            Self::EspHome => publisher(
                Family::EspHome,
                "esphome",
                ("{}/status", "online", "offline"),
            ),
            Self::Gatt => mute(Family::Map, "ble"),
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
