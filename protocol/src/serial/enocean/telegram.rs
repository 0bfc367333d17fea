//! A radio telegram of the first protocol version (ERP1) as a packet holds it: what kind, from whom, how often repeated.

use crate::signal::Refusal;

/// Repeated switch: one byte, from a transmitter that cannot name its profile.
pub const RPS: u8 = 0xF6;
/// One byte.
pub const ONE_BYTE: u8 = 0xD5;
/// Four bytes.
pub const FOUR_BYTES: u8 = 0xA5;
/// One to fourteen bytes.
pub const VARIABLE: u8 = 0xD2;
/// Universal teach-in.
pub const TEACH_IN: u8 = 0xD4;

/// One telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Telegram {
    /// Its kind (RORG).
    pub(super) rorg: u8,
    /// What it says, most significant byte first (the last byte is DB0).
    pub(super) payload: Vec<u8>,
    /// Who sent it.
    pub(super) sender: u32,
    /// T21 and NU in bits 5 and 4, how often it was repeated in bits 3 to 0.
    pub(super) status: u8,
}

impl Telegram {
    /// The telegram in a packet's data: RORG, payload, sender (4), status.
    pub(super) fn read(data: &[u8]) -> Result<Self, Refusal> {
        let short = Refusal::Length {
            due: 7,
            found: data.len(),
        };
        let Some((&rorg, rest)) = data.split_first() else {
            return Err(short);
        };
        let Some((said, &[a, b, c, d, status])) = rest.split_last_chunk::<5>() else {
            return Err(short);
        };
        let due = match rorg {
            RPS | ONE_BYTE => 1..=1,
            FOUR_BYTES => 4..=4,
            TEACH_IN => 7..=7,
            _ => 1..=DATA_MOST,
        };
        if !due.contains(&said.len()) {
            return Err(Refusal::Length {
                due: due.start() + 6,
                found: data.len(),
            });
        }
        Ok(Self {
            rorg,
            payload: said.to_vec(),
            sender: u32::from_be_bytes([a, b, c, d]),
            status,
        })
    }

    /// The byte `DBn`, 0 when there is none.
    pub(super) fn db(&self, n: usize) -> u8 {
        self.payload.iter().rev().nth(n).copied().unwrap_or(0)
    }

    /// A bit of the byte `DBn`.
    pub(super) fn bit(&self, n: usize, bit: u8) -> bool {
        self.db(n) & (1 << bit) != 0
    }

    /// `size` bits from `offset`, counted from the first bit of the payload, as the profiles of variable length do.
    pub(super) fn bits(&self, offset: usize, size: usize) -> u32 {
        (offset..offset + size).fold(0, |value, n| {
            let byte = self.payload.get(n / 8).copied().unwrap_or(0);
            value << 1 | u32::from(byte >> (7 - n % 8) & 1)
        })
    }

    /// How many repeaters passed it on.
    pub(super) const fn repeated(&self) -> u8 {
        self.status & 0x0f
    }

    /// Who sent it, as its device is called.
    pub(super) fn device(&self) -> String {
        format!("{:08X}", self.sender)
    }
}

/// The longest payload that a packet may hold, bytes.
const DATA_MOST: usize = super::frame::LONGEST;
