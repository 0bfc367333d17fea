//! Entities that say how long a value of theirs holds (`expire_after`): who spoke, and whose time has passed. It has no
//! clock and reads no message.

use std::collections::{BTreeMap, BTreeSet};

/// The times of all entities that have one.
#[derive(Debug, Default)]
pub(super) struct Expiry {
    /// When each that spoke must have spoken again; `None`: it has not.
    of: BTreeMap<Box<str>, Option<u64>>,
    due: BTreeSet<(u64, Box<str>)>,
}

impl Expiry {
    /// An entity spoke, and holds for so long. True when its time had passed.
    pub(super) fn heard(&mut self, entity: &str, after_ms: u64, now_ms: u64) -> bool {
        let due = now_ms.saturating_add(after_ms);
        let before = self.of.insert(entity.into(), Some(due));
        if let Some(Some(old)) = before {
            self.due.remove(&(old, entity.into()));
        }
        self.due.insert((due, entity.into()));
        before == Some(None)
    }

    /// An entity is gone.
    pub(super) fn forget(&mut self, entity: &str) {
        if let Some(Some(due)) = self.of.remove(entity) {
            self.due.remove(&(due, entity.into()));
        }
    }

    /// True of an entity whose time has passed.
    pub(super) fn is_over(&self, entity: &str) -> bool {
        self.of.get(entity) == Some(&None)
    }

    /// When the next time passes.
    pub(super) fn due_ms(&self) -> Option<u64> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The next entity whose time has passed by now, once.
    pub(super) fn next(&mut self, now_ms: u64) -> Option<Box<str>> {
        self.due.first().filter(|(due, _)| *due <= now_ms)?;
        let (_, entity) = self.due.pop_first()?;
        self.of.insert(entity.clone(), None);
        Some(entity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_passes_once_and_whoever_speaks_has_a_new_one() {
        let mut expiry = Expiry::default();
        assert!(!expiry.heard("a", 100, 0));
        assert!(!expiry.heard("a", 100, 50));
        assert!(!expiry.heard("b", 10, 50));
        assert_eq!(expiry.due_ms(), Some(60));
        assert_eq!(expiry.next(59), None);
        assert_eq!(expiry.next(200).as_deref(), Some("b"));
        assert_eq!(expiry.next(200).as_deref(), Some("a"));
        assert_eq!((expiry.next(200), expiry.due_ms()), (None, None));
        assert!(expiry.is_over("a"));
        assert!(expiry.heard("a", 100, 300));
        assert!(!expiry.is_over("a"));
        expiry.forget("a");
        assert_eq!(expiry.due_ms(), None);
    }
}
