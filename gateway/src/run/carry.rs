//! The one loop: inputs in, effects out, the time read once a turn. It only carries.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use gateway_core::{Gateway, Input, JournalSays, Mono, Recovered};

use crate::asked::{Question, Questions, View};
use crate::clock::{Clock, TOLD_EVERY_MS};
use crate::inputs::Intake;
use crate::journal::Opened;
use crate::notes::Notes;
use crate::notify::Notify;
use crate::power::Power;
use crate::progress::{Progress, TURNS_EVERY};
use crate::record::Recorder;
use crate::taps::Taps;

use super::edges::{Edges, Then};
use super::{ENDS_WITHIN, RunFault};

/// Inputs that one turn takes before it settles.
const BATCH: usize = 512;

/// Acknowledgements that were given leave within this at the end: one that does not makes its source send again.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
/// A journal that answers closes within this.
const CLOSES_WITHIN: Duration = Duration::from_secs(2);

/// Everything that turns.
pub(super) struct Loop {
    pub(super) gateway: Gateway,
    /// Where what the journal holds comes from, when it was not open in time.
    pub(super) late: Option<Opened>,
    pub(super) intake: Intake,
    pub(super) edges: Edges,
    pub(super) notes: Notes,
    pub(super) clock: Clock,
    pub(super) power: Power,
    pub(super) questions: Questions,
    pub(super) recorder: Option<Recorder>,
    pub(super) progress: Progress,
    pub(super) notify: Arc<Notify>,
    pub(super) started: Mono,
    pub(super) taps: Taps,
}

/// What the loop waited for.
enum Woken {
    /// Inputs, or the time.
    Work,
    /// The journal is open after all, or never will be.
    Opened(Result<Recovered, RunFault>),
    Question(Question),
}

impl Loop {
    /// Turns until the core has stopped, or 5 s after it was asked to.
    pub(super) async fn run(mut self) -> Result<(), RunFault> {
        let mut batch = Vec::with_capacity(BATCH);
        let mut told = None;
        let mut end_by: Option<Mono> = None;
        loop {
            let now = Clock::now();
            self.progress.turned();
            if told.is_none_or(|at| now.since(at) >= TOLD_EVERY_MS) || self.clock.jumped() {
                told = Some(now);
                batch.push(self.clock.tell());
                batch.extend(self.power.news());
            }
            if end_by.is_none() && batch.iter().any(|input| matches!(input, Input::Stop)) {
                self.notify.stopping();
                end_by = Some(now.plus(ms(ENDS_WITHIN)));
            }
            match self.turn(&mut batch, now) {
                Then::GoOn => {}
                Then::Stopped => {
                    self.end(end_by).await;
                    return Ok(());
                }
                Then::JournalEnded => return Err(RunFault::JournalEnded),
            }
            if end_by.is_some_and(|at| at <= now) {
                tracing::error!(
                    "not everything was at rest within 5 s: what was not acknowledged will be sent again"
                );
                return Ok(());
            }
            match self.wait(&mut batch, end_by).await {
                Woken::Work => {}
                Woken::Opened(found) => {
                    self.late = None;
                    batch.push(Input::Journal(JournalSays::Opened(found?)));
                }
                Woken::Question(question) => question(&View {
                    gateway: &self.gateway,
                    notes: &self.notes,
                    taps: &self.taps,
                    journal: Some(self.edges.journal()),
                    started: self.started,
                    now: Clock::now(),
                }),
            }
        }
    }

    /// One turn: what happened, then what follows.
    fn turn(&mut self, batch: &mut Vec<Input>, now: Mono) -> Then {
        if self.gateway.poll_timeout().is_some_and(|(at, _)| at <= now) {
            batch.push(Input::Tick);
        }
        self.gateway.look(self.taps.are_open());
        for input in batch.drain(..) {
            if let Some(recorder) = &mut self.recorder {
                recorder.input(now, &input);
            }
            self.gateway.handle(input, now);
        }
        self.gateway.settle(now);
        if let Some(recorder) = &mut self.recorder {
            recorder.settle(now);
        }
        while let Some(tapped) = self.gateway.poll_tapped() {
            self.taps.show(tapped);
        }
        let mut then = Then::GoOn;
        while let Some(effect) = self.gateway.poll_effect() {
            match self.edges.carry_out(effect, &mut self.notes) {
                Then::GoOn => {}
                other => then = other,
            }
        }
        then
    }

    /// Waits for an input, a question, a deadline of the core's, or a second.
    async fn wait(&mut self, batch: &mut Vec<Input>, end_by: Option<Mono>) -> Woken {
        let now = Clock::now();
        let due = self.gateway.poll_timeout().map(|(at, _)| at);
        let due = due.into_iter().chain(end_by).min();
        let pause = due.map_or(TURNS_EVERY, |at| {
            Duration::from_millis(at.since(now)).min(TURNS_EVERY)
        });
        tokio::select! {
            biased;
            // Few, local and cheap: a flood of inputs must not hide the daemon's state.
            Some(question) = self.questions.recv() => Woken::Question(question),
            found = opened(self.late.as_mut()) => Woken::Opened(found),
            taken = self.intake.fill(batch, BATCH) => {
                if taken == 0 {
                    // Every edge has ended, which only the end of the daemon brings about: no reason to spin.
                    tokio::time::sleep(pause).await;
                }
                Woken::Work
            }
            () = tokio::time::sleep(pause) => Woken::Work,
        }
    }

    /// The core has stopped: acknowledgements leave, and the journal closes in what is left of the 5 s.
    async fn end(mut self, end_by: Option<Mono>) {
        let at_rest = self.gateway.is_at_rest();
        let answers = async {
            let mut unheard = Vec::new();
            tokio::select! {
                () = self.edges.answers_have_left() => {}
                // A reader that waits for us would keep them from leaving; what it brings now is not acknowledged.
                () = async { while self.intake.fill(&mut unheard, BATCH).await > 0 { unheard.clear(); } } => {}
            }
        };
        let answered = timeout(ANSWERS_WITHIN, answers).await;
        let left = end_by.map_or(ms(ENDS_WITHIN), |at| at.since(Clock::now()));
        let left = Duration::from_millis(left).min(CLOSES_WITHIN);
        let closed = self.edges.close(left);
        match (at_rest, closed) {
            (true, true) => tracing::info!("ended; nothing is left unsafe"),
            (false, true) => tracing::error!(
                "not everything was safe within 2 s: what was not acknowledged is sent again by its source"
            ),
            (_, false) => tracing::error!(
                "the journal did not close in time; it will be read as after a kill"
            ),
        }
        if answered.is_err() {
            tracing::warn!(
                "not every acknowledgement has left: what is sent again is known by its name"
            );
        }
    }
}

/// What a late journal holds, once it is open; never, when it is not late.
async fn opened(late: Option<&mut Opened>) -> Result<Recovered, RunFault> {
    match late {
        Some(late) => Ok(late.await.map_err(|_| RunFault::JournalEnded)??),
        None => std::future::pending().await,
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
