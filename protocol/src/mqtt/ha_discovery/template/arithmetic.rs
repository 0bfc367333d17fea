//! `+`, `*` and `%` as Python has them, within bounds. `minijinja` repeats and joins lists without making them, and charges the
//! fuel for one that is printed when its text is made: a hundred million items take ten seconds. Here a list has a limit.

use minijinja::value::{Tuple, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State};

use super::functions::{Rests, bad, named, or_default};
use super::numbers::{self, Unfit};
use super::scan::{PLUS, REST, TIMES};

/// The most items of a list that is made.
const ITEMS_MOST: usize = 4096;
/// The longest text that is made, bytes.
const TEXT_LONGEST: usize = 64 * 1024;

type OfOne = fn(f64) -> f64;
type OfBits = fn(i64, i64) -> i64;

/// Adds all of them.
pub(super) fn add(env: &mut Environment<'static>) {
    env.add_function(PLUS, |a: Value, b: Value| plus(&a, &b));
    env.add_function(TIMES, |a: Value, b: Value| times(&a, &b));
    env.add_function(REST, rest);
    add_functions(env);
}

/// Home Assistant's functions of numbers.
fn add_functions(env: &mut Environment<'static>) {
    env.add_filter("multiply", |value: Value, rest: Rests| {
        let [amount, default] = named(rest, ["amount", "default"])?;
        let amount = amount.ok_or(Error::from(ErrorKind::MissingArgument))?;
        let product = numbers::float(&value).and_then(|value| {
            let amount = numbers::float(&amount).map_err(|_| Unfit::Other)?;
            Ok(value * amount)
        });
        or_default(product, default)
    });
    let functions: [(&'static str, OfOne); 4] = [
        ("sqrt", f64::sqrt),
        ("sin", f64::sin),
        ("cos", f64::cos),
        ("tan", f64::tan),
    ];
    for (name, function) in functions {
        let of = move |value: Value, rest: Rests| {
            let [default] = named(rest, ["default"])?;
            // Python refuses where a float has no number.
            let result = numbers::float(&value).map(function);
            or_default(
                result.and_then(|n| if n.is_nan() { Err(Unfit::Other) } else { Ok(n) }),
                default,
            )
        };
        env.add_filter(name, of);
        env.add_function(name, of);
    }
    let log = |value: Value, rest: Rests| {
        let [base, default] = named(rest, ["base", "default"])?;
        let base = base.map_or(Ok(std::f64::consts::E), |base| numbers::float(&base));
        let log = numbers::float(&value).and_then(|value| {
            let log = value.ln() / base?.ln();
            if log.is_finite() {
                Ok(log)
            } else {
                Err(Unfit::Other)
            }
        });
        or_default(log, default)
    };
    env.add_filter("log", log);
    env.add_function("log", log);
    env.add_global("pi", std::f64::consts::PI);
    env.add_global("tau", std::f64::consts::TAU);
    env.add_global("e", std::f64::consts::E);
    let bits: [(&'static str, OfBits); 3] = [
        ("bitwise_and", |a, b| a & b),
        ("bitwise_or", |a, b| a | b),
        ("bitwise_xor", |a, b| a ^ b),
    ];
    for (name, of) in bits {
        env.add_filter(name, move |a: Value, b: Value| {
            let (Some(a), Some(b)) = (whole(&a), whole(&b)) else {
                return Err(bad("bits of what is no whole number"));
            };
            Ok(Value::from(of(a, b)))
        });
    }
}

fn is_list(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

/// A whole number, or true and false as 1 and 0.
fn whole(value: &Value) -> Option<i64> {
    match value.kind() {
        ValueKind::Bool => Some(i64::from(value.is_true())),
        ValueKind::Number if value.is_integer() => value.as_i64(),
        _ => None,
    }
}

/// Both as whole numbers, where that is one, or as floats.
fn calculated(
    a: &Value,
    b: &Value,
    whole_of: fn(i64, i64) -> Option<i64>,
    float_of: fn(f64, f64) -> f64,
) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (whole(a), whole(b)) {
        return whole_of(a, b)
            .map(Value::from)
            .ok_or(bad("a number that is too large"));
    }
    let float = |value: &Value| match value.kind() {
        ValueKind::Number | ValueKind::Bool => numbers::float(value).ok(),
        _ => None,
    };
    match (float(a), float(b)) {
        (Some(a), Some(b)) => Ok(Value::from(float_of(a, b))),
        _ => Err(bad("no numbers")),
    }
}

fn made(items: Vec<Value>, is_tuple: bool) -> Value {
    if is_tuple {
        Value::from(Tuple::from(items))
    } else {
        Value::from(items)
    }
}

fn plus(a: &Value, b: &Value) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
        if a.len() + b.len() > TEXT_LONGEST {
            return Err(bad("a text longer than 64 KiB"));
        }
        return Ok(Value::from(format!("{a}{b}")));
    }
    if is_list(a) && is_list(b) && a.is_tuple() == b.is_tuple() {
        let items: Vec<Value> = a
            .try_iter()?
            .chain(b.try_iter()?)
            .take(ITEMS_MOST + 1)
            .collect();
        if items.len() > ITEMS_MOST {
            return Err(bad("a list of more than 4096 items"));
        }
        return Ok(made(items, a.is_tuple()));
    }
    calculated(a, b, i64::checked_add, |a, b| a + b)
}

fn times(a: &Value, b: &Value) -> Result<Value, Error> {
    let is_many = |value: &Value| value.as_str().is_some() || is_list(value);
    let (many, count) = match (is_many(a), is_many(b)) {
        (true, false) => (a, b),
        (false, true) => (b, a),
        _ => return calculated(a, b, i64::checked_mul, |a, b| a * b),
    };
    let count = whole(count).ok_or(bad("a text or a list so many times"))?;
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    if let Some(text) = many.as_str() {
        if text.len().saturating_mul(count) > TEXT_LONGEST {
            return Err(bad("a text longer than 64 KiB"));
        }
        return Ok(Value::from(text.repeat(count)));
    }
    let items: Vec<Value> = many.try_iter()?.take(ITEMS_MOST + 1).collect();
    if items.len().saturating_mul(count) > ITEMS_MOST {
        return Err(bad("a list of more than 4096 items"));
    }
    let repeated = std::iter::repeat_n(items, if many.len() == Some(0) { 0 } else { count });
    Ok(made(repeated.flatten().collect(), many.is_tuple()))
}

/// The rest of a division, with the divisor's sign; of a text, that text with values in it.
fn rest(state: &mut State<'_, '_>, a: Value, b: Value) -> Result<Value, Error> {
    if a.as_str().is_some() {
        let mut all = vec![a];
        if b.is_tuple() {
            all.extend(b.try_iter()?);
        } else {
            all.push(b);
        }
        return state.apply_filter("format", &all);
    }
    let is_nothing = numbers::float(&b).is_ok_and(|b| b == 0.0);
    if is_nothing {
        return Err(bad("a division by nothing"));
    }
    let whole_rest = |a: i64, b: i64| {
        let rest = a.checked_rem(b)?;
        Some(if rest != 0 && (rest < 0) != (b < 0) {
            rest + b
        } else {
            rest
        })
    };
    let rest = |a: f64, b: f64| {
        let rest = a % b;
        if rest != 0.0 && (rest < 0.0) != (b < 0.0) {
            rest + b
        } else {
            rest
        }
    };
    calculated(&a, &b, whole_rest, rest)
}
