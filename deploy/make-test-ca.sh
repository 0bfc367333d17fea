#!/bin/sh
# Makes a certificate authority for tests: one folder with the authority, the hub's certificate and one for each gateway.
#   ./deploy/make-test-ca.sh --out DIR --gateway ID [--gateway ID …] [--days N] [--stranger] [--expired]
# Its keys are worth nothing outside a test bench; a real fleet has an authority of its own.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
exec cargo run --quiet --manifest-path "$here/Cargo.toml" --package tecs-sim --bin tecs-sim -- ca "$@"
