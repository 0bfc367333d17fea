"""The table of tests/bench.sh: reads the lines that the loads printed, takes medians, judges, prints Markdown."""

import json
import pathlib
import statistics
import sys
import time

import bench_decoders

FOLDER = pathlib.Path(sys.argv[1])
BINARY = int(sys.argv[2])


def lines(name):
    """Every line of a kind of load."""
    file = FOLDER / f"{name}.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


RUNS = {name: lines(name) for name in ("home", "shipped", "hub", "homes")}


def at(told, path):
    """A figure by its path, such as `online.events_per_s`."""
    for key in path.split("."):
        told = told.get(key) if isinstance(told, dict) else None
    return told


def median(name, path):
    """The median over all runs; None where none has it."""
    found = [at(told, path) for told in RUNS[name]]
    found = [value for value in found if value is not None]
    return statistics.median(found) if found else None


def total(name, path):
    """The sum over all runs: nothing lost in one is nothing gained in another."""
    return sum(at(told, path) or 0 for told in RUNS[name])


def shown(value, digits=1):
    """A figure for people."""
    if value is None:
        return "–"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


def verdict(value, must, moonshot, more_is_better):
    """Reached, beyond, or missed by how much."""
    if value is None:
        return "not measured"
    if must == 0:
        return "reached" if value == 0 else f"**missed: {value:.0f}**"
    if more_is_better:
        reached, beyond, off = value >= must, value >= moonshot, must / max(value, 1e-9)
    else:
        reached, beyond, off = value <= must, value <= moonshot, value / max(must, 1e-9)
    if beyond and must != moonshot:
        return "moonshot"
    return "reached" if reached else f"**missed, × {off:.2f}**"


# figure, unit, must, moonshot, ours, more is better, the best peer
ROWS = [
    ("acknowledged events lost or repeated, gateway and hub killed with -9 meanwhile", "", 0, 0,
     sum(total(n, p) for n in RUNS for p in ("lost", "repeated")), False, "78–100 % of a burst"),
    ("end to end", "events/s", 20000, 45000, median("home", "online.events_per_s"), True, "53,800 (mosquitto bridge)"),
    ("CPU of the gateway for 100,000, online", "s", 3.0, 1.0, median("home", "online.cpu_s_per_100k.gateway"), False, "1.0 (Fluent Bit)"),
    ("alarm p50, publish → durable on the hub, over sync + round trip + hop", "×", 3, 1.5,
     median("home", "paced.alarm_p50_over_floor"), False, "–"),
    ("alarm p99 at 20 a second, and as many routine words", "ms", 20, 3, median("home", "paced.alarms.p99_ms"), False, "0.7 (not durable)"),
    ("offline intake", "events/s", 15000, 40000, median("home", "offline.intake_per_s"), True, "–"),
    ("drain", "events/s", 20000, 80000, median("home", "drain.events_per_s"), True, "200,000 (mosquitto bridge)"),
    ("fresh alarm during the drain, p99", "ms", 100, 10, median("home", "drain.fresh_alarms.p99_ms"), False, "the whole drain"),
    ("hub listening → first queued alarm on it, p50", "ms", 300, 50, median("home", "hub_listening_to_first_alarm.p50_ms"), False, "–"),
    ("start with the backlog: ready", "s", 1, 0.2, median("home", "start.ready_s"), False, "–"),
    ("start with the backlog: sending", "s", 1, 0.2, median("home", "start.sending_s"), False, "–"),
    ("RSS idle", "MiB", 15, 8, median("home", "rss_mib.idle"), False, "4.7 (rsyslog)"),
    ("RSS peak, from 100,000 queued until they are drained", "MiB", 30, 16, median("home", "rss_mib.peak_with_backlog"), False, "5.3 (rsyslog)"),
    ("written by the gateway for an offline routine event", "B", 600, 200,
     median("home", "offline.bytes_written_per_event.gateway"), False, "161 (Fluent Bit, no sync)"),
    ("written by the gateway for an online event at 1,000 a second", "B", 20, 0,
     median("home", "steady.bytes_written_per_event.gateway"), False, "–"),
    ("syncs per page", "", 1, 1, median("home", "offline.syncs_per_page"), False, "–"),
    ("gateway's program, stripped", "MB", 12, 8, BINARY / 1e6, False, "–"),
    ("hub, one node", "events/s", 20000, 40000, median("hub", "flood.events_per_s"), True, "32,000 rows (PostgreSQL)"),
    ("hub, gateways connected", "", 1000, 10000, median("hub", "gateways"), True, "–"),
    ("hub, memory for each gateway", "KiB", 64, 16, median("hub", "memory_per_gateway_kib"), False, "–"),
]

