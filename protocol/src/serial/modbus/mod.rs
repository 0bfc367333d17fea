//! Modbus RTU, with the gateway as the one that asks. Frames are cut in `frame` and written in `say`, which register is
//! what is in `settings`, what it says in `meaning`. A line without registers only listens.
//!
//! **Rounds.** Each register that is configured is asked for by itself, one after the other, a round every `poll_ms`. A
//! unit that does not answer within `answer_ms` is passed over until the next round and holds up no other; after
//! `SILENT_MOST` silent rounds its devices are called missing, once, and restored by its next answer. An exception is
//! refused by name and is a fault of that register's device until it is answered.
//!
//! **Listening.** A question that somebody else asks on the line says nothing, and says what the next answer is about.
//! An answer whose question was not heard is read when only one register that is configured can be meant.

mod frame;
mod meaning;
mod say;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

pub use frame::{LONGEST, Table, crc16};
pub use say::{bits, exception, frame, registers, request};
pub use settings::{Format, REGISTERS_MOST, RegisterText, Settings, SettingsText, Wrong};

use self::frame::{Asked, Frame};
use super::{Heard, Wire};
use crate::signal::{Message, Reading, Refusal, Signal, What};
use crate::vocabulary::{Condition, HealthKind};

/// A line that is silent this long has ended a frame, ms. Ours: the standard's 3.5 characters take 4 ms at 9600 bit/s, and
/// what reads the line may be late by more.
const SILENCE_MS: u64 = 50;

/// How many rounds a unit may be silent before it is called missing.
const SILENT_MOST: u32 = 3;

/// Where the round is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nobody opened the line, or there is nothing to ask for.
    Listen,
    /// This register is asked for at this time.
    Ask { next: usize, at_ms: u64 },
    /// This register was asked for; its unit may answer until then.
    Wait { asked: usize, until_ms: u64 },
}

/// The reader of one line.
#[derive(Debug)]
pub struct Modbus {
    settings: Settings,
    bytes: Vec<u8>,
    byte_ms: u64,
    turn: Turn,
    round_ms: u64,
    /// The last question on the line.
    asked: Option<Asked>,
    /// How many rounds each unit has been silent.
    silent: BTreeMap<u8, u32>,
    /// Devices that were called missing, or faulty.
    told: BTreeSet<(String, HealthKind)>,
}

