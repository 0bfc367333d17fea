//! What held and what did not: a scenario's expectations against what was said, what the hub lists and what the home
//! was told. Pure; every answer comes with what was found.

use std::fmt::Write as _;

use tecs_protocol::home::Stage;
use tokio::time::Instant;

use crate::living::Spoken;
use crate::play::{Moment, Played, said};
use crate::scenario::{Expect, Expected};
use crate::tally::{AtHub, Count, Place};
use crate::told::{Told, is_stage, word_of};
use crate::words::Taken;

/// How many places are named where many are wrong.
const NAMED: usize = 5;

/// The answer to an expectation that is a matter of counting: its usual name, whether it held, what was found.
fn counted(what: &Expected, count: &Count) -> (String, bool, String) {
    let (name, wrong, found) = match what {
        Expected::NothingTwice => {
            let marked = count.redelivered.len();
            let found = format!(
                "{} twice, {marked} redelivered and marked so",
                count.twice.len()
            );
            ("nothing is there twice", &count.twice, found)
        }
        Expected::InOrder => {
            let found = format!("{} out of order", count.reordered.len());
            (
                "each device's words keep their order",
                &count.reordered,
                found,
            )
        }
        Expected::NothingUnexpected => {
            let found = format!("{} that no device said", count.unexpected.len());
            (
                "the hub has nothing that no device said",
                &count.unexpected,
                found,
            )
        }
        Expected::NothingLost
        | Expected::AlarmsFirst
        | Expected::Arrives { .. }
        | Expected::TakenOver { .. }
        | Expected::Told { .. } => {
            let found = format!("{} of {} are at the hub", count.arrived, count.must);
            ("nothing is lost", &count.lost, found)
        }
    };
    (name.to_owned(), wrong.is_empty(), found + &named(wrong))
}

/// The answer to one expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its line in the scenario.
    pub line: usize,
    /// What was expected, in words.
    pub name: String,
    /// Whether it held.
    pub held: bool,
    /// What was found.
    pub found: String,
}

/// Everything that a verdict is made of.
pub struct Evidence<'e> {
    /// What devices said.
    pub spoken: &'e [Spoken],
    /// What the hub lists.
    pub at_hub: &'e [AtHub],
    /// What the home was told.
    pub told: &'e [Told],
    /// The story's moments.
    pub played: &'e Played,
}

