//! Where an endpoint is: `https://host[:port]`, and nothing else. Resolves nothing.

use rustls::pki_types::ServerName;

/// An endpoint's host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

/// Why a text is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// Only mutual TLS reaches the care hub.
    #[error(
        "begins with another scheme than `https://`; the care hub is reached over mutual TLS alone"
    )]
    Scheme,
    /// Neither a DNS name nor an IP address.
    #[error("has no host that is a DNS name or an IP address")]
    Host,
    /// Not 1 to 65535.
    #[error("has a port that is not a number from 1 to 65535")]
    Port,
    /// A path, a query, a user.
    #[error("has more than a host and a port")]
    More,
}

impl Address {
    /// Reads `https://host[:port]`; the port is 443 where none is given. IPv6 addresses stand in brackets.
    pub fn parse(url: &str) -> Result<Self, AddressFault> {
        let rest = url.strip_prefix("https://").ok_or(AddressFault::Scheme)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(AddressFault::More);
        }
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or(AddressFault::Host)?;
                match rest.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if rest.is_empty() => (host, None),
                    None => return Err(AddressFault::Port),
                }
            }
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let port = port.map_or(Ok(443), str::parse);
        let port = port.ok().filter(|&p| p > 0).ok_or(AddressFault::Port)?;
        ServerName::try_from(host).map_err(|_| AddressFault::Host)?;
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }

    /// Its host: a DNS name or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The name that its certificate must carry.
    pub(super) fn server_name(&self) -> Option<ServerName<'static>> {
        ServerName::try_from(self.host.clone()).ok()
    }

    /// As an HTTP authority: an IPv6 address in brackets.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_a_port_are_an_endpoint() {
        for (url, authority) in [
            ("https://hub.example:8443", "hub.example:8443"),
            ("https://hub.example/", "hub.example:443"),
            ("https://127.0.0.1:1", "127.0.0.1:1"),
            ("https://[::1]:8443", "[::1]:8443"),
            ("https://[::1]", "[::1]:443"),
        ] {
            assert_eq!(Address::parse(url).unwrap().authority(), authority);
        }
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for (url, fault) in [
            ("http://hub:8443", AddressFault::Scheme),
            ("hub:8443", AddressFault::Scheme),
            ("https://hub:0", AddressFault::Port),
            ("https://hub:65536", AddressFault::Port),
            ("https://hub:", AddressFault::Port),
            ("https://:8443", AddressFault::Host),
            ("https://a b", AddressFault::Host),
            ("https://me@hub", AddressFault::More),
            ("https://hub/path", AddressFault::More),
        ] {
            assert_eq!(Address::parse(url), Err(fault), "{url}");
        }
    }
}
