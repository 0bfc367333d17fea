//! Words whose lesson has not come yet. A broker that kept a session gives what it queued before anything that is
//! retained, and retained words in an order of its own: a state may come before the configuration that makes it plain.
//! It is kept here for a while, bounded, and read by the lesson when that comes. Knows no dialect.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Publish;

/// The most messages that wait.
pub(crate) const MESSAGES_MOST: usize = 512;
/// The most bytes of all that wait, topics and payloads.
pub(crate) const BYTES_MOST: usize = 1024 * 1024;
/// The longest message that waits, bytes.
pub(crate) const LONGEST: usize = 16 * 1024;
/// For how long one waits, ms: a broker gives what it retains within seconds of the subscription. A lesson that comes
/// later is a new device, and what was said before it is old.
pub(crate) const FOR_MS: u64 = 60_000;

/// Messages in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    kept: VecDeque<Kept>,
    bytes: usize,
    next: u64,
    dropped: u64,
}

/// A message that waits.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// Its place among all that ever waited.
    pub(crate) number: u64,
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Arc<[u8]>,
    /// The broker had kept it from before.
    pub(crate) retained: bool,
    /// A press was read from it: it is not to be read again.
    pub(crate) pressed: bool,
    at_ms: u64,
}

impl Waiting {
    /// Keeps a message; its number. The oldest make room.
    pub(crate) fn keep(&mut self, publish: &Publish<'_>) -> u64 {
        let number = self.next;
        self.next += 1;
        let bytes = publish.topic.len() + publish.payload.len();
        if bytes > LONGEST {
            self.dropped += 1;
            return number;
        }
        self.forget(publish.now_ms);
        while self.kept.len() >= MESSAGES_MOST || self.bytes + bytes > BYTES_MOST {
            self.drop_oldest();
            self.dropped += 1;
        }
        self.bytes += bytes;
        self.kept.push_back(Kept {
            number,
            topic: publish.topic.into(),
            payload: publish.payload.into(),
            retained: publish.retained,
            pressed: false,
            at_ms: publish.now_ms,
        });
        number
    }

    /// What still waits and was said on this topic.
    pub(crate) fn of(&mut self, topic: &str, now_ms: u64) -> Vec<Kept> {
        self.forget(now_ms);
        let of_it = self.kept.iter().filter(|kept| &*kept.topic == topic);
        of_it.cloned().collect()
    }

    /// A press was read from the message with this number.
    pub(crate) fn pressed(&mut self, number: u64) {
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.number == number) {
            kept.pressed = true;
        }
    }

    /// How many messages were dropped before their time, because there was no room.
    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    fn forget(&mut self, now_ms: u64) {
        while self
            .kept
            .front()
            .is_some_and(|kept| now_ms.saturating_sub(kept.at_ms) > FOR_MS)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(kept) = self.kept.pop_front() {
            self.bytes = self
                .bytes
                .saturating_sub(kept.topic.len() + kept.payload.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<'a>(topic: &'a str, payload: &'a [u8], now_ms: u64) -> Publish<'a> {
        Publish {
            topic,
            payload,
            retained: false,
            now_ms,
        }
    }

    #[test]
    fn what_waits_is_bounded_in_number_bytes_and_time() {
        let mut waiting = Waiting::default();
        for _ in 0..MESSAGES_MOST + 3 {
            waiting.keep(&said("t", b"x", 0));
        }
        assert_eq!((waiting.len(), waiting.dropped()), (MESSAGES_MOST, 3));
        let large = vec![0; LONGEST - 1];
        for _ in 0..100 {
            waiting.keep(&said("u", &large, 1));
        }
        assert!(waiting.bytes <= BYTES_MOST);
        waiting.keep(&said("u", &vec![0; LONGEST], 2));
        assert_eq!(waiting.of("u", 2).len(), BYTES_MOST / LONGEST);
        assert_eq!(waiting.of("u", FOR_MS + 2).len(), 0);
        assert_eq!((waiting.len(), waiting.bytes), (0, 0));
    }
}
