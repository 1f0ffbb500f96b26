#!/usr/bin/env python3
"""Times the tools beside their peers, row by row of a table of goals, and prints what was found.

usage: bench.py [--events N] [--rounds N] [--dir DIR] [--no-instructions] [ROW ...]

The programs of a row run in turn, A B A B, so that a machine that speeds up or slows down does so for all; medians are
printed, and ratios are what counts: medians of the rounds' own. Wall, processors' time and instructions stand beside
each other; a goal says by which it is meant. A peer that is missing is said to be missing. `make bench ROW=1` runs one row.
"""
import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys

import caches
import crdts
import crossings
import dashboards
import demo
import follow
import gate
import gossip
import growth
import imports
import maps
import measure
import overlays
import packs
import pages
import peers
import physics
import signatures
import states
import stores
import sync
import views
import why

ROWS = [str(row) for row in [*range(1, 26), 27, 28, 29, 30, 26]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dir", default="target/bench")
    parser.add_argument("--no-instructions", action="store_true", help="do not count them: callgrind takes its time")
    parser.add_argument("rows", nargs="*", metavar="ROW")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    bench = prepared(options)
    version = measure.said("ulp-materialize -V").decode().strip()
    print(f"{version}; {platform.machine()}, {os.cpu_count()} cores; {bench.events} events, {os.path.getsize(bench.trace) / 1e6:.1f} MB; medians of {bench.rounds} rounds")
    print(f"memory: what a process is said to have held begins with what its parent does, here {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
    if bench.small:
        print(f"instructions: callgrind, the trace's first {bench.small.events} events")
    run(bench, options.rows or ROWS[:-1])
    summary(bench)


def prepared(options):
    """The trace, and the small one where instructions are counted."""
    directory = f"{options.dir}/{options.events}"
    os.makedirs(directory, exist_ok=True)
    trace = f"{directory}/trace.jsonl"
    if not os.path.exists(trace):
        subprocess.run([sys.executable, f"{peers.HERE}/trace.py", str(options.events), f"{trace}.part"], check=True)
        os.rename(f"{trace}.part", trace)
    bench = measure.Bench(directory, trace, options.events, options.rounds)
    if options.no_instructions or not shutil.which("valgrind"):
        print("instructions are not counted" if options.no_instructions else "valgrind is missing: instructions are not counted")
        return bench
    events = min(measure.COUNTED, options.events)
    small = f"{directory}/small"
    os.makedirs(small, exist_ok=True)
    bench.small = measure.Bench(small, bench.made(f"small/trace.jsonl", f"head -n {events} {trace}"), events, 1)
    return bench


def run(bench, wanted):
    if {"1", "2", "3"} & set(wanted):
        states.rows(bench, wanted)
    if "4" in wanted:
        gate.rows(bench)
    for row, job in {**stores.ROWS, **growth.ROWS}.items():
        if row in wanted:
            job(bench)
    if "11" in wanted:
        views.rows(bench)
    if {"12", "13"} & set(wanted):
        packs.rows(bench, wanted)
    if {"20", "21"} & set(wanted):
        physics.rows(bench)
    if "17" in wanted:
        maps.rows(bench)
        overlays.rows(bench)
    for row, job in {"15": signatures.rows, "16": crdts.rows, "18": imports.rows, "19": dashboards.rows, "22": why.rows, "23": sync.rows, "24": gate.drafts, "25": follow.rows, "27": gossip.rows, "28": caches.rows, "29": crossings.rows, "30": pages.rows, "26": demo.rows}.items():
        if row in wanted:
            job(bench)


def summary(bench):
    """The rows with their goals once more, a line each."""
    print(f"\n{'row':>3}  {'found':>14}  {'goal':>14}  by")
    for row, job, found, goal, what, unit, reached in bench.verdicts:
        print(f"{row:>3}  {found:>10.3f}{unit:<5} <= {goal:>8.3g}{unit:<5} {what:<12} {'reached' if reached else 'NOT REACHED':<12} {job}")


if __name__ == "__main__":
    main()
