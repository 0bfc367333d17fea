//! JSON lines, for home-made sensors: one JSON object a line, in this project's own vocabulary. The line discipline is
//! here, what a line means in `line`, how one is written in `say`. Answers nothing: the wire is one-way.
//!
//! ```text
//! {"device":"pendant-1","kind":"help"}
//! {"device":"cellar","kind":"flood","state":"raised"}
//! {"device":"scale","kind":"weight","value":131.7,"unit":"lb","time":"2026-04-17T23:33:17+08:00"}
//! {"device":"oximeter","kind":"spo2","quality":"sensor_off"}
//! {"device":"front-door","kind":"contact","state":"open"}
//! {"device":"front-door","kind":"battery","value":80}
//! ```
//!
//! | key | |
//! |---|---|
//! | `device` | required: 1 to 256 bytes without control characters |
//! | `kind` | required: any kind of alarm, vital sign, observation or health; no word is in two lists |
//! | `what` | optional: `alarm`, `vital`, `observed`, `health`; refused when `kind` is not of it |
//! | `state` or `condition` | alarm and health: `raised`, `restored`, `cancelled`; observed: the kind's words |
//! | `value`, `unit` | a number, converted from `unit` into the vocabulary's (which is meant when there is none) |
//! | `quality` | vital signs: `ok`, `questionable`, or why there is no value |
//! | `time` | when it happened: ISO 8601 with its zone, or ms since 1970 |
//! | `test` | `true`: a test |
//! | `field` | names one of several states of a kind (`contact_2`); the kind when absent |
//! | `model`, `detail`, `code` | what the device is; what exactly; the code of an alarm of kind `unknown` |
//! | `n` | the device's own count of its messages: means nothing here |
//!
//! Any other key is named as unmapped. An alarm without `state` is a press. Of `help`, `panic` and `fall` every
//! message is news, with or without `state`: a second press must not pass for a repeat of the first. Of the other
//! alarms, of health and of what is observed a state that repeats is the same state; a button and a dispenser press.
//!
//! **Lines** end with LF or CRLF. Bytes before the first `{` of a line are noise, counted; when the whole is no
//! object, a line that begins again in it (a device that restarted) is tried once. What is neither is refused up to
//! the next LF. A line beyond the limit is refused once and dropped up to its LF.

mod line;
mod say;

pub use say::encode;

use super::{Heard, Wire};
use crate::signal::{Message, Refusal};

/// How much of a line is kept for an audit, bytes.
const RAW_LONGEST: usize = 1024;

/// The reader of one line.
#[derive(Debug)]
pub struct JsonLines {
    longest: usize,
    partial: Vec<u8>,
    /// In the rest of a line that is too long.
    dropping: bool,
}

impl JsonLines {
    /// A reader of lines of at most `longest` bytes, the end not counted.
    pub const fn new(longest: usize) -> Self {
        Self {
            longest,
            partial: Vec::new(),
            dropping: false,
        }
    }

    /// How many bytes of an unfinished line it holds: never more than the limit and a CR.
    pub const fn held(&self) -> usize {
        self.partial.len()
    }

    /// Takes bytes of one line, as far as it may be long.
    fn take(&mut self, bytes: &[u8], heard: &mut Heard) {
        if self.dropping {
            return;
        }
        let found = self.partial.len() + bytes.len();
        // A CR of its end does not count.
        if found > self.longest.saturating_add(1) {
            self.dropping = true;
            self.partial = Vec::new();
            heard.messages.push(Message::refused(Refusal::TooLarge {
                bytes: found,
                limit: self.longest,
            }));
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }

    fn end(&mut self, heard: &mut Heard) {
        if std::mem::take(&mut self.dropping) {
            return;
        }
        let whole = std::mem::take(&mut self.partial);
        let content = whole.strip_suffix(b"\r").unwrap_or(&whole).trim_ascii();
        if content.len() > self.longest {
            heard.messages.push(Message::refused(Refusal::TooLarge {
                bytes: content.len(),
                limit: self.longest,
            }));
        } else if !content.is_empty() {
            heard.messages.push(whole_line(content));
        }
    }
}

impl Wire for JsonLines {
    /// Half a line, or the rest of one that is too long, must not hide the first one of the next time.
    fn closed(&mut self, _: u64) {
        *self = Self::new(self.longest);
    }

    fn read(&mut self, bytes: &[u8], _: u64, heard: &mut Heard) {
        let mut pieces = bytes.split(|b| *b == b'\n');
        if let Some(first) = pieces.next() {
            self.take(first, heard);
        }
        for piece in pieces {
            self.end(heard);
            self.take(piece, heard);
        }
    }
}

/// Reads one line, whatever stands in it.
fn whole_line(content: &[u8]) -> Message {
    let Some(first) = content.iter().position(|b| *b == b'{') else {
        return noise(content.len());
    };
    let mut message = attempt(content, first);
    if is_broken(&message)
        && let Some(again) = content.windows(2).rposition(|two| two == b"{\"")
        && again > first
    {
        let second = attempt(content, again);
        if !is_broken(&second) {
            message = second;
        }
    }
    message
}

/// Reads the object that begins at `start`; what is before it is noise.
fn attempt(content: &[u8], start: usize) -> Message {
    let object = content.get(start..).unwrap_or_default();
    let mut message = line::read(object);
    if start > 0 {
        message.refusals.push(Refusal::Noise { bytes: start });
    }
    message.raw = object.get(..RAW_LONGEST).unwrap_or(object).to_vec();
    message
}

/// True when it was no JSON object at all.
fn is_broken(message: &Message) -> bool {
    message
        .refusals
        .iter()
        .any(|r| matches!(r, Refusal::NotJson { .. } | Refusal::NotText))
}

fn noise(bytes: usize) -> Message {
    Message::refused(Refusal::Noise { bytes })
}
