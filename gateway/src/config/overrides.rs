//! `TECS_…` environment variables that override keys of the file. An unknown name is an error, as an unknown key is.
//!
//! - `TECS_GATEWAY_ID=home-17` is `gateway.id`.
//! - `TECS_HUB_ENDPOINTS=main=https://hub:8443,spare=https://10.0.0.9:8443` is `hub.endpoints`.
//! - `TECS_section__key=value` is `section.key`, deeper with more `__`; a number picks the n-th table of a list
//!   (`TECS_source__0__mqtt__host`). Names are read in lower case. The value is TOML (`8`, `true`, `["a"]`); what is
//!   not TOML is a text, so that quotes are not needed.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::fault::{Fault, Place, Stage};
use super::text::Places;

/// What every override's name begins with.
pub const PREFIX: &str = "TECS_";

/// Puts every `TECS_…` variable of `env` into the tree, in the order of their names.
pub(super) fn apply<'t>(
    root: &mut DeTable<'t>,
    places: &mut Places,
    env: &'t [(String, String)],
) -> Vec<Fault> {
    let mut found: Vec<_> = env
        .iter()
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    found.sort();
    let mut faults = Vec::new();
    for (name, value) in found {
        let span = places.add_override(name);
        if let Err(what) = put(root, name, value, &span) {
            faults.push(Fault {
                stage: Stage::Keys,
                place: Place::Environment(name.clone()),
                key: String::new(),
                what,
                cure: "use TECS_GATEWAY_ID, TECS_HUB_ENDPOINTS or TECS_section__key, or unset it"
                    .to_owned(),
                open_secret: false,
            });
        }
    }
    faults
}

fn put<'t>(
    root: &mut DeTable<'t>,
    name: &str,
    value: &'t str,
    span: &Range<usize>,
) -> Result<(), String> {
    match name {
        "TECS_GATEWAY_ID" => {
            let id = DeValue::String(Cow::Borrowed(value));
            set(root, &["gateway", "id"], id, span)
        }
        "TECS_HUB_ENDPOINTS" => set(root, &["hub", "endpoints"], endpoints(value, span)?, span),
        _ => {
            let path = name.trim_start_matches(PREFIX).to_lowercase();
            if !path.contains("__") || path.split("__").any(str::is_empty) {
                return Err("no key has this name".to_owned());
            }
            let path: Vec<_> = path.split("__").collect();
            let value = DeValue::parse(value).map_or_else(
                |_| DeValue::String(Cow::Borrowed(value)),
                |value| moved(value.into_inner(), span),
            );
            set(root, &path, value, span)
        }
    }
}

/// `name=url,name=url`; a URL alone is named `hub-1`, `hub-2` in its order.
fn endpoints<'t>(text: &'t str, span: &Range<usize>) -> Result<DeValue<'t>, String> {
    let mut list = DeArray::new();
    for (n, part) in text.split(',').map(str::trim).enumerate() {
        let (name, url) = match part.split_once('=') {
            Some((name, url)) => (Cow::Borrowed(name), url),
            None => (Cow::Owned(format!("hub-{}", n + 1)), part),
        };
        if url.is_empty() {
            return Err("a list of name=url, separated by commas, is due".to_owned());
        }
        let mut table = DeTable::new();
        let text = |text| Spanned::new(span.clone(), DeValue::String(text));
        table.insert(key("name", span), text(name));
        table.insert(key("url", span), text(Cow::Borrowed(url)));
        list.push(Spanned::new(span.clone(), DeValue::Table(table)));
    }
    Ok(DeValue::Array(list))
}

fn key<'t>(name: &str, span: &Range<usize>) -> Spanned<Cow<'t, str>> {
    Spanned::new(span.clone(), Cow::Owned(name.to_owned()))
}

fn set<'t>(
    table: &mut DeTable<'t>,
    path: &[&str],
    value: DeValue<'t>,
    span: &Range<usize>,
) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(());
    };
    if rest.is_empty() {
        // A key keeps the place where it is first written: the old one goes, so that the place is the variable's.
        table.remove(*first);
        table.insert(key(first, span), Spanned::new(span.clone(), value));
        return Ok(());
    }
    if !table.contains_key(*first) {
        let empty = DeValue::Table(DeTable::new());
        table.insert(key(first, span), Spanned::new(span.clone(), empty));
    }
    match table.get_mut(*first).map(Spanned::get_mut) {
        Some(DeValue::Table(below)) => set(below, rest, value, span),
        Some(DeValue::Array(list)) => set_item(list, first, rest, value, span),
        _ => Err(format!("`{first}` is not a section")),
    }
}

fn set_item<'t>(
    list: &mut DeArray<'t>,
    name: &str,
    path: &[&str],
    value: DeValue<'t>,
    span: &Range<usize>,
) -> Result<(), String> {
    let count = list.len();
    let (item, rest) = path
        .split_first()
        .and_then(|(n, rest)| Some((list.get_mut(n.parse::<usize>().ok()?)?, rest)))
        .ok_or_else(|| format!("`{name}` is a list of {count}; its first is number 0"))?;
    match item.get_mut() {
        DeValue::Table(below) if !rest.is_empty() => set(below, rest, value, span),
        _ => Err(format!("a key of one table of `{name}` is due")),
    }
}

/// The same value with every place in it the variable's.
fn moved<'t>(value: DeValue<'t>, span: &Range<usize>) -> DeValue<'t> {
    match value {
        DeValue::Array(items) => {
            let mut list = DeArray::new();
            for item in items {
                list.push(Spanned::new(span.clone(), moved(item.into_inner(), span)));
            }
            DeValue::Array(list)
        }
        DeValue::Table(items) => {
            let mut table = DeTable::new();
            for (name, item) in items {
                let item = Spanned::new(span.clone(), moved(item.into_inner(), span));
                table.insert(Spanned::new(span.clone(), name.into_inner()), item);
            }
            DeValue::Table(table)
        }
        other => other,
    }
}
