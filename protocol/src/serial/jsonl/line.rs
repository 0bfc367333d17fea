//! What one line means. It sees one object at a time and remembers nothing.

use crate::json::{self, Fields, Value};
use crate::mqtt::reading::number_of;
use crate::signal::{HealthOf, Measured, Message, Missing, Reading, Refusal, Seen, Signal, What};
use crate::units::convert;
use crate::vocabulary::{
    AlarmKind, Condition, HealthKind, ObservedKind, Quality, State, Unit, VitalKind, is_within,
};
use crate::when;

/// The longest name of a device, bytes.
const NAME_LONGEST: usize = 256;

/// The longest other text that is passed on, bytes.
const TEXT_LONGEST: usize = 128;

/// The most unknown keys that one line names.
const UNMAPPED_MOST: usize = 16;

/// A line's keys as they were said.
#[derive(Debug, Default)]
struct Line {
    device: Option<String>,
    what: Option<String>,
    kind: Option<String>,
    state: Option<String>,
    condition: Option<String>,
    quality: Option<String>,
    unit: Option<String>,
    field: Option<String>,
    model: Option<String>,
    detail: Option<String>,
    code: Option<String>,
    value: Option<f64>,
    time_ms: Option<i64>,
    test: bool,
    refusals: Vec<Refusal>,
    unmapped: Vec<String>,
}

/// Why a line says nothing: the named fault that costs the whole line.
type Said<T> = Result<T, Refusal>;

fn bad(field: &str, due: &'static str) -> Refusal {
    Refusal::BadValue {
        field: field.to_owned(),
        due,
    }
}

/// Reads one object.
pub(super) fn read(object: &[u8]) -> Message {
    let mut line = Line::default();
    if let Err(refusal) = json::each_field(object, &mut line) {
        return Message::refused(refusal);
    }
    let mut message = Message::default();
    match line.signal() {
        Ok(signal) => message.signals.push(signal),
        Err(refusal) if line.refusals.contains(&refusal) => {}
        Err(refusal) => message.refusals.push(refusal),
    }
    // A bad time or model does not cost an alarm.
    message.refusals.append(&mut line.refusals);
    message.unmapped = line.unmapped;
    message
}

impl Fields for Line {
    fn enters(&self, _: &str) -> bool {
        false
    }

    fn field(&mut self, key: &str, value: Value<'_>) {
        if value == Value::Null || key == "n" {
            return;
        }
        let text = match key {
            "device" => &mut self.device,
            "what" => &mut self.what,
            "kind" => &mut self.kind,
            "state" => &mut self.state,
            "condition" => &mut self.condition,
            "quality" => &mut self.quality,
            "unit" => &mut self.unit,
            "field" => &mut self.field,
            "model" => &mut self.model,
            "detail" => &mut self.detail,
            "code" => &mut self.code,
            _ => return self.other(key, value),
        };
        let longest = match key {
            "device" => NAME_LONGEST,
            _ => TEXT_LONGEST,
        };
        match value {
            Value::Text(said) if said.len() <= longest && !said.contains(char::is_control) => {
                *text = Some(said.to_owned());
            }
            _ => self
                .refusals
                .push(bad(key, "short text without control characters")),
        }
    }
}

impl Line {
    /// Keys that are no text.
    fn other(&mut self, key: &str, value: Value<'_>) {
        match (key, value) {
            ("value", _) => match value.number() {
                Some(number) => self.value = Some(number),
                None => self.refusals.push(bad(key, "a number")),
            },
            ("test", Value::Bool(test)) => self.test = test,
            ("test", _) => self.refusals.push(bad(key, "true or false")),
            ("time", _) => {
                let read = match value {
                    Value::Number(n) => when::from_number(n),
                    Value::Text(text) => when::from_text(text),
                    Value::Null | Value::Bool(_) | Value::Nested => None,
                };
                match read {
                    Some(ms) => self.time_ms = Some(ms),
                    None => self
                        .refusals
                        .push(bad(key, "ISO 8601 with its zone, or ms since 1970")),
                }
            }
            _ if self.unmapped.len() < UNMAPPED_MOST => self
                .unmapped
                .push(key.chars().filter(|c| !c.is_control()).take(64).collect()),
            _ => {}
        }
    }

    fn signal(&self) -> Said<Signal> {
        let device = self
            .device
            .as_deref()
            .filter(|name| !name.is_empty())
            .ok_or(bad("device", "1 to 256 bytes without control characters"))?;
        let kind = self
            .kind
            .as_deref()
            .ok_or(bad("kind", "a kind of the vocabulary"))?;
        let (what, reading, list) = self.meaning(kind)?;
        if self.what.as_deref().is_some_and(|said| said != list) {
            return Err(bad("what", "the list that the kind is in"));
        }
        let field = self.field.as_deref().unwrap_or(kind);
        let mut signal = Signal::new(device, field, reading, what);
        signal.happened_ms = self.time_ms;
        signal.test = self.test;
        self.model
            .as_deref()
            .unwrap_or_default()
            .clone_into(&mut signal.model);
        Ok(signal)
    }

    fn meaning(&self, kind: &str) -> Said<(What, Reading, &'static str)> {
        if let Some(kind) = AlarmKind::from_word(kind) {
            let (what, reading) = self.alarm(kind)?;
            Ok((what, reading, "alarm"))
        } else if let Some(kind) = VitalKind::from_word(kind) {
            let reading = self.vital(kind)?;
            Ok((What::Vital { kind, reading }, Reading::Sample, "vital"))
        } else if let Some(kind) = ObservedKind::from_word(kind) {
            let (what, reading) = self.observed(kind)?;
            Ok((what, reading, "observed"))
        } else if let Some(kind) = HealthKind::from_word(kind) {
            let (what, reading) = self.health(kind)?;
            Ok((what, reading, "health"))
        } else {
            Err(Refusal::NotInVocabulary {
                field: "kind".to_owned(),
            })
        }
    }

