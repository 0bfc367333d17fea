//! A table as a dialect of MQTT: its patterns are the subscriptions.

use std::sync::Arc;

use super::Map;
use super::read::Reader;
use crate::mqtt::{Dialect, Publish};
use crate::signal::Message;

/// The reader of one broker's publishes by a table.
#[derive(Debug)]
pub struct MapDialect(Reader);

impl MapDialect {
    /// A reader of messages of at most `longest` bytes.
    pub fn new(map: Arc<Map>, longest: usize) -> Self {
        Self(Reader::new(map, longest))
    }
}

impl Dialect for MapDialect {
    fn topics(&self) -> Vec<String> {
        self.0.map().filters()
    }

    fn read(&mut self, publish: &Publish<'_>) -> Message {
        self.0
            .read(Some(publish.topic), publish.payload, publish.now_ms)
    }
}

impl Map {
    /// The topic filters that bring what its rules fit, none of which lies within another: a broker may deliver a
    /// publish once for each that fits.
    pub fn filters(&self) -> Vec<String> {
        let topics: Vec<_> = self.rules.iter().flat_map(|rule| &rule.topics).collect();
        let mut filters: Vec<String> = Vec::new();
        for (n, topic) in topics.iter().enumerate() {
            let within = topics
                .iter()
                .enumerate()
                .any(|(m, other)| m != n && other.covers(topic) && (!topic.covers(other) || m < n));
            if !within {
                filters.push(topic.filter());
            }
        }
        filters
    }
}
