//! The count that proves a delivery: what devices said, by their own numbers, against what the hub lists by name.
//! Pure; it knows neither how a message was sent nor how the hub was asked.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A message of a device that the next one in the chain took over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// Which device.
    pub device: String,
    /// Its own number.
    pub number: u64,
    /// Its own time in this message, ms since 1970; no two messages of a device have the same.
    pub happened_ms: Option<i64>,
    /// It says something new, and the next one in the chain took it over: it must be at the hub.
    pub must: bool,
    /// How the hub lists it, where its words hold neither number nor time: `observed/contact open`.
    pub word: Option<String>,
    /// When it was said, ms since 1970.
    pub said_ms: i64,
    /// Its device goes on saying it, as a display does: what the hub has more of it is no repeat.
    pub goes_on: bool,
}

/// A record that the hub lists.
#[derive(Debug, Clone, PartialEq)]
pub struct AtHub {
    /// Its epoch, as the hub writes it.
    pub epoch: String,
    /// Its lane's word.
    pub lane: String,
    /// Its place.
    pub seq: u64,
    /// The device's id.
    pub device: String,
    /// `alarm/fall`, `observed/temperature`.
    pub kind: String,
    /// `raised`, `restored`; empty where it has none.
    pub condition: String,
    /// What it says: its condition, state or value, or why it has no value.
    pub says: String,
    /// The device's own number, where it is known.
    pub number: Option<u64>,
    /// The device's own time, ms since 1970, where it told one.
    pub happened_ms: Option<i64>,
    /// When the hub received it, ms since 1970.
    pub received_ms: i64,
    /// The hub shows it as late.
    pub late: bool,
    /// Its source redelivered it and said so.
    pub redelivered: bool,
}

/// A device's message by the device's own number.
pub type Place = (String, u64);

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Messages that devices said.
    pub said: usize,
    /// Of these, what must be at the hub.
    pub must: usize,
    /// Of these, what is there.
    pub arrived: usize,
    /// What must be there and is not.
    pub lost: Vec<Place>,
    /// What is there under two names, of the same kind, without a mark that the source redelivered it.
    pub twice: Vec<Place>,
    /// What is there under two names and marked as redelivered.
    pub redelivered: Vec<Place>,
    /// What got a place after something that the same device said later.
    pub reordered: Vec<Place>,
    /// Numbers that the device never gave.
    pub unexpected: Vec<Place>,
    /// Records of these devices at the hub.
    pub records: usize,
}

/// Finds the numbers of records that do not tell them: the hub has a device's own words of alarms alone, but every
/// device's own time.
pub fn number(said: &[Said], at_hub: &mut [AtHub]) {
    let numbers: BTreeMap<(&str, i64), u64> = said
        .iter()
        .filter_map(|s| Some(((s.device.as_str(), s.happened_ms?), s.number)))
        .collect();
    for record in at_hub.iter_mut().filter(|r| r.number.is_none()) {
        let own = record.happened_ms.map(|ms| (record.device.as_str(), ms));
        record.number = own.and_then(|own| numbers.get(&own).copied());
    }
    by_word(said, at_hub);
}

/// What has neither number nor time is known by what it says: the first of it at the hub is the first of it that was said.
/// So its loss and its repeats are counted, its order is not.
fn by_word(said: &[Said], at_hub: &mut [AtHub]) {
    let mut of: BTreeMap<(String, String), VecDeque<&Said>> = BTreeMap::new();
    for said in said {
        if let Some(word) = &said.word {
            let same = of.entry((said.device.clone(), word.clone())).or_default();
            same.push_back(said);
        }
    }
    let mut unknown: Vec<&mut AtHub> = at_hub.iter_mut().filter(|r| r.number.is_none()).collect();
    unknown.sort_by_key(|r| (r.received_ms, r.seq));
    let mut last: BTreeMap<(String, String), &Said> = BTreeMap::new();
    for record in unknown {
        let own = (
            record.device.clone(),
            format!("{} {}", record.kind, record.says),
        );
        let Some(waiting) = of.get_mut(&own) else {
            continue;
        };
        // Clocks of one machine: nothing is received before it was said.
        let first = waiting.pop_front_if(|said| said.said_ms <= record.received_ms);
        if let Some(first) = first {
            record.number = Some(first.number);
            last.insert(own, first);
        } else if let Some(before) = last.get(&own).filter(|s| !s.goes_on) {
            record.number = Some(before.number);
        }
    }
}

impl Count {
    /// Counts; the records' numbers are known as far as they can be ([`number`]).
    pub fn of(said: &[Said], at_hub: &[AtHub]) -> Self {
        let devices: BTreeSet<&str> = said.iter().map(|s| s.device.as_str()).collect();
        let theirs: Vec<&AtHub> = at_hub
            .iter()
            .filter(|r| devices.contains(r.device.as_str()))
            .collect();
        let there: BTreeSet<Place> = theirs.iter().filter_map(|r| place(r)).collect();
        let given: BTreeSet<Place> = said.iter().map(|s| (s.device.clone(), s.number)).collect();
        let must: BTreeSet<Place> = said
            .iter()
            .filter(|s| s.must)
            .map(|s| (s.device.clone(), s.number))
            .collect();
        let (twice, redelivered) = repeated(&theirs);
        Self {
            said: given.len(),
            must: must.len(),
            arrived: must.intersection(&there).count(),
            lost: must.difference(&there).cloned().collect(),
            twice,
            redelivered,
            reordered: reordered(&theirs),
            unexpected: there.difference(&given).cloned().collect(),
            records: theirs.len(),
        }
    }
}

