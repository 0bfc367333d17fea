//! EnOcean equipment profiles: their names, and how the payload of each one that we read is laid out.
//!
//! Sources: the table of the house's reference; ranges of A5-02, A5-04-03, A5-06, A5-07-01, A5-08-01, A5-10, A5-12-01, A5-14-01,
//! A5-30-03, D2-14-41 and F6 as `EEP.xml` of kipe/enocean has them; A5-04-02, A5-04-04, A5-07-03, A5-10-0B, D2-03-0A and
//! D2-14-30 as domoticz (`EnOceanESP3.cpp`, with its test telegrams) and openHAB (`D2_14_30.java`) do; A5-14-09, A5-14-0A
//! and F6-10-01 as openHAB does (`A5_14_09.java`, `A5_14_0A.java`, `F6_10_01.java`).

use super::telegram::{FOUR_BYTES, ONE_BYTE, RPS, VARIABLE};

/// The name of a profile: kind of telegram, function, type (`A5-04-01`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Profile {
    pub(super) rorg: u8,
    func: u8,
    kind: u8,
}

/// The one that a telegram of one byte has, where nobody says otherwise: there is no other.
pub(super) const CONTACT: Profile = Profile::new(ONE_BYTE, 0x00, 0x01);

impl Profile {
    /// The profile of these three numbers.
    pub const fn new(rorg: u8, func: u8, kind: u8) -> Self {
        Self { rorg, func, kind }
    }

    /// `A5-04-01`: a kind of telegram that carries readings, and two numbers, hexadecimal.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(|part| {
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
            digits.then(|| u8::from_str_radix(part, 16).ok())?
        });
        let profile = Self::new(parts.next()??, parts.next()??, parts.next()??);
        let carries = matches!(profile.rorg, RPS | ONE_BYTE | FOUR_BYTES | VARIABLE);
        (carries && parts.next().is_none()).then_some(profile)
    }

    /// True when this version knows what its telegrams say.
    pub const fn is_read(self) -> bool {
        self.layout().is_some()
    }

    /// True of one whose telegrams raise alarms, or are presses, which the installer may have made alarms.
    pub(super) const fn can_alarm(self) -> bool {
        matches!(
            self.layout(),
            Some(
                Layout::Leak
                    | Layout::Smoke
                    | Layout::SmokeAndClimate
                    | Layout::Push
                    | Layout::Rocker
                    | Layout::SoftButton
            )
        )
    }

    /// Function and type.
    pub(super) const fn numbers(self) -> (u8, u8) {
        (self.func, self.kind)
    }

    /// How its payload is laid out.
    pub(super) const fn layout(self) -> Option<Layout> {
        match (self.rorg, self.func, self.kind) {
            (ONE_BYTE, 0x00, 0x01) => Some(Layout::Contact),
            (RPS, 0x01, 0x01) => Some(Layout::Push),
            (RPS, 0x02, 0x01 | 0x02) => Some(Layout::Rocker),
            (RPS, 0x05, 0x01) => Some(Layout::Leak),
            (RPS, 0x05, 0x02) => Some(Layout::Smoke),
            (RPS, 0x10, 0x00) => Some(Layout::Handle { high: true }),
            (RPS, 0x10, 0x01) => Some(Layout::Handle { high: false }),
            (FOUR_BYTES, func, kind) => four_bytes(func, kind),
            (VARIABLE, 0x03, 0x0A) => Some(Layout::SoftButton),
            (VARIABLE, 0x14, 0x30) => Some(Layout::SmokeAndClimate),
            (VARIABLE, 0x14, 0x41) => Some(Layout::MultiSensor),
            _ => None,
        }
    }
}

impl std::fmt::Display for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02X}-{:02X}-{:02X}", self.rorg, self.func, self.kind)
    }
}

/// A range of degrees Celsius, ten times each: from, to.
type Tenths = (i16, i16);

