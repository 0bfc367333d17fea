//! Whether a source brings more devices than can be remembered. It tells nobody; `watching` does.

use crate::time::Mono;

/// A source has no longer too many devices when nobody had to make room for this long, ms: an hour. Ours: sensors that
/// report rarely do so every hour.
pub(crate) const CROWDED_FOR_MS: u64 = 3_600_000;

/// What came of too many devices of one source, in this run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Crowd {
    /// When somebody last had to make room, or found none; `None` when all is well.
    pub(crate) last: Option<Mono>,
    /// Devices that were forgotten to make room.
    pub forgotten: u64,
    /// Words that were refused because their device had no place.
    pub refused: u64,
    /// Alarms that were raised although their device had no place.
    pub without_place: u64,
}

impl Crowd {
    /// Somebody had to make room.
    pub(super) fn made_room(&mut self, now: Mono) {
        self.last = Some(now);
        self.forgotten += 1;
    }

    /// There was no room; an alarm is raised all the same.
    pub(super) fn found_none(&mut self, is_alarm: bool, now: Mono) {
        self.last = Some(now);
        if is_alarm {
            self.without_place += 1;
        } else {
            self.refused += 1;
        }
    }

    /// When it is well again, unless somebody else comes.
    pub(crate) fn until(&self) -> Option<Mono> {
        self.last.map(|last| last.plus(CROWDED_FOR_MS))
    }
}
