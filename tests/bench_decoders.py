"""What the decoders' bench printed, as a Markdown table:
cargo bench -p tecs-gateway --bench decoders | python3 tests/bench_decoders.py"""

import re
import sys

MUST = 200_000
MUST_OF = {"zigbee2mqtt": 300_000}
TIMES = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}
# A row's first line names it and has its times; what follows is counted: fastest, slowest, median, mean.
NAMED = re.compile(r"[├╰]─ (\S+) +[\d.]+ [nµm]?s ")


def cells(line):
    """The columns of a line, without the tree before them."""
    return [cell.strip() for cell in re.sub(r"^[\s│├╰─]*", "", line).split("│")]


def read(text):
    """Each row: its name, messages a second (fastest, median), allocations and bytes a message."""
    rows, row, counted = [], None, None
    for line in text.splitlines():
        if named := NAMED.search(line):
            row, counted = {"name": named[1], "alloc": 0.0, "grow": 0.0}, None
            rows.append(row)
        elif row is None:
            continue
        elif heading := re.search(r"(max alloc|alloc|dealloc|grow|shrink):", line):
            counted = heading[1]
        elif (found := cells(line))[0].endswith("item/s"):
            rates = [re.fullmatch(r"([\d.]+) ([KMG]?)item/s", cell) for cell in found[:4]]
            fastest, _, median, _ = [float(rate[1]) * TIMES[rate[2]] for rate in rates]
            row.update(fastest=fastest, median=median)
        elif counted and re.fullmatch(r"[\d.]+", found[0]):
            row[counted] = float(found[3])
    return rows


def shown(row):
    """A row for people."""
    must = MUST_OF.get(row["name"], MUST)
    off = must / row["median"]
    verdict = "reached" if off <= 1 else f"**missed, × {off:.2f}**"
    per_s = " | ".join(f"{row[key]:,.0f}" for key in ("median", "fastest"))
    return f"| {row['name']} | {per_s} | {row['alloc'] + row['grow']:.1f} | {must:,} | {verdict} |"


def table(text):
    """The whole table."""
    head = ["| family | messages/s, median | fastest | allocations a message | must | |", "|---|---|---|---|---|---|"]
    return "\n".join(head + [shown(row) for row in read(text)])


if __name__ == "__main__":
    print(table(sys.stdin.read()))
