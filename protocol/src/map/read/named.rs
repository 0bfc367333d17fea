//! What a value says whose name is an alarm's. A name that the table of alarm names does not have says nothing and stays
//! unmapped, and so does a number that is no yes and no no.

use std::borrow::Cow;

use super::turn::Turn;
use crate::alarm_names::{self, Named, Says, named_in_a_place, plain, yes_or_no};
use crate::map::emit::{Emit, Field};
use crate::map::template::{Place, Template};
use crate::map::tree::Value;
use crate::map::unmapped::shown;
use crate::map::value::{is_unknown, text_of};
use crate::signal::{Reading, Signal, What};
use crate::vocabulary::{Condition, HealthKind};

impl<'r> Turn<'r> {
    /// What one value says by its name. What another emit has understood is not said again.
    pub(super) fn named(
        &mut self,
        (emit, template): (&'r Emit, &Template),
        (value, name): (&Value<'_>, Cow<'r, str>),
        place: Place<'_>,
    ) {
        let taken = !name.is_empty() && self.tables.get(&name) == Some(&true);
        let Some(called) = template.fill(place).ok().filter(|_| !taken) else {
            return;
        };
        let Some(of) = named_in_a_place(&called).filter(|named| *named != Named::Unsaid) else {
            return;
        };
        let text = text_of(value);
        // A group is read one level down, where the table asks for it.
        if matches!(value, Value::Object(_) | Value::Array(_)) {
            return;
        }
        let is_number = matches!(value, Value::Number(_));
        // `{"value": 1, "unit": "ppm"}`: a number of a group of its own is a measurement.
        let is_value = is_number && name.ends_with(".value");
        let is_none = is_value
            || text.as_deref().is_some_and(|text| {
                is_number && (yes_or_no(text).is_none() || is_measured(&plain(&called)))
            });
        if is_none || emit.ignores(value) {
            return;
        }
        self.understood.insert(shown(&name));
        if is_unknown(value) {
            return;
        }
        let said = text.as_deref().and_then(|text| alarm_names::says(of, text));
        let Some(said) = said else {
            self.tables.entry(name).or_insert(false);
            return;
        };
        self.tables.insert(name.clone(), true);
        let condition = match said {
            Says::Raised => Condition::Raised,
            // Each press is news; that the button came up takes nothing back.
            Says::Restored if of.is_call() => return,
            Says::Restored => Condition::Restored,
            Says::Neither => return,
        };
        let (what, kind) = match of.kind() {
            Some(kind) => (What::alarm(kind, condition), kind.word()),
            None => (
                What::health(HealthKind::Tamper, condition, "opened or removed"),
                HealthKind::Tamper.word(),
            ),
        };
        let Some((device, model)) = self.called(emit, place) else {
            return;
        };
        let field = match &emit.field {
            Some(Field::Named(field)) => field.clone(),
            _ if name.is_empty() => kind.to_owned(),
            _ => name.into_owned(),
        };
        let reading = if of.is_call() {
            Reading::Pulse
        } else {
            emit.reading
        };
        let mut signal = Signal::new(device, field, reading, what);
        signal.model = model;
        signal.test = emit.test;
        self.message.signals.push(signal);
    }
}

/// True of a name that with a number is as well a concentration: 1 ppm is no alarm.
fn is_measured(plain: &str) -> bool {
    matches!(
        plain,
        "carbon_monoxide" | "co" | "gas" | "moisture" | "smoke_level"
    )
}
