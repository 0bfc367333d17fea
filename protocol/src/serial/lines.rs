//! Bytes of a line of text cut into its lines, each ended by LF or CRLF and none longer than a limit. Where lines are JSON
//! objects, whole ones are also handed over when the line pauses or grows too long without an end. It reads no meaning.

use super::objects;
use crate::signal::Refusal;

/// Whole objects of a line that pauses this long are handed over without its end, ms. Ours, as for every other wire.
const GAP_MS: u64 = 500;

/// The reader of lines.
#[derive(Debug)]
pub(crate) struct Lines {
    longest: usize,
    /// Lines are JSON objects, which end themselves.
    objects: bool,
    partial: Vec<u8>,
    /// In the rest of a line that is too long.
    dropping: bool,
    byte_ms: u64,
    /// The partial line was looked through in this pause.
    looked: bool,
}

/// What was cut.
pub(crate) enum Cut {
    /// A line without its end and spaces around it, never empty.
    Line(Vec<u8>),
    /// A line of so many bytes was too long.
    TooLong(usize),
}

impl Cut {
    /// The line, or why there is none.
    pub(crate) fn line(self, limit: usize) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::Line(line) => Ok(line),
            Self::TooLong(bytes) => Err(Refusal::TooLarge { bytes, limit }),
        }
    }
}

impl Lines {
    /// Of lines of at most `longest` bytes, the end not counted.
    pub(crate) const fn new(longest: usize, objects: bool) -> Self {
        Self {
            longest,
            objects,
            partial: Vec::new(),
            dropping: false,
            byte_ms: 0,
            looked: false,
        }
    }

    /// The longest line, bytes.
    pub(crate) const fn longest(&self) -> usize {
        self.longest
    }

    /// How many bytes of an unfinished line it holds: never more than the limit and a CR.
    pub(crate) const fn held(&self) -> usize {
        self.partial.len()
    }

    /// Half a line, or the rest of one that is too long, must not hide the first one of the next time.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.longest, self.objects);
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8], now_ms: u64) -> Vec<Cut> {
        let mut out = Vec::new();
        self.byte_ms = now_ms;
        self.looked = false;
        let mut pieces = bytes.split(|b| *b == b'\n');
        if let Some(first) = pieces.next() {
            self.take(first, &mut out);
        }
        for piece in pieces {
            self.end(&mut out);
            self.take(piece, &mut out);
        }
        out
    }

    /// When `pause` is due.
    pub(crate) fn due_ms(&self) -> Option<u64> {
        let waits = self.objects && !self.looked && !self.partial.is_empty();
        waits.then(|| self.byte_ms.saturating_add(GAP_MS))
    }

    /// The line has paused: whole objects wait for no end.
    pub(crate) fn pause(&mut self, now_ms: u64) -> Option<Cut> {
        if self.due_ms().is_none_or(|due| due > now_ms) {
            return None;
        }
        self.looked = true;
        self.whole_objects()
    }

    /// Takes bytes of one line, as far as it may be long; a CR of its end does not count.
    fn take(&mut self, mut bytes: &[u8], out: &mut Vec<Cut>) {
        while !self.dropping && !bytes.is_empty() {
            let room = self.longest.saturating_add(1) - self.partial.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if now.is_empty() {
                if let Some(objects) = self.whole_objects() {
                    out.push(objects);
                } else {
                    out.push(Cut::TooLong(self.partial.len() + bytes.len()));
                    self.partial = Vec::new();
                    self.dropping = true;
                }
            }
            self.partial.extend_from_slice(now);
            bytes = later;
        }
    }

    /// What is held, up to the end of the last whole object.
    fn whole_objects(&mut self) -> Option<Cut> {
        if !self.objects {
            return None;
        }
        let within = self.partial.len().min(self.longest);
        let end = objects::find(self.partial.get(..within)?).end;
        (end > 0).then(|| Cut::Line(self.partial.drain(..end).collect()))
    }

    fn end(&mut self, out: &mut Vec<Cut>) {
        if std::mem::take(&mut self.dropping) {
            return;
        }
        let mut whole = std::mem::take(&mut self.partial);
        let content = whole.trim_ascii_end().len();
        whole.truncate(content);
        whole.drain(..whole.len() - whole.trim_ascii_start().len());
        if whole.len() > self.longest {
            out.push(Cut::TooLong(whole.len()));
        } else if !whole.is_empty() {
            out.push(Cut::Line(whole));
        }
    }
}
