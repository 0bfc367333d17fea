//! From the wire to the meaning: is each source's path open, can what it brings be acknowledged, is it understood.

use gateway_core::settings::Source;
use serde_json::Value;

use super::{Daemon, Report};
use crate::answer::{ago, list, number, word};
use crate::config::{Config, ReachedBy};
use crate::{mqtt, run, serial};

/// A refusal within this is recent, ms.
const RECENT_MS: u64 = 600_000;
/// Devices that are named one by one, at most.
const NAMED: usize = 10;

pub(super) async fn look(config: &Config, daemon: Option<&Daemon>, report: &mut Report) {
    if config.settings.sources.is_empty() {
        report.failed("sources", "there is none", "add a [[source]]");
    }
    let sources = config.settings.sources.iter().zip(&config.reached_by);
    for (n, (told, reached_by)) in sources.enumerate() {
        let said = daemon.and_then(|d| list(&d.devices, "sources").get(n));
        let path = match reached_by {
            ReachedBy::Mqtt(_) => format!("source {}: broker", told.name),
            ReachedBy::Serial(_) => format!("source {}: port", told.name),
        };
        match said {
            Some(said) => as_told(&path, said, report),
            None => by_ourselves(&path, config, told, reached_by, report).await,
        }
        let decode = format!("source {}: decode", told.name);
        match said {
            Some(said) => {
                understood(&decode, said, report);
                crowd(&told.name, said, report);
                mute(&told.name, said, report);
            }
            None => report.unchecked(&decode, "only a running daemon knows what it reads"),
        }
        if let (ReachedBy::Mqtt(_), Some(daemon)) = (reached_by, daemon) {
            custody(told, daemon, report);
        }
    }
}

fn as_told(path: &str, said: &Value, report: &mut Report) {
    if said.get("up") == Some(&Value::Bool(true)) {
        report.ok(path, "open");
        return;
    }
    match word(said, "why") {
        "" => report.failed(path, "not open yet", "wait a moment, then ask again"),
        why => report.failed_so(path, why),
    }
}

async fn by_ourselves(
    path: &str,
    config: &Config,
    told: &Source,
    reached_by: &ReachedBy,
    report: &mut Report,
) {
    match reached_by {
        ReachedBy::Mqtt(broker) => {
            let id = broker.client_id(&config.settings.gateway_id, &told.name);
            let filters = run::filters(told, broker);
            match mqtt::probe(broker, &id, &filters).await {
                Ok(n) => report.ok(path, format!("connected, {n} subscriptions granted")),
                Err(why) => report.failed_so(path, &why),
            }
        }
        ReachedBy::Serial(line) => match serial::probe(line.clone()).await {
            Ok(()) => report.ok(path, format!("{} opens", line.path.display())),
            Err(why) => report.failed_so(path, &why),
        },
    }
}

fn understood(hop: &str, said: &Value, report: &mut Report) {
    let messages = number(said, "messages");
    if said.get("garbled") == Some(&Value::Bool(true)) {
        let cure = "correct baud, data_bits and parity to the device's manual; look at `devices` for samples";
        report.failed(hop, "nothing on this line can be read", cure);
        return;
    }
    let recent = |r: &&Value| number(r, "ago_ms") < RECENT_MS;
    let refusals: Vec<String> = list(said, "refusals")
        .iter()
        .filter(recent)
        .map(|r| {
            let (count, name) = (number(r, "count"), word(r, "name"));
            format!("{count} × {name}, the last {}", ago(r.get("ago_ms")))
        })
        .collect();
    if refusals.is_empty() {
        let read = format!("{messages} messages read, none refused in the last 10 min");
        report.ok(hop, read);
    } else {
        let why = format!("{messages} messages read; refused: {}", refusals.join("; "));
        report.failed(hop, why, "look at `devices` for samples");
    }
}

/// Devices that are there to raise an alarm, by their name or model, and have said none: each may well be read, or may not.
fn mute(name: &str, said: &Value, report: &mut Report) {
    let count = number(said, "mute");
    if count > 0 {
        let why = format!(
            "{count} devices of `{name}` are called an alarm's and have said no alarm yet; test each once, and look at `devices`"
        );
        report.ok(&format!("devices of {name}"), why);
    }
}

/// A source that brings more devices than can be remembered; silent while it does not.
fn crowd(name: &str, said: &Value, report: &mut Report) {
    let Some(crowd) = said.get("too_many").filter(|crowd| !crowd.is_null()) else {
        return;
    };
    let why = format!(
        "too many devices: {} forgotten to make room, {} words refused, {} alarms raised without a place",
        number(crowd, "forgotten"),
        number(crowd, "refused"),
        number(crowd, "alarms_without_place"),
    );
    let cure = "list the devices of this home (`devices` says what to paste), clear what a broker retains of others, and let \
                nobody else publish there";
    report.failed(&format!("source {name}: devices"), why, cure);
}

/// Devices whose words came in a way that cannot be acknowledged are named, with the cure (law 1).
fn custody(told: &Source, daemon: &Daemon, report: &mut Report) {
    let hop = format!("source {}: custody", told.name);
    let lost = list(&daemon.devices, "devices")
        .iter()
        .filter(|d| word(d, "source") == told.name && number(d, "unacknowledged") > 0)
        .map(|d| word(d, "id"));
    let lost: Vec<&str> = lost.collect();
    if lost.is_empty() {
        report.ok(&hop, "all that was heard could be acknowledged");
        return;
    }
    let shown = lost.iter().take(NAMED).copied();
    let names = shown.collect::<Vec<_>>().join(", ");
    let more = match lost.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let why = format!("published with QoS 0, which cannot be acknowledged: {names}{more}");
    let cure = if told.speaks == tecs_protocol::family::Family::Zigbee2Mqtt {
        "set `qos: 1` for each of them in Zigbee2MQTT's configuration"
    } else {
        "let what publishes them use QoS 1"
    };
    report.failed(&hop, why, cure);
}
