//! The homes: who is connected, when each was last tested, and the newest picture of one home. Asks and templates.
//! An access note is shown from a case alone, whose timeline keeps who saw it.

use std::collections::BTreeSet;

use maud::{Markup, html};
use tecs_protocol::vocabulary::{HealthKind, ObservedKind, Quality, Unit, VitalKind};

use super::clock::{UkTime, age};
use super::view::{Row, ago, quiet_badges};
use super::words::{self, NAME_LONGEST, shown};
use super::{Trouble, queue};
use crate::state::{Hub, LinkStatus};
use crate::store::{AskWhat, Case, GatewayRow, KindOf, Latest, Queue};

/// The most homes in one list; the rest is found by searching.
const HOMES: usize = 200;

/// A home should be tested once a month; after this many days the list says so (councils ask for monthly tests).
const TEST_DUE_DAYS: i64 = 31;

const DAY_MS: i64 = 86_400_000;

/// How many of a home's asks and of the hub's closed cases are searched for its last good test.
const SEARCHED: usize = 500;

/// One home in the list.
pub(crate) struct HomeRow {
    gateway: String,
    name: String,
    registered: bool,
    link: Link,
    open: usize,
    tested_ms: Option<i64>,
}

/// How a home's link stands.
struct Link {
    word: &'static str,
    bad: bool,
    heard_ms: Option<i64>,
}

impl Link {
    fn of(status: &LinkStatus, kept: Option<&GatewayRow>) -> Self {
        let kept_ms = kept.map(|row| row.heard_ms).filter(|ms| *ms > 0);
        let heard_ms = status.heard_ms.max(kept_ms);
        let missing = status.missing || kept.is_some_and(|row| row.missing);
        let (word, bad) = if missing {
            ("Silent", true)
        } else if status.connections > 0 {
            ("Connected", false)
        } else if heard_ms.is_some() {
            ("Not connected", true)
        } else {
            ("Never heard", true)
        };
        Self {
            word,
            bad,
            heard_ms,
        }
    }

    fn markup(&self, now_ms: i64) -> Markup {
        html! {
            @if self.bad { span.badge { (self.word) } } @else { (self.word) }
            @if let Some(at) = self.heard_ms { span.quiet { " heard " (ago(at, now_ms)) } }
        }
    }
}

/// The homes whose name or id holds `find`, and how many there are.
pub(crate) async fn rows(hub: &Hub, find: &str) -> Result<(Vec<HomeRow>, usize), Trouble> {
    let links = hub.links();
    let kept = hub.store.gateways().await?;
    let mut open = hub.store.open(Queue::Alarms).await?;
    open.extend(hub.store.open(Queue::Technical).await?);
    let closed = hub.store.closed(SEARCHED).await?;
    let find = find.trim().to_lowercase();
    let ids: BTreeSet<&str> = links
        .keys()
        .map(String::as_str)
        .chain(kept.iter().map(|row| row.gateway.as_str()))
        .filter(|id| id.contains(&find) || hub.homes.label(id).to_lowercase().contains(&find))
        .collect();
    let mut rows = Vec::new();
    for id in ids.iter().take(HOMES) {
        let status = links.get(*id).cloned().unwrap_or_default();
        let latest = hub.store.latest(id).await?;
        rows.push(HomeRow {
            gateway: (*id).to_owned(),
            name: shown(hub.homes.label(id), NAME_LONGEST),
            registered: hub.homes.get(id).is_some(),
            link: Link::of(&status, kept.iter().find(|row| row.gateway == *id)),
            open: open
                .iter()
                .filter(|case| case.subject.gateway == *id)
                .count(),
            tested_ms: last_test(hub, id, &latest, open.iter().chain(&closed)).await?,
        });
    }
    Ok((rows, ids.len()))
}

/// When a test of this home last reached the hub: a test call told by the home, one that the hub asked for and the
/// home answered as done, or an alarm marked as a test among the open and the last closed cases.
async fn last_test(
    hub: &Hub,
    gateway: &str,
    latest: &[Latest],
    cases: impl Iterator<Item = &Case>,
) -> Result<Option<i64>, Trouble> {
    let told = latest
        .iter()
        .filter(|l| l.of == KindOf::Health && l.word == HealthKind::TestCall.word())
        .map(|l| l.received_ms)
        .max();
    let asked = hub.store.asks(gateway, SEARCHED).await?;
    let answered = asked
        .iter()
        .filter(|ask| matches!(ask.what, AskWhat::TestCall))
        .filter_map(|ask| ask.answer.as_ref())
        .filter(|answer| answer.outcome == "done")
        .map(|answer| answer.at_ms)
        .max();
    let shown = cases
        .filter(|case| case.subject.test && case.subject.gateway == gateway)
        .map(|case| case.last_ms)
        .max();
    Ok(told.max(answered).max(shown))
}

