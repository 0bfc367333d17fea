//! Fixed radio codes: a transmitter that cannot say what it is sends one number, and the installer's table says whose it
//! is and what it means. A code that nobody taught is told as untaught, never guessed.

use std::collections::BTreeMap;

use super::pointer::Pointer;
use super::template::{Place, Template};
use super::tree::Value;
use super::value::{Table, text_of};
use crate::signal::{Reading, What};

/// Where a code stands and what each means.
#[derive(Debug, PartialEq)]
pub(super) struct Codes {
    pub(super) at: CodeIs,
    pub(super) known: Known,
    pub(super) untaught: bool,
    /// The tables that were asked for, for findings.
    pub(super) tables: Vec<String>,
}

/// Where a code stands.
#[derive(Debug, PartialEq)]
pub(super) enum CodeIs {
    At(Pointer),
    Made(Template),
}

/// The codes that are known.
#[derive(Debug, PartialEq)]
pub(super) enum Known {
    Hex(BTreeMap<u64, Row>),
    Text(Table<Row>),
}

/// What a code means.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) device: String,
    pub(super) model: String,
    pub(super) field: String,
    pub(super) reading: Reading,
    pub(super) what: What,
    pub(super) test: bool,
}

impl Codes {
    /// The code of a message, as the installer would write it.
    pub(super) fn read(&self, place: Place<'_>) -> Option<String> {
        let said = match &self.at {
            CodeIs::At(pointer) => {
                let value = pointer.first(place.root, place.scope)?;
                match (&self.known, value) {
                    // A number is the code itself; as text it would be read as hexadecimal.
                    (Known::Hex(_), Value::Number(number)) => format!("{:06X}", number.as_u64()?),
                    _ => text_of(value)?.into_owned(),
                }
            }
            CodeIs::Made(template) => template.fill(place).ok()?,
        };
        let code = match &self.known {
            Known::Hex(_) => format!("{:06X}", hex(&said)?),
            Known::Text(_) => said,
        };
        (!code.is_empty()).then_some(code)
    }

    /// What a code means.
    pub(super) fn row(&self, code: &str) -> Option<&Row> {
        match &self.known {
            Known::Hex(rows) => rows.get(&hex(code)?),
            Known::Text(rows) => rows.get_text(code),
        }
    }
}

/// The number of `0xD2C71E`, `#D2C71E` or `d2c71e`.
pub(super) fn hex(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .or_else(|| text.strip_prefix('#'))
        .unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(digits, 16).ok())?
}
