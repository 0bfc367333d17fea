//! The MQTT edge: listens to one broker per source and tells the home on another client. Carries; never acknowledges by
//! itself, never drops, never looks into a payload.
//!
//! ```text
//! broker ─► connection (number n) ─► Input::Publish, token n·2¹⁶ + packet id
//! broker ◄─ PUBACK, if n is still the connection ◄─ acknowledge(token), in the order given
//! ```
//!
//! MQTT 3.1.1 is spoken because brokers that are built into home automation often speak no 5. What 5 would add here is
//! `Maximum Packet Size`: a broker then drops what is too large without a word. Ours goes the other way: a packet over
//! `packet_limit` ends the connection, the next one takes it whole (up to the 256 MiB that MQTT allows, which is memory:
//! set `message_size_limit` in the broker), and the core refuses it by name and has it acknowledged. Nothing loops.

pub mod config;
mod connection;
mod options;
mod probe;
mod teller;
mod words;

use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, EventLoop, NetworkOptions};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use self::probe::probe;
pub use self::teller::Teller;

use self::config::{ClientId, Filter, LARGEST_PACKET, MqttSource};
use self::connection::{Connection, End, REQUESTS, acknowledge};
use self::words::Broker;
use crate::back_off::BackOff;
use crate::inputs::{Inputs, SourcePath};

/// The lane that a broker is given (`Intake::edge`): inputs, and bytes; a largest `bridge/devices` and as much again.
pub const LANE: (usize, u32) = (256, 16 << 20);
/// The shortest and the longest pause before a broker is called again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// A connection that lived this long was a good one: the next pause is the shortest again.
const GOOD: Duration = Duration::from_secs(10);
/// The longest packet that we send: a subscription, or a word into the home, bytes.
const OUTGOING: usize = 256 << 10;
/// A call to a broker is given up after this long, seconds.
const CALL_S: u64 = 5;

/// One broker that is listened to. Dropping it ends the listening; the broker keeps what was not acknowledged.
#[derive(Debug)]
pub struct MqttHandle {
    tokens: mpsc::UnboundedSender<u64>,
    /// Acknowledgements that were given and have not left.
    owed: watch::Sender<u64>,
    reopen: Arc<Notify>,
    /// The filters of the configuration, which no dialect changes.
    own: Vec<Filter>,
    filters: watch::Sender<Vec<Filter>>,
    task: JoinHandle<()>,
}

impl MqttHandle {
    /// Listens to these topics from now on, besides those of the configuration. What is new is asked for at once; what is
    /// not wanted any more is not asked for at the next connection.
    pub fn listen(&self, topics: Vec<String>) {
        let mut filters: Vec<Filter> = topics
            .into_iter()
            .filter_map(|topic| Filter::try_from(topic).ok())
            .collect();
        filters.extend(self.own.iter().cloned());
        self.filters.send_if_modified(|now| {
            let changed = *now != filters;
            *now = filters;
            changed
        });
    }

    /// Lets the broker forget the message with this token. Acknowledgements leave in the order of these calls; one for a
    /// connection that is gone is dropped. Never waits: there are never more than there are unacknowledged messages.
    pub fn acknowledge(&self, token: u64) {
        self.owed.send_modify(|owed| *owed += 1);
        // The task ends only with the loop, and then nobody acknowledges.
        let _ = self.tokens.send(token);
    }

    /// Waits until every acknowledgement that was given is with the system, or its connection is gone.
    pub async fn answers_have_left(&self) {
        // It fails only when nobody counts any more.
        let _ = self.owed.subscribe().wait_for(|owed| *owed == 0).await;
    }

    /// Drops the connection and calls again at once: the broker then sends once more what was not acknowledged.
    pub fn reopen(&self) {
        self.reopen.notify_one();
    }
}

