//! The one stream of a browser: what is open, in words for its ear, and a beat that proves that the link lives.
//! It carries no page: a page that hears of a change loads itself again and swaps what changed.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::pages::not_yet_presented;
use super::view::{Row, Standing};
use super::{Shared, queue, shell, words};
use crate::state::Hub;
use crate::store::{Change, Queue, StoreError};

/// The most streams at once: a browser uses one for all its tabs, so this is 64 browsers.
pub(crate) const STREAMS: usize = 64;

/// How often a beat goes out; a page that hears nothing for 12 s calls itself stale.
const BEAT_EVERY: Duration = Duration::from_secs(5);

/// How long changes are gathered before they are told together: a storm must not redraw a page for each alarm.
const GATHER: Duration = Duration::from_millis(200);

/// The most homes that are named in one word; beyond it every home's page looks for itself.
const HOMES_NAMED: usize = 64;

/// `GET /live`: server-sent events `alarms`, `homes` and `beat`.
pub(crate) async fn stream(State(console): State<Shared>) -> Response {
    let Ok(permit) = Arc::clone(&console.streams).try_acquire_owned() else {
        let text = "Too many pages listen already: close some";
        return shell::trouble(StatusCode::SERVICE_UNAVAILABLE, text);
    };
    Sse::new(words_of(console, permit)).into_response()
}

struct Listener {
    console: Shared,
    changes: broadcast::Receiver<Change>,
    beat: Interval,
    pending: Pending,
    /// A listener that leaves gives its place back.
    _place: OwnedSemaphorePermit,
}

/// What has changed since the last word.
struct Pending {
    cases: bool,
    homes: BTreeSet<String>,
    /// How long changes are gathered: a long list, slow to ask for, is told less often.
    gather: Duration,
    /// When it is told, if anything has.
    due: Option<Instant>,
}

fn words_of(
    console: Shared,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let mut beat = interval(BEAT_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener = Listener {
        changes: console.hub.changes.subscribe(),
        console,
        beat,
        // Whoever comes in is told what is open.
        pending: Pending {
            cases: true,
            homes: BTreeSet::new(),
            gather: GATHER,
            due: Some(Instant::now()),
        },
        _place: place,
    };
    stream::unfold(listener, |mut listener| async move {
        let word = listener.next().await?;
        Some((Ok(word), listener))
    })
}

impl Listener {
    /// The next word; `None` ends the stream, and the browser comes again.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let due = self.pending.due;
            let gathered = async {
                match due {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = gathered => {
                    if let Some(word) = self.tell().await? {
                        return Some(word);
                    }
                }
                _ = self.beat.tick() => return Some(event("beat", &json!({ "now_ms": Hub::now_ms() }))),
                change = self.changes.recv() => match change {
                    Ok(change) => self.pending.add(change),
                    // What was missed may have been anything.
                    Err(RecvError::Lagged(_)) => self.pending.all(),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    async fn tell(&mut self) -> Option<Option<Event>> {
        if std::mem::take(&mut self.pending.cases) {
            if self.pending.homes.is_empty() {
                self.pending.due = None;
            }
            let began = Instant::now();
            let open = self.open().await;
            self.pending.gather = GATHER.max(4 * began.elapsed());
            return match open {
                Ok(open) => Some(Some(event("alarms", &open))),
                Err(why) => {
                    // No beat follows: the page must become stale rather than look at peace.
                    tracing::error!(%why, "the page's stream got no answer from the ledger");
                    None
                }
            };
        }
        self.pending.due = None;
        let homes = std::mem::take(&mut self.pending.homes);
        Some((!homes.is_empty()).then(|| event("homes", &json!(homes))))
    }

    /// What is open, each alarm in one sentence: this shows it to whoever hears it.
    async fn open(&self) -> Result<Value, StoreError> {
        let hub = &self.console.hub;
        let cases = hub.store.open(Queue::Alarms).await?;
        let technical = hub.store.open(Queue::Technical).await?.len();
        let now_ms = Hub::now_ms();
        let named = cases.get(..queue::ROWS).unwrap_or(&cases);
        let alarms: Vec<Value> = named
            .iter()
            .map(|case| {
                let row = Row::of(case, &hub.homes, now_ms);
                json!({
                    "case": row.id.0,
                    "sound": if row.is_test() { "low" } else { words::look(row.urgency).class },
                    "says": row.sentence(),
                    "times": row.times,
                    "waits": matches!(row.standing, Standing::Waiting),
                })
            })
            .collect();
        self.console.present(not_yet_presented(named));
        Ok(
            json!({ "now_ms": now_ms, "open": cases.len(), "technical": technical, "alarms": alarms }),
        )
    }
}

impl Pending {
    fn add(&mut self, change: Change) {
        match change {
            Change::Case { .. } => self.cases = true,
            Change::Latest { gateway } | Change::Link { gateway } | Change::Ask { gateway } => {
                if self.homes.len() < HOMES_NAMED {
                    self.homes.insert(gateway);
                } else {
                    self.homes = BTreeSet::from([EVERY_HOME.to_owned()]);
                }
            }
        }
        self.due.get_or_insert_with(|| Instant::now() + self.gather);
    }

    fn all(&mut self) {
        self.cases = true;
        self.homes = BTreeSet::from([EVERY_HOME.to_owned()]);
        self.due.get_or_insert_with(|| Instant::now() + self.gather);
    }
}

/// Stands for every home; no gateway's id can be it.
const EVERY_HOME: &str = "*";

fn event(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}
