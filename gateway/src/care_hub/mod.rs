//! The way to the care hub: one stream an endpoint, over mutual TLS. It dials, carries and tells; when to dial, what to
//! send and what an answer means are the core's.

mod address;
mod credentials;
mod dial;
mod probe;
mod queue;
#[allow(clippy::pedantic, unreachable_pub)] // Generated code is not ours to restyle.
#[rustfmt::skip]
mod stub;
mod stream;
mod watched;
mod why;

use tecs_protocol::hub::v1::FromHome;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::inputs::Inputs;

pub use address::{Address, AddressFault};
pub use credentials::{CertificateSays, CredentialFault, Files, inspect};
pub use probe::{Hop, Went, days_until, probe};

use queue::Queue;
use stream::Life;

/// One endpoint of the care hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// As the configuration calls it.
    pub name: String,
    /// Where it is.
    pub address: Address,
}

/// What one endpoint's stream may hold unsent before it is given up, bytes (4 MiB). The core holds bulk to 256 KiB
/// without a receipt; this bounds what alarms and answers may add while a hub takes nothing.
pub const QUEUE_BYTES: usize = 4 << 20;

/// All links to the care hub.
pub struct CareHub {
    endpoints: Vec<Endpoint>,
    files: Files,
    queue_bytes: usize,
    inputs: Inputs,
    links: Vec<Link>,
}

/// One endpoint's link: the life that goes on now, and the task of the newest one, which the next waits for.
#[derive(Default)]
struct Link {
    open: Option<Open>,
    newest: Option<JoinHandle<()>>,
}

/// One life of a link: from `connect` to its one `Closed`.
struct Open {
    queue: Queue,
    give_up: oneshot::Sender<String>,
}

impl CareHub {
    /// Links to these endpoints, none of them dialled yet. What happens is said to `inputs`: for each `connect` either
    /// `Opened`, any number of `Heard` and one `Closed`, or one `Closed` alone; of one endpoint always in this order.
    pub fn new(endpoints: Vec<Endpoint>, files: Files, queue_bytes: usize, inputs: Inputs) -> Self {
        let links = endpoints.iter().map(|_| Link::default()).collect();
        Self {
            endpoints,
            files,
            queue_bytes,
            inputs,
            links,
        }
    }

    /// Opens a stream to this endpoint; one that is open is given up first. Must be called within a tokio runtime.
    pub fn connect(&mut self, endpoint: usize) {
        self.disconnect(endpoint);
        let Some((to, link)) = self
            .endpoints
            .get(endpoint)
            .zip(self.links.get_mut(endpoint))
        else {
            tracing::error!(
                endpoint,
                "asked to connect to an endpoint that is not configured"
            );
            return;
        };
        let queue = Queue::new(self.queue_bytes);
        let (give_up, end) = oneshot::channel();
        let life = Life {
            endpoint,
            to: to.clone(),
            files: self.files.clone(),
            queue: queue.clone(),
            inputs: self.inputs.clone(),
        };
        let before = link.newest.take();
        link.newest = Some(tokio::spawn(async move {
            if let Some(before) = before {
                // However it ended, it has ended.
                let _ = before.await;
            }
            life.run(end).await;
        }));
        link.open = Some(Open { queue, give_up });
    }

    /// Gives this endpoint's stream up at once; its `Closed` follows if it has not been said yet.
    pub fn disconnect(&mut self, endpoint: usize) {
        self.give_up(endpoint, "the gateway gave this stream up".to_owned());
    }

    fn give_up(&mut self, endpoint: usize, why: String) {
        if let Some(open) = self.links.get_mut(endpoint).and_then(|l| l.open.take()) {
            // A life that has ended by itself has said why.
            let _ = open.give_up.send(why);
        }
    }

    /// Puts this on an endpoint's stream; what comes `first` overtakes waiting bulk. Without a stream it is dropped:
    /// `Closed` has been or will be said, and the core keeps every record until its receipt.
    pub fn send(&mut self, endpoint: usize, first: bool, says: FromHome) {
        let open = self.links.get(endpoint).and_then(|l| l.open.as_ref());
        if open.is_some_and(|open| open.queue.push(first, says).is_err()) {
            let name = self.endpoints.get(endpoint).map_or("", |e| e.name.as_str());
            let why = format!(
                "{name} took nothing while {} bytes waited for it (limit hub.queue_bytes); the stream is opened anew",
                self.queue_bytes
            );
            self.give_up(endpoint, why);
        }
    }
}

#[cfg(test)]
mod tests;
