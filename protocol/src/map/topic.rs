//! Topic patterns: `tele/{gw}/{addr}/SENSOR`, with `+` for a level without a name, `{rest...}` last for everything below,
//! and `{gw...}` before other levels for one level or a few.
//! Subscribes to nothing; says which filter would bring what it fits.

/// The most levels that `{name...}` stands for where others follow it. Ours: the deepest that was met is three, and a filter
/// is subscribed for each number of them.
const SPAN_MOST: usize = 4;

/// A pattern of topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic(Vec<Level>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Level {
    Word(String),
    /// One level, with its name where it has one.
    One(Option<String>),
    /// All that follow, at least one.
    Rest(Option<String>),
}

/// The named parts of a topic; of a message that comes without one, none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts<'t>(Option<(&'t Topic, &'t str)>);

impl Topic {
    /// Reads a pattern; one whose `{name...}` is followed by other levels is a pattern for each number of levels that this
    /// stands for.
    pub(super) fn parse_all(text: &str, base: &str) -> Result<Vec<Self>, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let spans = |part: &&str| part.starts_with('{') && part.ends_with("...}");
        let Some((at, span)) = parts.iter().enumerate().find(|(_, part)| spans(part)) else {
            return Ok(vec![Self::parse(text, base)?]);
        };
        if at + 1 == parts.len() {
            return Ok(vec![Self::parse(text, base)?]);
        }
        let one = text.replacen(*span, &span.replacen("...", "", 1), 1);
        let one = Self::parse(&one, base)?;
        // Its place among the levels: `{base}` may be several.
        let name = span.trim_start_matches('{').trim_end_matches("...}");
        let place = one.0.iter().position(|level| level.name() == Some(name));
        let place = place.ok_or_else(|| format!("`{span}` names no part"))?;
        let of = |levels: usize| {
            let mut pattern = one.clone();
            let more = std::iter::repeat_n(Level::One(Some(name.to_owned())), levels);
            pattern.0.splice(place..place, more);
            pattern
        };
        Ok((0..SPAN_MOST).map(of).collect())
    }

    /// Reads a pattern; `{base}` at its beginning is the source's base topic, of one level or several.
    pub(super) fn parse(text: &str, base: &str) -> Result<Self, String> {
        let mut levels = Vec::new();
        let parts: Vec<&str> = text.split('/').collect();
        for (n, part) in parts.iter().enumerate() {
            let last = n + 1 == parts.len();
            if *part == "{base}" {
                levels.extend(base.split('/').map(|word| Level::Word(word.to_owned())));
            } else {
                levels.push(level(part, last)?);
            }
        }
        let mut names: Vec<&str> = levels.iter().filter_map(Level::name).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|two| two.first() == two.last()) {
            return Err(format!("`{}` is named twice", twice.concat()));
        }
        Ok(Self(levels))
    }

    /// The named parts of a topic that it fits.
    pub(super) fn fit<'t>(&'t self, topic: &'t str) -> Option<Parts<'t>> {
        // Topics of one family begin alike: most are told apart by their last level.
        if let Some(Level::Word(last)) = self.0.last()
            && !topic.ends_with(last.as_str())
        {
            return None;
        }
        let fits = Some(Parts(Some((self, topic))));
        let mut rest = Some(topic);
        for level in &self.0 {
            let left = rest?;
            let (here, after) = first_level(left);
            match level {
                Level::Rest(_) => return fits,
                Level::Word(word) if word != here => return None,
                Level::Word(_) | Level::One(_) => rest = after,
            }
        }
        if rest.is_none() { fits } else { None }
    }

    /// The filter that brings what it fits.
    pub(super) fn filter(&self) -> String {
        let levels: Vec<&str> = self.0.iter().map(Level::in_filter).collect();
        levels.join("/")
    }

    /// The names of its parts.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(Level::name)
    }

    /// True when every topic that `other` fits is fitted by this as well.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let mut theirs = other.0.iter();
        for level in &self.0 {
            match (level, theirs.next()) {
                (Level::Rest(_), Some(_)) => return true,
                (Level::Word(a), Some(Level::Word(b))) if a == b => {}
                (Level::One(_), Some(Level::Word(_) | Level::One(_))) => {}
                (Level::Word(_) | Level::One(_) | Level::Rest(_), _) => return false,
            }
        }
        theirs.next().is_none()
    }

    /// True when some topic is fitted by both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let mut theirs = other.0.iter();
        for level in &self.0 {
            match (level, theirs.next()) {
                (Level::Rest(_), Some(_)) | (_, Some(Level::Rest(_))) => return true,
                (_, None) => return false,
                (Level::Word(a), Some(Level::Word(b))) if a != b => return false,
                _ => {}
            }
        }
        theirs.next().is_none()
    }
}

impl<'t> Parts<'t> {
    /// The part of this name, of one level or several.
    pub(super) fn get(&self, name: &str) -> Option<&'t str> {
        let (pattern, topic) = self.0?;
        let mut rest = Some(topic);
        let mut found: Option<(&'t str, usize)> = None;
        for level in &pattern.0 {
            let Some(left) = rest else { break };
            let (here, after) = first_level(left);
            match (level.name() == Some(name), found) {
                (true, _) if matches!(level, Level::Rest(_)) => return Some(left),
                (true, None) => found = Some((left, here.len())),
                (true, Some((from, length))) => found = Some((from, length + 1 + here.len())),
                (false, Some(_)) => break,
                (false, None) => {}
            }
            rest = after;
        }
        let (from, length) = found?;
        from.get(..length)
    }
}

