//! One thing that a rule says: from a value to a word of the vocabulary. A value that is absent, null or empty is unknown
//! and says nothing; one that no table knows is refused by name.

use super::decode::Decode;
use super::pointer::Pointer;
use super::rule::Cond;
use super::template::{Place, Template};
use super::tree::Value;
use super::unmapped::shown;
use super::value::{Named, Table, is_unknown, number_of, text_of};
use crate::signal::{HealthOf, Measured, Missing, Reading, Refusal, Seen, What};
use crate::units::convert;
use crate::vocabulary::{HealthKind, ObservedKind, State, Unit, VitalKind};

/// A compiled emit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Emit {
    /// Where it stands in the text.
    pub(super) key: String,
    pub(super) at: Option<Pointer>,
    /// What its value is called; none when that depends on what a `*` matches.
    pub(super) name: Option<String>,
    /// The value is whether the number has any of these bits.
    pub(super) mask: Option<u64>,
    pub(super) hex: bool,
    pub(super) when: Vec<Cond>,
    /// Another device than the rule's; empty for the rule's.
    pub(super) device: Template,
    pub(super) field: Option<Field>,
    pub(super) kind: &'static str,
    pub(super) reading: Reading,
    pub(super) says: Says,
    /// What it says where `at` finds nothing.
    pub(super) absent: Option<What>,
    pub(super) ignore: Vec<Named>,
    pub(super) test: bool,
    pub(super) detail: Template,
    pub(super) code: Template,
}

/// What the state is called that repeats.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    Named(String),
    Made(Template),
}

/// How a value becomes a word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Says {
    /// It says this whenever the rule fits.
    Always(What),
    /// Each value says something, or (`None`) nothing.
    Words(Table<Option<What>>),
    /// As `Words`, of a text of several words.
    Several(Table<Option<What>>),
    /// A button's own name for what was done to it.
    Button,
    /// A number.
    Number(Box<Number>),
    /// The value is a whole message of a device, which says what it says.
    Value(Decode),
    /// An alarm or tamper: which, the one table of alarm names says of this name.
    Named(Template),
}

/// How a number is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    pub(super) of: NumberOf,
    pub(super) unit: Option<String>,
    pub(super) unit_at: Option<Pointer>,
    pub(super) scale: f64,
    pub(super) offset: f64,
    pub(super) range: (f64, f64),
    pub(super) missing: Table<Missing>,
}

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberOf {
    Vital(VitalKind),
    Observed(ObservedKind),
    Battery,
}

/// What a value said.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    What(What),
    /// Known, and nothing to say.
    Nothing,
    /// In no row of its table.
    NotInTable,
    Refused(Refusal),
}

impl Emit {
    /// True for a value that is no reading.
    pub(super) fn ignores(&self, value: &Value<'_>) -> bool {
        self.ignore.iter().any(|sentinel| sentinel.is(value))
    }

    /// What a value says; `name` is the field's, for refusals.
    pub(super) fn read(&self, value: &Value<'_>, name: &str, place: Place<'_>) -> Said {
        if self.ignores(value) {
            return Said::Nothing;
        }
        let has = self.mask.map(|mask| (mask, whole(value, self.hex)));
        let has = match has {
            None => None,
            Some(_) if is_unknown(value) => return Said::Nothing,
            Some((_, None)) => return refused(name, "a whole number of 0 or more"),
            Some((mask, Some(number))) => Some(Value::Bool(number & mask != 0)),
        };
        let value = has.as_ref().unwrap_or(value);
        match &self.says {
            Says::Always(_) | Says::Button if is_unknown(value) => Said::Nothing,
            Says::Always(what) => Said::What(what.clone()),
            Says::Words(table) => match table.get(value) {
                Some(Some(what)) => Said::What(what.clone()),
                Some(None) => Said::Nothing,
                None if is_unknown(value) => Said::Nothing,
                None if text_of(value).is_none() => refused(name, "a single value"),
                None => Said::NotInTable,
            },
            Says::Several(table) => match text_of(value).filter(|text| !text.is_empty()) {
                Some(text) => several(table, &text),
                None if is_unknown(value) => Said::Nothing,
                None => refused(name, "a single value"),
            },
            Says::Button => {
                let word = text_of(value).map(|text| shown(&text));
                match word.and_then(|w| State::of(ObservedKind::Button, &w)) {
                    Some(state) => Said::What(What::state(ObservedKind::Button, state)),
                    None => refused(name, "a single value"),
                }
            }
            Says::Number(number) => number.read(value, name, place),
            // Says several things: `read` takes it apart.
            Says::Value(_) | Says::Named(_) => Said::Nothing,
        }
    }
}

