#!/bin/sh
# Builds the three programs and tells the story of one simulated home on this machine.
#   ./deploy/demo.sh          the story, then the home lives on until Ctrl-C
#   ./deploy/demo.sh --once   the story, checked: exit code 0 when everything held
# Needs Rust, a C compiler and git. TECS_PROFILE=release builds optimised programs.
set -eu

cd "$(dirname "$0")/.."
profile=${TECS_PROFILE:-dev}
case $profile in
    dev) folder=debug ;;
    release) folder=release ;;
    *) echo "TECS_PROFILE is '$profile'; there are dev and release" >&2; exit 2 ;;
esac

echo "Building; the first time takes some minutes."
cargo build --profile "$profile" \
    --package tecs-gateway --package tecs-hub --package tecs-sim \
    --bin tecs-gateway --bin tecs-hub --bin tecs-sim
exec "${CARGO_TARGET_DIR:-target}/$folder/tecs-sim" demo "$@"
