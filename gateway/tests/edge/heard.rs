//! What the loop would have heard: takes inputs one by one, with a limit on how long a test waits. Asserts nothing itself.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::VecDeque;
use std::time::Duration;

use gateway_core::input::Input;
use tecs_gateway::inputs::{Inputs, Intake};

/// How long anything may take here before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// A publish as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) dup: bool,
    pub(crate) retained: bool,
    pub(crate) token: Option<u64>,
}

/// The receiving end.
#[derive(Default)]
pub(crate) struct Heard {
    intake: Intake,
    waiting: VecDeque<Input>,
}

impl Heard {
    pub(crate) fn edge(&mut self) -> Inputs {
        self.intake.edge(64, 4 << 20)
    }

    /// The next input of any edge.
    pub(crate) async fn next(&mut self) -> Input {
        if let Some(input) = self.waiting.pop_front() {
            return input;
        }
        let mut batch = Vec::new();
        let filled = tokio::time::timeout(PATIENCE, self.intake.fill(&mut batch, 64)).await;
        filled.expect("nothing was heard in time");
        self.waiting.extend(batch);
        self.waiting.pop_front().expect("every edge is gone")
    }

    /// Nothing is heard for this long.
    pub(crate) async fn silence(&mut self, how_long: Duration) {
        if let Ok(input) = tokio::time::timeout(how_long, self.next()).await {
            panic!("heard {input:?}");
        }
    }

    /// The next input, which says that a source's path is open: whether its session was resumed.
    pub(crate) async fn up(&mut self) -> bool {
        match self.next().await {
            Input::SourceUp { resumed, .. } => resumed,
            other => panic!("{other:?}"),
        }
    }

    /// The next input, which says that a source's path is gone: why.
    pub(crate) async fn down(&mut self) -> String {
        match self.next().await {
            Input::SourceDown { why, .. } => why,
            other => panic!("{other:?}"),
        }
    }

    /// The path's way back up, past everything that is said of it in between: whether the session was resumed.
    pub(crate) async fn up_again(&mut self) -> bool {
        loop {
            match self.next().await {
                Input::SourceUp { resumed, .. } => return resumed,
                Input::SourceDown { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next input, which is a publish.
    pub(crate) async fn said(&mut self) -> Said {
        match self.next().await {
            Input::Publish {
                topic,
                payload,
                dup,
                retained,
                token,
                ..
            } => Said {
                topic,
                payload: payload.to_vec(),
                dup,
                retained,
                token,
            },
            other => panic!("{other:?}"),
        }
    }

    /// The next input, which is bytes of a line: its source, and they.
    pub(crate) async fn bytes(&mut self) -> (usize, Vec<u8>) {
        match self.next().await {
            Input::Bytes { source, bytes } => (source, bytes.to_vec()),
            other => panic!("{other:?}"),
        }
    }
}
