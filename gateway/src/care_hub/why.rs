//! Why a link is down, in words that name the host, the file and the cure. Decides nothing.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as TlsError};
use tonic::{Code, Status};

use super::Endpoint;
use super::credentials::{CredentialFault, Files};
use super::dial::{CONNECT_TIMEOUT, KEEPALIVE_TIMEOUT};

/// What of a hub's own words is repeated, characters.
const HUB_WORDS: usize = 200;

/// One cause.
#[derive(Debug, Clone)]
pub(super) enum Why {
    /// Our own files.
    Credentials(CredentialFault),
    /// The name does not resolve.
    Lookup(String),
    /// The name has no address.
    NoAddress,
    /// Neither TCP nor TLS came about in time.
    ConnectTimeout,
    /// TLS failed.
    Tls(TlsError),
    /// The peer speaks TLS but not HTTP/2.
    NotHttp2,
    /// A ping was not answered.
    KeepaliveTimeout,
    /// TCP failed.
    Io(io::ErrorKind, String),
    /// The hub ended the stream with this.
    Status(Code, String),
    /// The hub ended the stream without a fault.
    Ended,
    /// Something under us panicked.
    Fault,
}

impl Why {
    pub(super) fn of_io(e: &io::Error) -> Self {
        match e
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<TlsError>())
        {
            Some(tls) => Self::Tls(tls.clone()),
            None => Self::Io(e.kind(), e.to_string()),
        }
    }

    /// The deepest cause in a chain that is known.
    pub(super) fn of_error(e: &(dyn Error + 'static)) -> Self {
        let mut next = Some(e);
        let mut last = String::new();
        while let Some(e) = next {
            if let Some(hyper) = e.downcast_ref::<hyper::Error>()
                && hyper.is_timeout()
            {
                return Self::KeepaliveTimeout;
            }
            if let Some(io) = e.downcast_ref::<io::Error>() {
                return Self::of_io(io);
            }
            if let Some(h2) = e.downcast_ref::<h2::Error>() {
                // A broken pipe without a failure below: hyper let go of the connection after an unanswered ping. What
                // failed below was noted there, and is asked first.
                return match h2.get_io() {
                    Some(io) if io.kind() == io::ErrorKind::BrokenPipe => Self::KeepaliveTimeout,
                    Some(io) => Self::of_io(io),
                    None => Self::Io(io::ErrorKind::Other, h2.to_string()),
                };
            }
            last = e.to_string();
            next = e.source();
        }
        Self::Io(io::ErrorKind::Other, last)
    }

    /// The hub's status, or what lies under it when it was made here.
    pub(super) fn of_status(status: &Status) -> Self {
        match status.source() {
            Some(source) => match Self::of_error(source) {
                Self::Io(io::ErrorKind::Other, _) => Self::said(status),
                known => known,
            },
            None => Self::said(status),
        }
    }

    fn said(status: &Status) -> Self {
        let words = status.message().chars().filter(|c| !c.is_control());
        Self::Status(status.code(), words.take(HUB_WORDS).collect())
    }

    /// True of the hub's own plain words; everything else is told better by what failed below it.
    pub(super) fn is_the_hubs(&self) -> bool {
        let made_here = [
            Code::Unknown,
            Code::Unavailable,
            Code::Internal,
            Code::Cancelled,
        ];
        matches!(self, Self::Status(code, _) if !made_here.contains(code))
    }

    /// The whole sentence.
    pub(super) fn in_words(&self, to: &Endpoint, files: &Files) -> String {
        let (what, cure) = self.what_and_cure(to, files);
        format!("{} ({}): {what}; {cure}", to.name, to.address.authority())
    }

    /// What is wrong, and what to do.
    pub(super) fn what_and_cure(&self, to: &Endpoint, files: &Files) -> (String, String) {
        let host = to.address.host();
        let port = to.address.port();
        let (what, cure) = match self {
            Self::Credentials(fault) => (fault.to_string(), fault.cure().to_owned()),
            Self::Lookup(why) => (
                format!("the name {host} does not resolve ({why})"),
                "check the home's network and DNS, or give the address in hub.endpoints".to_owned(),
            ),
            Self::NoAddress => (
                format!("the name {host} has no address"),
                "check hub.endpoints".to_owned(),
            ),
            Self::ConnectTimeout => (
                format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()),
                format!("check that {host} is up and that nothing drops TCP to port {port}"),
            ),
            Self::Tls(e) => tls(e, host, files),
            Self::NotHttp2 => (
                "the peer does not speak HTTP/2".to_owned(),
                format!("check that port {port} of {host} is the care hub's"),
            ),
            Self::KeepaliveTimeout => (
                format!(
                    "no answer to a keepalive within {} s",
                    KEEPALIVE_TIMEOUT.as_secs()
                ),
                format!(
                    "the path to {host} is dead or the hub is frozen; nothing to do if it comes back"
                ),
            ),
            Self::Io(kind, why) => tcp(*kind, why, host, port),
            Self::Status(code, said) => status(*code, said, to),
            Self::Fault => (
                "the link failed by a fault of the gateway's own".to_owned(),
                "report it with the log of this minute".to_owned(),
            ),
            Self::Ended => (
                "the hub ended the stream".to_owned(),
                "nothing to do if it comes back".to_owned(),
            ),
        };
        (what, cure)
    }
}

