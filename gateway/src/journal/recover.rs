//! Opening a lane at the start: what is found, what is missing, and what is not to be trusted. It says in plain words
//! whatever is not as it was promised.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gateway_core::input::Found;

use super::carry;
use super::folder;
use super::generations::{BEGUN, BEGUN_FILE, GONE, Generation, Generations, let_go};
use super::mend::{Checked, numbers_in};
use super::store::{Batch, Store, StoreFault};

/// What a lane had when it was opened.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// Its pages, oldest generation first.
    pub(super) pages: Vec<Found>,
    /// What is missing or was set aside, in plain words.
    pub(super) words: Vec<String>,
}

/// What younger generations, and the mark of a clean end, say of older ones.
struct Promises {
    /// How many places a generation had given.
    places: BTreeMap<u32, u64>,
    /// Generations that others stand for.
    gone: BTreeSet<u32>,
}

impl<S: Store> Generations<S> {
    /// Open a lane's folder, or begin it. `sealed_by` is the youngest generation and its count of places as the last run
    /// wrote them down when it ended, if it did.
    pub(super) fn open(
        folder: PathBuf,
        room: u64,
        sealed_by: Option<(u32, u64)>,
    ) -> Result<(Self, Opened), StoreFault> {
        let io = |e: std::io::Error| StoreFault::io(&folder, &e);
        folder::make(&folder).map_err(io)?;
        tidy(&folder).map_err(io)?;
        let numbers = numbers_in(&folder, "gen-", "").map_err(io)?;
        let mut this = Self::empty(folder, room);
        if let Some((number, _)) = sealed_by.filter(|(number, _)| !numbers.contains(number)) {
            let path = this.path(number);
            this.words.push(format!("{} is missing", path.display()));
            // Its number is not given again, and no older generation's notes are as good as its.
            this.youngest = number;
        }
        let mut promises = Promises {
            places: sealed_by.into_iter().collect(),
            gone: BTreeSet::new(),
        };
        // Youngest first: it knows which of the older ones it stands for.
        for number in numbers.into_iter().rev() {
            if promises.gone.contains(&number) || !this.path(number).join(BEGUN_FILE).exists() {
                // Others stand for it; or it never began, and nothing was promised of it.
                this.drop_generation(number);
            } else {
                this.take_in(number, &mut promises)?;
            }
        }
        let pages = this.found();
        let youngest = this.numbered.get(&this.youngest);
        if this.sealed || youngest.is_none_or(|generation| generation.store.is_none()) {
            this.rotate(Batch::default())?;
        }
        for number in this.numbered.keys().copied().collect::<Vec<_>>() {
            this.drop_if_drained(number);
        }
        let words = std::mem::take(&mut this.words);
        Ok((this, Opened { pages, words }))
    }

    /// Open one generation, read it and enter it into the books; only the youngest stays open.
    fn take_in(&mut self, number: u32, younger: &mut Promises) -> Result<(), StoreFault> {
        let promised = younger.places.get(&number).copied().unwrap_or(0);
        let Checked {
            store,
            contents,
            whole,
        } = self.open_checked(number, promised)?;
        for mark in contents.marks.keys() {
            let gone = mark.strip_prefix(GONE).and_then(|n| n.try_into().ok());
            younger.gone.extend(gone.map(u32::from_le_bytes));
        }
        let before = contents.marks.get(BEGUN).and_then(|mark| two_numbers(mark));
        younger.places.extend(before);
        let mut generation = Generation::of(store);
        generation.next = contents.given();
        // Generations come youngest first here, and the youngest place counts: it stays last.
        for (place, held) in contents.pages.into_iter().rev() {
            self.places
                .entry(held.key)
                .or_default()
                .insert(0, (number, place));
            generation.live.insert(place, held);
        }
        if self.numbered.is_empty() && number > self.youngest {
            self.youngest = number;
            if whole {
                (self.notes, self.packed) = carry::unpacked(contents.notes);
                if !self.packed.is_empty() {
                    generation.carried = carry::room(&self.notes);
                }
            } else {
                // Notes may have gone back in time with it, and an old state would keep an alarm from being raised. The
                // next generation begins without them.
                self.sealed = true;
            }
        } else if let Some(store) = generation.store.take() {
            let_go(store);
        }
        self.numbered.insert(number, generation);
        Ok(())
    }

    fn empty(folder: PathBuf, room: u64) -> Self {
        Self {
            folder,
            room,
            numbered: BTreeMap::new(),
            youngest: 0,
            sealed: false,
            notes: BTreeMap::new(),
            packed: BTreeSet::new(),
            places: BTreeMap::new(),
            reading: None,
            words: Vec::new(),
        }
    }

    fn found(&self) -> Vec<Found> {
        let mut pages = Vec::new();
        for (number, generation) in &self.numbered {
            pages.extend(generation.live.values().map(|held| Found {
                key: held.key,
                last: held.last,
                gap: held.gap,
                len: held.len,
                generation: *number,
            }));
        }
        pages
    }
}

/// Finish what a kill has interrupted in a lane's folder.
fn tidy(lane: &Path) -> std::io::Result<()> {
    for number in numbers_in(lane, "gen-", ".gone")? {
        folder::remove(&lane.join(format!("gen-{number:08}.gone")))?;
    }
    for number in numbers_in(lane, "gen-", ".mended")? {
        let path = lane.join(format!("gen-{number:08}"));
        let fresh = path.with_extension("mended");
        if path.exists() {
            folder::remove(&fresh)?;
        } else {
            folder::rename(&fresh, &path)?;
        }
    }
    Ok(())
}

fn two_numbers(mark: &[u8]) -> Option<(u32, u64)> {
    let (number, count) = mark.split_at_checked(4)?;
    let number = u32::from_le_bytes(number.try_into().ok()?);
    Some((number, u64::from_le_bytes(count.try_into().ok()?)))
}
