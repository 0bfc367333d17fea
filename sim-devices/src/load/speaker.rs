//! One publisher: says numbered messages at `QoS` 1, as fast as its window lets it or at a rate, and notes when it said
//! each. What the broker has acknowledged is what the home may count on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::figures::now_us;
use super::mqtt::{Caller, Client};
use super::words::{BYTES, Kind, say};

/// Messages without an acknowledgement, at most (the peers' window).
pub(super) const WINDOW: usize = 100;

/// What to say.
#[derive(Debug, Clone)]
pub(super) struct Speech {
    pub(super) kind: Kind,
    /// The first number; the others follow.
    pub(super) first: u64,
    /// How many, at most.
    pub(super) count: u64,
    /// A second; as fast as the window lets it without.
    pub(super) rate: Option<f64>,
    /// Ends it early when it turns true.
    pub(super) enough: Arc<AtomicBool>,
}

/// What was said: its number is its place from `first` on.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) kind: Kind,
    pub(super) first: u64,
    /// When each was handed to the broker's socket, µs since 1970.
    pub(super) at_us: Vec<u64>,
}

impl Said {
    /// When the first was said.
    pub(super) fn began_us(&self) -> u64 {
        self.at_us.first().copied().unwrap_or_default()
    }
}

/// Says it all; returns when the broker has acknowledged all of it.
pub(super) fn speak(caller: &Caller, id: &str, speech: &Speech) -> anyhow::Result<Said> {
    let mut client = Client::call(caller, id)?;
    let mut at_us = Vec::with_capacity(usize::try_from(speech.count).unwrap_or_default());
    let mut payload = Vec::with_capacity(BYTES);
    let mut waiting = 0_usize;
    let began = Instant::now();
    let mut said = 0_u64;
    while said < speech.count && !speech.enough.load(Ordering::Relaxed) {
        let due = due(speech.rate, said, began);
        let mut batch = 0;
        while waiting < WINDOW && said < speech.count && batch < due {
            say(speech.kind, speech.first + said, &mut payload);
            // Packet ids are given again only when no more than the window is in use.
            let packet = u16::try_from(said % 60_000).unwrap_or_default() + 1;
            let topic = speech.kind.topic(speech.first + said);
            client.publish(&topic, &payload, packet);
            (said, waiting, batch) = (said + 1, waiting + 1, batch + 1);
        }
        if batch > 0 {
            let now = now_us();
            at_us.resize(at_us.len() + batch, now);
            client.flush()?;
        }
        let pause = match speech.rate {
            None => Duration::from_mins(1),
            Some(rate) => next(rate, said, began),
        };
        waiting = waiting.saturating_sub(client.acknowledged(pause)?);
    }
    while waiting > 0 {
        let more = client.acknowledged(Duration::from_mins(1))?;
        anyhow::ensure!(more > 0, "the broker acknowledged nothing for a minute");
        waiting = waiting.saturating_sub(more);
    }
    Ok(Said {
        kind: speech.kind,
        first: speech.first,
        at_us,
    })
}

/// How many are due now.
fn due(rate: Option<f64>, said: u64, began: Instant) -> usize {
    let Some(rate) = rate else { return WINDOW };
    let by_now = 1.0 + began.elapsed().as_secs_f64() * rate;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small count of messages"
    )]
    let by_now = by_now as u64;
    usize::try_from(by_now.saturating_sub(said)).unwrap_or(WINDOW)
}

/// Until the next is due.
fn next(rate: f64, said: u64, began: Instant) -> Duration {
    let at = Duration::from_secs_f64(said as f64 / rate);
    at.saturating_sub(began.elapsed())
}
