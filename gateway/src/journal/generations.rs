//! The generations of one lane: small stores, the youngest of which is written; the others wait to be drained or
//! evicted, and are dropped whole. It decides nothing about what to evict, and knows no engine.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use gateway_core::page::{Page, PageKey};
use tecs_protocol::Bytes;

use super::carry::{self, Carried};
use super::folder;
use super::mend::Checked;
use super::store::{Batch, Held, Store, StoreFault};

/// What the largest transaction may add to sled's log: 64 KiB of pages, four times over.
pub(super) const SLACK: u64 = 256 << 10;

/// Marks: what the generation before this one held when this one took over.
pub(super) const BEGUN: &[u8] = b"begun";
/// Marks: how many places were given; every one of them is held or let go of, or was lost.
pub(super) const KEPT: &[u8] = b"kept";
/// A file in a generation's folder, written once its first transaction is durable: without it nothing was promised.
pub(super) const BEGUN_FILE: &str = "begun";
/// Marks: a generation that pages in this one stand for; followed by its number.
pub(super) const GONE: &[u8] = b"gone";

/// One generation, open or not.
pub(super) struct Generation<S> {
    pub(super) store: Option<S>,
    /// Pages that nobody has let go of, by place.
    pub(super) live: BTreeMap<u64, Held>,
    /// The next place.
    pub(super) next: u64,
    /// Bytes on the disk, when last looked.
    pub(super) bytes: u64,
    /// Places let go of that the store does not know of yet.
    pub(super) let_go: Vec<u64>,
    /// Bytes reserved beside the lane's room for what it took over when it was born.
    pub(super) carried: u64,
}

/// The generations of one lane.
pub(super) struct Generations<S> {
    pub(super) folder: PathBuf,
    /// Bytes on the disk that a generation reserves when it is born; when only `SLACK` is left, it is left for the next.
    pub(super) room: u64,
    pub(super) numbered: BTreeMap<u32, Generation<S>>,
    /// The number of the youngest generation that ever was.
    pub(super) youngest: u32,
    /// The youngest may not be written any more: a write or a sync of it has failed, and what the system then kept of
    /// the file in memory need not be on the disk, ever.
    pub(super) sealed: bool,
    /// What is remembered, as the core knows it: durable in the youngest generation, or to be so in the next.
    pub(super) notes: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Which of them the youngest generation has in packs.
    pub(super) packed: BTreeSet<Vec<u8>>,
    /// Where each page is; the last place is the one that counts.
    pub(super) places: BTreeMap<PageKey, Vec<(u32, u64)>>,
    /// The older generation that was opened last, for pages on their way out.
    pub(super) reading: Option<u32>,
    /// What was mended on the way, in plain words, until somebody tells it.
    pub(super) words: Vec<String>,
}

impl<S: Store> Generations<S> {
    /// Bytes that the lane uses on the disk.
    pub(super) fn used(&self) -> u64 {
        self.numbered
            .values()
            .map(|generation| generation.bytes)
            .sum()
    }

    /// True when the youngest generation takes more in the room that it has reserved: on a full disk as well.
    pub(super) fn has_room(&self) -> bool {
        let youngest = self.numbered.get(&self.youngest);
        !self.sealed
            && youngest.is_some_and(|generation| {
                let room = self.room + generation.carried;
                generation.filled() < room.saturating_sub(SLACK)
            })
    }

    /// Make pages and notes durable; tells the generation. Any error: nothing of it is.
    pub(super) fn keep(&mut self, mut batch: Batch) -> Result<u32, StoreFault> {
        let number = self.youngest;
        if !self.has_room() {
            return self.rotate(batch);
        }
        let Some(generation) = self.numbered.get_mut(&number) else {
            return self.rotate(batch);
        };
        place(&mut batch, generation.next);
        let kept = match &mut generation.store {
            Some(store) if self.packed.is_empty() => store.keep(&batch),
            Some(store) => store.keep(&Batch {
                notes: carry::beside(&self.packed, &batch.notes),
                ..batch.clone()
            }),
            None => Err(StoreFault::Disk(
                "the youngest generation is not open".to_owned(),
            )),
        };
        if let Err(fault) = kept {
            self.sealed = true;
            self.shut(number);
            return Err(fault);
        }
        self.enter(number, batch);
        Ok(number)
    }

