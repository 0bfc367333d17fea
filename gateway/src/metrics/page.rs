//! The page of metrics: the Prometheus text format, version 0.0.4. Every name is `tecs_gateway_…`.

use std::fmt::Write as _;

use crate::asked::Snapshot;

/// The page of one snapshot, and how often the journal has synced.
pub(super) fn text(seen: &Snapshot, syncs: u64) -> String {
    let mut page = Page(String::new());
    let bare = |n: u64| [(String::new(), n)];
    page.gauge(
        "uptime_seconds",
        "Seconds since the daemon started.",
        bare(seen.uptime_ms / 1000),
    );
    lanes(&mut page, seen);
    paths(&mut page, seen);
    page.gauge(
        "open_alarms",
        "Alarms open in the home.",
        bare(seen.core.open_alarms as u64),
    );
    page.gauge("devices", "Devices known.", bare(seen.core.devices as u64));
    let refused = seen.refused.iter();
    page.counter(
        "refusals_total",
        "Messages or parts of them that were refused by name.",
        refused.map(|(source, name, n)| (label(&[("source", source), ("refusal", name)]), *n)),
    );
    let raised = seen.raised.iter();
    page.counter(
        "events_total",
        "Events raised.",
        raised.map(|(lane, urgency, n)| (label(&[("lane", lane), ("urgency", urgency)]), *n)),
    );
    for (name, what, n) in counters(seen) {
        page.counter(name, what, bare(n));
    }
    page.counter(
        "syncs_total",
        "Syncs that the journal has asked of the disk.",
        bare(syncs),
    );
    page.0
}

fn lanes(page: &mut Page, seen: &Snapshot) {
    let lanes = || {
        let depths = seen.core.depths.iter();
        depths.map(|d| (label(&[("lane", d.lane.word())]), d))
    };
    page.gauge(
        "queue_records",
        "Records that the hub has not.",
        lanes().map(|(l, d)| (l, d.records)),
    );
    page.gauge(
        "queue_bytes",
        "Bytes of these records.",
        lanes().map(|(l, d)| (l, d.bytes)),
    );
    let oldest = lanes().map(|(l, d)| (l, d.oldest_age_ms));
    page.gauge(
        "queue_oldest_age_ms",
        "How long the oldest has waited.",
        oldest,
    );
    page.gauge(
        "disk_bytes",
        "Bytes on disk.",
        lanes().map(|(l, d)| (l, d.disk)),
    );
    let held = lanes().map(|(l, d)| (l, d.held as u64));
    page.gauge(
        "held_pages",
        "Pages that the hub has and that are held for it.",
        held,
    );
}

fn paths(page: &mut Page, seen: &Snapshot) {
    let sources = || seen.core.sources.iter();
    page.gauge(
        "source_up",
        "1 while the source's path is open.",
        sources().map(|(name, up, _)| (label(&[("source", name)]), u64::from(*up))),
    );
    page.gauge(
        "source_unacknowledged",
        "Messages of the source that wait for their acknowledgement.",
        sources().map(|(name, _, n)| (label(&[("source", name)]), *n as u64)),
    );
    let links = seen.core.links.iter();
    page.gauge(
        "link_state",
        "1 for the state that the link to an endpoint is in.",
        links.map(|(name, state)| (label(&[("endpoint", name), ("state", state)]), 1)),
    );
    let journal = label(&[("state", seen.core.journal)]);
    page.gauge(
        "journal_state",
        "1 for the state that the journal is in.",
        [(journal, 1)],
    );
}

fn counters(seen: &Snapshot) -> [(&'static str, &'static str, u64); 14] {
    let c = &seen.core.counters;
    [
        (
            "messages_total",
            "Messages read from all sources.",
            c.messages,
        ),
        ("unmapped_total", "Fields that no table knows.", c.unmapped),
        (
            "acknowledged_total",
            "Messages acknowledged to their source.",
            c.acknowledged,
        ),
        (
            "rejoined_total",
            "Redelivered messages that joined their records.",
            c.rejoined,
        ),
        (
            "throttled_total",
            "Routine words dropped: a source babbled.",
            c.throttled,
        ),
        (
            "folded_total",
            "Alarms counted in the record of an identical one: a press storm, or a full disk.",
            c.folded,
        ),
        ("pages_total", "Pages ordered to the journal.", c.pages),
        (
            "journal_faults_total",
            "Times the journal could not.",
            c.journal_faults,
        ),
        (
            "evicted_total",
            "Records that had to go for space.",
            c.evicted,
        ),
        ("damaged_total", "Records that the disk lost.", c.damaged),
        ("parcels_total", "Parcels sent.", c.parcels),
        (
            "accepted_total",
            "Records that the hub has taken.",
            c.accepted,
        ),
        (
            "refused_by_hub_total",
            "Records the hub could not read and has kept.",
            c.refused_by_hub,
        ),
        (
            "offered_again_total",
            "Alarms offered again to a hub that had gone back.",
            c.offered_again,
        ),
    ]
}

struct Page(String);

impl Page {
    fn gauge(&mut self, name: &str, what: &str, values: impl IntoIterator<Item = (String, u64)>) {
        self.all("gauge", name, what, values);
    }

    fn counter(&mut self, name: &str, what: &str, values: impl IntoIterator<Item = (String, u64)>) {
        self.all("counter", name, what, values);
    }

    fn all(
        &mut self,
        kind: &str,
        name: &str,
        what: &str,
        values: impl IntoIterator<Item = (String, u64)>,
    ) {
        // Writing into a text cannot fail.
        let _ = writeln!(
            self.0,
            "# HELP tecs_gateway_{name} {what}\n# TYPE tecs_gateway_{name} {kind}"
        );
        for (labels, value) in values {
            let _ = writeln!(self.0, "tecs_gateway_{name}{labels} {value}");
        }
    }
}

/// `{name="value",…}`, escaped as the format wants it.
fn label(pairs: &[(&str, &str)]) -> String {
    let escaped = |value: &str| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        value.replace('\n', "\\n")
    };
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    format!("{{{}}}", pairs.join(","))
}
