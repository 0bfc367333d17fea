//! Tells the home, on a client of its own, what the core wants told: retained, the last word of each topic. Whoever tells
//! never waits; while the broker is away words wait here, and each connection begins by telling all of them again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rumqttc::{AsyncClient, LastWill, Packet, QoS};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::config::{ClientId, MqttSource};
use super::words::Broker;
use super::{GOOD, OUTGOING, PAUSES, call_promptly, options};
use crate::back_off::BackOff;

/// How many topics are remembered.
const TOPICS: usize = 512;
/// The longest word, bytes.
const WORD: usize = 64 << 10;
/// Words that are on their way to the broker at one time.
const IN_FLIGHT: u16 = 16;
/// Below the branch: `online`, and `offline` as our will, both retained.
const STATE: &str = "state";

/// The one who tells. Dropping it ends the telling, and the broker says `offline` for us.
#[derive(Debug)]
pub struct Teller {
    board: Arc<Board>,
    task: JoinHandle<()>,
}

impl Teller {
    /// Tells at this broker, below `branch` (such as `tecs/home-7`), under the id with `-tell` after it.
    pub fn spawn(config: MqttSource, id: &ClientId, branch: &str) -> Self {
        let board = Arc::new(Board::default());
        let id = id.with("-tell");
        let run = Run {
            broker: Broker::new(&config, &id),
            branch: branch.to_owned(),
            board: Arc::clone(&board),
            config,
            id,
        };
        Self {
            board,
            task: tokio::spawn(run.run()),
        }
    }

    /// Tells this, retained, on `<branch>/<topic>`; an empty payload clears. Never waits. A topic with a wildcard, a word
    /// over 64 KiB or a topic beyond the 512th is dropped with a line in the log.
    pub fn tell(&self, topic: &str, payload: String) {
        if topic.is_empty() || topic.contains(['+', '#', '\0']) || topic.len() > 512 {
            tracing::error!("a word for the home was dropped: no topic is called so");
        } else if payload.len() > WORD {
            tracing::error!(
                bytes = payload.len(),
                "a word for the home was dropped: too long"
            );
        } else if !self.board.write(topic, payload.into()) {
            tracing::error!(
                topics = TOPICS,
                "a word for the home was dropped: too many topics"
            );
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The last word of each topic, and which of them this connection has not been told.
#[derive(Debug, Default)]
struct Board {
    words: Mutex<Words>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Words {
    last: BTreeMap<String, Bytes>,
    untold: VecDeque<String>,
}

impl Board {
    /// False when there is no room: only a topic that was cleared gives up its place.
    fn write(&self, topic: &str, payload: Bytes) -> bool {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if !words.last.contains_key(topic) && words.last.len() >= TOPICS && !words.forget_one() {
            return false;
        }
        words.last.insert(topic.to_owned(), payload);
        if !words.untold.iter().any(|waiting| waiting == topic) {
            words.untold.push_back(topic.to_owned());
        }
        self.news.notify_one();
        true
    }

    /// What has not been told yet, in the order in which it was written first.
    fn take(&self) -> Option<(String, Bytes)> {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let topic = words.untold.pop_front()?;
        let payload = words.last.get(&topic)?.clone();
        Some((topic, payload))
    }

    /// The broker may have forgotten everything, or remember what was cleared since: all is told again.
    fn all_again(&self) {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let (cleared, kept): (Vec<_>, Vec<_>) =
            (words.last.iter()).partition(|(_, p)| p.is_empty());
        words.untold = (kept.into_iter().chain(cleared))
            .map(|(topic, _)| topic.clone())
            .collect();
    }
}

impl Words {
    /// Lets go of a topic that was cleared and whose clearing is not waiting.
    fn forget_one(&mut self) -> bool {
        let untold = &self.untold;
        let found = (self.last.iter())
            .find(|(topic, payload)| payload.is_empty() && !untold.contains(*topic))
            .map(|(topic, _)| topic.clone());
        found.is_some_and(|topic| self.last.remove(&topic).is_some())
    }
}

/// What calls the broker again and again.
struct Run {
    config: MqttSource,
    id: ClientId,
    branch: String,
    broker: Broker,
    board: Arc<Board>,
}

impl Run {
    async fn run(self) {
        let mut pauses = BackOff::new(PAUSES.0, PAUSES.1);
        let mut said = String::new();
        loop {
            let called = Instant::now();
            let why = self.connection().await;
            if why != said {
                tracing::warn!(why, "the home cannot be told");
                said = why;
            }
            if called.elapsed() > GOOD {
                pauses.reset();
            }
            tokio::time::sleep(pauses.pause()).await;
        }
    }

    /// One connection, to its end: why it ended.
    async fn connection(&self) -> String {
        let mut options = match options::options(&self.config, &self.id) {
            Ok(options) => options,
            Err(fault) => return fault.to_string(),
        };
        let will = LastWill::new(self.topic(STATE), "offline", QoS::AtLeastOnce, true);
        options
            .set_clean_session(true)
            .set_last_will(will)
            .set_inflight(IN_FLIGHT)
            .set_max_packet_size(OUTGOING, OUTGOING);
        let (client, mut eventloop) = AsyncClient::new(options, usize::from(2 * IN_FLIGHT));
        call_promptly(&mut eventloop);
        let mut greeted = false;
        let poll = async {
            loop {
                match eventloop.poll().await {
                    Ok(rumqttc::Event::Incoming(Packet::ConnAck(_))) => {
                        tracing::info!("the home can be told");
                        greeted = true;
                    }
                    Ok(_) => {}
                    Err(error) => return error,
                }
            }
        };
        tokio::select! {
            error = poll => self.broker.lost(&error, greeted),
            () = self.speak(&client) => format!("a word for the home was refused by the client of {}", self.id.as_str()),
        }
    }

    /// Tells all, and then what is new; waits for the broker as long as it takes.
    async fn speak(&self, client: &AsyncClient) {
        self.board.all_again();
        let mut word = Some((STATE.to_owned(), Bytes::from_static(b"online")));
        loop {
            while let Some((topic, payload)) = word {
                let topic = self.topic(&topic);
                let told = client.publish_bytes(topic, QoS::AtLeastOnce, true, payload);
                if told.await.is_err() {
                    return;
                }
                word = self.board.take();
            }
            self.board.news.notified().await;
            word = self.board.take();
        }
    }

    fn topic(&self, below: &str) -> String {
        format!("{}/{below}", self.branch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_topic_wins_while_nobody_listens() {
        let board = Board::default();
        for word in ["kept", "accepted", "presented"] {
            assert!(board.write("alarm/1", word.into()));
        }
        assert_eq!(board.take(), Some(("alarm/1".into(), "presented".into())));
        assert_eq!(board.take(), None);
    }

    #[test]
    fn only_a_cleared_topic_gives_up_its_place() {
        let board = Board::default();
        for n in 0..TOPICS {
            assert!(board.write(&format!("alarm/{n}"), "open".into()));
        }
        assert!(!board.write("one/more", "open".into()));
        assert!(board.write("alarm/7", Bytes::new()));
        assert!(
            !board.write("one/more", "open".into()),
            "its clearing is not told yet"
        );
        while board.take().is_some() {}
        assert!(board.write("one/more", "open".into()));
    }

    #[test]
    fn a_new_connection_is_told_everything_the_open_ones_first() {
        let board = Board::default();
        board.write("a", Bytes::new());
        board.write("b", "open".into());
        while board.take().is_some() {}
        board.all_again();
        let told: Vec<String> = std::iter::from_fn(|| board.take()).map(|w| w.0).collect();
        assert_eq!(told, ["b", "a"]);
    }
}
