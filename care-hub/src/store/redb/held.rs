//! Which sequence numbers the ledger holds, as joined ranges: kept in the transaction that stores the records.

use redb::ReadableTable;

use super::tables::{Numbered, engine};
use crate::store::{Range, StoreError};

/// One lane of one epoch of one gateway.
pub(super) type Place<'a> = (&'a str, u64, u8);

/// Adds `range`, joining it with what it touches.
pub(super) fn hold(
    held: &mut redb::Table<'_, Numbered, u64>,
    (gateway, epoch, lane): Place<'_>,
    range: Range,
) -> Result<(), StoreError> {
    let Range { mut from, mut to } = range;
    let touching: Vec<Range> = touching(held, (gateway, epoch, lane), range)?;
    for old in touching {
        if old.from <= from && old.to >= to {
            return Ok(());
        }
        (from, to) = (from.min(old.from), to.max(old.to));
        held.remove((gateway, epoch, lane, old.from))
            .map_err(engine)?;
    }
    held.insert((gateway, epoch, lane, from), to)
        .map_err(engine)?;
    Ok(())
}

/// The parts of `range` that are not held.
pub(super) fn missing(
    held: &impl ReadableTable<Numbered, u64>,
    place: Place<'_>,
    range: Range,
) -> Result<Vec<Range>, StoreError> {
    let mut holes = Vec::new();
    let mut next = Some(range.from);
    for have in touching(held, place, range)? {
        let Some(from) = next else { break };
        if have.from > range.to {
            break;
        }
        if have.from > from {
            let to = have.from - 1;
            holes.push(Range { from, to });
        }
        next = have.to.checked_add(1).map(|after| after.max(from));
    }
    if let Some(from) = next.filter(|from| *from <= range.to) {
        let to = range.to;
        holes.push(Range { from, to });
    }
    Ok(holes)
}

/// All ranges of a place, ascending.
pub(super) fn all(
    held: &impl ReadableTable<Numbered, u64>,
    (gateway, epoch, lane): Place<'_>,
) -> Result<Vec<Range>, StoreError> {
    held.range((gateway, epoch, lane, 0)..=(gateway, epoch, lane, u64::MAX))
        .map_err(engine)?
        .map(|row| {
            let (key, to) = row.map_err(engine)?;
            let (from, to) = (key.value().3, to.value());
            Ok(Range { from, to })
        })
        .collect()
}

/// The held ranges that overlap `range` or stand next to it, ascending.
fn touching(
    held: &impl ReadableTable<Numbered, u64>,
    (gateway, epoch, lane): Place<'_>,
    range: Range,
) -> Result<Vec<Range>, StoreError> {
    let mut found = Vec::new();
    let last = range.to.saturating_add(1);
    let rows = held
        .range((gateway, epoch, lane, 0)..=(gateway, epoch, lane, last))
        .map_err(engine)?;
    // From the highest down: the ranges are disjoint, so the first one that ends before `range` ends the search.
    for row in rows.rev() {
        let (key, to) = row.map_err(engine)?;
        let old = Range {
            from: key.value().3,
            to: to.value(),
        };
        if old.to.saturating_add(1) < range.from {
            break;
        }
        found.push(old);
    }
    found.reverse();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::{RngExt as _, SeedableRng as _};
    use redb::{Database, backends::InMemoryBackend};

    use super::super::tables::HELD;
    use super::*;

    fn flat(ranges: &[Range]) -> BTreeSet<u64> {
        ranges.iter().flat_map(|r| r.from..=r.to).collect()
    }

    #[test]
    fn ranges_are_what_a_set_of_numbers_would_be() {
        let seed = 4_711;
        println!("seed {seed}");
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let db = Database::builder()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        let txn = db.begin_write().unwrap();
        let mut table = txn.open_table(HELD).unwrap();
        for epoch in 0..200 {
            let place = ("elm-4", epoch, 1);
            let mut model: BTreeSet<u64> = BTreeSet::new();
            for _ in 0..30 {
                let from = random.random_range(1..60);
                let to = from + random.random_range(0..8);
                let range = Range { from, to };
                let holes = missing(&table, place, range).unwrap();
                let due = (from..=to).filter(|n| !model.contains(n)).collect();
                assert_eq!(flat(&holes), due, "{range:?} over {model:?}");
                hold(&mut table, place, range).unwrap();
                model.extend(from..=to);
                let held = all(&table, place).unwrap();
                assert_eq!(flat(&held), model);
                let joined = held.windows(2).all(|two| two[0].to + 1 < two[1].from);
                assert!(joined, "{held:?}");
            }
        }
    }

    #[test]
    fn the_largest_numbers_neither_overflow_nor_reach_another_place() {
        let db = Database::builder()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        let txn = db.begin_write().unwrap();
        let mut table = txn.open_table(HELD).unwrap();
        let from = 1;
        let to = u64::MAX;
        hold(&mut table, ("a", 1, 1), Range { from, to }).unwrap();
        let seven = Range { from: 7, to };
        assert!(missing(&table, ("a", 1, 1), seven).unwrap().is_empty());
        hold(&mut table, ("a", 1, 1), Range { from: to, to }).unwrap();
        assert_eq!(all(&table, ("a", 1, 1)).unwrap(), [Range { from, to }]);
        for place in [("a", 1, 2), ("a", 2, 1), ("b", 1, 1)] {
            assert!(all(&table, place).unwrap().is_empty());
        }
    }
}