impl Modbus {
    /// Who asks on a line with these settings.
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            bytes: Vec::new(),
            byte_ms: 0,
            turn: Turn::Listen,
            round_ms: 0,
            asked: None,
            silent: BTreeMap::new(),
            told: BTreeSet::new(),
        }
    }

    /// How many bytes of an unfinished frame it holds: at most [`LONGEST`].
    pub const fn held(&self) -> usize {
        self.bytes.len()
    }

    /// True while the unit that was asked may still answer.
    const fn waits(&self) -> bool {
        matches!(self.turn, Turn::Wait { .. })
    }

    /// Takes every frame whose check holds.
    fn cut(&mut self, now_ms: u64, heard: &mut Heard) {
        while let Some((len, frame)) = frame::first(&self.bytes, self.waits()) {
            let raw = self.bytes.drain(..len).collect();
            let message = self.frame(frame, now_ms);
            heard.messages.push(Message { raw, ..message });
        }
    }

    /// The line was silent: what is held is no frame, but one may stand behind noise.
    fn silence(&mut self, now_ms: u64, heard: &mut Heard) {
        let waits = self.waits();
        let found = (1..self.bytes.len()).find(|n| {
            let rest = self.bytes.get(*n..).unwrap_or_default();
            frame::first(rest, waits).is_some()
        });
        if let Some(bytes) = found {
            self.bytes.drain(..bytes);
            heard
                .messages
                .push(Message::refused(Refusal::Noise { bytes }));
            self.cut(now_ms, heard);
        }
        if !self.bytes.is_empty() {
            let raw = std::mem::take(&mut self.bytes);
            heard.messages.push(Message {
                refusals: vec![frame::fault(&raw)],
                raw,
                ..Message::default()
            });
        }
    }

    fn silence_ms(&self) -> Option<u64> {
        (!self.bytes.is_empty()).then(|| self.byte_ms.saturating_add(SILENCE_MS))
    }

    fn frame(&mut self, frame: Frame, now_ms: u64) -> Message {
        match frame {
            Frame::Request(asked) => {
                self.asked = Some(asked);
                Message::ignored("a question to a unit")
            }
            Frame::Answer { unit, table, data } => {
                let mut message = self.answer(unit, table, &data);
                self.answered(unit, now_ms, &mut message);
                message
            }
            Frame::Exception {
                unit,
                function,
                code,
            } => {
                let mut message = self.exception(unit, function, code);
                self.answered(unit, now_ms, &mut message);
                message
            }
            Frame::Other => Message::ignored("a function that reads nothing"),
        }
    }

    fn answer(&mut self, unit: u8, table: Table, data: &[u8]) -> Message {
        let asked = self
            .asked
            .take()
            .filter(|asked| asked.unit == unit && asked.table == table && asked.fits(data));
        let Some(asked) = asked.or_else(|| self.guessed(unit, table, data)) else {
            return Message::ignored("an answer whose register nobody has described");
        };
        let mut message = Message::default();
        for register in &self.settings.registers {
            meaning::read(register, asked, data, &mut message);
        }
        let devices: BTreeSet<String> = message.signals.iter().map(|s| s.device.clone()).collect();
        for device in devices {
            self.tell(&device, HealthKind::Fault, false, "", &mut message);
        }
        if message.signals.is_empty() && message.refusals.is_empty() {
            message.ignored = Some("an answer without a value that somebody has described");
        }
        message
    }

    /// The one register that an answer without a question can be about.
    fn guessed(&self, unit: u8, table: Table, data: &[u8]) -> Option<Asked> {
        let mut may = self.settings.registers.iter().filter_map(|register| {
            let asked = Asked {
                unit,
                table,
                address: register.text.address,
                count: register.count(),
            };
            let here = register.text.unit == unit && register.table == table;
            (here && asked.fits(data)).then_some(asked)
        });
        let only = may.next()?;
        may.all(|other| other == only).then_some(only)
    }

    fn exception(&mut self, unit: u8, function: u8, code: u8) -> Message {
        let why = match code {
            1 => "illegal function",
            2 => "illegal data address",
            3 => "illegal data value",
            4 => "it failed",
            5 => "it needs longer",
            6 => "it is busy",
            8 => "its memory is damaged",
            10 | 11 => "the way to it is down",
            _ => "for a reason of its own",
        };
        let mut message = Message::refused(Refusal::Exception {
            from: format!("unit {unit}, function {function}"),
            code: u32::from(code),
            why,
        });
        let asked = self.asked.take().filter(|asked| asked.unit == unit);
        let registers = &self.settings.registers;
        let about = asked.and_then(|asked| {
            let found = registers.iter().find(|r| {
                r.text.unit == unit && r.table == asked.table && r.text.address == asked.address
            });
            found.map(|r| r.text.device.clone())
        });
        if let Some(device) = about {
            self.tell(&device, HealthKind::Fault, true, why, &mut message);
        }
        message
    }

    /// A unit was heard: the round goes on, and it is no longer missing.
    fn answered(&mut self, unit: u8, now_ms: u64, message: &mut Message) {
        self.silent.remove(&unit);
        for device in self.devices(unit) {
            self.tell(&device, HealthKind::Missing, false, "", message);
        }
        if let Turn::Wait { asked, .. } = self.turn
            && self.unit(asked) == Some(unit)
        {
            self.go_on(asked + 1, now_ms);
        }
    }

    /// The unit that was asked did not answer.
    fn unanswered(&mut self, asked: usize, now_ms: u64, heard: &mut Heard) {
        self.asked = None;
        let Some(unit) = self.unit(asked) else {
            return self.go_on(asked + 1, now_ms);
        };
        let rounds = self.silent.entry(unit).or_default();
        *rounds = rounds.saturating_add(1);
        let mut message = Message::ignored("a unit did not answer");
        if *rounds >= SILENT_MOST {
            for device in self.devices(unit) {
                let why = "no answer on the line";
                self.tell(&device, HealthKind::Missing, true, why, &mut message);
            }
        }
        if !message.signals.is_empty() {
            message.ignored = None;
        }
        heard.messages.push(message);
        let registers = &self.settings.registers;
        let rest = registers.iter().skip(asked);
        let next = asked + rest.take_while(|r| r.text.unit == unit).count();
        self.go_on(next, now_ms);
    }

    /// A condition of a device, told when it changes.
    fn tell(
        &mut self,
        device: &str,
        kind: HealthKind,
        raised: bool,
        why: &str,
        message: &mut Message,
    ) {
        let place = (device.to_owned(), kind);
        let (condition, news) = if raised {
            (Condition::Raised, self.told.insert(place))
        } else {
            (Condition::Restored, self.told.remove(&place))
        };
        if news {
            let what = What::health(kind, condition, why);
            let signal = Signal::new(device, kind.word(), Reading::Edge, what);
            message.signals.push(signal);
        }
    }

    fn unit(&self, register: usize) -> Option<u8> {
        self.settings.registers.get(register).map(|r| r.text.unit)
    }

    fn devices(&self, unit: u8) -> BTreeSet<String> {
        let registers = self.settings.registers.iter();
        let here = registers.filter(|r| r.text.unit == unit);
        here.map(|r| r.text.device.clone()).collect()
    }

    /// The next register after a silence, or the next round.
    fn go_on(&mut self, next: usize, now_ms: u64) {
        let quiet = now_ms.saturating_add(SILENCE_MS);
        self.turn = if next < self.settings.registers.len() {
            Turn::Ask { next, at_ms: quiet }
        } else {
            let round = self.round_ms.saturating_add(self.settings.poll_ms());
            Turn::Ask {
                next: 0,
                at_ms: round.max(quiet),
            }
        };
    }

    fn turn_ms(&self) -> Option<u64> {
        match self.turn {
            Turn::Listen => None,
            Turn::Ask { at_ms, .. } => Some(at_ms),
            Turn::Wait { until_ms, .. } => Some(until_ms),
        }
    }

    fn ask(&mut self, next: usize, now_ms: u64, heard: &mut Heard) {
        let Some(register) = self.settings.registers.get(next) else {
            return;
        };
        let asked = Asked {
            unit: register.text.unit,
            table: register.table,
            address: register.text.address,
            count: register.count(),
        };
        if next == 0 {
            self.round_ms = now_ms;
        }
        if !self.bytes.is_empty() {
            self.silence(now_ms, heard);
        }
        self.asked = Some(asked);
        let question = request(asked.unit, asked.table, asked.address, asked.count);
        heard.send.extend(question);
        self.turn = Turn::Wait {
            asked: next,
            until_ms: now_ms.saturating_add(self.settings.answer_ms()),
        };
    }
}

