//! How the line is written, for simulators, tests and the reader's own answers. It judges nothing: a block that no
//! sender should send can be written too.

use super::text::Text;

/// Begins a block.
pub const SOH: u8 = 0x01;
/// Begins a block's records.
pub const STX: u8 = 0x02;
/// Ends a block; its check follows.
pub const ETX: u8 = 0x03;
/// Ends a transmission; an idle station's answer to a poll.
pub const EOT: u8 = 0x04;
/// After an address: a poll or a selection.
pub const ENQ: u8 = 0x05;
/// Taken: the answer to a selection and to a block that is safe.
pub const ACK: u8 = 0x06;
/// Not taken; the character before it says why.
pub const NAK: u8 = 0x15;
/// Stands between records.
pub const RS: u8 = 0x1E;
/// Stands between a record's id and its value.
pub const US: u8 = 0x1F;

/// The block check: XOR of every byte after SOH up to and including ETX (ISO 1155).
pub fn bcc(after_soh: &[u8]) -> u8 {
    after_soh.iter().fold(0, |check, byte| check ^ byte)
}

/// `address ENQ`: polls a station, or selects it, by its place in the conversation.
pub const fn enquiry(address: u8) -> [u8; 2] {
    [address, ENQ]
}

/// `1 NAK`: the block was garbled on the way (Avaya DECT Messenger, eESPA: error code 1).
pub const fn nak_garbled() -> [u8; 2] {
    [b'1', NAK]
}

/// A whole block with its check: `SOH header STX id US value {RS id US value} ETX BCC`. A character that the set lacks,
/// and a control character, is written as `?`.
pub fn block(header: &str, records: &[(&str, &str)], text: Text) -> Vec<u8> {
    let mut out = vec![SOH];
    out.extend(text.write(header));
    out.push(STX);
    for (n, (id, value)) in records.iter().enumerate() {
        if n > 0 {
            out.push(RS);
        }
        out.extend(text.write(id));
        out.push(US);
        out.extend(text.write(value));
    }
    out.push(ETX);
    let check = bcc(out.get(1..).unwrap_or_default());
    out.push(check);
    out
}

/// A call to a pager with the six records of the standard: address, text, beep coding 1, call type, one transmission,
/// priority (1 alarm, 2 high, 3 normal).
pub fn call(address: &str, display: &str, call_type: u8, priority: u8, text: Text) -> Vec<u8> {
    let call_type = call_type.to_string();
    let priority = priority.to_string();
    let records = [
        ("1", address),
        ("2", display),
        ("3", "1"),
        ("4", call_type.as_str()),
        ("5", "1"),
        ("6", priority.as_str()),
    ];
    block("1", &records, text)
}
