//! Sets of sequence numbers as ascending, disjoint, inclusive ranges.

/// A set of sequence numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Adds `from..=to`, joining neighbours.
    pub(crate) fn insert(&mut self, from: u64, to: u64) {
        if from > to {
            return;
        }
        let start = self
            .0
            .partition_point(|(_, end)| end.saturating_add(1) < from);
        let stop = self
            .0
            .partition_point(|(begin, _)| *begin <= to.saturating_add(1));
        let (mut low, mut high) = (from, to);
        for (begin, end) in self.0.drain(start..stop.max(start)) {
            low = low.min(begin);
            high = high.max(end);
        }
        self.0.insert(start, (low, high));
    }

    /// True when all of `from..=to` is in the set.
    pub(crate) fn covers(&self, from: u64, to: u64) -> bool {
        self.0.iter().any(|(a, b)| *a <= from && to <= *b)
    }

    /// The parts of `from..=to` that are not in the set.
    pub(crate) fn missing(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut out = Vec::new();
        let mut next = from;
        for (a, b) in &self.0 {
            if *b < next {
                continue;
            }
            if *a > to {
                break;
            }
            if *a > next {
                out.push((next, a - 1));
            }
            next = b.saturating_add(1);
        }
        if next <= to {
            out.push((next, to));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranges_are_the_set_of_their_numbers(parts in prop::collection::vec((0u64..40, 0u64..6), 0..12), from in 0u64..40, len in 0u64..12) {
            let mut ranges = Ranges::default();
            let mut model = std::collections::BTreeSet::new();
            for (a, n) in parts {
                ranges.insert(a, a + n);
                model.extend(a..=a + n);
            }
            let to = from + len;
            prop_assert_eq!(ranges.covers(from, to), (from..=to).all(|n| model.contains(&n)));
            let missing: Vec<u64> = ranges.missing(from, to).into_iter().flat_map(|(a, b)| a..=b).collect();
            let expected: Vec<u64> = (from..=to).filter(|n| !model.contains(n)).collect();
            prop_assert_eq!(missing, expected);
            prop_assert!(ranges.0.windows(2).all(|w| w[0].1 + 1 < w[1].0));
        }
    }
}
