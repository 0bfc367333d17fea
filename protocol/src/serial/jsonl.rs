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
//! | `quality` | vital signs: `ok`, `questionable`, or why there is no value; `out_of_range` may have a `value`, which is kept |
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
//! **Lines** end with LF or CRLF. Every whole object of a line is read: several that ran together, those of a list, one
//! between words of the firmware. What is neither an object nor parts two of them is noise, counted; so is an object that
//! breaks off (a device that restarted) before one that is whole. A whole object waits at most 500 ms for the end of its
//! line. A line without one is refused up to the next LF; one beyond the limit is refused once and dropped up to its LF.

mod line;
mod say;

pub use say::encode;

use super::lines::{Cut, Lines};
use super::objects;
use super::{Heard, Wire};
use crate::signal::{Message, Refusal};

/// How much of a line is kept for an audit, bytes.
const RAW_LONGEST: usize = 1024;

/// The reader of one line.
#[derive(Debug)]
pub struct JsonLines {
    lines: Lines,
}

impl JsonLines {
    /// A reader of lines of at most `longest` bytes, the end not counted.
    pub const fn new(longest: usize) -> Self {
        Self {
            lines: Lines::new(longest, true),
        }
    }

    /// How many bytes of an unfinished line it holds: never more than the limit and a CR.
    pub const fn held(&self) -> usize {
        self.lines.held()
    }

    fn cuts(&self, cuts: impl IntoIterator<Item = Cut>, heard: &mut Heard) {
        for cut in cuts {
            match cut.line(self.lines.longest()) {
                Ok(line) => whole_line(&line, heard),
                Err(refusal) => heard.messages.push(Message::refused(refusal)),
            }
        }
    }
}

impl Wire for JsonLines {
    fn closed(&mut self, _: u64) {
        self.lines.clear();
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        let cuts = self.lines.push(bytes, now_ms);
        self.cuts(cuts, heard);
    }

    fn due_ms(&self) -> Option<u64> {
        self.lines.due_ms()
    }

    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
        let cut = self.lines.pause(now_ms);
        self.cuts(cut, heard);
    }
}

/// Reads one line, whatever stands in it.
fn whole_line(content: &[u8], heard: &mut Heard) {
    if content.first() == Some(&b'{') {
        let one = read(content);
        if !is_broken(&one) {
            return heard.messages.push(one);
        }
    }
    let found = objects::find(content);
    let from = heard.messages.len();
    for object in &found.list {
        let mut message = read(object.bytes);
        objects::beside(&mut message, object.noise);
        heard.messages.push(message);
    }
    if let Some(last) = heard.messages.get_mut(from..).and_then(<[_]>::last_mut) {
        return objects::beside(last, found.after);
    }
    heard.messages.push(match found.broken {
        Some(start) => {
            let mut message = read(content.get(start..).unwrap_or_default());
            objects::beside(&mut message, start);
            message
        }
        None if found.after == 0 => Message::ignored("what parts objects, and none of them"),
        None => Message::refused(Refusal::Noise {
            bytes: content.len(),
        }),
    });
}

/// True when it was no JSON object at all.
fn is_broken(message: &Message) -> bool {
    message
        .refusals
        .iter()
        .any(|r| matches!(r, Refusal::NotJson { .. } | Refusal::NotText))
}

fn read(object: &[u8]) -> Message {
    Message {
        raw: object.get(..RAW_LONGEST).unwrap_or(object).to_vec(),
        ..line::read(object)
    }
}
