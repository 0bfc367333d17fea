//! Puts the parts together and takes them down again: ledger, ingest, vigil, page. It holds no rules of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::config::Checked;
use crate::desk::Lapses;
use crate::ingest::{self, Desk, Turns};
use crate::state::Hub;
use crate::store::{RedbStore, Store, StoreError};
use crate::supervise;

/// How long open connections may take to end when the hub stops; then they are cut. All in all it ends within 5 s.
const END_WITHIN: Duration = Duration::from_secs(3);

/// How often the writer is looked after.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why the hub did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] StoreError),
    /// An address that cannot be listened on.
    #[error("{section} {address}: {why}")]
    Listen {
        /// `[ingest] listen` or `[console] listen`.
        section: &'static str,
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        why: std::io::Error,
    },
}

/// A hub that serves. Dropping it without [`Running::stop`] cuts everything, which loses nothing that was receipted.
pub struct Running {
    /// What its parts share.
    pub hub: Arc<Hub>,
    /// Where homes call.
    pub ingest: SocketAddr,
    /// Where responders look.
    pub console: SocketAddr,
    stop: watch::Sender<bool>,
    parts: JoinSet<()>,
    writer: Arc<RedbStore>,
}

/// Opens the ledger and both listeners and begins to serve. Needs a tokio runtime with time and net.
pub async fn start(checked: Checked) -> Result<Running, StartError> {
    let Checked { config, homes, tls } = checked;
    let changes = Hub::changes();
    let limits = config.limits;
    let lapses = Lapses {
        claimed_ms: i64::from(limits.claim_lapses_s) * 1_000,
        attending_ms: i64::from(limits.attending_lapses_s) * 1_000,
    };
    let (path, sender) = (config.ledger.path.clone(), changes.clone());
    let opened = tokio::task::spawn_blocking(move || RedbStore::open(&path, lapses, sender));
    let writer = Arc::new(
        opened
            .await
            .map_err(|e| StoreError::Engine(e.to_string()))??,
    );
    let store: Arc<dyn Store> = Arc::clone(&writer) as Arc<dyn Store>;
    let hub = Hub::new(store, homes, changes);
    let (for_homes, ingest) = listen("[ingest] listen", config.ingest.listen).await?;
    let (for_people, console) = listen("[console] listen", config.console.listen).await?;
    let (stop, on_stop) = watch::channel(false);
    let mut parts = JoinSet::new();
    let desk = Desk {
        hub: Arc::clone(&hub),
        limits,
        supervision: config.supervision,
        turns: Turns::default(),
        stop: on_stop.clone(),
    };
    let ended = on_stop.clone();
    parts.spawn(async move {
        if let Err(e) = ingest::serve(desk, tls, for_homes, ended).await {
            tracing::error!(error = %e, "ingest ended");
        }
    });
    parts.spawn(supervise::watch(
        Arc::clone(&hub),
        config.supervision,
        on_stop.clone(),
    ));
    parts.spawn(supervise::pass_on(Arc::clone(&hub), on_stop.clone()));
    parts.spawn(writer_lives(Arc::clone(&writer), on_stop.clone()));
    let mut page_stop = on_stop;
    let page = crate::console::router(Arc::clone(&hub));
    parts.spawn(async move {
        let until = async move { stopped(&mut page_stop).await };
        let served = axum::serve(for_people, page).with_graceful_shutdown(until);
        if let Err(e) = served.await {
            tracing::error!(error = %e, "the page ended");
        }
    });
    tracing::info!(%ingest, %console, ledger = format!("{:016x}", hub.store.ledger_id()), "the hub serves");
    Ok(Running {
        hub,
        ingest,
        console,
        stop,
        parts,
        writer,
    })
}

async fn listen(
    section: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let wrong = |why| StartError::Listen {
        section,
        address,
        why,
    };
    let listener = TcpListener::bind(address).await.map_err(wrong)?;
    let bound = listener.local_addr().map_err(wrong)?;
    Ok((listener, bound))
}

impl Running {
    /// Waits until one of the parts ends by itself, which none of them should.
    pub async fn broken(&mut self) {
        self.parts.join_next().await;
    }

    /// Takes nothing more, sends the last receipts, writes what waits, and ends: within 5 s.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let all = async { while self.parts.join_next().await.is_some() {} };
        if tokio::time::timeout(END_WITHIN, all).await.is_err() {
            tracing::info!("connections were still open and are cut");
            self.parts.shutdown().await;
        }
        let writer = Arc::clone(&self.writer);
        let closed: JoinHandle<()> = tokio::task::spawn_blocking(move || writer.close());
        if closed.await.is_err() {
            tracing::error!("the ledger did not close");
        }
    }
}

/// Ends when the ledger's writer has: a hub that cannot write must be started anew, not look well.
async fn writer_lives(writer: Arc<RedbStore>, mut stop: watch::Receiver<bool>) {
    while !writer.has_ended() {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stopped(&mut stop) => return,
        }
    }
    tracing::error!("the ledger's writer has ended");
}

/// Comes when the hub stops; its sender gone means stop as well.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
