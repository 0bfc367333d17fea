//! How packets and commands are written, for simulators, tests and the reader's own commands. It judges nothing.

use super::frame;

/// A command to the receiver itself: its number, and which in a row it is.
const fn command(number: u8, seq: u8) -> [u8; 14] {
    [0x0d, 0, 0, seq, number, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// Resets the receiver; it answers nothing, and what it says in the next moments is of no use.
pub const fn reset() -> [u8; 14] {
    command(0x00, 0)
}

/// Asks for the receiver's status.
pub const fn get_status() -> [u8; 14] {
    command(0x02, 1)
}

/// Starts the receiver (newer firmware waits for it).
pub const fn start() -> [u8; 14] {
    command(0x07, 3)
}

/// The receiver's answer to [`get_status`]: 433.92 MHz, this firmware.
pub const fn status(seq: u8, firmware: u8) -> [u8; 14] {
    [
        0x0d, 0x01, 0x00, seq, 0x02, 0x53, firmware, 0, 0x4f, 0x6f, 0, 0, 0, 0,
    ]
}

/// A whole packet: its length, and what is given.
pub fn packet(content: &[u8]) -> Vec<u8> {
    let len = u8::try_from(content.len()).unwrap_or(u8::MAX);
    [&[len], content].concat()
}

/// A security device (24 bits of id) with a good battery; `status` as in the table of `meaning`.
pub fn security(subtype: u8, seq: u8, id: u32, status: u8, battery: u8) -> Vec<u8> {
    let [_, a, b, c] = id.to_be_bytes();
    let last = 0x70 | battery & 0x0f;
    packet(&[frame::SECURITY1, subtype, seq, a, b, c, status, last])
}

/// A switch of the AC protocol: 28 bits of id, a unit, a command (1 on, 0 off).
pub fn lighting2(seq: u8, id: u32, unit: u8, command: u8) -> Vec<u8> {
    let [a, b, c, d] = id.to_be_bytes();
    let content = [
        frame::LIGHTING2,
        0x00,
        seq,
        a,
        b,
        c,
        d,
        unit,
        command,
        0x0f,
        0x70,
    ];
    packet(&content)
}

/// Tenths of a degree in two bytes, with a sign in the highest bit.
const fn tenths(celsius_tenths: i16) -> [u8; 2] {
    let size = celsius_tenths.unsigned_abs() & 0x7fff;
    let below = if celsius_tenths < 0 { 0x8000 } else { 0 };
    (size | below).to_be_bytes()
}

/// A temperature sensor, tenths of a degree Celsius.
pub fn temperature(seq: u8, id: u16, celsius_tenths: i16, battery: u8) -> Vec<u8> {
    let [a, b] = id.to_be_bytes();
    let [high, low] = tenths(celsius_tenths);
    let last = 0x70 | battery & 0x0f;
    packet(&[frame::TEMPERATURE, 0x01, seq, a, b, high, low, last])
}

/// A temperature (tenths of a degree Celsius) and humidity (%) sensor.
pub fn climate(seq: u8, id: u16, celsius_tenths: i16, humidity: u8, battery: u8) -> Vec<u8> {
    let [a, b] = id.to_be_bytes();
    let [high, low] = tenths(celsius_tenths);
    let last = 0x70 | battery & 0x0f;
    packet(&[
        frame::CLIMATE,
        0x01,
        seq,
        a,
        b,
        high,
        low,
        humidity,
        0x00,
        last,
    ])
}
