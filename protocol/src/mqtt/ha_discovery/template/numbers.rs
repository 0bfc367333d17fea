//! Python's numbers: what `float()`, `int()`, `round()` and an order of two values give, and what they refuse. Sources: Python
//! 3.11 'Built-in functions'; home-assistant/core 2024.3 `helpers/template.py`, `forgiving_*`.

use std::cmp::Ordering;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

/// Why a value is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// There is none: Home Assistant fails, and takes no default.
    Undefined,
    /// It is something else: a default stands in.
    Other,
}

/// `float(value)`.
pub(super) fn float(value: &Value) -> Result<f64, Unfit> {
    match value.kind() {
        ValueKind::Undefined => Err(Unfit::Undefined),
        ValueKind::Number => f64::try_from(value.clone()).map_err(|_| Unfit::Other),
        ValueKind::Bool => Ok(f64::from(u8::from(value.is_true()))),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default().trim();
            text.parse().map_err(|_| Unfit::Other)
        }
        _ => Err(Unfit::Other),
    }
}

/// `int(value, base)`, with the way by a float that Jinja takes for texts such as "7.9".
pub(super) fn int(value: &Value, radix: u32) -> Result<i64, Unfit> {
    if let Some(text) = value.as_str() {
        let text = text.trim();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let prefix = match radix {
            16 => Some(["0x", "0X"]),
            8 => Some(["0o", "0O"]),
            2 => Some(["0b", "0B"]),
            _ => None,
        };
        let after = prefix
            .into_iter()
            .flatten()
            .find_map(|p| digits.strip_prefix(p));
        let digits = after.unwrap_or(digits);
        let is_plain = digits.starts_with(|c: char| c.is_ascii_alphanumeric());
        if (2..=36).contains(&radix)
            && is_plain
            && let Ok(number) = i64::from_str_radix(digits, radix)
        {
            return Ok(sign * number);
        }
    } else if value.is_integer() {
        return value.as_i64().ok_or(Unfit::Other);
    }
    let number = float(value)?.trunc();
    #[allow(clippy::cast_possible_truncation)] // Checked: within 2^53.
    if number.abs() < 9_007_199_254_740_992.0 {
        Ok(number as i64)
    } else {
        Err(Unfit::Other)
    }
}

/// The most digits that a number is rounded to.
const DIGITS_MOST: i64 = 30;

/// `round(value, digits)`: to even where both are as near, by the number's exact digits.
pub(super) fn round(value: f64, digits: i64) -> f64 {
    if !value.is_finite() || digits > DIGITS_MOST {
        return value;
    }
    if let Ok(digits) = usize::try_from(digits) {
        return format!("{value:.digits$}").parse().unwrap_or(value);
    }
    let step = 10f64.powi(i32::try_from(-digits.max(-DIGITS_MOST)).unwrap_or(0));
    (value / step).round_ties_even() * step
}

/// The order of two values; `None` for not-a-number, which is in no order. Python orders numbers with numbers, texts with
/// texts, lists with lists, and refuses everything else.
pub(super) fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, Error> {
    use ValueKind::{Bool, Number, Seq, String};
    let is_nan = |value: &Value| f64::try_from(value.clone()).is_ok_and(f64::is_nan);
    match (left.kind(), right.kind()) {
        (Number | Bool, Number | Bool) if is_nan(left) || is_nan(right) => Ok(None),
        (Number | Bool, Number | Bool) | (String, String) | (Seq, Seq) => Ok(Some(left.cmp(right))),
        (one, other) => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("{one} and {other} are in no order"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_python_makes_of_it() {
        for (text, base, due) in [
            ("7", 10, Ok(7)),
            (" -7 ", 10, Ok(-7)),
            ("7.9", 10, Ok(7)),
            ("-7.9", 10, Ok(-7)),
            ("ff", 16, Ok(255)),
            ("0xFF", 16, Ok(255)),
            ("zz", 16, Err(Unfit::Other)),
            ("", 10, Err(Unfit::Other)),
            ("inf", 10, Err(Unfit::Other)),
            ("--1", 10, Err(Unfit::Other)),
        ] {
            assert_eq!(int(&Value::from(text), base), due, "{text}");
        }
        assert_eq!(int(&Value::UNDEFINED, 10), Err(Unfit::Undefined));
        assert_eq!(int(&Value::from(()), 10), Err(Unfit::Other));
        assert_eq!(float(&Value::from(true)), Ok(1.0));
        for (value, digits, due) in [
            (2.5, 0, 2.0),
            (3.5, 0, 4.0),
            (2.675, 2, 2.67),
            (1250.0, -2, 1200.0),
        ] {
            assert!(
                (round(value, digits) - due).abs() < 1e-9,
                "{value} {digits}"
            );
        }
    }

    #[test]
    fn only_what_is_alike_is_in_an_order() {
        let order = |a: Value, b: Value| order(&a, &b).map_err(|_| ());
        assert_eq!(
            order(Value::from(1), Value::from(1.5)),
            Ok(Some(Ordering::Less))
        );
        assert_eq!(
            order(Value::from(true), Value::from(0)),
            Ok(Some(Ordering::Greater))
        );
        assert_eq!(
            order(Value::from("a"), Value::from("b")),
            Ok(Some(Ordering::Less))
        );
        assert_eq!(order(Value::from(f64::NAN), Value::from(1)), Ok(None));
        for other in [
            Value::UNDEFINED,
            Value::from(()),
            Value::from("9"),
            Value::from(vec![1]),
        ] {
            assert_eq!(order(other, Value::from(5)), Err(()));
        }
    }
}
