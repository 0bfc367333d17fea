//! From a table's text to one that reads: every pointer, pattern and word is judged here, once, and named with its key
//! when it is wrong. What comes out can run.

mod codes;
mod decode;
mod emits;
mod kinds;
mod named;
mod unpack;

use std::collections::{BTreeMap, BTreeSet};

use super::emit::Field;
use super::finding::{Finding, Findings};
use super::pointer::{Pointer, Step};
use super::rule::{Asks, Cond, Dedupe, Of, Rule};
use super::template::Template;
use super::text::{Condition, MapText, RuleText, Scalar};
use super::time::Time;
use super::topic::Topic;
use super::unmapped::Known;
use super::value::Named;
use super::{Map, ROWS_MOST, RULES_MOST};
use crate::family::Way;

const POINTER_CURE: &str =
    "write names between slashes, such as /ENERGY/Power, with * for any name";
const TEMPLATE_CURE: &str =
    "write text with {topic part}, {key} or {/pointer}, and [what may be left out]";

/// Judges a table.
pub(super) fn compile(text: MapText) -> Result<Map, Vec<Finding>> {
    let mut to = Findings::default();
    let way = match text.map.source.as_str() {
        "" | "mqtt" => Way::Mqtt,
        "lines" => Way::Line,
        other => {
            let what = format!("is `{other}`; allowed are mqtt, lines");
            to.wrong("map.source", what, "write one of these words");
            Way::Mqtt
        }
    };
    if text.rule.len() > RULES_MOST {
        let what = format!(
            "there are {} rules; {RULES_MOST} are allowed",
            text.rule.len()
        );
        to.wrong("rule", what, "split the table over several sources");
    }
    let mut names = BTreeSet::new();
    let mut rules = Vec::new();
    for (n, rule) in text.rule.iter().enumerate().take(RULES_MOST) {
        let rule = &rule.clone().with(&text.default);
        to.about(&rule.name);
        let compiled = to.under(format!("rule[{n}]"), |to| {
            if rule.name.is_empty() || !names.insert(rule.name.clone()) {
                let what = format!("`{}` is no name, or is given twice", rule.name);
                to.wrong("name", what, "give each rule a name of its own");
            }
            Judge {
                text: &text,
                way,
                rule,
                to,
            }
            .rule(n)
        });
        if let Some(mut rule) = compiled {
            let before: Option<&Rule> = rules.last();
            rule.same_topics = before.is_some_and(|before| before.topics == rule.topics);
            rules.push(rule);
        }
    }
    to.about("");
    if rules.is_empty() && to.list.is_empty() {
        to.wrong("rule", "there is no rule", "add a [[rule]]");
    }
    if to.list.is_empty() {
        Ok(Map {
            name: text.map.name.clone(),
            base: text.map.base.clone(),
            way,
            rules,
            text,
        })
    } else {
        Err(to.list)
    }
}

/// Judges one rule.
pub(super) struct Judge<'t, 'f> {
    text: &'t MapText,
    way: Way,
    rule: &'t RuleText,
    to: &'f mut Findings,
}

impl Judge<'_, '_> {
    fn rule(mut self, at: usize) -> Option<Rule> {
        let rule = self.rule;
        let before = self.to.list.len();
        let topics = self.topics();
        let whole = match rule.payload.as_str() {
            "" | "json" => false,
            "text" => true,
            other => {
                let what = format!("is `{other}`; allowed are json, text");
                self.to.wrong("payload", what, "write one of these words");
                false
            }
        };
        let each = self.pointer("each", rule.each.as_ref());
        let when = self.when(&rule.when, &topics);
        let device = self.template("device", &rule.device, &topics);
        let model = self.template("model", &rule.model, &topics);
        let time = self.time();
        let dedupe = self.dedupe();
        let test = self.pointer("test", rule.test.as_ref());
        let emits = self.emits(&topics);
        let unmapped = self.template("unmapped", &rule.unmapped, &topics);
        let codes = self.codes(&topics);
        let unpack = self.unpack();
        let silent = emits.is_empty() && codes.is_none();
        self.whole(silent, device.is_empty(), self.to.list.len() == before);
        let mut known = self.silent();
        if self.to.list.len() > before {
            return None;
        }
        let mut rule = Rule {
            name: rule.name.clone(),
            at,
            topics,
            same_topics: false,
            text: whole,
            each,
            when,
            ignore: rule.ignore,
            refuse: rule.refuse.clone(),
            unpack,
            one_device: !device.names_key() && !model.names_key(),
            device,
            model,
            time,
            dedupe,
            test,
            emits,
            codes,
            known: Known::default(),
            unmapped,
        };
        known.extend(rule.pointers());
        rule.known = Known::of(known);
        Some(rule)
    }

