//! From bytes to meaning: each source's reader, then what its signals mean in this home. Keeps no record and sends
//! nothing, so that `decode` and the daemon read with the same eyes.

use std::sync::Arc;

use tecs_protocol::Bytes;
use tecs_protocol::family::{self, Options};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::serial::{self, Wire};
use tecs_protocol::signal::{Lesson, Message, Refusal};
use tecs_protocol::vocabulary::Lane;

use crate::clock::Clock;
use crate::effect::Note;
use crate::normalise::{Came, Care, HELD, Meaning, contradicted};
use crate::notebook::Notebook;
use crate::roster::{Roster, Whose};
use crate::settings::{Rows, Settings};
use crate::time::Mono;

mod decoder;
mod gone;
mod lessons;
mod mute;
mod own;
mod pairing;
mod place;

pub use decoder::{Decoded, Decoder};
pub(crate) use mute::FIELD as MUTE;

/// What reads one source.
enum Reader {
    Mqtt(Box<dyn Dialect>),
    Serial(Box<dyn Wire>),
    /// A family that no source brings, or whose table is not there: the configuration's `check` says so.
    Deaf,
}

/// One message, understood as far as it goes.
#[derive(Debug, Default)]
pub(crate) struct Understood {
    pub(crate) meanings: Vec<Meaning>,
    pub(crate) ignored: Option<&'static str>,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) unmapped: Vec<String>,
    pub(crate) raw: Vec<u8>,
    pub(crate) ticket: Option<u32>,
    pub(crate) lesson: Option<Lesson>,
    /// States that are to be remembered though they led to no event.
    pub(crate) states: Vec<Note>,
    /// What the source is to be asked for from now on, when that has changed.
    pub(crate) topics: Option<Vec<String>>,
}

/// All sources' readers and all devices.
pub(crate) struct Senses {
    readers: Vec<Reader>,
    pub(crate) roster: Roster,
    pub(crate) clock: Clock,
    /// What is noted of each source.
    pub(crate) notebooks: Vec<Notebook>,
    /// Devices that were told to be mute and said an alarm just now.
    speaks_up: Vec<Whose>,
    /// Somebody looks at every message.
    pub(crate) keep_raw: bool,
}

impl Senses {
    pub(crate) fn new(settings: &Settings, boot_id: u64, now: Mono) -> Self {
        let readers = settings
            .sources
            .iter()
            .enumerate()
            .map(|(n, source)| {
                let mut options = Options {
                    base: source.base.clone(),
                    devices: settings.limits.devices,
                    listed: Arc::new(settings.listed(n)),
                    longest: settings.limits.message,
                    map: source.map.clone(),
                    enocean: settings.enocean(n),
                    espa444: settings.espa444(n),
                    modbus: settings.modbus(n),
                    ..Options::default()
                };
                for (_, text) in settings.vitals.iter().filter(|(of, _)| *of == n) {
                    // What is not allowed was named when the configuration was read.
                    let _ = text.settle(source.speaks, &mut options);
                }
                if let Some(dialect) = family::dialect(source.speaks, &options) {
                    Reader::Mqtt(dialect)
                } else if let Some(wire) = family::wire(source.speaks, &options) {
                    Reader::Serial(wire)
                } else {
                    Reader::Deaf
                }
            })
            .collect();
        Self {
            readers,
            roster: Roster::new(settings, now),
            clock: Clock::new(boot_id),
            notebooks: settings
                .sources
                .iter()
                .map(|_| Notebook::default())
                .collect(),
            speaks_up: Vec::new(),
            keep_raw: false,
        }
    }

