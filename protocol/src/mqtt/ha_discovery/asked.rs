//! The topics that are asked for: counted, so that one goes with the last who asked for it. It knows no entity.

use std::collections::BTreeMap;

/// The topics that are asked for, each with how many ask for it.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) topics: BTreeMap<Box<str>, usize>,
    /// Their bytes.
    pub(super) bytes: usize,
    /// Topics that came or went since somebody looked, and whether they were asked for before.
    touched: BTreeMap<Box<str>, bool>,
}

impl Asked {
    pub(super) fn add(&mut self, topic: &str) {
        self.touch(topic);
        let count = self.topics.entry(topic.into()).or_default();
        *count += 1;
        if *count == 1 {
            self.bytes += topic.len();
        }
    }

    pub(super) fn remove(&mut self, topic: &str) {
        self.touch(topic);
        let Some(count) = self.topics.get_mut(topic) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.topics.remove(topic);
            self.bytes -= topic.len();
        }
    }

    fn touch(&mut self, topic: &str) {
        let before = self.topics.contains_key(topic);
        self.touched.entry(topic.into()).or_insert(before);
    }

    /// True when other topics are asked for than when somebody looked last.
    pub(super) fn have_changed(&mut self) -> bool {
        let touched = std::mem::take(&mut self.touched);
        let mut touched = touched.into_iter();
        touched.any(|(topic, before)| self.topics.contains_key(&topic) != before)
    }
}
