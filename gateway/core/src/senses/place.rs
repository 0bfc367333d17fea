//! What a signal means, given whether its device has a place in this home. An alarm needs none.

use tecs_protocol::signal::{Refusal, Signal, What};
use tecs_protocol::vocabulary::{Condition, Lane};

use super::{Senses, Understood};
use crate::normalise::{Came, Care, Meaning, normalise};
use crate::roster::{Standing, Whose, stranger};
use crate::settings::Settings;
use crate::time::Mono;

/// Why nothing came of a word that its field said before.
const REPEAT: &str = "repeat";
/// Why nothing came of a first all clear.
const CLEAR: &str = "all clear, of a device met while its source has too many";

/// Why nothing came of a signal.
#[derive(Debug)]
pub(super) enum Silent {
    /// It says nothing new.
    Because(&'static str),
    /// It could not be taken.
    Refused(Refusal),
}

impl Senses {
    /// What one signal of this source means.
    pub(super) fn heard(
        &mut self,
        settings: &Settings,
        (source, name): (usize, &str),
        signal: Signal,
        came: Came,
        now: Mono,
    ) -> Result<Meaning, Silent> {
        let raises = is_raised_alarm(&signal.what);
        let clock = self.clock;
        let of = (signal.device.as_str(), signal.model.as_str());
        let Some((whose, known)) = self.roster.meet((source, name), of, raises, now) else {
            if !matches!(signal.what, What::Alarm { .. }) {
                let limit = settings.limits.devices;
                return Err(Silent::Refused(Refusal::TooManyDevices { limit }));
            }
            // It is raised without a place: nothing is remembered of it, so that every word of it is news.
            let mut known = stranger(name, of.0, of.1, now);
            let said = normalise(signal, &mut known, None, name, came, &clock, now);
            let mut meaning = said.ok_or(Silent::Because(REPEAT))?;
            meaning.state = None;
            return Ok(meaning);
        };
        known.spoke(&signal.field, &signal.what, came.care == Care::Shared);
        let told = known.named.and_then(|n| settings.devices.get(n));
        let is_first = known.last(&signal.field).is_none();
        let said = normalise(signal, known, told, name, came, &clock, now);
        let mut meaning = said.ok_or(Silent::Because(REPEAT))?;
        if is_first && self.is_mere_clear(&whose, &meaning) {
            return Err(Silent::Because(CLEAR));
        }
        if meaning.state.is_some() {
            self.roster.noted(&whose);
        }
        meaning.by = Some(whose);
        Ok(meaning)
    }

    /// Nothing came of a signal: it is counted and said why.
    pub(super) fn was_silent(
        &mut self,
        source: usize,
        silent: Silent,
        understood: &mut Understood,
    ) {
        match silent {
            Silent::Because(why) => {
                if let Some(notebook) = self.notebooks.get_mut(source) {
                    notebook.ignored(why);
                }
                understood.ignored.get_or_insert(why);
            }
            Silent::Refused(refusal) if understood.refusals.contains(&refusal) => {}
            Silent::Refused(refusal) => understood.refusals.push(refusal),
        }
    }

    /// The first all clear of a device is news (decision 011), but not of one of too many that come and go: each would be a
    /// record of the alarm lane every time it is met anew. Where an alarm was raised without a place, it may be its end.
    fn is_mere_clear(&self, whose: &Whose, meaning: &Meaning) -> bool {
        let crowd = self.roster.crowd(whose.0);
        meaning.lane == Lane::Alarm
            && !meaning.event.what.is_raised()
            && crowd.until().is_some()
            && crowd.without_place == 0
            && self.roster.standing(whose) == Some(Standing::Quiet)
    }
}

/// True of what the limits never hold for.
const fn is_raised_alarm(what: &What) -> bool {
    matches!(
        what,
        What::Alarm {
            condition: Condition::Raised,
            ..
        }
    )
}
