//! What the wall clock said last, carried forward by the boot clock; the core reads no clock of its own.

use tecs_protocol::event::ClockPair;

use crate::time::Mono;

/// The pair of clocks as they were last read together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    boot_id: u64,
    /// Wall minus boot clock, ms; `None` until the wall was read once.
    offset_ms: Option<i64>,
    trusted: bool,
}

impl Clock {
    pub(crate) const fn new(boot_id: u64) -> Self {
        Self {
            boot_id,
            offset_ms: None,
            trusted: false,
        }
    }

    /// The wall was read.
    pub(crate) fn read(&mut self, wall_ms: i64, trusted: bool, now: Mono) {
        let since_boot = i64::try_from(now.0).unwrap_or(i64::MAX);
        self.offset_ms = Some(wall_ms.saturating_sub(since_boot));
        self.trusted = trusted;
    }

    /// Both clocks now.
    pub(crate) fn pair(&self, now: Mono) -> ClockPair {
        let since_boot = i64::try_from(now.0).unwrap_or(i64::MAX);
        ClockPair {
            boot_id: self.boot_id,
            since_boot_ms: now.0,
            wall_ms: self.offset_ms.map_or(0, |o| o.saturating_add(since_boot)),
            trusted: self.trusted && self.offset_ms.is_some(),
        }
    }
}
