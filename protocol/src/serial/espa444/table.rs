//! Which call is whose, and about what: address ranges and text patterns, in the installer's order. It knows no maker's
//! wording: text means fire only where a rule says so.

use crate::vocabulary::{AlarmKind, Condition};

/// The longest pattern or device name, bytes.
const LONGEST: usize = 128;

/// One row. A row without conditions matches every call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Of which call addresses; `None`: of any.
    pub addresses: Option<Addresses>,
    /// Of which display text; `None`: of any.
    pub text: Option<Pattern>,
    /// The device: a name, in which `{address}`, `{text}` and `{1}` to `{9}` (what the text pattern's `*` stood for) are
    /// replaced. Empty: the call address.
    pub device: String,
    /// What it is about. Usual: help.
    pub kind: AlarmKind,
    /// Which way such a call goes, where only its text or address tells (a sender whose resets have no call type of their
    /// own). `None`: as the call type says. A reset by its call type stays one.
    pub condition: Option<Condition>,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            addresses: None,
            text: None,
            device: String::new(),
            kind: AlarmKind::Help,
            condition: None,
        }
    }
}

/// Some call addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addresses {
    /// Numbers from the first to the last, both included; leading zeros do not count.
    Range(u64, u64),
    /// By their characters.
    Like(Pattern),
}

impl Addresses {
    /// `100-199`, `550`, or a pattern such as `5*`; `None` for an empty or overlong one, or a range that runs backwards.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((first, last)) = text.split_once('-')
            && let (Some(first), Some(last)) = (number(first), number(last))
        {
            return (first <= last).then_some(Self::Range(first, last));
        }
        match number(text) {
            Some(only) => Some(Self::Range(only, only)),
            None => Pattern::parse(text).map(Self::Like),
        }
    }

    /// True when this address is one of them.
    pub fn has(&self, address: &str) -> bool {
        match self {
            Self::Range(first, last) => {
                number(address).is_some_and(|n| (*first..=*last).contains(&n))
            }
            Self::Like(pattern) => pattern.find(address).is_some(),
        }
    }
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// Text in which each `*` stands for any characters. Capital letters do not count (ASCII), nor do spaces at both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What stands between the stars, in small letters.
    parts: Vec<String>,
}

impl Pattern {
    /// The pattern of this text; `None` when it is empty, longer than 128 bytes or has more than nine stars.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST {
            return None;
        }
        let parts: Vec<String> = text.split('*').map(str::to_ascii_lowercase).collect();
        (parts.len() <= 10).then_some(Self { parts })
    }

    /// What the stars stand for, when the whole text is like this.
    pub fn find<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let text = text.trim();
        let small = text.to_ascii_lowercase();
        let (first, rest) = self.parts.split_first()?;
        let mut at = small.starts_with(first.as_str()).then_some(first.len())?;
        let Some((last, middle)) = rest.split_last() else {
            return (at == text.len()).then(Vec::new);
        };
        let mut stars = Vec::new();
        for part in middle {
            let found = at + small.get(at..)?.find(part.as_str())?;
            stars.push(text.get(at..found)?.trim());
            at = found + part.len();
        }
        let end = text.len().checked_sub(last.len())?;
        if end < at || !small.ends_with(last.as_str()) {
            return None;
        }
        stars.push(text.get(at..end)?.trim());
        Some(stars)
    }
}

/// Whose call it is, about what, and which way it goes where a rule says so. Without a rule: the call address, help.
pub(super) fn whose(
    table: &[Rule],
    address: &str,
    text: &str,
) -> (String, AlarmKind, Option<Condition>) {
    for rule in table {
        if rule.addresses.as_ref().is_some_and(|a| !a.has(address)) {
            continue;
        }
        let stars = match &rule.text {
            Some(pattern) => pattern.find(text),
            None => Some(Vec::new()),
        };
        if let Some(stars) = stars {
            let device = named(&rule.device, address, text, &stars);
            return (device, rule.kind, rule.condition);
        }
    }
    (named("", address, text, &[]), AlarmKind::Help, None)
}

/// The device's name with its places filled; what is filled in is not looked through again.
fn named(template: &str, address: &str, text: &str, stars: &[&str]) -> String {
    let mut name = String::new();
    let mut rest = if template.is_empty() {
        "{address}"
    } else {
        template
    };
    while let Some((before, after)) = rest.split_once('{') {
        name.push_str(before);
        let Some((place, after)) = after.split_once('}') else {
            name.push('{');
            rest = after;
            continue;
        };
        match place {
            "address" => name.push_str(address),
            "text" => name.push_str(text),
            digit => {
                let star = digit.parse().ok().and_then(|n: usize| n.checked_sub(1));
                name.push_str(star.and_then(|n| stars.get(n)).copied().unwrap_or(""));
            }
        }
        rest = after;
    }
    name.push_str(rest);
    let mut name = name.trim().to_owned();
    while name.len() > LONGEST {
        name.pop();
    }
    name.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn a_star_stands_for_anything_and_is_kept() {
        assert_eq!(pattern("room *").find("ROOM 14 "), Some(vec!["14"]));
        assert_eq!(
            pattern("*call*bed *").find("Nurse CALL ward 2 bed 7"),
            Some(vec!["Nurse", "ward 2", "7"])
        );
        assert_eq!(pattern("fire").find("FIRE"), Some(vec![]));
        assert_eq!(pattern("fire").find("fire 2"), None);
        assert_eq!(pattern("a*a").find("a"), None);
        assert_eq!(pattern("*é*").find("Zimmer é 3"), Some(vec!["Zimmer", "3"]));
        assert_eq!(Pattern::parse(" "), None);
        assert_eq!(Pattern::parse("**********"), None);
    }

    #[test]
    fn addresses_are_a_range_or_like_something() {
        let of = |text: &str| Addresses::parse(text).unwrap();
        assert!(of("100-199").has("0150"));
        assert!(!of("100-199").has("200"));
        assert!(of("550").has("550") && !of("550").has("5500"));
        assert!(of("5*").has("5A") && !of("5*").has("15"));
        assert_eq!(Addresses::parse("9-1"), None);
        assert_eq!(Addresses::parse(""), None);
    }

    #[test]
    fn the_first_rule_that_matches_holds() {
        let rule = |addresses: &str, text: &str, device: &str, kind| Rule {
            addresses: Addresses::parse(addresses),
            text: Pattern::parse(text),
            device: device.to_owned(),
            kind,
            condition: None,
        };
        let table = [
            rule("", "FIRE*", "fire-panel", AlarmKind::Smoke),
            rule("100-199", "room * *", "room-{1}", AlarmKind::Help),
            rule("200-299", "", "", AlarmKind::Panic),
        ];
        let whose = |address, text| {
            let (device, kind, _) = super::whose(&table, address, text);
            (device, kind)
        };
        assert_eq!(
            whose("150", "Fire zone 2"),
            ("fire-panel".into(), AlarmKind::Smoke)
        );
        assert_eq!(
            whose("150", "Room {text} bed"),
            ("room-{text}".into(), AlarmKind::Help)
        );
        assert_eq!(whose("200", "x"), ("200".into(), AlarmKind::Panic));
        assert_eq!(whose("300", "x"), ("300".into(), AlarmKind::Help));
    }
}
