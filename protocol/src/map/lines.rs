//! A table on a line: one message a line, JSON or text. Lines end with LF or CRLF; one that is too long is refused once
//! and dropped up to its end. Answers nothing: the wire is one-way.

use std::sync::Arc;

use super::Map;
use super::read::Reader;
use crate::serial::{Heard, Wire};
use crate::signal::{Message, Refusal};

/// How much of a line is kept for an audit, bytes.
const RAW_LONGEST: usize = 1024;

/// The reader of one line by a table.
#[derive(Debug)]
pub struct MapLines {
    reader: Reader,
    longest: usize,
    partial: Vec<u8>,
    /// In the rest of a line that is too long.
    dropping: bool,
}

impl MapLines {
    /// A reader of lines of at most `longest` bytes.
    pub fn new(map: Arc<Map>, longest: usize) -> Self {
        Self {
            reader: Reader::new(map, longest),
            longest,
            partial: Vec::new(),
            dropping: false,
        }
    }

    /// How many bytes of an unfinished line it holds: never more than the limit and a CR.
    pub const fn held(&self) -> usize {
        self.partial.len()
    }

    fn take(&mut self, bytes: &[u8], heard: &mut Heard) {
        let found = self.partial.len() + bytes.len();
        if self.dropping {
            return;
        }
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

    fn end(&mut self, now_ms: u64, heard: &mut Heard) {
        if std::mem::take(&mut self.dropping) {
            return;
        }
        let whole = std::mem::take(&mut self.partial);
        let content = whole.trim_ascii();
        if content.is_empty() {
            return;
        }
        let mut message = self.reader.read(None, content, now_ms);
        message.raw = content.get(..RAW_LONGEST).unwrap_or(content).to_vec();
        heard.messages.push(message);
    }
}

impl Wire for MapLines {
    /// Half a line, or the rest of one that is too long, must not hide the first one of the next time.
    fn closed(&mut self, _: u64) {
        self.partial.clear();
        self.dropping = false;
    }

    fn read(&mut self, bytes: &[u8], now_ms: u64, heard: &mut Heard) {
        let mut pieces = bytes.split(|b| *b == b'\n');
        if let Some(first) = pieces.next() {
            self.take(first, heard);
        }
        for piece in pieces {
            self.end(now_ms, heard);
            self.take(piece, heard);
        }
    }
}