    /// `state` or `condition`, which may not contradict one another.
    fn said_state(&self) -> Said<Option<&str>> {
        let refused = |key: &str| {
            self.refusals
                .iter()
                .any(|r| matches!(r, Refusal::BadValue { field, .. } if field == key))
        };
        // A state that could not be read is no press.
        if refused("state") || refused("condition") {
            return Err(bad("state", "a word"));
        }
        match (self.state.as_deref(), self.condition.as_deref()) {
            (Some(state), Some(condition)) if state != condition => {
                Err(bad("condition", "the same as state"))
            }
            (state, condition) => Ok(state.or(condition)),
        }
    }

    fn condition(&self) -> Said<Option<Condition>> {
        self.said_state()?
            .map(|word| {
                Condition::from_word(word).ok_or(bad("state", "raised, restored or cancelled"))
            })
            .transpose()
    }

    fn alarm(&self, kind: AlarmKind) -> Said<(What, Reading)> {
        let condition = self.condition()?;
        let what = What::Alarm {
            kind,
            condition: condition.unwrap_or(Condition::Raised),
            raw_code: match kind {
                AlarmKind::Unknown => self.code.clone().unwrap_or_default(),
                _ => String::new(),
            },
        };
        let reading = if condition.is_none() || is_press(kind) {
            Reading::Pulse
        } else {
            Reading::Edge
        };
        Ok((what, reading))
    }

    fn vital(&self, kind: VitalKind) -> Said<Measured> {
        let quality = self
            .quality
            .as_deref()
            .map(|word| Quality::from_word(word).ok_or(bad("quality", "a quality")))
            .transpose()?
            .unwrap_or(Quality::Ok);
        let missing = match quality {
            Quality::Ok | Quality::Questionable => {
                let value = self.number(kind.unit())?;
                check_code(kind, value)?;
                return Ok(Measured::Value {
                    value,
                    questionable: quality == Quality::Questionable,
                });
            }
            Quality::SensorOff => Missing::SensorOff,
            Quality::NoSignal => Missing::NoSignal,
            Quality::OutOfRange => Missing::OutOfRange,
            Quality::DeviceError => Missing::DeviceError,
            Quality::NotANumber => Missing::NotANumber,
        };
        match self.value {
            None => Ok(Measured::Missing(missing)),
            Some(_) if quality == Quality::OutOfRange && kind.unit().is_some() => {
                Ok(Measured::Beyond(self.number(kind.unit())?))
            }
            Some(_) => Err(bad(
                "value",
                "none beside a quality that says why there is none",
            )),
        }
    }

    fn observed(&self, kind: ObservedKind) -> Said<(What, Reading)> {
        if kind.unit().is_some() {
            let value = Value::Number(self.value.ok_or(bad("value", "a number"))?);
            let seen = Seen::Value(number_of(kind, value, self.unit.as_deref(), "value")?);
            return Ok((What::Observed { kind, seen }, Reading::Sample));
        }
        let state = self
            .said_state()?
            .and_then(|word| State::of(kind, word))
            .ok_or(bad("state", "a word that its kind has"))?;
        let reading = match kind {
            ObservedKind::Button | ObservedKind::Medication => Reading::Pulse,
            _ => Reading::Edge,
        };
        Ok((What::state(kind, state), reading))
    }

    fn health(&self, kind: HealthKind) -> Said<(What, Reading)> {
        let detail = self.detail.clone().unwrap_or_default();
        if kind == HealthKind::Battery {
            let charge = self.number(Some(Unit::Percent))?;
            if !(0.0..=100.0).contains(&charge) {
                return Err(bad("value", "0 to 100"));
            }
            let of = HealthOf::Value(charge);
            return Ok((What::Health { kind, of, detail }, Reading::Sample));
        }
        match (self.condition()?, kind) {
            (Some(condition), _) => Ok((What::health(kind, condition, detail), Reading::Edge)),
            // A test button is pressed.
            (None, HealthKind::TestCall) => Ok((
                What::health(kind, Condition::Raised, detail),
                Reading::Pulse,
            )),
            (None, _) => Err(bad("state", "raised or restored")),
        }
    }

    /// `value` in the vocabulary's unit.
    fn number(&self, unit: Option<Unit>) -> Said<f64> {
        let value = self.value.ok_or(bad("value", "a number"))?;
        let bad_unit = |said: &str| Refusal::BadUnit {
            field: "unit".to_owned(),
            unit: said.to_owned(),
        };
        match (self.unit.as_deref(), unit) {
            (Some(said), Some(unit)) => convert(value, said, unit).ok_or_else(|| bad_unit(said)),
            (Some(said), None) => Err(bad_unit(said)),
            (None, _) => Ok(value),
        }
    }
}

/// True of what is news every time it is said.
pub(super) const fn is_press(kind: AlarmKind) -> bool {
    matches!(kind, AlarmKind::Help | AlarmKind::Panic | AlarmKind::Fall)
}

/// Consciousness and oxygen are codes, not measurements: one that does not exist is refused.
fn check_code(kind: VitalKind, value: f64) -> Said<()> {
    let is_code = kind.unit().is_none();
    if is_code && (value.fract().abs() > f64::EPSILON || !is_within(value, kind.range())) {
        return Err(bad("value", "a code of its kind"));
    }
    Ok(())
}
