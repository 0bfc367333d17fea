//! Which topic is about what, of Homie 5 and of its elders. It reads no payload.

use super::Homie;

/// What a topic is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About<'t> {
    State(&'t str),
    Description(&'t str),
    Alert(&'t str, &'t str),
    /// Device, and `node/property`.
    Property(&'t str, &'t str),
    /// Known, and why it says nothing.
    Nothing(&'static str),
    /// A property of Homie 3 or 4.
    Older(&'t str),
}

impl Homie {
    /// What a topic is about; `None` for somebody else's.
    pub(super) fn about<'t>(&self, topic: &'t str) -> Option<About<'t>> {
        let below = topic.strip_prefix(&self.base)?.strip_prefix('/')?;
        let Some(five) = below.strip_prefix("5/") else {
            return Some(match below.split_once('/') {
                Some((device, "$state")) => About::State(device),
                Some((_, rest)) if rest.contains('$') || rest.ends_with("/set") => {
                    About::Nothing("an attribute of Homie 3 or 4")
                }
                _ => About::Older(below),
            });
        };
        let (device, rest) = five.split_once('/')?;
        if device == "$broadcast" {
            return Some(About::Nothing("a broadcast to devices"));
        }
        Some(match rest.split_once('/') {
            None if rest == "$state" => About::State(device),
            None if rest == "$description" => About::Description(device),
            None => About::Nothing("an attribute of a device"),
            Some(("$alert", id)) if !id.contains('/') => About::Alert(device, id),
            Some(("$log", _)) => About::Nothing("a device's log"),
            Some((_, property)) if property.contains('/') => {
                About::Nothing("a target or a command")
            }
            Some((node, _)) if node.starts_with('$') => About::Nothing("an attribute of a device"),
            Some(_) => About::Property(device, rest),
        })
    }
}
