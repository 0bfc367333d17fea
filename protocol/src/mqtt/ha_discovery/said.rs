//! What an entity said becomes signals of its device: states each with a field, a device that is back or overdue, an on that
//! is still the one before.

use crate::signal::{Message, Reading, Seen, Signal, What};
use crate::vocabulary::{Condition, HealthKind, State};

use super::{HaDiscovery, Known};

impl HaDiscovery {
    /// What an entity said: of several states each but the first has a field of its own, by its place.
    pub(super) fn say(
        &mut self,
        key: &str,
        states: Vec<(usize, What)>,
        reading: Reading,
        now_ms: u64,
        message: &mut Message,
    ) {
        let Some(known) = self.entities.get_mut(key) else {
            return;
        };
        let back = known
            .entity
            .expire_after_ms
            .is_some_and(|after| self.expiry.heard(key, after, now_ms));
        let first = states.first().map(|(_, what)| what);
        let is_same = first.is_some_and(|what| known.still_on(reading, what, now_ms));
        let device = known.device.clone();
        if back {
            message.signals.extend(self.back(&device));
        }
        if is_same {
            return;
        }
        for (place, what) in states {
            let mut field = self.devices.field(&device, key);
            if place > 0 {
                field = format!("{field}.{place}");
            }
            let mut signal = Signal::new(self.devices.name(&device), field, reading, what);
            self.devices.model(&device).clone_into(&mut signal.model);
            message.signals.push(signal);
        }
    }

    /// Of a device that spoke again, when nothing else of it is overdue.
    pub(super) fn back(&self, device: &str) -> Option<Signal> {
        let mut entities = self.devices.entities(device);
        let over = entities.any(|entity| self.expiry.is_over(entity));
        (!over).then(|| self.overdue(device, false))
    }

    /// That a device did not say in time what it promised, or has said it now.
    pub(super) fn overdue(&self, device: &str, over: bool) -> Signal {
        let (condition, detail) = if over {
            (
                Condition::Raised,
                "a value has expired: it was not said again in time",
            )
        } else {
            (Condition::Restored, "it speaks again")
        };
        let what = What::health(HealthKind::Missing, condition, detail);
        let name = self.devices.name(device);
        let mut signal = Signal::new(name, "expire_after", Reading::Edge, what);
        self.devices.model(device).clone_into(&mut signal.model);
        signal
    }
}

impl Known {
    /// Whether this on is the one that was said a moment ago, and remembers it.
    fn still_on(&mut self, reading: Reading, what: &What, now_ms: u64) -> bool {
        let (Some(delay), Reading::Pulse) = (self.entity.off_delay_ms, reading) else {
            return false;
        };
        if !is_on(what) {
            self.on_at_ms = None;
            return false;
        }
        let before = self.on_at_ms.replace(now_ms);
        before.is_some_and(|at| now_ms.saturating_sub(at) < delay)
    }
}

/// True of what began: an alarm raised, a state that is active or open.
pub(super) fn is_on(what: &What) -> bool {
    match what {
        What::Observed {
            seen: Seen::State(state),
            ..
        } => !matches!(state, State::Clear | State::Closed | State::Locked),
        other => other.is_raised(),
    }
}
