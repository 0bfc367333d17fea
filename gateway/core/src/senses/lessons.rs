//! What sources teach their readers: which topics are asked for from now on, and whether a long lesson is being read. Reads
//! nothing itself.

use tecs_protocol::signal::Message;

use super::{Reader, Senses};

impl Senses {
    /// What the source is to be asked for, where a message has changed that.
    pub(super) fn topics_of(&self, source: usize, message: &Message) -> Option<Vec<String>> {
        match self.readers.get(source) {
            Some(Reader::Mqtt(dialect)) if message.topics_changed => Some(dialect.topics()),
            _ => None,
        }
    }

    /// A long lesson of this source is being read.
    pub(super) fn is_learning(&self, source: usize) -> bool {
        matches!(self.readers.get(source), Some(Reader::Mqtt(dialect)) if dialect.is_learning())
    }
}
