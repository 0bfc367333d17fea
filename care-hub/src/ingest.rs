//! Where homes call: gRPC over mutual TLS. It lets in whom the authority of the gateways vouches for, and nobody else.

mod identity;
mod link;
mod parcel;
mod turn;
mod words;

use std::time::Duration;

use tecs_protocol::hub::MESSAGE_LIMIT;
use tecs_protocol::hub::v1::{FromHome, FromHub};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use crate::running::stopped;
use crate::stub::care_hub_server::{CareHub, CareHubServer};
pub(crate) use link::Desk;
pub(crate) use turn::Turns;

/// HTTP/2 pings, and how long their answer may take: a dead path is noticed within 10 s.
const PING_EVERY: Duration = Duration::from_secs(5);
const PING_WITHIN: Duration = Duration::from_secs(4);

/// Messages that may wait for one home to read them.
const OUT: usize = 256;

struct Ingest {
    desk: Desk,
}

#[tonic::async_trait]
impl CareHub for Ingest {
    type LinkStream = ReceiverStream<Result<FromHub, Status>>;

    async fn link(
        &self,
        request: Request<Streaming<FromHome>>,
    ) -> Result<Response<Self::LinkStream>, Status> {
        let certificates = request
            .peer_certs()
            .ok_or_else(|| Status::unauthenticated("no certificate"))?;
        let ids = certificates
            .first()
            .map(|certificate| identity::ids_of(certificate))
            .unwrap_or_default();
        let (out, answers) = mpsc::channel(OUT);
        tokio::spawn(link::serve(
            self.desk.clone(),
            ids,
            request.into_inner(),
            out,
        ));
        Ok(Response::new(ReceiverStream::new(answers)))
    }
}

/// Serves homes until `stop` turns true and their last receipts are out.
pub(crate) async fn serve(
    desk: Desk,
    tls: ServerTlsConfig,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) -> Result<(), tonic::transport::Error> {
    let service = CareHubServer::new(Ingest { desk })
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    Server::builder()
        .tls_config(tls)?
        .http2_keepalive_interval(Some(PING_EVERY))
        .http2_keepalive_timeout(Some(PING_WITHIN))
        .max_concurrent_streams(Some(16))
        .add_service(service)
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            async move { stopped(&mut stop).await },
        )
        .await
}
