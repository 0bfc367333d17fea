//! What a telegram of a known profile says. It sees one telegram at a time and remembers nothing.
//!
//! A supply voltage is no charge in per cent and says nothing; so do set points, the inputs of A5-30-03 (nobody knows what
//! is wired to them: they are named for the installer) and the buttons of A5-08-01 and A5-10, which rest pressed where a
//! sensor has none.

use super::profile::Layout;
use super::telegram::Telegram;
use crate::signal::{HealthOf, Message, Reading, Refusal, Seen, Signal, What};
use crate::vocabulary::{AlarmKind, Condition, HealthKind, ObservedKind, State};

/// What is gathered of one telegram.
struct Words<'t> {
    telegram: &'t Telegram,
    message: Message,
}

/// What a telegram says.
pub(super) fn read(layout: Layout, telegram: &Telegram) -> Message {
    let mut words = Words {
        telegram,
        message: Message::default(),
    };
    match layout {
        Layout::Contact => words.contact(!telegram.bit(0, 0)),
        Layout::ContactDb0 => words.contact(telegram.bit(0, 0)),
        Layout::Push => words.push(telegram.bit(0, 4)),
        Layout::Rocker => words.rocker(),
        Layout::Leak => words.leak(),
        Layout::Smoke => words.smoke(),
        Layout::Handle { high } => words.handle(high),
        Layout::Window { vibration } => words.window(vibration),
        Layout::SoftButton => words.soft_button(),
        Layout::SmokeAndClimate => words.smoke_and_climate(),
        Layout::MultiSensor => words.multi_sensor(),
        other => words.four_bytes(other),
    }
    let mut message = words.message;
    if message.signals.is_empty() && message.refusals.is_empty() {
        message.ignored = message.ignored.or(Some("a telegram without a reading"));
    }
    message
}

