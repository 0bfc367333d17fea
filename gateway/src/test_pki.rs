//! Certificates for this crate's tests: an authority, a hub, a gateway, written as the files that a home has.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

use crate::care_hub::Files;

/// An authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// A certificate and its key, PEM.
pub(crate) struct Pair {
    pub(crate) cert: String,
    pub(crate) key: String,
}

/// When a certificate is valid.
#[derive(Clone, Copy)]
pub(crate) enum Valid {
    Now,
    Expired,
    Later,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    pub(crate) fn sign(&self, name: &str, usage: ExtendedKeyUsagePurpose, valid: Valid) -> Pair {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        match valid {
            Valid::Now => {}
            Valid::Expired => params.not_after = date_time_ymd(2020, 1, 1),
            Valid::Later => params.not_before = date_time_ymd(4000, 1, 1),
        }
        let key = KeyPair::generate().unwrap();
        Pair {
            cert: params.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    pub(crate) fn hub(&self, name: &str, valid: Valid) -> Pair {
        self.sign(name, ExtendedKeyUsagePurpose::ServerAuth, valid)
    }

    pub(crate) fn gateway(&self, id: &str, valid: Valid) -> Pair {
        self.sign(id, ExtendedKeyUsagePurpose::ClientAuth, valid)
    }
}

/// Writes a home's three files into a folder.
pub(crate) fn write(folder: &Path, authority: &Authority, pair: &Pair) -> Files {
    let files = Files {
        ca: folder.join("ca.pem"),
        cert: folder.join("gateway.pem"),
        key: folder.join("gateway.key"),
    };
    std::fs::write(&files.ca, &authority.pem).unwrap();
    std::fs::write(&files.cert, &pair.cert).unwrap();
    secret(files.key.clone(), &pair.key);
    files
}

/// Writes a file that only its owner may read.
pub(crate) fn secret(path: PathBuf, text: &str) {
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
