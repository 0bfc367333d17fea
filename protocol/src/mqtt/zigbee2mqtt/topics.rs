//! Which topics to subscribe to: every state, attribute and availability of every device, nothing of the bridge but
//! what is read, and no topic by two filters.

use std::collections::{BTreeMap, BTreeSet};

use super::meanings::Means;
use super::teach::Taught;

/// The filters below `base` for these devices.
pub(super) fn wanted(base: &str, devices: &BTreeMap<Box<str>, Taught>) -> Vec<String> {
    let attributes = attributes(devices);
    let mut filters = vec![
        format!("{base}/bridge/devices"),
        format!("{base}/bridge/groups"),
        format!("{base}/bridge/state"),
        format!("{base}/+"),
    ];
    let leaves = || std::iter::once("availability").chain(attributes.iter().map(String::as_str));
    filters.extend(leaves().map(|leaf| format!("{base}/+/{leaf}")));
    let wild = filters.clone();
    for name in devices.keys().filter(|name| name.contains('/')) {
        let whole = format!("{base}/{name}");
        let below = leaves().map(|leaf| format!("{whole}/{leaf}"));
        for topic in std::iter::once(whole.clone()).chain(below) {
            if !wild.iter().any(|filter| matches(filter, &topic)) {
                filters.push(topic);
            }
        }
    }
    let mut seen = BTreeSet::new();
    filters.retain(|filter| seen.insert(filter.clone()));
    filters
}

/// The attribute sub-topics that say something. Before anything is taught that is the press alone: a state comes
/// again, a press does not.
fn attributes(devices: &BTreeMap<Box<str>, Taught>) -> BTreeSet<String> {
    let taught = devices.values().flat_map(|d| &d.properties);
    taught
        .filter(|(_, p)| {
            p.usual
                .is_some_and(|u| !matches!(u.means, Means::Quiet | Means::LastSeen))
        })
        .map(|(name, _)| name.replace('.', "-"))
        .filter(|name| !name.contains(['/', '+', '#']) && !name.chars().any(char::is_control))
        // `bridge/state` and its like are asked for by name.
        .filter(|name| {
            !matches!(
                name.as_str(),
                "state" | "devices" | "groups" | "availability"
            )
        })
        .chain(std::iter::once("action".to_owned()))
        .collect()
}

/// True when a filter with `+` matches a topic.
fn matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    filter
        .split('/')
        .all(|f| levels.next().is_some_and(|level| f == "+" || f == level))
        && levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_matches_level_by_level() {
        assert!(matches("z/+/action", "z/button/action"));
        assert!(!matches("z/+", "z/a/b"));
        assert!(!matches("z/+/+", "z/a"));
    }
}
