//! What deserves to be known of a table that reads: a rule that can never fit because an earlier one always does, rules
//! that fight over one message, pointers whose target may move, code tables that nobody asks.

use std::collections::BTreeSet;

use super::Map;
use super::emit::{Emit, Says};
use super::finding::{Finding, Findings};
use super::pointer::{Pointer, Step};
use super::rule::{Cond, Of, Rule};
use super::text::RuleText;

/// Everything that deserves to be known.
pub(super) fn lint(map: &Map) -> Vec<Finding> {
    let mut to = Findings::default();
    for (n, rule) in map.rules.iter().enumerate() {
        to.about(&rule.name);
        let earlier = map.rules.get(..n).unwrap_or_default();
        to.under(format!("rule[{}]", rule.at), |to| {
            if let Some(first) = earlier.iter().find(|first| takes_all(first, rule)) {
                let what = format!(
                    "can never fit: `{}` before it fits whatever it would",
                    first.name
                );
                let cure = "put it first, or ask more in the other's `when`";
                to.advise("", what, cure);
            } else {
                for first in earlier {
                    fights(to, first, rule);
                }
            }
            within(to, rule);
            lists(to, rule);
        });
    }
    to.about("");
    unused(&mut to, map);
    to.list
}

/// True when the first rule fits every message that the second would, as far as that can be told.
fn takes_all(first: &Rule, second: &Rule) -> bool {
    let topics = first.topics.is_empty()
        || second
            .topics
            .iter()
            .all(|t| first.topics.iter().any(|f| f.covers(t)));
    let payload = first.text || !second.text;
    let each = first.each.is_none() || first.each == second.each;
    // A condition on the whole message says nothing of a part of it, and the other way round.
    let same_ground = first.each == second.each || first.when.iter().all(is_rooted);
    topics
        && payload
        && each
        && same_ground
        && first.when.iter().all(|cond| {
            let holds = second.when.iter();
            holds
                .filter(|other| other.of == cond.of)
                .any(|other| cond.asks.follows_from(&other.asks))
        })
}

fn is_rooted(cond: &Cond) -> bool {
    match &cond.of {
        Of::Made(template) => template.pointers().iter().all(|p| p.rooted),
        Of::At(pointer) => pointer.rooted,
    }
}

/// True when some message may be fitted by both.
fn may_meet(first: &Rule, second: &Rule) -> bool {
    let topics = first.topics.is_empty()
        || second.topics.is_empty()
        || first
            .topics
            .iter()
            .any(|f| second.topics.iter().any(|s| f.meets(s)));
    topics
        && first.text == second.text
        && !first.when.iter().any(|cond| {
            second.when.iter().any(|other| {
                other.of == cond.of && !has_star(cond) && cond.asks.excludes(&other.asks)
            })
        })
}

fn has_star(cond: &Cond) -> bool {
    match &cond.of {
        Of::Made(_) => false,
        Of::At(pointer) => pointer.has_star(),
    }
}

/// Two rules that read one value differently although one message may fit both: the first wins, whoever meant the other.
fn fights(to: &mut Findings, first: &Rule, second: &Rule) {
    if first.says_nothing() || second.says_nothing() || !may_meet(first, second) {
        return;
    }
    let mine = |emit: &Emit, rule: &Rule| {
        let at = emit.at.as_ref().filter(|_| emit.when.is_empty())?;
        Some(at.whole_path(rule.each.as_ref()))
    };
    // A name says the same whichever rule asks what it says.
    let decided = |emit: &&Emit| !matches!(emit.says, Says::Named(_));
    for emit in second.emits.iter().filter(decided) {
        let rival = first.emits.iter().find(|e| {
            let place = mine(emit, second);
            place.is_some()
                && place == mine(e, first)
                && e.kind == emit.kind
                && (e.says != emit.says || e.reading != emit.reading)
        });
        if rival.is_some() {
            let what = format!(
                "fights with `{}`: a message may fit both, and they read one value differently; `{}` wins",
                first.name, first.name
            );
            let cure = "tell them apart in `when`, or let both say the same";
            to.advise(&emit.key, what, cure);
            return;
        }
    }
}

/// Two emits of one rule that say one kind of one value differently.
fn within(to: &mut Findings, rule: &Rule) {
    for (n, emit) in rule.emits.iter().enumerate() {
        let earlier = rule.emits.get(..n).unwrap_or_default();
        let twice = earlier.iter().any(|e| {
            e.at.is_some()
                && e.at == emit.at
                && e.kind == emit.kind
                && e.mask == emit.mask
                && e.when == emit.when
                && e.device == emit.device
        });
        if twice {
            let what = format!("`{}` is said twice of one value", emit.kind);
            to.advise(&emit.key, what, "leave one of them");
        }
    }
}

/// Steps that look like positions in a list, which a pointer does not enter.
fn lists(to: &mut Findings, rule: &Rule) {
    let numeric = |steps: &[Step]| {
        steps.iter().any(
            |step| matches!(step, Step::Key(key) if key.text().bytes().all(|b| b.is_ascii_digit())),
        )
    };
    let mut all: Vec<&Pointer> = rule.each.iter().collect();
    all.extend(rule.emits.iter().filter_map(|e| e.at.as_ref()));
    if let Some(pointer) = all.into_iter().find(|p| numeric(&p.steps)) {
        let what = format!(
            "`{}` may point into a list, whose positions move: it reads a name alone",
            super::unmapped::path_of(&pointer.steps)
        );
        to.advise("", what, "use `*` in its place, and `when` to tell which");
    }
    if let Some(n) = rule
        .time
        .iter()
        .position(super::time::Time::is_without_zone)
    {
        let what = "has no zone: such a time is never used";
        to.advise(
            &format!("time[{n}]"),
            what,
            "add zone = \"Z\" or \"+01:00\"",
        );
    }
}

/// Sets, code tables and tables of tags that no rule asks.
fn unused(to: &mut Findings, map: &Map) {
    let codes = map.rules.iter().filter_map(|rule| rule.codes.as_ref());
    let asked: BTreeSet<&str> = codes
        .flat_map(|codes| &codes.tables)
        .map(String::as_str)
        .collect();
    for name in map.text.codes.keys() {
        if !asked.contains(name.as_str()) {
            let what = "no rule asks this table";
            let cure = "name it in a rule's `code`, or take it out";
            to.advise(&format!("codes.{name}"), what, cure);
        }
    }
    let unpacks = map.rules.iter().filter_map(|rule| rule.unpack.as_ref());
    let taken: BTreeSet<&str> = unpacks
        .flat_map(|unpack| &unpack.tables)
        .map(String::as_str)
        .collect();
    for name in map.text.tlv.keys().filter(|n| !taken.contains(n.as_str())) {
        let what = "no rule asks this table";
        let cure = "name it in a rule's `unpack`, or take it out";
        to.advise(&format!("tlv.{name}"), what, cure);
    }
    let used: BTreeSet<&String> = map
        .text
        .rule
        .iter()
        .flat_map(RuleText::sets)
        .chain(&map.text.default.sets)
        .collect();
    for name in map.text.set.keys() {
        if !used.contains(name) {
            let what = "no rule uses this set";
            to.advise(
                &format!("set.{name}"),
                what,
                "name it in `use`, or take it out",
            );
        }
    }
}
