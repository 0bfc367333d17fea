//! What one packet says. It sees one packet at a time and remembers nothing. Sources: the house's reference; subtypes,
//! statuses and places as `pyRFXtrx` (`lowlevel.py`) and `RFXtrx.h` of domoticz have them.

use super::frame;
use crate::signal::{Message, Reading, Refusal, Seen, Signal, What};
use crate::vocabulary::{AlarmKind, Condition, HealthKind, ObservedKind, State};

/// What a subtype of Security1 is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// A door or window.
    Contact,
    Motion,
    Remote,
    Smoke,
}

/// The subtypes, in the order of their numbers: what each is, and its name.
const SECURITY: [(Sort, &str); 11] = [
    (Sort::Contact, "X10 security"),
    (Sort::Motion, "X10 security motion"),
    (Sort::Remote, "X10 security remote"),
    (Sort::Smoke, "KD101"),
    (Sort::Contact, "Visonic PowerCode contact"),
    (Sort::Motion, "Visonic PowerCode motion"),
    (Sort::Remote, "Visonic CodeSecure"),
    (Sort::Contact, "Visonic PowerCode auxiliary contact"),
    (Sort::Contact, "Meiantech"),
    (Sort::Smoke, "SA30"),
    (Sort::Smoke, "RM174RF"),
];

/// The status of a light barrier that somebody crossed.
const BEAM: u8 = 0x08;
/// The second contact of one transmitter.
const AUXILIARY: u8 = 0x07;
/// A motion sensor that need not say that it is quiet again.
const POWERCODE_MOTION: u8 = 0x05;

/// The most that a thermometer of this radio measures, tenths of a degree: beyond is a mark for no reading (7FFF). Ours.
const DEGREES_MOST: u16 = 1_500;

/// What is gathered of one packet.
struct Words<'p> {
    packet: &'p [u8],
    device: String,
    model: &'static str,
    message: Message,
}

/// What a whole packet says.
pub(super) fn read(packet: &[u8]) -> Message {
    let mut words = Words {
        packet,
        device: String::new(),
        model: "",
        message: Message::default(),
    };
    match words.at(1) {
        frame::INTERFACE => return Message::ignored("the receiver's own words"),
        frame::TRANSMITTED => return Message::ignored("an answer of the transmitter"),
        frame::LIGHTING1 => words.lighting1(),
        frame::LIGHTING2 => words.lighting2(),
        frame::LIGHTING4 => words.one_button("fixed code", 3),
        frame::CHIME => words.one_button("chime", 2),
        frame::SECURITY1 => words.security(),
        frame::TEMPERATURE => words.climate("temperature sensor", true, None, 8),
        frame::HUMIDITY => words.climate("humidity sensor", false, Some(6), 8),
        frame::CLIMATE => words.climate("temperature and humidity sensor", true, Some(8), 10),
        frame::CLIMATE_AIR => words.climate("weather sensor", true, Some(8), 13),
        frame::ENERGY => words.energy(),
        _ => return Message::ignored("a packet that says nothing that the vocabulary has"),
    }
    words.message
}

