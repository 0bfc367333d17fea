//! Home Assistant's filters, tests and functions that need nothing but their values, and Jinja's where Home Assistant has its
//! own. What asks a clock, another entity or chance is not here: a template that names it is not read.
//! Source: home-assistant/core 2024.3 `helpers/template.py`.

use minijinja::value::{Kwargs, Rest, Value, ValueKind, ValueOrKwargs, from_args};
use minijinja::{Environment, Error, ErrorKind, State};

use super::arithmetic;
use super::numbers::{self, Unfit};
use super::payload::{self, Shared};
use super::scan::LESS;
use super::texts;

/// The name under which filters find [`Shared`].
pub(super) const MISSED: &str = "_missed";

/// The most numbers of one average.
const LISTED_MOST: usize = 4096;

/// Arguments by place or name.
pub(super) type Rests = Rest<ValueOrKwargs>;

/// Puts the values of arguments in the places of `names`.
pub(super) fn named<const N: usize>(
    rest: Rests,
    names: [&str; N],
) -> Result<[Option<Value>; N], Error> {
    let values = rest.into_values();
    let (placed, kwargs): (&[Value], Kwargs) = from_args(&values)?;
    if placed.len() > N {
        return Err(Error::from(ErrorKind::TooManyArguments));
    }
    let mut out = [const { None }; N];
    for ((slot, name), place) in out.iter_mut().zip(names).zip(0..) {
        *slot = match placed.get(place) {
            Some(value) => Some(value.clone()),
            None if kwargs.has(name) => Some(kwargs.get::<Value>(name)?),
            None => None,
        };
    }
    kwargs.assert_all_used()?;
    Ok(out)
}

/// A value, or what stands in for one that is no number.
pub(super) fn or_default<T: Into<Value>>(
    value: Result<T, Unfit>,
    default: Option<Value>,
) -> Result<Value, Error> {
    match (value, default) {
        (Ok(value), _) => Ok(value.into()),
        (Err(Unfit::Other), Some(default)) => Ok(default),
        (Err(Unfit::Other), None) => Err(bad("no number, and no default")),
        (Err(Unfit::Undefined), _) => Err(Error::from(ErrorKind::UndefinedError)),
    }
}

