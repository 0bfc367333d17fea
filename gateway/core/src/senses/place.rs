//! What a signal means, given whether its device has a place in this home. An alarm needs none.

use tecs_protocol::signal::{Refusal, Signal, What};
use tecs_protocol::vocabulary::{Condition, HealthKind, Lane};

use super::mute::FIELD;
use super::{Senses, Understood};
use crate::effect::Note;
use crate::known::Known;
use crate::normalise::{Came, Care, HELD, Heard, Hearing, Meaning, normalise};
use crate::roster::{Standing, Whose, stranger};
use crate::settings::Settings;
use crate::time::Mono;

/// Why nothing came of a word of which nobody knows what it means; that was told when it was heard first.
const UNTAUGHT: &str = "nobody has taught what it means";
/// Why nothing came of a first all clear.
const CLEAR: &str = "all clear, of a device met while its source has too many";

/// The most fields of one device whose last words are remembered. Ours: the richest Zigbee device of the published
/// definitions publishes some 300 properties, a few tens of which say anything here.
const FIELDS_MOST: usize = 256;

/// Why nothing came of a signal.
#[derive(Debug)]
pub(super) enum Silent {
    /// It says nothing new; what is to be remembered of it all the same.
    Because(&'static str, Option<Note>),
    /// It could not be taken.
    Refused(Refusal),
}

impl Senses {
    /// What one signal of this source means.
    pub(super) fn heard(
        &mut self,
        settings: &Settings,
        (source, name): (usize, &str),
        (signal, contradicted): (Signal, bool),
        came: Came,
        now: Mono,
    ) -> Result<Meaning, Silent> {
        let raises = is_raised_alarm(&signal.what);
        let again = is_untaught(&signal.what).then_some(UNTAUGHT);
        let clock = self.clock;
        let of = (signal.device.as_str(), signal.model.as_str());
        let Some((whose, known)) = self.roster.meet((source, name), of, raises, now) else {
            if !matches!(signal.what, What::Alarm { .. }) {
                let limit = settings.limits.devices;
                return Err(Silent::Refused(Refusal::TooManyDevices { limit }));
            }
            // It is raised without a place: nothing is remembered of it, so that every word of it is news.
            let mut known = stranger(name, of.0, of.1, now);
            let hearing = Hearing {
                came,
                contradicted,
                ..Hearing::of_ours(name, &clock, now)
            };
            return unremembered(signal, &mut known, hearing);
        };
        let hearing = Hearing {
            told: known.rows(settings),
            came,
            contradicted,
            ..Hearing::of_ours(name, &clock, now)
        };
        if known.last(&signal.field).is_none() && known.fields().count() >= FIELDS_MOST {
            let mut meaning = beyond(signal, known, hearing)?;
            meaning.by = Some(whose);
            return Ok(meaning);
        }
        known.spoke(&signal.field, &signal.what, came.care == Care::Shared);
        let is_first = known.last(&signal.field).is_none();
        let heard = normalise(signal, known, hearing);
        if known.said_alarm && known.is_raised(FIELD) {
            self.speaks_up.push(whose.clone());
        }
        let mut meaning = match heard {
            Heard::News(meaning) => *meaning,
            Heard::Silent(why, state) => {
                if state.is_some() {
                    self.roster.noted(&whose);
                }
                return Err(Silent::Because(again.unwrap_or(why), state));
            }
        };
        if is_first && self.is_mere_clear(&whose, &meaning) {
            return Err(Silent::Because(CLEAR, None));
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
            Silent::Because(why, state) => {
                understood.states.extend(state);
                if let Some(notebook) = self.notebooks.get_mut(source) {
                    notebook.ignored(why);
                }
                // Of several reasons the one is told that is not plain to see.
                if understood.ignored.is_none() || why == HELD {
                    understood.ignored = Some(why);
                }
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

/// What a field means beyond those that are remembered of its device: an alarm is raised all the same.
fn beyond(signal: Signal, known: &Known, hearing: Hearing<'_>) -> Result<Meaning, Silent> {
    if matches!(signal.what, What::Alarm { .. }) {
        return unremembered(signal, &mut known.without_memory(), hearing);
    }
    Err(Silent::Refused(Refusal::BadValue {
        field: "field".to_owned(),
        due: "the name of one of the first 256 fields of its device",
    }))
}

/// What a signal means of which nothing is remembered: every word of it is news, as a press is.
fn unremembered(
    signal: Signal,
    known: &mut Known,
    hearing: Hearing<'_>,
) -> Result<Meaning, Silent> {
    match normalise(signal, known, hearing) {
        Heard::News(meaning) => Ok(Meaning {
            state: None,
            pulse: true,
            ..*meaning
        }),
        Heard::Silent(why, _) => Err(Silent::Because(why, None)),
    }
}

/// True of a word of which nobody knows what it means.
const fn is_untaught(what: &What) -> bool {
    matches!(
        what,
        What::Health {
            kind: HealthKind::Untaught,
            ..
        }
    )
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
