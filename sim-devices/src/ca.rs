//! A certificate authority for tests and for the demo: it makes keys that are worth nothing outside a test bench.
//! It refuses to overwrite what is there, and to write a key that others could read.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

const DAY: Duration = Duration::from_hours(24);

/// What to make.
#[derive(Debug, Clone)]
pub struct Order {
    /// Where; made when it is missing.
    pub out: PathBuf,
    /// Gateway ids that get a client certificate.
    pub gateways: Vec<String>,
    /// How long everything is valid, days.
    pub days: u32,
    /// Also a second authority under `stranger/`, which the first does not know, with the same names.
    pub stranger: bool,
    /// Also certificates of the first authority under `expired/` whose time ended yesterday.
    pub expired: bool,
}

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM, mode 0600.
    pub key: PathBuf,
}

impl Pair {
    /// The pair of this name in a folder.
    pub fn at(folder: &Path, name: &str) -> Self {
        Self {
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}.key")),
        }
    }
}

/// Makes what was ordered and answers every file written.
pub fn make(order: &Order) -> anyhow::Result<Vec<PathBuf>> {
    let now = SystemTime::now();
    let valid = (now - DAY, now + DAY * order.days);
    let mut written = Vec::new();
    let ours = authority("TECS test authority", valid)?;
    family(&order.out, &ours, &order.gateways, valid, &mut written)?;
    if order.stranger {
        let other = authority("TECS stranger authority", valid)?;
        let folder = order.out.join("stranger");
        family(&folder, &other, &order.gateways, valid, &mut written)?;
    }
    if order.expired {
        let past = (now - 3 * DAY, now - DAY);
        let folder = order.out.join("expired");
        family(&folder, &ours, &order.gateways, past, &mut written)?;
    }
    Ok(written)
}

type Span = (SystemTime, SystemTime);

fn authority(name: &str, valid: Span) -> anyhow::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = named(name, &[], valid)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// One authority's folder: its own certificate, the hub's, and one for each gateway.
fn family(
    folder: &Path,
    authority: &CertifiedIssuer<'static, KeyPair>,
    gateways: &[String],
    valid: Span,
    written: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let ca = Pair::at(folder, "ca");
    store(&ca, &authority.pem(), authority.key(), written)?;

    let mut hub = named("tecs-hub", &["localhost", "127.0.0.1", "::1"], valid)?;
    hub.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    issue(&Pair::at(folder, "hub"), hub, authority, written)?;

    for id in gateways {
        if !tecs_protocol::hub::gateway_id_is_valid(id) {
            bail!("gateway id `{id}`: 1 to 64 of a-z, 0-9 and - are allowed");
        }
        if matches!(id.as_str(), "ca" | "hub") {
            bail!("gateway id `{id}`: its files would be the authority's or the hub's");
        }
        let mut gateway = named(id, &[id], valid)?;
        gateway.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        issue(&Pair::at(folder, id), gateway, authority, written)?;
    }
    Ok(())
}

fn named(name: &str, alternatives: &[&str], valid: Span) -> anyhow::Result<CertificateParams> {
    let alternatives: Vec<String> = alternatives.iter().map(|&a| a.to_owned()).collect();
    let mut params = CertificateParams::new(alternatives)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = valid.0.into();
    params.not_after = valid.1.into();
    Ok(params)
}

fn issue(
    at: &Pair,
    mut params: CertificateParams,
    authority: &CertifiedIssuer<'static, KeyPair>,
    written: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    store(at, &certificate.pem(), &key, written)
}

fn store(at: &Pair, pem: &str, key: &KeyPair, written: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    write_new(&at.key, key.serialize_pem().as_bytes(), 0o600)?;
    write_new(&at.certificate, pem.as_bytes(), 0o644)?;
    written.extend([at.certificate.clone(), at.key.clone()]);
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .with_context(|| {
            format!(
                "making {} (keys are not overwritten: name an empty folder)",
                path.display()
            )
        })?;
    file.write_all(bytes)
        .with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn order(out: &Path) -> Order {
        Order {
            out: out.to_owned(),
            gateways: vec!["elm-4".into()],
            days: 30,
            stranger: true,
            expired: true,
        }
    }

    #[test]
    fn every_key_is_readable_by_its_owner_alone_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let written = make(&order(folder.path())).unwrap();
        assert_eq!(written.len(), 3 * 2 * 3);
        for path in written.iter().filter(|p| p.extension().unwrap() == "key") {
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
        let again = make(&order(folder.path())).unwrap_err();
        assert!(
            format!("{again:#}").contains("not overwritten"),
            "{again:#}"
        );
    }

    #[test]
    fn an_id_that_no_gateway_may_have_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for id in ["Elm 4", "", "ca", "hub"] {
            let mut order = order(&folder.path().join(format!("x{id}")));
            order.gateways = vec![id.to_owned()];
            let why = make(&order).unwrap_err().to_string();
            assert!(why.contains(&format!("`{id}`")), "{why}");
        }
    }
}
