//! What a young generation takes over from the one before: all that is remembered and not forgotten. When that is much it
//! goes over in packs, many notes to a value, so that the pages keep their room. It decides nothing about what is
//! remembered.
//!
//! A pack is never rewritten: a note that is said again stands beside it and counts, and one that is forgotten leaves a
//! stone beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::frame::BODY_LIMIT;
use super::keeper::TRANSACTION_BYTES;
use super::store::Batch;

/// Keys of packs and of stones begin with these; the core's keys are words.
const PACK: u8 = 0x1e;
const STONE: u8 = 0x1d;

/// Up to so many bytes notes go over one by one, with the first pages.
const FEW: usize = TRANSACTION_BYTES;

/// An engine writes a value more than once as its tree grows; so many times its length is reserved for it. Ours: of 1.4 MB
/// in packs sled 0.34.7 makes 4.2 MB of log; of the same 20,000 notes one by one it made 12.5 MB.
const WRITTEN_OVER: u64 = 3;

/// What is remembered, by key.
type Remembered = BTreeMap<Vec<u8>, Vec<u8>>;

/// Notes by key; `None` forgets.
type Notes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What is taken over.
#[derive(Default)]
pub(super) struct Carried {
    /// To be kept before anything else of the generation. Until its first pages are kept nothing of it counts, so a kill
    /// in between costs nothing.
    pub(super) before: Vec<Batch>,
    /// To be kept with its first pages.
    pub(super) with: Notes,
    /// The notes that are in packs.
    pub(super) packed: BTreeSet<Vec<u8>>,
    /// Bytes that it takes beside the lane's room; none while it is small beside that.
    pub(super) room: u64,
}

impl Carried {
    pub(super) fn of(notes: &Remembered) -> Self {
        let bytes: usize = notes
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        if bytes <= FEW {
            let with = notes.iter().map(|(k, v)| (k.clone(), Some(v.clone())));
            return Self {
                with: with.collect(),
                ..Self::default()
            };
        }
        let mut this = Self {
            room: room(notes),
            ..Self::default()
        };
        let mut pack = Vec::new();
        for (key, value) in notes {
            let Some(one) = packed(key, value) else {
                // As long as a note may be: it goes over by itself.
                this.with.insert(key.clone(), Some(value.clone()));
                continue;
            };
            if pack.len() + one.len() + 8 > BODY_LIMIT {
                this.close(std::mem::take(&mut pack));
            }
            pack.extend(one);
            this.packed.insert(key.clone());
        }
        this.close(pack);
        this
    }

    fn close(&mut self, pack: Vec<u8>) {
        let number = u32::try_from(self.before.iter().map(|b| b.notes.len()).sum::<usize>());
        let key = [&[PACK], &number.unwrap_or(u32::MAX).to_be_bytes()[..]].concat();
        let full = |batch: &Batch| batch.notes.len() * BODY_LIMIT >= TRANSACTION_BYTES;
        if self.before.last().is_none_or(full) {
            self.before.push(Batch::default());
        }
        if let Some(batch) = self.before.last_mut() {
            batch.notes.insert(key, Some(pack));
        }
    }
}

/// Bytes that these take in packs.
pub(super) fn room(notes: &Remembered) -> u64 {
    bytes_of(notes) as u64 * WRITTEN_OVER
}

fn bytes_of(notes: &Remembered) -> usize {
    let bytes = notes.iter().map(|(key, value)| key.len() + value.len());
    bytes.sum()
}

/// A note in a pack: both lengths, then both.
fn packed(key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let lengths = [
        u16::try_from(key.len()).ok()?.to_le_bytes(),
        u16::try_from(value.len()).ok()?.to_le_bytes(),
    ];
    let one = [&lengths.concat(), key, value].concat();
    (one.len() + 8 <= BODY_LIMIT).then_some(one)
}

/// What is to be written so that these notes are remembered and forgotten where some stand in packs.
pub(super) fn beside(packs: &BTreeSet<Vec<u8>>, notes: &Notes) -> Notes {
    let forgotten = notes.iter().filter(|(_, value)| value.is_none());
    let stones = forgotten
        .filter(|(key, _)| packs.contains(*key))
        .map(|(key, _)| (stone(key), Some(Vec::new())));
    notes
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .chain(stones)
        .collect()
}

fn stone(key: &[u8]) -> Vec<u8> {
    [&[STONE], key].concat()
}

