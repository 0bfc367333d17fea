//! One case: what a responder must know, what they can do, and the timeline that nobody can change. Templates only.
//! The access note is here only when it was handed in, which only its own form does.

use maud::{Markup, html};

use super::clock::UkTime;
use super::queue;
use super::shell;
use super::timeline;
use super::view::{Row, Standing, name};
use super::words::{self, NAME_LONGEST, shown, shown_lines};
use crate::homes::Home;
use crate::store::{Entry, Outcome, Person, Queue, Words};

/// What a form brought that could not be taken, so that nothing typed is lost.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) note: String,
    pub(crate) ending: String,
    pub(crate) reason: String,
    pub(crate) outcome: Option<Outcome>,
}

/// Everything on the page of a case.
pub(crate) struct CasePage<'a> {
    pub(crate) row: &'a Row,
    pub(crate) home: Option<&'a Home>,
    pub(crate) entries: &'a [Entry],
    /// Show the whole timeline, however long.
    pub(crate) whole: bool,
    /// Other open cases of the same home.
    pub(crate) beside: &'a [Row],
    pub(crate) who: Option<&'a Person>,
    pub(crate) told: Option<(&'a str, String)>,
    pub(crate) typed: &'a Typed,
    /// The access note, where it was just asked for.
    pub(crate) access: Option<&'a str>,
    pub(crate) token: &'a str,
    pub(crate) now_ms: i64,
}

