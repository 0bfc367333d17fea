//! What a template names, and what stands in the place of its operators.

use super::rewrite::DEEPEST;
use super::*;

fn source(text: &str) -> Option<String> {
    scan(text).map(|scanned| scanned.source)
}

#[test]
fn orderings_are_calls_and_everything_else_stays_as_it_is() {
    for (text, due) in [
        ("plain { text }", "plain { text }"),
        ("{{ a == b }}", "{{ a == b }}"),
        ("{{ a > b }}", "{{ _more(a, b) }}"),
        (
            "{{ a|int + 1 <= b.c[0] }}",
            "{{ _at_most(_plus(a|int, 1), b.c[0]) }}",
        ),
        (
            "{{ 'x' if a < 3 else 'y' }}",
            "{{ 'x' if _less(a, 3) else 'y' }}",
        ),
        ("{% if not a < 3 and b %}", "{% if not _less(a, 3) and b %}"),
        ("{{ 1 <= a < 3 }}", "{{ (_at_most(1, a) and _less(a, 3)) }}"),
        (
            "{{ f(a > b, x=c >= d) }}",
            "{{ f( _more(a, b), x= _at_least(c, d)) }}",
        ),
        ("{{ -a * -1 - 2 }}", "{{ (_times(-a, -1) - 2) }}"),
        (
            "{{ a + b * c ~ d % 2 }}",
            "{{ _plus(a, (_times(b, c) ~ _rest(d, 2))) }}",
        ),
        ("{{ a - b - c + d }}", "{{ _plus(((a - b) - c), d) }}"),
        ("{{ a - b - c }}", "{{ a - b - c }}"),
        (
            "{{ (a + b)[1:-1] ** 2 }}",
            "{{ ( _plus(a, b))[1:-1] ** 2 }}",
        ),
        ("{{ '%s' % (a, b) }}", "{{ _rest('%s', (a, b)) }}"),
        ("{{ a is not in [1] }}", "{{ a is not in [1] }}"),
        ("{{ a not in b }}", "{{ a not in b }}"),
        ("{{ '<' ~ \"a>b\" }}", "{{ '<' ~ \"a>b\" }}"),
        (
            "{# a < b #}{% raw %}{{ a < b }}{% endraw %}",
            "{# a < b #}{% raw %}{{ a < b }}{% endraw %}",
        ),
        ("{{ {1: {2: a}}[x] }}", "{{ {1: {2: a}}[x] }}"),
        ("{%- if a -%}", "{%- if a -%}"),
    ] {
        assert_eq!(
            source(text).as_deref().map(squeezed),
            Some(squeezed(due)),
            "{text}"
        );
    }
    for open in ["{{ a", "{{ 'a }}", "{% if (a %}", "{{ a) }}", "{# a"] {
        assert_eq!(source(open), None, "{open}");
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace(") )", "))")
        .replace(") ,", "),")
}

#[test]
fn names_and_words_are_found() {
    let text =
        "A {{ x.split(',')|first is not match('q') or this.state|lower and value_json.update.y }}";
    let scanned = scan(text).unwrap();
    let listed = |set: &BTreeSet<Box<str>>| set.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(listed(&scanned.filters), ["first", "lower"]);
    assert_eq!(listed(&scanned.tests), ["match"]);
    assert_eq!(listed(&scanned.methods), ["split"]);
    assert_eq!(listed(&scanned.of_this), ["state"]);
    assert_eq!(scanned.words.len(), 3);
    assert!(scanned.attributes.iter().any(|name| &**name == "update"));
}

#[test]
fn brackets_in_brackets_end_somewhere() {
    let deep = |n: usize| format!("{{{{ {}a{} }}}}", "(".repeat(n), ")".repeat(n));
    assert!(source(&deep(DEEPEST - 1)).is_some());
    assert!(source(&deep(DEEPEST + 1)).is_none());
}
