//! Checks what the configuration names: addresses, figures, certificates, the key's mode, the register of homes.
//! It collects every mistake instead of stopping at the first, and reads no ledger.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tonic::transport::{Certificate, Identity, ServerTlsConfig};

use super::{Config, Problem};
use crate::homes::Homes;

/// A configuration whose files were read and found good.
pub struct Checked {
    /// As it was written.
    pub config: Config,
    /// The register; empty without a file.
    pub homes: Homes,
    /// The hub's certificate and key, and the authority of the gateways.
    pub tls: ServerTlsConfig,
}

/// Checks everything; the mistakes in the order of the file.
pub fn check(
    file: &Path,
    overrides: impl IntoIterator<Item = (String, String)>,
) -> Result<Checked, Vec<Problem>> {
    let (config, text) = super::read(file, overrides).map_err(|problem| vec![problem])?;
    let mut found = Found {
        file,
        text: &text,
        problems: Vec::new(),
    };
    found.figures(&config);
    let tls = found.tls(&config);
    let homes = found.homes(&config);
    found.ledger(&config);
    match (found.problems.is_empty(), tls) {
        (true, Some(tls)) => Ok(Checked { config, homes, tls }),
        (_, _) => Err(found.problems),
    }
}

struct Found<'a> {
    file: &'a Path,
    text: &'a str,
    problems: Vec<Problem>,
}

impl Found<'_> {
    fn wrong(&mut self, section: &str, key: &str, problem: impl Into<String>) {
        self.problems.push(Problem {
            file: self.file.display().to_string(),
            key: Some(format!("[{section}] {key}")),
            line: line_of_key(self.text, section, key),
            problem: problem.into(),
        });
    }

    fn figures(&mut self, config: &Config) {
        if !config.console.listen.ip().is_loopback() {
            self.wrong(
                "console",
                "listen",
                format!(
                    "{} is not loopback; 127.0.0.1 or [::1] is allowed, because the page has no log-in yet",
                    config.console.listen.ip()
                ),
            );
        }
        let (s, l) = (config.supervision, config.limits);
        for (section, key, value, least, most) in [
            ("supervision", "beat_every_s", s.beat_every_s, 1, 3_600),
            ("supervision", "missed_beats", s.missed_beats, 1, 100),
            (
                "limits",
                "waiting_records",
                l.waiting_records,
                100,
                10_000_000,
            ),
            ("limits", "pause_ms", l.pause_ms, 10, 60_000),
            ("limits", "parcel_bytes", l.parcel_bytes, 1_024, 1 << 20),
            (
                "limits",
                "unreceipted_bytes",
                l.unreceipted_bytes,
                16 << 10,
                16 << 20,
            ),
            (
                "limits",
                "streams_per_gateway",
                l.streams_per_gateway,
                1,
                1_000,
            ),
            ("limits", "late_after_s", l.late_after_s, 1, 86_400),
            ("limits", "claim_lapses_s", l.claim_lapses_s, 10, 86_400),
            (
                "limits",
                "attending_lapses_s",
                l.attending_lapses_s,
                10,
                604_800,
            ),
        ] {
            if !(least..=most).contains(&value) {
                self.wrong(
                    section,
                    key,
                    format!("{value} is not allowed; {least} to {most} is"),
                );
            }
        }
    }

    fn tls(&mut self, config: &Config) -> Option<ServerTlsConfig> {
        let ingest = &config.ingest;
        let cert = self.bytes("ingest", "cert", &ingest.cert);
        let key = self.bytes("ingest", "key", &ingest.key);
        let client_ca = self.bytes("ingest", "client_ca", &ingest.client_ca);
        if key.is_some() {
            self.mode("ingest", "key", &ingest.key);
        }
        let (cert, key, client_ca) = (cert?, key?, client_ca?);
        for (name, pem) in [("cert", &cert), ("client_ca", &client_ca)] {
            if !certificates(pem) {
                self.wrong("ingest", name, "holds no certificate in PEM");
            }
        }
        let tls = ServerTlsConfig::new()
            .identity(Identity::from_pem(&cert, &key))
            .client_ca_root(Certificate::from_pem(&client_ca))
            .timeout(std::time::Duration::from_secs(10));
        // The library says by itself whether the three fit; a key of another certificate is found here, not at night.
        if let Err(e) = tonic::transport::Server::builder().tls_config(tls.clone()) {
            let why = std::error::Error::source(&e).map_or_else(String::new, |s| format!(": {s}"));
            self.wrong(
                "ingest",
                "key",
                format!("cert, key and client_ca make no TLS server{why}"),
            );
            return None;
        }
        Some(tls)
    }

    fn bytes(&mut self, section: &str, key: &str, path: &Path) -> Option<Vec<u8>> {
        match std::fs::read(path) {
            Ok(bytes) => Some(bytes),
            Err(e) => {
                self.wrong(section, key, format!("{}: {e}", path.display()));
                None
            }
        }
    }

    /// A private key that others may read is no private key.
    fn mode(&mut self, section: &str, key: &str, path: &Path) {
        let Ok(meta) = std::fs::metadata(path) else {
            return;
        };
        let mode = meta.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            self.wrong(
                section,
                key,
                format!(
                    "{path} has mode {mode:03o}; others may read or change it. 600 or less is allowed: chmod 600 {path}",
                    path = path.display()
                ),
            );
        }
    }

    fn homes(&mut self, config: &Config) -> Homes {
        let Some(path) = &config.homes.file else {
            return Homes::default();
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) => {
                self.wrong("homes", "file", format!("{}: {e}", path.display()));
                return Homes::default();
            }
        };
        Homes::read(&text).unwrap_or_else(|why| {
            self.problems.push(Problem {
                file: path.display().to_string(),
                key: None,
                line: None,
                problem: why,
            });
            Homes::default()
        })
    }

    fn ledger(&mut self, config: &Config) {
        let folder = config.ledger.path.parent().unwrap_or(Path::new("."));
        if !folder.as_os_str().is_empty() && !folder.is_dir() {
            self.wrong(
                "ledger",
                "path",
                format!("its folder {} is not there", folder.display()),
            );
        }
    }
}

fn certificates(pem: &[u8]) -> bool {
    x509_parser::pem::Pem::iter_from_buffer(pem)
        .flatten()
        .any(|block| block.label == "CERTIFICATE")
}

/// The line of `key` within `[section]`, or of the section, if the file has them.
fn line_of_key(text: &str, section: &str, key: &str) -> Option<usize> {
    let mut inside = false;
    let mut header = None;
    for (nth, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            inside = name.split(']').next().map(str::trim) == Some(section);
            if inside {
                header = Some(nth + 1);
            }
        } else if inside && line.split('=').next().map(str::trim) == Some(key) {
            return Some(nth + 1);
        }
    }
    header
}
