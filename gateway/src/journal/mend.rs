//! The ladder for a store that is not what it was: what its files still show is carved out before any engine opens it,
//! because opening cuts off what is damaged; then first aid; then it is set aside, and a fresh one of the same number
//! takes what was carved. It never gives a store up for the disk's fault.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gateway_core::page::{Page, PageKey};

use super::folder;
use super::generations::{BEGUN, BEGUN_FILE, Generations, KEPT, let_go};
use super::store::{Batch, Carved, Contents, Held, Store, StoreFault};

/// How many stores that would not open are kept for an engineer, in each lane.
const QUARANTINES: usize = 2;
/// And how many bytes of them, in each lane.
const QUARANTINE_BYTES: u64 = 16 << 20;
/// So many bytes of carved pages go into one transaction.
const CARVED_BATCH: usize = 64 << 10;

/// A store that is open, and what can be said of it.
pub(super) struct Checked<S> {
    pub(super) store: S,
    pub(super) contents: Contents,
    /// Nothing speaks against its notes.
    pub(super) whole: bool,
}

impl<S: Store> Generations<S> {
    /// Open a generation's store and hold it to what it promised: `promised` places at least were given in it.
    ///
    /// What shows: places that were given and are neither held nor let go of; fewer places than the next generation, the
    /// mark of a clean end or any page that can be carved had counted; check sums. What does not: the tail of the youngest
    /// generation, cut off the file after a kill or a power cut; only the hub's ledger can tell that.
    pub(super) fn open_checked(
        &mut self,
        number: u32,
        promised: u64,
    ) -> Result<Checked<S>, StoreFault> {
        let path = self.path(number);
        let carved = S::carve(&path);
        let (mut store, mut contents) = match read_open::<S>(&path, self.room) {
            Err(StoreFault::Damaged(why)) => {
                let helped = S::first_aid(&path).then(|| read_open::<S>(&path, self.room));
                if let Some(Ok(opened)) = helped {
                    let path = path.display();
                    self.words
                        .push(format!("{path} was opened without its snapshot: {why}"));
                    opened
                } else {
                    self.set_aside(number, &why, &carved)?;
                    read_open(&path, self.room)?
                }
            }
            opened => opened?,
        };
        let settled = carved.iter().map(|page| page.since).max().unwrap_or(0);
        let expected = contents.given().max(promised).max(settled);
        let back = put_back(&mut store, &mut contents, carved, Some(expected))?;
        let known =
            |place: &u64| contents.pages.contains_key(place) || contents.released.contains(place);
        // One that was set aside once has gaps where pages had been let go of.
        let mended = contents.marks.get(BEGUN).is_some_and(Vec::is_empty);
        let lost: Vec<u64> = (0..expected)
            .filter(|place| !mended && !known(place))
            .collect();
        if !lost.is_empty() {
            // Told once; a release that fails only tells it again.
            let _ = store.release(&lost);
        }
        let lost = lost.len();
        let begun = contents.marks.contains_key(BEGUN);
        if back + lost > 0 || !begun || contents.torn > 0 {
            let path = path.display();
            let books = if begun {
                ""
            } else {
                "; its count of pages is gone"
            };
            self.words.push(format!(
                "{path} opened damaged: {back} pages were carved out of it and put back, {lost} are missing, {} values \
                 were unreadable{books}",
                contents.torn
            ));
        }
        let whole = begun && !mended && back + lost == 0 && contents.torn == 0;
        Ok(Checked {
            store,
            contents,
            whole,
        })
    }

    /// Set a store aside and put what was carved out of it into a fresh one of the same number.
    fn set_aside(&mut self, number: u32, fault: &str, carved: &[Carved]) -> Result<(), StoreFault> {
        let path = self.path(number);
        if !folder::disk_is_sound(&self.folder, &path.join("db")) {
            return Err(StoreFault::Disk(format!(
                "{fault}; and the disk does not answer"
            )));
        }
        let io = |e: std::io::Error| StoreFault::io(&path, &e);
        let fresh = path.with_extension("mended");
        folder::remove(&fresh).map_err(io)?;
        let (mut store, mut contents) = read_open::<S>(&fresh, self.room)?;
        let mut begun = Batch::default();
        begun.marks.insert(BEGUN.to_vec(), Vec::new());
        let filled = put_back(&mut store, &mut contents, carved.to_vec(), None)
            .and_then(|_| store.keep(&begun));
        let_go(store);
        filled?;
        folder::write(&fresh.join(BEGUN_FILE), b"").map_err(io)?;
        let aside = make_way(&self.folder).map_err(io)?;
        folder::rename(&path, &aside).map_err(io)?;
        folder::rename(&fresh, &path).map_err(io)?;
        let (aside, count) = (aside.display(), carved.len());
        self.words.push(format!(
            "{fault}; it was set aside as {aside}, and {count} pages were carved out of it"
        ));
        Ok(())
    }
}

