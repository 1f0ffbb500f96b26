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
import statistics
import subprocess
import sys
import time

import packs
import views

HERE = os.path.dirname(os.path.abspath(__file__))


def run(command):
    """Seconds and peak memory (MiB) of one run of a shell command."""
    start = time.monotonic()
    child = subprocess.Popen(["bash", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed with {status}: {command}")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def pair(ours, theirs, rounds):
    """Medians of both commands, run in turn after one warm-up each."""
    run(ours), run(theirs)
    a, b = zip(*[(run(ours), run(theirs)) for _ in range(rounds)])
    median = lambda runs: tuple(statistics.median(column) for column in zip(*runs))
    return median(a), median(b), statistics.median(x[0] / y[0] for x, y in zip(a, b))


def report(row, job, ours, theirs, ratio, goal):
    verdict = "reached" if ratio <= goal else "not reached"
    print(f"{row:>3}  {job:<44} {ours:>10} {theirs:>10} {ratio:>7.2f}x  <= {goal:.2f}x  {verdict}", flush=True)


def materialize(options, rows):
    """Rows 1 to 3: the state of the trace beside DuckDB, on two threads, on one, and the memory of the first."""
    if not importlib.util.find_spec("duckdb"):
        print("1-3  DuckDB is missing: pip install duckdb (make bench-peers)")
        return
    check = [f"ulp-materialize -j {j} < {options.trace} 2> /dev/null | b2sum" for j in (1, 2)]
    sums = {subprocess.run(["bash", "-c", c], capture_output=True, check=True).stdout for c in check}
    if len(sums) != 1:
        sys.exit("the state differs between one thread and two")
    for row, jobs, goal in (("1", 2, 0.30), ("2", 1, 0.40)):
        if row not in rows and not (row == "1" and "3" in rows):
            continue
        ours = f"exec ulp-materialize -j {jobs} < {options.trace} > {options.dir}/state.jsonl"
        theirs = f"exec {sys.executable} {HERE}/duckdb_state.py {options.trace} {options.dir}/duckdb.json {jobs}"
        (us, our_peak), (them, their_peak), ratio = pair(ours, theirs, options.rounds)
        if row in rows:
            report(row, f"ulp-materialize, {jobs} thread(s) / DuckDB", f"{us:.2f} s", f"{them:.2f} s", ratio, goal)
        if row == "1" and "3" in rows:
            report("3", "peak memory, mapped file included / DuckDB", f"{our_peak:.0f} MiB", f"{their_peak:.0f} MiB", our_peak / their_peak, 0.8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dir", default="target/bench")
    parser.add_argument("rows", nargs="*", default=[])
    options = parser.parse_args()
    rows = options.rows or ["1", "2", "3", "11", "12", "13"]
    os.makedirs(options.dir, exist_ok=True)
    options.trace = os.path.join(options.dir, f"trace-{options.events}.jsonl")
    if not os.path.exists(options.trace):
        part = options.trace + ".part"
        subprocess.run([sys.executable, f"{HERE}/trace.py", str(options.events), part], check=True)
        os.rename(part, options.trace)
    version = subprocess.run(["ulp-materialize", "-V"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}; {platform.machine()}, {os.cpu_count()} cores; {options.events} events, {os.path.getsize(options.trace) / 1e6:.1f} MB; medians of {options.rounds} rounds")
    print("row  job                                                ours     theirs    ratio     goal")
    if {"1", "2", "3"} & set(rows):
        materialize(options, rows)
    if "11" in rows:
        views.rows(options, pair, report)
    if {"12", "13"} & set(rows):
        packs.rows(options, rows, pair, report)
    missing = [p for p in ("jq", "openssl", "tar", "zstd") if not shutil.which(p)]
    if missing:
        print("peers that are missing:", ", ".join(missing))


if __name__ == "__main__":
    main()
