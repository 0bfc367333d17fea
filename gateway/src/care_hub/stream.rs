//! The life of one stream, from dialling to its end. Everything that it opened ends with it.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use gateway_core::{Input, LinkSays};
use tecs_protocol::hub::MESSAGE_LIMIT;
use tecs_protocol::hub::v1::FromHub;
use tokio::sync::oneshot;
use tonic::codegen::http;
use tonic::{Response, Status, Streaming};

use super::Endpoint;
use super::credentials::Files;
use super::dial::{Connection, dial};
use super::queue::Queue;
use super::stub::care_hub_client::CareHubClient;
use super::why::Why;
use crate::inputs::Inputs;

/// How long Hello waits for the hub's response headers. Our hub sends them at once; one that waits for the first message
/// before it answers must not make both sides wait for ever.
const HEADERS_WAIT: Duration = Duration::from_millis(500);

/// What one stream is made of.
pub(super) struct Life {
    pub(super) endpoint: usize,
    pub(super) to: Endpoint,
    pub(super) files: Files,
    pub(super) queue: Queue,
    pub(super) inputs: Inputs,
}

impl Life {
    /// Dials and carries until the end, or until it is given up; then says `Closed`. When the loop or the edge is gone,
    /// nobody is left to tell.
    pub(super) async fn run(self, given_up: oneshot::Receiver<String>) {
        let ended = async {
            // A panic in the libraries under us ends this stream, not the links.
            let ended = AssertUnwindSafe(self.live()).catch_unwind().await;
            ended
                .unwrap_or_else(|_| Why::Fault)
                .in_words(&self.to, &self.files)
        };
        let why = tokio::select! {
            why = ended => why,
            said = given_up => match said {
                Ok(why) => why,
                Err(_) => return,
            },
        };
        self.says(LinkSays::Closed { why }).await;
    }

    async fn says(&self, says: LinkSays) {
        let endpoint = self.endpoint;
        // An error means that the loop has ended, and this task with it.
        let _ = self.inputs.give(Input::Link { endpoint, says }).await;
    }

    async fn live(&self) -> Why {
        match dial(&self.to, &self.files, &self.queue).await {
            Ok(connection) => self.carry(connection).await,
            Err(why) => why,
        }
    }

    async fn carry(&self, connection: Connection) -> Why {
        let requests = connection.requests.clone();
        let service = tower::service_fn(move |request: http::Request<tonic::body::Body>| {
            let mut requests = requests.clone();
            async move { requests.send_request(request).await }
        });
        let authority = self.to.address.authority();
        let Ok(origin) = http::Uri::builder()
            .scheme("https")
            .authority(authority)
            .path_and_query("/")
            .build()
        else {
            return Why::NoAddress;
        };
        let mut client = CareHubClient::with_origin(service, origin)
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT);
        let link = client.link(self.queue.outgoing());
        tokio::pin!(link);
        let early = tokio::time::timeout(HEADERS_WAIT, &mut link).await.ok();
        if !matches!(early, Some(Err(_))) {
            self.says(LinkSays::Opened).await;
        }
        let answer = match early {
            Some(answer) => answer,
            None => link.await,
        };
        let why = self.listen(answer).await;
        match connection.failure.take() {
            Some(noted) if !why.is_the_hubs() => noted,
            _ => why,
        }
    }

    async fn listen(&self, answer: Result<Response<Streaming<FromHub>>, Status>) -> Why {
        let mut words = match answer {
            Ok(response) => response.into_inner(),
            Err(status) => return Why::of_status(&status),
        };
        loop {
            match words.message().await {
                Ok(Some(word)) => self.says(LinkSays::Heard(word)).await,
                Ok(None) => return Why::Ended,
                Err(status) => return Why::of_status(&status),
            }
        }
    }
}
