//! A template's tokens, read before it is compiled: which filters, tests and methods it names, which words it may yield, and
//! its operators rewritten as calls where Python and `minijinja` differ ([`rewrite`]).

mod rewrite;

use std::collections::BTreeSet;

use rewrite::rewrite;
pub(super) use rewrite::{LESS, PLUS, REST, TIMES};

/// What stands in a template.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// The template with calls in the place of [`LESS`], [`PLUS`] and their kin.
    pub(super) source: String,
    pub(super) filters: BTreeSet<Box<str>>,
    pub(super) tests: BTreeSet<Box<str>>,
    pub(super) methods: BTreeSet<Box<str>>,
    /// Attributes of `this`.
    pub(super) of_this: BTreeSet<Box<str>>,
    /// Names behind a dot that are no call.
    pub(super) attributes: BTreeSet<Box<str>>,
    /// Names of fields, behind a dot, in brackets or asked with `get`.
    pub(super) fields: BTreeSet<Box<str>>,
    /// Texts in quotes, and the text beside the braces.
    pub(super) words: Vec<Box<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    Number,
    Text,
    Mark,
}

#[derive(Debug, Clone, Copy)]
struct Token<'t> {
    kind: Kind,
    text: &'t str,
    /// Its first byte.
    at: usize,
}

impl Token<'_> {
    fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }

    /// True of a token that ends an operand.
    fn ends(&self) -> bool {
        const WORDS: &[&str] = &["and", "else", "if", "in", "is", "not", "or"];
        match self.kind {
            Kind::Name => !WORDS.contains(&self.text),
            Kind::Number | Kind::Text => true,
            Kind::Mark => matches!(self.text, ")" | "]" | "}"),
        }
    }

    fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// Reads a template; `None` for one whose quotes, brackets or braces do not close, or are too deep.
pub(super) fn scan(template: &str) -> Option<Scanned> {
    let mut scanned = Scanned::default();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at_checked(open)?;
        let (end, is_statement) = match from.as_bytes().get(1) {
            Some(b'{') => ("}}", false),
            Some(b'%') => ("%}", true),
            Some(b'#') => {
                scanned.beside(before);
                let (comment, after) = from.split_once("#}")?;
                scanned.source.push_str(comment);
                scanned.source.push_str("#}");
                rest = after;
                continue;
            }
            _ => {
                let (brace, after) = from.split_at_checked(1)?;
                scanned.beside(before);
                scanned.source.push_str(brace);
                rest = after;
                continue;
            }
        };
        scanned.beside(before);
        let inside = from.get(2..)?;
        let (tokens, length) = tokens(inside, end)?;
        let code = inside.get(..length)?;
        let skip = usize::from(is_statement);
        scanned.source.push_str(from.get(..2)?);
        if is_statement && tokens.first().is_some_and(|t| t.is("raw")) {
            let (raw, after) = inside.split_once("endraw")?;
            scanned.source.push_str(raw);
            scanned.source.push_str("endraw");
            rest = after;
            let (close, after) = rest.split_once("%}")?;
            scanned.source.push_str(close);
            scanned.source.push_str("%}");
            rest = after;
            continue;
        }
        scanned.note(&tokens);
        let from_token = tokens.get(skip..).unwrap_or_default();
        let start = from_token.first().map_or(length, |t| t.at);
        scanned.source.push_str(code.get(..start)?);
        let text = rewrite(code, from_token, start, length, 0)?;
        scanned.source.push_str(&text);
        scanned.source.push_str(end);
        rest = inside.get(length + 2..)?;
    }
    scanned.beside(rest);
    Some(scanned)
}

impl Scanned {
    /// Text beside the braces.
    fn beside(&mut self, text: &str) {
        self.source.push_str(text);
        let word = text.trim();
        if !word.is_empty() {
            self.words.push(word.into());
        }
    }