# Told beside them; nobody set a limit.
ALSO = [
    ("this machine: fdatasync p50, one after another / while alarms come", "ms",
     (median("home", "limits.fdatasync.p50_ms"), median("home", "paced.meanwhile.fdatasync.p50_ms"))),
    ("this machine: MQTT hop p50, one after another / while alarms come", "ms",
     (median("home", "limits.mqtt_hop.p50_ms"), median("home", "paced.meanwhile.mqtt_hop.p50_ms"))),
    ("this machine: gRPC round trip p50, one after another / while alarms come", "ms",
     (median("home", "limits.grpc_round_trip.p50_ms"), median("home", "paced.meanwhile.grpc_round_trip.p50_ms"))),
    ("alarm p50 over the floor with a hop and a round trip that follow one another without a pause", "×",
     median("home", "paced.alarm_p50_over_hot_floor")),
    ("this machine: plain segment file", "events/s", median("home", "limits.segment_file.events_per_s")),
    ("this machine: plain segment file", "B/event", median("home", "limits.segment_file.bytes_per_event")),
    ("CPU of the broker / the hub for 100,000, online", "s",
     (median("home", "online.cpu_s_per_100k.broker"), median("home", "online.cpu_s_per_100k.hub"))),
    ("CPU of the gateway for 100,000, offline / draining", "s",
     (median("home", "offline.cpu_s_per_100k.gateway"), median("home", "drain.cpu_s_per_100k.gateway"))),
    ("written by the gateway for an event at full speed, when the hub is slower than the broker", "B",
     median("home", "online.bytes_written_per_event.gateway")),
    ("written by the hub for an online event", "B", median("home", "online.bytes_written_per_event.hub")),
    ("syncs for 1,000 events, online / offline", "",
     (median("home", "online.syncs_per_1000"), median("home", "offline.syncs_per_1000"))),
    ("alarm p50 / max at 20 a second", "ms", (median("home", "paced.alarms.p50_ms"), median("home", "paced.alarms.max_ms"))),
    ("routine p50 / p99 at 20 a second", "ms", (median("home", "paced.routine.p50_ms"), median("home", "paced.routine.p99_ms"))),
    ("routine p50 / p99 at 1,000 a second", "ms",
     (median("home", "steady.routine.p50_ms"), median("home", "steady.routine.p99_ms"))),
    ("routine p50 / p99 at full speed", "ms", (median("home", "online.routine.p50_ms"), median("home", "online.routine.p99_ms"))),
    ("fresh alarm during the drain, p50 / max", "ms",
     (median("home", "drain.fresh_alarms.p50_ms"), median("home", "drain.fresh_alarms.max_ms"))),
    ("hub listening → first queued alarm, longest", "ms", median("home", "hub_listening_to_first_alarm.max_ms")),
    ("CPU of an idle gateway / at 40 events a second / at 1,000", "%",
     (median("home", "idle.gateway_cpu_percent"), median("home", "paced.gateway_cpu_percent"),
      median("home", "steady.gateway_cpu_percent"))),
    ("RSS after full speed / its peak there / with the backlog", "MiB",
     (median("home", "rss_mib.running"), median("home", "rss_mib.peak_at_full_speed"), median("home", "rss_mib.with_backlog"))),
    ("broker as shipped (saves after every change): end to end", "events/s", median("shipped", "online.events_per_s")),
    ("broker as shipped: offline intake", "events/s", median("shipped", "offline.intake_per_s")),
    ("broker as shipped: alarm p50 / p99", "ms", (median("shipped", "paced.alarms.p50_ms"), median("shipped", "paced.alarms.p99_ms"))),
    ("four homes on this machine: end to end, all together", "events/s", median("homes", "online.events_per_s")),
    ("hub: CPU for 100,000, at 20,000 a second / flooded", "s",
     (median("hub", "at_rate.cpu_s_per_100k"), median("hub", "flood.cpu_s_per_100k"))),
    ("hub: alarm p50 / p99 at 20,000 events a second", "ms",
     (median("hub", "at_rate.alarms.p50_ms"), median("hub", "at_rate.alarms.p99_ms"))),
    ("hub: alarm p50 / p99 while all homes send at once", "ms",
     (median("hub", "flood.alarms.p50_ms"), median("hub", "flood.alarms.p99_ms"))),
    ("hub: storm of every home with six hours' backlog, until all is there", "s", median("hub", "storm.took_s")),
    ("hub: the storm's records", "events/s", median("hub", "storm.events_per_s")),
    ("hub: alarm p50 / p99 in the storm, from the dialling on", "ms",
     (median("hub", "storm.alarms.p50_ms"), median("hub", "storm.alarms.p99_ms"))),
    ("hub: RSS peak", "MB", median("hub", "rss_mib.peak")),
]


def machine():
    """What was measured on."""
    runs = [told["machine"] for name in RUNS for told in RUNS[name]]
    loads = [run["load"][0] for run in runs if run.get("load")]
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    before = [json.loads(line)["load_before"].split()[0] for line in (FOLDER / "machine.jsonl").read_text().splitlines()]
    return (f"{time.strftime('%Y-%m-%d %H:%M')}; {runs[0]['cores'] if runs else '?'} cores ({model}); "
            f"load before each run {', '.join(before)}, after it {', '.join(f'{n:.2f}' for n in loads)}; "
            f"medians of {len(RUNS['home'])}")


print(machine())
print()
print("| figure | must | moonshot | ours | | peer |")
print("|---|---|---|---|---|---|")
for figure, unit, must, moonshot, ours, more, peer in ROWS:
    name = f"{figure}, {unit}" if unit else figure
    print(f"| {name} | {shown(must)} | {shown(moonshot)} | {shown(ours, 2)} | {verdict(ours, must, moonshot, more)} | {peer} |")
print()
print("| beside it | |")
print("|---|---|")
for figure, unit, ours in ALSO:
    values = ours if isinstance(ours, tuple) else (ours,)
    name = f"{figure}, {unit}" if unit else figure
    print(f"| {name} | {' / '.join(shown(value, 3) for value in values)} |")
decoders = FOLDER / "decoders.txt"
if decoders.exists():
    print("\n" + bench_decoders.table(decoders.read_text()))
hot_path = FOLDER / "hot_path.txt"
if hot_path.exists():
    print("\n```\n" + hot_path.read_text().strip() + "\n```")
