#!/usr/bin/env bash
# The whole table of figures in one command, as Markdown on standard output: what must be reached, what was, and what the
# machine was doing meanwhile. Medians of three runs. Under 15 minutes on two quiet cores; what it says as it goes is on
# standard error. Needs mosquitto and python3. Nothing is kept but the lines of JSON that the table is made of.
#
#   ./tests/bench.sh                    build, measure, print
#   TECS_BENCH_RUNS=1                   runs of each load (3)
#   TECS_BENCH_EVENTS=100000            events online, and as many while the hub is away
#   TECS_BENCH_GATEWAYS=1000            gateways at the hub
#   TECS_BENCH_DIR=                     where the lines are kept, and the disk that is measured (a new folder in target/)
#   TECS_BENCH_BIN=                     a folder with the three programs; without it they are built
#   TECS_BENCH_MICRO=0                  without the micro-benchmarks, which take another build; `only`: nothing else
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

runs=${TECS_BENCH_RUNS:-3}
events=${TECS_BENCH_EVENTS:-100000}
gateways=${TECS_BENCH_GATEWAYS:-1000}
target=${CARGO_TARGET_DIR:-target}
folder=${TECS_BENCH_DIR:-$target/bench/$(date +%Y-%m-%dT%H%M%S)}
bin=${TECS_BENCH_BIN:-$target/release}
built=${TECS_BENCH_BIN:+yes}
micro=${TECS_BENCH_MICRO:-1}
# The gateway takes no variable that begins so and is no key of its own.
unset TECS_BENCH_RUNS TECS_BENCH_EVENTS TECS_BENCH_GATEWAYS TECS_BENCH_DIR TECS_BENCH_BIN TECS_BENCH_MICRO

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }

# The micro-benchmarks: each step of a message's way, and each family's decoder.
micro() {
    local bench
    for bench in hot_path decoders; do
        say "micro-benchmarks: $bench"
        cargo bench --locked -p tecs-gateway --bench "$bench" >"$folder/$bench.txt" 2>>"$folder/micro.log" || {
            say "the micro-benchmarks failed; see $folder/micro.log"
            exit 1
        }
    done
}

mkdir -p "$folder"
if [ "$micro" = only ]; then
    micro
    say "what they printed is in $folder"
    printf '%s; load %s, %s cores\n\n' "$(date '+%Y-%m-%d %H:%M')" "$(cut -d' ' -f1-3 /proc/loadavg)" "$(nproc)"
    python3 -B tests/bench_decoders.py <"$folder/decoders.txt"
    # shellcheck disable=SC2016 # Markdown's own backticks.
    printf '\n```\n%s\n```\n' "$(cat "$folder/hot_path.txt")"
    exit
fi

for program in mosquitto python3; do
    command -v "$program" >/dev/null || {
        echo "$program is missing: apt-get install $program" >&2
        exit 1
    }
done

if [ -z "$built" ]; then
    say "building"
    cargo build --release --locked -p tecs-gateway -p tecs-hub -p tecs-sim >&2
fi

# One line of JSON to a file; a run that loses or repeats anything says so and fails the whole.
measure() {
    local name=$1 work=$folder/work state=0
    shift
    say "$name: tecs-sim $*"
    printf '{"load_before":"%s"}\n' "$(cut -d' ' -f1-3 /proc/loadavg)" >>"$folder/machine.jsonl"
    "$bin/tecs-sim" "$@" --bin-dir "$bin" --work-dir "$work" >>"$folder/$name.jsonl" || state=$?
    if [ "$state" != 0 ]; then
        say "$name failed; its files are in $work"
        exit "$state"
    fi
    rm -rf "$work"
}

for run in $(seq "$runs"); do
    say "run $run of $runs"
    # The broker saves its store once a second, as the peers' did.
    measure home load --events "$events" --backlog "$events"
    # The broker as deploy/mosquitto ships it: it saves after every change, so there are fewer events.
    measure shipped load --events 4000 --backlog 4000 --steady-per-s 200 --paced-s 10 --returns 1 --autosave
    measure hub load-hub --gateways "$gateways"
done
# Four homes on one machine share its two cores; once, to see that they do.
measure homes load --homes 4 --events $((events / 10)) --backlog $((events / 10)) --paced-s 5 --returns 1

if [ "$micro" = 1 ] && [ -z "$built" ]; then
    micro
fi

bytes=$(stat -c %s "$bin/tecs-gateway")
say "the lines are in $folder"
python3 -B tests/bench_table.py "$folder" "$bytes"