    /// The names that tokens tell of.
    fn note(&mut self, tokens: &[Token<'_>]) {
        let token = |at: Option<usize>| at.and_then(|at| tokens.get(at));
        let is = |at: Option<usize>, text: &str| token(at).is_some_and(|t| t.is(text));
        for (at, t) in tokens.iter().enumerate() {
            let (before, two_before) = (at.checked_sub(1), at.checked_sub(2));
            match t.kind {
                Kind::Text if is(before, "[") && token(two_before).is_some_and(Token::ends) => {
                    self.fields.insert(unquoted(t.text).into());
                }
                Kind::Text if is(before, "(") && is(two_before, "get") => {
                    self.fields.insert(unquoted(t.text).into());
                }
                Kind::Text => self.words.push(unquoted(t.text).into()),
                Kind::Name if is(before, "|") => {
                    self.filters.insert(t.text.into());
                }
                Kind::Name if is(before, "is") && t.text != "not" => {
                    self.tests.insert(t.text.into());
                }
                Kind::Name if is(before, "not") && is(two_before, "is") => {
                    self.tests.insert(t.text.into());
                }
                Kind::Name if is(before, ".") => {
                    if is(two_before, "this") && !is(at.checked_sub(3), ".") {
                        self.of_this.insert(t.text.into());
                    } else if is(Some(at + 1), "(") {
                        self.methods.insert(t.text.into());
                    } else {
                        self.fields.insert(t.text.into());
                        self.attributes.insert(t.text.into());
                    }
                }
                Kind::Name if t.text == "this" && !is(before, ".") && !is(Some(at + 1), ".") => {
                    self.of_this.insert("".into());
                }
                Kind::Name | Kind::Number | Kind::Mark => {}
            }
        }
    }
}

/// A text without its quotes; what is escaped in it stays escaped.
fn unquoted(text: &str) -> &str {
    text.get(1..text.len().saturating_sub(1))
        .unwrap_or_default()
}

/// The tokens up to the end of a block, and how many bytes they take.
fn tokens<'t>(text: &'t str, end: &str) -> Option<(Vec<Token<'t>>, usize)> {
    let mut tokens = Vec::new();
    let mut depth = 0usize;
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let c = rest.chars().next()?;
        if depth == 0 {
            if rest.starts_with(end) {
                return Some((tokens, at));
            }
            if matches!(c, '-' | '+') && rest.get(1..).is_some_and(|r| r.starts_with(end)) {
                return Some((tokens, at + 1));
            }
        }
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (kind, length) = one(rest, c)?;
        let token = rest.get(..length)?;
        match token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.checked_sub(1)?,
            _ => {}
        }
        tokens.push(Token {
            kind,
            text: token,
            at,
        });
        at += length;
    }
}

/// What the next token is, and its bytes.
fn one(rest: &str, first: char) -> Option<(Kind, usize)> {
    const TWO: &[&str] = &["==", "!=", "<=", ">=", "**", "//"];
    let until = |stops: fn(char) -> bool| rest.find(stops).unwrap_or(rest.len());
    Some(match first {
        '\'' | '"' => {
            let mut escaped = false;
            let mut inside = rest.char_indices().skip(1);
            let close = inside.find(|(_, c)| {
                let closes = *c == first && !escaped;
                escaped = *c == '\\' && !escaped;
                closes
            })?;
            (Kind::Text, close.0 + 1)
        }
        c if c.is_alphabetic() || c == '_' => {
            (Kind::Name, until(|c| !c.is_alphanumeric() && c != '_'))
        }
        c if c.is_ascii_digit() => (
            Kind::Number,
            until(|c| !c.is_ascii_alphanumeric() && c != '.' && c != '_'),
        ),
        c => {
            let two = TWO.iter().any(|two| rest.starts_with(two));
            (Kind::Mark, if two { 2 } else { c.len_utf8() })
        }
    })
}

#[cfg(test)]
mod tests;
