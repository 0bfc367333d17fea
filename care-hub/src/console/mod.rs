//! The responders' page: alarms as they come, who sees to them, how they ended; and the same as JSON.
//! It decides nothing about cases (the ledger does) and is no log-in: it must be bound to loopback alone.

mod act;
mod api;
mod case_page;
mod clock;
mod guard;
mod home_page;
mod live;
mod pages;
mod queue;
mod shell;
mod timeline;
mod view;
mod who;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tokio::sync::Semaphore;

use crate::state::Hub;
use crate::store::{CaseId, StoreError};

/// What every handler shares.
pub(crate) struct Console {
    hub: Arc<Hub>,
    token: guard::Token,
    streams: Arc<Semaphore>,
}

type Shared = Arc<Console>;

/// The responders' page and its JSON over this hub, to be served on a loopback address only.
pub fn router(hub: Arc<Hub>) -> Router {
    let console = Arc::new(Console {
        hub,
        token: guard::Token::draw(),
        streams: Arc::new(Semaphore::new(live::STREAMS)),
    });
    Router::new()
        .route("/", get(pages::alarms))
        .route("/technical", get(pages::technical))
        .route("/closed", get(pages::closed))
        .route("/homes", get(pages::homes))
        .route("/homes/{gateway}", get(pages::home))
        .route("/cases/{id}", get(pages::case))
        .route("/cases/{id}/{deed}", post(act::form))
        .route("/who", get(who::ask).post(who::say))
        .route("/live", get(live::stream))
        .route("/console.css", get(style))
        .route("/console.js", get(script))
        .route("/icon.svg", get(icon))
        .nest("/api", api::routes())
        .fallback(pages::nothing_here)
        .layer(DefaultBodyLimit::max(guard::BODY_LIMIT))
        .layer(middleware::from_fn(guard::door))
        .with_state(console)
}

impl Console {
    /// Marks what was just shown; in the background, because showing an alarm waits for no disk.
    fn present(&self, ids: Vec<CaseId>) {
        if ids.is_empty() {
            return;
        }
        let hub = Arc::clone(&self.hub);
        tokio::spawn(async move {
            if let Err(why) = hub.store.present(ids, Hub::now_ms()).await {
                tracing::error!(%why, "what was shown could not be marked as presented");
            }
        });
    }
}

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The ledger gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is nothing of that name.
    #[error("there is no such page, case or home")]
    Nothing,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> axum::response::Response {
        use axum::http::StatusCode;
        match self {
            Self::Store(why) => {
                tracing::error!(%why, "the page got no answer from the ledger");
                let text =
                    "The ledger gave no answer. Alarms may be missing here: tell a technician.";
                shell::trouble(StatusCode::INTERNAL_SERVER_ERROR, text)
            }
            Self::Nothing => shell::trouble(StatusCode::NOT_FOUND, "There is nothing here"),
        }
    }
}

async fn style() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("console.css"))
}

async fn script() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("console.js"))
}

async fn icon() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "image/svg+xml")];
    (kind, include_str!("icon.svg"))
}