impl CasePage<'_> {
    /// The page's content.
    pub(crate) fn markup(&self) -> Markup {
        html! {
            @if let Some((heading, text)) = &self.told { (shell::told(heading, text)) }
            div.sides {
                div {
                    (self.head())
                    (self.home_card())
                    (self.note_form())
                    @if !matches!(self.row.standing, Standing::Closed { .. }) { (self.close_form()) }
                }
                section.card aria-labelledby="timeline-title" {
                    h2 #timeline-title { "Timeline" }
                    (timeline::of(self.entries, self.row.id, self.whole, self.now_ms))
                }
            }
        }
    }

    fn head(&self) -> Markup {
        let row = self.row;
        let now = UkTime::of(self.now_ms);
        html! {
            div #case-head data-live .card {
                p { (words::look(row.urgency).tag()) }
                h1 { (row.headline) }
                p.place { strong { (row.place) } }
                p { (queue::home(row)) }
                (queue::badges(row))
                (queue::risks(row))
                dl.facts {
                    dt { "Who has it" } dd { (queue::standing(row, self.now_ms)) }
                    @if matches!(row.standing, Standing::Waiting) {
                        dt { "Waiting" } dd { (queue::waiting(row, self.now_ms)) }
                    }
                    @if let Standing::With { until_ms, .. } = row.standing {
                        dt { "Lapses" } dd { (UkTime::of(until_ms).near(now)) ", if nobody writes or does anything" }
                    }
                    dt { "How often" }
                    dd { (queue::times(row.times)) ", last " (UkTime::of(row.last_ms).near(now)) }
                    dt { "First received" } dd { (UkTime::of(row.since_ms).near(now)) }
                    dt { "In the record’s words" } dd { (row.text) }
                    @if !row.code.is_empty() { dt { "Code" } dd { (row.code) } }
                }
                (self.acts())
            }
        }
    }

    /// Claim, attend, give back: as far as they make sense now.
    fn acts(&self) -> Markup {
        let me = self.who.map(|who| name(who.as_str()));
        let button = |act: &str, text: &str, second: bool| {
            html! {
                button id={ "act-" (act) } .second[second] type="submit"
                    formaction={ "/cases/" (self.row.id) "/" (act) } { (text) }
            }
        };
        html! {
            @match &self.row.standing {
                Standing::Waiting => form method="post" {
                    (self.signed("acts"))
                    div.acts { (button("claim", "Claim", false)) (button("attend", "Claim and attend", true)) }
                }
                Standing::With { who, attending, .. } if Some(who) == me.as_ref() => form method="post" {
                    (self.signed("acts"))
                    div.acts {
                        @if !attending { (button("attend", "I am attending", false)) }
                        (button("claim", "Keep it: renew my claim", true))
                        (button("release", "Give it back", true))
                    }
                }
                Standing::With { who, .. } => { div.acts { p { strong { (who) } " sees to it. You can add a note." } } }
                Standing::Closed { .. } => {}
            }
        }
    }

    /// What every form carries: the page's token and, from somebody who has not said a name yet, the name.
    fn signed(&self, form: &str) -> Markup {
        html! {
            input type="hidden" name="token" value=(self.token);
            @if self.who.is_none() {
                label for={ "who-" (form) } { "Your name" }
                input id={ "who-" (form) } type="text" name="who" required maxlength=(Person::LONGEST) autocomplete="name";
            }
        }
    }

    fn home_card(&self) -> Markup {
        let text = |s: &str| shown(s, 3 * NAME_LONGEST);
        html! {
            section.card aria-labelledby="home-title" {
                h2 #home-title { "The home" }
                @if let Some(home) = self.home {
                    dl.facts {
                        dt { "Phone" } dd { @if home.phone.is_empty() { "not in the register" } @else { (text(&home.phone)) } }
                        dt { "Address" } dd { @if home.address.is_empty() { "not in the register" } @else { (text(&home.address)) } }
                    }
                    (self.access_note(home))
                } @else { p { "It is not in the register of homes: no phone, address or risks are known." } }
                div #beside data-live { (self.beside()) }
            }
        }
    }

    fn access_note(&self, home: &Home) -> Markup {
        html! {
            @if let Some(note) = self.access {
                div.told { h3 { "How to get in" } p.said { (shown_lines(note, Words::LONGEST)) } }
            } @else if home.access_note.is_empty() {
                p.quiet { "The register has no access note." }
            } @else {
                form method="post" action={ "/cases/" (self.row.id) "/access" } {
                    (self.signed("access"))
                    div.acts { button .second type="submit" { "Show how to get in" } }
                    p.quiet { "The timeline keeps who looked at it, and when." }
                }
            }
        }
    }

    fn beside(&self) -> Markup {
        html! {
            @if !self.beside.is_empty() {
                h3 { "Also open in this home" }
                ul { @for row in self.beside { li {
                    a href={ "/cases/" (row.id) } { (row.at_home()) } " – " (queue::standing(row, self.now_ms))
                } } }
            }
        }
    }

    fn note_form(&self) -> Markup {
        html! {
            section.card aria-labelledby="note-title" {
                h2 #note-title { "Add a note" }
                form method="post" action={ "/cases/" (self.row.id) "/note" } {
                    (self.signed("note"))
                    label for="note" { "Note" }
                    textarea #note name="note" required maxlength=(Words::LONGEST) { "\n" (self.typed.note) }
                    div.acts { button .second type="submit" { "Add the note" } }
                }
            }
        }
    }

    fn close_form(&self) -> Markup {
        let repaired =
            |outcome: &Outcome| *outcome != Outcome::Repaired || self.row.queue == Queue::Technical;
        html! {
            section.card aria-labelledby="close-title" {
                h2 #close-title { "Close the case" }
                form method="post" action={ "/cases/" (self.row.id) "/close" } {
                    (self.signed("close"))
                    input type="hidden" name="seen_count" value=(self.row.times);
                    fieldset {
                        legend { "How did it end?" }
                        @for outcome in Outcome::CHOICES.iter().filter(|o| repaired(o)) {
                            div.choice {
                                input type="radio" name="outcome" required id={ "outcome-" (outcome.word()) }
                                    value=(outcome.word()) checked[self.typed.outcome == Some(*outcome)];
                                label for={ "outcome-" (outcome.word()) } { (capital(outcome.label())) }
                            }
                        }
                    }
                    label for="reason" { "Why nobody visits (needed for “no visit needed”)" }
                    input #reason type="text" name="reason" maxlength="500" value=(self.typed.reason);
                    label for="ending" { "What was found and done" }
                    textarea #ending name="ending" maxlength=(Words::LONGEST) { "\n" (self.typed.ending) }
                    div.acts { button type="submit" { "Close the case" } }
                }
            }
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// The title of the browser's window.
pub(crate) fn title(row: &Row) -> String {
    format!("{} – case {}", row.sentence(), row.id)
}
