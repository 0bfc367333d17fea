//! The lines of a timeline in words. Templates only: a line is shown as it was written, for ever.

use maud::{Markup, html};

use super::clock::{UkTime, iso};
use super::view::{self, quiet_badges};
use super::words::{self, NAME_LONGEST, shown, shown_lines};
use crate::store::{Badges, CaseId, Closing, Entry, EntryWhat, Name, Words};

/// How many lines of a long timeline stand on its page at once: the first, and the last.
const FIRST: usize = 20;
const LAST: usize = 100;

/// How much of a device's own bytes is shown, in hexadecimal digits.
const RAW_LONGEST: usize = 1_024;

/// The whole timeline, or its ends with the way to the rest.
pub(crate) fn of(entries: &[Entry], id: CaseId, whole: bool, now_ms: i64) -> Markup {
    let hidden = if whole {
        0
    } else {
        entries.len().saturating_sub(FIRST + LAST)
    };
    let (first, rest) = entries.split_at(entries.len().min(FIRST));
    let last = rest.get(hidden..).unwrap_or_default();
    html! {
        p.quiet { "Written once, in this order; no line is ever changed." }
        ol #timeline data-live .timeline {
            @for entry in first { (line(entry, now_ms)) }
            @if hidden > 0 {
                li { a href={ "/cases/" (id) "?whole=true" } { "Show the " (hidden) " lines between" } }
            }
            @for entry in last { (line(entry, now_ms)) }
        }
    }
}

fn line(entry: &Entry, now_ms: i64) -> Markup {
    html! {
        li { time datetime=(iso(entry.at_ms)) { (UkTime::of(entry.at_ms).in_full()) } (what(&entry.what, now_ms)) }
    }
}

fn what(what: &EntryWhat, now_ms: i64) -> Markup {
    match what {
        EntryWhat::Record {
            name,
            text,
            condition,
            urgency,
            happened_ms,
            badges,
            folded,
            last_ms,
            raw_hex,
        } => html! {
            (shown(text, 4 * NAME_LONGEST))
            @if !text.contains(condition.word()) { ", " (condition.word()) }
            ", " (words::look(*urgency).word.to_lowercase())
            @if *folded > 1 { ", stands for " (folded) " alarms" }
            ". Happened " (UkTime::of(*happened_ms).near(UkTime::of(now_ms)))
            @if let Some(last) = last_ms { ", the last of them " (UkTime::of(*last).near(UkTime::of(now_ms))) }
            "."
            (true_of(*badges))
            (behind(name, raw_hex))
        },
        EntryWhat::Hub { text } => html! { (shown(text, 4 * NAME_LONGEST)) },
        EntryWhat::Presented => html! { "First shown on a responder’s page" },
        EntryWhat::Claimed { by } => html! { strong { (view::name(by.as_str())) } " claimed it" },
        EntryWhat::Released { by } => {
            html! { strong { (view::name(by.as_str())) } " gave it back" }
        }
        EntryWhat::Lapsed { by } => {
            html! { "The claim of " strong { (view::name(by.as_str())) } " lapsed: no action in time" }
        }
        EntryWhat::Attending { by } => {
            html! { strong { (view::name(by.as_str())) } " is attending" }
        }
        EntryWhat::Note { by, text } => {
            html! { strong { (view::name(by.as_str())) } " wrote" (said(text)) }
        }
        EntryWhat::Closed { by, closing } => html! {
            strong { (view::name(by.as_str())) } " closed it: " (closing.outcome().label()) (ending(closing))
        },
    }
}

fn ending(closing: &Closing) -> Markup {
    html! {
        @if let Some(reason) = closing.reason() { p { "Why nobody visits:" } (said(reason)) }
        @if let Some(note) = closing.note() { (said(note)) }
    }
}

fn said(text: &Words) -> Markup {
    html! { p.said { (shown_lines(text.as_str(), Words::LONGEST)) } }
}

fn true_of(badges: Badges) -> Markup {
    let mut words = quiet_badges(badges);
    if badges.late {
        words.push("Late");
    }
    if badges.test {
        words.push("Test");
    }
    html! {
        @if !words.is_empty() { ul.badges { @for word in words { li { (word) } } } }
    }
}

fn behind(name: &Name, raw_hex: &str) -> Markup {
    html! {
        details {
            summary { "Record " (name.lane.word()) " " (name.seq) }
            p.raw { "Epoch " (format!("{:016x}", name.epoch)) ", sequence number " (name.seq) }
            @if !raw_hex.is_empty() {
                p.raw { "The device’s own bytes: " (shown(raw_hex, RAW_LONGEST)) }
                p.raw { "As text: " (shown(&as_text(raw_hex), RAW_LONGEST / 2)) }
            }
        }
    }
}

/// What bytes in hexadecimal look like as text; what is no UTF-8 becomes U+FFFD.
fn as_text(hex: &str) -> String {
    let digits = hex.as_bytes().chunks(2).take(RAW_LONGEST / 2);
    let bytes: Vec<u8> = digits
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_s_bytes_are_read_as_text_where_they_are_text() {
        assert_eq!(as_text("7b7d"), "{}");
        assert_eq!(as_text("ff00"), "\u{fffd}\u{0}");
        assert_eq!(as_text("zz"), "");
    }
}