/// The first level of a topic, and what follows it.
fn first_level(topic: &str) -> (&str, Option<&str>) {
    let slash = topic.bytes().position(|b| b == b'/');
    match slash.and_then(|at| topic.split_at_checked(at)) {
        Some((here, after)) => (here, after.strip_prefix('/')),
        None => (topic, None),
    }
}

impl Level {
    fn name(&self) -> Option<&str> {
        match self {
            Self::One(name) | Self::Rest(name) => name.as_deref(),
            Self::Word(_) => None,
        }
    }

    fn in_filter(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::One(_) => "+",
            Self::Rest(_) => "#",
        }
    }
}

fn level(part: &str, last: bool) -> Result<Level, String> {
    if part == "+" {
        return Ok(Level::One(None));
    }
    if part == "#" && last {
        return Ok(Level::Rest(None));
    }
    let inner = part.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
    let Some(name) = inner else {
        if part.contains(['{', '}', '+', '#', '\0']) {
            return Err(format!(
                "`{part}` is neither a plain level nor one part in braces; `{{rest...}}` and `#` stand last alone"
            ));
        }
        return Ok(Level::Word(part.to_owned()));
    };
    let rest = name.strip_suffix("...");
    let name = rest.unwrap_or(name);
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || !name.bytes().all(plain) || name == "key" || name == "each" {
        return Err(format!(
            "`{part}` names no part; allowed are a-z, 0-9 and _, but neither `key` nor `each`"
        ));
    }
    match (rest, last) {
        (None, _) => Ok(Level::One(Some(name.to_owned()))),
        (Some(_), true) => Ok(Level::Rest(Some(name.to_owned()))),
        (Some(_), false) => Err(format!("`{part}` stands once, or last")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(text: &str) -> Topic {
        Topic::parse(text, "tele").unwrap()
    }

    #[test]
    fn parts_are_named_and_the_filter_brings_what_fits() {
        let pattern = topic("{base}/{gw}/{addr}/SENSOR");
        let parts = pattern.fit("tele/bridge/5FA7/SENSOR").unwrap();
        assert_eq!(parts.get("gw"), Some("bridge"));
        assert_eq!(parts.get("addr"), Some("5FA7"));
        assert_eq!(parts.get("base"), None);
        assert_eq!(pattern.filter(), "tele/+/+/SENSOR");
        for other in [
            "tele/bridge/SENSOR",
            "tele/a/b/c/SENSOR",
            "stat/a/b/SENSOR",
            "",
        ] {
            assert!(pattern.fit(other).is_none(), "{other}");
        }
        let rest = topic("home/{gw}/{mac...}");
        let parts = rest.fit("home/x/a/b").unwrap();
        assert_eq!(parts.get("gw"), Some("x"));
        assert_eq!(parts.get("mac"), Some("a/b"));
        assert!(rest.fit("home/x").is_none());
        assert_eq!(rest.filter(), "home/+/#");
    }

    #[test]
    fn a_part_of_several_levels_stands_before_others() {
        let patterns = Topic::parse_all("{gw...}/{base}/SENSOR", "house/tele").unwrap();
        let part = |topic| {
            let mut fits = patterns.iter().filter_map(|p: &Topic| p.fit(topic));
            let part = fits.next().and_then(|parts| parts.get("gw"));
            assert!(fits.next().is_none(), "{topic}");
            part
        };
        assert_eq!(part("a/house/tele/SENSOR"), Some("a"));
        assert_eq!(part("a/b/c/house/tele/SENSOR"), Some("a/b/c"));
        assert_eq!(part("a/b/c/d/house/tele/SENSOR"), Some("a/b/c/d"));
        assert_eq!(part("a/b/c/d/e/house/tele/SENSOR"), None);
        assert_eq!(part("house/tele/SENSOR"), None);
        let filters: Vec<String> = patterns.iter().map(Topic::filter).collect();
        assert_eq!(filters[1], "+/+/house/tele/SENSOR");
        let front = Topic::parse_all("tele/{gw...}/{addr}/SENSOR", "").unwrap();
        let parts = front[1].fit("tele/a/b/c/SENSOR").unwrap();
        assert_eq!(
            (parts.get("gw"), parts.get("addr")),
            (Some("a/b"), Some("c"))
        );
    }

    #[test]
    fn what_one_pattern_takes_from_another_is_known() {
        for (a, b, covers, meets) in [
            ("a/+/c", "a/b/c", true, true),
            ("a/b/c", "a/+/c", false, true),
            ("a/#", "a/{x}/{y...}", true, true),
            ("a/{x}", "a/{y...}", false, true),
            ("a/b", "a/c", false, false),
            ("a", "a/b", false, false),
            ("a/#", "a", false, false),
        ] {
            assert_eq!(topic(a).covers(&topic(b)), covers, "{a} covers {b}");
            assert_eq!(topic(a).meets(&topic(b)), meets, "{a} meets {b}");
        }
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        for text in [
            "a/{}/b",
            "a/{...}/b",
            "{x...}/a/{y...}/b",
            "a/{x...}/{x}",
            "a/x{y}",
            "a/#/b",
            "a/{key}",
            "a/{x}/{x}",
            "a/{X}",
        ] {
            assert!(Topic::parse_all(text, "b").is_err(), "{text}");
        }
    }
}
