//! How a stream begins: Hello is checked against the certificate, Welcome says what is held.

use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use tecs_protocol::hub::gateway_id_is_valid;
use tecs_protocol::hub::v1::{self, FromHome, from_home};
use tecs_protocol::vocabulary::Lane;
use tokio::time::{Instant, timeout};
use tonic::{Status, Streaming};

use super::{Desk, Out, Session, engine};
use crate::ingest::words;
use crate::state::Hub;
use crate::store::Range;
use crate::times::Boots;

/// How long a new stream may say nothing.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// Spans of one Hello that are looked up, at most; the rest is offered again and dropped by name.
const SPANS: usize = 4_096;

/// Hello and Welcome.
pub(super) async fn greet(
    desk: Desk,
    ids: &[String],
    from: &mut Streaming<FromHome>,
    out: Out,
) -> Result<Session, Status> {
    let first = timeout(HELLO_WITHIN, from.message())
        .await
        .map_err(|_| Status::deadline_exceeded("no Hello within 10 s"))??;
    let Some(from_home::Says::Hello(hello)) = first.and_then(|message| message.says) else {
        return Err(Status::invalid_argument("the first word must be Hello"));
    };
    let gateway = hello.gateway_id.clone();
    if !gateway_id_is_valid(&gateway) || !ids.contains(&gateway) {
        return Err(Status::permission_denied(
            "the gateway id of Hello is not the certificate's",
        ));
    }
    let limit = usize::try_from(desk.limits.streams_per_gateway).unwrap_or(usize::MAX);
    let connected = desk.hub.connect(&gateway, limit);
    tracing::info!(
        gateway,
        software = hello.software.chars().take(64).collect::<String>(),
        "a stream began"
    );
    let known = desk.hub.store.gateway(&gateway).await.map_err(engine)?;
    let mut session = Session {
        desk,
        gateway,
        boots: Boots(known.map(|row| row.boots).unwrap_or_default()),
        connected,
        out,
        in_line: FuturesUnordered::new(),
        bytes_in_line: 0,
        paused_at: None,
    };
    session.hello(hello).await?;
    Ok(session)
}

impl Session {
    async fn hello(&mut self, hello: v1::Hello) -> Result<(), Status> {
        if let Some(clock) = hello.clock {
            self.boots.learn(clock.into(), Hub::now_ms());
        }
        self.desk.hub.told(&self.gateway, |link| {
            link.heard_at = Some(Instant::now());
            link.status.heard_ms = Some(Hub::now_ms());
            link.status.software = hello.software.chars().take(64).collect();
        });
        self.remember();
        let held = self.held(&hello.held).await?;
        let welcome = words::welcome(
            self.desk.hub.store.ledger_id(),
            held,
            self.desk.limits,
            self.desk.supervision,
            Hub::now_ms(),
        );
        self.say(welcome).await?;
        self.stages_of_all().await
    }

    /// What the ledger durably holds of the spans that the home named, and no more.
    async fn held(&mut self, spans: &[v1::Span]) -> Result<Vec<v1::Held>, Status> {
        let mut all = Vec::new();
        let mut room = words::RANGES_IN_WELCOME;
        for span in spans.iter().take(SPANS) {
            let Some(lane) = Lane::from_wire(span.lane) else {
                return Err(Status::invalid_argument("a span of no lane"));
            };
            let store = &self.desk.hub.store;
            let held = store.held(&self.gateway, span.epoch, lane).await;
            let ranges: Vec<v1::Range> = held
                .map_err(engine)?
                .into_iter()
                .map(|r| Range {
                    from: r.from.max(span.oldest),
                    to: r.to.min(span.newest),
                })
                .filter(|r| r.from <= r.to)
                .take(room)
                .map(words::range)
                .collect();
            room -= ranges.len();
            if !ranges.is_empty() {
                all.push(v1::Held {
                    epoch: span.epoch,
                    lane: span.lane,
                    ranges,
                });
            }
        }
        Ok(all)
    }
}
