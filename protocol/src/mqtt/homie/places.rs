//! Which devices are remembered: who is listed always, who can raise an alarm before who cannot. It reads nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Homie;
use crate::signal::Refusal;
use crate::turns::{ALARMING_MOST, Turns};

/// Who may have to go.
#[derive(Debug)]
pub(super) struct Places {
    listed: Arc<BTreeSet<String>>,
    /// Those that can raise no alarm, as far as is known.
    quiet: Turns<Box<str>>,
    alarming: Turns<Box<str>>,
    /// Somebody was forgotten to make room, and it is not told yet.
    pub(super) forgot: Option<Refusal>,
}

impl Places {
    pub(super) fn new() -> Self {
        Self {
            listed: Arc::default(),
            quiet: Turns::new(),
            alarming: Turns::new(),
            forgot: None,
        }
    }

    /// It was heard.
    pub(super) fn touch(&mut self, id: &str, quiet_most: usize) {
        if self.quiet.is_crowded(quiet_most) {
            self.quiet.touch(&id.into());
        }
        if self.alarming.is_crowded(ALARMING_MOST) {
            self.alarming.touch(&id.into());
        }
    }

    pub(super) fn leave(&mut self, id: &str) {
        let id = Box::from(id);
        self.quiet.leave(&id);
        self.alarming.leave(&id);
    }

    /// It has its place among those that can raise an alarm (`alarms`) or among the others, of which there are at most
    /// `quiet_most`. Gives who has to go for it.
    pub(super) fn give(&mut self, id: &str, alarms: bool, quiet_most: usize) -> Option<Box<str>> {
        self.leave(id);
        if self.listed.contains(id) {
            return None;
        }
        let (turns, limit) = if alarms {
            (&mut self.alarming, ALARMING_MOST)
        } else {
            (&mut self.quiet, quiet_most)
        };
        let oldest = turns.make_room(limit);
        turns.join(id.into());
        if oldest.is_some() {
            self.forgot = Some(Refusal::TooManyDevices { limit });
        }
        oldest
    }
}

impl Homie {
    /// The same, of a home whose installer has named these devices: they are never forgotten.
    #[must_use]
    pub fn with_listed(mut self, listed: Arc<BTreeSet<String>>) -> Self {
        self.places.listed = listed;
        self
    }

    /// It has its place; whoever was heard longest ago may have to go for it.
    pub(super) fn place(&mut self, id: &str, alarms: bool) {
        if let Some(oldest) = self.places.give(id, alarms, self.limits.devices) {
            self.devices.remove(&oldest);
        }
    }
}
