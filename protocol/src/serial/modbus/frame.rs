//! The bytes of a Modbus RTU line cut into frames: unit, function, content, and a CRC-16 with its low byte first. A frame
//! ends where the line is silent; one whose check holds is taken at once.

use crc::{CRC_16_MODBUS, Crc};

use crate::signal::Refusal;

/// The longest frame, bytes (Modbus over Serial Line, 2.3: 256).
pub const LONGEST: usize = 256;

/// The shortest, bytes: unit, function, check.
const SHORTEST: usize = 4;

/// Set in the function of an answer that refuses.
pub(super) const EXCEPTION: u8 = 0x80;

/// Made once: every byte that is heard is tried as the end of a frame.
static CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_MODBUS);

/// The check of a frame's other bytes.
pub fn crc16(bytes: &[u8]) -> u16 {
    CRC.checksum(bytes)
}

/// What may be read of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Bits that can be written (function 1).
    Coils,
    /// Bits (function 2).
    Inputs,
    /// Registers that can be written (function 3).
    Holding,
    /// Registers (function 4).
    Registers,
}

impl Table {
    /// The one that this function reads.
    pub const fn of(function: u8) -> Option<Self> {
        Some(match function {
            1 => Self::Coils,
            2 => Self::Inputs,
            3 => Self::Holding,
            4 => Self::Registers,
            _ => return None,
        })
    }

    /// The function that reads it.
    pub const fn function(self) -> u8 {
        match self {
            Self::Coils => 1,
            Self::Inputs => 2,
            Self::Holding => 3,
            Self::Registers => 4,
        }
    }

    /// True when it holds bits.
    pub const fn is_bits(self) -> bool {
        matches!(self, Self::Coils | Self::Inputs)
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) unit: u8,
    pub(super) table: Table,
    pub(super) address: u16,
    pub(super) count: u16,
}

impl Asked {
    /// True when an answer with this data can be one to this question.
    pub(super) fn fits(self, data: &[u8]) -> bool {
        let count = usize::from(self.count);
        let due = if self.table.is_bits() {
            count.div_ceil(8)
        } else {
            2 * count
        };
        data.len() == due
    }
}

/// One whole frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    /// Somebody asks.
    Request(Asked),
    /// A unit answers with these bytes.
    Answer {
        unit: u8,
        table: Table,
        data: Vec<u8>,
    },
    /// A unit refuses.
    Exception { unit: u8, function: u8, code: u8 },
    /// Another function: writing, diagnosis.
    Other,
}

/// The frame that these bytes begin with, and its length, when its check holds. `answer`: an answer is due, where a
/// question and an answer look alike.
pub(super) fn first(bytes: &[u8], answer: bool) -> Option<(usize, Frame)> {
    let &[unit, function, third, ..] = bytes else {
        return None;
    };
    let answered = 5 + usize::from(third);
    let whole = |len: usize| holds(bytes.get(..len)?).then_some(len);
    if function & EXCEPTION != 0 {
        let code = third;
        let frame = Frame::Exception {
            unit,
            function: function & !EXCEPTION,
            code,
        };
        return Some((whole(5)?, frame));
    }
    let Some(table) = Table::of(function) else {
        let lens = match function {
            5 | 6 => [8, 8],
            15 | 16 => [8, 9 + usize::from(bytes.get(6).copied().unwrap_or(0))],
            _ => return None,
        };
        return lens
            .into_iter()
            .find_map(whole)
            .map(|len| (len, Frame::Other));
    };
    if answer || answered != 8 {
        let fits = third > 0 && (table.is_bits() || third % 2 == 0);
        if let Some(len) = fits.then(|| whole(answered)).flatten() {
            let data = bytes.get(3..len - 2).unwrap_or_default().to_vec();
            return Some((len, Frame::Answer { unit, table, data }));
        }
    }
    let len = whole(8)?;
    let number = |n: usize| {
        let pair = [n, n + 1].map(|n| bytes.get(n).copied().unwrap_or(0));
        u16::from_be_bytes(pair)
    };
    let asked = Asked {
        unit,
        table,
        address: number(2),
        count: number(4),
    };
    Some((len, Frame::Request(asked)))
}

/// True when the last two bytes are the others' check.
fn holds(frame: &[u8]) -> bool {
    match frame.split_last_chunk::<2>() {
        Some((content, check)) if content.len() >= 2 => {
            crc16(content) == u16::from_le_bytes(*check)
        }
        _ => false,
    }
}

/// Why what came before a silence is no frame.
pub(super) fn fault(bytes: &[u8]) -> Refusal {
    match bytes.split_last_chunk::<2>() {
        Some((content, check)) if bytes.len() >= SHORTEST => Refusal::Checksum {
            said: u32::from(u16::from_le_bytes(*check)),
            found: u32::from(crc16(content)),
        },
        _ => Refusal::Length {
            due: SHORTEST,
            found: bytes.len(),
        },
    }
}