impl Words<'_> {
    /// A byte of the packet, the length being byte 0.
    fn at(&self, n: usize) -> u8 {
        self.packet.get(n).copied().unwrap_or(0)
    }

    /// Some bytes as one number, the highest first.
    fn number(&self, from: usize, len: usize) -> u64 {
        (from..from + len).fold(0, |sum, n| sum << 8 | u64::from(self.at(n)))
    }

    fn say(&mut self, field: &str, reading: Reading, what: What) {
        let mut signal = Signal::new(self.device.as_str(), field, reading, what);
        signal.model = format!("RFXtrx {}", self.model);
        self.message.signals.push(signal);
    }

    fn state(&mut self, field: &str, kind: ObservedKind, state: State) {
        self.say(field, Reading::Edge, What::state(kind, state));
    }

    fn button(&mut self, action: State) {
        let what = What::state(ObservedKind::Button, action);
        self.say("button", Reading::Pulse, what);
    }

    fn alarm(&mut self, kind: AlarmKind, raised: bool) {
        let what = What::alarm(kind, condition(raised));
        self.say(kind.word(), Reading::Pulse, what);
    }

    fn health(&mut self, kind: HealthKind, raised: bool) {
        let what = What::health(kind, condition(raised), "");
        self.say(kind.word(), Reading::Edge, what);
    }

    fn value(&mut self, kind: ObservedKind, value: f64) {
        let seen = Seen::Value(value);
        self.say(kind.word(), Reading::Sample, What::Observed { kind, seen });
    }

    fn bad(&mut self, field: &str, due: &'static str) {
        let field = field.to_owned();
        self.message.refusals.push(Refusal::BadValue { field, due });
    }

    /// A radio without a charge to tell says 9 when its battery is good, and 0 when it is low.
    fn battery(&mut self, place: usize) {
        let low = matches!(self.at(place) & 0x0f, 0);
        self.health(HealthKind::BatteryLow, low);
    }

    fn lighting1(&mut self) {
        self.model = "lighting 1";
        let (house, unit) = (self.at(4), self.at(5));
        if !(b'A'..=b'P').contains(&house) {
            return self.bad("house code", "A to P");
        }
        let house = char::from(house);
        let (action, group) = match self.at(6) {
            0x00 => ("off", false),
            0x01 => ("on", false),
            0x02 => ("dim", false),
            0x03 => ("bright", false),
            0x05 => ("group_off", true),
            0x06 => ("group_on", true),
            0x07 => ("chime", false),
            _ => return self.bad("command", "one of seven"),
        };
        self.device = if group {
            house.to_string()
        } else {
            format!("{house}{unit}")
        };
        self.button(State::Named(action.to_owned()));
    }

    fn lighting2(&mut self) {
        self.model = "lighting 2";
        self.device = format!("{:07X}:{}", self.number(4, 4), self.at(8));
        let action = match self.at(9) {
            0x00 => "off",
            0x01 => "on",
            0x02 => "set_level",
            0x03 => "group_off",
            0x04 => "group_on",
            0x05 => "set_group_level",
            _ => return self.bad("command", "one of six"),
        };
        self.button(State::Named(action.to_owned()));
    }

    /// Whoever says nothing but that it is there is taken for a button that was pressed.
    fn one_button(&mut self, model: &'static str, len: usize) {
        self.model = model;
        self.device = format!("{:0width$X}", self.number(4, len), width = 2 * len);
        self.button(State::Single);
    }

    fn security(&mut self) {
        let subtype = self.at(2);
        self.device = format!("{:06X}", self.number(4, 3));
        let status = self.at(7);
        // The highest bit is the cover's, whatever the rest says.
        let (plain, tamper) = (status & 0x7f, status & 0x80 != 0);
        let Some((sort, model)) = SECURITY.get(usize::from(subtype)).copied() else {
            return self.unknown_security(subtype, plain);
        };
        self.model = model;
        self.status(plain, sort, subtype);
        if !self.message.refusals.is_empty() {
            return;
        }
        // What only sensors say they say with their cover closed.
        let is_sensor = matches!(plain, 0x00..=0x05 | BEAM);
        if tamper || is_sensor && matches!(sort, Sort::Contact | Sort::Motion) {
            self.health(HealthKind::Tamper, tamper);
        }
        if plain == 0x16 {
            self.health(HealthKind::BatteryLow, true);
        } else if sort != Sort::Smoke {
            self.battery(8);
        }
        if !self.message.signals.is_empty() {
            self.message.ignored = None;
        }
    }

    /// A subtype of a later firmware is named; that somebody calls is understood all the same.
    fn unknown_security(&mut self, subtype: u8, status: u8) {
        let kind = format!("security subtype {subtype:02X}");
        if matches!(status, 0x06 | 0x07) {
            self.model = "security";
            let what = What::Alarm {
                kind: AlarmKind::Unknown,
                condition: condition(status == 0x06),
                raw_code: format!("panic of {kind}"),
            };
            self.say("panic", Reading::Pulse, what);
        }
        self.message.refusals.push(Refusal::UnknownFrame { kind });
    }

    fn status(&mut self, status: u8, sort: Sort, subtype: u8) {
        match status {
            // Normal and alarm, each also of a sensor that is set to wait.
            0x00..=0x03 => self.sensor(status > 0x01, sort, subtype),
            0x04 | 0x05 => self.motion(status == 0x04, subtype),
            0x06 | 0x07 if sort == Sort::Smoke => self.alarm(AlarmKind::Smoke, status == 0x06),
            0x06 | 0x07 => self.alarm(AlarmKind::Panic, status == 0x06),
            BEAM => {
                let what = What::state(ObservedKind::Motion, State::Active);
                self.say("beam", Reading::Pulse, what);
            }
            0x14 | 0x15 => self.message.ignored = Some("how light it is, without a value"),
            0x16 => {}
            0x17 => self.message.ignored = Some("a pairing"),
            _ => match action(status) {
                Some(action) => self.button(State::Named(action.to_owned())),
                None => self.bad("status", "one that the protocol has"),
            },
        }
    }

    /// What a sensor says of itself: normal, or not.
    fn sensor(&mut self, alarm: bool, sort: Sort, subtype: u8) {
        match sort {
            Sort::Contact => {
                let field = if subtype == AUXILIARY {
                    "contact_2"
                } else {
                    "contact"
                };
                let state = if alarm { State::Open } else { State::Closed };
                self.state(field, ObservedKind::Contact, state);
            }
            Sort::Motion => self.motion(alarm, subtype),
            Sort::Smoke => self.alarm(AlarmKind::Smoke, alarm),
            Sort::Remote if alarm => self.alarm(AlarmKind::Panic, true),
            Sort::Remote => self.message.ignored = Some("a remote control at rest"),
        }
    }

    fn motion(&mut self, active: bool, subtype: u8) {
        let state = if active { State::Active } else { State::Clear };
        let what = What::state(ObservedKind::Motion, state);
        let reading = if subtype == POWERCODE_MOTION {
            Reading::Pulse
        } else {
            Reading::Edge
        };
        self.say("motion", reading, what);
    }

    /// Temperature in tenths of a degree with a sign in the highest bit, humidity in per cent, battery at the end.
    fn climate(
        &mut self,
        model: &'static str,
        temperature: bool,
        humidity: Option<usize>,
        end: usize,
    ) {
        self.model = model;
        self.device = format!("{:04X}", self.number(4, 2));
        if temperature {
            let size = u16::from_be_bytes([self.at(6) & 0x7f, self.at(7)]);
            let below = self.at(6) & 0x80 != 0;
            let degrees = f64::from(size) / 10.0;
            if size <= DEGREES_MOST {
                let signed = if below { -degrees } else { degrees };
                self.value(ObservedKind::Temperature, signed);
            } else {
                self.bad("temperature", "-150 to 150 Cel");
            }
        }
        if let Some(place) = humidity {
            let humidity = self.at(place);
            if humidity <= 100 {
                self.value(ObservedKind::Humidity, f64::from(humidity));
            } else {
                self.bad("humidity", "0 to 100");
            }
        }
        self.battery(end);
    }

    /// Power in W, and what was used, in 1/223.666 Wh; 0 where the meter does not count it.
    fn energy(&mut self) {
        self.model = "electricity meter";
        self.device = format!("{:04X}", self.number(4, 2));
        let power = u32::try_from(self.number(7, 4)).unwrap_or(u32::MAX);
        self.value(ObservedKind::Power, f64::from(power));
        let (high, low) = (self.number(11, 2), self.number(13, 4));
        let part = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        let used = (part(high) * 4_294_967_296.0 + part(low)) / 223_666.0;
        if used > 0.0 {
            self.value(ObservedKind::Energy, (used * 1e3).round() / 1e3);
        }
    }
}

/// What a remote control does.
const fn action(status: u8) -> Option<&'static str> {
    Some(match status {
        0x09 => "arm_away",
        0x0a => "arm_away_delayed",
        0x0b => "arm_home",
        0x0c => "arm_home_delayed",
        0x0d => "disarm",
        0x10 => "light_1_off",
        0x11 => "light_1_on",
        0x12 => "light_2_off",
        0x13 => "light_2_on",
        _ => return None,
    })
}

const fn condition(raised: bool) -> Condition {
    if raised {
        Condition::Raised
    } else {
        Condition::Restored
    }
}