fn tcp(kind: io::ErrorKind, why: &str, host: &str, port: u16) -> (String, String) {
    let up = format!(
        "check that the care hub runs on {host} and that no firewall stands before port {port}"
    );
    match kind {
        io::ErrorKind::ConnectionRefused => ("connection refused".to_owned(), up),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => (
            format!("no route ({why})"),
            "check the home's network".to_owned(),
        ),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionAborted => (format!("the connection was cut ({why})"), up),
        io::ErrorKind::TimedOut => (
            "what was sent was not answered in time".to_owned(),
            format!("the path to {host} is dead; nothing to do if it comes back"),
        ),
        _ => (why.to_owned(), up),
    }
}

fn tls(e: &TlsError, host: &str, files: &Files) -> (String, String) {
    let ca = files.ca.display();
    let cert = files.cert.display();
    match e {
        TlsError::InvalidCertificate(why) => hubs_certificate(why, host, &ca.to_string()),
        TlsError::AlertReceived(alert) => match alert {
            AlertDescription::CertificateExpired => (
                format!("the hub says that our certificate {cert} has expired"),
                "renew it; nothing is lost meanwhile".to_owned(),
            ),
            AlertDescription::UnknownCA => (
                format!("the hub does not know the authority of our certificate {cert}"),
                "install a certificate of the authority that the hub trusts".to_owned(),
            ),
            AlertDescription::CertificateRevoked => (
                format!("the hub says that our certificate {cert} was revoked"),
                "install a new one".to_owned(),
            ),
            other => (
                format!("the hub refused our certificate {cert} ({other:?})"),
                "check its dates, its authority and its use (client authentication)".to_owned(),
            ),
        },
        other => (
            format!("TLS failed ({other})"),
            format!("check that {host} in hub.endpoints is the care hub"),
        ),
    }
}

fn hubs_certificate(why: &CertificateError, host: &str, ca: &str) -> (String, String) {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            format!("the certificate of {host} has expired"),
            "the hub's operator must renew it; check this machine's clock as well".to_owned(),
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            format!("the certificate of {host} is not valid yet"),
            "check this machine's clock".to_owned(),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            format!("the certificate that was shown does not carry the name {host}"),
            "write the name that the hub's certificate carries into hub.endpoints".to_owned(),
        ),
        CertificateError::UnknownIssuer => (
            format!("the certificate of {host} is of an authority that hub.ca {ca} does not hold"),
            "put the hub's authority into hub.ca; if it did not change, this is not the care hub"
                .to_owned(),
        ),
        other => (
            format!("the certificate of {host} is not accepted ({other:?})"),
            "the hub's operator must replace it".to_owned(),
        ),
    }
}

fn status(code: Code, said: &str, to: &Endpoint) -> (String, String) {
    let what = format!("the hub says {code:?}: {said}");
    let cure = match code {
        Code::PermissionDenied | Code::Unauthenticated => {
            "register gateway.id at the hub as the certificate has it".to_owned()
        }
        Code::Unimplemented => format!("check that {} is the care hub", to.address.authority()),
        Code::ResourceExhausted => "the hub is full; its operator must act".to_owned(),
        _ => "see the hub's log".to_owned(),
    };
    (what, cure)
}
