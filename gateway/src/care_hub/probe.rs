//! The way to one endpoint, hop by hop, for `doctor`: name, TCP, TLS. Each hop is tried as a link tries it, and says by itself
//! why it fails; nothing is sent to the hub.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::credentials::{self, Files};
use super::dial::{self, CONNECT_TIMEOUT};
use super::why::Why;
use super::{Endpoint, credentials::expires};

/// One hop of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// The name has an address.
    Name,
    /// Somebody listens there.
    Tcp,
    /// They are who they should be, and take us for who we are.
    Tls,
}

impl Hop {
    /// As people call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }
}

/// How a hop went: what was found, or what is wrong and what to do.
pub type Went = Result<String, (String, String)>;

/// Tries the hops in their order, up to the first that fails.
pub async fn probe(to: &Endpoint, files: &Files) -> Vec<(Hop, Went)> {
    let mut hops = Vec::new();
    let fails = |why: Why| why.what_and_cure(to, files);
    let found = match within(dial::look_up(&to.address), no_answer).await {
        Ok(found) => found,
        Err(why) => {
            hops.push((Hop::Name, Err(fails(why))));
            return hops;
        }
    };
    let all: Vec<String> = found.iter().map(|a| a.ip().to_string()).collect();
    hops.push((Hop::Name, Ok(all.join(", "))));
    let tcp = match within(dial::connect(&found), || Why::ConnectTimeout).await {
        Ok(tcp) => tcp,
        Err(why) => {
            hops.push((Hop::Tcp, Err(fails(why))));
            return hops;
        }
    };
    hops.push((Hop::Tcp, Ok(to.address.authority())));
    let secured = async {
        let config = credentials::load(files).await.map_err(Why::Credentials)?;
        dial::secure(tcp, config, to).await
    };
    let tls = match within(secured, || Why::ConnectTimeout).await {
        Ok(tls) => {
            let (_, session) = tls.get_ref();
            let shown = session.peer_certificates().and_then(<[_]>::first);
            let days = shown.and_then(expires).map(|at| days_until(at, now_s()));
            Ok(match days {
                Some(days) => format!("TLS 1.3, the hub's certificate ends in {days} days"),
                None => "TLS 1.3".to_owned(),
            })
        }
        Err(why) => Err(fails(why)),
    };
    hops.push((Hop::Tls, tls));
    hops
}

fn no_answer() -> Why {
    Why::Lookup("no name server answered in time".to_owned())
}

async fn within<T>(
    hop: impl Future<Output = Result<T, Why>>,
    otherwise: fn() -> Why,
) -> Result<T, Why> {
    let hop = tokio::time::timeout(CONNECT_TIMEOUT + Duration::from_secs(1), hop).await;
    hop.unwrap_or_else(|_| Err(otherwise()))
}

fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}

/// Whole days from `now_s` until `at_s`, both seconds since 1970; negative once it is over.
pub fn days_until(at_s: i64, now_s: i64) -> i64 {
    (at_s - now_s).div_euclid(86_400)
}
