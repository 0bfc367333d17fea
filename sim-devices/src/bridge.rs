//! Who publishes in a home, as a broker sees it: Zigbee2MQTT with its retained topics, states, availability and will; and a
//! receiver or a module that says whether it is there. One message at a time is on its way; it answers whether the broker
//! took it over.

use std::net::SocketAddr;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, QoS};
use serde_json::{Value, json};
use tecs_protocol::mqtt::zigbee2mqtt::say;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use crate::home::{Home, Spec};
use crate::models::Path;
use crate::paths::Presence;
use crate::words::{Body, Manner, Taken};

const KEEP_ALIVE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(200);
const LARGEST: usize = 8 << 20;
/// How long the broker may take to take a message over.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a broker is and who we are there.
#[derive(Debug, Clone)]
pub struct Broker {
    /// Where it listens.
    pub at: SocketAddr,
    /// User and password, where it asks for them.
    pub login: Option<(String, String)>,
}

impl Broker {
    /// Options of a client of this name.
    pub(crate) fn options(&self, client: &str) -> MqttOptions {
        let mut options = MqttOptions::new(client, self.at.ip().to_string(), self.at.port());
        options.set_keep_alive(KEEP_ALIVE);
        options.set_max_packet_size(LARGEST, LARGEST);
        if let Some((user, password)) = &self.login {
            options.set_credentials(user, password);
        }
        options
    }
}

/// What the connection's pump saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saw {
    Up { session: bool },
    Sent(u16),
    Acked(u16),
}

/// A running bridge, or another publisher.
pub struct Bridge {
    client: AsyncClient,
    saw: mpsc::UnboundedReceiver<Saw>,
    pump: JoinHandle<()>,
    base: String,
    retained: Vec<(String, String)>,
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

impl Bridge {
    /// Starts it and waits until the broker has it.
    pub async fn start(broker: &Broker, home: &Home) -> anyhow::Result<Self> {
        let base = home.zigbee.base.clone();
        let mut options = broker.options(&format!("zigbee2mqtt-of-{}", home.gateway));
        options.set_clean_session(false);
        let gone = LastWill::new(
            format!("{base}/bridge/state"),
            offline(),
            QoS::AtLeastOnce,
            true,
        );
        options.set_last_will(gone);
        let kept = retained(home).into_iter();
        let kept = kept.map(|(topic, payload)| (format!("{base}/{topic}"), payload));
        let mut bridge = Self::connect(options, base.clone(), kept.collect()).await?;
        bridge.introduce().await?;
        Ok(bridge)
    }

    /// Starts a receiver or a module of this name: it says what it has told of itself (retained topics and payloads), that
    /// it is there, and leaves a will.
    pub async fn publisher(
        broker: &Broker,
        name: &str,
        presence: Option<Presence>,
        told: Vec<(String, String)>,
    ) -> anyhow::Result<Self> {
        let mut options = broker.options(&format!("publisher-{name}"));
        options.set_clean_session(false);
        let mut kept = told;
        if let Some(presence) = presence {
            let topic = presence.topic.replace("{}", name);
            let gone = LastWill::new(topic.clone(), presence.gone, QoS::AtLeastOnce, true);
            options.set_last_will(gone);
            kept.push((topic, presence.here.to_owned()));
        }
        let mut publisher = Self::connect(options, String::new(), kept).await?;
        publisher.introduce().await?;
        Ok(publisher)
    }

    /// A connection that introduces nothing, for messages that were captured elsewhere.
    pub async fn bare(broker: &Broker, client: &str) -> anyhow::Result<Self> {
        Self::connect(broker.options(client), String::new(), Vec::new()).await
    }

    async fn connect(
        options: MqttOptions,
        base: String,
        retained: Vec<(String, String)>,
    ) -> anyhow::Result<Self> {
        let (host, port) = options.broker_address();
        let (client, events) = AsyncClient::new(options, 256);
        let (tell, saw) = mpsc::unbounded_channel();
        let mut bridge = Self {
            pump: tokio::spawn(pump(events, tell)),
            retained,
            client,
            saw,
            base,
        };
        let end = Instant::now() + PATIENCE;
        loop {
            match timeout_at(end, bridge.saw.recv()).await {
                Ok(Some(Saw::Up { .. })) => break,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => anyhow::bail!("the broker at {host}:{port} does not answer"),
            }
        }
        Ok(bridge)
    }

    /// Says everything again that a broker keeps, as Zigbee2MQTT does at its start and after a broker lost it.
    pub async fn introduce(&mut self) -> anyhow::Result<()> {
        self.keep(|_| true).await
    }

    /// Says again which devices there are; not that the bridge is online, which would announce a start.
    pub async fn teach(&mut self) -> anyhow::Result<()> {
        self.keep(|topic| topic.ends_with("/bridge/devices")).await
    }

    async fn keep(&mut self, which: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        for (topic, payload) in self.retained.iter().filter(|(topic, _)| which(topic)) {
            self.client
                .publish(topic, QoS::AtMostOnce, true, payload.as_bytes())
                .await?;
        }
        Ok(())
    }

    /// Says whether a device can be reached; retained.
    pub async fn available(&mut self, device: &Spec, is: bool) -> anyhow::Result<()> {
        let topic = format!("{}/{}/availability", self.base, device.name);
        let payload = availability(is);
        if let Some(kept) = self.retained.iter_mut().find(|(t, _)| *t == topic) {
            kept.1.clone_from(&payload);
        }
        Ok(self
            .client
            .publish(topic, QoS::AtLeastOnce, true, payload)
            .await?)
    }

