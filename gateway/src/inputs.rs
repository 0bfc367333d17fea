//! The way in: every edge has its own bounded lane, and the loop takes one input from each lane in turn, so that an edge
//! that floods makes itself wait and nobody else. Looks into no input and decides nothing.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use gateway_core::input::{Input, JournalSays, LinkSays};
use tecs_protocol::Bytes;
use tecs_protocol::prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// The loop has ended: nobody takes inputs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the gateway's loop has ended")]
pub struct LoopEnded;

/// An input on its way, and the room it takes until the loop has it.
struct Waiting {
    input: Input,
    _room: Option<OwnedSemaphorePermit>,
}

/// One edge's lane, its sending end. Inputs of one lane stay in their order.
#[derive(Clone)]
pub struct Inputs {
    lane: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
    bytes: u32,
}

impl Inputs {
    /// Hands an input to the loop; waits while the lane is full, by count or by bytes.
    pub async fn give(&self, input: Input) -> Result<(), LoopEnded> {
        // One that is larger than the whole lane passes alone.
        let cost = u32::try_from(weight(&input)).map_or(self.bytes, |w| w.min(self.bytes));
        let room = Arc::clone(&self.room)
            .acquire_many_owned(cost)
            .await
            .map_err(|_| LoopEnded)?;
        let waiting = Waiting {
            input,
            _room: Some(room),
        };
        self.lane.send(waiting).await.map_err(|_| LoopEnded)
    }

    /// The same for a thread outside the runtime; bounded by count alone. Panics inside an async task.
    pub fn give_blocking(&self, input: Input) -> Result<(), LoopEnded> {
        let waiting = Waiting { input, _room: None };
        self.lane.blocking_send(waiting).map_err(|_| LoopEnded)
    }
}

/// How many bytes an input holds that its sender could make large.
fn weight(input: &Input) -> usize {
    match input {
        Input::Publish { topic, payload, .. } => topic.len() + payload.len(),
        Input::Bytes { bytes, .. } => bytes.len(),
        Input::Journal(JournalSays::Loaded { bytes, .. }) => bytes.as_ref().map_or(0, Bytes::len),
        Input::Link {
            says: LinkSays::Heard(words),
            ..
        } => words.encoded_len(),
        Input::Clock { .. }
        | Input::SourceUp { .. }
        | Input::SourceDown { .. }
        | Input::Journal(_)
        | Input::Link { .. }
        | Input::Order(_)
        | Input::Power { .. }
        | Input::Tick
        | Input::Stop => 0,
    }
}

/// The lanes' receiving end, for the one loop.
#[derive(Default)]
pub struct Intake {
    lanes: Vec<mpsc::Receiver<Waiting>>,
    next: usize,
}

impl Intake {
    /// Without a lane yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a lane for one edge that holds at most so many inputs and, for those given asynchronously, bytes.
    pub fn edge(&mut self, inputs: usize, bytes: u32) -> Inputs {
        let (lane, receiver) = mpsc::channel(inputs.max(1));
        self.lanes.push(receiver);
        Inputs {
            lane,
            room: Arc::new(Semaphore::new(bytes as usize)),
            bytes,
        }
    }

    /// Waits for at least one input and appends what is there, one of each lane in turn, at most `most`. Says how many;
    /// 0 means that every edge is gone. Nothing is lost when the future is dropped.
    pub async fn fill(&mut self, batch: &mut Vec<Input>, most: usize) -> usize {
        poll_fn(|cx| self.poll_fill(cx, batch, most.max(1))).await
    }

    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Input>,
        most: usize,
    ) -> Poll<usize> {
        let mut taken = 0;
        loop {
            let (round, gone) = self.poll_round(cx, batch, most - taken);
            taken += round;
            if taken == most || (round == 0 && taken > 0) || gone == self.lanes.len() {
                return Poll::Ready(taken);
            }
            if round == 0 {
                return Poll::Pending;
            }
        }
    }

    /// At most one input of each lane, from the lane whose turn it is: how many, and how many lanes are gone.
    fn poll_round(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Input>,
        most: usize,
    ) -> (usize, usize) {
        let (mut taken, mut gone) = (0, 0);
        let (count, first) = (self.lanes.len(), self.next);
        for step in 0..count {
            let at = (first + step) % count;
            let Some(lane) = self.lanes.get_mut(at) else {
                continue;
            };
            match lane.poll_recv(cx) {
                Poll::Ready(Some(waiting)) => {
                    batch.push(waiting.input);
                    taken += 1;
                    self.next = (at + 1) % count;
                    if taken == most {
                        break;
                    }
                }
                Poll::Ready(None) => gone += 1,
                Poll::Pending => {}
            }
        }
        (taken, gone)
    }
}

