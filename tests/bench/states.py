"""Rows 1 to 3: the state of the trace beside DuckDB, on two threads, on one, and the memory of the first."""
import sys

import measure
import peers
from measure import Peer


def rows(bench, wanted):
    if not peers.has("duckdb"):
        return
    if len({measure.state(f"ulp-materialize -j {j} < {bench.trace}") for j in (1, 2)}) != 1:
        raise SystemExit("the state differs between one thread and two")
    import duckdb

    does = (
        f"DuckDB {duckdb.__version__}: reads 14 members of a line into columns and takes the latest value of each; it orders by timestamp alone,"
        " knows no causes, lanes or rules, and passes over whatever else a line holds"
    )
    for row, jobs, goal in (("1", 2, 0.50), ("2", 1, 0.60)):
        if row not in wanted and not (row == "1" and "3" in wanted):
            continue
        theirs = lambda b, j=jobs: f"exec {sys.executable} {peers.HERE}/duckdb_state.py {b.trace} {b.dir}/duckdb.json {j}"
        ours = lambda b, j=jobs: f"exec ulp-materialize -j {j} < {b.trace} > {b.dir}/state.jsonl"
        us, them = bench.row(row, f"ulp-materialize, {jobs} thread(s)", ours, [Peer("DuckDB", theirs, goal, does, counted=False)])
        floor(bench, row, us.cpu, them.cpu, goal)
        if row == "1" and "3" in wanted:
            bench.number("3", "peak memory of row 1 in KiB, mapped file included / DuckDB", us.peak * 1024, them.peak * 1024, 0.55, "peak memory")


def floor(bench, row, ours, theirs, goal):
    """How far it lies from parsing, hashing and printing alone."""
    stages = peers.stages(bench, bench.trace)
    if not stages:
        return
    parts = [("hash", stages["hash"], True), ("parse", stages["parse"], True), ("print", stages["print"], True)]
    parts += [("check and keep", stages["read"] - stages["parse"], False), ("order", stages["order"], False), ("derive", stages["derive"], False)]
    parts.append(("reading, writing, threads", ours - sum(s for _, s, _ in parts), False))
    bench.floor(row, parts, theirs, goal)
