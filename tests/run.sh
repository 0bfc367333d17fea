#!/usr/bin/env bash
# All tests, on a Debian machine with Rust, a C compiler and git. What else they need is installed first, where apt and
# root or sudo allow; what is still missing is told, and its tests say SKIPPED. Quick by default:
#
#   TECS_WORLDS=200       seeded worlds of the storm                       CI: 2000
#   TECS_ROUNDS=          kills -9 and power cuts of the journal, each     CI: 12
#   TECS_KILL_ROUNDS=8    kills -9 of the care hub                         CI: 12
#   TECS_STORM_SECONDS=3  seconds of each press storm                      CI: 20
#   TECS_FUZZ_SECONDS=0   seconds of tests/fuzz.sh for each decoder; read by .ci/run
#   TECS_SEED=, TECS_FIRST_SEED=   play one failure again; begin elsewhere
#   TECS_REGENERATE=1     write the generated message types anew instead of comparing them
#
#   ./tests/run.sh                       everything
#   ./tests/run.sh --package gateway-core storm      as `cargo test`
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

for program in cargo cc git; do
    command -v "$program" >/dev/null || {
        echo "$program is missing: Rust (https://rustup.rs), a C compiler (apt-get install gcc libc6-dev) and git are needed" >&2
        exit 1
    }
done

# shellcheck source=/dev/null # It lies beside this script.
. tests/as_root.sh

# program, its Debian package. Only what a test names is installed.
missing() {
    while read -r program package; do
        command -v "$program" >/dev/null && continue
        grep -rqs --include='*.rs' --include='*.sh' --exclude=run.sh -- "$program" \
            tests gateway/tests gateway/core/tests care-hub/tests sim-devices/tests protocol/tests deploy || continue
        echo "$package"
    done <<'LIST' | sort -u
mosquitto mosquitto
mosquitto_pub mosquitto-clients
mosquitto_passwd mosquitto
systemd-analyze systemd
udevadm udev
strace strace
mkfs.ext4 e2fsprogs
python3 python3
openssl openssl
socat socat
chromium chromium
chromedriver chromium-driver
kill procps
LIST
}

# Debian starts a broker when it installs one. The tests start their own, on ports of their own.
stop_packaged_broker() {
    if [ -d /run/systemd/system ]; then
        as_root systemctl stop mosquitto.service || true
    elif [ -r /run/mosquitto/mosquitto.pid ]; then
        as_root kill "$(cat /run/mosquitto/mosquitto.pid)" || true
    fi
}

packages=$(missing)
if [ -n "$packages" ]; then
    packages=${packages//$'\n'/ }
    echo "installing: $packages"
    # shellcheck disable=SC2086 # One word a package.
    if install_packages $packages; then
        case " $packages " in *" mosquitto "*) stop_packaged_broker ;; esac
    else
        echo "could not be installed; tests that need them will be skipped: $packages" >&2
    fi
fi

echo "TECS_WORLDS=${TECS_WORLDS:-(200)} TECS_ROUNDS=${TECS_ROUNDS:-(as each test says)}" \
    "TECS_KILL_ROUNDS=${TECS_KILL_ROUNDS:-(8)} TECS_SEED=${TECS_SEED:-(drawn and printed)}"

# The programs that the house starts come out of this same build, before any test runs; nothing is built a second time.
TECS_BIN_DIR=${TECS_BIN_DIR:-$(cd "$(dirname "${CARGO_TARGET_DIR:-target}")" && pwd)/$(basename "${CARGO_TARGET_DIR:-target}")/debug}
export TECS_BIN_DIR

# One build. What passing tests say is shown as well: it is where they tell what they skipped.
log=${CARGO_TARGET_DIR:-target}/tests.log
mkdir -p "$(dirname "$log")"
if [ $# -gt 0 ]; then what=("$@"); else what=(--workspace); fi
state=0
cargo test --locked --no-fail-fast "${what[@]}" -- --show-output </dev/null 2>&1 \
    | tee "$log" \
    | grep --line-buffered -E '^(test |test result|running [1-9]|error|warning: unused| +(Compiling tecs|Compiling gateway|Finished|Running|Doc-tests) )' \
    || state=${PIPESTATUS[0]}

skipped=$(grep -E '^SKIPPED' "$log" | sort -u || true)
if [ -n "$skipped" ]; then
    printf '\nskipped, for want of a program or of root:\n%s\n' "$skipped"
fi
if [ "$state" != 0 ]; then
    printf '\n'
    sed -n -e '/^failures:$/,/^test result/p' -e '/^error/,/^$/p' "$log"
    echo "FAILED; all of it is in $log"
    exit "$state"
fi
awk '/^test result: ok/ { passed += $4; ignored += $8 } END { printf "\n%d tests passed, %d ignored\n", passed, ignored }' "$log"