/// What was last said about a source's path, so that it is said once: an `Up` after each `Down`, and a `Down` again only
/// with other words.
pub struct SourcePath {
    source: usize,
    inputs: Inputs,
    said: Said,
}

/// See [`SourcePath`].
#[derive(PartialEq, Eq)]
enum Said {
    Nothing,
    Up,
    Down(String),
}

impl SourcePath {
    /// Nothing has been said of this source yet.
    pub fn new(source: usize, inputs: Inputs) -> Self {
        Self {
            source,
            inputs,
            said: Said::Nothing,
        }
    }

    /// The lane that the path's state is said on; what the path brings goes the same way.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The index of its source.
    pub fn source(&self) -> usize {
        self.source
    }

    /// The path is open.
    pub async fn up(&mut self, resumed: bool) -> Result<(), LoopEnded> {
        if self.said == Said::Up {
            return Ok(());
        }
        tracing::info!(source = self.source, resumed, "the source's path is open");
        self.said = Said::Up;
        let source = self.source;
        self.inputs.give(Input::SourceUp { source, resumed }).await
    }

    /// The path is gone.
    pub async fn down(&mut self, why: String) -> Result<(), LoopEnded> {
        if matches!(&self.said, Said::Down(said) if *said == why) {
            return Ok(());
        }
        tracing::warn!(source = self.source, why, "the source's path is gone");
        self.said = Said::Down(why.clone());
        let source = self.source;
        self.inputs.give(Input::SourceDown { source, why }).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn bytes(source: usize, len: usize) -> Input {
        Input::Bytes {
            source,
            bytes: vec![0; len].into(),
        }
    }

    fn source_of(input: &Input) -> usize {
        match input {
            Input::Bytes { source, .. } => *source,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_flooding_edge_costs_the_others_one_input_each_turn() {
        let mut intake = Intake::new();
        let (loud, quiet) = (intake.edge(100, 1 << 20), intake.edge(100, 1 << 20));
        for _ in 0..50 {
            loud.give(bytes(0, 1)).await.unwrap();
        }
        quiet.give(bytes(1, 1)).await.unwrap();
        quiet.give(bytes(1, 1)).await.unwrap();
        let mut batch = Vec::new();
        assert_eq!(intake.fill(&mut batch, 4).await, 4);
        let order: Vec<usize> = batch.iter().map(source_of).collect();
        assert_eq!(order, [0, 1, 0, 1]);
    }

    #[tokio::test]
    async fn a_batch_takes_all_that_is_there_and_no_more_than_asked() {
        let mut intake = Intake::new();
        let edge = intake.edge(100, 1 << 20);
        for _ in 0..10 {
            edge.give(bytes(0, 1)).await.unwrap();
        }
        let mut batch = Vec::new();
        assert_eq!(intake.fill(&mut batch, 7).await, 7);
        assert_eq!(intake.fill(&mut batch, 7).await, 3);
        drop(edge);
        assert_eq!(intake.fill(&mut batch, 7).await, 0);
        assert_eq!(batch.len(), 10);
    }

    #[tokio::test]
    async fn a_lane_is_bounded_by_bytes_and_lets_a_giant_pass_alone() {
        let mut intake = Intake::new();
        let edge = intake.edge(100, 1_000);
        edge.give(bytes(0, 5_000)).await.unwrap();
        let second = edge.give(bytes(0, 1));
        let waited = tokio::time::timeout(Duration::from_millis(20), second).await;
        assert!(waited.is_err(), "the lane was full");
        let mut batch = Vec::new();
        intake.fill(&mut batch, 10).await;
        edge.give(bytes(0, 1)).await.unwrap();
        assert_eq!(intake.fill(&mut batch, 10).await, 1);
    }

    #[tokio::test]
    async fn the_same_words_about_a_path_are_said_once() {
        let mut intake = Intake::new();
        let mut path = SourcePath::new(3, intake.edge(100, 1_000));
        path.down("no broker".into()).await.unwrap();
        path.down("no broker".into()).await.unwrap();
        path.down("wrong password".into()).await.unwrap();
        path.up(true).await.unwrap();
        path.up(true).await.unwrap();
        path.down("no broker".into()).await.unwrap();
        let mut batch = Vec::new();
        assert_eq!(intake.fill(&mut batch, 100).await, 4);
    }
}
