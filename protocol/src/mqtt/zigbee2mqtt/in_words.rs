//! Alarms that say in words whether they are so. Which words say it, the one table of alarm names knows.

use crate::alarm_names::{self, Named};
use crate::json::Value;
use crate::mqtt::reading::shown;
use crate::signal::{Reading, What};
use crate::vocabulary::{AlarmKind, Condition, HealthKind};

use super::meanings::{OPENED, Usual};
use super::read::Reader;

impl Reader<'_> {
    /// An alarm, or tamper, that says in words whether it is so.
    pub(super) fn alarm_words(&mut self, key: &str, found: Usual, named: Named, value: Value<'_>) {
        let number;
        let word = match value {
            Value::Text(text) => text.trim(),
            Value::Bool(yes) => {
                if yes {
                    "true"
                } else {
                    "false"
                }
            }
            Value::Number(n) => {
                number = n.to_string();
                number.as_str()
            }
            Value::Nested | Value::Null => return self.refuse(key, "one of its words"),
        };
        let condition = match alarm_names::says(named, word) {
            Some(alarm_names::Says::Raised) => Condition::Raised,
            Some(alarm_names::Says::Restored) => Condition::Restored,
            Some(alarm_names::Says::Neither) => return,
            None => return self.refuse(key, "one of its words"),
        };
        let what = match named.kind() {
            Some(kind) => What::Alarm {
                kind,
                condition,
                raw_code: match kind {
                    AlarmKind::Unknown => shown(key),
                    _ => String::new(),
                },
            },
            None => What::health(HealthKind::Tamper, condition, OPENED),
        };
        self.push(key, found, Reading::Edge, what);
    }
}
