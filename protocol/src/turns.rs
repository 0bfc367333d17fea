//! Names that a reader may have to forget, in the order in which they were heard: the one heard longest ago goes first. It
//! keeps nothing but the order, and whoever may not be forgotten is never put in.

use std::collections::BTreeMap;

/// The most devices that can raise an alarm which one reader remembers; the one heard longest ago makes room. Ours: the same
/// as the core remembers of those that have once raised one.
pub(crate) const ALARMING_MOST: usize = 4_096;

/// Names in the order in which they were heard last. Every step costs the logarithm of how many there are.
#[derive(Debug)]
pub(crate) struct Turns<K> {
    next: u64,
    at: BTreeMap<K, u64>,
    order: BTreeMap<u64, K>,
}

impl<K: Ord + Clone> Turns<K> {
    pub(crate) const fn new() -> Self {
        Self {
            next: 0,
            at: BTreeMap::new(),
            order: BTreeMap::new(),
        }
    }

    /// It was heard now; it is the last to go.
    pub(crate) fn join(&mut self, name: K) {
        self.leave(&name);
        self.at.insert(name.clone(), self.next);
        self.order.insert(self.next, name);
        self.next += 1;
    }

    /// There are so many that somebody may have to go soon. Of fewer the order is not looked after, so that a usual home pays
    /// nothing for it.
    pub(crate) fn is_crowded(&self, most: usize) -> bool {
        self.at.len() * 2 >= most
    }

    /// The same of one that is there.
    pub(crate) fn touch(&mut self, name: &K) {
        if self.at.contains_key(name) {
            self.join(name.clone());
        }
    }

    /// It is gone, or may not go.
    pub(crate) fn leave(&mut self, name: &K) {
        if let Some(at) = self.at.remove(name) {
            self.order.remove(&at);
        }
    }

    /// Takes out who has to go so that one more fits among `most`.
    pub(crate) fn make_room(&mut self, most: usize) -> Option<K> {
        if self.at.len() < most {
            return None;
        }
        let (_, name) = self.order.pop_first()?;
        self.at.remove(&name);
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_heard_longest_ago_makes_room() {
        let mut turns = Turns::new();
        for name in ["a", "b", "c"] {
            assert_eq!(turns.make_room(3), None);
            turns.join(name);
        }
        turns.touch(&"a");
        turns.touch(&"stranger");
        turns.leave(&"c");
        turns.join("d");
        assert_eq!(turns.make_room(3), Some("b"));
        assert_eq!(turns.make_room(1), Some("a"));
        assert_eq!((turns.at.len(), turns.order.len()), (1, 1));
    }
}