    /// Reads one publish of a broker; it may be redelivered, and in the care of its source as well.
    pub(crate) fn publish(
        &mut self,
        settings: &Settings,
        source: usize,
        publish: &Publish<'_>,
        (redelivered, held_by): (bool, Care),
        now: Mono,
    ) -> Understood {
        let limits = &settings.limits;
        let message = match self.readers.get_mut(source) {
            Some(Reader::Mqtt(dialect)) => {
                let limit = if dialect.is_lesson(publish.topic) {
                    limits.lesson
                } else {
                    limits.message
                };
                if publish.payload.len() > limit {
                    Message::refused(Refusal::TooLarge {
                        bytes: publish.payload.len(),
                        limit,
                    })
                } else {
                    dialect.read(publish)
                }
            }
            Some(Reader::Serial(_) | Reader::Deaf) | None => {
                Message::ignored("this source does not speak over MQTT")
            }
        };
        let came = Came {
            retained: message.late.unwrap_or(publish.retained),
            replayed: message.replayed,
            redelivered,
            care: held_by,
        };
        let topics = self.topics_of(source, &message);
        let raw = publish.payload;
        Understood {
            topics,
            ..self.understand(settings, source, message, came, Some(raw), now)
        }
    }

    /// Reads the next bytes of a line; also what is to be written back.
    pub(crate) fn bytes(
        &mut self,
        settings: &Settings,
        source: usize,
        bytes: &Bytes,
        now: Mono,
    ) -> (Vec<Understood>, Vec<u8>) {
        self.on_wire(settings, source, now, |wire, heard| {
            wire.read(bytes, now.0, heard);
        })
    }

    /// A line was opened: what is to be written first.
    pub(crate) fn opened(&mut self, source: usize, now: Mono) -> Vec<u8> {
        match self.readers.get_mut(source) {
            Some(Reader::Serial(wire)) => wire.opened(now.0),
            Some(Reader::Mqtt(_) | Reader::Deaf) | None => Vec::new(),
        }
    }

    /// A line was closed.
    pub(crate) fn closed(&mut self, source: usize, now: Mono) {
        if let Some(Reader::Serial(wire)) = self.readers.get_mut(source) {
            wire.closed(now.0);
        }
    }

    /// What the senders of the next bytes of a line are, where they cannot say so themselves.
    pub(crate) fn told(&mut self, source: usize, profile: &str) -> bool {
        match self.readers.get_mut(source) {
            Some(Reader::Serial(wire)) => wire.told(profile),
            Some(Reader::Mqtt(_) | Reader::Deaf) | None => false,
        }
    }

    /// What a device of this source had taught before the last end.
    pub(crate) fn recall(&mut self, source: usize, device: &str, says: &str) {
        if let Some(Reader::Serial(wire)) = self.readers.get_mut(source) {
            wire.recall(device, says);
        }
    }

    /// Nothing follows these bytes: what lacks only its check is said all the same.
    pub(crate) fn ended(
        &mut self,
        settings: &Settings,
        source: usize,
        now: Mono,
    ) -> Vec<Understood> {
        self.on_wire(settings, source, now, |wire, heard| {
            wire.ended(now.0, heard);
        })
        .0
    }

    /// A message with this ticket is safe.
    pub(crate) fn safe(
        &mut self,
        settings: &Settings,
        source: usize,
        ticket: u32,
        now: Mono,
    ) -> (Vec<Understood>, Vec<u8>) {
        self.on_wire(settings, source, now, |wire, heard| {
            wire.safe(ticket, now.0, heard);
        })
    }

    /// Time passed on a line, or for what devices on a broker promised to say.
    pub(crate) fn tick(
        &mut self,
        settings: &Settings,
        source: usize,
        now: Mono,
    ) -> (Vec<Understood>, Vec<u8>) {
        if let Some(Reader::Mqtt(dialect)) = self.readers.get_mut(source) {
            if dialect.due_ms().is_none_or(|due| due > now.0) {
                return (Vec::new(), Vec::new());
            }
            let message = dialect.tick(now.0);
            if message == Message::default() {
                return (Vec::new(), Vec::new());
            }
            let topics = self.topics_of(source, &message);
            let understood = Understood {
                topics,
                ..self.understand(settings, source, message, Came::default(), None, now)
            };
            return (vec![understood], Vec::new());
        }
        self.on_wire(settings, source, now, |wire, heard| {
            if wire.due_ms().is_some_and(|due| due <= now.0) {
                wire.tick(now.0, heard);
            }
        })
    }

