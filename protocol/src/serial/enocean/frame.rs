//! The bytes of an ESP3 line cut into packets. It gives no meaning and keeps no time.
//!
//! `55 | data length (2) | optional length (1) | type (1) | CRC8H | data | optional data | CRC8D`; both checks are CRC-8
//! with the polynomial 07, begun with 00, the first over the four bytes of the header, the second over all data.

use crc::{CRC_8_SMBUS, Crc};

use crate::signal::Refusal;

/// Begins a packet.
pub const SYNC: u8 = 0x55;

/// The longest data of a packet, bytes. Ours: a telegram has at most 24, a chained one a few hundred.
const DATA_LONGEST: usize = 512;

/// The longest packet, bytes: header, data, optional data (255), and the check.
pub const LONGEST: usize = 6 + DATA_LONGEST + 255 + 1;

/// Made once: every byte that may begin a packet is checked.
static CRC: Crc<u8> = Crc::<u8>::new(&CRC_8_SMBUS);

/// The check of a header or of data.
pub fn crc8(bytes: &[u8]) -> u8 {
    CRC.checksum(bytes)
}

/// One whole packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packet {
    /// Its type.
    pub(super) kind: u8,
    pub(super) data: Vec<u8>,
}

/// What the first bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nothing yet.
    More,
    /// So many bytes belong to nothing.
    Noise(usize),
    /// So many bytes are this.
    Packet(usize, Packet),
    /// A packet of this length does not hold; only its header is done with, since another may begin within it.
    Garbled(usize, Refusal),
}

/// The length of a header.
pub(super) const HEADER: usize = 6;

/// Looks at the first bytes.
pub(super) fn cut(bytes: &[u8]) -> Cut {
    if bytes.first() != Some(&SYNC) {
        let noise = bytes.iter().position(|b| *b == SYNC);
        return match noise.unwrap_or(bytes.len()) {
            0 => Cut::More,
            noise => Cut::Noise(noise),
        };
    }
    let Some(&[_, high, low, optional, kind, check]) = bytes.get(..HEADER) else {
        return Cut::More;
    };
    if crc8(&[high, low, optional, kind]) != check {
        return Cut::Noise(1);
    }
    let len = usize::from(u16::from_be_bytes([high, low]));
    let optional = usize::from(optional);
    if len > DATA_LONGEST || len + optional == 0 {
        return Cut::Noise(1);
    }
    let whole = HEADER + len + optional + 1;
    let Some(rest) = bytes.get(HEADER..whole) else {
        return Cut::More;
    };
    let Some((said, content)) = rest.split_last() else {
        return Cut::More;
    };
    let found = crc8(content);
    if *said != found {
        let refusal = Refusal::Checksum {
            said: u32::from(*said),
            found: u32::from(found),
        };
        return Cut::Garbled(whole, refusal);
    }
    let data = content.get(..len).unwrap_or_default().to_vec();
    Cut::Packet(whole, Packet { kind, data })
}

/// Where in these bytes the next whole packet begins, the first byte not counted.
pub(super) fn later(bytes: &[u8]) -> Option<usize> {
    (1..bytes.len()).find(|n| {
        let rest = bytes.get(*n..).unwrap_or_default();
        matches!(cut(rest), Cut::Packet(..))
    })
}