pub(super) fn bad(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

/// Notes that a template met what is not there.
pub(super) fn note(state: &State<'_, '_>) {
    if let Some(missed) = state.lookup(MISSED)
        && let Some(shared) = missed.downcast_object_ref::<Shared>()
    {
        shared.0.note();
    }
}

/// Of numbers, each with the value that it came from.
type OfList = fn(&mut [(f64, Value)]) -> Option<Value>;

/// Adds all of them.
pub(super) fn add(env: &mut Environment<'static>) {
    add_conversions(env);
    add_orders(env);
    arithmetic::add(env);
    texts::add(env);
    env.add_filter("is_defined", |value: Value| {
        if value.is_undefined() {
            Err(Error::from(ErrorKind::UndefinedError))
        } else {
            Ok(value)
        }
    });
    for name in ["default", "d"] {
        env.add_filter(name, default);
    }
    env.add_filter("contains", contains);
    env.add_test("contains", contains);
    env.add_filter("from_json", from_json);
    env.add_filter("iif", iif);
    env.add_function("iif", iif);
    env.add_test("list", |value: Value| {
        value.kind() == ValueKind::Seq && !value.is_tuple()
    });
    // Whatever has a length and a place for each item.
    env.add_test("sequence", |value: Value| {
        matches!(
            value.kind(),
            ValueKind::Seq | ValueKind::String | ValueKind::Map
        )
    });
    env.add_function("tuple", |state: &mut State<'_, '_>, value: Value| {
        state.apply_filter("list", &[value])
    });
}

fn add_conversions(env: &mut Environment<'static>) {
    let float = |value: Value, rest: Rests| {
        let [default] = named(rest, ["default"])?;
        or_default(numbers::float(&value), default)
    };
    env.add_filter("float", float);
    env.add_function("float", float);
    let int = |value: Value, rest: Rests| {
        let [default, base] = named(rest, ["default", "base"])?;
        let base = base.and_then(|base| base.as_usize()).unwrap_or(10);
        let base = u32::try_from(base).unwrap_or(10);
        or_default(numbers::int(&value, base), default)
    };
    env.add_filter("int", int);
    env.add_function("int", int);
    let boolean = |value: Value, rest: Rests| {
        let [default] = named(rest, ["default"])?;
        or_default(boolean(&value), default)
    };
    env.add_filter("bool", boolean);
    env.add_function("bool", boolean);
    let is_number = |value: Value| numbers::float(&value).is_ok_and(f64::is_finite);
    env.add_filter("is_number", is_number);
    env.add_function("is_number", is_number);
    env.add_test("is_number", is_number);
    env.add_filter("round", round);
}

fn add_orders(env: &mut Environment<'static>) {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let orders = [&[Less][..], &[Less, Equal], &[Greater], &[Greater, Equal]];
    for ((_, name), due) in LESS.iter().zip(orders) {
        env.add_function(*name, move |a: Value, b: Value| {
            numbers::order(&a, &b).map(|order| order.is_some_and(|order| due.contains(&order)))
        });
    }
    for name in ["max", "min"] {
        env.add_function(name, move |state: &mut State<'_, '_>, rest: Rest<Value>| {
            state.apply_filter(name, &[listed(rest)])
        });
    }
    let functions: [(&'static str, OfList); 2] = [("average", average), ("median", median)];
    for (name, of) in functions {
        let of = move |rest: Rest<Value>| {
            let mut numbers = Vec::new();
            for value in listed(rest).try_iter()? {
                if numbers.len() == LISTED_MOST {
                    return Err(bad("a list of more than 4096 numbers"));
                }
                let is_number = matches!(value.kind(), ValueKind::Number | ValueKind::Bool);
                let number = numbers::float(&value).ok().filter(|_| is_number);
                numbers.push((number.ok_or(bad("a list with what is no number"))?, value));
            }
            of(&mut numbers).ok_or(bad("an empty list"))
        };
        env.add_filter(name, of);
        env.add_function(name, of);
    }
}

/// One list, or the values themselves.
fn listed(Rest(mut values): Rest<Value>) -> Value {
    match values.pop() {
        Some(one) if values.is_empty() => one,
        Some(last) => {
            values.push(last);
            Value::from(values)
        }
        None => Value::from(values),
    }
}

fn average(numbers: &mut [(f64, Value)]) -> Option<Value> {
    let sum: f64 = numbers.iter().map(|(number, _)| number).sum();
    (!numbers.is_empty()).then(|| Value::from(sum / numbers.len() as f64))
}

/// The one in the middle as it is, or the mean of the two.
fn median(numbers: &mut [(f64, Value)]) -> Option<Value> {
    numbers.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (upper, value) = numbers.get(numbers.len() / 2)?;
    if numbers.len() % 2 == 1 {
        return Some(value.clone());
    }
    let (lower, _) = numbers.get(numbers.len() / 2 - 1)?;
    Some(Value::from(f64::midpoint(*lower, *upper)))
}

/// What Home Assistant's `cv.boolean` takes for yes and no.
fn boolean(value: &Value) -> Result<bool, Unfit> {
    match value.kind() {
        ValueKind::Bool => Ok(value.is_true()),
        ValueKind::Number => numbers::float(value).map(|n| n != 0.0),
        ValueKind::String => {
            let word = value.as_str().unwrap_or_default().trim().to_lowercase();
            match word.as_str() {
                "1" | "true" | "yes" | "on" | "enable" => Ok(true),
                "0" | "false" | "no" | "off" | "disable" => Ok(false),
                _ => Err(Unfit::Other),
            }
        }
        // Not as `float`: a default stands in here.
        _ => Err(Unfit::Other),
    }
}

/// Home Assistant's `round`: to no digits it gives a whole number.
fn round(value: &Value, rest: Rests) -> Result<Value, Error> {
    let [precision, method, default] = named(rest, ["precision", "method", "default"])?;
    let digits = precision
        .map_or(Some(0), |p| p.as_i64())
        .ok_or(bad("digits that are no number"))?;
    let number = match numbers::float(value) {
        Ok(number) => number,
        Err(unfit) => return or_default(Err::<Value, _>(unfit), default),
    };
    let step = 10f64.powi(i32::try_from(digits.clamp(-30, 30)).unwrap_or(0));
    let rounded = match method.as_ref().and_then(|m| m.as_str()) {
        Some("ceil") => (number * step).ceil() / step,
        Some("floor") => (number * step).floor() / step,
        Some("half") => (number * 2.0).round_ties_even() / 2.0,
        _ => numbers::round(number, digits),
    };
    if digits == 0 {
        return or_default(numbers::int(&Value::from(rounded), 10), default);
    }
    Ok(Value::from(rounded))
}

/// Jinja's `default`: what stands in for a value that is not there has met a missing key.
fn default(state: &State<'_, '_>, value: Value, rest: Rests) -> Result<Value, Error> {
    let [other, lax] = named(rest, ["default_value", "boolean"])?;
    let other = other.unwrap_or_else(|| Value::from(""));
    let is_lax = lax.is_some_and(|lax| lax.is_true());
    if value.is_undefined() {
        note(state);
        return Ok(other);
    }
    Ok(if is_lax && !value.is_true() {
        other
    } else {
        value
    })
}

fn contains(state: &mut State<'_, '_>, list: Value, one: Value) -> Result<bool, Error> {
    state.perform_test("in", &[one, list])
}

fn iif(value: &Value, rest: Rests) -> Result<Value, Error> {
    let [yes, no, none] = named(rest, ["if_true", "if_false", "if_none"])?;
    Ok(match none {
        Some(none) if value.is_none() => none,
        _ if value.is_true() => yes.unwrap_or(Value::from(true)),
        _ => no.unwrap_or(Value::from(false)),
    })
}

fn from_json(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    let missed = state.lookup(MISSED);
    let shared = missed
        .as_ref()
        .and_then(|missed| missed.downcast_object_ref::<Shared>());
    let (Some(text), Some(shared)) = (value.as_str(), shared) else {
        return Err(bad("JSON that is no text"));
    };
    payload::read(text, &shared.0).ok_or(bad("no JSON"))
}
