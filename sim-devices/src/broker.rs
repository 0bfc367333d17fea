//! The embedded broker (rumqttd), for a machine that has none: loopback, no passwords, nothing kept over a restart.
//! It is for demos and tests. What it does otherwise than mosquitto:
//! - a resumed session is not sent retained messages again when it subscribes again, so that the simulated bridge
//!   says them once more after a gateway came back ([`crate::bridge`]);
//! - what it sends once more has no DUP flag, and an acknowledgement out of order ends the connection;
//! - a client that is back within milliseconds may be mistaken for the one that went, and be dropped once.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// `bridge/devices` of a big home.
const LARGEST_PACKET: usize = 8 << 20;
/// What the broker accepts without an acknowledgement from one client.
const IN_FLIGHT: usize = 200;

/// Where the ports of processes that come and go are looked for, and how many there are.
const FIRST_PORT: u16 = 10_000;
const PORTS: u16 = 10_000;

/// Runs the broker until the process ends.
pub fn run(listen: SocketAddr) -> anyhow::Result<()> {
    if !listen.ip().is_loopback() {
        bail!(
            "the embedded broker has no passwords: it listens on loopback alone, not on {listen}"
        );
    }
    let server = ServerSettings {
        name: "tecs-sim".to_owned(),
        listen,
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: 5_000,
            max_payload_size: LARGEST_PACKET,
            max_inflight_count: IN_FLIGHT,
            auth: None,
            external_auth: None,
            dynamic_filters: true,
        },
    };
    let config = Config {
        router: RouterConfig {
            max_connections: 64,
            max_outgoing_packet_count: 200,
            max_segment_size: 4 << 20,
            max_segment_count: 10,
            ..RouterConfig::default()
        },
        v4: Some(HashMap::from([("v4".to_owned(), server)])),
        ..Config::default()
    };
    Broker::new(config)
        .start()
        .with_context(|| format!("the broker on {listen}"))?;
    bail!("the broker on {listen} ended: is the address taken?")
}

/// Waits until something accepts connections at this address.
pub async fn listening(at: SocketAddr, patience: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + patience;
    loop {
        match TcpStream::connect(at).await {
            Ok(_) => return Ok(()),
            Err(e) if Instant::now() >= end => {
                return Err(e).with_context(|| format!("nothing answers on {at}"));
            }
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}

/// A loopback address on which nobody listens: the wanted port, or one that this process gives once when it is taken.
/// Those lie below the ports that the kernel gives to whoever calls somebody (32768 and up), so that a process which is
/// killed comes back to its own. They are found by calling: a listener of ours would live on for a moment in every process
/// that is just being started.
pub fn free_port(wanted: u16) -> anyhow::Result<SocketAddr> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let is_free = |at: &SocketAddr| std::net::TcpStream::connect(at).is_err();
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if wanted != 0 && is_free(&at(wanted)) {
        return Ok(at(wanted));
    }
    // Simulations that run at the same time begin at different places.
    let first = u16::try_from(std::process::id() % 1_000).unwrap_or_default() * (PORTS / 1_000);
    loop {
        let given = GIVEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
            (n < PORTS).then_some(n + 1)
        });
        let Ok(given) = given else {
            bail!(
                "no port of {FIRST_PORT} to {} is left",
                FIRST_PORT + PORTS - 1
            );
        };
        let found = at(FIRST_PORT + (first + given) % PORTS);
        if is_free(&found) {
            return Ok(found);
        }
    }
}