    /// Begin the next generation with this batch and all that is remembered.
    pub(super) fn rotate(&mut self, mut batch: Batch) -> Result<u32, StoreFault> {
        let number = self.youngest + 1;
        let path = self.path(number);
        folder::remove(&path).map_err(|e| StoreFault::io(&path, &e))?;
        let mut notes = self.notes.clone();
        for (key, value) in std::mem::take(&mut batch.notes) {
            match value {
                Some(value) => notes.insert(key, value),
                None => notes.remove(&key),
            };
        }
        let carried = Carried::of(&notes);
        let room = carried.room;
        batch.notes = carried.with;
        let before = self
            .numbered
            .get(&self.youngest)
            .map_or(0, |generation| generation.next);
        let begun = [&self.youngest.to_le_bytes()[..], &before.to_le_bytes()].concat();
        batch.marks.insert(BEGUN.to_vec(), begun);
        place(&mut batch, 0);
        let store = S::open(&path, self.room + room).and_then(|mut store| {
            let took_over = carried.before.iter().try_for_each(|part| store.keep(part));
            let begun = took_over.and_then(|()| store.keep(&batch)).and_then(|()| {
                let begun = folder::write(&path.join(BEGUN_FILE), b"");
                begun.map_err(|e| StoreFault::io(&path, &e))
            });
            match begun {
                Ok(()) => Ok(store),
                Err(fault) => {
                    let_go(store);
                    Err(fault)
                }
            }
        });
        let store = match store {
            Ok(store) => store,
            Err(fault) => {
                // It holds nothing that was promised, and takes space.
                let _ = folder::remove(&path);
                return Err(fault);
            }
        };
        let old = std::mem::replace(&mut self.youngest, number);
        self.sealed = false;
        let generation = Generation {
            carried: room,
            ..Generation::of(store)
        };
        self.numbered.insert(number, generation);
        self.notes = notes;
        self.packed = carried.packed;
        batch.notes.clear();
        self.enter(number, batch);
        self.write_releases(old);
        self.shut(old);
        self.drop_if_drained(old);
        Ok(number)
    }

    /// Keep `stand_ins` and whatever of this generation they do not stand for, then drop it; tells where they are.
    pub(super) fn evict(&mut self, number: u32, stand_ins: Vec<Page>) -> Result<u32, StoreFault> {
        let mut pages = stand_ins;
        let stay: Vec<(u64, Held)> = match self.numbered.get(&number) {
            Some(generation) => generation.live.iter().map(|(p, h)| (*p, *h)).collect(),
            None => Vec::new(),
        };
        for (place, held) in stay {
            // A page kept while the order was on its way: nobody has given it up.
            if pages.iter().any(|page| stands_for(page, &held)) {
                continue;
            }
            let page = self.page_at(number, place)?;
            pages.extend(page.filter(|page| page.key == held.key));
        }
        let mut batch = Batch {
            pages: pages.into_iter().map(|page| (0, page)).collect(),
            ..Batch::default()
        };
        batch
            .marks
            .insert([GONE, &number.to_le_bytes()].concat(), Vec::new());
        let kept_in = if number >= self.youngest {
            self.rotate(batch)?
        } else {
            self.keep(batch)?
        };
        self.drop_generation(number);
        Ok(kept_in)
    }

    /// The bytes of a page, checked; `None` when it is gone or damaged. An error: the disk would not read just now.
    pub(super) fn load(&mut self, key: &PageKey) -> Result<Option<Bytes>, StoreFault> {
        let Some(&(number, place)) = self.places.get(key).and_then(|places| places.last()) else {
            return Ok(None);
        };
        let page = self.page_at(number, place)?;
        Ok(page.filter(|page| page.key == *key).map(|page| page.bytes))
    }

