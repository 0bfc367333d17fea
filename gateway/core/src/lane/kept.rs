//! Pages on disk: read back for a link, offered again, dropped by generation with Gaps in their places.

use tecs_protocol::Bytes;

use super::{Kept, LaneBox, Place, bit};
use crate::page::{Page, PageKey};
use crate::ranges::Ranges;

impl LaneBox {
    /// The last run was ended between a Gap and the dropping of what it stands for: the Gap holds, the rest may go.
    pub(crate) fn finish_evictions(&mut self) -> Vec<PageKey> {
        let gaps: Vec<(PageKey, u64)> = self
            .pages
            .values()
            .filter(|k| k.gap)
            .map(|k| (k.key, k.last))
            .collect();
        let covered = |k: &Kept| {
            gaps.iter().any(|(gap, last)| {
                gap.epoch == k.key.epoch
                    && gap.first <= k.key.first
                    && k.last <= *last
                    && *gap != k.key
            })
        };
        let places: Vec<Place> = self
            .pages
            .iter()
            .filter(|(_, k)| covered(k))
            .map(|(place, _)| *place)
            .collect();
        places
            .iter()
            .filter_map(|place| self.pages.remove(place).map(|k| k.key))
            .collect()
    }

    /// The oldest generation whose dropping would free something, and the newest of all: Gaps alone free nothing.
    pub(crate) fn generations(&self) -> Option<(u32, u32)> {
        let records = self.pages.values().filter(|k| !k.gap);
        let oldest = records.map(|k| k.generation).min()?;
        let newest = self.pages.values().map(|k| k.generation).max()?;
        Some((oldest, newest))
    }

    /// What must stand in for a generation that is dropped: Gaps for what the hub has not, neighbours joined.
    pub(crate) fn stand_ins(
        &self,
        generation: u32,
        gap: impl Fn(u64, u64) -> Bytes,
    ) -> (Vec<Page>, u64) {
        let mut holes: Vec<(u64, u64, u64)> = Vec::new();
        let mut lost = 0;
        for kept in self.pages.values().filter(|k| k.generation == generation) {
            for (from, to) in kept.has.missing(kept.key.first, kept.last) {
                if !kept.gap {
                    lost += to - from + 1;
                }
                match holes.last_mut() {
                    Some((epoch, _, end)) if *epoch == kept.key.epoch && *end + 1 == from => {
                        *end = to;
                    }
                    _ => holes.push((kept.key.epoch, from, to)),
                }
            }
        }
        let pages = holes
            .into_iter()
            .map(|(epoch, from, to)| {
                let key = PageKey {
                    lane: self.lane,
                    epoch,
                    first: from,
                };
                Page::gap(key, to, &gap(from, to))
            })
            .collect();
        (pages, lost)
    }

    /// The oldest page that this endpoint's stream has not carried, now being read back for it; with its length.
    pub(crate) fn next_load(&mut self, endpoint: usize) -> Option<(PageKey, usize)> {
        let evicting = self.evicting;
        let waits = |k: &&mut Kept| {
            k.sent_on & bit(endpoint) == 0 && k.loading.is_none() && evicting != Some(k.generation)
        };
        let kept = self.pages.values_mut().find(waits)?;
        kept.loading = Some(endpoint);
        Some((kept.key, kept.len as usize))
    }

    fn page(&mut self, key: PageKey) -> Option<&mut Kept> {
        let ordinal = self.epochs.iter().position(|e| *e == key.epoch)?;
        let place = (u32::try_from(ordinal).ok()?, key.first);
        self.pages.get_mut(&place)
    }

    /// A page was read back: for which endpoint, its last number and its length; `None` when nobody waits for it.
    pub(crate) fn loaded(&mut self, key: PageKey) -> Option<(usize, u64, usize)> {
        let kept = self.page(key)?;
        let endpoint = kept.loading.take()?;
        Some((endpoint, kept.last, kept.len as usize))
    }

    /// An endpoint's stream carries this page; how often it has left the home.
    pub(crate) fn carried(&mut self, key: PageKey, endpoint: usize) -> u32 {
        self.page(key).map_or(1, |kept| {
            kept.sent_on |= bit(endpoint);
            kept.attempts += 1;
            kept.attempts
        })
    }

    /// The hub asks for `from..=to` again: what is still here goes again; gives the stretches that are gone.
    pub(crate) fn again(&mut self, epoch: u64, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut here = Ranges::default();
        let asked = |k: &Kept| k.key.epoch == epoch && k.key.first <= to && k.last >= from;
        let back: Vec<Place> = self
            .accepted
            .iter()
            .filter(|(_, k)| asked(k))
            .map(|(place, _)| *place)
            .collect();
        for place in back {
            if let Some(kept) = self.accepted.remove(&place) {
                self.pages.insert(place, kept);
            }
        }
        for kept in self.pages.values_mut().filter(|k| asked(k)) {
            kept.offered_anew();
            here.insert(kept.key.first, kept.last);
        }
        for n in self.between(epoch, from, to) {
            if let Some(fresh) = self.fresh.get_mut(n).filter(|f| !f.done) {
                fresh.sent_on = 0;
                here.insert(fresh.seq, fresh.last);
            }
        }
        // A number that was never given cannot be gone.
        let known = if epoch == self.epoch {
            to.min(self.next.saturating_sub(1))
        } else {
            to
        };
        if from > known {
            return Vec::new();
        }
        here.missing(from.max(1), known)
    }
}