/// How a payload is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// DB0.0: 1 closed.
    Contact,
    /// One button: bit 4 pressed.
    Push,
    /// Two rockers: which in bits 7 to 5, pressed in bit 4, the second in bits 3 to 1 where bit 0 is set.
    Rocker,
    /// 11 water, 00 none.
    Leak,
    /// 10 smoke, 00 none, 30 battery low.
    Smoke,
    /// A window's handle: F closed, E or C open, D tilted, in the high or in the low four bits.
    Handle {
        /// In the high four.
        high: bool,
    },
    /// DB1, 255 to 0.
    Falling8(Tenths),
    /// DB1.1 to DB0.. of ten bits (DB2.1, DB2.0, DB1), 1023 to 0.
    Falling10(Tenths),
    /// Humidity DB2, temperature DB1, 0 to 250 each; DB0.1: there is a temperature.
    Climate(Tenths),
    /// Humidity DB3 (0 to 255), temperature ten bits of DB2 and DB1.
    Climate10,
    /// Humidity DB3 (0 to 199), temperature twelve bits of DB2 and DB1 (0 to 1599).
    Climate12,
    /// Illuminance in DB1 (DB0.0 0) or DB2 (DB0.0 1): from, to, of each.
    Light([(u16, u16); 2]),
    /// Motion from 128 of DB1.
    MotionDb1,
    /// Motion DB0.7; with illuminance, ten bits of DB2 and DB1.
    MotionDb0 {
        /// It has an illuminance.
        light: bool,
    },
    /// Illuminance DB2 (0 to 510), temperature DB1 (0 to 51), motion DB0.1: 0 motion.
    MotionLight,
    /// A room's panel: temperature DB1, 255 to 0; with a contact in DB0.0: 1 open.
    Panel {
        /// It has a contact.
        contact: bool,
    },
    /// A room's panel: humidity DB2, temperature DB1, 0 to 250 each.
    PanelClimate,
    /// A meter of electricity: 24 bits, DB0.2 power, DB0.1 and DB0.0 decimals.
    Meter,
    /// A contact with a supply: DB0.0 1 open.
    ContactDb0,
    /// A window that also tilts: DB0.2 and DB0.1 0 closed, 1 tilted, 3 open; with vibration in DB0.0.
    Window {
        /// It tells vibration.
        vibration: bool,
    },
    /// Temperature DB2 (255 to 0), inputs DB1.
    Inputs,
    /// Battery in %, then what was done to the button.
    SoftButton,
    /// A smoke detector that tells temperature and humidity.
    SmokeAndClimate,
    /// Temperature, humidity, illuminance, acceleration, contact.
    MultiSensor,
}

const fn four_bytes(func: u8, kind: u8) -> Option<Layout> {
    Some(match (func, kind) {
        (0x02, 0x01..=0x0B) => Layout::Falling8(step(-400, kind - 0x01, 400)),
        (0x02, 0x10..=0x1B) => Layout::Falling8(step(-600, kind - 0x10, 800)),
        (0x02, 0x20) => Layout::Falling10((-100, 412)),
        (0x02, 0x30) => Layout::Falling10((-400, 623)),
        (0x04, 0x01) => Layout::Climate((0, 400)),
        (0x04, 0x02) => Layout::Climate((-200, 600)),
        (0x04, 0x03) => Layout::Climate10,
        (0x04, 0x04) => Layout::Climate12,
        (0x06, 0x01) => Layout::Light([(600, 60_000), (300, 30_000)]),
        (0x06, 0x02) => Layout::Light([(0, 1_020), (0, 510)]),
        (0x07, 0x01) => Layout::MotionDb1,
        (0x07, 0x02) => Layout::MotionDb0 { light: false },
        (0x07, 0x03) => Layout::MotionDb0 { light: true },
        (0x08, 0x01) => Layout::MotionLight,
        (0x10, 0x03 | 0x05 | 0x06) => Layout::Panel { contact: false },
        (0x10, 0x0B) => Layout::Panel { contact: true },
        (0x10, 0x10 | 0x12) => Layout::PanelClimate,
        (0x12, 0x01) => Layout::Meter,
        (0x14, 0x01) => Layout::ContactDb0,
        (0x14, 0x09) => Layout::Window { vibration: false },
        (0x14, 0x0A) => Layout::Window { vibration: true },
        (0x30, 0x03) => Layout::Inputs,
        _ => return None,
    })
}

/// Each type of a family begins ten degrees above the one before.
const fn step(first: i16, n: u8, span: i16) -> Tenths {
    let low = first + 100 * n as i16;
    (low, low + span)
}
