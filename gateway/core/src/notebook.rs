//! What an installer may ask of one source: what of it was not understood, with samples, and which rules of its table ever
//! fitted. It changes no decision but one: a line of which nothing at all can be read is told.

use std::collections::BTreeMap;

use tecs_protocol::signal::{Message, Refusal};

use crate::time::Mono;

/// The most names of unmapped fields that are remembered of one source; the rest is counted.
const UNMAPPED_MOST: usize = 64;
/// So many messages in a row of which nothing could be read make a line garbled.
const GARBLED_AFTER: u32 = 20;

/// What was refused under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalSeen {
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Mono,
    /// What exactly, the last time.
    pub what: String,
    /// The beginning of the last message; personal, so for the local socket only.
    pub sample: Vec<u8>,
}

/// A field that no table knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmappedSeen {
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Mono,
    /// The beginning of the first message that had it; personal, so for the local socket only.
    pub sample: Vec<u8>,
}

/// Whether a source can be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Legible {
    /// Nothing was said of it in this run.
    #[default]
    Untold,
    Yes,
    No,
}

/// What is noted of one source.
#[derive(Debug, Default)]
pub(crate) struct Notebook {
    pub(crate) messages: u64,
    /// Those that could not be acknowledged.
    pub(crate) unkept: u64,
    pub(crate) refusals: BTreeMap<&'static str, RefusalSeen>,
    pub(crate) unmapped: BTreeMap<String, UnmappedSeen>,
    pub(crate) unmapped_more: u64,
    /// Why messages said nothing; the words are ours, so there are few.
    pub(crate) ignored: BTreeMap<&'static str, u64>,
    /// Rules of its table that have fitted: how often, and when last.
    pub(crate) rules: BTreeMap<usize, (u64, Mono)>,
    /// Messages in a row of which nothing could be read.
    garbled: u32,
    legible: Legible,
}

/// A refusal that a wrong speed or parity leads to; all others say that the bytes themselves came well.
fn is_garble(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::TooLarge { .. }
        | Refusal::NotText
        | Refusal::NotJson { .. }
        | Refusal::Checksum { .. }
        | Refusal::CheckMissing { .. }
        | Refusal::Length { .. }
        | Refusal::Noise { .. }
        | Refusal::UnknownFrame { .. } => true,
        Refusal::NotShape { .. }
        | Refusal::BadValue { .. }
        | Refusal::BadUnit { .. }
        | Refusal::NotInVocabulary { .. }
        | Refusal::TooManyDevices { .. }
        | Refusal::Exception { .. } => false,
    }
}

impl Notebook {
    /// Notes one message before its signals are looked into; `excerpt` makes a sample of it.
    pub(crate) fn note(&mut self, message: &Message, excerpt: impl Fn() -> Vec<u8>, now: Mono) {
        self.messages += 1;
        if let Some(why) = message.ignored {
            self.ignored(why);
        }
        if let Some(rule) = message.rule {
            let fitted = self.rules.entry(rule).or_insert((0, now));
            *fitted = (fitted.0 + 1, now);
        }
        for field in &message.unmapped {
            self.unmapped(field, &excerpt, now);
        }
        let garbled = !message.refusals.is_empty()
            && message.signals.is_empty()
            && message.refusals.iter().all(is_garble);
        self.garbled = if garbled {
            self.garbled.saturating_add(1)
        } else {
            0
        };
    }

    /// Notes why words said nothing.
    pub(crate) fn ignored(&mut self, why: &'static str) {
        *self.ignored.entry(why).or_default() += 1;
    }

    /// Notes what was refused; there are as many names as `Refusal::NAMES`.
    pub(crate) fn refused(&mut self, refusal: &Refusal, sample: &[u8], now: Mono) {
        let seen = self
            .refusals
            .entry(refusal.name())
            .or_insert_with(|| RefusalSeen {
                count: 0,
                last: now,
                what: String::new(),
                sample: Vec::new(),
            });
        seen.count += 1;
        seen.last = now;
        seen.what = refusal.to_string();
        seen.sample.clear();
        seen.sample.extend_from_slice(sample);
    }

    fn unmapped(&mut self, field: &str, excerpt: impl Fn() -> Vec<u8>, now: Mono) {
        if let Some(seen) = self.unmapped.get_mut(field) {
            seen.count += 1;
            seen.last = now;
        } else if self.unmapped.len() < UNMAPPED_MOST {
            let seen = UnmappedSeen {
                count: 1,
                last: now,
                sample: excerpt(),
            };
            self.unmapped.insert(field.to_owned(), seen);
        } else {
            self.unmapped_more += 1;
        }
    }

    /// What is to be told of the line, once when it changes: true, that nothing of it can be read any more.
    pub(crate) fn garbled_now(&mut self) -> Option<bool> {
        let legible = if self.garbled >= GARBLED_AFTER {
            Legible::No
        } else if self.garbled == 0 && self.messages > 0 {
            Legible::Yes
        } else {
            return None;
        };
        let before = std::mem::replace(&mut self.legible, legible);
        (before != legible).then_some(legible == Legible::No)
    }

    /// Nothing of the line can be read.
    pub(crate) fn is_garbled(&self) -> bool {
        self.legible == Legible::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(notebook: &mut Notebook, message: &Message) -> Option<bool> {
        notebook.note(message, Vec::new, Mono(1));
        notebook.garbled_now()
    }

    #[test]
    fn a_line_of_which_nothing_can_be_read_is_told_once_and_its_first_word_too() {
        let mut notebook = Notebook::default();
        let noise = Message::refused(Refusal::Noise { bytes: 9 });
        for _ in 1..GARBLED_AFTER {
            assert_eq!(hear(&mut notebook, &noise), None);
        }
        assert_eq!(hear(&mut notebook, &noise), Some(true));
        assert_eq!(hear(&mut notebook, &noise), None);
        assert!(notebook.is_garbled());
        assert_eq!(hear(&mut notebook, &Message::ignored("alive")), Some(false));
        assert_eq!(hear(&mut notebook, &Message::ignored("alive")), None);
    }

    #[test]
    fn a_value_that_is_refused_does_not_make_a_line_garbled() {
        let mut notebook = Notebook::default();
        let bad = Message::refused(Refusal::BadValue {
            field: "x".into(),
            due: "y",
        });
        for _ in 0..100 {
            hear(&mut notebook, &bad);
        }
        assert!(!notebook.is_garbled());
    }

    #[test]
    fn fields_are_remembered_with_their_first_sample_and_no_more_than_allowed() {
        let mut notebook = Notebook::default();
        for n in 0..UNMAPPED_MOST + 5 {
            let message = Message {
                unmapped: vec![format!("field-{n}")],
                ..Message::default()
            };
            notebook.note(&message, || vec![b'x'], Mono(1));
            notebook.note(&message, || vec![b'y'], Mono(2));
        }
        assert_eq!(notebook.unmapped.len(), UNMAPPED_MOST);
        assert_eq!(notebook.unmapped_more, 10);
        let first = &notebook.unmapped["field-0"];
        assert_eq!((first.count, first.last), (2, Mono(2)));
        assert_eq!(first.sample, b"x");
    }
}