impl Evidence<'_> {
    /// Counts everything.
    pub fn count(&self) -> Count {
        let all: Vec<_> = self.spoken.iter().map(said).collect();
        Count::of(&all, self.at_hub)
    }

    /// Judges every expectation, and names what was waited for in vain.
    pub fn judge(&self, expects: &[Expect]) -> Vec<Verdict> {
        let count = self.count();
        let vain = self.played.in_vain.iter().map(|(line, what)| Verdict {
            line: *line,
            name: "what the step waits for comes".to_owned(),
            held: false,
            found: what.clone(),
        });
        vain.chain(expects.iter().map(|e| self.one(e, &count)))
            .collect()
    }

    fn one(&self, expect: &Expect, count: &Count) -> Verdict {
        let (usual, held, found) = match &expect.what {
            Expected::Arrives { device, kind, .. } => {
                let (held, found) = self.arrives(expect);
                (format!("{kind} of {device} arrives"), held, found)
            }
            Expected::Told {
                device,
                stage,
                within_s,
            } => {
                let (held, found) =
                    self.told_in_home(device, *stage, self.since(expect).at, *within_s);
                (
                    format!("the home is told '{}' of {device}", word_of(*stage)),
                    held,
                    found,
                )
            }
            Expected::TakenOver { device, count } => {
                let (held, found) = self.taken_over(device, *count, expect);
                (format!("{device} is acknowledged in the end"), held, found)
            }
            Expected::AlarmsFirst => {
                let (held, found) = self.alarms_first(self.before(expect));
                ("alarms arrive first".to_owned(), held, found)
            }
            Expected::NothingLost
            | Expected::NothingTwice
            | Expected::InOrder
            | Expected::NothingUnexpected => counted(&expect.what, count),
        };
        Verdict {
            line: expect.line,
            name: expect.name.clone().unwrap_or(usual),
            held,
            found,
        }
    }

    fn arrives(&self, expect: &Expect) -> (bool, String) {
        let Expected::Arrives {
            device,
            kind,
            condition,
            count,
            within_s,
            not_before_s,
            late,
        } = &expect.what
        else {
            return (false, String::new());
        };
        let (since, before) = (self.since(expect).at, self.before(expect).map(|m| m.at));
        let own = self.spoken.iter().filter(|s| {
            s.message.device == *device && s.at >= since && before.is_none_or(|b| s.at < b)
        });
        let mut arrived = Vec::new();
        for spoken in own {
            let of = self.at_hub.iter().filter(|r| {
                r.device == *device
                    && r.number == Some(spoken.message.number)
                    && r.kind == *kind
                    && condition.as_ref().is_none_or(|c| r.condition == *c)
            });
            // A message that its source redelivered is one message: `nothing_twice` is for that.
            arrived.extend(of.map(|r| (r.received_ms - spoken.wall_ms, r.late)).min());
        }
        let enough = count.map_or(!arrived.is_empty(), |n| arrived.len() == n);
        let took = |s: f64| move |ms: i64| ms as f64 <= s * 1000.0;
        let soon = within_s.is_none_or(|s| arrived.iter().all(|(ms, _)| took(s)(*ms)));
        let waited = not_before_s.is_none_or(|s| arrived.iter().all(|(ms, _)| !took(s)(*ms)));
        let marked = late.is_none_or(|due| arrived.iter().all(|(_, is)| *is == due));
        let slowest = arrived.iter().map(|(ms, _)| *ms).max();
        let found = match slowest {
            None => "none arrived".to_owned(),
            Some(ms) => {
                let late = arrived.iter().filter(|(_, late)| *late).count();
                format!(
                    "{} arrived, the slowest after {ms} ms, {late} marked late",
                    arrived.len()
                )
            }
        };
        (enough && soon && waited && marked, found)
    }

    fn taken_over(&self, device: &str, count: Option<usize>, expect: &Expect) -> (bool, String) {
        let (since, before) = (self.since(expect).at, self.before(expect).map(|m| m.at));
        let own = self.spoken.iter().filter(|s| {
            s.message.device == *device && s.at >= since && before.is_none_or(|b| s.at < b)
        });
        let taken: Vec<bool> = own.map(|s| s.taken() == Taken::Yes).collect();
        let (all, acknowledged) = (taken.len(), taken.iter().filter(|t| **t).count());
        let held = acknowledged == all && count.map_or(all > 0, |n| n == all);
        (held, format!("{acknowledged} of {all} acknowledged"))
    }

    fn told_in_home(
        &self,
        device: &str,
        stage: Stage,
        since: Instant,
        within_s: Option<f64>,
    ) -> (bool, String) {
        let first = self
            .told
            .iter()
            .find(|t| t.at >= since && is_stage(&t.what, device, stage));
        match first {
            None => (false, "it was not told".to_owned()),
            Some(told) => {
                let after = told.at.saturating_duration_since(since);
                let soon = within_s.is_none_or(|s| after.as_secs_f64() <= s);
                (soon, format!("told after {} ms", after.as_millis()))
            }
        }
    }

    /// Of what was said before a moment and received after it.
    fn alarms_first(&self, before: Option<Moment>) -> (bool, String) {
        let Some(before) = before else {
            return (false, "no moment to count from".to_owned());
        };
        let waited = self.at_hub.iter().filter(|r| {
            let said = self
                .spoken
                .iter()
                .find(|s| s.message.device == r.device && Some(s.message.number) == r.number);
            said.is_some_and(|s| s.wall_ms < before.wall_ms) && r.received_ms >= before.wall_ms
        });
        let (alarms, others): (Vec<&AtHub>, Vec<&AtHub>) = waited.partition(|r| r.lane == "alarm");
        let last = alarms.iter().map(|r| r.received_ms).max();
        let first = others.iter().map(|r| r.received_ms).min();
        match (last, first) {
            (Some(last), Some(first)) => {
                let found = format!(
                    "{} alarms, the last {} ms before the first of {} others",
                    alarms.len(),
                    first - last,
                    others.len()
                );
                (last <= first, found)
            }
            _ => (
                false,
                format!(
                    "{} alarms and {} others had to wait: nothing to compare",
                    alarms.len(),
                    others.len()
                ),
            ),
        }
    }

    fn since(&self, expect: &Expect) -> Moment {
        let mark = expect.since.as_ref().and_then(|m| self.played.marks.get(m));
        mark.copied().unwrap_or(self.played.began)
    }

    fn before(&self, expect: &Expect) -> Option<Moment> {
        expect
            .before
            .as_ref()
            .and_then(|m| self.played.marks.get(m))
            .copied()
    }
}

fn named(places: &[Place]) -> String {
    let mut out = String::new();
    for (device, number) in places.iter().take(NAMED) {
        out.push_str(if out.is_empty() { ": " } else { ", " });
        // Writing to a text cannot fail.
        let _ = write!(out, "{device} {number}");
    }
    if places.len() > NAMED {
        out.push_str(" …");
    }
    out
}

#[cfg(test)]
mod tests;
