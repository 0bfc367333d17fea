//! One connection: name → TCP → TLS → HTTP/2, every buffer on the way kept small. tonic's own channel is not used: it
//! reconnects by itself, hides why a peer refused us, and lets 1 MiB of bulk pile up before an alarm.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::client::ClientConfig;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Endpoint;
use super::address::Address;
use super::credentials::{self, Files};
use super::queue::Queue;
use super::watched::{Failure, Watched};
use super::why::Why;

/// From the first look-up to the end of the TLS handshake, all addresses of a name together.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A ping this long after the last word …
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
/// … must be answered within this: a dead or frozen hub is noticed within 9 s.
pub(super) const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(4);
/// Bytes that TCP has sent without an answer for this long end the connection.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(4);
/// What the kernel may hold unsent, bytes. All that lies here leaves before an alarm.
const UNSENT_IN_KERNEL: u32 = 4 << 10;
/// What TLS may hold unsent, bytes.
const UNSENT_IN_TLS: usize = 4 << 10;
/// HTTP/2 takes the next message only when less than this of the last one waits, bytes.
const UNSENT_IN_HTTP2: usize = 1 << 10;

/// An open HTTP/2 connection; its tasks and its socket end with it.
pub(super) struct Connection {
    /// Where the one request goes.
    pub(super) requests: http2::SendRequest<tonic::body::Body>,
    /// What TLS or TCP said when it failed.
    pub(super) failure: Failure,
    tasks: Tasks,
}

/// Opens one connection.
pub(super) async fn dial(to: &Endpoint, files: &Files, queue: &Queue) -> Result<Connection, Why> {
    let config = credentials::load(files).await.map_err(Why::Credentials)?;
    let secured = async {
        let tcp = connect(&look_up(&to.address).await?).await?;
        secure(tcp, config, to).await
    };
    let io = tokio::time::timeout(CONNECT_TIMEOUT, secured)
        .await
        .map_err(|_| Why::ConnectTimeout)??;
    if io.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(Why::NotHttp2);
    }
    let failure = Failure::default();
    let tasks = Tasks::default();
    let watched = Watched::new(io, failure.clone(), queue.clone());
    let (requests, connection) = http2::Builder::new(tasks.clone())
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE_EVERY)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .max_send_buf_size(UNSENT_IN_HTTP2)
        .handshake(TokioIo::new(watched))
        .await
        .map_err(|e| Why::of_error(&e))?;
    // How it ends reaches us through the stream, or through `failure`.
    tasks.keep(async { drop(connection.await) });
    Ok(Connection {
        requests,
        failure,
        tasks,
    })
}

/// Every address of the name.
pub(super) async fn look_up(to: &Address) -> Result<Vec<SocketAddr>, Why> {
    let found = tokio::net::lookup_host((to.host(), to.port()))
        .await
        .map_err(|e| Why::Lookup(e.to_string()))?;
    Ok(found.collect())
}

/// Shows our certificate and looks at the hub's.
pub(super) async fn secure(
    tcp: TcpStream,
    config: Arc<ClientConfig>,
    to: &Endpoint,
) -> Result<TlsStream<TcpStream>, Why> {
    let name = to.address.server_name().ok_or(Why::NoAddress)?;
    TlsConnector::from(config)
        .connect_with(name, tcp, |tls| tls.set_buffer_limit(Some(UNSENT_IN_TLS)))
        .await
        .map_err(|e| Why::of_io(&e))
}

/// The first address that answers; the time is shared out among them.
pub(super) async fn connect(found: &[SocketAddr]) -> Result<TcpStream, Why> {
    let share = CONNECT_TIMEOUT / u32::try_from(found.len().max(1)).unwrap_or(u32::MAX);
    let mut why = Why::NoAddress;
    for address in found {
        match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                tune(&tcp).map_err(|e| Why::of_io(&e))?;
                return Ok(tcp);
            }
            Ok(Err(e)) => why = Why::of_io(&e),
            Err(_) => why = Why::ConnectTimeout,
        }
    }
    Err(why)
}

fn tune(tcp: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(tcp);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT))?;
    socket.set_tcp_notsent_lowat(UNSENT_IN_KERNEL)
}

/// Runs hyper's tasks of one connection and ends them with it, whatever state the peer is in: no descriptor is left.
#[derive(Debug, Clone, Default)]
struct Tasks(Arc<Running>);

#[derive(Debug, Default)]
struct Running(Mutex<Vec<AbortHandle>>);

impl Tasks {
    fn keep(&self, future: impl Future<Output = ()> + Send + 'static) {
        let task = tokio::spawn(future).abort_handle();
        let mut running = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|task| !task.is_finished());
        running.push(task);
    }

    fn end(&self) {
        let mut running = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        for task in running.drain(..) {
            task.abort();
        }
    }
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, future: F) {
        self.keep(future);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.tasks.end();
    }
}
