//! One file a dialect: topic and payload in, [`Message`] out. A dialect keeps what it was taught (definitions,
//! discovery) and nothing else; states that repeat are the core's.

pub mod ha_discovery;
pub mod homie;
pub(crate) mod reading;
mod waiting;
pub mod zigbee2mqtt;

use crate::signal::Message;

/// A publish as the broker delivered it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Publish<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its payload, not looked into.
    pub payload: &'a [u8],
    /// The broker kept it from before the subscription.
    pub retained: bool,
    /// When it was heard, monotonic ms: a frame that a radio repeats is told from a second press.
    pub now_ms: u64,
}

/// What reads the publishes of one source.
pub trait Dialect: Send {
    /// The topic filters to subscribe to.
    fn topics(&self) -> Vec<String>;

    /// Reads one publish. Never panics; what it cannot read is a named refusal in the answer.
    fn read(&mut self, publish: &Publish<'_>) -> Message;

    /// When `tick` is due next, monotonic ms.
    fn due_ms(&self) -> Option<u64> {
        None
    }

    /// Time passed: what somebody promised to say again and did not.
    fn tick(&mut self, now_ms: u64) -> Message {
        let _ = now_ms;
        Message::default()
    }

    /// True while a long lesson is being read: `tick` reads the next slice of it, and says what was learned with the last.
    fn is_learning(&self) -> bool {
        false
    }

    /// True for a topic that teaches (device definitions): it may be as large as a lesson, not only as a message.
    fn is_lesson(&self, topic: &str) -> bool {
        let _ = topic;
        false
    }
}