/// The notes of a generation as they were given, and which of them are in packs.
pub(super) fn unpacked(found: Remembered) -> (Remembered, BTreeSet<Vec<u8>>) {
    let mut notes = BTreeMap::new();
    let mut plain = Vec::new();
    let mut stones = Vec::new();
    for (key, value) in found {
        match key.first() {
            Some(&PACK) => take_out(&value, &mut notes),
            Some(&STONE) => stones.extend(key.get(1..).map(<[u8]>::to_vec)),
            Some(_) | None => plain.push((key, value)),
        }
    }
    let packed = notes.keys().cloned().collect();
    for key in stones {
        notes.remove(&key);
    }
    notes.extend(plain);
    (notes, packed)
}

fn take_out(pack: &[u8], notes: &mut Remembered) {
    let mut rest = pack;
    let mut take = |n: usize| -> Option<&[u8]> {
        let (taken, left) = rest.split_at_checked(n)?;
        rest = left;
        Some(taken)
    };
    let length = |two: Option<&[u8]>| -> Option<usize> {
        Some(u16::from_le_bytes(two?.try_into().ok()?).into())
    };
    loop {
        let (Some(key), Some(value)) = (length(take(2)), length(take(2))) else {
            return;
        };
        let (Some(key), Some(value)) = (take(key).map(<[u8]>::to_vec), take(value)) else {
            return;
        };
        notes.insert(key, value.to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(n: usize) -> BTreeMap<Vec<u8>, Vec<u8>> {
        (0..n)
            .map(|n| {
                (
                    format!("state of sensor {n:06}").into_bytes(),
                    b"restored".to_vec(),
                )
            })
            .collect()
    }

    /// As a store would hold it.
    fn written(carried: Carried) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let before = carried.before.into_iter().flat_map(|batch| batch.notes);
        before
            .chain(carried.with)
            .filter_map(|(key, value)| Some((key, value?)))
            .collect()
    }

    #[test]
    fn few_notes_go_over_as_they_are_and_take_no_room() {
        let carried = Carried::of(&many(100));
        assert_eq!((carried.before.len(), carried.room), (0, 0));
        assert_eq!(written(carried), many(100));
    }

    #[test]
    fn many_notes_go_over_in_packs_and_come_back_as_they_were() {
        let carried = Carried::of(&many(5_000));
        assert!(carried.packed.len() == 5_000 && carried.before.len() > 1);
        let found = written(carried);
        assert!(found.len() < 50, "{} values", found.len());
        assert!(found.iter().all(|(k, v)| k.len() + v.len() <= BODY_LIMIT));
        assert_eq!(unpacked(found).0, many(5_000));
    }

    #[test]
    fn the_longest_note_goes_over_by_itself() {
        let mut notes = many(5_000);
        let long = vec![b'x'; BODY_LIMIT - 4];
        notes.insert(b"long".to_vec(), long.clone());
        let found = written(Carried::of(&notes));
        assert_eq!(found.get(&b"long"[..]), Some(&long));
        assert_eq!(unpacked(found).0, notes);
    }

    #[test]
    fn what_is_said_again_forgotten_and_said_once_more_counts_beside_a_pack() {
        let carried = Carried::of(&many(5_000));
        let packs = carried.packed.clone();
        let mut found = written(carried);
        let mut write = |key: &str, value: Option<&str>| {
            let note = (
                key.as_bytes().to_vec(),
                value.map(|v| v.as_bytes().to_vec()),
            );
            for (key, value) in beside(&packs, &[note].into()) {
                match value {
                    Some(value) => found.insert(key, value),
                    None => found.remove(&key),
                };
            }
        };
        write("state of sensor 000001", Some("raised"));
        write("state of sensor 000002", None);
        write("state of sensor 000003", None);
        write("state of sensor 000003", Some("raised"));
        write("state of sensor 000004", Some("raised"));
        write("state of sensor 000004", None);
        write("another", Some("raised"));
        write("another", None);
        let mut expected = many(5_000);
        expected.remove(&b"state of sensor 000002"[..]);
        expected.remove(&b"state of sensor 000004"[..]);
        expected.insert(b"state of sensor 000001".to_vec(), b"raised".to_vec());
        expected.insert(b"state of sensor 000003".to_vec(), b"raised".to_vec());
        assert_eq!(unpacked(found).0, expected);
    }

    #[test]
    fn a_torn_pack_gives_what_is_whole_in_it() {
        let mut notes = BTreeMap::new();
        let whole = packed(b"key", b"value").unwrap();
        let torn = packed(b"other", b"gone").unwrap();
        let cut = [&whole[..], &torn[..torn.len() - 1]].concat();
        take_out(&cut, &mut notes);
        assert_eq!(notes, [(b"key".to_vec(), b"value".to_vec())].into());
    }
}