impl Drop for MqttHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens to `filters` at this broker as source number `source`, from now on and through every loss.
pub fn spawn(
    config: MqttSource,
    id: ClientId,
    filters: Vec<Filter>,
    source: usize,
    inputs: Inputs,
) -> MqttHandle {
    let (tokens, heard) = mpsc::unbounded_channel();
    let own = config.topics.clone();
    let (filters, wanted) = watch::channel(filters);
    let reopen = Arc::new(Notify::new());
    let owed = watch::Sender::new(0);
    let listener = Listener {
        broker: Broker::new(&config, &id),
        path: SourcePath::new(source, inputs),
        reopen: Arc::clone(&reopen),
        number: 0,
        config,
        id,
        filters: wanted,
        owed: owed.clone(),
    };
    MqttHandle {
        tokens,
        owed,
        reopen,
        own,
        filters,
        task: tokio::spawn(listener.run(heard)),
    }
}

/// What calls one broker again and again.
struct Listener {
    config: MqttSource,
    id: ClientId,
    filters: watch::Receiver<Vec<Filter>>,
    owed: watch::Sender<u64>,
    broker: Broker,
    path: SourcePath,
    reopen: Arc<Notify>,
    /// Counts connections; 48 bits of it fit into a token.
    number: u64,
}

impl Listener {
    async fn run(mut self, mut tokens: mpsc::UnboundedReceiver<u64>) {
        let mut pauses = BackOff::new(PAUSES.0, PAUSES.1);
        let mut limit = self.config.packet_limit;
        loop {
            let called = Instant::now();
            let end = self.connection(limit, &mut tokens).await;
            // What this connection took and did not let out never leaves; the next one drops the rest.
            self.owed.send_replace(tokens.len() as u64);
            if called.elapsed() > GOOD {
                pauses.reset();
            }
            limit = self.config.packet_limit;
            let (why, pause) = match end {
                End::LoopEnded => return,
                End::Lost(why) => (why, pauses.pause()),
                End::Anew => (self.broker.opened_again(), Duration::ZERO),
                End::TooLarge(bytes) => {
                    limit = room_for(bytes);
                    (self.broker.too_large(bytes), Duration::ZERO)
                }
            };
            if self.path.down(why).await.is_err() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.reopen.notified() => {}
            }
        }
    }

    async fn connection(&mut self, limit: u32, tokens: &mut mpsc::UnboundedReceiver<u64>) -> End {
        self.number += 1;
        let mut options = match options::options(&self.config, &self.id) {
            Ok(options) => options,
            Err(fault) => return End::Lost(fault.to_string()),
        };
        options
            .set_clean_session(false)
            .set_manual_acks(true)
            .set_max_packet_size(limit as usize, OUTGOING);
        let (client, mut eventloop) = AsyncClient::new(options, REQUESTS);
        call_promptly(&mut eventloop);
        let connection = Connection {
            number: self.number,
            broker: &self.broker,
            filters: self.filters.clone(),
            qos: self.config.qos,
            path: &mut self.path,
            reopen: &self.reopen,
            owed: &self.owed,
        };
        // Side by side: a reader that waits for the loop must not keep acknowledgements from leaving the queue.
        tokio::select! {
            end = connection.listen(eventloop, &client) => end,
            () = acknowledge(self.number, tokens, &client, &self.owed) => End::LoopEnded,
        }
    }
}

/// The limit of the connection that takes a packet of this many bytes: in powers of two, so that a sender of ever larger
/// ones costs five connections at most.
fn room_for(bytes: usize) -> u32 {
    u32::try_from(bytes.next_power_of_two()).map_or(LARGEST_PACKET, |b| b.min(LARGEST_PACKET))
}

/// Small packets leave at once, and a broker that does not answer is given up soon.
fn call_promptly(eventloop: &mut EventLoop) {
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(CALL_S);
    eventloop.set_network_options(network);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ever_larger_packets_cost_five_connections_at_most() {
        let (mut limit, mut connections) = (8 << 20, 0);
        while limit < LARGEST_PACKET {
            limit = room_for(limit as usize + 1);
            connections += 1;
        }
        assert_eq!(connections, 5);
    }
}
