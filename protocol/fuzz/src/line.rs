//! A serial line that says anything at any time. It is read twice, once in the chunks of the turns and once in smaller
//! ones: both readers must say the same. Flags: 1 the turn is put into a frame whose check holds, 2 what waits is safe,
//! 4 the line is closed and opened first, 8 ticks come late, the upper four bits the length of the smaller chunks.

use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::Signal;

use crate::{holds, turns};

const FRAMED: u8 = 1;
const SAFE: u8 = 2;
const OPENED: u8 = 4;
const LATE: u8 = 8;

/// How often a line may tick in one pause before the rest of it is passed over.
const TICKS_MOST: usize = 32;

/// How often it may be due again at once: a line that is torn, dead and free has three things to say.
const HERE_MOST: u32 = 4;

/// What a protocol's reader promises.
pub struct Line<'l, W> {
    /// A reader.
    pub new: &'l dyn Fn() -> W,
    /// How many bytes it holds.
    pub held: fn(&W) -> usize,
    /// How many it may hold between readings.
    pub holds: usize,
    /// Whether these bytes may come in smaller chunks: a few protocols take a chunk's beginning for a frame's.
    pub cuts: fn(&[u8]) -> bool,
    /// Bytes put into a frame whose check holds; those of a protocol without checks stay as they are.
    pub framed: fn(&[u8]) -> Vec<u8>,
}

/// One reader, and what it heard last.
struct Side<W> {
    wire: W,
    heard: Heard,
    tickets: Vec<u32>,
}

/// Two readers of one line.
struct Both<'l, W> {
    line: &'l Line<'l, W>,
    whole: Side<W>,
    parts: Side<W>,
    now: u64,
    bytes: usize,
}

/// Plays an input to a line. `each` sees what was read, whether anything became safe in this turn, and what was heard.
pub fn play<W: Wire>(line: &Line<'_, W>, input: &[u8], mut each: impl FnMut(&[u8], bool, &Heard)) {
    let side = || Side {
        wire: (line.new)(),
        heard: Heard::default(),
        tickets: Vec::new(),
    };
    let mut both = Both {
        line,
        whole: side(),
        parts: side(),
        now: 0,
        bytes: 0,
    };
    for turn in turns(input) {
        both.pause(turn.pause_ms, turn.flags & LATE != 0);
        if turn.flags & OPENED != 0 {
            both.opens();
        }
        if turn.flags & SAFE != 0 {
            both.safe();
        }
        let bytes = if turn.flags & FRAMED != 0 {
            (line.framed)(&turn.bytes)
        } else {
            turn.bytes
        };
        both.reads(&bytes, 1 + usize::from(turn.flags >> 4));
        each(&bytes, turn.flags & SAFE != 0, &both.whole.heard);
    }
    both.sides(|wire, now, heard| wire.ended(now, heard));
}

impl<W: Wire> Both<'_, W> {
    /// Both do the same, and it comes to the same.
    fn sides(&mut self, mut act: impl FnMut(&mut W, u64, &mut Heard)) {
        for side in [&mut self.whole, &mut self.parts] {
            side.heard = Heard::default();
            act(&mut side.wire, self.now, &mut side.heard);
        }
        self.same();
    }

    fn same(&mut self) {
        fn said(heard: &Heard) -> Vec<&Signal> {
            heard.messages.iter().flat_map(|m| &m.signals).collect()
        }
        let (whole, parts) = (&self.whole.heard, &self.parts.heard);
        assert_eq!(said(whole), said(parts), "chunks matter");
        assert_eq!(whole.send, parts.send, "chunks matter to the answer");
        for message in &whole.messages {
            holds(message, self.bytes);
        }
        for side in [&mut self.whole, &mut self.parts] {
            let tickets = side.heard.messages.iter().filter_map(|m| m.ticket);
            side.tickets.extend(tickets);
            let held = (self.line.held)(&side.wire);
            assert!(held <= self.line.holds, "{held} bytes are held");
        }
        assert_eq!(self.whole.tickets, self.parts.tickets);
    }

    fn reads(&mut self, bytes: &[u8], chunk: usize) {
        self.bytes += bytes.len();
        self.whole.heard = Heard::default();
        self.parts.heard = Heard::default();
        let whole = &mut self.whole;
        if !bytes.is_empty() {
            whole.wire.read(bytes, self.now, &mut whole.heard);
        }
        let parts = &mut self.parts;
        let chunk = if (self.line.cuts)(bytes) {
            chunk
        } else {
            bytes.len().max(1)
        };
        for chunk in bytes.chunks(chunk) {
            parts.wire.read(chunk, self.now, &mut parts.heard);
        }
        self.same();
    }

    fn pause(&mut self, ms: u64, late: bool) {
        let until = self.now + ms;
        let mut here = 0;
        for _ in 0..TICKS_MOST {
            let due = self.whole.wire.due_ms();
            assert_eq!(due, self.parts.wire.due_ms(), "chunks matter to the time");
            let Some(due) = due.filter(|due| *due <= until && !late) else {
                break;
            };
            here = if due > self.now { 0 } else { here + 1 };
            assert!(here <= HERE_MOST, "it ticks on the spot");
            self.now = self.now.max(due);
            self.sides(|wire, now, heard| wire.tick(now, heard));
        }
        self.now = until;
        self.sides(|wire, now, heard| wire.tick(now, heard));
    }

    fn opens(&mut self) {
        self.sides(|wire, now, _| wire.closed(now));
        let held = (self.line.held)(&self.whole.wire);
        assert_eq!(held, 0, "what was half said before the line was closed");
        let now = self.now;
        let sent = self.whole.wire.opened(now);
        assert_eq!(sent, self.parts.wire.opened(now));
        // Their answers are nobody's any more.
        self.whole.tickets.clear();
        self.parts.tickets.clear();
    }

    fn safe(&mut self) {
        for ticket in std::mem::take(&mut self.whole.tickets) {
            self.parts.tickets.clear();
            self.sides(|wire, now, heard| wire.safe(ticket, now, heard));
        }
    }
}