    /// A rule says something of a device, or is marked as one that does not.
    fn whole(&mut self, silent: bool, nameless: bool, sound: bool) {
        let rule = self.rule;
        if rule.says_nothing() != silent && sound {
            let what =
                "says nothing and is not marked `ignore`, or is marked so and says something";
            let cure = "add `emit`, or `ignore = true` or `refuse` alone";
            self.to.wrong("", what, cure);
        }
        if !rule.says_nothing() && nameless {
            let what = "is missing: whose words are these?";
            self.to.wrong("device", what, TEMPLATE_CURE);
        }
    }

    fn topics(&mut self) -> Vec<Topic> {
        let texts = self.rule.topic.all();
        if self.way == Way::Line && !texts.is_empty() {
            let what = "a line has no topic";
            self.to
                .wrong("topic", what, "take it out, or write source = \"mqtt\"");
        } else if self.way == Way::Mqtt && texts.is_empty() {
            let what = "is missing: which topics does it fit?";
            self.to
                .wrong("topic", what, "write a pattern such as tele/{gw}/SENSOR");
        }
        let mut topics = Vec::new();
        for text in texts.iter().take(ROWS_MOST) {
            let base = &self.text.map.base;
            let read = Topic::parse_all(text, base);
            let read = if text.starts_with("{base}") && base.is_empty() {
                Err("`{base}` stands for nothing; [map] names no base".to_owned())
            } else {
                read
            };
            let cure = "write levels between slashes, {name} for a part, {rest...} for several";
            topics.extend(self.to.keep("topic", read, cure).unwrap_or_default());
        }
        topics
    }

    fn pointer(&mut self, key: &str, text: Option<&String>) -> Option<Pointer> {
        let read = Pointer::parse(text?);
        self.to.keep(key, read, POINTER_CURE)
    }

    /// A template whose parts every topic of the rule has.
    fn template(&mut self, key: &str, text: &str, topics: &[Topic]) -> Template {
        let Some(template) = self.to.keep(key, Template::parse(text), TEMPLATE_CURE) else {
            return Template::default();
        };
        for part in template.parts() {
            self.is_part(key, part, topics);
        }
        template
    }

    fn is_part(&mut self, key: &str, part: &str, topics: &[Topic]) {
        let named = |topic: &Topic| topic.names().any(|name| name == part);
        if topics.is_empty() || !topics.iter().all(named) {
            let what = format!("`{{{part}}}` is no part of every topic of this rule");
            let cure = "name a part of the topic, `key`, or a pointer with a slash ({./Name})";
            self.to.wrong(key, what, cure);
        }
    }

    /// Conditions; one that asks several things becomes several.
    fn when(&mut self, text: &BTreeMap<String, Condition>, topics: &[Topic]) -> Vec<Cond> {
        let mut conds = Vec::new();
        if text.len() > ROWS_MOST {
            let what = format!("{} conditions; {ROWS_MOST} are allowed", text.len());
            self.to.wrong("when", what, "ask less");
        }
        for (of, condition) in text.iter().take(ROWS_MOST) {
            let about = if of.starts_with('{') {
                Some(Of::Made(self.template("when", of, topics)))
            } else {
                self.to
                    .keep("when", Pointer::parse(of), POINTER_CURE)
                    .map(Of::At)
            };
            let Some(about) = about else { continue };
            let asks = self.asks(of, condition);
            conds.extend(asks.into_iter().map(|asks| Cond {
                of: about.clone(),
                asks,
            }));
        }
        conds
    }