    /// The folder of a generation.
    pub(super) fn path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("gen-{number:08}"))
    }

    /// Close a generation's store; its folder stays.
    pub(super) fn shut(&mut self, number: u32) {
        if self.reading == Some(number) {
            self.reading = None;
        }
        if let Some(store) = self
            .numbered
            .get_mut(&number)
            .and_then(|generation| generation.store.take())
        {
            let_go(store);
        }
    }

    fn page_at(&mut self, number: u32, place: u64) -> Result<Option<Page>, StoreFault> {
        match self.open_older(number) {
            Err(StoreFault::Damaged(_)) => return Ok(None),
            opened => opened?,
        }
        let generation = self.numbered.get(&number);
        let Some(store) = generation.and_then(|generation| generation.store.as_ref()) else {
            return Ok(None);
        };
        let fault = match store.load(place) {
            Ok(page) => return Ok(page),
            Err(fault) => fault,
        };
        self.words
            .push(format!("a page could not be read back: {fault}"));
        self.shut(number);
        self.sealed |= number == self.youngest;
        match fault {
            StoreFault::Damaged(_) => Ok(None),
            StoreFault::Full | StoreFault::Disk(_) => Err(fault),
        }
    }

    /// Have this generation's store open, and no other older one.
    pub(super) fn open_older(&mut self, number: u32) -> Result<(), StoreFault> {
        match self.numbered.get(&number) {
            Some(generation) if generation.store.is_none() => {}
            Some(_) | None => return Ok(()),
        }
        if let Some(last) = self.reading.take() {
            self.write_releases(last);
            self.shut(last);
        }
        let promised = self
            .numbered
            .get(&number)
            .map_or(0, |generation| generation.next);
        match self.open_checked(number, promised) {
            Ok(Checked { store, .. }) => {
                if let Some(generation) = self.numbered.get_mut(&number) {
                    generation.store = Some(store);
                }
                self.reading = Some(number);
                Ok(())
            }
            Err(fault) => {
                self.words.push(format!(
                    "{} could not be opened: {fault}",
                    self.path(number).display()
                ));
                Err(fault)
            }
        }
    }

    /// Enter into the books what is durable now.
    fn enter(&mut self, number: u32, batch: Batch) {
        for (key, value) in batch.notes {
            match value {
                Some(value) => self.notes.insert(key, value),
                None => self.notes.remove(&key),
            };
        }
        let Some(generation) = self.numbered.get_mut(&number) else {
            return;
        };
        for (place, page) in batch.pages {
            let held = Held::from(&page);
            generation.next = place + 1;
            generation.live.insert(place, held);
            self.places
                .entry(page.key)
                .or_default()
                .push((number, place));
        }
        if let Some(store) = &generation.store {
            generation.bytes = store.bytes();
        }
    }
}

impl<S: Store> Generation<S> {
    /// Bytes written in it, as far as it is open.
    fn filled(&self) -> u64 {
        self.store.as_ref().map_or(0, Store::filled)
    }

    /// The generation of a store that is open and empty.
    pub(super) fn of(store: S) -> Self {
        Self {
            bytes: store.bytes(),
            store: Some(store),
            live: BTreeMap::new(),
            next: 0,
            let_go: Vec::new(),
            carried: 0,
        }
    }
}

/// Close a store whatever it does about it: an engine may panic over a bad disk once more.
pub(super) fn let_go<S>(store: S) {
    let _ = catch_unwind(AssertUnwindSafe(move || drop(store)));
}

/// Give the pages of a batch their places, from here on, and say how many there are then.
fn place(batch: &mut Batch, from: u64) {
    let mut next = from;
    for (place, _) in &mut batch.pages {
        *place = next;
        next += 1;
    }
    batch
        .marks
        .insert(KEPT.to_vec(), next.to_le_bytes().to_vec());
}

/// True when this page says what became of all that the other held.
fn stands_for(page: &Page, held: &Held) -> bool {
    page.key == held.key
        || page.gap
            && page.key.lane == held.key.lane
            && page.key.epoch == held.key.epoch
            && page.key.first <= held.key.first
            && page.last >= held.last
}
