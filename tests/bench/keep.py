#!/usr/bin/env python3
"""What one would do without ulp: the lines of a canonical trace by their names in a database, durable when it ends.

usage: keep.py sqlite|rocksdb|lmdb TRACE DIR        (pip install rocksdict lmdb)
"""
import os
import sys

NAME = b'"event_id":"'
BATCH = 10_000


def rows(trace):
    """Each line with the name of its event, found by its place: nothing is parsed."""
    with open(trace, "rb") as lines:
        for line in lines:
            start = line.index(NAME) + len(NAME)
            yield line[start : line.index(b'"', start)], line[:-1]


def sqlite(trace, directory):
    import sqlite3

    db = sqlite3.connect(f"{directory}/events.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE events (id TEXT PRIMARY KEY, line TEXT NOT NULL)")
    db.execute("BEGIN")
    db.executemany("INSERT INTO events VALUES (?, ?)", ((name.decode(), line.decode()) for name, line in rows(trace)))
    db.execute("COMMIT")
    db.close()


def rocksdb(trace, directory):
    import rocksdict

    options = rocksdict.Options(raw_mode=True)
    options.create_if_missing(True)
    db = rocksdict.Rdict(f"{directory}/rocksdb", options)
    durable = rocksdict.WriteOptions()
    durable.sync = True
    batch = rocksdict.WriteBatch(raw_mode=True)
    for name, line in rows(trace):
        batch.put(name, line)
        if batch.len() == BATCH:
            db.write(batch, durable)
            batch = rocksdict.WriteBatch(raw_mode=True)
    db.write(batch, durable)
    db.close()


def lmdb(trace, directory):
    import lmdb as library

    db = library.open(f"{directory}/lmdb", map_size=max(1 << 30, 8 * os.path.getsize(trace)))
    with db.begin(write=True) as all_or_nothing, all_or_nothing.cursor() as cursor:
        cursor.putmulti(rows(trace))
    db.close()


if __name__ == "__main__":
    {"sqlite": sqlite, "rocksdb": rocksdb, "lmdb": lmdb}[sys.argv[1]](*sys.argv[2:])
