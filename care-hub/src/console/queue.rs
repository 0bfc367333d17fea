//! The lists: open alarms, open technical cases, and what was closed. Templates only.
//! An access note never comes near a list.

use maud::{Markup, html};

use super::clock::{self, UkTime, Waiting};
use super::view::{Row, Standing};
use super::words;
use crate::store::Queue;

/// The most rows that one page shows; the most urgent come first, and the page says how many more there are.
pub(crate) const ROWS: usize = 200;

/// The page of an open queue.
pub(crate) fn open(queue: Queue, rows: &[Row], all: usize, token: &str, now_ms: i64) -> Markup {
    let (heading, lead, none) = match queue {
        Queue::Alarms => (
            "Alarms",
            "The most urgent first, then the oldest. Answer within 60 s; nobody waits over 180 s.",
            "No open alarms.",
        ),
        Queue::Technical => (
            "Technical",
            "Homes that are silent, batteries, mains, tampering, lost records. Nobody calls for help here.",
            "No open technical cases.",
        ),
    };
    html! {
        h1 { (heading) }
        p.quiet { (lead) }
        div #queue data-live="list" {
            @if rows.is_empty() { p.none { (none) } }
            @if all > rows.len() {
                p.told { strong { (all - rows.len()) " more " } "that are less urgent or younger stand below these." }
            }
            ol #rows .rows aria-label={ "Open: " (heading) } {
                @for row in rows { (row_of(row, token, now_ms)) }
            }
        }
        div #fresh hidden {
            span #fresh-text {}
            button #fresh-show .second type="button" { "Show now" }
        }
    }
}

fn row_of(row: &Row, token: &str, now_ms: i64) -> Markup {
    let look = words::look(row.urgency);
    html! {
        li.row .(look.class) id={ "case-" (row.id) } data-version=(row.version) {
            div { (look.tag()) }
            div.what {
                h2 { a id={ "open-" (row.id) } href={ "/cases/" (row.id) } { (row.headline) } }
                p.place { (row.place) }
                p { (home(row)) }
                (badges(row))
                (risks(row))
            }
            div {
                p.times { (times(row.times)) }
                (waiting(row, now_ms))
            }
            div.mine { (mine(row, token, now_ms)) }
        }
    }
}

/// The home's name, with the way to its page.
pub(crate) fn home(row: &Row) -> Markup {
    html! {
        a href={ "/homes/" (row.gateway) } { (row.home) }
        @if !row.registered { " " span.badge { "not in the register of homes" } }
    }
}

/// "once", "4 times".
pub(crate) fn times(n: u64) -> String {
    match n {
        0 | 1 => "Once".to_owned(),
        2 => "Twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// Everything that must not be overlooked, as words.
pub(crate) fn badges(row: &Row) -> Markup {
    html! {
        @if !row.badges.is_empty() {
            ul.badges { @for badge in &row.badges { li.loud[badge.loud] { (badge.text) } } }
        }
    }
}

/// What a responder must know before going in.
pub(crate) fn risks(row: &Row) -> Markup {
    html! {
        @if !row.risks.is_empty() {
            p.risks { strong { "Risks: " } (row.risks.join("; ")) }
        }
    }
}

/// The age clock of a case that waits; for one that does not, how long it waited.
pub(crate) fn waiting(row: &Row, now_ms: i64) -> Markup {
    let since = row.since_ms;
    match &row.standing {
        Standing::Waiting => {
            let (words, class) = Waiting::of(now_ms - since).words();
            html! {
                p.wait data-since=(since) {
                    span.unseen { "Waits for " }
                    time.age datetime=(clock::iso(since)) { (clock::age(now_ms - since)) }
                    @if row.queue == Queue::Alarms { span.limit .(class) { (words) } }
                }
            }
        }
        Standing::With { since_ms, .. } => html! {
            p { "Waited " (clock::age(since_ms - since)) }
            p.quiet { "Came " (UkTime::of(since).near(UkTime::of(now_ms))) }
        },
        Standing::Closed { at_ms, .. } => html! { p { "Open for " (clock::age(at_ms - since)) } },
    }
}

fn mine(row: &Row, token: &str, now_ms: i64) -> Markup {
    match &row.standing {
        Standing::Waiting => html! {
            form method="post" action={ "/cases/" (row.id) "/claim" } {
                input type="hidden" name="token" value=(token);
                button id={ "claim-" (row.id) } type="submit" {
                    "Claim" span.unseen { ": " (row.headline) ", " (row.place) ", " (row.home) }
                }
            }
        },
        Standing::With { .. } | Standing::Closed { .. } => html! { p { (standing(row, now_ms)) } },
    }
}

/// Who has it, in one phrase.
pub(crate) fn standing(row: &Row, now_ms: i64) -> Markup {
    let now = UkTime::of(now_ms);
    match &row.standing {
        Standing::Waiting => html! { "Nobody has it yet" },
        Standing::With {
            who,
            since_ms,
            attending,
            ..
        } => html! {
            @if *attending { "Attended by " } @else { "Claimed by " }
            strong { (who) } " since " (UkTime::of(*since_ms).near(now))
        },
        Standing::Closed {
            who,
            at_ms,
            outcome,
        } => html! {
            "Closed by " strong { (who) } " at " (UkTime::of(*at_ms).near(now)) ": " (outcome)
        },
    }
}

/// How long a closed case was open.
fn waited(row: &Row) -> String {
    match &row.standing {
        Standing::Closed { at_ms, .. } => clock::age(at_ms - row.since_ms),
        Standing::Waiting | Standing::With { .. } => String::new(),
    }
}

/// The page of what was closed.
pub(crate) fn closed(rows: &[Row], now_ms: i64) -> Markup {
    html! {
        h1 { "Recently closed" }
        p.quiet { "The last closed first, " (ROWS) " at most. A closed case and its timeline stay as they are." }
        div #closed data-live .wide tabindex="0" role="region" aria-label="Closed cases" {
            @if rows.is_empty() { p.none { "Nothing was closed yet." } } @else {
                table {
                    caption.unseen { "Closed cases" }
                    thead { tr {
                        th scope="col" { "What" } th scope="col" { "Home" } th scope="col" { "Urgency" }
                        th scope="col" { "Open for" } th scope="col" { "How it ended" }
                    } }
                    tbody { @for row in rows { tr {
                        th scope="row" { a href={ "/cases/" (row.id) } { (row.headline) } " " span.quiet { (row.place) } }
                        td { (home(row)) }
                        td { (words::look(row.urgency).word) }
                        td { (waited(row)) }
                        td { (standing(row, now_ms)) }
                    } } }
                }
            }
        }
    }
}