    /// Publishes a device's message as its source does, and waits until the broker took it over where it says so.
    pub async fn say(&mut self, body: &Body) -> anyhow::Result<Taken> {
        let Body::Publish {
            topic,
            text,
            manner,
            ..
        } = body
        else {
            return Ok(Taken::No);
        };
        let (times, pause_ms) = match manner {
            Manner::Acknowledged => (1, 0),
            Manner::Kept => return self.publish(topic, text.as_bytes(), true).await,
            Manner::Frames(times, pause_ms) => (*times, *pause_ms),
            Manner::Untold => {
                self.client
                    .publish(topic, QoS::AtMostOnce, false, text.as_bytes())
                    .await?;
                return Ok(Taken::Untold);
            }
        };
        let mut taken = self.publish(topic, text.as_bytes(), false).await?;
        for _ in 1..times {
            sleep(Duration::from_millis(pause_ms)).await;
            // One of the frames is enough.
            if self.publish(topic, text.as_bytes(), false).await? == Taken::Yes {
                taken = Taken::Yes;
            }
        }
        Ok(taken)
    }

    /// Publishes anything at `QoS` 1 and waits until the broker took it over.
    pub async fn publish(
        &mut self,
        topic: &str,
        payload: &[u8],
        retain: bool,
    ) -> anyhow::Result<Taken> {
        // What happened before this message says nothing of it, except that a broker came back without memory.
        self.catch_up().await?;
        self.client
            .publish(topic, QoS::AtLeastOnce, retain, payload)
            .await?;
        let end = Instant::now() + PATIENCE;
        let mut own = None;
        loop {
            let Ok(saw) = timeout_at(end, self.saw.recv()).await else {
                return Ok(Taken::No);
            };
            match saw {
                Some(Saw::Sent(id)) => own = own.or(Some(id)),
                Some(Saw::Acked(id)) if own == Some(id) => return Ok(Taken::Yes),
                Some(Saw::Acked(_) | Saw::Up { session: true }) => {}
                Some(Saw::Up { session: false }) => {
                    self.introduce().await?;
                    return Ok(Taken::No);
                }
                None => anyhow::bail!("the connection's task ended"),
            }
        }
    }

    /// Introduces the home again if the broker forgot it meanwhile.
    async fn catch_up(&mut self) -> anyhow::Result<()> {
        let mut forgotten = false;
        while let Ok(saw) = self.saw.try_recv() {
            forgotten |= saw == Saw::Up { session: false };
        }
        if forgotten {
            self.introduce().await?;
        }
        Ok(())
    }
}

async fn pump(mut events: EventLoop, tell: mpsc::UnboundedSender<Saw>) {
    loop {
        let saw = match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(ack))) => Saw::Up {
                session: ack.session_present,
            },
            Ok(Event::Incoming(Packet::PubAck(ack))) => Saw::Acked(ack.pkid),
            Ok(Event::Outgoing(Outgoing::Publish(id))) if id != 0 => Saw::Sent(id),
            Ok(_) => continue,
            Err(e) => {
                tracing::debug!("the bridge's connection: {e}");
                sleep(RETRY).await;
                continue;
            }
        };
        if tell.send(saw).is_err() {
            return;
        }
    }
}

fn offline() -> String {
    json!({ "state": "offline" }).to_string()
}

fn availability(is: bool) -> String {
    json!({ "state": if is { "online" } else { "offline" } }).to_string()
}

/// What the broker keeps for whoever subscribes later: topics below the base, and payloads.
pub fn retained(home: &Home) -> Vec<(String, String)> {
    let mut out = vec![
        (
            "bridge/state".to_owned(),
            json!({ "state": "online" }).to_string(),
        ),
        ("bridge/devices".to_owned(), devices(home).to_string()),
    ];
    if home.zigbee.availability {
        let each = home.on(Path::Zigbee2Mqtt);
        out.extend(each.map(|d| (format!("{}/availability", d.name), availability(true))));
    }
    out
}

/// `bridge/devices`: the coordinator and every device with its exposes.
fn devices(home: &Home) -> Value {
    let addresses: Vec<_> = (1..=home.devices.len())
        .map(|nth| format!("0x00158d00{nth:08x}"))
        .collect();
    let each = home
        .on(Path::Zigbee2Mqtt)
        .zip(&addresses)
        .map(|(spec, address)| say::Device {
            ieee_address: address,
            friendly_name: &spec.name,
            vendor: spec.model.vendor,
            model: spec.model.model,
            description: spec.model.description,
            exposes: spec.model.exposes(),
        });
    say::devices(&each.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toml_file::Text;

    #[test]
    fn the_bridge_teaches_every_zigbee_device_and_no_serial_one() {
        let home = Home::read(&Text::new("rowan.toml", crate::bundled::ROWAN_COTTAGE)).unwrap();
        let taught = devices(&home);
        let names: Vec<_> = taught
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d["friendly_name"].as_str().unwrap())
            .collect();
        for spec in &home.devices {
            let zigbee = spec.model.path == Path::Zigbee2Mqtt;
            assert_eq!(names.contains(&spec.name.as_str()), zigbee, "{}", spec.name);
        }
        assert_eq!(names.first(), Some(&"Coordinator"));
    }
}
