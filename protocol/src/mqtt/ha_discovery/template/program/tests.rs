//! What is compiled, what is named instead, and that no template costs more than it may.

use super::*;
use crate::mqtt::ha_discovery::template::payload;

fn render(template: &str, text: &str) -> Result<Rendered, Failed> {
    let program = Program::compile(template).unwrap();
    let missed = Missed::default();
    let json = payload::read(text, &missed);
    program.render(text, json.as_ref(), &missed, "unknown")
}

#[test]
fn what_a_gateway_has_not_is_named_when_it_is_compiled() {
    for (template, due) in [
        ("{{ now() }}", "now"),
        ("{{ states('sensor.x') | float }}", "states"),
        ("{{ state_attr('a','b') if value else 1 }}", "state_attr"),
        ("{{ is_state('a', 'on') }}", "is_state"),
        (
            "{% if value > as_timestamp(utcnow()) %}ON{% endif %}",
            "as_timestamp",
        ),
        ("{{ states.sensor.x.state }}", "states"),
        ("{{ valu_json.x | int }}", "valu_json"),
        ("{{ value | nonsense }}", "filter nonsense"),
        (
            "{{ value | timestamp_custom('%H') }}",
            "filter timestamp_custom",
        ),
        ("{{ value is nonsense }}", "test nonsense"),
        ("{{ value.nonsense() }}", "method nonsense"),
        ("{{ this.attributes.x }}", "this.attributes"),
        ("{{ this }}", "this."),
        ("{{ value_json.update | upper }}", "['update']"),
        ("{{ value_json.x", "does not close"),
        ("{{ value_json. }}", "does not compile"),
        ("{% if value %}x", "does not compile"),
        ("{% include 'x' %}", "does not compile"),
    ] {
        let why = Program::compile(template).unwrap_err();
        assert!(why.contains(due), "{template}: {why}");
    }
}

#[test]
fn every_name_that_a_template_may_use_is_there() {
    for name in FILTERS.split_whitespace() {
        let env = &*BASE;
        let error = env.empty_state().apply_filter(name, &[]).unwrap_err();
        assert_ne!(error.kind(), ErrorKind::UnknownFilter, "{name}");
    }
    for name in TESTS.split_whitespace() {
        let error = BASE.empty_state().perform_test(name, &[]).unwrap_err();
        assert_ne!(error.kind(), ErrorKind::UnknownTest, "{name}");
    }
    for name in FUNCTIONS.split_whitespace() {
        assert!(BASE.globals().any(|(known, _)| known == name), "{name}");
    }
    for name in METHODS.split_whitespace() {
        let of = |value: Value| value.call_method(&mut BASE.empty_state(), name, &[]);
        let kinds = [
            Value::from("a"),
            Value::from_pairs([("a", 1)]),
            Value::from(vec![1]),
        ];
        let known = kinds
            .map(of)
            .into_iter()
            .any(|said| !said.is_err_and(|error| error.kind() == ErrorKind::UnknownMethod));
        assert!(known, "{name}");
    }
}

#[test]
fn a_missing_key_is_noted_however_it_is_met() {
    for (template, payload, due) in [
        ("{{ 'ON' if value_json.x else 'OFF' }}", r#"{"x":1}"#, false),
        ("{{ 'ON' if value_json.x else 'OFF' }}", "{}", true),
        (
            "{{ 'ON' if value_json.x else 'OFF' }}",
            r#"{"x":null}"#,
            true,
        ),
        ("{{ 'ON' if 'x' in value_json else 'OFF' }}", "{}", true),
        ("{{ value_json.get('x', 'OFF') }}", "{}", true),
        ("{{ value_json.x is defined }}", "{}", true),
        ("{{ value_json.x | default('OFF') }}", "{}", true),
        (
            "{{ {0:'idle'}[value_json.v] | default('idle') }}",
            r#"{"v":9}"#,
            true,
        ),
        (
            "{{ {0:'idle'}.get(value_json.v, 'idle') }}",
            r#"{"v":9}"#,
            true,
        ),
        (
            "{{ {0:'idle'}.get(value_json.v, 'idle') }}",
            r#"{"v":0}"#,
            false,
        ),
        ("{{ value_json.l[3] | string }}", r#"{"l":[1]}"#, true),
        ("{{ value_json.l[-1] | string }}", r#"{"l":[1]}"#, false),
        ("{{ (value | from_json).x | string }}", "{}", true),
        (
            "{{ value_json.items() | list | length }}",
            r#"{"x":1}"#,
            false,
        ),
    ] {
        let rendered = render(template, payload).unwrap();
        assert_eq!(rendered.missed, due, "{template} {payload}: {rendered:?}");
    }
}

#[test]
fn a_template_that_asks_for_more_than_the_limits_is_refused() {
    let doubled = format!(
        "{{% set x = value %}}{}{{{{ x }}}}",
        "{% set x = x ~ x %}".repeat(10)
    );
    let nested = format!("{{{{ {}1{} }}}}", "[".repeat(70), "]".repeat(70));
    let pattern = format!(
        "{{{{ value | regex_replace('{}', 'x') }}}}",
        "a".repeat(300)
    );
    for template in [
        "{% for a in range(300) %}{% for b in range(300) %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 70000 }}",
        "{{ value * 20 }}",
        "{{ [1] * 5000 }}",
        "{{ ([1] * 5000) | string | length }}",
        "{{ ([1] * 5000) | join }}",
        "{{ ([1] * 5000) | sum }}",
        "{{ ([1] * 5000) | max }}",
        "{{ 2 in ([1] * 5000) }}",
        "{{ ([1] * 5000) == ([1] * 5000) }}",
        "{{ range(5000) | list | sort | length }}",
        "{{ '{:1000}'.format(1) }}",
        "{% set ns = namespace(x=[1]) %}{% for a in range(13) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x | length }}",
        "{{ value | regex_replace('a', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb') | length }}",
        &doubled,
        &nested,
        &pattern,
    ] {
        let payload = "a".repeat(4000);
        let Ok(program) = Program::compile(template) else {
            continue;
        };
        let rendered = program.render(&payload, None, &Missed::default(), "");
        assert!(rendered.is_err(), "{template}");
    }
}

#[test]
fn text_and_number_are_in_no_order_and_what_was_said_last_is_no_news() {
    assert_eq!(
        render("{{ 'ON' if value > 5 else 'OFF' }}", "9"),
        Err(Failed::Payload)
    );
    assert_eq!(render("{{ value_json.x < 5 }}", "{}"), Err(Failed::Missed));
    let again = render(
        "{% if value == 'x' %}ON{% else %}{{ this.state }}{% endif %}",
        "y",
    )
    .unwrap();
    assert!(again.same);
}
