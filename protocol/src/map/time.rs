//! A device's own time as tables name it. A time that cannot be read, or that names no zone where the table names none,
//! is not used: then the time of arrival speaks.

use super::pointer::Pointer;
use super::text::TimeText;
use super::tree::Value;
use super::value::{number_of, text_of};
use crate::when;

/// Where a time stands and how it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Time {
    pub(super) at: Pointer,
    form: Form,
    zone: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Iso,
    EpochS,
    EpochMs,
    Custom(String),
}

impl Time {
    /// Reads what a table says of a time.
    pub(super) fn compile(text: &TimeText) -> Result<Self, String> {
        let form = match text.format.as_str() {
            "" | "iso" => Form::Iso,
            "epoch_s" => Form::EpochS,
            "epoch_ms" => Form::EpochMs,
            custom => {
                let all = ["YYYY", "MM", "DD", "hh", "mm", "ss"];
                if let Some(missing) = all.iter().find(|mark| !custom.contains(**mark)) {
                    return Err(format!(
                        "`{custom}` has no `{missing}`; allowed are iso, epoch_s, epoch_ms, or a form with YYYY MM DD hh mm ss"
                    ));
                }
                Form::Custom(custom.to_owned())
            }
        };
        if !text.zone.is_empty()
            && when::from_text(&format!("2000-01-01T00:00:00{}", text.zone)).is_none()
        {
            return Err(format!(
                "`{}` is no zone; allowed are Z, +01:00 and their like",
                text.zone
            ));
        }
        Ok(Self {
            at: Pointer::parse(&text.at)?,
            form,
            zone: text.zone.clone(),
        })
    }

    /// True when a time of this form cannot be used: it names no zone and the table names none.
    pub(super) fn is_without_zone(&self) -> bool {
        matches!(self.form, Form::Custom(_)) && self.zone.is_empty()
    }

    /// Milliseconds since 1970; `None` when it cannot be read.
    pub(super) fn read(&self, root: &Value<'_>, scope: &Value<'_>) -> Option<i64> {
        let value = self.at.first(root, scope)?;
        match &self.form {
            Form::Iso => {
                let text = text_of(value)?;
                let read = when::from_text(&text);
                let read = read.or_else(|| when::from_text(&format!("{text}{}", self.zone)));
                // Before 1970 is a device's mark for no time, such as 1111-11-11.
                read.filter(|ms| *ms > 0)
            }
            Form::EpochS => in_ms(number_of(value)? * 1000.0),
            Form::EpochMs => in_ms(number_of(value)?),
            Form::Custom(form) => {
                if self.zone.is_empty() {
                    return None;
                }
                let iso = by_form(form, &text_of(value)?)?;
                when::from_text(&format!("{iso}{}", self.zone))
            }
        }
    }
}

/// The last millisecond of the year 9999 (as `when` has it), and no time before 1970.
fn in_ms(ms: f64) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation)] // Bounded by the comparison: below 2^48.
    (1.0..253_402_300_800_000.0)
        .contains(&ms)
        .then_some(ms as i64)
}

/// An ISO 8601 time without its zone.
fn by_form(form: &str, text: &str) -> Option<String> {
    let taken = |mark: &str| {
        let at = form.find(mark)?;
        text.get(at..at + mark.len())
    };
    let marks = form.bytes().zip(text.bytes());
    let same = marks
        .filter(|(f, _)| !f.is_ascii_alphabetic())
        .all(|(f, t)| f == t);
    if !same || form.len() != text.len() {
        return None;
    }
    Some(format!(
        "{}-{}-{}T{}:{}:{}",
        taken("YYYY")?,
        taken("MM")?,
        taken("DD")?,
        taken("hh")?,
        taken("mm")?,
        taken("ss")?
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Name, Object, json};
    use super::*;

    fn read(format: &str, zone: &str, value: &Value<'_>) -> Option<i64> {
        let text = TimeText {
            at: "/t".to_owned(),
            format: format.to_owned(),
            zone: zone.to_owned(),
        };
        let root = Value::Object(Object::of(vec![(Name::of("t"), value.clone())]));
        Time::compile(&text).unwrap().read(&root, &root)
    }

    #[test]
    fn each_form_gives_the_same_moment() {
        let due = Some(1_700_000_000_000);
        for (format, zone, value) in [
            ("iso", "", json!("2023-11-14T22:13:20Z")),
            ("iso", "+01:00", json!("2023-11-14T23:13:20")),
            ("epoch_s", "", json!(1_700_000_000)),
            ("epoch_s", "", json!("1700000000.000")),
            ("epoch_ms", "", json!(1_700_000_000_000_u64)),
            ("YYYY-MM-DD hh:mm:ss", "Z", json!("2023-11-14 22:13:20")),
            ("DD.MM.YYYY hh:mm:ss", "Z", json!("14.11.2023 22:13:20")),
        ] {
            assert_eq!(read(format, zone, &value), due, "{format}");
        }
    }

    #[test]
    fn a_time_that_is_none_is_not_used() {
        for (format, zone, value) in [
            ("iso", "", json!("2023-11-14T22:13:20")),
            ("iso", "", json!("@0.563656s")),
            ("iso", "", json!("1111-11-11T11:11:11Z")),
            ("epoch_s", "", json!("@0.563656s")),
            ("epoch_s", "", json!(-1)),
            ("epoch_s", "", json!(1e300)),
            ("YYYY-MM-DD hh:mm:ss", "", json!("2023-11-14 22:13:20")),
            ("YYYY-MM-DD hh:mm:ss", "Z", json!("2023-11-14T22:13:20")),
            (
                "YYYY-MM-DD hh:mm:ss",
                "Z",
                json!("2023-11-14 22:13:2\u{e9}"),
            ),
        ] {
            assert_eq!(read(format, zone, &value), None, "{format} {value:?}");
        }
    }
}
