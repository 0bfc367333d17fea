//! How frames are written, for the reader's own questions, for simulators and tests. It judges nothing.

use super::frame::{EXCEPTION, Table, crc16};

/// A frame with its check, low byte first.
pub fn frame(content: &[u8]) -> Vec<u8> {
    [content, &crc16(content).to_le_bytes()].concat()
}

/// Asks a unit for `count` registers or bits from `address`.
pub fn request(unit: u8, table: Table, address: u16, count: u16) -> Vec<u8> {
    let [high, low] = address.to_be_bytes();
    let [more, less] = count.to_be_bytes();
    frame(&[unit, table.function(), high, low, more, less])
}

/// A unit's answer with registers; beyond 125 they are cut off.
pub fn registers(unit: u8, table: Table, values: &[u16]) -> Vec<u8> {
    let values = values.get(..125).unwrap_or(values);
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
    answer(unit, table, &bytes)
}

/// A unit's answer with bits, the first in the lowest bit; beyond 2000 they are cut off.
pub fn bits(unit: u8, table: Table, values: &[bool]) -> Vec<u8> {
    let values = values.get(..2000).unwrap_or(values);
    let byte = |eight: &[bool]| {
        let set = eight.iter().rev();
        set.fold(0u8, |byte, bit| byte << 1 | u8::from(*bit))
    };
    let bytes: Vec<u8> = values.chunks(8).map(byte).collect();
    answer(unit, table, &bytes)
}

fn answer(unit: u8, table: Table, bytes: &[u8]) -> Vec<u8> {
    let len = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    frame(&[&[unit, table.function(), len], bytes].concat())
}

/// A unit's refusal (1 function, 2 address, 3 value, 4 failure, 6 busy).
pub fn exception(unit: u8, table: Table, code: u8) -> Vec<u8> {
    frame(&[unit, table.function() | EXCEPTION, code])
}
