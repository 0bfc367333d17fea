//! A reader that has been taught its devices, and what they say, again and again. It knows no family.

use tecs_protocol::family::{Family, Frames, Options, dialect, frames, wire};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::serial::{Heard, Wire};

/// What reads.
pub(crate) enum Reader {
    Broker(Box<dyn Dialect>),
    Line(Box<dyn Wire>),
    Frames(Frames),
}

/// One message.
#[derive(Clone)]
pub(crate) struct Said {
    /// Its topic, or its characteristic.
    pub(crate) of: String,
    /// Its bytes; of a conversation, each of the device's turns.
    pub(crate) turns: Vec<Vec<u8>>,
}

pub(crate) struct Home {
    reader: Reader,
    said: Vec<Said>,
    at: usize,
    now_ms: u64,
    every_ms: u64,
}

impl Said {
    pub(crate) fn published(topic: impl Into<String>, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            of: topic.into(),
            turns: vec![payload.into()],
        }
    }

    pub(crate) fn sent(bytes: impl Into<Vec<u8>>) -> Self {
        Self::published("", bytes)
    }
}

impl Reader {
    pub(crate) fn of(family: Family, options: &Options) -> Self {
        let broker = dialect(family, options).map(Self::Broker);
        let line = || wire(family, options).map(Self::Line);
        let found = broker.or_else(line);
        found.unwrap_or_else(|| Self::Frames(frames(family).unwrap()))
    }

    /// Reads one message, answers as a gateway does whose disk is fast, and tells how many signals it made.
    fn read(&mut self, said: &Said, now_ms: u64) -> usize {
        match self {
            Self::Broker(dialect) => {
                let publish = Publish {
                    topic: &said.of,
                    payload: &said.turns[0],
                    retained: false,
                    now_ms,
                };
                dialect.read(&publish).signals.len()
            }
            Self::Frames(read) => read(&said.of, &said.turns[0]).signals.len(),
            Self::Line(wire) => converse(&mut **wire, &said.turns, now_ms),
        }
    }
}

fn converse(wire: &mut dyn Wire, turns: &[Vec<u8>], now_ms: u64) -> usize {
    let mut heard = Heard::default();
    if wire.due_ms().is_some_and(|due| due <= now_ms) {
        wire.tick(now_ms, &mut heard);
    }
    let mut read = 0;
    for bytes in turns {
        wire.read(bytes, now_ms, &mut heard);
        while let Some(message) = heard.messages.get(read) {
            read += 1;
            if let Some(ticket) = message.ticket {
                wire.safe(ticket, now_ms, &mut heard);
            }
        }
    }
    divan::black_box(&heard.send);
    heard.messages.iter().map(|m| m.signals.len()).sum()
}

impl Home {
    /// Devices that say these things one after the other, every so often, to a reader that has heard the lessons.
    pub(crate) fn new(
        mut reader: Reader,
        lessons: &[Said],
        said: Vec<Said>,
        every_ms: u64,
    ) -> Self {
        if let Reader::Line(wire) = &mut reader {
            wire.opened(0);
        }
        for lesson in lessons {
            reader.read(lesson, 0);
        }
        Self {
            reader,
            said,
            at: 0,
            now_ms: 0,
            every_ms,
        }
    }

    /// The same, when what comes for the second time still says something: nothing is measured that is dropped.
    pub(crate) fn speaking(mut self) -> Self {
        for said in [&self.said[..], &self.said[..]].concat() {
            let signals = self.next();
            let text = said
                .turns
                .iter()
                .map(|b| String::from_utf8_lossy(b))
                .collect::<String>();
            assert!(signals > 0, "says nothing: {} {text}", said.of);
        }
        self
    }

    /// The same, when so many frames in a row are at least one reading.
    pub(crate) fn speaking_once_in(mut self, frames: usize) -> Self {
        self.next_ones(frames);
        assert!(self.next_ones(frames) > 0, "says nothing");
        self
    }

    fn next_ones(&mut self, most: usize) -> usize {
        (0..most).map(|_| self.next()).sum()
    }

    /// Reads the next message, and tells how many signals it made.
    pub(crate) fn next(&mut self) -> usize {
        let said = &self.said[self.at];
        self.at = (self.at + 1) % self.said.len();
        self.now_ms += self.every_ms;
        self.reader.read(said, self.now_ms)
    }

    /// Bytes of a message, as a mean.
    pub(crate) fn bytes_a_message(&self) -> usize {
        let bytes = self.said.iter().flat_map(|said| &said.turns).map(Vec::len);
        bytes.sum::<usize>() / self.said.len()
    }
}
