//! One table before another, a table for a line, and what a rule has that does not say otherwise. Texts alone: nothing is
//! judged here.

use super::text::{Defaults, MapText, RuleText, Texts};

impl MapText {
    /// The same table for a line: without topics.
    #[must_use]
    pub fn as_lines(mut self) -> Self {
        "lines".clone_into(&mut self.map.source);
        // What a rule asks of a topic alone has nothing to ask of a line.
        let usual = std::mem::take(&mut self.default.topic);
        self.rule.retain(|rule| !rule.asks_topic(&usual));
        for rule in &mut self.rule {
            rule.topic = Texts::default();
        }
        self
    }

    /// This table, and where it is silent the other: its rules are tried first, its codes and sets count.
    #[must_use]
    pub fn before(mut self, other: Self) -> Self {
        for (name, set) in other.set {
            self.set.entry(name).or_insert(set);
        }
        for (name, codes) in other.codes {
            let mine = self.codes.entry(name).or_default();
            for (code, meaning) in codes {
                mine.entry(code).or_insert(meaning);
            }
        }
        for (name, tags) in other.tlv {
            let mine = self.tlv.entry(name).or_default();
            for (tag, part) in tags {
                mine.entry(tag).or_insert(part);
            }
        }
        let usual = other.default;
        self.rule
            .extend(other.rule.into_iter().map(|rule| rule.with(&usual)));
        if self.map.base.is_empty() {
            self.map.base = other.map.base;
        }
        if self.map.name.is_empty() {
            self.map.name = other.map.name;
        }
        self
    }
}

impl RuleText {
    /// This rule, and where it says nothing what is usual.
    #[must_use]
    pub fn with(mut self, usual: &Defaults) -> Self {
        if self.topic.all().is_empty() {
            self.topic = usual.topic.clone();
        }
        if self.says_nothing() {
            return self;
        }
        if self.device.is_empty() {
            self.device.clone_from(&usual.device);
        }
        if self.model.is_empty() {
            self.model.clone_from(&usual.model);
        }
        if self.time.is_empty() {
            self.time.clone_from(&usual.time);
        }
        self.dedupe = self.dedupe.or_else(|| usual.dedupe.clone());
        self.sets = self.sets.or_else(|| Some(usual.sets.clone()));
        self
    }

    /// True when it only says that a message is known.
    pub(super) const fn says_nothing(&self) -> bool {
        self.ignore || !self.refuse.is_empty()
    }

    /// The sets that it uses.
    pub fn sets(&self) -> &[String] {
        self.sets.as_deref().unwrap_or_default()
    }

    /// True when it cannot do without a part of the topic.
    fn asks_topic(&self, usual: &Texts) -> bool {
        let topics = if self.topic.all().is_empty() {
            usual
        } else {
            &self.topic
        };
        let names: Vec<&str> = topics.all().iter().flat_map(|t| parts(t)).collect();
        let needs = |text: &str| parts(text).any(|part| names.contains(&part));
        needs(&self.device) || needs(&self.model) || self.when.keys().any(|of| needs(of))
    }
}

/// What stands in braces.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let braces = text.split('{').skip(1);
    braces.filter_map(|part| {
        part.split_once('}')
            .map(|(name, _)| name.trim_end_matches("..."))
    })
}
