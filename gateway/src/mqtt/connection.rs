//! One connection to a source's broker, from the greeting to its end: subscribes, hands every publish on under this
//! connection's number, lets acknowledgements out. Decides nothing about what it carries.
//!
//! Each connection has its own client: rumqttc would carry packets that it had read, and acknowledgements that had not
//! left, over into the next one, where the same packet ids name other messages.

use std::time::Duration;

use gateway_core::input::Input;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Outgoing, Packet, Publish, QoS, StateError,
    SubscribeFilter, SubscribeReasonCode,
};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::config::{Asked, Filter};
use super::words::Broker;
use crate::inputs::{LoopEnded, SourcePath};

/// Requests that rumqttc may hold: a full one makes acknowledgements wait in their own queue, never the reader.
pub(super) const REQUESTS: usize = 1024;
/// What is held back, at most, until the broker has answered our subscription: messages.
const HELD_MESSAGES: usize = 1024;
/// The same in bytes of payload.
const HELD_BYTES: usize = 4 << 20;
/// Refused filters are asked for again this often.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// Set in the token of a message of quality 2: we never ask for one, but a session that somebody else began may bring it.
const EXACTLY_ONCE: u64 = 1 << 63;

/// How a connection ended.
#[derive(Debug)]
pub(super) enum End {
    /// It was lost, or could not be made.
    Lost(String),
    /// A packet of this many bytes is over the limit.
    TooLarge(usize),
    /// We want a new one: it was asked for, or refused filters are allowed now.
    Anew,
    /// Nobody listens to us any more.
    LoopEnded,
}

impl From<LoopEnded> for End {
    fn from(LoopEnded: LoopEnded) -> Self {
        Self::LoopEnded
    }
}

/// What a connection needs of its source.
pub(super) struct Connection<'a> {
    pub(super) number: u64,
    pub(super) broker: &'a Broker,
    pub(super) filters: watch::Receiver<Vec<Filter>>,
    pub(super) qos: Asked,
    pub(super) path: &'a mut SourcePath,
    pub(super) reopen: &'a Notify,
    /// Acknowledgements that were given and have not left.
    pub(super) owed: &'a watch::Sender<u64>,
}

/// The name under which a publish of this connection is acknowledged.
fn token(number: u64, publish: &Publish) -> Option<u64> {
    let plain = (number << 16) | u64::from(publish.pkid);
    match publish.qos {
        QoS::AtMostOnce => None,
        QoS::AtLeastOnce => Some(plain),
        QoS::ExactlyOnce => Some(plain | EXACTLY_ONCE),
    }
}

/// Lets the acknowledgements of this connection out, in the order in which they come. Those of an older one are dropped:
/// here their packet ids name other messages.
pub(super) async fn acknowledge(
    number: u64,
    tokens: &mut mpsc::UnboundedReceiver<u64>,
    client: &AsyncClient,
    owed: &watch::Sender<u64>,
) {
    while let Some(token) = tokens.recv().await {
        let plain = token & !EXACTLY_ONCE;
        if plain >> 16 != number {
            tracing::debug!(
                token,
                "an acknowledgement for an older connection was dropped"
            );
            left(owed);
            continue;
        }
        let qos = if token == plain {
            QoS::AtLeastOnce
        } else {
            QoS::ExactlyOnce
        };
        let mut publish = Publish::new("", qos, Vec::new());
        publish.pkid = u16::try_from(plain & 0xffff).unwrap_or_default();
        if client.ack(&publish).await.is_err() {
            return;
        }
    }
}

/// An acknowledgement has left, or never will.
fn left(owed: &watch::Sender<u64>) {
    owed.send_modify(|owed| *owed = owed.saturating_sub(1));
}

impl Connection<'_> {
    /// Reads until the connection ends. What was read before the end is handed on, under this number.
    pub(super) async fn listen(self, mut eventloop: EventLoop, client: &AsyncClient) -> End {
        let reopen = self.reopen;
        let mut filters = self.filters.clone();
        filters.mark_unchanged();
        let mut talk = Talk::new(self);
        let end = loop {
            let polled = tokio::select! {
                () = reopen.notified() => break End::Anew,
                Ok(()) = filters.changed() => match talk.ask_for_more(client) {
                    Ok(()) => continue,
                    Err(end) => break end,
                },
                polled = eventloop.poll() => polled,
            };
            let event = match polled {
                Ok(event) => event,
                Err(error) => break talk.end_of(&error),
            };
            match talk.hear(event, client).await {
                Ok(()) => {}
                Err(end) => break end,
            }
        };
        let read: Vec<Event> = eventloop.state.events.drain(..).collect();
        match talk.finish(read).await {
            Ok(()) => end,
            Err(LoopEnded) => End::LoopEnded,
        }
    }
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The broker has not greeted us.
    Calling,
    /// It has; our subscription is not answered yet.
    Greeted { resumed: bool },
    /// What it brings is handed on as it comes.
    Open,
    /// The same, but some filters are refused until then.
    Deaf { ask_again: Instant },
}

/// A connection as it goes on.
struct Talk<'a> {
    of: Connection<'a>,
    stage: Stage,
    /// The filters of the subscription that is not answered yet, or was refused.
    asked: Vec<Filter>,
    /// Every filter that this connection has asked for.
    known: Vec<Filter>,
    /// The broker owes us an answer.
    waiting: bool,
    held: Vec<Publish>,
    held_bytes: usize,
}

impl<'a> Talk<'a> {
    fn new(of: Connection<'a>) -> Self {
        let asked = of.filters.borrow().clone();
        Self {
            known: asked.clone(),
            asked,
            waiting: false,
            of,
            stage: Stage::Calling,
            held: Vec::new(),
            held_bytes: 0,
        }
    }

