//! What `doctor` found: a line a hop, ok, failed or not checked, with the reason and what to do. All is well only when every
//! line is.

use std::io::{self, Write};

use serde_json::{Value, json};

/// How a hop went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    Failed,
    Unchecked,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Unchecked => "unchecked",
        }
    }
}

struct Line {
    hop: String,
    outcome: Outcome,
    why: String,
    cure: String,
}

/// All lines, in the order of the way.
#[derive(Default)]
pub(super) struct Report(Vec<Line>);

impl Report {
    pub(super) fn ok(&mut self, hop: &str, why: impl Into<String>) {
        self.add(hop, Outcome::Ok, why.into(), String::new());
    }

    pub(super) fn failed(&mut self, hop: &str, why: impl Into<String>, cure: impl Into<String>) {
        self.add(hop, Outcome::Failed, why.into(), cure.into());
    }

    pub(super) fn unchecked(&mut self, hop: &str, why: impl Into<String>) {
        self.add(hop, Outcome::Unchecked, why.into(), String::new());
    }

    /// A sentence whose cure stands after its last colon.
    pub(super) fn failed_so(&mut self, hop: &str, sentence: &str) {
        let (why, cure) = sentence.rsplit_once(": ").unwrap_or((sentence, ""));
        self.failed(hop, why, cure);
    }

    fn add(&mut self, hop: &str, outcome: Outcome, why: String, cure: String) {
        self.0.push(Line {
            hop: hop.to_owned(),
            outcome,
            why,
            cure,
        });
    }

    pub(super) fn is_well(&self) -> bool {
        self.0.iter().all(|line| line.outcome == Outcome::Ok)
    }

    fn to_json(&self) -> Value {
        let hops = self.0.iter().map(|line| {
            json!({
                "hop": line.hop, "outcome": line.outcome.word(), "why": line.why, "do": line.cure,
            })
        });
        json!({ "ok": self.is_well(), "hops": hops.collect::<Vec<_>>() })
    }

    pub(super) fn print(&self, as_json: bool, out: &mut impl Write) -> io::Result<()> {
        if as_json {
            return writeln!(out, "{}", self.to_json());
        }
        for line in &self.0 {
            let mark = match line.outcome {
                Outcome::Ok => "ok     ",
                Outcome::Failed => "FAILED ",
                Outcome::Unchecked => "-      ",
            };
            writeln!(out, "{mark} {}: {}", line.hop, line.why)?;
            if !line.cure.is_empty() {
                writeln!(out, "        to do: {}", line.cure)?;
            }
        }
        let failed = self
            .0
            .iter()
            .filter(|l| l.outcome == Outcome::Failed)
            .count();
        let unchecked = self
            .0
            .iter()
            .filter(|l| l.outcome == Outcome::Unchecked)
            .count();
        match (failed, unchecked) {
            (0, 0) => writeln!(out, "All is well: {} hops.", self.0.len()),
            (failed, unchecked) => writeln!(out, "{failed} failed, {unchecked} not checked."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_well_only_when_every_hop_was_tried_and_went_well() {
        let mut report = Report::default();
        report.ok("configuration", "good");
        assert!(report.is_well());
        report.unchecked("decode", "no daemon");
        assert!(!report.is_well());
        report.failed_so("broker", "nothing listens at 127.0.0.1:1: start the broker");
        let mut out = Vec::new();
        report.print(false, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("FAILED  broker: nothing listens at 127.0.0.1:1\n"),
            "{text}"
        );
        assert!(text.contains("to do: start the broker\n"), "{text}");
        assert!(text.ends_with("1 failed, 1 not checked.\n"), "{text}");
        assert_eq!(report.to_json()["hops"][1]["outcome"], "unchecked");
    }
}
