#!/usr/bin/env python3
"""Times the tools beside their peers, and prints a table: ours, theirs, ratio, goal, verdict, peak memory.

usage: bench.py [--events N] [--rounds N] [--dir DIR] [ROW ...]

Both programs of a row run in turn, A B A B, so that a machine that speeds up or slows down does so for both; medians
are printed, and ratios are what counts. A peer that is missing is said to be missing. `make bench ROW=1` runs one row.
"""
import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys

import crdts
import follow
import gate
import measure
import packs
import signatures
import stores
import sync
import views

HERE = os.path.dirname(os.path.abspath(__file__))


def materialize(options, rows):
    """Rows 1 to 3: the state of the trace beside DuckDB, on two threads, on one, and the memory of the first."""
    if not importlib.util.find_spec("duckdb"):
        print("1-3  DuckDB is missing: make bench-peers")
        return
    check = [f"ulp-materialize -j {j} < {options.trace} 2> /dev/null | b2sum" for j in (1, 2)]
    sums = {subprocess.run(["bash", "-c", c], capture_output=True, check=True).stdout for c in check}
    if len(sums) != 1:
        sys.exit("the state differs between one thread and two")
    peaks = None
    for row, jobs, goal in (("1", 2, 0.30), ("2", 1, 0.40)):
        if row not in rows and not (row == "1" and "3" in rows):
            continue
        ours = f"exec ulp-materialize -j {jobs} < {options.trace} > {options.dir}/state.jsonl"
        theirs = f"exec {sys.executable} {HERE}/duckdb_state.py {options.trace} {options.dir}/duckdb.json {jobs}"
        us, them, ratio = measure.pair(ours, theirs, options.rounds)
        if row in rows:
            measure.report(row, f"ulp-materialize, {jobs} thread(s) / DuckDB", us, them, ratio, goal)
        peaks = peaks or (us.peak * 1024, them.peak * 1024)
    if "3" in rows:
        measure.size("3", "peak memory in KiB, mapped file included / DuckDB", *peaks, 0.8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dir", default="target/bench")
    parser.add_argument("rows", nargs="*", default=[])
    options = parser.parse_args()
    rows = options.rows or [str(row) for row in [*range(1, 17), 23, 24, 25]]
    os.makedirs(options.dir, exist_ok=True)
    options.trace = os.path.join(options.dir, f"trace-{options.events}.jsonl")
    if not os.path.exists(options.trace):
        part = options.trace + ".part"
        subprocess.run([sys.executable, f"{HERE}/trace.py", str(options.events), part], check=True)
        os.rename(part, options.trace)
    version = subprocess.run(["ulp-materialize", "-V"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}; {platform.machine()}, {os.cpu_count()} cores; {options.events} events, {os.path.getsize(options.trace) / 1e6:.1f} MB; medians of {options.rounds} rounds")
    print(measure.HEAD)
    if {"1", "2", "3"} & set(rows):
        materialize(options, rows)
    if "4" in rows:
        gate.rows(options)
    stores.rows(options, rows)
    if "11" in rows:
        views.rows(options)
    if {"12", "13"} & set(rows):
        packs.rows(options, rows)
    stores.last(options, rows)
    if "15" in rows:
        signatures.rows(options)
    if "16" in rows:
        crdts.rows(options)
    if "23" in rows:
        sync.rows(options)
    if "24" in rows:
        gate.drafts(options)
    if "25" in rows:
        follow.rows(options)
    missing = [p for p in ("jq", "openssl", "strace", "tar", "zstd") if not shutil.which(p)]
    if missing:
        print("peers that are missing:", ", ".join(missing))


if __name__ == "__main__":
    main()