    fn end_of(&self, error: &ConnectionError) -> End {
        if let ConnectionError::MqttState(StateError::Deserialization(
            rumqttc::Error::PayloadSizeLimitExceeded(bytes),
        )) = error
        {
            return End::TooLarge(*bytes);
        }
        End::Lost(self.of.broker.lost(error, self.stage != Stage::Calling))
    }

    async fn hear(&mut self, event: Event, client: &AsyncClient) -> Result<(), End> {
        match event {
            Event::Incoming(Packet::ConnAck(greeting)) => {
                self.stage = Stage::Greeted {
                    resumed: greeting.session_present,
                };
                self.subscribe(client)
            }
            Event::Incoming(Packet::SubAck(answer)) => {
                self.waiting = false;
                self.answered(&answer.return_codes).await?;
                self.ask_for_more(client)
            }
            Event::Incoming(Packet::Publish(publish)) => Ok(self.deliver(publish).await?),
            Event::Outgoing(Outgoing::PubAck(_) | Outgoing::PubRec(_)) => {
                left(self.of.owed);
                Ok(())
            }
            Event::Incoming(_) | Event::Outgoing(_) => {
                // Pings pass every few seconds: often enough to look at this.
                if let Stage::Deaf { ask_again } = self.stage
                    && ask_again <= Instant::now()
                {
                    self.stage = Stage::Deaf {
                        ask_again: Instant::now() + ASK_AGAIN,
                    };
                    return self.subscribe(client);
                }
                Ok(())
            }
        }
    }

    /// Asks for every filter at each greeting, because a session may be gone, or be older than our configuration; later
    /// only for what was refused, because an answer brings what is retained.
    fn subscribe(&mut self, client: &AsyncClient) -> Result<(), End> {
        self.waiting = true;
        let qos = match self.of.qos {
            Asked::AtMostOnce => QoS::AtMostOnce,
            Asked::AtLeastOnce => QoS::AtLeastOnce,
        };
        let asked = (self.asked.iter()).map(|f| SubscribeFilter::new(f.as_str().to_owned(), qos));
        client
            .try_subscribe_many(asked)
            .map_err(|error| End::Lost(format!("the subscription cannot be sent: {error}")))
    }

    /// What the source was taught has added filters: they are asked for once the broker has answered the last question.
    fn ask_for_more(&mut self, client: &AsyncClient) -> Result<(), End> {
        if self.waiting || self.stage != Stage::Open {
            return Ok(());
        }
        let wanted = self.of.filters.borrow().clone();
        let more: Vec<Filter> = (wanted.into_iter())
            .filter(|filter| !self.known.contains(filter))
            .collect();
        if more.is_empty() {
            return Ok(());
        }
        self.known.extend(more.iter().cloned());
        self.asked = more;
        self.subscribe(client)
    }

    /// The broker has answered our subscription. A source that is half deaf is told as down, and still listened to.
    async fn answered(&mut self, codes: &[SubscribeReasonCode]) -> Result<(), End> {
        let refused: Vec<Filter> = (self.asked.iter().zip(codes))
            .filter(|(_, code)| **code == SubscribeReasonCode::Failure)
            .map(|(filter, _)| filter.clone())
            .collect();
        match self.stage {
            Stage::Deaf { .. } if refused.is_empty() => return Err(End::Anew),
            Stage::Greeted { resumed } => self.of.path.up(resumed).await?,
            Stage::Calling | Stage::Open | Stage::Deaf { .. } => {}
        }
        if refused.is_empty() {
            self.stage = Stage::Open;
        } else {
            self.stage = Stage::Deaf {
                ask_again: Instant::now() + ASK_AGAIN,
            };
            let why = self.of.broker.refused_filters(&refused);
            self.asked = refused;
            self.of.path.down(why).await?;
        }
        Ok(self.release().await?)
    }

    /// Hands a publish on, after the word that the path is open: whether the session was resumed says what a repeat means.
    async fn deliver(&mut self, publish: Publish) -> Result<(), LoopEnded> {
        let Stage::Greeted { resumed } = self.stage else {
            return self.hand_on(publish).await;
        };
        self.held_bytes += publish.payload.len();
        self.held.push(publish);
        if self.held.len() < HELD_MESSAGES && self.held_bytes < HELD_BYTES {
            return Ok(());
        }
        self.of.path.up(resumed).await?;
        self.stage = Stage::Open;
        self.release().await
    }

    async fn release(&mut self) -> Result<(), LoopEnded> {
        self.held_bytes = 0;
        for publish in std::mem::take(&mut self.held) {
            self.hand_on(publish).await?;
        }
        Ok(())
    }

    async fn hand_on(&self, publish: Publish) -> Result<(), LoopEnded> {
        let token = token(self.of.number, &publish);
        let input = Input::Publish {
            source: self.of.path.source(),
            topic: publish.topic,
            payload: publish.payload,
            retained: publish.retain,
            dup: publish.dup,
            packet: publish.pkid,
            token,
        };
        self.of.path.inputs().give(input).await
    }

    /// The connection has ended: what had been read goes on, because an alarm among it waits for nothing.
    async fn finish(&mut self, read: Vec<Event>) -> Result<(), LoopEnded> {
        for event in read {
            if let Event::Incoming(Packet::Publish(publish)) = event {
                self.deliver(publish).await?;
            }
        }
        if let Stage::Greeted { resumed } = self.stage
            && !self.held.is_empty()
        {
            self.of.path.up(resumed).await?;
        }
        self.release().await
    }
}
