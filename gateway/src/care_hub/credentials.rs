//! The gateway's certificate, its key, and the authority that vouches for the care hub: read anew at each connect, so
//! that a renewed certificate needs no restart. Looks at no permissions: `check` and the daemon's start do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::ClientConfig;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{Error as TlsError, RootCertStore};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// How often a key that does not fit its certificate is read again: they may be being replaced, one after the other.
const MISMATCH_RETRIES: u32 = 3;
/// The pause between two such readings.
const MISMATCH_PAUSE: Duration = Duration::from_millis(100);

/// Where the three files are, PEM each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files {
    /// The authority that signs the care hub's certificates (`hub.ca`).
    pub ca: PathBuf,
    /// The gateway's own certificate, with its chain (`hub.cert`).
    pub cert: PathBuf,
    /// Its private key (`hub.key`).
    pub key: PathBuf,
}

/// What is wrong with the files, named by key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    /// The file cannot be read.
    #[error("{key} {}: cannot be read: {why}", path.display())]
    Unreadable {
        /// Its key in the configuration.
        key: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The file holds something else.
    #[error("{key} {}: {why}", path.display())]
    Content {
        /// Its key in the configuration.
        key: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What was due.
        why: String,
    },
    /// Certificate and key are not of one pair.
    #[error("hub.key {} does not belong to hub.cert {}", key.display(), cert.display())]
    KeyMismatch {
        /// The key.
        key: PathBuf,
        /// The certificate.
        cert: PathBuf,
    },
}

impl CredentialFault {
    /// The key in the configuration that it is about.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Unreadable { key, .. } | Self::Content { key, .. } => key,
            Self::KeyMismatch { .. } => "hub.key",
        }
    }

    /// What to do.
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => {
                "put the file there and let the daemon's user read it (systemd: LoadCredential= or the unit's user)"
            }
            Self::Content { .. } => "put a PEM file of the right content there",
            Self::KeyMismatch { .. } => {
                "install the certificate and the key that were issued together; replace both at once by swapping a folder link"
            }
        }
    }
}

/// What the gateway's own certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSays {
    /// Its common name and DNS names: one of them must be the gateway's id.
    pub names: Vec<String>,
    /// Not valid before this, seconds since 1970.
    pub not_before_s: i64,
    /// Not valid after this, seconds since 1970.
    pub not_after_s: i64,
}

/// Reads all three files as a connect does, and what the certificate says. Blocks on the disk.
pub fn inspect(files: &Files) -> Result<CertificateSays, CredentialFault> {
    let (_, says) = read(files)?;
    Ok(says)
}

/// The TLS client of one connect.
pub(super) async fn load(files: &Files) -> Result<Arc<ClientConfig>, CredentialFault> {
    let mut tried = 0;
    loop {
        match read(files) {
            Err(CredentialFault::KeyMismatch { .. }) if tried < MISMATCH_RETRIES => {
                tried += 1;
                tokio::time::sleep(MISMATCH_PAUSE).await;
            }
            read => return read.map(|(config, _)| Arc::new(config)),
        }
    }
}

fn read(files: &Files) -> Result<(ClientConfig, CertificateSays), CredentialFault> {
    let mut roots = RootCertStore::empty();
    for cert in certificates("hub.ca", &files.ca)? {
        roots.add(cert).map_err(|e| {
            content(
                "hub.ca",
                &files.ca,
                format!("not an authority's certificate: {e}"),
            )
        })?;
    }
    let chain = certificates("hub.cert", &files.cert)?;
    let says = chain.first().and_then(|cert| says(cert)).ok_or_else(|| {
        content(
            "hub.cert",
            &files.cert,
            "not an X.509 certificate".to_owned(),
        )
    })?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|e| pem_fault("hub.key", &files.key, &e, "no private key in PEM"))?;
    let floor = Floor(u64::try_from(says.not_before_s).unwrap_or(0));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(floor))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|e| content("hub.ca", &files.ca, e.to_string()))?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(|e| match e {
            TlsError::InconsistentKeys(_) => CredentialFault::KeyMismatch {
                key: files.key.clone(),
                cert: files.cert.clone(),
            },
            other => content("hub.key", &files.key, other.to_string()),
        })?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok((config, says))
}

fn certificates(
    key: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, CredentialFault> {
    let fault = |e: PemError| pem_fault(key, path, &e, "no certificate in PEM");
    let certs = CertificateDer::pem_file_iter(path)
        .map_err(fault)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(fault)?;
    if certs.is_empty() {
        return Err(content(key, path, "no certificate in PEM".to_owned()));
    }
    Ok(certs)
}

fn pem_fault(key: &'static str, path: &Path, e: &PemError, due: &str) -> CredentialFault {
    match e {
        PemError::Io(e) => CredentialFault::Unreadable {
            key,
            path: path.to_owned(),
            why: e.to_string(),
        },
        PemError::NoItemsFound => content(key, path, due.to_owned()),
        other => content(key, path, format!("{due}: {other}")),
    }
}

fn content(key: &'static str, path: &Path, why: String) -> CredentialFault {
    CredentialFault::Content {
        key,
        path: path.to_owned(),
        why,
    }
}

fn says(der: &CertificateDer<'_>) -> Option<CertificateSays> {
    let (_, cert) = X509Certificate::from_der(der).ok()?;
    let mut names: Vec<String> = cert
        .subject()
        .iter_common_name()
        .filter_map(|name| name.as_str().ok().map(str::to_owned))
        .collect();
    if let Ok(Some(alternatives)) = cert.subject_alternative_name() {
        for name in &alternatives.value.general_names {
            if let GeneralName::DNSName(name) = name {
                names.push((*name).to_owned());
            }
        }
    }
    Some(CertificateSays {
        names,
        not_before_s: cert.validity().not_before.timestamp(),
        not_after_s: cert.validity().not_after.timestamp(),
    })
}

/// When a certificate ends, seconds since 1970.
pub(super) fn expires(der: &CertificateDer<'_>) -> Option<i64> {
    says(der).map(|says| says.not_after_s)
}

/// The wall clock, but never before our own certificate was issued: a machine that boots in 1970 still reaches its hub.
#[derive(Debug)]
struct Floor(u64);

impl TimeProvider for Floor {
    fn current_time(&self) -> Option<UnixTime> {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let wall = wall.map_or(0, |since| since.as_secs());
        Some(UnixTime::since_unix_epoch(Duration::from_secs(
            wall.max(self.0),
        )))
    }
}
