//! Who a certificate says its holder is. The chain itself was checked by TLS; this only reads names.

use tecs_protocol::hub::gateway_id_is_valid;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The URI under which an authority may name a gateway; others end in `/gateway/ID`.
const URN: &str = "urn:tecs:gateway:";

/// The gateway ids that a certificate (DER) stands for: its common names, its DNS names, and its URIs of the form
/// `urn:tecs:gateway:ID` or `…/gateway/ID`; only those of an id's shape.
pub(crate) fn ids_of(certificate: &[u8]) -> Vec<String> {
    let Ok((_, cert)) = X509Certificate::from_der(certificate) else {
        return Vec::new();
    };
    let mut ids: Vec<String> = cert
        .subject()
        .iter_common_name()
        .filter_map(|name| name.as_str().ok())
        .map(str::to_owned)
        .collect();
    if let Ok(Some(names)) = cert.subject_alternative_name() {
        ids.extend(
            names
                .value
                .general_names
                .iter()
                .filter_map(|name| match name {
                    GeneralName::DNSName(dns) => Some((*dns).to_owned()),
                    GeneralName::URI(uri) => of_uri(uri),
                    // Addresses, directories and mail boxes name no gateway.
                    _ => None,
                }),
        );
    }
    ids.retain(|id| gateway_id_is_valid(id));
    ids.dedup();
    ids
}

fn of_uri(uri: &str) -> Option<String> {
    let id = uri
        .strip_prefix(URN)
        .or_else(|| uri.rsplit_once("/gateway/").map(|(_, id)| id))?;
    Some(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    fn der(cn: &str, sans: Vec<SanType>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, cn);
        params.subject_alt_names = sans;
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn a_gateway_is_named_by_its_common_name_a_dns_name_or_a_uri() {
        assert_eq!(ids_of(&der("elm-4", Vec::new())), ["elm-4"]);
        let dns = SanType::DnsName("oak-1".try_into().unwrap());
        assert_eq!(ids_of(&der("Oak Road 1", vec![dns])), ["oak-1"]);
        for uri in [
            "urn:tecs:gateway:ash-2",
            "spiffe://tecs.example/gateway/ash-2",
        ] {
            let uri = SanType::URI(uri.try_into().unwrap());
            assert_eq!(ids_of(&der("Ash", vec![uri])), ["ash-2"]);
        }
    }

    #[test]
    fn other_uris_and_other_shapes_name_nobody() {
        let uri = SanType::URI("https://tecs.example/role/admin".try_into().unwrap());
        assert!(ids_of(&der("Not An Id", vec![uri])).is_empty());
        assert!(ids_of(b"no certificate").is_empty());
    }
}
