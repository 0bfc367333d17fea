//! What an installer says of a Modbus line: which register of which unit is what. A register says nothing of itself, so
//! one that nobody has described is not read.

use serde::{Deserialize, Serialize};

use super::frame::Table;
use crate::vocabulary::{AlarmKind, HealthKind, ObservedKind, State};

/// The most registers of one line.
pub const REGISTERS_MOST: usize = 256;

/// Registers as they are written in a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsText {
    /// From one round of questions to the next, ms, 100 to 3600000. Default: 10000.
    pub poll_ms: u64,
    /// How long a unit may take to answer, ms, 20 to 10000. Default: 500.
    pub answer_ms: u64,
    /// The registers, at most 256.
    pub registers: Vec<RegisterText>,
}

impl Default for SettingsText {
    fn default() -> Self {
        Self {
            poll_ms: 10_000,
            answer_ms: 500,
            registers: Vec::new(),
        }
    }
}

/// One register, input or coil.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterText {
    /// What the device is called.
    pub device: String,
    /// The unit's address, 1 to 247.
    pub unit: u8,
    /// The function that reads it: 1 coils, 2 inputs, 3 holding registers, 4 input registers.
    pub function: u8,
    /// Its address as the frame has it, from 0 (register 40001 is 0).
    pub address: u16,
    /// A kind of the vocabulary: one that is measured, or one that is there or not.
    pub kind: String,
    /// Names one of several of a kind. Default: the kind.
    #[serde(default)]
    pub field: String,
    /// `u16`, `i16`, `u32`, `i32` or `f32`; those of two registers with the high word first. Default: `u16`.
    #[serde(default)]
    pub format: Format,
    /// The low word of two registers comes first. Default: no.
    #[serde(default)]
    pub low_word_first: bool,
    /// What one step is worth. Default: 1.
    #[serde(default = "one")]
    pub scale: f64,
    /// What is added to that. Default: 0.
    #[serde(default)]
    pub offset: f64,
    /// The raw value that stands for none.
    #[serde(default)]
    pub none: Option<i64>,
    /// Of a register that is there or not: only this bit counts, 0 to 15. Default: any bit.
    #[serde(default)]
    pub bit: Option<u8>,
    /// 0 says that it is there. Default: no.
    #[serde(default)]
    pub invert: bool,
}

const fn one() -> f64 {
    1.0
}

/// How a number stands in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One register without a sign.
    #[default]
    U16,
    /// One register with a sign.
    I16,
    /// Two registers without a sign.
    U32,
    /// Two registers with a sign.
    I32,
    /// Two registers, IEEE 754.
    F32,
}

impl Format {
    /// How many registers it takes.
    pub const fn registers(self) -> u16 {
        match self {
            Self::U16 | Self::I16 => 1,
            Self::U32 | Self::I32 | Self::F32 => 2,
        }
    }
}

/// What is wrong with one register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which key; `registers[2].unit`.
    pub key: String,
    /// What is wrong and what is allowed.
    pub what: &'static str,
}

/// Of one line, as it can be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    text: SettingsText,
    pub(super) registers: Vec<Register>,
}

/// One register that can be read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Register {
    pub(super) text: RegisterText,
    pub(super) table: Table,
    pub(super) says: Says,
}

/// What a register is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Measured(ObservedKind),
    Battery,
    Alarm(AlarmKind),
    Seen(ObservedKind),
    Health(HealthKind),
}

impl Settings {
    /// The settings of this text, or everything that is wrong with it.
    pub fn compile(text: SettingsText) -> Result<Self, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut refuse = |key: String, what| wrong.push(Wrong { key, what });
        if !(100..=3_600_000).contains(&text.poll_ms) {
            refuse("poll_ms".to_owned(), "is not 100 to 3600000");
        }
        if !(20..=10_000).contains(&text.answer_ms) {
            refuse("answer_ms".to_owned(), "is not 20 to 10000");
        }
        if text.registers.len() > REGISTERS_MOST {
            refuse("registers".to_owned(), "are more than 256");
        }
        let mut registers = Vec::new();
        for (n, register) in text.registers.iter().enumerate() {
            match Register::of(register) {
                Ok(register) => registers.push(register),
                Err((key, what)) => refuse(format!("registers[{n}].{key}"), what),
            }
        }
        if wrong.is_empty() {
            Ok(Self { text, registers })
        } else {
            Err(wrong)
        }
    }

    /// The text that it was made of.
    pub const fn text(&self) -> &SettingsText {
        &self.text
    }

    /// The same with its devices named by `name`; nothing, when such a name is not allowed.
    #[must_use]
    pub fn with_devices(&self, mut name: impl FnMut(&str) -> String) -> Self {
        let mut text = self.text.clone();
        for register in &mut text.registers {
            register.device = name(&register.device);
        }
        Self::compile(text).unwrap_or_default()
    }

    pub(super) const fn poll_ms(&self) -> u64 {
        self.text.poll_ms
    }

    pub(super) const fn answer_ms(&self) -> u64 {
        self.text.answer_ms
    }
}

