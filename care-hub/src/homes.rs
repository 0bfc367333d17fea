//! The register of homes: who lives behind a gateway, as a responder needs it.
//! It is read once at start; what it holds is personal and is never logged.

use std::collections::BTreeMap;

use serde::Deserialize;
use tecs_protocol::hub::gateway_id_is_valid;

/// One home.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {
    /// Its gateway's id, as in the certificate.
    pub gateway: String,
    /// What responders call it.
    pub label: String,
    /// Where to call; may be empty.
    #[serde(default)]
    pub phone: String,
    /// Where to go; may be empty.
    #[serde(default)]
    pub address: String,
    /// How to get in. Shown on demand only, never logged; may be empty.
    #[serde(default)]
    pub access_note: String,
    /// What a responder must know before going in.
    #[serde(default)]
    pub risks: Vec<String>,
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Home")
            .field("gateway", &self.gateway)
            .finish_non_exhaustive()
    }
}

/// Every registered home, by its gateway's id.
#[derive(Debug, Clone, Default)]
pub struct Homes(BTreeMap<String, Home>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    home: Vec<Home>,
}

impl Homes {
    /// Reads the register's text; the error is one line for the person who wrote it, without its content.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| {
            let line = e.span().map_or(0, |span| line_of(text, span.start));
            format!("line {line}: {}", without_content(e.message()))
        })?;
        let mut homes = BTreeMap::new();
        for (nth, home) in file.home.into_iter().enumerate() {
            if !gateway_id_is_valid(&home.gateway) {
                return Err(format!(
                    "[[home]] number {}: gateway must be 1 to 64 of a-z, 0-9 and -",
                    nth + 1
                ));
            }
            if let Some(twice) = homes.insert(home.gateway.clone(), home) {
                return Err(format!("[[home]]: gateway {} stands twice", twice.gateway));
            }
        }
        Ok(Self(homes))
    }

    /// The home behind a gateway.
    pub fn get(&self, gateway: &str) -> Option<&Home> {
        self.0.get(gateway)
    }

    /// What people call it: its label, or the gateway's id where it is not registered.
    pub fn label<'a>(&'a self, gateway: &'a str) -> &'a str {
        self.get(gateway).map_or(gateway, |home| &home.label)
    }

    /// All of them, in the order of their gateways' ids.
    pub fn iter(&self) -> impl Iterator<Item = &Home> {
        self.0.values()
    }
}

/// The reader's words where they name keys alone; others repeat what stands there, which is nobody's business.
fn without_content(message: &str) -> &str {
    let names_keys = ["unknown field", "missing field", "duplicate"];
    if names_keys.iter().any(|words| message.starts_with(words)) {
        message
    } else {
        "not TOML, or a value of another type; texts stand in quotes, risks is a list of texts"
    }
}

/// The line, from 1, in which a byte stands.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_found_by_its_gateway_and_an_unregistered_one_is_called_by_its_id() {
        let homes = Homes::read(
            "[[home]]\ngateway = \"elm-4\"\nlabel = \"4 Elm Row\"\nrisks = [\"oxygen in use\"]\n",
        )
        .unwrap();
        assert_eq!(homes.label("elm-4"), "4 Elm Row");
        assert_eq!(homes.label("oak-1"), "oak-1");
    }

    #[test]
    fn a_register_with_a_mistake_says_the_line_and_never_what_stands_there() {
        let wrong = Homes::read(
            "[[home]]\ngateway = \"elm-4\"\nlabel = \"x\"\nacess_note = \"key safe 4711\"\n",
        )
        .unwrap_err();
        assert!(wrong.starts_with("line 4:"), "{wrong}");
        assert!(!wrong.contains("4711"), "{wrong}");
        let wrong = Homes::read("[[home]]\ngateway='a'\nlabel=''\naccess_note=4711\n").unwrap_err();
        assert!(wrong.starts_with("line 4:"), "{wrong}");
        assert!(!wrong.contains("4711"), "{wrong}");
        let twice = "[[home]]\ngateway='a'\nlabel=''\n[[home]]\ngateway='a'\nlabel=''\n";
        assert!(Homes::read(twice).unwrap_err().contains("twice"));
    }

    #[test]
    fn what_is_printed_of_a_home_holds_nothing_personal() {
        let homes =
            Homes::read("[[home]]\ngateway='a'\nlabel='Elm Row'\naccess_note='4711'\n").unwrap();
        assert!(!format!("{homes:?}").contains("Elm Row"));
        assert!(!format!("{homes:?}").contains("4711"));
    }
}
