//! What makes a message from a home acceptable, before anything is stored.

use super::v1::{Lane, Parcel};

/// The longest gateway id, in bytes.
pub const GATEWAY_ID_LONGEST: usize = 64;

/// The largest message on the hub's wire, in bytes (1 MiB).
pub const MESSAGE_LIMIT: usize = 1 << 20;

/// Why a message is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The lane is none of alarm, vital and routine.
    Lane(i32),
    /// Sequence numbers begin at 1.
    SeqZero,
    /// The last sequence number would pass 2^64 − 1.
    SeqOverflow,
    /// A parcel carries at least one record.
    Empty,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lane(n) => write!(f, "lane {n} is none of alarm (1), vital (2), routine (3)"),
            Self::SeqZero => write!(f, "first_seq is 0; sequence numbers begin at 1"),
            Self::SeqOverflow => write!(f, "first_seq + records passes the largest number"),
            Self::Empty => write!(f, "a parcel without a record"),
        }
    }
}

/// True for `[a-z0-9-]{1,64}`, the only shape of a gateway's id.
pub fn gateway_id_is_valid(id: &str) -> bool {
    (1..=GATEWAY_ID_LONGEST).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The lane of a parcel whose envelope makes sense; its records are not looked into.
pub fn check_parcel(parcel: &Parcel) -> Result<Lane, Wrong> {
    let lane = match Lane::try_from(parcel.lane) {
        Ok(Lane::Unspecified) | Err(_) => return Err(Wrong::Lane(parcel.lane)),
        Ok(lane) => lane,
    };
    if parcel.first_seq == 0 {
        return Err(Wrong::SeqZero);
    }
    if parcel.records.is_empty() {
        return Err(Wrong::Empty);
    }
    let others = parcel.records.len() as u64 - 1;
    parcel
        .first_seq
        .checked_add(others)
        .map(|_| lane)
        .ok_or(Wrong::SeqOverflow)
}
