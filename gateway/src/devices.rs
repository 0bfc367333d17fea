//! `tecs-gateway devices`: who was heard and who was not, what was not understood, and what to paste into the configuration.
//! The daemon makes it JSON, the command line makes it text. Names and samples are for the installer at the local socket.

mod paste;
mod text;

use gateway_core::{DeviceSeen, Inventory, SourceSeen};
use serde_json::{Value, json};
use tecs_protocol::vocabulary::AlarmKind;

use crate::redact::{HIDDEN, Redaction, in_bare_words, in_words, without_quotes};

pub use text::print;

/// The inventory as one JSON object: whole, or (with a redaction) as it may leave the machine.
pub fn to_json(seen: &Inventory, redaction: Option<&Redaction>) -> Value {
    let devices = seen.devices.iter().map(|device| {
        let source = seen.sources.get(device.source);
        match redaction {
            Some(redaction) => hidden(device, source, redaction),
            None => shown(device, source),
        }
    });
    json!({
        "devices": devices.collect::<Vec<_>>(),
        "most": seen.most,
        "sources": seen.sources.iter().enumerate().map(|(n, s)| {
            let mute = seen.devices.iter().filter(|d| d.source == n && d.mute.is_some());
            with(source(s, redaction.is_none()), json!({ "mute": mute.count() }))
        }).collect::<Vec<_>>(),
    })
}

fn plain(device: &DeviceSeen, source: Option<&SourceSeen>) -> Value {
    json!({
        "source": source.map(|s| s.name.as_str()), "configured": device.configured,
        "alarms": device.alarms, "heard_ago_ms": device.heard_ago_ms, "words": device.words,
        "unacknowledged": device.unkept, "untaught": device.untaught, "mute": device.mute.map(AlarmKind::word), "says_more": device.says_more,
    })
}

fn with(mut value: Value, more: Value) -> Value {
    if let (Some(to), Value::Object(more)) = (value.as_object_mut(), more) {
        to.extend(more);
    }
    value
}

fn shown(device: &DeviceSeen, source: Option<&SourceSeen>) -> Value {
    let says = device
        .says
        .iter()
        .map(|(field, what)| json!({ "field": field, "says": in_words(what) }));
    let paste = source.and_then(|source| paste::of(device, source));
    with(
        plain(device, source),
        json!({
            "name": device.name, "address": device.burnt_in, "id": device.id, "kind": device.kind, "model": device.model,
            "room": device.room, "says": says.collect::<Vec<_>>(), "paste": paste,
        }),
    )
}

fn hidden(device: &DeviceSeen, source: Option<&SourceSeen>, redaction: &Redaction) -> Value {
    let says = device.says.iter().map(|(_, what)| in_bare_words(what));
    with(
        plain(device, source),
        json!({ "id": redaction.device(&device.id), "says": says.collect::<Vec<_>>() }),
    )
}

