//! From what the installer wrote to what the client needs: reads the password, the authority, our certificate and key,
//! anew for each connection, so that replaced files are taken up. Connects to nothing.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{MqttOptions, TlsConfiguration, Transport};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::config::{ClientId, MqttSource, Tls};

/// Why a connection cannot even be tried: always the installer's to mend.
#[derive(Debug, thiserror::Error)]
pub(super) enum SetupFault {
    /// A file that the configuration names cannot be read.
    #[error("{what} {path} cannot be read ({why}): correct the path, or its owner and mode")]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// Everybody on this machine may read a secret.
    #[error("everybody may read {what} {path}: chmod 0640 it")]
    Open {
        /// What it is.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// The file is there but not what it should be.
    #[error("{what} {path} is not usable ({why}): it must be PEM")]
    Unfit {
        /// What it should be.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Two keys of the configuration go together and only one is there.
    #[error("{0}")]
    Half(&'static str),
    /// Certificate and key do not fit.
    #[error("the client certificate and its key do not fit together ({0}): replace both")]
    Mismatch(rustls::Error),
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

/// The options of a client of this broker: who it is, how it proves that, how the way is encrypted.
pub(super) fn options(config: &MqttSource, id: &ClientId) -> Result<MqttOptions, SetupFault> {
    let mut options = MqttOptions::new(id.as_str(), config.host.as_str(), config.port());
    options.set_keep_alive(Duration::from_secs(u64::from(config.keep_alive_s.max(1))));
    match (&config.username, &config.password_file) {
        (Some(user), Some(file)) => {
            options.set_credentials(user.as_str(), password(file)?);
        }
        (Some(user), None) => {
            options.set_credentials(user.as_str(), "");
        }
        (None, Some(_)) => return Err(SetupFault::Half("password_file is there but no username")),
        (None, None) => {}
    }
    if let Some(tls) = &config.tls {
        let tls = TlsConfiguration::Rustls(Arc::new(client_config(tls)?));
        options.set_transport(Transport::tls_with_config(tls));
    }
    Ok(options)
}

/// The first line of the password file.
fn password(file: &Path) -> Result<String, SetupFault> {
    let what = "password_file";
    let text = secret(what, file)?;
    let text = String::from_utf8(text).map_err(|e| SetupFault::Unfit {
        what,
        path: file.into(),
        why: e.to_string(),
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// TLS 1.2 or 1.3 on ring, trusting this authority alone.
fn client_config(tls: &Tls) -> Result<ClientConfig, SetupFault> {
    let mut roots = RootCertStore::empty();
    for authority in certificates("tls.ca", &tls.ca)? {
        roots.add(authority).map_err(|e| SetupFault::Unfit {
            what: "tls.ca",
            path: tls.ca.clone(),
            why: e.to_string(),
        })?;
    }
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(SetupFault::Tls)?
        .with_root_certificates(roots);
    match (&tls.cert, &tls.key) {
        (Some(cert), Some(key)) => config
            .with_client_auth_cert(certificates("tls.cert", cert)?, private_key(key)?)
            .map_err(SetupFault::Mismatch),
        (None, None) => Ok(config.with_no_client_auth()),
        _ => Err(SetupFault::Half("tls.cert and tls.key go together")),
    }
}

fn certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, SetupFault> {
    let unfit = |why: String| SetupFault::Unfit {
        what,
        path: path.into(),
        why,
    };
    let pem = read(what, path)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|e| unfit(e.to_string()))?;
    if found.is_empty() {
        return Err(unfit("it holds no certificate".into()));
    }
    Ok(found)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, SetupFault> {
    let what = "tls.key";
    let pem = secret(what, path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|e| SetupFault::Unfit {
        what,
        path: path.into(),
        why: e.to_string(),
    })
}

/// The bytes of a file that not everybody may read.
fn secret(what: &'static str, path: &Path) -> Result<Vec<u8>, SetupFault> {
    let meta = fs::metadata(path).map_err(|why| unreadable(what, path, why))?;
    if meta.permissions().mode() & 0o007 != 0 {
        return Err(SetupFault::Open {
            what,
            path: path.into(),
        });
    }
    read(what, path)
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, SetupFault> {
    fs::read(path).map_err(|why| unreadable(what, path, why))
}

fn unreadable(what: &'static str, path: &Path, why: io::Error) -> SetupFault {
    SetupFault::Unreadable {
        what,
        path: path.into(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    fn id() -> ClientId {
        ClientId::try_from("me".to_owned()).unwrap()
    }

    #[test]
    fn a_password_is_the_first_line_of_a_file_that_not_everybody_may_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        fs::write(&file, "geheim\n").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        let config = MqttSource {
            username: Some("hub".into()),
            password_file: Some(file.clone()),
            ..MqttSource::default()
        };
        let login = options(&config, &id()).unwrap().credentials().unwrap();
        assert_eq!(
            (login.username.as_str(), login.password.as_str()),
            ("hub", "geheim")
        );
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let fault = options(&config, &id()).map(|_| ()).unwrap_err().to_string();
        assert!(
            fault.contains("everybody may read password_file"),
            "{fault}"
        );
    }

    #[test]
    fn a_missing_authority_is_named_with_its_path() {
        let tls = Tls {
            ca: "/nowhere/ca.pem".into(),
            cert: None,
            key: None,
        };
        let config = MqttSource {
            tls: Some(tls),
            ..MqttSource::default()
        };
        let fault = options(&config, &id()).map(|_| ()).unwrap_err().to_string();
        assert!(
            fault.starts_with("tls.ca /nowhere/ca.pem cannot be read"),
            "{fault}"
        );
    }
}
