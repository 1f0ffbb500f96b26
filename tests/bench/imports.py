"""Row 18: a million points and a million rows into drafts, and what one record at a time takes of memory."""
import random
import shutil
import sys

import measure
import peers
from measure import Peer

COPY = "import duckdb, sys; db = duckdb.connect(); db.execute('SET threads = 2'); db.execute(f\"COPY (SELECT * FROM read_csv('{sys.argv[1]}')) TO '{sys.argv[2]}' (FORMAT json)\")"


def points(bench):
    """Points with two properties each, as a collection, as lines and as a table; 52 degrees north."""
    rng = random.Random(18)
    paths = [f"{bench.dir}/points.{end}" for end in ("geojson", "geojsons", "csv")]
    with open(paths[0], "w") as whole, open(paths[1], "w") as lines, open(paths[2], "w") as table:
        whole.write('{"type":"FeatureCollection","features":[\n')
        table.write("node_id,lat,lon,kind,label,level\n")
        for n in range(bench.events):
            lat, lon, level = 52 + rng.randrange(1_000_000) / 1e6, -2 + rng.randrange(1_000_000) / 1e6, rng.randrange(10_000) / 1e3
            feature = f'{{"type":"Feature","id":"p{n}","geometry":{{"type":"Point","coordinates":[{lon:.6f},{lat:.6f}]}},"properties":{{"label":"Point {n}","level":{level}}}}}'
            whole.write(feature + (",\n" if n + 1 < bench.events else "\n"))
            lines.write(feature + "\n")
            table.write(f"p{n},{lat:.6f},{lon:.6f},gauge,Point {n},{level}\n")
        whole.write("]}\n")
    return paths


def rows(bench):
    whole, lines, table = points(bench)
    ours = "exec ulp-import -j 2 --origin 52.5,-1.5 --time 2026-01-01T00:00:00Z"
    gdal, duckdb = [], []
    if shutil.which("ogr2ogr"):
        gdal = [Peer("ogr2ogr", lambda b: f"exec ogr2ogr -f GeoJSONSeq /vsistdout/ {whole} > {b.dir}/imported", 0.5, "the same features as lines, on one thread", "wall", False)]
    if peers.has("duckdb"):
        duckdb = [Peer("DuckDB", lambda b: f"exec {sys.executable} -c '{COPY}' {table} {b.dir}/imported", 1.5, "COPY of the same table to JSON, 2 threads", "wall", False)]
    bench.row("18", "ulp-import -f geojson, a collection", lambda b: f"{ours} -f geojson {whole} > {b.dir}/drafts 2> {b.dir}/log", gdal)
    bench.row("18", "ulp-import -f csv", lambda b: f"{ours} -f csv {table} > {b.dir}/drafts 2> {b.dir}/log", duckdb)
    # What is held is hashes of the names of nodes, at most 160 bytes each: the same without them is what a record at a time takes.
    for job, file in (("-f csv", table), ("-f geojson, lines", lines)):
        run = measure.run(f"{ours} {job.split(',')[0]} {file} > {bench.dir}/drafts 2> {bench.dir}/log")
        bench.limit("18", f"{job}, the most memory for {bench.events:,} nodes", run.peak, 64 + 160 * bench.events / 1e6, "MiB")
    readings = bench.made("readings.csv", f"{{ echo timestamp,sensor,value,actor_id; seq {bench.events} | sed 's/.*/1767225600,level,&,node:a/'; }}")
    run = measure.run(f"exec ulp-import -j 2 -f csv {readings} > {bench.dir}/drafts 2> {bench.dir}/log")
    bench.limit("18", f"-f csv, the most memory for {bench.events:,} readings, which have no names", run.peak, 64, "MiB")