fn source(source: &SourceSeen, whole: bool) -> Value {
    let sample = |bytes: &[u8]| whole.then(|| String::from_utf8_lossy(bytes).into_owned());
    let refusals = source.refusals.iter().map(|(name, ago_ms, seen)| {
        let what = if whole {
            seen.what.clone()
        } else {
            without_quotes(&seen.what)
        };
        // Of a frame's own name nothing is quoted.
        let what = if whole || *name != "unknown_frame" {
            what
        } else {
            HIDDEN.to_owned()
        };
        json!({
            "name": name, "count": seen.count, "ago_ms": ago_ms, "what": what,
            "sample": sample(&seen.sample),
        })
    });
    let unmapped = source.unmapped.iter().map(|(field, seen)| {
        let field = if whole { field.as_str() } else { HIDDEN };
        json!({ "field": field, "count": seen.count, "sample": sample(&seen.sample) })
    });
    let ignored = source.ignored.iter();
    let too_many = source.crowd.map(|crowd| {
        json!({
            "forgotten": crowd.forgotten, "refused": crowd.refused,
            "alarms_without_place": crowd.without_place,
        })
    });
    json!({
        "name": source.name, "speaks": source.speaks.word(), "up": source.up, "why": source.why,
        "messages": source.messages, "unacknowledged": source.unkept, "garbled": source.garbled,
        "too_many": too_many,
        "refusals": refusals.collect::<Vec<_>>(), "unmapped": unmapped.collect::<Vec<_>>(),
        "unmapped_more": source.unmapped_more,
        "ignored": ignored.map(|(why, count)| json!({ "why": why, "count": count })).collect::<Vec<_>>(),
        "rules": source.rules, "idle_rules": source.idle_rules, "idle_rules_more": source.idle_rules_more,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tables;
    use gateway_core::settings::Source;
    use gateway_core::{Gateway, Identity, Input, Mono, Recovered, Settings};
    use tecs_protocol::family::Family;

    const HOUR: u64 = 3_600_000;

    fn gateway() -> Gateway {
        let radio = Source {
            name: "radio".into(),
            speaks: Family::Rtl433,
            base: String::new(),
            map: tables::preset(Family::Rtl433),
            window: 0,
        };
        let settings = Settings {
            sources: vec![radio],
            ..Settings::default()
        };
        let who = Identity {
            epoch: 1,
            boot_id: 1,
        };
        Gateway::new(settings, who, Recovered::default(), Mono(0))
    }

    fn hear(gateway: &mut Gateway, payload: &str, now: Mono) {
        let publish = Input::Publish {
            source: 0,
            topic: "rtl_433/hub/events".into(),
            payload: payload.as_bytes().to_vec().into(),
            retained: false,
            dup: false,
            packet: 0,
            token: None,
        };
        gateway.handle(publish, now);
        gateway.settle(now);
    }

    #[test]
    fn a_rule_that_fits_nothing_for_a_day_is_named_and_one_that_does_is_not() {
        let mut gateway = gateway();
        assert_eq!(
            gateway.inventory(Mono(23 * HOUR)).sources[0].idle_rules,
            [""; 0]
        );
        hear(
            &mut gateway,
            "{\"model\":\"X\",\"id\":1,\"temperature_C\":20}",
            Mono(23 * HOUR),
        );
        let seen = gateway.inventory(Mono(25 * HOUR));
        let source = &seen.sources[0];
        let idle = source.idle_rules.len() + source.idle_rules_more;
        assert_eq!(idle + 1, source.rules, "{source:?}");
    }

    #[test]
    fn a_code_that_nobody_taught_is_pasted_into_the_table_that_its_preset_asks() {
        let mut gateway = gateway();
        let code = "{\"model\":\"Generic-Remote\",\"id\":13,\"cmd\":5}";
        hear(&mut gateway, code, Mono(1));
        let seen = to_json(&gateway.inventory(Mono(2)), None);
        let paste = seen["devices"][0]["paste"].as_str().unwrap();
        let table: toml::Table = paste.parse().unwrap();
        let row = &table["codes"]["rtl_433"]["Generic-Remote 13 5"];
        assert_eq!(row["kind"].as_str(), Some("help"), "{paste}");
    }

    #[test]
    fn what_leaves_the_machine_has_no_names_no_samples_and_no_vital_values() {
        let mut gateway = gateway();
        hear(
            &mut gateway,
            "{\"model\":\"CANARY\",\"id\":1,\"temperature_C\":20,\"CANARY\":1}",
            Mono(1),
        );
        hear(&mut gateway, "CANARY", Mono(2));
        let seen = gateway.inventory(Mono(3));
        assert_eq!(seen.devices.len(), 1, "{seen:?}");
        assert_eq!(seen.devices[0].unkept, 1, "it came with QoS 0");
        let whole = to_json(&seen, None).to_string();
        assert!(whole.contains("CANARY"), "{whole}");
        let redaction = Redaction::new(&Settings::default());
        let hidden = to_json(&seen, Some(&redaction)).to_string();
        assert!(
            !hidden.contains("CANARY") && hidden.contains("not_json"),
            "{hidden}"
        );
    }
}