fn tested(tested_ms: Option<i64>, now_ms: i64) -> Markup {
    let days = tested_ms.map(|at| (now_ms - at).max(0) / DAY_MS);
    html! {
        @match days {
            None => span.badge { "No test known" },
            Some(0) => "Today",
            Some(1) => "1 day",
            Some(n) => { (n) " days" @if n > TEST_DUE_DAYS { " " span.badge { "Test due" } } },
        }
    }
}

/// The list of homes.
pub(crate) fn list(rows: &[HomeRow], all: usize, find: &str, now_ms: i64) -> Markup {
    html! {
        h1 { "Homes" }
        form method="get" action="/homes" role="search" {
            label for="find" { "Name or gateway" }
            div.acts {
                input #find type="text" name="find" maxlength="64" value=(find);
                button .second type="submit" { "Find" }
            }
        }
        div #homes data-live .wide tabindex="0" role="region" aria-label="Homes" {
            @if all > rows.len() { p { (rows.len()) " of " (all) " homes. Find the others by name." } }
            table {
                caption { "Homes and their links" }
                thead { tr {
                    th scope="col" { "Home" } th scope="col" { "Link" } th scope="col" { "Open cases" }
                    th scope="col" { "Days since the last good test" }
                } }
                tbody { @for row in rows { tr {
                    th scope="row" {
                        a href={ "/homes/" (row.gateway) } { (row.name) }
                        @if !row.registered { " " span.badge { "not in the register" } }
                    }
                    td { (row.link.markup(now_ms)) }
                    td { (row.open) }
                    td { (tested(row.tested_ms, now_ms)) }
                } } }
            }
        }
    }
}

/// One home, told.
pub(crate) struct Told {
    row: HomeRow,
    status: LinkStatus,
    phone: String,
    address: String,
    risks: Vec<String>,
    latest: Vec<Latest>,
    cases: Vec<Row>,
}

/// A home's page; `None` where nobody ever heard of it.
pub(crate) async fn told(hub: &Hub, gateway: &str, now_ms: i64) -> Result<Option<Told>, Trouble> {
    let kept = hub.store.gateways().await?;
    let kept = kept.iter().find(|row| row.gateway == gateway);
    let home = hub.homes.get(gateway);
    let mut open = hub.store.open(Queue::Alarms).await?;
    open.extend(hub.store.open(Queue::Technical).await?);
    open.retain(|case| case.subject.gateway == gateway);
    let latest = hub.store.latest(gateway).await?;
    if kept.is_none() && home.is_none() && open.is_empty() && latest.is_empty() {
        return Ok(None);
    }
    let closed = hub.store.closed(SEARCHED).await?;
    let status = hub.link(gateway);
    let said = |s: &str| shown(s, 3 * NAME_LONGEST);
    Ok(Some(Told {
        row: HomeRow {
            gateway: gateway.to_owned(),
            name: shown(hub.homes.label(gateway), NAME_LONGEST),
            registered: home.is_some(),
            link: Link::of(&status, kept),
            open: open.len(),
            tested_ms: last_test(hub, gateway, &latest, open.iter().chain(&closed)).await?,
        },
        status,
        phone: home.map_or_else(String::new, |h| said(&h.phone)),
        address: home.map_or_else(String::new, |h| said(&h.address)),
        risks: home.map_or_else(Vec::new, |h| h.risks.iter().map(|r| said(r)).collect()),
        cases: open
            .iter()
            .map(|case| Row::of(case, &hub.homes, now_ms))
            .collect(),
        latest,
    }))
}