    /// When the next source is due, and which.
    pub(crate) fn due(&self) -> Option<(Mono, usize)> {
        self.readers
            .iter()
            .enumerate()
            .filter_map(|(n, reader)| match reader {
                Reader::Serial(wire) => wire.due_ms().map(|due| (Mono(due), n)),
                Reader::Mqtt(dialect) => dialect.due_ms().map(|due| (Mono(due), n)),
                Reader::Deaf => None,
            })
            .min()
    }

    fn on_wire(
        &mut self,
        settings: &Settings,
        source: usize,
        now: Mono,
        turn: impl FnOnce(&mut dyn Wire, &mut serial::Heard),
    ) -> (Vec<Understood>, Vec<u8>) {
        let mut heard = serial::Heard::default();
        if let Some(Reader::Serial(wire)) = self.readers.get_mut(source) {
            turn(wire.as_mut(), &mut heard);
        }
        let understood = heard
            .messages
            .into_iter()
            .map(|message| {
                let came = Came {
                    replayed: message.replayed,
                    care: Care::of(message.ticket.is_some()),
                    ..Came::default()
                };
                self.understand(settings, source, message, came, None, now)
            })
            .collect();
        (understood, heard.send)
    }

    fn understand(
        &mut self,
        settings: &Settings,
        source: usize,
        mut message: Message,
        came: Came,
        raw: Option<&[u8]>,
        now: Mono,
    ) -> Understood {
        let limit = settings.limits.raw_excerpt;
        let notebook = self.notebooks.get_mut(source);
        if let Some(notebook) = notebook {
            let sample = || excerpt(raw.unwrap_or(&message.raw), limit);
            notebook.note(&message, sample, now);
            notebook.unkept += u64::from(came.care == Care::Ours);
        }
        let mut understood = Understood {
            ignored: message.ignored,
            refusals: message.refusals,
            unmapped: message.unmapped,
            ticket: message.ticket,
            lesson: message.lesson,
            ..Understood::default()
        };
        let name = settings.sources.get(source).map_or("", |s| s.name.as_str());
        let pairing = message.pairing.take();
        if let Some(pairing) = pairing {
            understood
                .states
                .extend(self.pair(settings, source, pairing, now));
        }
        let spoken = message.signals.iter_mut().map(|signal| &mut signal.device);
        for name in spoken.chain(
            message
                .speaker
                .iter_mut()
                .map(|speaker| &mut speaker.device),
        ) {
            let key = self.roster.key(source, name);
            if key != name {
                *name = key.to_owned();
            }
        }
        let speaker = message.speaker.filter(|_| !understood.unmapped.is_empty());
        for gone in &message.gone {
            understood.states.extend(self.forget(source, name, gone));
        }
        let contradicted = contradicted(&message.signals, |device| {
            let known = self.roster.known(source, device);
            known.map_or_else(Rows::default, |known| known.rows(settings))
        });
        for (n, signal) in message.signals.into_iter().enumerate() {
            let beside = contradicted.contains(&n);
            let of = (source, name);
            let mut meaning = match self.heard(settings, of, (signal, beside), came, now) {
                Ok(meaning) => meaning,
                Err(silent) => {
                    self.was_silent(source, silent, &mut understood);
                    continue;
                }
            };
            // For audit, a message's own words are kept once, and with every alarm.
            if understood.meanings.is_empty() || meaning.lane == Lane::Alarm {
                let raw = raw.unwrap_or(&message.raw);
                meaning.event.raw = excerpt(raw, limit);
            }
            understood.meanings.push(meaning);
        }
        let of = (source, name);
        self.tell_mute(settings, of, speaker.as_ref(), came, now, &mut understood);
        if !understood.meanings.is_empty() && understood.ignored != Some(HELD) {
            understood.ignored = message.ignored;
        }
        if !understood.refusals.is_empty() || self.keep_raw {
            understood.raw = excerpt(raw.unwrap_or(&message.raw), limit);
        }
        if let Some(notebook) = self.notebooks.get_mut(source) {
            for refusal in &understood.refusals {
                notebook.refused(refusal, &understood.raw, now);
            }
        }
        understood
    }
}

fn excerpt(raw: &[u8], limit: usize) -> Vec<u8> {
    raw.get(..limit.min(raw.len())).unwrap_or_default().to_vec()
}
