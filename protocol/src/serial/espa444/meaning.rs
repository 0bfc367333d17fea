//! What a block means, once its check was right. It sees one block at a time and remembers nothing; where it does not
//! understand, somebody calls.

use super::say::{RS, STX, US};
use super::settings::{CallType, Clears, Settings};
use super::table::whose;
use crate::signal::{Message, Reading, Refusal, Signal, What};
use crate::vocabulary::{AlarmKind, Condition};

/// The most call addresses that one block may name.
const ADDRESSES_MOST: usize = 16;

/// The longest id or header that is passed on, characters.
const WORD_LONGEST: usize = 16;

/// The field that names what a call raises.
const FIELD: &str = "call";

/// What the records of a block say.
#[derive(Debug, Default)]
struct Records {
    addresses: Vec<String>,
    text: String,
    call_type: Option<String>,
    unmapped: Vec<String>,
    refusals: Vec<Refusal>,
}

/// Reads what is between SOH and ETX.
pub(super) fn read(content: &[u8], settings: &Settings) -> Message {
    let Some(stx) = content.iter().position(|b| *b == STX) else {
        return Message::refused(Refusal::UnknownFrame {
            kind: "a block without STX".to_owned(),
        });
    };
    let (header, records) = content.split_at(stx);
    let header = word(&settings.text.read(header));
    let records = Records::read(records.get(1..).unwrap_or_default(), settings);
    match header.as_str() {
        "1" => records.call(settings),
        "2" => records.nothing("status information: how another call went"),
        "3" => records.nothing("a status request: there is no status to give"),
        // A call to a telephone, or of a kind that no table knows: somebody is called, or something is said.
        _ if records.says_something() => {
            let code = format!("header {header}");
            records.unknown(&code, settings)
        }
        _ => Message {
            refusals: vec![Refusal::UnknownFrame {
                kind: format!("header {header}"),
            }],
            unmapped: records.unmapped,
            ..Message::default()
        },
    }
}

/// Short text without leading zeros, to compare and to show.
fn word(text: &str) -> String {
    let text = text.trim();
    let bare = text.trim_start_matches('0');
    let bare = if bare.is_empty() { text } else { bare };
    bare.chars().take(WORD_LONGEST).collect()
}

impl Records {
    fn read(bytes: &[u8], settings: &Settings) -> Self {
        let mut records = Self::default();
        // Some senders write one RS too many.
        for record in bytes.split(|b| *b == RS).filter(|r| !r.is_empty()) {
            let Some(us) = record.iter().position(|b| *b == US) else {
                records.refusals.push(Refusal::BadValue {
                    field: "record".to_owned(),
                    due: "an id, US and a value",
                });
                continue;
            };
            let (id, value) = record.split_at(us);
            let id = word(&settings.text.read(id));
            let value = settings.text.read(value.get(1..).unwrap_or_default());
            records.record(&id, value.trim());
        }
        records
    }

    fn record(&mut self, id: &str, value: &str) {
        match id {
            "1" if value.is_empty() || self.addresses.iter().any(|a| a == value) => {}
            "1" if self.addresses.len() < ADDRESSES_MOST => self.addresses.push(value.to_owned()),
            "1" => self.refusals.push(Refusal::BadValue {
                field: "call address".to_owned(),
                due: "at most 16 of them",
            }),
            "2" => {
                if !self.text.is_empty() {
                    self.text.push(' ');
                }
                self.text.push_str(value);
            }
            "4" if self.call_type.is_none() && !value.is_empty() => {
                self.call_type = Some(word(value));
            }
            // Beep coding, how often it is sent, priority (which never lowers what a call is), status; Ascom's identity
            // (9), info page (C) and running number (D), Ericsson's mailbox (A).
            "3" | "4" | "5" | "6" | "7" | "9" | "A" | "C" | "D" => {}
            other => self.unmapped.push(format!("record {other}")),
        }
    }

    fn says_something(&self) -> bool {
        !self.addresses.is_empty() || !self.text.is_empty()
    }

    /// A call to a pager. One without a call type is a standard call; one that cannot be read at all is an unknown one.
    fn call(self, settings: &Settings) -> Message {
        let Some(said) = &self.call_type else {
            return if self.says_something() {
                self.alarms(CallType::Raised, "", settings)
            } else {
                self.unknown("header 1", settings)
            };
        };
        let says = said
            .parse()
            .map_or(CallType::Unknown, |code| settings.call_type(code));
        let code = format!("call type {said}");
        self.alarms(says, &code, settings)
    }

    fn unknown(self, code: &str, settings: &Settings) -> Message {
        self.alarms(CallType::Unknown, code, settings)
    }

    /// A block that raises nothing.
    fn nothing(self, why: &'static str) -> Message {
        Message {
            refusals: self.refusals,
            unmapped: self.unmapped,
            ..Message::ignored(why)
        }
    }

    fn alarms(mut self, says: CallType, code: &str, settings: &Settings) -> Message {
        let conditions: &[Condition] = match (says, settings.clears) {
            (CallType::Raised | CallType::Unknown, Clears::OnReset) => &[Condition::Raised],
            (CallType::Raised | CallType::Unknown, Clears::WhenSent) => {
                &[Condition::Raised, Condition::Restored]
            }
            (CallType::Restored, _) => &[Condition::Restored],
            (CallType::Nothing, _) => {
                return self.nothing("a call type that this line's settings call no alarm");
            }
        };
        if self.addresses.is_empty() {
            self.addresses.push(String::new());
        }
        let mut signals = Vec::new();
        for address in &self.addresses {
            let (device, kind, goes) = whose(&settings.table, address, &self.text);
            let goes = goes.filter(|_| says != CallType::Restored);
            let device = if device.is_empty() {
                settings.line.clone()
            } else {
                device
            };
            let conditions = match &goes {
                Some(over @ (Condition::Restored | Condition::Cancelled)) => {
                    std::slice::from_ref(over)
                }
                Some(Condition::Raised) | None => conditions,
            };
            for condition in conditions {
                let what = if says == CallType::Unknown && goes.is_none() {
                    What::Alarm {
                        kind: AlarmKind::Unknown,
                        condition: *condition,
                        raw_code: code.to_owned(),
                    }
                } else {
                    What::alarm(kind, *condition)
                };
                // Every call and every reset is news: a second press must not pass for a repeat.
                signals.push(Signal::new(device.as_str(), FIELD, Reading::Pulse, what));
            }
        }
        Message {
            signals,
            refusals: self.refusals,
            unmapped: self.unmapped,
            ..Message::default()
        }
    }
}
