#!/usr/bin/env bash
# Says anything to every decoder for a while (libFuzzer; the targets are protocol/fuzz/fuzz_targets), from messages that
# the tests read and from what earlier runs kept in target/fuzz/corpus, cut down after each. Needs the stable toolchain and
# a C++ compiler, which is installed where apt and root or sudo allow. Exits with 1 when a target fell over.
#
#   TECS_FUZZ_SECONDS=60 ./tests/fuzz.sh               every target, a minute each
#   TECS_FUZZ_SECONDS=600 ./tests/fuzz.sh enocean map  these
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${TECS_FUZZ_SECONDS:-0}
if [ "$seconds" = 0 ]; then
    echo "SKIPPED: TECS_FUZZ_SECONDS says how long each fuzz target runs, and is 0"
    exit 0
fi

# shellcheck source=/dev/null # It lies beside this script.
. tests/as_root.sh

command -v cargo >/dev/null || {
    echo "cargo is missing: Rust (https://rustup.rs) is needed" >&2
    exit 1
}
if ! command -v c++ >/dev/null && ! install_packages g++; then
    echo "a C++ compiler is missing, of which libFuzzer is made: apt-get install g++" >&2
    exit 1
fi

out=$PWD/target/fuzz
corpus=$out/corpus
found=$out/found
seeds=$out/seeds
host=$(rustc -vV | sed -n 's/^host: //p')
programs=$out/$host/release
mkdir -p "$corpus" "$found"

# What counts the branches taken and shows libFuzzer what is compared with what. Naming the host keeps it out of the
# programs that only help to build.
coverage="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
for more in inline-8bit-counters pc-table trace-compares; do
    coverage+=" -Cllvm-args=-sanitizer-coverage-$more"
done
RUSTFLAGS=$coverage CARGO_INCREMENTAL=0 cargo build --release --locked --manifest-path protocol/fuzz/Cargo.toml \
    --target "$host" --target-dir "$out"

rm -rf "$seeds"
"$programs/seeds" "$seeds"

# A message is short; what takes ten seconds or a gibibyte is as good as a crash.
limits=(-max_len=4096 -timeout=10 -rss_limit_mb=1024)
fallen=()

# One line of what a target did.
told() {
    local log=$1 kept=$2 runs rate covered
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    covered=$(sed -n 's/^#.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    printf '%-12s %10s runs %8s /s %6s branches %6s inputs kept, %s bytes\n' "$target" "${runs:-?}" "${rate:-?}" \
        "${covered:-?}" "$(find "$kept" -type f | wc -l)" "$(find "$kept" -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }')"
}

run() {
    local log=$found/$target.log begin=("$corpus/$target")
    mkdir -p "$corpus/$target" "$seeds/$target"
    begin+=("$seeds/$target")
    if "$programs/$target" "${limits[@]}" -max_total_time="$seconds" -dict="$seeds/words" -use_value_profile=1 \
        -print_final_stats=1 -artifact_prefix="$found/$target-" "${begin[@]}" >"$log" 2>&1; then
        # The fewest inputs that reach as far are kept.
        rm -rf "$corpus/$target.few"
        mkdir "$corpus/$target.few"
        "$programs/$target" "${limits[@]}" -merge=1 "$corpus/$target.few" "$corpus/$target" >"$found/$target.merge.log" 2>&1
        rm -rf "${corpus:?}/$target"
        mv "$corpus/$target.few" "$corpus/$target"
    else
        fallen+=("$target")
    fi
    told "$log" "$corpus/$target"
}

if [ $# -gt 0 ]; then
    targets=("$@")
else
    mapfile -t targets < <(basename -s .rs protocol/fuzz/fuzz_targets/*.rs)
fi
for target in "${targets[@]}"; do run; done

for target in "${fallen[@]}"; do
    printf '\n%s fell over:\n' "$target"
    grep -m 1 -A 3 -E 'panicked at|ERROR: libFuzzer' "$found/$target.log" || tail -n 5 "$found/$target.log"
    artifact=$(sed -n 's/.*Test unit written to //p' "$found/$target.log" | tail -n 1)
    echo "again: $programs/$target ${artifact:-(no input was written; all of it is in $found/$target.log)}"
done
[ ${#fallen[@]} = 0 ]
