//! Orderings, `+`, `*` and `%` of a template as calls, by the precedence that Jinja gives them. `minijinja` orders a text and a
//! number by their kinds, where Python refuses: a refusal keeps the old state, an order would raise or clear an alarm by chance.

use super::{Kind, Token};

/// The calls that stand for `<`, `<=`, `>` and `>=`.
pub(in super::super) const LESS: [(&str, &str); 4] = [
    ("<", "_less"),
    ("<=", "_at_most"),
    (">", "_more"),
    (">=", "_at_least"),
];

/// The calls that stand for `+`, `*` and `%`.
pub(in super::super) const PLUS: &str = "_plus";
/// See [`PLUS`].
pub(in super::super) const TIMES: &str = "_times";
/// See [`PLUS`].
pub(in super::super) const REST: &str = "_rest";

/// The deepest brackets in brackets.
pub(super) const DEEPEST: usize = 64;

/// The code from `start` to `end` with its orderings as calls. Tokens are those between.
pub(super) fn rewrite(
    code: &str,
    tokens: &[Token<'_>],
    start: usize,
    end: usize,
    depth: usize,
) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    let mut out = String::with_capacity(end.saturating_sub(start));
    let mut part = Part::new(start);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if matches!(token.text, "(" | "[" | "{") && token.kind == Kind::Mark {
            let close = closing(tokens, at)?;
            let last = tokens.get(close)?;
            let inside = tokens.get(at + 1..close)?;
            let inner = rewrite(code, inside, token.end(), last.at, depth + 1)?;
            part.push(code.get(part.from..token.end())?);
            part.push(&inner);
            part.from = last.at;
            at = close;
        } else if let Some(operator) = comparison(tokens, at).or_else(|| arithmetic(tokens, at)) {
            part.push(code.get(part.from..token.at)?);
            part.operator(operator);
            at += usize::from(operator == "not in");
            part.from = tokens.get(at)?.end();
        } else if parts(tokens, at) {
            part.push(code.get(part.from..token.at)?);
            part.write(&mut out);
            out.push_str(token.text);
            part = Part::new(token.end());
        }
        at += 1;
    }
    part.push(code.get(part.from..end)?);
    part.write(&mut out);
    Some(out)
}

/// The place of the bracket that closes the one at `open`.
fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" if token.kind == Kind::Mark => depth += 1,
            ")" | "]" | "}" if token.kind == Kind::Mark => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The comparison that begins here.
fn comparison<'t>(tokens: &[Token<'t>], at: usize) -> Option<&'t str> {
    let token = tokens.get(at)?;
    let before = |n: usize| at.checked_sub(n).and_then(|at| tokens.get(at));
    let is_test = before(1).is_some_and(|t| t.is("is"))
        || (before(1).is_some_and(|t| t.is("not")) && before(2).is_some_and(|t| t.is("is")));
    match (token.kind, token.text) {
        (Kind::Mark, "<" | "<=" | ">" | ">=" | "==" | "!=") => Some(token.text),
        (Kind::Name, "in") if !is_test => Some("in"),
        (Kind::Name, "not") if !is_test && tokens.get(at + 1).is_some_and(|t| t.is("in")) => {
            Some("not in")
        }
        _ => None,
    }
}

/// The arithmetic that stands here, between two operands; a sign before one is none.
fn arithmetic<'t>(tokens: &[Token<'t>], at: usize) -> Option<&'t str> {
    let token = tokens.get(at)?;
    let is_one = token.kind == Kind::Mark && LEVELS.iter().any(|level| level.contains(&token.text));
    let before = tokens.get(at.checked_sub(1)?)?;
    (is_one && before.ends()).then_some(token.text)
}

/// True of what binds looser than a comparison, and parts one from the next.
fn parts(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(token) = tokens.get(at) else {
        return false;
    };
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    match token.kind {
        Kind::Mark => matches!(token.text, "," | ":" | "="),
        Kind::Name if before.is_some_and(|t| t.is(".") || t.is("|")) => false,
        Kind::Name if token.text == "not" => !before.is_some_and(|t| t.is("is")),
        Kind::Name => matches!(token.text, "and" | "or" | "if" | "else" | "recursive"),
        Kind::Number | Kind::Text => false,
    }
}

