#!/usr/bin/env python3
"""What one would do without ulp: DuckDB derives the latest values from a trace of trace.py, by timestamp alone.

usage: duckdb_state.py TRACE OUT.json THREADS        (pip install duckdb)
"""
import sys

import duckdb

trace, out, threads = sys.argv[1:]
db = duckdb.connect()
db.execute(f"SET threads = {int(threads)}")
columns = {
    "event_id": "VARCHAR", "timestamp": "BIGINT", "operation": "VARCHAR", "tile": "VARCHAR", "node_id": "VARCHAR", "kind": "VARCHAR",
    "transform": 'STRUCT("position" DOUBLE[], rotation DOUBLE[], scale DOUBLE[])',
    "properties": "STRUCT(label VARCHAR, fill VARCHAR, opacity DOUBLE, rev BIGINT)",
    "from_node": "VARCHAR", "to_node": "VARCHAR", "relation": "VARCHAR", "observed": "VARCHAR[]", "sensor": "VARCHAR", "value": "DOUBLE",
}
db.execute(f"CREATE TABLE events AS SELECT * FROM read_ndjson('{trace}', columns = {columns})")
registers = ["kind", "transform.position", "transform.rotation", "transform.scale"]
registers += [f"properties.{key}" for key in ("label", "fill", "opacity", "rev")]
latest = [f'arg_max({r}, (timestamp, event_id)) FILTER ({r} IS NOT NULL) "{r.split(".")[-1]}"' for r in registers]
latest += [f"arg_max(value, (timestamp, event_id)) FILTER (sensor = '{s}') {s}" for s in ("depth", "flow", "rain", "wind")]
db.execute(
    f"CREATE TABLE state AS SELECT node_id, any_value(tile) tile, {', '.join(latest)} FROM events"
    " WHERE node_id IS NOT NULL GROUP BY node_id HAVING NOT bool_or(operation = 'delete_node')"
)
db.execute(
    "CREATE TABLE links AS SELECT DISTINCT from_node, relation, to_node FROM events WHERE operation = 'link_nodes'"
    " AND event_id NOT IN (SELECT unnest(observed) FROM events WHERE operation = 'unlink_nodes')"
)
db.execute(f"COPY (SELECT * FROM state ORDER BY node_id) TO '{out}' (FORMAT json)")
