//! States that the gateway itself finds: those of its own devices, and the silence of others. Told once when they change.

use tecs_protocol::signal::{Reading, Signal, What};
use tecs_protocol::vocabulary::{Condition, HealthKind};

use super::Senses;
use crate::normalise::{Heard, Hearing, Meaning, normalise};
use crate::roster::OWN;
use crate::settings::Settings;
use crate::time::Mono;

impl Senses {
    /// A state of the gateway's own: told once when it changes; `None` when it is what it was.
    pub(crate) fn own(&mut self, device: &str, what: What, now: Mono) -> Option<Meaning> {
        let signal = Signal::new(device, "state", Reading::Edge, what);
        let own = (OWN, "gateway");
        let (_, known) = self.roster.meet(own, (device, "gateway"), false, now)?;
        // What was never raised is not restored.
        if known.last("state").is_none() && !signal.what.is_raised() {
            return None;
        }
        match normalise(signal, known, Hearing::of_ours("", &self.clock, now)) {
            Heard::News(meaning) => Some(*meaning),
            Heard::Silent(..) => None,
        }
    }

    /// True while a state of the gateway's own stands raised.
    pub(crate) fn is_raised(&self, device: &str) -> bool {
        self.roster
            .known(OWN, device)
            .is_some_and(|known| known.is_raised("state"))
    }

    /// A named device fell silent or was heard again: told once when it changes.
    pub(crate) fn silence(
        &mut self,
        settings: &Settings,
        named: usize,
        silent: bool,
        now: Mono,
    ) -> Option<Heard> {
        let told = settings.devices.get(named)?;
        let source = settings.sources.get(told.source)?;
        let (condition, detail) = if silent {
            (Condition::Raised, "no word for too long")
        } else {
            (Condition::Restored, "heard again")
        };
        let (key, known) = self.roster.named_mut(told)?;
        if known.last("silence").is_none() && !silent {
            return None;
        }
        let what = What::health(HealthKind::Missing, condition, detail);
        let signal = Signal::new(&*key, "silence", Reading::Edge, what);
        let hearing = Hearing::of_ours(&source.name, &self.clock, now);
        Some(normalise(signal, known, hearing))
    }
}