/// Code, and the operators between.
enum Item<'o> {
    Code(String),
    Operator(&'o str),
}

/// What stands between two marks that part: operands and their operators.
struct Part<'o> {
    items: Vec<Item<'o>>,
    /// The first byte that is not taken over yet.
    from: usize,
}

impl<'o> Part<'o> {
    fn new(from: usize) -> Self {
        Self {
            items: Vec::new(),
            from,
        }
    }

    fn push(&mut self, code: &str) {
        match self.items.last_mut() {
            Some(Item::Code(last)) => last.push_str(code),
            Some(Item::Operator(_)) | None => self.items.push(Item::Code(code.to_owned())),
        }
    }

    fn operator(&mut self, operator: &'o str) {
        self.items.push(Item::Operator(operator));
    }

    fn write(&self, out: &mut String) {
        let called = |item: &Item<'_>| matches!(item, Item::Operator(of) if call(of).is_some());
        if !self.items.iter().any(called) {
            for item in &self.items {
                match item {
                    Item::Code(text) => out.push_str(text),
                    Item::Operator(of) => out.push_str(of),
                }
            }
            return;
        }
        out.push(' ');
        out.push_str(&compared(&self.items));
        out.push(' ');
    }
}

/// The call that an operator is.
fn call(operator: &str) -> Option<&'static str> {
    match operator {
        "+" => Some(PLUS),
        "*" => Some(TIMES),
        "%" => Some(REST),
        _ => LESS
            .iter()
            .find(|(sign, _)| *sign == operator)
            .map(|(_, name)| *name),
    }
}

/// Arithmetic, from what binds loosest to what binds tightest.
const LEVELS: [&[&str]; 3] = [&["+", "-"], &["~"], &["*", "/", "//", "%"]];

/// Operands parted by operators, and those operators.
fn split<'i, 'o>(
    items: &'i [Item<'o>],
    at: fn(&str) -> bool,
) -> (Vec<&'i [Item<'o>]>, Vec<&'o str>) {
    let is_one = |item: &Item<'o>| matches!(item, Item::Operator(of) if at(of));
    let operands = items.split(is_one).collect();
    let operators = items.iter().filter_map(|item| match item {
        Item::Operator(of) if at(of) => Some(*of),
        Item::Operator(_) | Item::Code(_) => None,
    });
    (operands, operators.collect())
}

/// Comparisons: each pair of neighbours, as Python chains them.
fn compared(items: &[Item<'_>]) -> String {
    let (operands, operators) = split(items, |of| !LEVELS.iter().any(|level| level.contains(&of)));
    let operands: Vec<String> = operands.iter().map(|of| calculated(of, 0)).collect();
    let pairs = operands.iter().zip(operands.iter().skip(1)).zip(&operators);
    let each: Vec<String> = pairs
        .map(|((left, right), of)| applied(left, of, right))
        .collect();
    match each.as_slice() {
        [] => operands.concat(),
        [one] => one.clone(),
        more => format!("({})", more.join(" and ")),
    }
}

/// Arithmetic of one level: the first two, then that with the next.
fn calculated(items: &[Item<'_>], level: usize) -> String {
    const SIGNS: [fn(&str) -> bool; 3] = [
        |of| LEVELS[0].contains(&of),
        |of| LEVELS[1].contains(&of),
        |of| LEVELS[2].contains(&of),
    ];
    let Some(is_of_level) = SIGNS.get(level) else {
        let code = items.iter().map(|item| match item {
            Item::Code(text) => text.trim(),
            Item::Operator(of) => of,
        });
        return code.collect();
    };
    let (operands, operators) = split(items, *is_of_level);
    let mut operands = operands.iter().map(|of| calculated(of, level + 1));
    let first = operands.next().unwrap_or_default();
    operands
        .zip(operators)
        .fold(first, |left, (right, of)| applied(&left, of, &right))
}

fn applied(left: &str, operator: &str, right: &str) -> String {
    match call(operator) {
        Some(name) => format!("{name}({left}, {right})"),
        None => format!("({left} {operator} {right})"),
    }
}
