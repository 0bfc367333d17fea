//! What a configuration points to, and what is said when it does not fit.

use super::super::*;
use super::GOOD;
use crate::test_pki::{Authority, Valid, secret, write};

fn home(folder: &Path) -> Config {
    let authority = Authority::new("A");
    write(folder, &authority, &authority.gateway("home-1", Valid::Now));
    let text = GOOD.replace("[gateway]", "[gateway]\nstate_dir = \"state\"");
    read(&folder.join("g.toml"), &text, &[]).unwrap()
}

fn errors(config: &Config) -> Vec<String> {
    let found = check_files(config).into_iter();
    found
        .filter(Fault::is_error)
        .map(|f| f.to_string())
        .collect()
}

#[test]
fn good_files_leave_only_advice() {
    let folder = tempfile::tempdir().unwrap();
    let advice = check_files(&home(folder.path()));
    let text: Vec<String> = advice.iter().map(ToString::to_string).collect();
    assert!(advice.iter().all(|f| !f.is_error()), "{text:#?}");
    assert!(
        text.iter()
            .any(|t| t.contains("Zigbee2MQTT: `qos: 1` per device")),
        "{text:#?}"
    );
    assert!(text.iter().any(|t| t.contains("one endpoint")), "{text:#?}");
}

#[test]
fn a_private_key_that_others_may_read_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let config = home(folder.path());
    for mode in [0o644, 0o640, 0o604, 0o601] {
        let open = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&config.hub_files.key, open).unwrap();
        let said = errors(&config);
        assert_eq!(said.len(), 1, "{said:#?}");
        let cure = format!("chmod 600 {}", config.hub_files.key.display());
        assert!(
            said[0].contains(&cure) && said[0].contains("g.toml:13: hub.key"),
            "{said:?}"
        );
    }
}

#[test]
fn certificates_that_do_not_fit_are_named_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let config = home(folder.path());
    let authority = Authority::new("A");
    let other = authority.gateway("home-2", Valid::Now);
    std::fs::write(&config.hub_files.cert, &other.cert).unwrap();
    let said = errors(&config);
    assert!(
        said[0].contains("hub.key") && said[0].contains("does not belong"),
        "{said:?}"
    );
    secret(config.hub_files.key.clone(), &other.key);
    let said = errors(&config);
    assert!(
        said[0].contains("gateway.id: is `home-1`") && said[0].contains("home-2"),
        "{said:?}"
    );
    std::fs::write(&config.hub_files.ca, "x").unwrap();
    assert!(errors(&config)[0].contains("hub.ca"), "{said:?}");
    std::fs::remove_file(&config.hub_files.ca).unwrap();
    assert!(errors(&config)[0].contains("cannot be read"), "{said:?}");
}

#[test]
fn an_expired_certificate_is_advice_for_everything_is_kept_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let config = home(folder.path());
    let authority = Authority::new("A");
    write(
        folder.path(),
        &authority,
        &authority.gateway("home-1", Valid::Expired),
    );
    let found = check_files(&config);
    let said: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(
        said.iter()
            .any(|s| s.starts_with("warning") && s.contains("has expired")),
        "{said:#?}"
    );
}

#[test]
fn a_state_folder_that_is_a_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = home(folder.path());
    std::fs::write(folder.path().join("state"), "").unwrap();
    let said = errors(&config);
    assert!(
        said[0].contains("gateway.state_dir") && said[0].contains("is no folder"),
        "{said:?}"
    );
}
