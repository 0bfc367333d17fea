//! The keys of a configuration, long or short, with `~` for the base topic. It knows no meaning. Source of the short ones:
//! home-assistant.io, 'MQTT', 'Supported abbreviations in MQTT discovery messages'.

use serde_json::{Map, Value};

use super::payload::Payload;

/// The keys that are read, long and short.
const SHORT: &[(&str, &str)] = &[
    ("automation_type", "atype"),
    ("availability", "avty"),
    ("availability_mode", "avty_mode"),
    ("availability_template", "avty_tpl"),
    ("availability_topic", "avty_t"),
    ("components", "cmps"),
    ("connections", "cns"),
    ("device", "dev"),
    ("device_class", "dev_cla"),
    ("encoding", "e"),
    ("entity_category", "ent_cat"),
    ("expire_after", "exp_aft"),
    ("identifiers", "ids"),
    ("manufacturer", "mf"),
    ("migrate_discovery", "migr_discvry"),
    ("model", "mdl"),
    ("off_delay", "off_dly"),
    ("payload", "pl"),
    ("payload_available", "pl_avail"),
    ("payload_not_available", "pl_not_avail"),
    ("payload_off", "pl_off"),
    ("payload_on", "pl_on"),
    ("platform", "p"),
    ("reports_position", "pos"),
    ("state_closed", "stat_clsd"),
    ("state_closing", "stat_closing"),
    ("state_locked", "stat_locked"),
    ("state_locking", "stat_locking"),
    ("state_open", "stat_open"),
    ("state_opening", "stat_opening"),
    ("state_stopped", "stat_stopped"),
    ("state_topic", "stat_t"),
    ("state_unlocked", "stat_unlocked"),
    ("state_unlocking", "stat_unlocking"),
    ("subtype", "stype"),
    ("topic", "t"),
    ("unique_id", "uniq_id"),
    ("unit_of_measurement", "unit_of_meas"),
    ("value_template", "val_tpl"),
];

/// An object of a configuration, and the one that stands behind it where it says nothing.
#[derive(Clone, Copy)]
pub(super) struct Keys<'c> {
    pub(super) own: &'c Map<String, Value>,
    pub(super) shared: Option<&'c Map<String, Value>>,
}

impl<'c> Keys<'c> {
    /// The value of a key, by its long name; null is absent.
    pub(super) fn get(&self, long: &str) -> Option<&'c Value> {
        let short = SHORT.iter().find(|(key, _)| *key == long).map(|(_, s)| *s);
        let of = |map: &'c Map<String, Value>| {
            map.get(long)
                .or_else(|| map.get(short?))
                .filter(|v| !v.is_null())
        };
        of(self.own).or_else(|| of(self.shared?))
    }

    /// A text; empty when it is none.
    pub(super) fn text(&self, long: &str) -> &'c str {
        self.get(long).and_then(Value::as_str).unwrap_or_default()
    }

    /// A topic with the base in the place of `~`.
    pub(super) fn topic(&self, long: &str) -> Option<String> {
        let topic = self.get(long)?.as_str()?;
        Some(self.with_base(topic))
    }

    /// A topic with the base in the place of `~`.
    pub(super) fn with_base(&self, topic: &str) -> String {
        let base = self.own.get("~").or_else(|| self.shared?.get("~"));
        let Some(base) = base.and_then(Value::as_str) else {
            return topic.to_owned();
        };
        if let Some(rest) = topic.strip_prefix('~') {
            format!("{base}{rest}")
        } else if let Some(before) = topic.strip_suffix('~') {
            format!("{before}{base}")
        } else {
            topic.to_owned()
        }
    }

    /// A payload, or the usual one.
    pub(super) fn payload(&self, long: &str, usual: &str) -> Payload {
        let said = self.get(long).and_then(Payload::of);
        said.unwrap_or_else(|| Payload::word(usual))
    }
}
