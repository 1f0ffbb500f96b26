#!/usr/bin/env python3
"""The tile task on Spark: events keyed by (space, tile), a partition a tile, each piped through ulp-materialize.

usage: spark.py MASTER EVENTS.jsonl OUT [TASK]

Partitions stand in the order of states (spaces by bytes, tiles as integers), one more of them than there are tiles, so
that one is empty. Each is written whole or not at all, by Spark's own commit: `cat OUT/part-*` is the state of all.
"""
import json
import os
import sys
import time

from pyspark import SparkConf, SparkContext

MASTER, EVENTS, OUT = sys.argv[1:4]
TASK = sys.argv[4] if len(sys.argv) > 4 else "ulp-materialize --log errors"


def key(line):
    event = json.loads(line)
    return event["space_id"], event["tile"]


def order(key):
    space, tile = key
    return space.encode(), [int(part[1:]) for part in tile.split("/")]


def main():
    conf = SparkConf().setMaster(MASTER).setAppName("tiles").set("spark.ui.enabled", "false").set("spark.ui.showConsoleProgress", "false")
    # What the tasks need of this environment, and how often one that failed is done again.
    conf.set("spark.executorEnv.PATH", os.environ["PATH"]).set("spark.task.maxFailures", "4")
    conf.set("spark.executorEnv.PYTHONPATH", os.environ.get("PYTHONPATH", "")).set("spark.driver.host", "127.0.0.1")
    conf.set("spark.driver.bindAddress", "127.0.0.1")
    if "FLAKY" in os.environ:
        conf.set("spark.executorEnv.FLAKY", os.environ["FLAKY"])
    sc = SparkContext(conf=conf)
    sc.setLogLevel("ERROR")
    began = time.monotonic()
    keyed = sc.textFile(EVENTS, 8).map(lambda line: (key(line), line))
    places = {key: place for place, key in enumerate(sorted(keyed.keys().distinct().collect(), key=order))}
    tiles = keyed.partitionBy(len(places) + 1, lambda key: places[key]).values()
    tiles.pipe(TASK, env=dict(os.environ), checkCode=True).saveAsTextFile(OUT)
    print(f"{MASTER}: {len(places)} tiles in {time.monotonic() - began:.1f} s", file=sys.stderr)
    sc.stop()


main()
