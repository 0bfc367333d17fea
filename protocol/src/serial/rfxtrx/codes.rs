//! Packets that are a code and nothing else, as the lines that a table of codes reads: `{"code":"22670E"}` of a fixed code,
//! `{"switch":"118CDEA:2 on"}` of a switch or a chime. What they mean is the installer's; it remembers nothing.

use serde_json::json;

use super::{frame, meaning};
use crate::signal::{Seen, What};

/// The line of a packet that a table may know.
pub(super) fn line(packet: &[u8]) -> Option<String> {
    let kind = packet.get(1).copied()?;
    if !matches!(
        kind,
        frame::LIGHTING1 | frame::LIGHTING2 | frame::LIGHTING4 | frame::CHIME
    ) {
        return None;
    }
    let message = meaning::read(packet);
    let button = message.signals.first()?;
    let What::Observed {
        seen: Seen::State(action),
        ..
    } = &button.what
    else {
        return None;
    };
    let line = if is_fixed(packet) {
        json!({ "code": button.device })
    } else {
        json!({ "switch": format!("{} {}", button.device, action.word()) })
    };
    Some(format!("{line}\n"))
}

/// True of a code that says nothing at all by itself.
pub(super) fn is_fixed(packet: &[u8]) -> bool {
    packet.get(1) == Some(&frame::LIGHTING4)
}