impl Told {
    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        &self.row.name
    }

    /// The page's content.
    pub(crate) fn markup(&self, now_ms: i64) -> Markup {
        html! {
            h1 { (self.row.name) }
            @if !self.row.registered { p { span.badge { "not in the register of homes" } } }
            @if !self.risks.is_empty() { p.risks { strong { "Risks: " } (self.risks.join("; ")) } }
            div #home data-live {
                dl.facts {
                    dt { "Gateway" } dd { (self.row.gateway) }
                    @if !self.phone.is_empty() { dt { "Phone" } dd { (self.phone) } }
                    @if !self.address.is_empty() { dt { "Address" } dd { (self.address) } }
                    dt { "Last good test" } dd { (tested(self.row.tested_ms, now_ms)) }
                    (self.link(now_ms))
                }
                h2 { "Open cases" }
                @if self.cases.is_empty() { p { "None." } }
                @if self.cases.len() > queue::ROWS {
                    p { "The " (queue::ROWS) " most urgent of " (self.cases.len()) "." }
                }
                ul { @for case in self.cases.iter().take(queue::ROWS) { li {
                    a href={ "/cases/" (case.id) } { (case.at_home()) } " – " (queue::standing(case, now_ms))
                } } }
                (self.newest("Vital signs", KindOf::Vital, now_ms))
                (self.newest("Daily life and the rooms", KindOf::Observed, now_ms))
                (self.newest("Batteries and tests", KindOf::Health, now_ms))
            }
        }
    }

    fn link(&self, now_ms: i64) -> Markup {
        let status = &self.status;
        html! {
            dt { "Link" } dd { (self.row.link.markup(now_ms)) }
            @for depth in status.depths.iter().filter(|d| d.records > 0) {
                dt { "Waits in the home" }
                dd { (depth.records) " " (depth.lane) " records, the oldest for " (age(i64::try_from(depth.oldest_age_ms).unwrap_or(i64::MAX))) }
            }
            @if let Some(mains) = status.on_mains {
                dt { "Power" }
                dd { @if mains { "Mains" } @else { span.badge { "On its battery" } } }
            }
            @if let Some(percent) = status.battery_percent { dt { "Gateway’s battery" } dd { (number(percent)) " %" } }
            @if !status.software.is_empty() { dt { "Software" } dd { (shown(&status.software, NAME_LONGEST)) } }
        }
    }

    fn newest(&self, caption: &str, of: KindOf, now_ms: i64) -> Markup {
        let rows: Vec<&Latest> = self.latest.iter().filter(|l| l.of == of).collect();
        let now = UkTime::of(now_ms);
        html! {
            h2 { (caption) }
            @if rows.is_empty() { p { "Nothing was received." } } @else {
                div.wide tabindex="0" role="region" aria-label=(caption) { table {
                    caption.unseen { (caption) ": the newest of each" }
                    thead { tr {
                        th scope="col" { "What" } th scope="col" { "Newest" } th scope="col" { "Where" }
                        th scope="col" { "When" }
                    } }
                    tbody { @for l in rows { tr {
                        th scope="row" { (name(l)) }
                        td { (reading(l)) }
                        td { (shown(&l.device.room, NAME_LONGEST)) " " span.quiet { (shown(&l.device.id, NAME_LONGEST)) } }
                        td {
                            (UkTime::of(l.happened_ms).near(now)) span.quiet { " " (ago(l.happened_ms, now_ms)) }
                            @for word in quiet_badges(l.badges) { " " span.badge { (word) } }
                        }
                    } } }
                } }
            }
        }
    }
}

fn name(l: &Latest) -> String {
    let word = l.word.as_str();
    let known = match l.of {
        KindOf::Vital => VitalKind::from_word(word).map(words::vital),
        KindOf::Observed => ObservedKind::from_word(word).map(words::observed),
        KindOf::Health => HealthKind::from_word(word).map(words::health),
        KindOf::Alarm => None,
    };
    known.map_or_else(|| shown(word, NAME_LONGEST), str::to_owned)
}

/// The newest value or state in words; a value that is doubted, or missing, says so.
fn reading(l: &Latest) -> String {
    let quality = Quality::from_word(&l.quality);
    let Some(value) = l.value else {
        return match quality {
            Some(why) if l.said.is_some() => {
                let said = with_unit(l, l.said.unwrap_or_default());
                let why = why.word().replace('_', " ");
                format!("no value: {why} (the device said {said})")
            }
            Some(why) => format!("no value: {}", why.word().replace('_', " ")),
            None => shown(&l.state, NAME_LONGEST),
        };
    };
    let said = match VitalKind::from_word(&l.word).filter(|_| l.of == KindOf::Vital) {
        Some(VitalKind::Consciousness) => coded(
            value,
            &["alert", "confusion", "voice", "pain", "unresponsive"],
        ),
        Some(VitalKind::Oxygen) => coded(value, &["air", "oxygen"]),
        Some(_) | None => with_unit(l, value),
    };
    if quality == Some(Quality::Questionable) {
        format!("{said} (the device doubts it)")
    } else {
        said
    }
}

/// A number with its unit as people write it.
fn with_unit(l: &Latest, value: f64) -> String {
    let unit = Unit::ALL.iter().find(|unit| unit.word() == l.unit);
    let unit = unit.map_or_else(
        || shown(&l.unit, NAME_LONGEST),
        |u| words::unit(*u).to_owned(),
    );
    format!("{} {unit}", number(value)).trim_end().to_owned()
}

/// The word for a code that counts from 0, or the number itself.
fn coded(value: f64, words: &[&str]) -> String {
    let at = words
        .iter()
        .enumerate()
        .find(|(n, _)| (*n as f64 - value).abs() < f64::EPSILON);
    at.map_or_else(|| number(value), |(_, word)| (*word).to_owned())
}

/// A number with as many digits as it has, four decimals at most.
fn number(value: f64) -> String {
    format!("{}", (value * 1e4).round() / 1e4)
}
