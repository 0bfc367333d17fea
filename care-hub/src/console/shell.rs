//! The frame of every page: title, who you are, where you can go, and how loudly the page says that it is out of date.
//! It knows no case.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::clock::UkTime;
use super::view;
use crate::store::Person;

/// How often a page without scripts loads itself again, seconds: an alarm must not wait for a click.
const RELOAD_EVERY_S: u8 = 10;

/// Which page it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    Alarms,
    Technical,
    Homes,
    Closed,
    Elsewhere,
}

/// What a page hears of besides cases.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hears {
    /// Nothing more.
    Cases,
    /// Every home's link and newest values.
    Homes,
}

/// What surrounds a page's own content.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) here: Here,
    /// Where the page itself is found: it may be shown in answer to a form.
    pub(crate) path: String,
    pub(crate) who: Option<Person>,
    pub(crate) now_ms: i64,
    /// Open alarms and open technical cases.
    pub(crate) open: (usize, usize),
    pub(crate) hears: Hears,
    /// Whether it may load itself again without scripts: false where somebody may be typing.
    pub(crate) reloads: bool,
}

impl Frame {
    /// The whole page.
    pub(crate) fn around(&self, main: &Markup) -> Html<String> {
        let hears = match self.hears {
            Hears::Cases => "cases",
            Hears::Homes => "homes",
        };
        Html(
            html! {
                (DOCTYPE)
                html lang="en-GB" {
                    head {
                        meta charset="utf-8";
                        meta name="viewport" content="width=device-width, initial-scale=1";
                        title { (self.title) " – care hub" }
                        link rel="stylesheet" href="/console.css";
                        link rel="icon" type="image/svg+xml" href="/icon.svg";
                        script src="/console.js" defer {}
                        @if self.reloads {
                            noscript { meta http-equiv="refresh" content=(RELOAD_EVERY_S); }
                        }
                    }
                    body data-path=(self.path) data-hears=(hears) data-now=(self.now_ms) {
                        a.skip href="#main" { "Skip to the content" }
                        p #stale role="alert" hidden {}
                        (self.top())
                        p #calm .unseen role="status" {}
                        p #pressing .unseen role="alert" {}
                        main #main .in tabindex="-1" { (main) }
                        (self.foot())
                    }
                }
            }
            .into_string(),
        )
    }

    fn top(&self) -> Markup {
        let (alarms, technical) = self.open;
        html! {
            header.top {
                div.in {
                    a.brand href="/" { "Care hub" }
                    nav aria-label="Pages" {
                        ul #nav data-live {
                            (self.link(Here::Alarms, "/", "Alarms", Some(alarms)))
                            (self.link(Here::Technical, "/technical", "Technical", Some(technical)))
                            (self.link(Here::Homes, "/homes", "Homes", None))
                            (self.link(Here::Closed, "/closed", "Closed", None))
                        }
                    }
                    div.me {
                        button #sound .second type="button" hidden { "Turn sound on" }
                        @match &self.who {
                            Some(who) => {
                                span { "You are " strong { (view::name(who.as_str())) } }
                                a href={ "/who?then=" (self.path) } { "Change" span.unseen { " who you are" } }
                            }
                            None => a href={ "/who?then=" (self.path) } { "Say who you are" }
                        }
                    }
                }
            }
        }
    }

    fn link(&self, to: Here, href: &str, text: &str, open: Option<usize>) -> Markup {
        let current = (self.here == to).then_some("page");
        html! {
            li { a #{ "nav" (text) } href=(href) aria-current=[current] {
                (text)
                @if let Some(n) = open { span.n { (n) } span.unseen { " open" } }
            } }
        }
    }

    fn foot(&self) -> Markup {
        let at = UkTime::of(self.now_ms).in_full();
        html! {
            footer { div.in {
                p #shown data-live { "Shown as of " (at) "." }
                noscript { p {
                    @if self.reloads {
                        "Without scripts this page loads itself again every " (RELOAD_EVERY_S) " seconds and makes no \
                         sound. If the time above stands still, what you see is out of date."
                    } @else {
                        "Without scripts this page does not renew itself, so that nothing you type is lost. "
                        a href="/" { "Back to the alarms" } "."
                    }
                } }
            } }
        }
    }
}

/// A message above a page's content.
pub(crate) fn told(heading: &str, text: &str) -> Markup {
    html! {
        div.told.wrong role="alert" { h2 { (heading) } p { (text) } }
    }
}

/// A page that only says what went wrong.
pub(crate) fn trouble(status: StatusCode, text: &str) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (text) " – care hub" }
                link rel="stylesheet" href="/console.css";
            }
            body { main.in { h1 { (text) } p { a href="/" { "Back to the alarms" } } } }
        }
    };
    (status, Html(page.into_string())).into_response()
}
