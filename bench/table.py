#!/usr/bin/env python3
"""Runs the benchmarks in turn on one core and prints one table of medians.

The push-gossip workload runs here and on ns-3's event core in turn, so that whatever slows the machine slows both; the
ratio is the median of the turns' ratios. Every size has a process of its own, and times are processor time. How to read
the table: docs/howto/benchmark.md.
"""
import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys

SIZES = (1_000, 10_000, 100_000, 1_000_000)
AIMS = {1_000: 4, 10_000: 5, 100_000: 7, 1_000_000: 8}  # times ns-3's event core
SCHEDULERS = ("priority_queue", "map", "heap", "calendar")
# Of ns-3's schedulers the ones that were never near the best, and take minutes to fill, are left out of the largest.
LARGEST = {"heap": 100_000, "calendar": 10_000}

# What is shown of the parts alone: label, program, benchmark, what to read of it, its unit, whether --short has it.
PARTS = (
    ("queue, 1k nodes", "queue", "push_gossip<Wheel>/1000", "rate", "M events/s", True),
    ("queue, 1M nodes", "queue", "push_gossip<Wheel>/1000000", "rate", "M events/s", True),
    ("the same on a 4-ary heap", "queue", "push_gossip<QuaternaryHeap>/1000000", "rate", "M events/s", False),
    ("codec: size of 50 facts", "codec", "size/50", "ns", "ns", True),
    ("codec: pack 50 facts", "codec", "pack/50", "ns", "ns", True),
    ("codec: unpack 50 facts", "codec", "unpack/50", "ns", "ns", True),
    ("karger: lookups, 1k members", "ring", "batch/karger/1000", "rate", "M/s", True),
    ("karger: 3 replicas, 1k members", "ring", "replicas/1000", "rate", "M/s", True),
    ("karger: placing 1k members", "ring", "place/karger/1000", "us", "us", True),
    ("karger: one join or leave of 1k", "ring", "apply/1000", "item_us", "us", True),
    ("stathat: lookups, 1k members", "ring", "batch/stathat/1000", "rate", "M/s", True),
    ("jump: lookups, 1M members", "ring", "row/jump_batch/1000000", "rate", "M/s", False),
    ("rendezvous: lookups, 1k members", "ring", "row/rendezvous_batch/1000", "rate", "M/s", False),
    ("maglev: placing 1k members", "ring", "place/maglev/1000", "us", "us", True),
    ("ketama: key to one of 100 servers", "ring", "ketama", "item_ns", "ns", True),
    ("the same in libmemcached", "ring", "ketama_of_libmemcached", "item_ns", "ns", True),
    ("store: get, 10k keys", "store", "store_get_hit/10000", "ns", "ns", True),
    ("the same on a map with a heap", "store", "map_get_hit/10000", "ns", "ns", True),
    ("store: put, 10k keys", "store", "store_put_new/10000", "item_ns", "ns", True),
    ("store: get, 1M keys", "store", "store_get_hit/1000000", "ns", "ns", False),
    ("the same on a map with a heap", "store", "map_get_hit/1000000", "ns", "ns", False),
    ("store: expiry of 1M keys, each", "store", "store_expire_to_tombstones/1000000/iterations:3/manual_time",
     "ns_per_key", "ns", False),
    ("the same on a map with a heap", "store", "map_expire/1000000/iterations:3/manual_time", "ns_per_key", "ns",
     False),
    ("store: bytes beside a key, 1M", "store", "store_bytes/1000000/iterations:1", "bytes_beside_a_key", "bytes",
     False),
    ("the same in a map with a heap", "store", "map_bytes/1000000/iterations:1", "bytes_beside_a_key", "bytes", False),
)

NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


class Bench:
    def __init__(self, programs, min_time):
        self.programs = programs
        self.min_time = min_time
        self.raw = []

    def has(self, program):
        return os.path.exists(os.path.join(self.programs, "bench_" + program))

    def run(self, program, name):
        """One benchmark in a process of its own: its counters, and the processor time of an iteration as "ns"."""
        say(f"{program} {name}")
        done = subprocess.run(
            [os.path.join(self.programs, "bench_" + program), f"--benchmark_filter=^{re.escape(name)}$",
             f"--benchmark_min_time={self.min_time}", "--benchmark_format=json"],
            capture_output=True, text=True, check=False)
        try:
            (result,) = json.loads(done.stdout)["benchmarks"]
        except (ValueError, KeyError):
            sys.exit(f"bench_{program} did not run {name}:\n{done.stderr}")
        if result.get("error_occurred"):
            sys.exit(f"{name}: {result['error_message']}")
        timed = "manual_time" in name or "real_time" in name
        result["ns"] = result["real_time" if timed else "cpu_time"] * NS[result["time_unit"]]
        result["rate"] = result.get("events", result.get("items_per_second", 0)) / 1e6
        result["item_ns"] = 1e3 / result["rate"] if result["rate"] else 0
        result["us"], result["item_us"] = result["ns"] / 1e3, result["item_ns"] / 1e3
        self.raw.append({"program": program, **result})
        return result