impl Wire for Modbus {
    fn opened(&mut self, now_ms: u64) -> Vec<u8> {
        self.closed(now_ms);
        if !self.settings.registers.is_empty() {
            self.turn = Turn::Ask {
                next: 0,
                at_ms: now_ms,
            };
        }
        Vec::new()
    }

    fn closed(&mut self, _: u64) {
        self.bytes.clear();
        self.turn = Turn::Listen;
        self.asked = None;
        self.silent.clear();
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        if self.silence_ms().is_some_and(|due| due <= now_ms) && !bytes.is_empty() {
            self.silence(now_ms, heard);
        }
        self.byte_ms = now_ms;
        for byte in bytes {
            self.bytes.push(*byte);
            self.cut(now_ms, heard);
            if self.bytes.len() >= LONGEST {
                self.silence(now_ms, heard);
            }
        }
    }

    fn due_ms(&self) -> Option<u64> {
        [self.silence_ms(), self.turn_ms()]
            .into_iter()
            .flatten()
            .min()
    }

    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
        if self.silence_ms().is_some_and(|due| due <= now_ms) {
            self.silence(now_ms, heard);
        }
        if self.turn_ms().is_none_or(|due| due > now_ms) {
            return;
        }
        match self.turn {
            Turn::Listen => {}
            Turn::Ask { next, .. } => self.ask(next, now_ms, heard),
            Turn::Wait { asked, .. } => self.unanswered(asked, now_ms, heard),
        }
    }

    /// What was given by hand is a frame by itself.
    fn ended(&mut self, now_ms: u64, heard: &mut Heard) {
        if !self.bytes.is_empty() {
            self.silence(now_ms, heard);
        }
    }
}
