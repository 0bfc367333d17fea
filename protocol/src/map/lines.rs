//! A table on a line: one message a line, JSON or text. Lines end with LF or CRLF; one that is too long is refused once
//! and dropped up to its end. Where the table reads JSON, every whole object of a line is a message: several that ran
//! together, those of a list, one between words of the firmware. Answers nothing: the wire is one-way.

use std::sync::Arc;

use super::Map;
use super::read::{AGAIN, Reader};
use crate::serial::lines::{Cut, Lines};
use crate::serial::{Heard, Wire, objects};
use crate::signal::Message;

/// How much of a line is kept for an audit, bytes.
const RAW_LONGEST: usize = 1024;

/// The reader of one line by a table.
#[derive(Debug)]
pub struct MapLines {
    reader: Reader,
    lines: Lines,
    /// The table has rules of JSON.
    objects: bool,
}

impl MapLines {
    /// A reader of lines of at most `longest` bytes.
    pub fn new(map: Arc<Map>, longest: usize) -> Self {
        let objects = map.rules.iter().any(|rule| !rule.text);
        Self {
            reader: Reader::new(map, longest),
            lines: Lines::new(longest, objects),
            objects,
        }
    }

    /// How many bytes of an unfinished line it holds: never more than the limit and a CR.
    pub const fn held(&self) -> usize {
        self.lines.held()
    }

    fn cuts(&mut self, cuts: impl IntoIterator<Item = Cut>, now_ms: u64, heard: &mut Heard) {
        for cut in cuts {
            match cut.line(self.lines.longest()) {
                Ok(line) => self.line(&line, now_ms, heard),
                Err(refusal) => heard.messages.push(Message::refused(refusal)),
            }
        }
    }

    fn message(&mut self, content: &[u8], now_ms: u64) -> Message {
        Message {
            raw: content.get(..RAW_LONGEST).unwrap_or(content).to_vec(),
            ..self.reader.read(None, content, now_ms)
        }
    }

    /// What the table says of the whole line holds, where it says something: as text, or as a list.
    fn line(&mut self, content: &[u8], now_ms: u64, heard: &mut Heard) {
        let whole = self.message(content, now_ms);
        let is_said = !whole.signals.is_empty() || whole.ignored == Some(AGAIN);
        if is_said || !self.objects {
            return heard.messages.push(whole);
        }
        let found = objects::find(content);
        if found.list.is_empty() || found.is_one(content) {
            return heard.messages.push(whole);
        }
        let mut messages = Vec::new();
        for object in &found.list {
            let mut message = self.message(object.bytes, now_ms);
            objects::beside(&mut message, object.noise);
            messages.push(message);
        }
        if let Some(last) = messages.last_mut() {
            objects::beside(last, found.after);
        }
        // A rule that knows the line, and none that knows what stands in it.
        if whole.rule.is_some() && messages.iter().all(|m| m.rule.is_none()) {
            messages = vec![whole];
        }
        heard.messages.append(&mut messages);
    }
}

impl Wire for MapLines {
    fn closed(&mut self, _: u64) {
        self.lines.clear();
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        let cuts = self.lines.push(bytes, now_ms);
        self.cuts(cuts, now_ms, heard);
    }

    fn due_ms(&self) -> Option<u64> {
        self.lines.due_ms()
    }

    fn tick(&mut self, now_ms: u64, heard: &mut Heard) {
        let cut = self.lines.pause(now_ms);
        self.cuts(cut, now_ms, heard);
    }
}
