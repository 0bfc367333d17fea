//! The hub's own vigil: a gateway that falls silent is raised once and restored once, claims lapse, stages are passed on.
//! What was raised is in the ledger, so that a restart of the hub raises nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::Supervision;
use crate::running::stopped;
use crate::state::Hub;
use crate::store::{Change, StoreError};

/// How often the vigil looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Closed cases that are told again to everybody after changes were missed.
const CLOSED_AGAIN: usize = 500;

/// Keeps the vigil until `stop` turns true.
pub(crate) async fn watch(hub: Arc<Hub>, rules: Supervision, mut stop: watch::Receiver<bool>) {
    let started = Instant::now();
    // What the ledger says is missing; read again after every fault of it.
    let mut known: Option<BTreeMap<String, bool>> = None;
    let mut every = tokio::time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stopped(&mut stop) => return,
        }
        if let Err(e) = look(&hub, rules, started, &mut known).await {
            tracing::error!(error = %e, "the vigil could not look");
            known = None;
        }
    }
}

async fn look(
    hub: &Arc<Hub>,
    rules: Supervision,
    started: Instant,
    known: &mut Option<BTreeMap<String, bool>>,
) -> Result<(), StoreError> {
    let missing = match known {
        Some(missing) => missing,
        None => known.insert(remembered(hub).await?),
    };
    let patience =
        Duration::from_secs(u64::from(rules.beat_every_s) * u64::from(rules.missed_beats));
    let mut heard: BTreeMap<String, Instant> = BTreeMap::new();
    hub.links.each(|gateway, link| {
        if let Some(at) = link.heard_at {
            heard.insert(gateway.to_owned(), at);
        }
    });
    let all: BTreeSet<String> = missing.keys().chain(heard.keys()).cloned().collect();
    let now = Instant::now();
    for gateway in all {
        let last = heard.get(&gateway).copied().unwrap_or(started);
        let silent = now.duration_since(last) > patience;
        // A gateway that was missing stays so until this run of the hub has really heard it.
        let is_missing =
            silent || (missing.get(&gateway) == Some(&true) && !heard.contains_key(&gateway));
        if missing.get(&gateway).copied().unwrap_or(false) == is_missing {
            missing.entry(gateway).or_insert(is_missing);
            continue;
        }
        let detail = if is_missing {
            format!("the gateway has been silent for {} s", patience.as_secs())
        } else {
            "the gateway is heard again".to_owned()
        };
        tracing::warn!(gateway, is_missing, "supervision");
        hub.store
            .supervise(&gateway, is_missing, detail, Hub::now_ms())
            .await?;
        hub.told(&gateway, |link| link.status.missing = is_missing);
        missing.insert(gateway, is_missing);
    }
    hub.store.lapse(Hub::now_ms()).await?;
    Ok(())
}

/// Everybody who is expected to be heard: the register and whoever was heard before.
async fn remembered(hub: &Arc<Hub>) -> Result<BTreeMap<String, bool>, StoreError> {
    let mut missing: BTreeMap<String, bool> = hub
        .homes
        .iter()
        .map(|home| (home.gateway.clone(), false))
        .collect();
    for row in hub.store.gateways().await? {
        hub.told(&row.gateway, |link| {
            link.status.missing = row.missing;
            if link.heard_at.is_none() {
                link.status.heard_ms = (row.heard_ms > 0).then_some(row.heard_ms);
                link.status.software.clone_from(&row.software);
            }
        });
        missing.insert(row.gateway, row.missing);
    }
    Ok(missing)
}

/// Passes what moved on to the connections of its home, until `stop` turns true.
pub(crate) async fn pass_on(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let mut changes = hub.changes.subscribe();
    loop {
        let change = tokio::select! {
            change = changes.recv() => change,
            () = stopped(&mut stop) => return,
        };
        match change {
            Ok(Change::Case {
                id,
                gateway,
                moved: true,
                ..
            }) => {
                hub.links.tell(&gateway, |inside| {
                    inside.cases.insert(id);
                });
            }
            Ok(
                Change::Case { .. }
                | Change::Latest { .. }
                | Change::Link { .. }
                | Change::Ask { .. },
            ) => {}
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "changes were missed; every home is told again");
                tell_again(&hub).await;
            }
            Err(RecvError::Closed) => return,
        }
    }
}

async fn tell_again(hub: &Arc<Hub>) {
    hub.links.tell_all(|inside| inside.all = true);
    match hub.store.closed(CLOSED_AGAIN).await {
        Ok(cases) => {
            for case in cases {
                hub.links.tell(&case.subject.gateway, |inside| {
                    inside.cases.insert(case.id);
                });
            }
        }
        Err(e) => tracing::error!(error = %e, "the closed cases could not be read"),
    }
}
