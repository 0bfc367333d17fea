//! The same as JSON, for programs on this machine: queues, cases, homes, health, and what people do.
//! It never holds an access note, and reading it presents nothing to anybody.

mod records;

use axum::Json;
use axum::Router;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::act::{Deed, Fields, refusal};
use super::{Shared, queue};
use crate::homes::Homes;
use crate::state::Hub;
use crate::store::{Acted, Case, CaseId, Person, Queue, StoreError};

/// The addresses below `/api`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/alarms", get(alarms))
        .route("/technical", get(technical))
        .route("/closed", get(closed))
        .route("/cases/{id}", get(case))
        .route("/cases/{id}/{deed}", post(deed))
        .route("/homes", get(homes))
        .route("/homes/{gateway}/records", get(records::list))
        .route("/health", get(health))
}

type Answer = Result<Response, Wrong>;

/// Why there is no answer.
enum Wrong {
    Store(StoreError),
    Told(StatusCode, &'static str, String),
}

impl From<StoreError> for Wrong {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let (status, error, message) = match self {
            Self::Store(why) => {
                tracing::error!(%why, "the JSON got no answer from the ledger");
                let message = "the ledger gave no answer".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, "ledger", message)
            }
            Self::Told(status, error, message) => (status, error, message),
        };
        (status, Json(json!({ "error": error, "message": message }))).into_response()
    }
}

fn not_found() -> Wrong {
    Wrong::Told(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is no such case".to_owned(),
    )
}

/// A case with what the register says of its home, the access note excepted.
fn told(case: &Case, homes: &Homes) -> Value {
    let gateway = &case.subject.gateway;
    let home = homes.get(gateway);
    json!({
        "case": case,
        "home": {
            "gateway": gateway,
            "label": homes.label(gateway),
            "registered": home.is_some(),
            "risks": home.map_or(&[][..], |h| h.risks.as_slice()),
        },
    })
}

async fn alarms(State(console): State<Shared>) -> Answer {
    open(&console.hub, Queue::Alarms).await
}

async fn technical(State(console): State<Shared>) -> Answer {
    open(&console.hub, Queue::Technical).await
}

async fn open(hub: &Hub, which: Queue) -> Answer {
    let cases = hub.store.open(which).await?;
    Ok(Json(listed(&cases, hub)).into_response())
}

async fn closed(State(console): State<Shared>) -> Answer {
    let cases = console.hub.store.closed(queue::ROWS).await?;
    Ok(Json(listed(&cases, &console.hub)).into_response())
}

fn listed(cases: &[Case], hub: &Hub) -> Value {
    let cases: Vec<Value> = cases.iter().map(|case| told(case, &hub.homes)).collect();
    json!({ "now_ms": Hub::now_ms(), "cases": cases })
}

async fn case(State(console): State<Shared>, Path(id): Path<u64>) -> Answer {
    let found = console.hub.store.case(CaseId(id)).await?;
    let (case, timeline) = found.ok_or_else(not_found)?;
    let mut body = told(&case, &console.hub.homes);
    if let Some(object) = body.as_object_mut() {
        object.insert("now_ms".to_owned(), json!(Hub::now_ms()));
        object.insert("timeline".to_owned(), json!(timeline));
    }
    Ok(Json(body).into_response())
}

/// `POST /api/cases/{id}/claim|attend|release|note|close` with `{"who": …}` and the fields of the deed.
async fn deed(
    State(console): State<Shared>,
    Path((id, word)): Path<(u64, String)>,
    body: Result<Json<Fields>, JsonRejection>,
) -> Answer {
    // An access note is for a person's eyes: the page shows it, the JSON does not.
    let deed = Deed::from_word(&word)
        .filter(|deed| *deed != Deed::Access)
        .ok_or_else(not_found)?;
    let Json(fields) = body.map_err(|r| Wrong::Told(r.status(), "not_json", r.body_text()))?;
    let incomplete = |text: &str| {
        Wrong::Told(
            StatusCode::UNPROCESSABLE_ENTITY,
            "incomplete",
            text.to_owned(),
        )
    };
    let who = Person::new(&fields.who)
        .ok_or_else(|| incomplete("`who` is a name of 1 to 64 characters"))?;
    let act = deed.act(&fields).map_err(incomplete)?;
    let now_ms = Hub::now_ms();
    let acted = console.hub.store.act(CaseId(id), who, act, now_ms).await?;
    if let Some((status, error, message)) = refusal(&acted, now_ms) {
        let by = match &acted {
            Acted::HeldBy(claim) => json!(claim.by),
            Acted::AlreadyClosed(case) => json!(case.closed.as_ref().map(|c| &c.by)),
            Acted::Done(_) | Acted::Changed(_) | Acted::NotHeld | Acted::NotFound => Value::Null,
        };
        let body = json!({ "error": error, "message": message, "by": by });
        return Ok((status, Json(body)).into_response());
    }
    let body = match acted {
        Acted::Done(case) => told(&case, &console.hub.homes),
        Acted::HeldBy(_)
        | Acted::AlreadyClosed(_)
        | Acted::Changed(_)
        | Acted::NotHeld
        | Acted::NotFound => Value::Null,
    };
    Ok(Json(body).into_response())
}

async fn homes(State(console): State<Shared>) -> Answer {
    let hub = &console.hub;
    let homes: Vec<Value> = hub
        .links()
        .iter()
        .map(|(gateway, link)| {
            let home = hub.homes.get(gateway);
            json!({
                "gateway": gateway,
                "label": hub.homes.label(gateway),
                "registered": home.is_some(),
                "risks": home.map_or(&[][..], |h| h.risks.as_slice()),
                "link": link,
            })
        })
        .collect();
    Ok(Json(json!({ "now_ms": Hub::now_ms(), "homes": homes })).into_response())
}

/// Answers 200 only when the ledger reads.
async fn health(State(console): State<Shared>) -> Answer {
    let hub = &console.hub;
    let alarms = hub.store.open(Queue::Alarms).await?.len();
    let links = hub.links();
    Ok(Json(json!({
        "ok": true,
        "now_ms": Hub::now_ms(),
        "ledger": format!("{:016x}", hub.store.ledger_id()),
        "open_alarms": alarms,
        "records_waiting": hub.store.waiting(),
        "homes": links.len(),
        "homes_connected": links.values().filter(|link| link.connections > 0).count(),
    }))
    .into_response())
}
