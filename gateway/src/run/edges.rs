//! Every edge of one daemon, and which of them carries out which effect.

use std::time::Duration;

use gateway_core::{Effect, Input, JournalSays, settings};
use tecs_protocol::family::{self, Options};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::care_hub::CareHub;
use crate::config::{Config, ReachedBy};
use crate::inputs::Intake;
use crate::journal::JournalHandle;
use crate::mqtt::config::{Filter, MqttSource};
use crate::mqtt::{self, MqttHandle, Teller};
use crate::notes::Notes;
use crate::serial::{self, SerialHandle};

/// One lane of a broker: inputs, and their bytes (a large `bridge/devices` passes alone).
const BROKER_LANE: (usize, u32) = (256, 16 << 20);
/// One lane of a serial line.
const LINE_LANE: (usize, u32) = (256, 1 << 20);
/// The hub's lane.
const HUB_LANE: (usize, u32) = (1_024, 4 << 20);
/// The journal's lane: it answers what the core has asked.
const JOURNAL_LANE: (usize, u32) = (1_024, 16 << 20);

/// The edges.
pub(super) struct Edges {
    sources: Vec<Source>,
    hub: CareHub,
    journal: JournalHandle,
    teller: Option<Teller>,
}

enum Source {
    Broker(MqttHandle),
    Line(SerialHandle),
}

/// What an effect means for the loop itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Go on.
    GoOn,
    /// The core has nothing left that could be lost.
    Stopped,
    /// The journal takes no orders any more.
    JournalEnded,
}

impl Edges {
    /// Opens every edge; waits for none.
    pub(super) fn open(
        config: &Config,
        intake: &mut Intake,
        journal: JournalHandle,
        mut said: UnboundedReceiver<JournalSays>,
    ) -> Self {
        let journal_lane = intake.edge(JOURNAL_LANE.0, JOURNAL_LANE.1);
        tokio::spawn(async move {
            while let Some(says) = said.recv().await {
                if journal_lane.give(Input::Journal(says)).await.is_err() {
                    return;
                }
            }
        });
        let sources = (0..config.reached_by.len())
            .filter_map(|n| source(config, n, intake))
            .collect();
        let hub = CareHub::new(
            config.endpoints.clone(),
            config.hub_files.clone(),
            config.hub_queue_bytes,
            intake.edge(HUB_LANE.0, HUB_LANE.1),
        );
        Self {
            sources,
            hub,
            journal,
            teller: teller(config),
        }
    }

    /// Carries out one effect.
    pub(super) fn carry_out(&mut self, effect: Effect, notes: &mut Notes) -> Then {
        match effect {
            Effect::Acknowledge { source, token } => {
                if let Some(Source::Broker(broker)) = self.sources.get(source) {
                    broker.acknowledge(token);
                }
            }
            Effect::Write { source, bytes } => {
                if let Some(Source::Line(line)) = self.sources.get(source) {
                    line.write(bytes);
                }
            }
            Effect::Listen { source, topics } => {
                if let Some(Source::Broker(broker)) = self.sources.get(source) {
                    broker.listen(topics);
                }
            }
            Effect::Journal(order) => {
                if !self.journal.order(order) {
                    return Then::JournalEnded;
                }
            }
            Effect::Connect { endpoint } => self.hub.connect(endpoint),
            Effect::Disconnect { endpoint } => self.hub.disconnect(endpoint),
            Effect::Send {
                endpoint,
                first,
                says,
            } => self.hub.send(endpoint, first, says),
            Effect::Tell { topic, payload } => {
                if let Some(teller) = &self.teller {
                    teller.tell(&topic, payload);
                }
            }
            Effect::Note(note) => notes.take(note),
            Effect::Stopped => return Then::Stopped,
        }
        Then::GoOn
    }

    /// The journal, for whoever looks.
    pub(super) fn journal(&self) -> &JournalHandle {
        &self.journal
    }

    /// Waits until every acknowledgement that was given has left, or can leave no more.
    pub(super) async fn answers_have_left(&self) {
        for source in &self.sources {
            if let Source::Broker(broker) = source {
                broker.answers_have_left().await;
            }
        }
    }

    /// Waits until the journal has closed, at most so long; true when it did in good order.
    pub(super) fn close(self, at_most: Duration) -> bool {
        let (closed, done) = std::sync::mpsc::channel();
        let journal = self.journal;
        // A disk that hangs must not hold up the end: the thread ends with the process.
        let waiter = std::thread::Builder::new().spawn(move || {
            // Nobody listens any more when this comes too late.
            let _ = closed.send(journal.join());
        });
        waiter.is_ok() && done.recv_timeout(at_most).unwrap_or(false)
    }
}

fn source(config: &Config, n: usize, intake: &mut Intake) -> Option<Source> {
    let told = config.settings.sources.get(n)?;
    match config.reached_by.get(n)? {
        ReachedBy::Mqtt(broker) => {
            let id = broker.client_id(&config.settings.gateway_id, &told.name);
            let filters = filters(told, broker);
            let inputs = intake.edge(BROKER_LANE.0, BROKER_LANE.1);
            let handle = mqtt::spawn(broker.clone(), id, filters, n, inputs);
            Some(Source::Broker(handle))
        }
        ReachedBy::Serial(line) => {
            let inputs = intake.edge(LINE_LANE.0, LINE_LANE.1);
            Some(Source::Line(serial::spawn(line.clone(), n, inputs)))
        }
    }
}

/// The dialect's filters, and the installer's.
pub(crate) fn filters(told: &settings::Source, broker: &MqttSource) -> Vec<Filter> {
    let options = Options {
        base: broker.base.clone(),
        map: told.map.clone(),
        ..Options::default()
    };
    let dialect = family::dialect(told.speaks, &options);
    let of_dialect = dialect.map(|d| d.topics()).unwrap_or_default();
    of_dialect
        .into_iter()
        .filter_map(|topic| Filter::try_from(topic).ok())
        .chain(broker.topics.iter().cloned())
        .collect()
}

fn teller(config: &Config) -> Option<Teller> {
    let n = config.home?;
    let told = config.settings.sources.get(n)?;
    let ReachedBy::Mqtt(broker) = config.reached_by.get(n)? else {
        return None;
    };
    let gateway = &config.settings.gateway_id;
    let id = broker.client_id(gateway, &told.name);
    Some(Teller::spawn(
        broker.clone(),
        &id,
        &format!("tecs/{gateway}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tables;
    use tecs_protocol::family::Family;

    #[test]
    fn what_a_table_reads_is_asked_of_its_broker() {
        let told = settings::Source {
            name: "radio".to_owned(),
            speaks: Family::Rtl433,
            base: String::new(),
            map: tables::preset(Family::Rtl433),
            window: 0,
        };
        let broker = MqttSource {
            topics: vec![Filter::try_from("more/#".to_owned()).unwrap()],
            ..MqttSource::default()
        };
        let asked = filters(&told, &broker);
        let asked: Vec<_> = asked.iter().map(Filter::as_str).collect();
        assert_eq!(
            asked,
            [
                "rtl_433/+/availability",
                "rtl_433/+/events",
                "rtl_433/+/RTL_433toMQTT",
                "rtl_433/+/RTL_433toMQTT/#",
                "more/#",
            ]
        );
    }
}
