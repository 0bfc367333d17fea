//! The units of a Modbus RTU line: each answers when its registers are asked for, and says nothing else. It decides with
//! the time it is given.

use std::collections::BTreeMap;

use tecs_protocol::serial::modbus::{Table, bits, crc16, exception, registers};

use crate::port::Talker;
use crate::words::{Body, Handed, Taken};

/// A question: unit, function, address, count, check.
const QUESTION: usize = 8;
/// There is no such address.
const NO_ADDRESS: u8 = 2;

/// Where a value is.
pub type Address = (u8, u8, u16);

/// The units of a line, with what their registers hold.
#[derive(Debug, Default)]
pub struct Units {
    values: BTreeMap<Address, (u16, Option<Handed>)>,
    heard: Vec<u8>,
    out: Vec<u8>,
    asked: u64,
    unknown: u64,
}

impl Units {
    /// Units whose registers hold this before anything happened.
    pub fn new(at_rest: impl IntoIterator<Item = (Address, u16)>) -> Self {
        let values = at_rest.into_iter().map(|(at, value)| (at, (value, None)));
        Self {
            values: values.collect(),
            ..Self::default()
        }
    }

    /// The answer to a whole question, if it is one for a unit that is here.
    fn answer(&mut self, question: &[u8]) -> Option<Vec<u8>> {
        let (content, check) = question.split_at_checked(QUESTION - 2)?;
        let [unit, function, high, low, _, count] = *content.first_chunk()?;
        if crc16(content).to_le_bytes() != *check {
            return None;
        }
        if !self.values.keys().any(|(of, ..)| *of == unit) {
            return None;
        }
        let table = Table::of(function)?;
        self.asked += 1;
        let address = u16::from_be_bytes([high, low]);
        let mut found = Vec::new();
        for n in 0..u16::from(count) {
            let Some((value, handed)) = self.values.get_mut(&(unit, function, address + n)) else {
                self.unknown += 1;
                return Some(exception(unit, table, NO_ADDRESS));
            };
            found.push(*value);
            if let Some(handed) = handed.take() {
                handed.set(Taken::Yes);
            }
        }
        Some(if table.is_bits() {
            let set: Vec<bool> = found.iter().map(|v| *v != 0).collect();
            bits(unit, table, &set)
        } else {
            registers(unit, table, &found)
        })
    }
}

impl Talker for Units {
    fn opened(&mut self, _: u64) {
        self.heard.clear();
    }

    fn closed(&mut self, _: u64) {
        self.out.clear();
    }

    fn says(&mut self, body: &Body, handed: &Handed, _: u64) {
        let Body::Register { at, value } = body else {
            return handed.set(Taken::No);
        };
        self.values.insert(*at, (*value, Some(handed.clone())));
    }

    fn hears(&mut self, bytes: &[u8], _: u64) {
        self.heard.extend(bytes);
        while let Some(question) = self.heard.get(..QUESTION).map(<[u8]>::to_vec) {
            let taken = if let Some(answer) = self.answer(&question) {
                self.out.extend(answer);
                QUESTION
            } else {
                1
            };
            self.heard.drain(..taken);
        }
    }

    fn speaks(&mut self, _: u64) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    fn counted(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("questions answered", self.asked),
            ("addresses that are not", self.unknown),
        ]
    }
}