def say(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def short_number(value):
    if value >= 1e6:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if value >= 1e3 else f"{value:g}"


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())


def push_gossip(bench, turns):
    """Rows of both programs by size; in the first turn every scheduler of ns-3 is tried, then the best one alone."""
    ours = {n: [] for n in SIZES}
    theirs = {n: [] for n in SIZES}
    best = {}
    for _ in range(turns):
        for n in SIZES:
            ours[n].append(bench.run("push_gossip", f"push_gossip/{n}"))
            if not bench.has("peer_ns3"):
                continue
            tried = [best[n]] if n in best else [s for s in SCHEDULERS if n <= LARGEST.get(s, n)]
            results = {s: bench.run("peer_ns3", f"ns3_push_gossip/{s}/{n}") for s in tried}
            best[n] = max(results, key=lambda s: results[s]["rate"])
            theirs[n].append(results[best[n]])
    rows = [("push gossip, nodes", "M events/s", "ns-3", "times", "low", "high", "aim", "bytes a node", "counted", "ns-3",
             "its scheduler")]
    for n in SIZES:
        here = [figure(statistics.median(r["rate"] for r in ours[n])),
                figure(max(r["peak_bytes_per_node"] for r in ours[n])),
                figure(max(r["bytes_per_node"] for r in ours[n]))]
        there = ["-"] * 6
        if theirs[n]:
            ratios = [a["rate"] / b["rate"] for a, b in zip(ours[n], theirs[n])]
            there = [figure(statistics.median(r["rate"] for r in theirs[n])), figure(statistics.median(ratios)),
                     figure(min(ratios)), figure(max(ratios)),
                     figure(max(r["peak_bytes_per_node"] for r in theirs[n])), best[n]]
        rows.append((short_number(n), here[0], *there[:4], str(AIMS[n]), here[1], here[2], *there[4:]))
    return rows


def protocols(bench, turns, largest):
    rows = [("protocol, nodes", "s of one core", "simulated s", "M events/s", "MiB of the process")]
    for protocol, nodes, simulated in (("swim", 100, 60), ("swim", 1_000, 60), ("swim", 10_000, 60),
                                       ("announce", 1_000, 10)):
        if nodes > largest:
            continue
        # A minute each: once is enough.
        runs = [bench.run("protocols", f"{protocol}/{nodes}") for _ in range(1 if nodes >= 10_000 else turns)]
        rows.append((f"{protocol}, {short_number(nodes)}", figure(statistics.median(r["ns"] for r in runs) / 1e9),
                     str(simulated), figure(statistics.median(r["rate"] for r in runs)),
                     figure(max(r["process_peak_bytes"] for r in runs) / 2**20)))
    return rows


def parts(bench, turns, short):
    rows = [("alone", "", "")]
    for label, program, name, key, unit, in_short in PARTS:
        if in_short or not short:
            value = statistics.median(bench.run(program, name)[key] for _ in range(turns))
            rows.append((label, figure(value), unit))
    return rows


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            return next(line.split(":", 1)[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"


def main():
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="once each, without what takes longest")
    parser.add_argument("--turns", type=int, help="how often each runs (3; 1 with --short)")
    parser.add_argument("--core", type=int, help="the core to run on (the last one)")
    parser.add_argument("--only", action="append", choices=("push-gossip", "protocols", "parts"),
                        help="a part of the table; may be repeated")
    parser.add_argument("--programs", default="build/bench/bin", help=argparse.SUPPRESS)
    parser.add_argument("--out", help="a file for everything measured, as JSON")
    options = parser.parse_args()
    turns = options.turns or (1 if options.short else 3)
    if hasattr(os, "sched_setaffinity"):
        core = options.core if options.core is not None else max(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {core})
    if os.getloadavg()[0] > 1:
        print("The machine is busy: the ratios hold better than the figures.", file=sys.stderr)

    bench = Bench(options.programs, 0.2 if options.short else 0.5)
    wanted = options.only or ("push-gossip", "protocols", "parts")
    tables = []
    if "push-gossip" in wanted:
        tables.append(push_gossip(bench, turns))
    if "protocols" in wanted:
        tables.append(protocols(bench, turns, 1_000 if options.short else 10_000))
    if "parts" in wanted:
        tables.append(parts(bench, turns, options.short))
    say("")
    times = "one turn" if turns == 1 else f"medians of {turns} turns"
    print(f"One core of {processor()} ({os.cpu_count()} there), {times}, processor time")
    for rows in tables:
        print()
        table(rows)
    if options.out:
        with open(options.out, "w", encoding="utf-8") as out:
            json.dump({"processor": processor(), "load": os.getloadavg(), "results": bench.raw}, out, indent=1)


if __name__ == "__main__":
    main()
