//! Values compared by type *and* text: `true`, `"ON"`, `1` and `"1"` are one, `"80.00"` is 80. A value that is absent,
//! null or empty is unknown and equals nothing.

use std::borrow::Cow;

use super::text::Scalar;
use super::tree::Value;
use crate::alarm_names::yes_or_no;

/// The text of a scalar; `None` for null, lists and objects.
pub(super) fn text_of<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text.trim())),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The value as a finite number, from a number or from text that is one.
pub(super) fn number_of(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => number(text.trim()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|n| n.is_finite())
}

/// True for what says yes.
pub(super) fn is_yes(value: &Value<'_>) -> bool {
    text_of(value).and_then(|text| yes_or_no(&text)) == Some(true)
}

/// True for what says nothing at all.
pub(super) fn is_unknown(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn number(text: &str) -> Option<f64> {
    // `inf` and `nan` are words, not numbers.
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    let number = plain.then(|| text.parse().ok())?;
    number.filter(|n: &f64| n.is_finite())
}

fn one_or_zero(n: f64) -> Option<bool> {
    if n.to_bits() == 1f64.to_bits() {
        Some(true)
    } else {
        (n.abs() < f64::MIN_POSITIVE).then_some(false)
    }
}

/// Text with `*` for any text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glob {
    text: String,
    /// What stands before its first `*`, between them, and after its last.
    first: String,
    inner: Vec<String>,
    last: String,
}

impl Glob {
    /// A pattern, where the text has a `*`.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (first, rest) = text.split_once('*')?;
        let (inner, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let inner = inner.split('*').filter(|piece| !piece.is_empty());
        Some(Self {
            text: text.to_owned(),
            first: first.to_owned(),
            inner: inner.map(str::to_owned).collect(),
            last: last.to_owned(),
        })
    }

    /// The pattern as it is written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// True of `*` alone.
    pub(super) fn is_any(&self) -> bool {
        self.text == "*"
    }

    /// True when it is this text, letters in any case.
    pub(super) fn fits(&self, text: &str) -> bool {
        let Some(mut rest) = after(text, &self.first) else {
            return false;
        };
        for piece in &self.inner {
            match find(rest, piece) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        let end = rest.len().checked_sub(self.last.len());
        end.and_then(|at| rest.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(&self.last))
    }
}

/// What follows `begin` at the start of `text`.
fn after<'t>(text: &'t str, begin: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(begin.len())?;
    head.eq_ignore_ascii_case(begin).then_some(rest)
}

/// What follows the first `piece` in `text`.
fn find<'t>(text: &'t str, piece: &str) -> Option<&'t str> {
    (0..=text.len()).find_map(|at| after(text.get(at..)?, piece))
}

/// What a value may be named by.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Named {
    Word(Word),
    Glob(Glob),
}

/// A word, and what else it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    text: String,
    number: Option<f64>,
    yes: Option<bool>,
}

impl Word {
    fn is_number(&self, said: f64) -> bool {
        match self.number {
            Some(named) => named.to_bits() == said.to_bits(),
            None => self.yes.is_some() && self.yes == one_or_zero(said),
        }
    }
}

impl Named {
    pub(super) fn of(text: &str) -> Self {
        Glob::of(text).map_or_else(|| Self::word(text.trim()), Self::Glob)
    }

    pub(super) fn of_scalar(scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Bool(value) => Self::word(&value.to_string()),
            Scalar::Whole(value) => Self::word(&value.to_string()),
            Scalar::Number(value) => Self::word(&value.to_string()),
            Scalar::Text(text) => Self::of(text),
        }
    }

    fn word(text: &str) -> Self {
        Self::Word(Word {
            text: text.to_owned(),
            number: number(text),
            yes: yes_or_no(text),
        })
    }

    /// How close this name is to a text: 0 the same text, 3 a pattern; `None` when it is another.
    fn closeness(&self, text: &str) -> Option<u8> {
        match self {
            Self::Glob(glob) => glob.fits(text).then_some(3),
            Self::Word(word) if word.text == text => Some(0),
            Self::Word(word) if word.text.eq_ignore_ascii_case(text) => Some(1),
            Self::Word(word) => {
                if let Some(named) = word.number
                    && let Some(said) = number(text)
                {
                    return (named.to_bits() == said.to_bits()).then_some(1);
                }
                let named = word.yes?;
                (yes_or_no(text)? == named).then_some(2)
            }
        }
    }

    /// True when the value is this one.
    pub(super) fn is(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            // Compared as what it is: its text is longer to write than to compare.
            (Self::Word(word), Value::Number(said)) => {
                said.as_f64().is_some_and(|said| word.is_number(said))
            }
            _ => text_of(value).is_some_and(|text| self.is_text(&text)),
        }
    }

    /// True when the text is this one; an empty one is none.
    pub(super) fn is_text(&self, text: &str) -> bool {
        !text.is_empty() && self.closeness(text).is_some()
    }

    /// True when every value that `other` names is named by this as well, as far as that can be told.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Word(word)) => self.closeness(&word.text).is_some(),
            (Self::Glob(a), Self::Glob(b)) => a == b || a.is_any(),
            (Self::Word(_), Self::Glob(_)) => false,
        }
    }
}

