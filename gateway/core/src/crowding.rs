//! Too many devices of a source: told to the hub as a fault, once, and once when it is over. In the home it is in the summary,
//! for the installer in `devices` and `doctor`. What is done about it is the roster's.

use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{Condition, HealthKind};

use crate::gateway::Gateway;
use crate::roster::Crowd;
use crate::time::Mono;

impl Gateway {
    fn crowd_device(&self, index: usize) -> String {
        let name = self.settings.sources.get(index).map_or("?", |s| &s.name);
        format!("source/{name}/devices")
    }

    /// What came of too many devices of a source; `None` while it has none too many.
    pub(crate) fn crowd_seen(&self, index: usize) -> Option<Crowd> {
        let crowd = self.senses.roster.crowd(index);
        crowd.until().map(|_| crowd)
    }

    /// A source that had too many devices when the last run ended may have them still.
    pub(crate) fn recall_crowds(&mut self, now: Mono) {
        for index in 0..self.sources.len() {
            if self.senses.is_raised(&self.crowd_device(index)) {
                self.senses.roster.crowded(index, Some(now));
            }
        }
    }

    /// A source has brought more devices than can be remembered, or has not for an hour.
    pub(crate) fn tick_crowd(&mut self, index: usize, now: Mono) {
        let Some(until) = self.senses.roster.crowd(index).until() else {
            return;
        };
        let device = self.crowd_device(index);
        let what = if until <= now {
            self.senses.roster.crowded(index, None);
            let detail = "no more devices than can be remembered";
            What::health(HealthKind::Fault, Condition::Restored, detail)
        } else if self.senses.is_raised(&device) {
            return;
        } else {
            let most = self.settings.limits.devices;
            let detail = format!(
                "too many devices: more than {most} that are not listed; the one heard longest ago is forgotten for a new \
                 one, alarms are raised all the same"
            );
            What::health(HealthKind::Fault, Condition::Raised, detail)
        };
        self.own(&device, what, now);
    }

    /// A source has brought more devices than can be remembered.
    pub(crate) fn is_crowded(&self) -> bool {
        let mut sources = 0..self.sources.len();
        sources.any(|n| self.senses.roster.crowd(n).until().is_some())
    }
}