    fn asks(&mut self, of: &str, condition: &Condition) -> Vec<Asks> {
        let names = |list: &[Scalar]| list.iter().map(Named::of_scalar).collect::<Vec<_>>();
        let asks = match condition {
            Condition::Is(one) => vec![Asks::Any(names(std::slice::from_ref(one)))],
            Condition::Any(list) => vec![Asks::Any(names(list))],
            Condition::Asks(trial) => {
                let mut asks = Vec::new();
                asks.extend(trial.exists.map(Asks::Exists));
                asks.extend(trial.alarm.map(Asks::Alarm));
                asks.extend(trial.null.map(Asks::Null));
                asks.extend(trial.not.as_ref().map(|n| Asks::Not(names(n.all()))));
                asks.extend(trial.any.as_ref().map(|n| Asks::Any(names(n.all()))));
                asks
            }
        };
        let empty = |a: &Asks| matches!(a, Asks::Any(n) | Asks::Not(n) if n.is_empty() || n.len() > ROWS_MOST);
        if asks.is_empty() || asks.iter().any(empty) {
            let what = format!("`{of}` asks nothing, or for more than {ROWS_MOST} values");
            let cure = "write a value, a list of values, or { exists = … }, { alarm = … }, { null = … }, { not = … }, { any = … }";
            self.to.wrong("when", what, cure);
        }
        asks
    }

    fn time(&mut self) -> Vec<Time> {
        let mut times = Vec::new();
        for (n, text) in self.rule.time.iter().enumerate() {
            let cure = "write { at = \"/Time\", format = \"iso\" } or a form such as \"YYYY-MM-DD hh:mm:ss\" with its zone";
            times.extend(
                self.to
                    .keep(&format!("time[{n}]"), Time::compile(text), cure),
            );
        }
        times
    }

    fn dedupe(&mut self) -> Option<Dedupe> {
        let text = self.rule.dedupe.as_ref()?;
        // Beyond an hour a second alarm would be lost, not a second frame.
        if !(1..=3_600_000).contains(&text.within_ms) {
            let what = format!("is {} ms; allowed are 1 to 3600000", text.within_ms);
            let cure = "write how long the device repeats one frame";
            self.to.wrong("dedupe.within_ms", what, cure);
        }
        if text.by_alone && text.by.is_empty() {
            let cure = "name in `by` what tells a frame, such as /deduplicationId";
            self.to.wrong("dedupe.by", "is empty", cure);
        }
        let mut by = Vec::new();
        for pointer in &text.by {
            by.extend(self.pointer("dedupe.by", Some(pointer)));
        }
        Some(Dedupe {
            within_ms: text.within_ms,
            by,
            by_alone: text.by_alone,
        })
    }

    /// What is known and means nothing, of the rule and of its sets.
    fn silent(&mut self) -> Vec<Vec<Step>> {
        let each = self.rule.each.as_deref().map(Pointer::parse);
        let each = each.and_then(Result::ok);
        let mut all = Vec::new();
        let sets = self
            .rule
            .sets()
            .iter()
            .filter_map(|name| self.text.set.get(name));
        let texts: Vec<&String> = sets
            .flat_map(|set| &set.silent)
            .chain(&self.rule.silent)
            .collect();
        for text in texts {
            let pointer = self.pointer("silent", Some(text));
            all.extend(pointer.map(|p| p.whole_path(each.as_ref())));
        }
        all
    }
}

impl Rule {
    /// Every pointer that it names, from the root.
    fn pointers(&self) -> Vec<Vec<Step>> {
        let mut all: Vec<&Pointer> = Vec::new();
        let conds = self.emits.iter().flat_map(|e| &e.when).chain(&self.when);
        for cond in conds {
            match &cond.of {
                Of::At(pointer) => all.push(pointer),
                Of::Made(template) => all.extend(template.pointers()),
            }
        }
        for emit in &self.emits {
            if let super::emit::Says::Named(name) = &emit.says {
                // It knows what is an alarm and nothing else; the reader takes that out.
                all.extend(name.pointers());
            } else {
                all.extend(&emit.at);
            }
            for template in [&emit.device, &emit.detail, &emit.code] {
                all.extend(template.pointers());
            }
            if let Some(Field::Made(template)) = &emit.field {
                all.extend(template.pointers());
            }
            if let super::emit::Says::Number(number) = &emit.says {
                all.extend(&number.unit_at);
            }
        }
        all.extend(self.device.pointers());
        all.extend(self.model.pointers());
        all.extend(self.time.iter().map(|t| &t.at));
        all.extend(&self.test);
        all.extend(self.dedupe.iter().flat_map(|d| &d.by));
        if let Some(codes) = &self.codes {
            match &codes.at {
                super::codes::CodeIs::At(pointer) => all.push(pointer),
                super::codes::CodeIs::Made(template) => all.extend(template.pointers()),
            }
        }
        all.iter()
            .map(|pointer| pointer.whole_path(self.each.as_ref()))
            .collect()
    }
}