/// What several words say together: what raises, if any does; what restores, if all do.
fn several(table: &Table<Option<What>>, text: &str) -> Said {
    let mut calm: Option<&What> = None;
    let (mut known, mut all) = (false, true);
    for word in text.split([' ', ',', ';']).filter(|word| !word.is_empty()) {
        match table.get_text(word) {
            Some(Some(what)) if ends(what) => calm = Some(what),
            Some(Some(what)) => return Said::What(what.clone()),
            said => {
                all = false;
                known |= said.is_some();
            }
        }
    }
    match calm {
        Some(what) if all => Said::What(what.clone()),
        None if !known => Said::NotInTable,
        Some(_) | None => Said::Nothing,
    }
}

/// True of an alarm or a technical condition that is over.
const fn ends(what: &What) -> bool {
    matches!(what, What::Alarm { .. } | What::Health { .. }) && !what.is_raised()
}

fn refused(name: &str, due: &'static str) -> Said {
    Said::Refused(Refusal::BadValue {
        field: shown(name),
        due,
    })
}

/// A whole number of 0 or more.
fn whole(value: &Value<'_>, in_hex: bool) -> Option<u64> {
    if in_hex && let Value::String(text) = value {
        return super::codes::hex(text);
    }
    let number = number_of(value).filter(|n| n.fract() == 0.0 && (0.0..9e15).contains(n))?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Checked: whole, 0 to 2^53.
    let number = number as u64;
    Some(number)
}

impl Number {
    fn read(&self, value: &Value<'_>, name: &str, place: Place<'_>) -> Said {
        if let (NumberOf::Vital(kind), Some(why)) = (self.of, self.missing.get(value)) {
            let reading = Measured::Missing(*why);
            return Said::What(What::Vital { kind, reading });
        }
        if is_unknown(value) {
            return Said::Nothing;
        }
        let Some(number) = number_of(value) else {
            return refused(name, "a number");
        };
        let number = if self.scale.to_bits() == 1f64.to_bits() && self.offset == 0.0 {
            number
        } else {
            // What the scale adds in digits was not measured.
            ((number * self.scale + self.offset) * 1e6).round() / 1e6
        };
        let said_unit = self.unit_at.as_ref();
        let said_unit = said_unit.and_then(|at| text_of(at.first(place.root, place.scope)?));
        let unit = said_unit.as_deref().or(self.unit.as_deref());
        let number = match (unit, self.of.unit()) {
            (Some(from), Some(to)) => match convert(number, from, to) {
                Some(number) => number,
                None => {
                    return Said::Refused(Refusal::BadUnit {
                        field: shown(name),
                        unit: shown(from),
                    });
                }
            },
            _ => number,
        };
        self.in_range(number, name)
    }

    fn in_range(&self, number: f64, name: &str) -> Said {
        let inside = (self.range.0..=self.range.1).contains(&number);
        match self.of {
            NumberOf::Vital(kind) if kind.unit().is_none() && number.fract() != 0.0 => {
                refused(name, "a code of its kind")
            }
            NumberOf::Vital(kind) => {
                let reading = if inside {
                    Measured::of(number)
                } else {
                    Measured::Beyond(number)
                };
                Said::What(What::Vital { kind, reading })
            }
            NumberOf::Observed(_) | NumberOf::Battery if !inside || !number.is_finite() => {
                refused(name, "a number in its range")
            }
            NumberOf::Observed(kind) => Said::What(What::Observed {
                kind,
                seen: Seen::Value(number),
            }),
            NumberOf::Battery => Said::What(What::Health {
                kind: HealthKind::Battery,
                of: HealthOf::Value(number),
                detail: String::new(),
            }),
        }
    }
}

impl NumberOf {
    /// The vocabulary's unit.
    pub(super) const fn unit(self) -> Option<Unit> {
        match self {
            Self::Vital(kind) => kind.unit(),
            Self::Observed(kind) => kind.unit(),
            Self::Battery => Some(Unit::Percent),
        }
    }

    /// The range that every number of this kind has.
    pub(super) const fn range(self) -> (f64, f64) {
        match self {
            Self::Battery => (0.0, 100.0),
            Self::Vital(kind) => kind.range(),
            Self::Observed(kind) => kind.range(),
        }
    }
}
