#!/usr/bin/env python3
"""What one would do without ulp: DuckDB works out the figures of every series of readings.py.

usage: duckdb_figures.py TRACE OUT.json THREADS        (pip install duckdb)
"""
import sys

import duckdb

trace, out, threads = sys.argv[1:]
db = duckdb.connect()
db.execute(f"SET threads = {int(threads)}")
columns = {
    "event_id": "VARCHAR", "timestamp": "DOUBLE", "operation": "VARCHAR", "space_id": "VARCHAR", "actor_id": "VARCHAR",
    "sensor": "VARCHAR", "unit": "VARCHAR", "value": "DOUBLE",
}
db.execute(f"CREATE TABLE readings AS SELECT * FROM read_ndjson('{trace}', columns = {columns}) WHERE operation = 'sensor_reading'")
series = "space_id, actor_id, sensor, unit"
# A pause is a gap where it is longer than three times the median one.
db.execute(
    f"CREATE TABLE pauses AS SELECT {series}, timestamp - lag(timestamp) OVER w AS pause FROM readings"
    f" WINDOW w AS (PARTITION BY {series} ORDER BY timestamp, event_id)"
)
db.execute(f"CREATE TABLE limits AS SELECT {series}, 3 * quantile_disc(pause, 0.5) AS longest FROM pauses GROUP BY ALL")
db.execute(
    f"CREATE TABLE missing AS SELECT {series}, sum(pause) FILTER (pause > longest) AS missing"
    f" FROM pauses JOIN limits USING ({series}) GROUP BY ALL"
)
# What stood an hour before the last reading.
db.execute(f"CREATE TABLE ends AS SELECT {series}, max(timestamp) AS newest, arg_max(value, (timestamp, event_id)) AS last FROM readings GROUP BY ALL")
db.execute(
    f"CREATE TABLE rates AS SELECT {series}, (any_value(last) - arg_max(value, timestamp)) / (any_value(newest) - max(timestamp)) * 3600 AS rate"
    f" FROM readings JOIN ends USING ({series}) WHERE timestamp <= newest - 3600 GROUP BY ALL"
)
of = "{'event_id': event_id, 't': timestamp, 'value': value}"
db.execute(
    f"COPY (SELECT {series}, count(value) AS count, arg_min({of}, (timestamp, event_id)) AS first, arg_max({of}, (timestamp, event_id)) AS last,"
    f" arg_min({of}, value) AS min, arg_max({of}, value) AS max, avg(value) AS mean, quantile_disc(value, 0.5) AS p50,"
    f" quantile_disc(value, 0.95) AS p95, any_value(missing) AS missing, any_value(rate) AS rate"
    f" FROM readings LEFT JOIN missing USING ({series}) LEFT JOIN rates USING ({series}) GROUP BY ALL ORDER BY ALL) TO '{out}' (FORMAT json)"
)
