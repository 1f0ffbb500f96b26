"""Row 19: the figures of a million readings in a thousand series, beside a database's."""
import subprocess
import sys

import peers
from measure import Peer

SERIES = 1000


def rows(bench):
    trace = f"{bench.dir}/readings.jsonl"
    made = f"{sys.executable} {peers.HERE}/readings.py {bench.events} {trace} {SERIES}"
    subprocess.run(f"test -e {trace} || {made}", shell=True, check=True)
    theirs = f"exec {sys.executable} -B {peers.HERE}/duckdb_figures.py {trace} {bench.dir}/figures.json 2"
    duckdb = Peer("DuckDB", lambda b: theirs, 0.5, "count, least, greatest, mean, percentiles, first, last, gaps and rate of the same readings")
    bench.row("19", "projector-dashboard, 2 threads", lambda b: f"exec projector-dashboard -j 2 < {trace} > {bench.dir}/figures.jsonl", [duckdb])
