//! What the tests of the links are made on: a real tonic server over mutual TLS, a home, and a slow or frozen path.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gateway_core::{Input, LinkSays};
use tecs_protocol::hub::v1::{self, FromHome, FromHub};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tonic::codegen::{Service, http};
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use super::super::*;
use crate::inputs::Intake;
use crate::test_pki::{Authority, Pair, Valid, write};

pub(super) type Answers = Pin<Box<dyn Stream<Item = Result<FromHub, Status>> + Send>>;
pub(super) type Handler = Arc<
    dyn Fn(Streaming<FromHome>) -> Pin<Box<dyn Future<Output = Result<Answers, Status>> + Send>>
        + Send
        + Sync,
>;

/// The care hub's one method, served by whatever a test says.
#[derive(Clone)]
struct Hub(Handler);

impl tonic::server::NamedService for Hub {
    const NAME: &'static str = "tecs.hub.v1.CareHub";
}

impl Service<Request<Streaming<FromHome>>> for Hub {
    type Response = Response<Answers>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Status>> + Send>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Status>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Streaming<FromHome>>) -> Self::Future {
        let answers = (self.0)(request.into_inner());
        Box::pin(async move { answers.await.map(Response::new) })
    }
}

/// The same as tonic's router wants it.
#[derive(Clone)]
struct Routed(Hub);

impl tonic::server::NamedService for Routed {
    const NAME: &'static str = Hub::NAME;
}

impl Service<http::Request<tonic::body::Body>> for Routed {
    type Response = http::Response<tonic::body::Body>;
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let hub = self.0.clone();
        Box::pin(async move {
            let codec = tonic_prost::ProstCodec::<FromHub, FromHome>::default();
            Ok(tonic::server::Grpc::new(codec)
                .streaming(hub, request)
                .await)
        })
    }
}

/// Serves `handler` on a free port of 127.0.0.1 until the runtime ends.
pub(super) async fn serve(authority: &Authority, hub: &Pair, handler: Handler) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(&hub.cert, &hub.key))
        .client_ca_root(Certificate::from_pem(&authority.pem));
    tokio::spawn(
        Server::builder()
            .tls_config(tls)
            .unwrap()
            .add_service(Routed(Hub(handler)))
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    address
}

/// A hub that hands everything it hears to the test and answers each word with a Welcome of `beat_every_ms` 1, 2, 3 …
pub(super) fn echoing(heard: mpsc::UnboundedSender<FromHome>) -> Handler {
    Arc::new(move |mut words| {
        let heard = heard.clone();
        Box::pin(async move {
            let (answer, answers) = mpsc::channel(16);
            tokio::spawn(async move {
                let mut count = 0;
                while let Ok(Some(word)) = words.message().await {
                    count += 1;
                    let _ = heard.send(word);
                    let _ = answer.send(Ok(welcome(count))).await;
                }
            });
            Ok(Box::pin(tokio_stream::wrappers::ReceiverStream::new(answers)) as Answers)
        })
    })
}

pub(super) fn welcome(beat_every_ms: u32) -> FromHub {
    FromHub {
        says: Some(v1::from_hub::Says::Welcome(v1::Welcome {
            beat_every_ms,
            ..v1::Welcome::default()
        })),
    }
}

pub(super) fn hello() -> FromHome {
    FromHome {
        says: Some(v1::from_home::Says::Hello(v1::Hello::default())),
    }
}

pub(super) fn parcel(first_seq: u64, len: usize) -> FromHome {
    FromHome {
        says: Some(v1::from_home::Says::Parcel(v1::Parcel {
            first_seq,
            records: vec![vec![7; len].into()],
            ..v1::Parcel::default()
        })),
    }
}

/// The home's side of a test: one endpoint named `main` and what it says.
pub(super) struct Home {
    pub(super) hub: CareHub,
    intake: Intake,
}

impl Home {
    pub(super) fn new(files: Files, url: &str) -> Self {
        let mut intake = Intake::new();
        let inputs = intake.edge(1000, 16 << 20);
        let endpoint = Endpoint {
            name: "main".into(),
            address: Address::parse(url).unwrap(),
        };
        Self {
            hub: CareHub::new(vec![endpoint], files, QUEUE_BYTES, inputs),
            intake,
        }
    }

    pub(super) async fn next(&mut self) -> LinkSays {
        let mut batch = Vec::new();
        let filled = tokio::time::timeout(Duration::from_secs(15), self.intake.fill(&mut batch, 1));
        assert_eq!(filled.await.expect("the link says nothing"), 1);
        match batch.pop() {
            Some(Input::Link { endpoint: 0, says }) => says,
            other => panic!("{other:?}"),
        }
    }

    /// Dials and says why it was closed, checking that nothing else was said.
    pub(super) async fn closed(&mut self) -> String {
        self.hub.connect(0);
        match self.next().await {
            LinkSays::Closed { why } => why,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn opened(&mut self) {
        self.hub.connect(0);
        assert_eq!(self.next().await, LinkSays::Opened);
    }
}

pub(super) struct Setup {
    _folder: tempfile::TempDir,
    pub(super) authority: Authority,
    pub(super) hub: Pair,
    pub(super) files: Files,
}

pub(super) fn setup() -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("TECS test authority");
    let hub = authority.hub("localhost", Valid::Now);
    let files = write(
        folder.path(),
        &authority,
        &authority.gateway("home-1", Valid::Now),
    );
    Setup {
        _folder: folder,
        authority,
        hub,
        files,
    }
}

pub(super) fn url(address: SocketAddr) -> String {
    format!("https://localhost:{}", address.port())
}

pub(super) fn quiet() -> Handler {
    Arc::new(|_| Box::pin(async { Ok(Box::pin(tokio_stream::pending()) as Answers) }))
}

/// Passes bytes on in both ways; towards the hub at most `rate` bytes a second, and nothing at all once `frozen`.
pub(super) fn relay(
    to: SocketAddr,
    rate: u64,
    frozen: Arc<std::sync::atomic::AtomicBool>,
) -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    // What waits in here is on the wire, as far as the home can tell.
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(8).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((home, _)) = listener.accept().await {
            let hub = TcpStream::connect(to).await.unwrap();
            let (mut up_from, mut down_to) = home.into_split();
            let (mut down_from, mut up_to) = hub.into_split();
            let frozen = frozen.clone();
            tokio::spawn(async move {
                let mut chunk = vec![0; 1024];
                while let Ok(n @ 1..) = up_from.read(&mut chunk).await {
                    while frozen.load(std::sync::atomic::Ordering::Relaxed) {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    tokio::time::sleep(Duration::from_micros(n as u64 * 1_000_000 / rate)).await;
                    if up_to.write_all(&chunk[..n]).await.is_err() {
                        return;
                    }
                }
            });
            tokio::spawn(async move { tokio::io::copy(&mut down_from, &mut down_to).await });
        }
    });
    address
}
