//! The hub's contract as a gateway speaks it: one stream over mutual TLS; and an echo that answers each parcel at once,
//! which is what the wire alone costs.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tecs_protocol::hub::PROTOCOL;
use tecs_protocol::hub::v1::{self, FromHome, FromHub, from_home, from_hub};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use crate::ca::Pair;

use super::stub::care_hub_client::CareHubClient;
use super::stub::care_hub_server::{CareHub, CareHubServer};

/// How long the other side may say nothing that is due.
const PATIENCE: Duration = Duration::from_mins(1);
/// Messages that may wait for the stream.
const OUT: usize = 64;
/// Buffers of one stream, bytes: a thousand homes are one process here.
const FLOW: u32 = 64 << 10;
/// Round trips that are not counted.
const TRIED: usize = 40;

/// One home's stream.
pub(super) struct Link {
    out: mpsc::Sender<FromHome>,
    words: Streaming<FromHub>,
}

fn identity(pair: &Pair) -> anyhow::Result<Identity> {
    let read =
        |path: &Path| std::fs::read(path).with_context(|| format!("reading {}", path.display()));
    Ok(Identity::from_pem(
        read(&pair.certificate)?,
        read(&pair.key)?,
    ))
}

fn authority(tls: &Path) -> anyhow::Result<Certificate> {
    Ok(Certificate::from_pem(std::fs::read(
        Pair::at(tls, "ca").certificate,
    )?))
}

impl Link {
    /// Dials as this gateway, with the certificates in `tls`.
    pub(super) async fn call(at: SocketAddr, tls: &Path, gateway: &str) -> anyhow::Result<Self> {
        let config = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(authority(tls)?)
            .identity(identity(&Pair::at(tls, gateway))?);
        let channel = Endpoint::from_shared(format!("https://{at}"))?
            .tls_config(config)?
            .tcp_nodelay(true)
            .initial_stream_window_size(FLOW)
            .initial_connection_window_size(FLOW)
            .connect_timeout(PATIENCE)
            .connect()
            .await?;
        let (out, says) = mpsc::channel(OUT);
        let words = CareHubClient::new(channel)
            .link(ReceiverStream::new(says))
            .await?
            .into_inner();
        Ok(Self { out, words })
    }

    /// Hello, and what Welcome answers.
    pub(super) async fn greet(
        &mut self,
        gateway: &str,
        held: Vec<v1::Span>,
    ) -> anyhow::Result<v1::Welcome> {
        let hello = v1::Hello {
            gateway_id: gateway.to_owned(),
            held,
            software: "tecs-sim".to_owned(),
            protocol: PROTOCOL,
            clock: None,
        };
        self.say(from_home::Says::Hello(hello)).await?;
        loop {
            if let from_hub::Says::Welcome(welcome) = self.hear().await? {
                return Ok(welcome);
            }
        }
    }

    pub(super) async fn say(&self, says: from_home::Says) -> anyhow::Result<()> {
        let message = FromHome { says: Some(says) };
        self.out.send(message).await.context("the stream has ended")
    }

    /// The hub's next word.
    pub(super) async fn hear(&mut self) -> anyhow::Result<from_hub::Says> {
        loop {
            let word = timeout(PATIENCE, self.words.message()).await;
            match word.context("the hub says nothing for a minute")?? {
                Some(FromHub { says: Some(says) }) => return Ok(says),
                Some(FromHub { says: None }) => {}
                None => bail!("the hub ended the stream"),
            }
        }
    }
}

/// Answers each parcel with its receipt and keeps nothing.
struct Echo;

#[tonic::async_trait]
impl CareHub for Echo {
    type LinkStream = ReceiverStream<Result<FromHub, Status>>;

    async fn link(
        &self,
        request: Request<Streaming<FromHome>>,
    ) -> Result<Response<Self::LinkStream>, Status> {
        let (out, answers) = mpsc::channel(OUT);
        let mut from = request.into_inner();
        tokio::spawn(async move {
            while let Ok(Some(_)) = from.message().await {
                let says = Some(from_hub::Says::Receipt(v1::Receipt::default()));
                if out.send(Ok(FromHub { says })).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(answers)))
    }
}

/// The bare wire: a record there, a receipt back, one at a time, and nothing behind it.
pub(super) struct Trip {
    link: Link,
    parcel: v1::Parcel,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Trip {
    /// An echo, and a stream to it as this gateway; records of so many bytes.
    pub(super) async fn open(tls: &Path, gateway: &str, bytes: usize) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let at = listener.local_addr()?;
        let config = ServerTlsConfig::new()
            .identity(identity(&Pair::at(tls, "hub"))?)
            .client_ca_root(authority(tls)?);
        let server = Server::builder()
            .tls_config(config)?
            .add_service(CareHubServer::new(Echo))
            .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)));
        let server = tokio::spawn(server);
        let parcel = v1::Parcel {
            first_seq: 1,
            records: vec![vec![7; bytes].into()],
            ..v1::Parcel::default()
        };
        let link = Link::call(at, tls, gateway).await?;
        let mut trip = Self {
            link,
            parcel,
            server,
        };
        // The first few open buffers and warm caches.
        for _ in 0..TRIED {
            trip.once().await?;
        }
        Ok(trip)
    }

    /// There and back, µs.
    pub(super) async fn once(&mut self) -> anyhow::Result<u64> {
        let began = Instant::now();
        let says = from_home::Says::Parcel(self.parcel.clone());
        self.link.say(says).await?;
        self.link.hear().await?;
        Ok(u64::try_from(began.elapsed().as_micros())?)
    }
}

impl Drop for Trip {
    fn drop(&mut self) {
        self.server.abort();
    }
}
