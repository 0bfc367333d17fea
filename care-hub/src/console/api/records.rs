//! Everything that a home delivered, by name, as JSON: for whoever has to prove that nothing is missing and nothing is
//! there twice. It judges nothing, and it is no page for responders.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tecs_protocol::event::{self, Entry};
use tecs_protocol::vocabulary::Lane;

use super::{Answer, Shared, Wrong};
use crate::state::Hub;
use crate::store::{Name, Stored};

/// The most records of one answer.
const MOST: usize = 1_000;

/// `?limit=…`, and the last name of the answer before: `&epoch=…&lane=…&seq=…`.
#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    epoch: Option<String>,
    lane: Option<String>,
    seq: Option<u64>,
}

impl Page {
    /// The name after which to go on; `Err` when only a part of one is said.
    fn after(&self, gateway: &str) -> Result<Option<Name>, ()> {
        let (epoch, lane, seq) = match (&self.epoch, &self.lane, self.seq) {
            (None, None, None) => return Ok(None),
            (Some(epoch), Some(lane), Some(seq)) => (epoch, lane, seq),
            _ => return Err(()),
        };
        Ok(Some(Name {
            gateway: gateway.to_owned(),
            epoch: u64::from_str_radix(epoch, 16).map_err(drop)?,
            lane: Lane::from_word(lane).ok_or(())?,
            seq,
        }))
    }
}

/// `GET /api/homes/{gateway}/records`: in the order of epoch, lane and place.
pub(super) async fn list(
    State(console): State<Shared>,
    Path(gateway): Path<String>,
    Query(page): Query<Page>,
) -> Answer {
    let after = page.after(&gateway).map_err(|()| {
        let due = "epoch (hexadecimal), lane and seq name the record after which to go on: all three or none";
        Wrong::Told(StatusCode::UNPROCESSABLE_ENTITY, "incomplete", due.to_owned())
    })?;
    let limit = page.limit.unwrap_or(MOST).min(MOST);
    let found = console
        .hub
        .store
        .records(&gateway, after.as_ref(), limit)
        .await?;
    let records: Vec<Value> = found
        .iter()
        .map(|(name, stored)| told(name, stored))
        .collect();
    Ok(answer(&records))
}

fn answer(records: &[Value]) -> Response {
    Json(json!({ "now_ms": Hub::now_ms(), "records": records })).into_response()
}

/// One record; `event` is null for a gap and for bytes that do not decode, `happened_ms` (the device's own time) where
/// the device told none.
fn told(name: &Name, stored: &Stored) -> Value {
    let (event, happened_ms, raw) = match event::decode(&stored.bytes) {
        Ok(Entry::Event(event)) => (event.to_json(), event.happened_ms, event.raw),
        Ok(Entry::Gap(_)) | Err(_) => (Value::Null, None, stored.bytes.to_vec()),
    };
    let mut raw_hex = String::with_capacity(raw.len() * 2);
    for byte in raw {
        let _ = write!(raw_hex, "{byte:02x}");
    }
    json!({
        "name": name,
        "received_ms": stored.received_ms,
        "attempt": stored.attempt,
        "refused": stored.refused,
        "event": event,
        "happened_ms": happened_ms,
        "raw_hex": raw_hex,
    })
}