fn place(record: &AtHub) -> Option<Place> {
    Some((record.device.clone(), record.number?))
}

/// One message may say several things (a temperature and a battery): it is repeated only when it says one of them twice.
fn repeated(records: &[&AtHub]) -> (Vec<Place>, Vec<Place>) {
    let mut of: BTreeMap<(Place, &str, &str), Vec<&AtHub>> = BTreeMap::new();
    for record in records {
        if let Some(place) = place(record) {
            of.entry((place, &record.kind, &record.condition))
                .or_default()
                .push(record);
        }
    }
    let (mut twice, mut told) = (BTreeSet::new(), BTreeSet::new());
    for ((place, ..), same) in of.into_iter().filter(|(_, same)| same.len() > 1) {
        let unmarked = same.iter().filter(|r| !r.redelivered).count();
        if unmarked > 1 {
            twice.insert(place)
        } else {
            told.insert(place)
        };
    }
    (twice.into_iter().collect(), told.into_iter().collect())
}

/// Within one run of the daemon and one lane, a device's numbers must not go back; across lanes none waits for another.
fn reordered(records: &[&AtHub]) -> Vec<Place> {
    let mut sorted = records.to_vec();
    sorted.sort_by_key(|r| r.seq);
    let mut highest: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    let mut out = BTreeSet::new();
    for record in sorted {
        let Some(number) = record.number else {
            continue;
        };
        let last = highest
            .entry((&record.device, &record.epoch, &record.lane))
            .or_insert(0);
        if number < *last {
            out.insert((record.device.clone(), number));
        }
        *last = (*last).max(number);
    }
    out.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(number: u64, must: bool) -> Said {
        Said {
            device: "bed".into(),
            number,
            happened_ms: Some(1_000 + i64::try_from(number).unwrap()),
            must,
            word: None,
            said_ms: 0,
            goes_on: false,
        }
    }

    fn at_hub(seq: u64, number: u64) -> AtHub {
        AtHub {
            epoch: "1".into(),
            lane: "routine".into(),
            seq,
            device: "bed".into(),
            kind: "observed/bed".into(),
            condition: String::new(),
            says: "active".into(),
            number: Some(number),
            happened_ms: None,
            received_ms: 0,
            late: false,
            redelivered: false,
        }
    }

    fn at(number: u64) -> Vec<Place> {
        vec![("bed".to_owned(), number)]
    }

    #[test]
    fn what_must_arrive_and_does_not_is_lost_and_what_need_not_is_not() {
        let count = Count::of(
            &[said(1, true), said(2, false), said(3, true)],
            &[at_hub(1, 1)],
        );
        assert_eq!((count.said, count.must, count.arrived), (3, 2, 1));
        assert_eq!(count.lost, at(3));
    }

    #[test]
    fn a_message_that_says_one_thing_under_two_names_is_there_twice() {
        let all = [said(1, true)];
        let mut again = at_hub(2, 1);
        assert_eq!(Count::of(&all, &[at_hub(1, 1), again.clone()]).twice, at(1));
        again.redelivered = true;
        let told = Count::of(&all, &[at_hub(1, 1), again.clone()]);
        assert_eq!((told.twice, told.redelivered), (vec![], at(1)));
        again.kind = "health/battery".into();
        again.redelivered = false;
        assert_eq!(Count::of(&all, &[at_hub(1, 1), again]).twice, vec![]);
    }

    #[test]
    fn a_number_that_goes_back_within_a_lane_is_out_of_order_and_a_new_epoch_starts_afresh() {
        let all = [said(1, true), said(2, true)];
        let count = Count::of(&all, &[at_hub(1, 2), at_hub(2, 1)]);
        assert_eq!(count.reordered, at(1));
        let mut newer = at_hub(1, 2);
        newer.epoch = "2".into();
        assert_eq!(Count::of(&all, &[at_hub(7, 1), newer]).reordered, vec![]);
    }

    #[test]
    fn a_record_without_the_device_s_words_is_known_by_the_device_s_time() {
        let said = [said(1, true), said(2, true)];
        let mut records = [at_hub(1, 0), at_hub(2, 0), at_hub(3, 0)];
        for (record, ms) in records.iter_mut().zip([1_002, 1_001, 5]) {
            record.number = None;
            record.happened_ms = Some(ms);
        }
        number(&said, &mut records);
        assert_eq!(records.map(|r| r.number), [Some(2), Some(1), None]);
    }

    #[test]
    fn a_record_with_neither_number_nor_time_is_known_by_what_it_says() {
        let by_word = |number, goes_on| Said {
            happened_ms: None,
            word: Some("observed/bed active".into()),
            goes_on,
            ..said(number, true)
        };
        let records = |goes_on| {
            let mut records = [at_hub(1, 0), at_hub(2, 0), at_hub(3, 0)];
            for record in &mut records {
                record.number = None;
            }
            number(&[by_word(1, goes_on), by_word(2, goes_on)], &mut records);
            records
        };
        assert_eq!(
            records(false).map(|r| r.number),
            [Some(1), Some(2), Some(2)]
        );
        assert_eq!(
            Count::of(&[by_word(2, false)], &records(false)).twice,
            at(2)
        );
        assert_eq!(records(true).map(|r| r.number), [Some(1), Some(2), None]);
    }

    #[test]
    fn a_number_that_no_device_gave_is_unexpected() {
        assert_eq!(
            Count::of(&[said(1, true)], &[at_hub(1, 1), at_hub(2, 9)]).unexpected,
            at(9)
        );
    }
}