impl Register {
    fn of(text: &RegisterText) -> Result<Self, (&'static str, &'static str)> {
        let name = &text.device;
        if name.is_empty() || name.len() > 128 || name.contains(char::is_control) {
            return Err(("device", "is not a name of 1 to 128 bytes"));
        }
        if !(1..=247).contains(&text.unit) {
            return Err(("unit", "is not 1 to 247"));
        }
        let table = Table::of(text.function).ok_or(("function", "is not 1, 2, 3 or 4"))?;
        let says =
            Says::of(&text.kind).ok_or(("kind", "is nothing that is measured, or there or not"))?;
        if text.bit.is_some_and(|bit| bit > 15) {
            return Err(("bit", "is not 0 to 15"));
        }
        if !text.scale.is_finite() || !text.offset.is_finite() {
            return Err(("scale", "is no number"));
        }
        if table.is_bits() && says.is_value() {
            return Err(("function", "reads bits, and the kind is a number"));
        }
        if u32::from(text.address) + u32::from(text.format.registers()) > 0x1_0000 {
            return Err(("address", "is followed by no second register"));
        }
        Ok(Self {
            text: text.clone(),
            table,
            says,
        })
    }

    /// How many registers or bits it takes.
    pub(super) const fn count(&self) -> u16 {
        if self.table.is_bits() || !self.says.is_value() {
            1
        } else {
            self.text.format.registers()
        }
    }

    /// The field that its state is remembered by.
    pub(super) fn field(&self) -> &str {
        if self.text.field.is_empty() {
            &self.text.kind
        } else {
            &self.text.field
        }
    }
}

impl Says {
    fn of(word: &str) -> Option<Self> {
        if let Some(kind) = AlarmKind::from_word(word) {
            return (kind != AlarmKind::Unknown).then_some(Self::Alarm(kind));
        }
        if let Some(kind) = ObservedKind::from_word(word) {
            let is_state = two(kind).is_some();
            return match kind.unit() {
                Some(_) => Some(Self::Measured(kind)),
                None => is_state.then_some(Self::Seen(kind)),
            };
        }
        match HealthKind::from_word(word)? {
            HealthKind::Battery => Some(Self::Battery),
            kind @ (HealthKind::BatteryLow
            | HealthKind::Tamper
            | HealthKind::Mains
            | HealthKind::Jamming
            | HealthKind::Fault) => Some(Self::Health(kind)),
            HealthKind::Missing
            | HealthKind::Path
            | HealthKind::Clock
            | HealthKind::Journal
            | HealthKind::Gap
            | HealthKind::TestCall
            | HealthKind::Untaught => None,
        }
    }

    const fn is_value(self) -> bool {
        matches!(self, Self::Measured(_) | Self::Battery)
    }
}

/// The states of a kind that is there or not: there, and not.
pub(super) const fn two(kind: ObservedKind) -> Option<[State; 2]> {
    match kind {
        ObservedKind::Contact | ObservedKind::Valve => Some([State::Open, State::Closed]),
        ObservedKind::Motion
        | ObservedKind::Occupancy
        | ObservedKind::Presence
        | ObservedKind::Bed
        | ObservedKind::Chair
        | ObservedKind::Vibration
        | ObservedKind::Sound => Some([State::Active, State::Clear]),
        ObservedKind::Lock => Some([State::Locked, State::Unlocked]),
        ObservedKind::Button
        | ObservedKind::Medication
        | ObservedKind::Temperature
        | ObservedKind::Humidity
        | ObservedKind::Illuminance
        | ObservedKind::Power
        | ObservedKind::Energy => None,
    }
}
