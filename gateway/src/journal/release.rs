//! Letting go: of pages that the care hub has, of generations that are drained or stood for, and of the run itself.
//! What is let go of comes back after a kill, and is dropped by name; so nothing here is promised or waited for.

use gateway_core::page::PageKey;

use super::folder;
use super::generations::Generations;
use super::store::{Store, StoreFault};

/// So many places let go of in one generation are written down together.
const RELEASE_BATCH: usize = 64;

impl<S: Store> Generations<S> {
    /// Let go of these pages; drops what is drained.
    pub(super) fn release(&mut self, keys: &[PageKey]) {
        let mut touched = Vec::new();
        for (number, place) in keys
            .iter()
            .filter_map(|key| self.places.remove(key))
            .flatten()
        {
            if let Some(generation) = self.numbered.get_mut(&number) {
                generation.live.remove(&place);
                generation.let_go.push(place);
                touched.push(number);
            }
        }
        touched.sort_unstable();
        touched.dedup();
        for number in touched {
            self.drop_if_drained(number);
            if self
                .numbered
                .get(&number)
                .is_some_and(|generation| generation.let_go.len() >= RELEASE_BATCH)
            {
                self.write_releases(number);
            }
        }
    }

    /// Write down what was let go of, where a store is open; nothing of this is promised to anybody.
    pub(super) fn idle(&mut self) {
        let open = self
            .numbered
            .iter()
            .filter(|(_, generation)| generation.store.is_some());
        for number in open.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.write_releases(number);
        }
    }

    /// Write everything down and close; tells how many places the youngest has given.
    pub(super) fn close(&mut self) -> Result<(u32, u64), StoreFault> {
        for number in self.numbered.keys().copied().collect::<Vec<_>>() {
            let waiting = self
                .numbered
                .get(&number)
                .is_some_and(|generation| !generation.let_go.is_empty());
            if waiting && self.open_older(number).is_ok() {
                self.write_releases(number);
                if let Some(store) = self
                    .numbered
                    .get_mut(&number)
                    .and_then(|s| s.store.as_mut())
                {
                    store.sync()?;
                }
            }
            self.shut(number);
        }
        Ok((
            self.youngest,
            self.numbered
                .get(&self.youngest)
                .map_or(0, |generation| generation.next),
        ))
    }

    /// Drop a generation with its folder.
    pub(super) fn drop_generation(&mut self, number: u32) {
        self.shut(number);
        if let Some(generation) = self.numbered.remove(&number) {
            for held in generation.live.values() {
                if let Some(places) = self.places.get_mut(&held.key) {
                    places.retain(|(there, _)| *there != number);
                    if places.is_empty() {
                        self.places.remove(&held.key);
                    }
                }
            }
        }
        // Under another name first: half a folder must never look like a damaged store.
        let (path, gone) = (self.path(number), self.path(number).with_extension("gone"));
        let dropped = folder::rename(&path, &gone).and_then(|()| folder::remove(&gone));
        if let Err(e) = dropped
            && e.kind() != std::io::ErrorKind::NotFound
        {
            self.words
                .push(format!("{} could not be removed: {e}", path.display()));
        }
    }

    pub(super) fn drop_if_drained(&mut self, number: u32) {
        let drained = self
            .numbered
            .get(&number)
            .is_some_and(|generation| generation.live.is_empty());
        if drained && number != self.youngest {
            self.drop_generation(number);
        }
    }

    pub(super) fn write_releases(&mut self, number: u32) {
        // A generation whose sync failed is not written again, not even to let go: it is dropped when it is drained.
        let writable = number != self.youngest || !self.sealed;
        let Some(generation) = self
            .numbered
            .get_mut(&number)
            .filter(|s| writable && !s.let_go.is_empty())
        else {
            return;
        };
        if let Some(store) = &mut generation.store {
            let released = store.release(&generation.let_go);
            generation.let_go.clear();
            if released.is_err() {
                // What comes back is dropped by name; but this handle is spent.
                self.shut(number);
                self.sealed |= number == self.youngest;
            }
        }
    }
}
