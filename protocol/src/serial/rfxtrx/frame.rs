//! The bytes of an RFXtrx line cut into packets: a length (itself not counted), a type, a subtype, a sequence number, and
//! what the type has. There is no checksum: a length that its type cannot have is no packet.

use std::ops::RangeInclusive;

use crate::signal::Refusal;

/// The shortest and the longest length byte that is a packet's. Ours: the longest type has 36.
const LENGTHS: RangeInclusive<u8> = 4..=40;

/// The longest packet, bytes.
pub const LONGEST: usize = 41;

/// What the first bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nothing yet.
    More,
    /// The first byte belongs to nothing.
    Noise,
    /// So many bytes are a packet.
    Packet(usize),
    /// So many bytes look like a packet and cannot be one; only the first is done with.
    Wrong(usize, Refusal),
    /// So many bytes are a packet of a type that nobody knows; all of them are done with.
    Unread(usize, Refusal),
}

/// The length that a type of packet has: those that are read have one (`pyRFXtrx`, `lowlevel.py`), the interface's
/// own answer has grown with its firmware.
fn length(kind: u8) -> Option<RangeInclusive<u8>> {
    Some(match kind {
        INTERFACE => 0x0d..=0x14,
        TRANSMITTED => 0x04..=0x04,
        LIGHTING1 | CHIME => 0x07..=0x07,
        LIGHTING2 => 0x0b..=0x0b,
        LIGHTING4 => 0x09..=0x09,
        SECURITY1 | TEMPERATURE | HUMIDITY => 0x08..=0x08,
        CLIMATE => 0x0a..=0x0a,
        CLIMATE_AIR => 0x0d..=0x0d,
        ENERGY => 0x11..=0x11,
        _ => return None,
    })
}

pub(super) const INTERFACE: u8 = 0x01;
pub(super) const TRANSMITTED: u8 = 0x02;
pub(super) const LIGHTING1: u8 = 0x10;
pub(super) const LIGHTING2: u8 = 0x11;
pub(super) const LIGHTING4: u8 = 0x13;
pub(super) const CHIME: u8 = 0x16;
pub(super) const SECURITY1: u8 = 0x20;
pub(super) const TEMPERATURE: u8 = 0x50;
pub(super) const HUMIDITY: u8 = 0x51;
pub(super) const CLIMATE: u8 = 0x52;
pub(super) const CLIMATE_AIR: u8 = 0x54;
pub(super) const ENERGY: u8 = 0x5a;

/// Types that exist and say nothing that the vocabulary has: undecoded signals, lamps, blinds, heating, rain, wind, meters.
const fn is_other(kind: u8) -> bool {
    matches!(
        kind,
        0x03 | 0x12 | 0x14 | 0x15 | 0x19 | 0x1a | 0x1e | 0x31 | 0x4e | 0x4f | 0x53 | 0x55
            ..=0x57 | 0x59 | 0x5b | 0x5c | 0x60 | 0x71
    )
}

/// Looks at the first bytes. While the place is `lost`, only a type with a length of its own can show where a packet
/// begins.
pub(super) fn cut(bytes: &[u8], lost: bool) -> Cut {
    let Some(&len) = bytes.first() else {
        return Cut::More;
    };
    if !LENGTHS.contains(&len) {
        return Cut::Noise;
    }
    let Some(&kind) = bytes.get(1) else {
        return Cut::More;
    };
    let whole = usize::from(len) + 1;
    let wrong = |refusal| {
        if lost {
            Cut::Noise
        } else {
            Cut::Wrong(whole, refusal)
        }
    };
    match length(kind) {
        Some(due) if !due.contains(&len) => wrong(Refusal::Length {
            due: usize::from(*due.start()) + 1,
            found: whole,
        }),
        None if lost => Cut::Noise,
        None if !is_other(kind) => unknown(bytes, whole, kind),
        Some(_) | None if bytes.len() < whole => Cut::More,
        Some(_) | None => Cut::Packet(whole),
    }
}

/// A type that nobody knows, of a later firmware: its length holds where it leads to the next packet, or to the end and
/// no packet ends there that is known. Else a byte was lost, and what looks like a type is none.
fn unknown(bytes: &[u8], whole: usize, kind: u8) -> Cut {
    let refusal = Refusal::UnknownFrame {
        kind: format!("packet type {kind:02X}"),
    };
    let ends_known = || (1..bytes.len()).any(|n| is_whole(bytes.get(n..).unwrap_or_default()));
    match bytes.get(whole..) {
        None | Some([]) if ends_known() => Cut::Wrong(whole, refusal),
        None => Cut::More,
        Some(rest) if follows(rest) => Cut::Unread(whole, refusal),
        Some(_) => Cut::Wrong(whole, refusal),
    }
}

/// How many packets of unknown types are looked past for one that is known.
const LOOK_PAST: usize = 4;

/// True when these bytes may begin a packet.
fn follows(mut rest: &[u8]) -> bool {
    for _ in 0..LOOK_PAST {
        let Some(&len) = rest.first() else {
            return true;
        };
        if !LENGTHS.contains(&len) {
            return false;
        }
        match rest.get(1).map(|kind| (length(*kind), is_other(*kind))) {
            None | Some((None, true)) => return true,
            Some((Some(due), _)) => return due.contains(&len),
            Some((None, false)) => {}
        }
        rest = rest.get(usize::from(len) + 1..).unwrap_or_default();
    }
    true
}

/// True when these bytes are whole packets of types with a length of their own, and nothing else.
pub(super) fn is_whole(mut bytes: &[u8]) -> bool {
    while let Cut::Packet(len) = cut(bytes, true) {
        bytes = bytes.get(len..).unwrap_or_default();
        if bytes.is_empty() {
            return true;
        }
    }
    false
}