/// Throw away what is kept for an engineer only.
pub(super) fn drop_quarantines(lane: &Path) {
    for number in numbers_in(lane, "quarantine-", "").unwrap_or_default() {
        let _ = folder::remove(&quarantine(lane, number));
    }
}

/// The numbers of the folders named so, growing.
pub(super) fn numbers_in(lane: &Path, prefix: &str, suffix: &str) -> std::io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(lane)? {
        let name = entry?.file_name();
        let number = name
            .to_str()
            .and_then(|n| n.strip_prefix(prefix)?.strip_suffix(suffix));
        numbers.extend(number.and_then(|n| n.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn read_open<S: Store>(path: &Path, room: u64) -> Result<(S, Contents), StoreFault> {
    let store = S::open(path, room)?;
    match store.contents() {
        Ok(contents) => Ok((store, contents)),
        Err(fault) => {
            let_go(store);
            Err(fault)
        }
    }
}

/// Put carved pages that a store does not hold back into it; how many of them had been promised: their place is below
/// `expected`, and no other page is there. `None`: nobody knows what was promised, and all were.
///
/// The others were on their way when a run ended. They do no harm, and after damage they may have been more than that: they
/// are taken in as if they were kept now. But a Gap on its way is left out: what it was to stand for is still there.
fn put_back<S: Store>(
    store: &mut S,
    contents: &mut Contents,
    carved: Vec<Carved>,
    expected: Option<u64>,
) -> Result<usize, StoreFault> {
    let name = |page: &Page| (page.key, page.last);
    let released = carved
        .iter()
        .filter(|found| contents.released.contains(&found.place));
    let held = contents.pages.values().map(|held| (held.key, held.last));
    // A page may lie in the file twice, at the place it was on its way to and at the one where it was taken in.
    let mut known: BTreeSet<(PageKey, u64)> = held
        .chain(released.map(|found| name(&found.page)))
        .collect();
    let after_all = carved.last().map_or(0, |last| last.place + 1);
    let mut beyond = expected.unwrap_or(after_all).max(contents.given());
    let (mut batch, mut waiting, mut promised) = (Batch::default(), 0, 0);
    for Carved { place, page, .. } in carved {
        let taken = contents.pages.contains_key(&place);
        let on_its_way = expected.is_some_and(|expected| taken || place >= expected);
        if on_its_way && page.gap || !known.insert(name(&page)) {
            continue;
        }
        promised += usize::from(!on_its_way);
        let mut place = place;
        if taken || on_its_way {
            (place, beyond) = (beyond, beyond + 1);
        }
        contents.pages.insert(place, Held::from(&page));
        waiting += page.bytes.len();
        batch.pages.push((place, page));
        if waiting >= CARVED_BATCH {
            store.keep(&std::mem::take(&mut batch))?;
            waiting = 0;
        }
    }
    let given = contents.given().to_le_bytes().to_vec();
    if contents.marks.get(KEPT) != Some(&given) {
        batch.marks.insert(KEPT.to_vec(), given);
    }
    if !batch.pages.is_empty() || !batch.marks.is_empty() {
        store.keep(&batch)?;
    }
    Ok(promised)
}

/// The folder to set the next store aside in; the oldest go when there are too many.
fn make_way(lane: &Path) -> std::io::Result<PathBuf> {
    let mut kept = numbers_in(lane, "quarantine-", "")?;
    let next = kept.last().map_or(1, |last| last + 1);
    while let Some(&oldest) = kept.first() {
        let bytes: u64 = kept
            .iter()
            .map(|n| folder::bytes(&quarantine(lane, *n)))
            .sum();
        if kept.len() < QUARANTINES && bytes < QUARANTINE_BYTES {
            break;
        }
        folder::remove(&quarantine(lane, oldest))?;
        kept.remove(0);
    }
    Ok(quarantine(lane, next))
}

fn quarantine(lane: &Path, number: u32) -> PathBuf {
    lane.join(format!("quarantine-{number:04}"))
}
