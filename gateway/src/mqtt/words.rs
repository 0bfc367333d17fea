//! Why a broker cannot be reached, in words that name the broker and the cure. Never a password, never a topic of a
//! device.

use std::io;

use rumqttc::{ConnectReturnCode, ConnectionError, StateError, TlsError};

use super::config::{ClientId, Filter, MqttSource};

/// A broker as the words name it.
#[derive(Debug, Clone)]
pub(super) struct Broker {
    place: String,
    id: ClientId,
    user: Option<String>,
    tls: bool,
    keep_alive_s: u16,
}

impl Broker {
    pub(super) fn new(config: &MqttSource, id: &ClientId) -> Self {
        Self {
            place: format!("{}:{}", config.host, config.port()),
            id: id.clone(),
            user: config.username.clone(),
            tls: config.tls.is_some(),
            keep_alive_s: config.keep_alive_s,
        }
    }

    /// Why a connection could not be made; `greeted` when it had been made and is lost.
    pub(super) fn lost(&self, error: &ConnectionError, greeted: bool) -> String {
        let place = &self.place;
        match error {
            ConnectionError::ConnectionRefused(code) => self.refused(*code),
            ConnectionError::Tls(error) => self.tls(error),
            ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => format!(
                "the broker at {place} does not answer within 5 s: look at its machine and the network between"
            ),
            ConnectionError::Io(error) => self.io(error, greeted),
            ConnectionError::MqttState(error) => self.state(error, greeted),
            ConnectionError::NotConnAck(_) => {
                format!("what answers at {place} is no MQTT broker: correct host and port")
            }
            ConnectionError::RequestsDone => format!("the client of {place} has ended"),
        }
    }

    /// These filters are refused.
    pub(super) fn refused_filters(&self, refused: &[Filter]) -> String {
        let filters: Vec<&str> = refused.iter().map(Filter::as_str).collect();
        format!(
            "the broker at {} does not let {} subscribe to {}: allow it in the broker's access list (ACL)",
            self.place,
            self.who(),
            filters.join(", ")
        )
    }

    /// A packet came that is over the limit.
    pub(super) fn too_large(&self, bytes: usize) -> String {
        format!(
            "the broker at {} holds a message of {bytes} bytes for us, over packet_limit: it is taken once to be refused by \
             name; find its sender, and set message_size_limit in the broker",
            self.place
        )
    }

    /// We ended the connection to begin anew.
    pub(super) fn opened_again(&self) -> String {
        format!("the connection to {} is opened again", self.place)
    }

    fn refused(&self, code: ConnectReturnCode) -> String {
        let (place, who) = (&self.place, self.who());
        match code {
            // mosquitto says `NotAuthorized` for a wrong password as well.
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => format!(
                "the broker at {place} refuses {who}: correct username and password_file, and the broker's own users"
            ),
            ConnectReturnCode::BadClientId => {
                format!(
                    "the broker at {place} refuses the client id {}: give another",
                    self.id.as_str()
                )
            }
            ConnectReturnCode::ServiceUnavailable => {
                format!("the broker at {place} says that it is not available now: look at its log")
            }
            ConnectReturnCode::RefusedProtocolVersion => {
                format!("the broker at {place} does not speak MQTT 3.1.1: allow it there")
            }
            ConnectReturnCode::Success => format!("the broker at {place} contradicts itself"),
        }
    }

    fn io(&self, error: &io::Error, greeted: bool) -> String {
        // A TLS 1.3 broker refuses our certificate only after the handshake.
        if let Some(fault) = error.get_ref().and_then(|e| e.downcast_ref()) {
            return self.rustls(fault);
        }
        let place = &self.place;
        match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                format!("nothing listens at {place}: start the broker, or correct host and port")
            }
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => self.closed(greeted),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                format!("there is no way to {place} ({error}): look at the network")
            }
            _ => format!(
                "the broker at {place} cannot be reached ({error}): correct host and port, or look at the network"
            ),
        }
    }

    fn state(&self, error: &StateError, greeted: bool) -> String {
        match error {
            StateError::ConnectionAborted => self.closed(greeted),
            StateError::Io(error) | StateError::Deserialization(rumqttc::Error::Io(error)) => {
                self.io(error, greeted)
            }
            StateError::AwaitPingResp => format!(
                "the broker at {} has been silent for {} s: look at its machine and the network between",
                self.place,
                2 * u32::from(self.keep_alive_s)
            ),
            other => format!(
                "the broker at {} broke the protocol ({other}): look at its version and log",
                self.place
            ),
        }
    }

    fn closed(&self, greeted: bool) -> String {
        let place = &self.place;
        if greeted {
            format!(
                "the broker at {place} closed the connection: it ended, or another client uses the id {}",
                self.id.as_str()
            )
        } else if self.tls {
            format!("{place} closed the connection in the handshake: is its port one for TLS?")
        } else {
            format!(
                "{place} closed the connection at once: is its port one for TLS, without tls here?"
            )
        }
    }

    fn tls(&self, error: &TlsError) -> String {
        match error {
            TlsError::Io(error) => self.io(error, false),
            other => format!(
                "TLS with {} failed ({other}): correct host and tls",
                self.place
            ),
        }
    }

    fn rustls(&self, fault: &rustls::Error) -> String {
        use rustls::Error as E;
        let cure = match fault {
            E::InvalidCertificate(fault) => certificate_cure(fault),
            E::AlertReceived(_) => {
                "the broker refuses our certificate: correct tls.cert and tls.key"
            }
            E::InvalidMessage(_) => "is its port one for TLS?",
            _ => "correct tls, here or at the broker",
        };
        format!(
            "TLS with the broker at {} failed ({fault}): {cure}",
            self.place
        )
    }

    fn who(&self) -> String {
        self.user.as_ref().map_or_else(
            || "a client without a username".to_owned(),
            |user| format!("the user {user}"),
        )
    }
}

fn certificate_cure(fault: &rustls::CertificateError) -> &'static str {
    use rustls::CertificateError as E;
    match fault {
        E::Expired | E::ExpiredContext { .. } => {
            "renew the broker's certificate, or set this machine's clock"
        }
        E::NotValidYet | E::NotValidYetContext { .. } => "set this machine's clock",
        E::UnknownIssuer => {
            "tls.ca did not sign the broker's certificate: give the authority that did"
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            "the certificate is for another name: correct host, or the certificate"
        }
        _ => "replace the broker's certificate",
    }
}
