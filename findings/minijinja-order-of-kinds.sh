#!/bin/sh
# minijinja 3.1.0 (crates.io), default features but none, with `builtins`.
# Guessed: as in Jinja2, whose Python refuses to order a text and a number, "4" > 5 is an error.
# Seen: values of different kinds are ordered by their kinds, without an error: a text is more than any number, and what is
# undefined or none is less. A template that compares an unconverted text answers, and wrongly. Fails when that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "order-of-kinds"
version = "0.1.0"
edition = "2021"
[dependencies]
minijinja = { version = "=3.1.0", default-features = false, features = ["builtins"] }
[workspace]
TOML
cat > "$folder/src/main.rs" <<'RUST'
fn main() {
    let env = minijinja::Environment::new();
    for template in ["{{ '4' > 5 }}", "{{ missing < 5 }}", "{{ none < 5 }}"] {
        match env.render_str(template, ()) {
            Ok(text) => println!("{template} {text}"),
            Err(error) => println!("{template} {:?}", error.kind()),
        }
    }
}
RUST
out=$(cd "$folder" && cargo run -q 2>/dev/null)
echo "$out"
test "$out" = "{{ '4' > 5 }} True
{{ missing < 5 }} True
{{ none < 5 }} True"
