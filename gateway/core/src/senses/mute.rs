//! A device that is there to raise an alarm, by its model or name, that says what nobody understands and never said an alarm:
//! the hub is told once, and once more when it says one, whatever ends and starts in between.

use tecs_protocol::signal::{Reading, Signal, Speaker, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, HealthKind};

use super::{Senses, Understood};
use crate::memory;
use crate::normalise::Came;
use crate::roster::Whose;
use crate::settings::Settings;
use crate::time::Mono;

/// The field under which it is told; no source names it.
pub(crate) const FIELD: &str = "gateway/mute";

impl Senses {
    /// What a device's own words did not say: that it is mute, or, of those that said an alarm just now, that they are no
    /// longer.
    pub(super) fn tell_mute(
        &mut self,
        settings: &Settings,
        (source, name): (usize, &str),
        speaker: Option<&Speaker>,
        came: Came,
        now: Mono,
        understood: &mut Understood,
    ) {
        for whose in std::mem::take(&mut self.speaks_up) {
            let what = What::health(
                HealthKind::Untaught,
                Condition::Restored,
                "it has said an alarm",
            );
            self.tell(settings, name, (&whose, what), came, now, understood);
        }
        let Some(speaker) = speaker else {
            return;
        };
        let of = (speaker.device.as_str(), speaker.model.as_str());
        let Some((whose, known)) = self.roster.meet((source, name), of, false, now) else {
            return;
        };
        // It was told before, or is told already by what its own words are.
        if known.last(FIELD).is_some() || known.stands_untaught() {
            return;
        }
        if let Some(kind) = known.mute(of.0).filter(|kind| is_told(*kind)) {
            let detail = format!("its name or model says {kind}, and nothing that it says is that");
            let what = What::health(HealthKind::Untaught, Condition::Raised, detail);
            self.tell(settings, name, (&whose, what), came, now, understood);
        }
    }

    fn tell(
        &mut self,
        settings: &Settings,
        name: &str,
        (whose, what): (&Whose, What),
        came: Came,
        now: Mono,
        understood: &mut Understood,
    ) {
        let device = &*whose.1;
        let mut signal = Signal::new(device, FIELD, Reading::Edge, what);
        let known = self.roster.known(whose.0, device);
        signal.model = known.map_or_else(String::new, |known| known.model.clone());
        let meaning = self.heard(settings, (whose.0, name), (signal, false), came, now);
        // After a kill as well it is not told again: its note goes with the alarms'.
        let known = self.roster.known(whose.0, device);
        if let Some(word) = known.and_then(|known| known.last(FIELD)) {
            let note = memory::state(name, device, FIELD, Some(word));
            understood.states.push(note);
            self.roster.noted(whose);
        }
        if let Ok(mut meaning) = meaning {
            meaning.state = None;
            understood.meanings.push(meaning);
        }
    }
}

/// Kinds of which the hub is told that a device is mute; of others the installer alone.
const fn is_told(kind: AlarmKind) -> bool {
    matches!(
        kind,
        AlarmKind::Smoke
            | AlarmKind::Co
            | AlarmKind::Gas
            | AlarmKind::Flood
            | AlarmKind::Help
            | AlarmKind::Panic
    )
}
