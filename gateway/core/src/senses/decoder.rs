//! The eyes alone: messages that are read by hand, with the daemon's readers and with state kept between them. Keeps no
//! record.

use tecs_protocol::Bytes;
use tecs_protocol::event::Event;
use tecs_protocol::family;
use tecs_protocol::mqtt::Publish;
use tecs_protocol::signal::Message;

use super::{Senses, Understood};
use crate::normalise::{Came, Care};
use crate::settings::Settings;
use crate::time::Mono;

/// What one message became, for `decode` and `map test`.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The events it led to.
    pub events: Vec<Event>,
    /// Why it led to none, or what of it was not understood.
    pub ignored: Option<String>,
}

/// The gateway's eyes alone: reads messages as the daemon would, with state kept between them, and keeps nothing.
pub struct Decoder {
    settings: Settings,
    senses: Senses,
}

impl Decoder {
    /// A reader of these sources.
    pub fn new(settings: Settings) -> Self {
        let senses = Senses::new(&settings, 0, Mono(0));
        Self { settings, senses }
    }

    /// The wall clock, for events that carry it.
    pub fn clock(&mut self, wall_ms: i64, trusted: bool, now: Mono) {
        self.senses.clock.read(wall_ms, trusted, now);
    }

    /// What a publish becomes.
    pub fn publish(
        &mut self,
        source: usize,
        publish: &Publish<'_>,
        redelivered: bool,
        now: Mono,
    ) -> Decoded {
        let settings = &self.settings;
        let how = (redelivered, Care::Shared);
        let mut understood = self.senses.publish(settings, source, publish, how, now);
        // A lesson that the daemon reads by and by is read to its end here.
        while self.senses.is_learning(source) {
            let (mut next, _) = self.senses.tick(settings, source, now);
            if let Some(learned) = next.pop() {
                understood = learned;
            }
        }
        self.answer(understood)
    }

    /// Nothing is kept: what a journal would remember is forgotten.
    fn answer(&mut self, understood: Understood) -> Decoded {
        self.senses.roster.take_notes();
        understood.into()
    }

    /// What time alone has led to at a source that a broker brings; its devices may be overdue.
    pub fn passed(&mut self, source: usize, now: Mono) -> Vec<Decoded> {
        let (understood, _) = self.senses.tick(&self.settings, source, now);
        understood.into_iter().map(Decoded::from).collect()
    }

    /// The senders of the next bytes of a line have this profile. False when their reader has no use for it.
    pub fn told(&mut self, source: usize, profile: &str) -> bool {
        self.senses.told(source, profile)
    }

    /// What one value of a Bluetooth characteristic (by its UUID) becomes.
    pub fn value(
        &mut self,
        source: usize,
        characteristic: &str,
        value: &[u8],
        now: Mono,
    ) -> Decoded {
        let of = (characteristic, value);
        let understood = self.senses.value(&self.settings, source, of, now);
        self.answer(understood)
    }

    /// What the next bytes of a line become: one answer a whole message. Each counts as safe at once, as it would be in a
    /// daemon that is well.
    pub fn bytes(&mut self, source: usize, bytes: &Bytes, now: Mono) -> Vec<Decoded> {
        let settings = &self.settings;
        let (mut understood, _) = self.senses.bytes(settings, source, bytes, now);
        understood.extend(self.senses.ended(settings, source, now));
        let tickets: Vec<u32> = understood.iter().filter_map(|u| u.ticket).collect();
        for ticket in tickets {
            understood.extend(self.senses.safe(settings, source, ticket, now).0);
        }
        let answers = understood.into_iter();
        answers.map(|one| self.answer(one)).collect()
    }
}

impl From<Understood> for Decoded {
    fn from(understood: Understood) -> Self {
        let mut why: Vec<String> = understood
            .refusals
            .iter()
            .map(ToString::to_string)
            .collect();
        if !understood.unmapped.is_empty() {
            why.push(format!("unmapped: {}", understood.unmapped.join(", ")));
        }
        if let Some(ignored) = understood.ignored {
            why.insert(0, ignored.to_owned());
        }
        Self {
            events: understood.meanings.into_iter().map(|m| m.event).collect(),
            ignored: (!why.is_empty()).then(|| why.join("; ")),
        }
    }
}

impl Senses {
    /// Reads one value of a Bluetooth characteristic.
    fn value(
        &mut self,
        settings: &Settings,
        source: usize,
        (characteristic, value): (&str, &[u8]),
        now: Mono,
    ) -> Understood {
        let speaks = settings.sources.get(source).map(|source| source.speaks);
        let message = match speaks.and_then(family::frames) {
            Some(read) => read(characteristic, value),
            None => Message::ignored("this source does not speak in Bluetooth characteristics"),
        };
        let came = Came {
            replayed: message.replayed,
            ..Came::default()
        };
        self.understand(settings, source, message, came, None, now)
    }
}