impl Words<'_> {
    fn say(&mut self, field: &str, reading: Reading, what: What) {
        let device = self.telegram.device();
        let signal = Signal::new(device, field, reading, what);
        self.message.signals.push(signal);
    }

    fn state(&mut self, kind: ObservedKind, state: State) {
        self.say(kind.word(), Reading::Edge, What::state(kind, state));
    }

    fn contact(&mut self, open: bool) {
        let state = if open { State::Open } else { State::Closed };
        self.state(ObservedKind::Contact, state);
    }

    fn motion(&mut self, active: bool) {
        let state = if active { State::Active } else { State::Clear };
        self.state(ObservedKind::Motion, state);
    }

    fn button(&mut self, state: State) {
        let what = What::state(ObservedKind::Button, state);
        self.say("button", Reading::Pulse, what);
    }

    fn alarm(&mut self, kind: AlarmKind, raised: bool) {
        let condition = condition(raised);
        self.say(kind.word(), Reading::Pulse, What::alarm(kind, condition));
    }

    fn health(&mut self, kind: HealthKind, raised: bool, detail: &str) {
        let what = What::health(kind, condition(raised), detail);
        self.say(kind.word(), Reading::Edge, what);
    }

    /// `raw` of `from` to `to`, as a value of `low` to `high`; a raw value outside says that there is none.
    fn scaled(&mut self, kind: ObservedKind, raw: u32, range: (u32, u32), scale: (f64, f64)) {
        let (from, to) = range;
        if !(from.min(to)..=from.max(to)).contains(&raw) {
            self.message.refusals.push(Refusal::BadValue {
                field: kind.word().to_owned(),
                due: "one within its profile's range",
            });
            return;
        }
        let part = (f64::from(raw) - f64::from(from)) / (f64::from(to) - f64::from(from));
        let value = scale.0 + part * (scale.1 - scale.0);
        // No sensor of these resolves more than a tenth.
        let seen = Seen::Value((value * 10.0).round() / 10.0);
        self.say(kind.word(), Reading::Sample, What::Observed { kind, seen });
    }

    fn temperature(&mut self, raw: u32, range: (u32, u32), tenths: (i16, i16)) {
        let scale = (f64::from(tenths.0) / 10.0, f64::from(tenths.1) / 10.0);
        self.scaled(ObservedKind::Temperature, raw, range, scale);
    }

    fn humidity(&mut self, raw: u32, most: u32) {
        self.scaled(ObservedKind::Humidity, raw, (0, most), (0.0, 100.0));
    }

    fn light(&mut self, raw: u32, most: u32, scale: (u16, u16)) {
        let scale = (f64::from(scale.0), f64::from(scale.1));
        self.scaled(ObservedKind::Illuminance, raw, (0, most), scale);
    }

    fn bad(&mut self, field: &str, due: &'static str) {
        let field = field.to_owned();
        self.message.refusals.push(Refusal::BadValue { field, due });
    }

    fn push(&mut self, pressed: bool) {
        if pressed {
            self.button(State::Single);
        } else {
            self.message.ignored = Some("a button that was let go");
        }
    }

    /// With NU set the telegram names one button, or two; without, it counts those that are pressed together.
    fn rocker(&mut self) {
        let said = self.telegram.db(0);
        let name = |n: u8| ["AI", "AO", "BI", "BO"].get(usize::from(n)).copied();
        if said & 0x10 == 0 {
            return self.push(false);
        }
        if self.telegram.status & 0x10 == 0 {
            return self.button(State::Named("several".to_owned()));
        }
        let second = if said & 0x01 == 0 {
            None
        } else {
            name(said >> 1 & 0x07)
        };
        match (name(said >> 5), second) {
            (Some(first), None) => self.button(State::Named(first.to_owned())),
            (Some(first), Some(second)) => self.button(State::Named(format!("{first}+{second}"))),
            (None, _) => self.bad("rocker", "one of four buttons"),
        }
    }

    /// Down is closed; horizontal and up (tilted) are not.
    fn handle(&mut self, high: bool) {
        let said = self.telegram.db(0);
        match if high { said >> 4 } else { said & 0x0f } {
            0x0f => self.contact(false),
            0x0c..=0x0e => self.contact(true),
            _ => self.bad("handle", "closed, open or tilted"),
        }
    }

    /// A window that is tilted is not closed.
    fn window(&mut self, vibration: bool) {
        match self.telegram.db(0) >> 1 & 0x03 {
            0x00 => self.contact(false),
            0x01 | 0x03 => self.contact(true),
            _ => self.bad("window", "closed, tilted or open"),
        }
        if vibration {
            let state = if self.telegram.bit(0, 0) {
                State::Active
            } else {
                State::Clear
            };
            self.state(ObservedKind::Vibration, state);
        }
    }

    fn leak(&mut self) {
        match self.telegram.db(0) {
            0x11 => self.alarm(AlarmKind::Flood, true),
            0x00 => self.alarm(AlarmKind::Flood, false),
            _ => self.bad("water", "0x11 or 0x00"),
        }
    }

    fn smoke(&mut self) {
        match self.telegram.db(0) {
            0x10 => self.alarm(AlarmKind::Smoke, true),
            0x00 => self.alarm(AlarmKind::Smoke, false),
            0x30 => self.health(HealthKind::BatteryLow, true, ""),
            _ => self.bad("smoke", "0x10, 0x00 or 0x30"),
        }
    }

    fn soft_button(&mut self) {
        let charge = self.telegram.db(1);
        match self.telegram.db(0) {
            1 => self.button(State::Single),
            2 => self.button(State::Double),
            3 => self.button(State::Long),
            0 => {}
            4 => self.message.ignored = Some("a button that was let go"),
            _ => self.bad("button", "0 to 4"),
        }
        if (1..=100).contains(&charge) {
            let what = What::Health {
                kind: HealthKind::Battery,
                of: HealthOf::Value(f64::from(charge)),
                detail: String::new(),
            };
            self.say("battery", Reading::Sample, what);
            self.message.ignored = None;
        }
    }

    /// D2-14-30: smoke, fault, maintenance in the first bits; energy in bits 13 and 14 (2 low, 3 critical); temperature in
    /// eight bits from 23, a fifth of a degree each; humidity in eight from 31, half a per cent each; above 250, none.
    fn smoke_and_climate(&mut self) {
        let said = self.telegram;
        if said.payload.len() != 6 {
            return self.bad("length", "6 bytes");
        }
        self.alarm(AlarmKind::Smoke, said.bits(0, 1) == 1);
        self.health(HealthKind::Fault, said.bits(1, 1) == 1, "the sensor");
        self.health(HealthKind::BatteryLow, said.bits(13, 2) > 1, "");
        let (temperature, humidity) = (said.bits(23, 8), said.bits(31, 8));
        if temperature <= 250 {
            self.temperature(temperature, (0, 250), (0, 500));
        }
        if humidity <= 200 {
            self.humidity(humidity, 200);
        }
    }

    fn multi_sensor(&mut self) {
        let said = self.telegram;
        if said.payload.len() != 9 {
            return self.bad("length", "9 bytes");
        }
        self.temperature(said.bits(0, 10), (0, 1000), (-400, 600));
        self.humidity(said.bits(10, 8), 200);
        let light = (0.0, 100_000.0);
        self.scaled(
            ObservedKind::Illuminance,
            said.bits(18, 17),
            (0, 100_000),
            light,
        );
        self.contact(said.bits(67, 1) == 0);
    }

    fn four_bytes(&mut self, layout: Layout) {
        let said = self.telegram;
        let db = |n| u32::from(said.db(n));
        let ten = (db(2) & 0x03) << 8 | db(1);
        match layout {
            Layout::Falling8(range) => self.temperature(db(1), (255, 0), range),
            Layout::Falling10(range) => self.temperature(ten, (1023, 0), range),
            Layout::Climate(range) => {
                self.humidity(db(2), 250);
                if said.bit(0, 1) {
                    self.temperature(db(1), (0, 250), range);
                }
            }
            Layout::Climate10 => {
                self.humidity(db(3), 255);
                self.temperature(ten, (0, 1023), (-200, 600));
            }
            Layout::Climate12 => {
                self.humidity(db(3), 199);
                let twelve = (db(2) & 0x0f) << 8 | db(1);
                self.temperature(twelve, (0, 1599), (-400, 1200));
            }
            Layout::Light([db1, _]) if !said.bit(0, 0) => self.light(db(1), 255, db1),
            Layout::Light([_, db2]) => self.light(db(2), 255, db2),
            Layout::MotionDb1 => self.motion(said.bit(1, 7)),
            Layout::MotionDb0 { light } => {
                self.motion(said.bit(0, 7));
                let lux = db(2) << 2 | db(1) >> 6;
                // Above 1000 it says that it cannot tell.
                if light && lux <= 1000 {
                    self.light(lux, 1000, (0, 1000));
                }
            }
            Layout::MotionLight => {
                self.motion(!said.bit(0, 1));
                self.light(db(2), 255, (0, 510));
                self.temperature(db(1), (0, 255), (0, 510));
            }
            Layout::Panel { contact } => {
                self.temperature(db(1), (255, 0), (0, 400));
                if contact {
                    self.contact(said.bit(0, 0));
                }
            }
            Layout::PanelClimate => {
                self.humidity(db(2), 250);
                self.temperature(db(1), (0, 250), (0, 400));
            }
            Layout::Meter => self.meter(),
            Layout::Inputs => {
                self.temperature(db(2), (255, 0), (0, 400));
                for (name, n) in [("0", 0), ("1", 1), ("2", 2), ("3", 3), ("wake", 4)] {
                    if said.bit(1, n) {
                        self.message.unmapped.push(format!("input {name} is high"));
                    }
                }
            }
            // Read before they come here.
            Layout::Contact
            | Layout::ContactDb0
            | Layout::Push
            | Layout::Rocker
            | Layout::Leak
            | Layout::Smoke
            | Layout::Handle { .. }
            | Layout::Window { .. }
            | Layout::SoftButton
            | Layout::SmokeAndClimate
            | Layout::MultiSensor => {}
        }
    }

    fn meter(&mut self) {
        let said = self.telegram;
        let divisor = [1.0, 10.0, 100.0, 1000.0];
        let divisor = divisor.get(usize::from(said.db(0) & 0x03));
        let value = f64::from(said.bits(0, 24)) / divisor.copied().unwrap_or(1.0);
        let kind = if said.bit(0, 2) {
            ObservedKind::Power
        } else {
            ObservedKind::Energy
        };
        let seen = Seen::Value(value);
        self.say(kind.word(), Reading::Sample, What::Observed { kind, seen });
    }
}

const fn condition(raised: bool) -> Condition {
    if raised {
        Condition::Raised
    } else {
        Condition::Restored
    }
}