/// Names with what each stands for; the closest name counts, then the longest pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table<T>(Vec<(Named, T)>);

impl<T> Table<T> {
    pub(super) fn new(mut rows: Vec<(Named, T)>) -> Self {
        rows.sort_by_key(|(name, _)| match name {
            Named::Word(_) => 0,
            Named::Glob(glob) => usize::MAX - glob.text.len(),
        });
        Self(rows)
    }

    /// What a value stands for; an empty one stands for nothing.
    pub(super) fn get(&self, value: &Value<'_>) -> Option<&T> {
        self.get_text(&text_of(value).filter(|text| !text.is_empty())?)
    }

    /// What a text stands for.
    pub(super) fn get_text(&self, text: &str) -> Option<&T> {
        self.0
            .iter()
            .filter_map(|(name, row)| name.closeness(text).map(|close| (close, row)))
            .min_by_key(|(close, _)| *close)
            .map(|(_, row)| row)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &(Named, T)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::json;
    use super::*;

    #[test]
    fn values_compare_by_type_and_by_text() {
        for (named, said) in [
            ("true", json!(true)),
            ("true", json!("ON")),
            ("ON", json!(1)),
            ("1", json!(true)),
            ("0", json!("off")),
            ("80", json!("80.00")),
            ("80.0", json!(80)),
            ("open", json!(" Open ")),
            ("DS10A*OPEN", json!("DS10A DOOR/WINDOW OPEN")),
            ("*OPEN", json!("DOOR/WINDOW OPEN")),
            ("*", json!(17)),
        ] {
            assert!(Named::of(named).is(&said), "{named} {said:?}");
        }
        for (named, said) in [
            ("true", json!(null)),
            ("0", json!(null)),
            ("", json!("")),
            ("*", json!("")),
            ("off", json!("")),
            ("80", json!("80.1")),
            ("1", json!("11")),
            ("a*b*c", json!("abbd")),
            ("ab*ba", json!("aba")),
            ("*", json!([1])),
        ] {
            assert!(!Named::of(named).is(&said), "{named} {said:?}");
        }
    }

    #[test]
    fn a_number_is_what_its_text_is() {
        for word in [
            "0",
            "1",
            "1.0",
            "-0",
            "85",
            "85.0",
            "on",
            "off",
            "x",
            "",
            "1e3",
            "18446744073709551615",
        ] {
            for said in [
                json!(0),
                json!(1),
                json!(1.0),
                json!(-0.0),
                json!(85),
                json!(85.5),
                json!(1000),
                json!(u64::MAX),
            ] {
                let text = text_of(&said).unwrap();
                let named = Named::of(word);
                assert_eq!(named.is(&said), named.is_text(&text), "{word} {text}");
            }
        }
    }

    #[test]
    fn the_closest_name_counts() {
        let table = Table::new(
            ["*", "1", "on", "a*", "ab*"]
                .into_iter()
                .map(|name| (Named::of(name), name))
                .collect(),
        );
        assert_eq!(table.get(&json!("on")), Some(&"on"));
        assert_eq!(table.get(&json!(1)), Some(&"1"));
        assert_eq!(table.get(&json!("abc")), Some(&"ab*"));
        assert_eq!(table.get(&json!("xyz")), Some(&"*"));
        assert_eq!(table.get(&json!({})), None);
        assert_eq!(table.get(&json!("")), None);
    }
}
