//! The words of a table that name nobody: levels of topics, values, codes. Whoever hides names in a recording leaves these,
//! so that the recording is still read as the home spoke; the devices of its codes are names.

use std::collections::BTreeSet;

use super::text::{AnyOf, Condition, MapText, Scalar};

impl MapText {
    /// Every word that the table compares with something, cut at `/` as topics are.
    pub fn words(&self) -> BTreeSet<String> {
        let mut to = BTreeSet::new();
        let mut add = |text: &str| {
            let parts = text.split(['/', '*']).map(str::trim);
            let plain = parts.filter(|p| !p.is_empty() && !p.contains(['{', '}', '+', '#']));
            to.extend(plain.map(str::to_owned));
        };
        add(&self.map.base);
        let topics = self.rule.iter().map(|rule| &rule.topic);
        for topic in topics.chain([&self.default.topic]) {
            topic.all().iter().for_each(|t| add(t));
        }
        let of_sets = self.set.values().flat_map(|set| &set.emit);
        for emit in self.rule.iter().flat_map(|rule| &rule.emit).chain(of_sets) {
            let values = emit.values.iter().flat_map(|values| values.keys());
            values.chain(emit.missing.keys()).for_each(|v| add(v));
            conditions(emit.when.values(), &mut add);
            add(&emit.unit);
        }
        for rule in &self.rule {
            conditions(rule.when.values(), &mut add);
        }
        self.codes
            .values()
            .flat_map(|codes| codes.keys())
            .for_each(|c| add(c));
        to
    }

    /// The same table with other names for the devices of its codes.
    #[must_use]
    pub fn with_devices(mut self, mut name: impl FnMut(&str) -> String) -> Self {
        for code in self.codes.values_mut().flat_map(|codes| codes.values_mut()) {
            code.device = name(&code.device);
        }
        self
    }
}

fn conditions<'c>(all: impl Iterator<Item = &'c Condition>, add: &mut impl FnMut(&str)) {
    for condition in all {
        let scalars: Vec<&Scalar> = match condition {
            Condition::Is(one) => vec![one],
            Condition::Any(list) => list.iter().collect(),
            Condition::Asks(trial) => {
                let lists = [&trial.not, &trial.any].into_iter().flatten();
                lists.flat_map(AnyOf::all).collect()
            }
        };
        for scalar in scalars {
            if let Scalar::Text(text) = scalar {
                add(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared_stays_and_what_names_a_device_can_be_hidden() {
        let text = r#"{"map":{"base":"tele"},"codes":{"c":{"D2C71E":{"device":"Eva's fob","kind":"help"}}},
            "rule":[{"name":"r","topic":"{base}/{gw}/SENSOR","device":"Eva","when":{"/m":["DW*"]},
                     "emit":[{"kind":"contact","at":"/e","values":{"*DOOR/WINDOW OPEN*":"open"}}]}]}"#;
        let text: MapText = serde_json::from_str(text).unwrap();
        let words = text.words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(
            words,
            ["D2C71E", "DOOR", "DW", "SENSOR", "WINDOW OPEN", "tele"]
        );
        let hidden = text.with_devices(|_| "p1".to_owned());
        assert!(!format!("{hidden:?}").contains("Eva's"));
    }
}
