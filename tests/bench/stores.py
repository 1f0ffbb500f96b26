"""Rows 5 to 8 and 14: the store beside databases, a copy, a replay and openssl."""
import os
import re
import shutil
import sys
import time

import measure
import peers
from measure import Peer, said, sh, state

DATABASES = {
    "sqlite": ("sqlite3", "SQLite", 0.66, "in WAL with synchronous=FULL: the lines by their names in one transaction; nothing is parsed or checked"),
    "rocksdb": ("rocksdict", "RocksDB", 1.3, "the lines by their names, 10,000 a batch, each batch synced; nothing is parsed or checked"),
    "lmdb": ("lmdb", "LMDB", None, "the lines by their names in one transaction, synced at its end; nothing is parsed or checked"),
}


def store_of(bench, name, choose, then="true"):
    """A store of lines that a command gives, made once; another command may do something to it."""
    store = f"{bench.dir}/{name}"
    if not os.path.exists(f"{store}.done"):
        shutil.rmtree(store, ignore_errors=True)
        sh(f"ulp-store init {store} && {choose} | ulp-append --store {store} > /dev/null && {then.format(store)} && touch {store}.done")
    return store


def full(bench):
    return store_of(bench, "full", f"cat {bench.trace}")


def aside(bench, *paths):
    """A command that puts what is in the way elsewhere: what was deleted a moment ago slows down whoever makes files."""
    trash = f"{bench.dir}/trash"
    moves = "".join(f"[ ! -e {path} ] || mv {path} {trash}/$(date +%s%N); " for path in paths)
    return f"mkdir -p {trash}; {moves}"


def empty(bench):
    """Deletes what was put out of the way."""
    for b in (bench, bench.small):
        if b:
            shutil.rmtree(f"{b.dir}/trash", ignore_errors=True)


def append(bench):
    """Row 5: all of it, durable."""
    trace = measure.Bench.canonical
    store = lambda b: f"{b.dir}/w5"
    sh(f"{aside(bench, store(bench))} ulp-store init {store(bench)}; ulp-append --store {store(bench)} < {trace(bench)} > {bench.dir}/echo")
    if not measure.holds(f"cmp {bench.dir}/echo {trace(bench)}"):
        raise SystemExit("row 5: not every event was echoed")
    if state(f"ulp-materialize --store {store(bench)}") != state(f"ulp-materialize < {trace(bench)}"):
        raise SystemExit("row 5: the store derives another state")
    os.remove(f"{bench.dir}/echo")

    def clear(b):
        return aside(b, store(b), f"{b.dir}/keep", f"{b.dir}/copy") + f"mkdir {b.dir}/keep; ulp-store init {store(b)}; sync"

    beside = []
    for kind, (module, name, goal, does) in DATABASES.items():
        if peers.has(module):
            keep = lambda b, kind=kind: f"exec {sys.executable} {peers.HERE}/keep.py {kind} {trace(b)} {b.dir}/keep"
            beside.append(Peer(name, keep, goal, f"through Python, {does}", counted=False))
    does = "a copy of the bytes, synced, and then the gate without a store, one after the other"
    beside.append(Peer("cp + sync, and the gate", lambda b: f"cp {trace(b)} {b.dir}/copy && sync {b.dir}/copy && ulp-append -j 2 < {trace(b)} > /dev/null", 3.0, does))
    ours, *others = bench.row("5", "ulp-append --store, canonical trace, durable", lambda b: f"exec ulp-append -j 2 --store {store(b)} < {trace(b)} > /dev/null", beside, before=clear)
    gate = measure.run(f"exec ulp-append -j 2 < {trace(bench)} > /dev/null")
    for peer, other in zip(beside, others):
        if peer.name in ("SQLite", "RocksDB"):
            parts = [("the gate alone", gate.cpu, True), ("cp + sync", others[-1].cpu - gate.cpu, True), ("tables, objects, invariants", ours.cpu - others[-1].cpu, False)]
            bench.floor("5", parts, other.cpu, peer.goal)
    empty(bench)
    sh(aside(bench, store(bench), f"{bench.dir}/keep", f"{bench.dir}/copy"))
    empty(bench)


def another(bench, path):
    """A function that writes the trace's last event that moves a node, under another name each time."""
    last, count = said(f"grep update_transform {bench.trace} | tail -n 1").decode(), int(time.time())

    def write(n):
        with open(path, "w", encoding="utf-8") as out:
            out.write(re.sub(r'"event_id":"[^"]*"', f'"event_id":"bench-{count + n}"', last))

    return write


def traced(store, line):
    """Calls of an append of one event: syncs, and files opened."""
    sh(f"strace -f -o {line}.strace -e trace=fsync,fdatasync,syncfs,openat,openat2 ulp-append -j 1 --store {store} < {line} > /dev/null")
    with open(f"{line}.strace", encoding="utf-8") as log:
        calls = log.read()
    return len(re.findall(r"\b(?:fsync|fdatasync|syncfs)\(", calls)), len(re.findall(r"\bopenat2?\(.* = \d", calls))


def identified(bench):
    """A small store with an identity, which keeps receipts."""
    key, store = f"{bench.dir}/identity.pem", store_of(bench, "identified", f"head -n {bench.events // 100} {bench.trace}")
    if not os.path.exists(key):
        sh(f"um-key generate -o {key}")
        identity = said(f"um-key did {key}").decode().strip()
        with open(f"{store}/.ulp-root", "a", encoding="utf-8") as root:
            root.write(f'federation: {{identity: "{identity}"}}\n')
    return store


def one(bench):
    """Row 6: one event, durable, on a store of the trace and on one of a hundredth of it."""
    long, short = full(bench), store_of(bench, "short", f"head -n {bench.events // 100} {bench.trace}")
    line, log = f"{bench.dir}/one.jsonl", f"{bench.dir}/appended"
    write = another(bench, line)
    commands = [f"exec ulp-append -j 1 --store {store} < {line} > {line}.echo" for store in (long, short)]
    commands.append(f"exec dd if={line} of={log} bs=4k oflag=append conv=notrunc,fdatasync")
    sh(f"rm -f {log}; touch {log}")
    columns = [[], [], []]
    for n in range(max(bench.rounds, 5) * 4):
        write(n)
        for column, command in zip(columns, commands):
            column.append(measure.run(command))
        if said(f"wc -l < {line}.echo").strip() != b"1":
            raise SystemExit("row 6: the event was not echoed")
    # The first finds out what the tile has; the rest go on from that.
    beside = [Peer("a hundredth of it", None, None, "the same append on a store of the trace's first hundredth", counted=False)]
    beside.append(Peer("dd + fdatasync", None, None, "the same 440 bytes at the end of a file, synced; nothing is looked up", counted=False))
    ours = bench.block("6", "ulp-append --store, one event, durable", [column[1:] for column in columns], [None] * 3, beside)[0]
    bench.limit("6", "its time on the wall", ours.wall * 1e3, 10, "ms")
    if not shutil.which("strace"):
        print("     strace is missing: syncs and files are not counted")
        return
    write(1000)
    (syncs, opened), (_, opened_short) = traced(long, line), traced(short, line)
    bench.limit("6", "its fsyncs", syncs, 5, "calls")
    named = identified(bench)
    for n in (1001, 1002):
        write(n)
        (syncs_named, _) = traced(named, line)
    bench.limit("6", "its fsyncs where the store has an identity", syncs_named, 6, "calls")
    bench.number("6", "files opened / on a store of a hundredth", opened, opened_short, 1.5, "files")


def most(bench):
    """The trace without its last hundredth."""
    return bench.made("most.jsonl", f"head -n {bench.events - bench.events // 100} {bench.trace}")


def rest(bench):
    return f"tail -n +{bench.events - bench.events // 100 + 1} {bench.trace}"


def shot(bench):
    """A store of most of the trace, with snapshots."""
    return store_of(bench, "shot", f"cat {most(bench)}", "ulp-materialize --store {} --snapshot > /dev/null")


def replay(bench):
    return f"exec ulp-materialize -j 2 {most(bench)} > /dev/null"


def from_snapshots(bench):
    """Row 7: the state out of snapshots."""
    if state(f"ulp-materialize --store {shot(bench)}") != state(f"ulp-materialize {most(bench)}"):
        raise SystemExit("row 7: the snapshots derive another state")
    peer = Peer("a replay", replay, 0.12, "the same state out of all the events")
    ours, them = bench.row("7", "ulp-materialize --store from snapshots, 2 threads", lambda b: f"exec ulp-materialize -j 2 --store {shot(b)} > /dev/null", [peer])
    lines = f"{bench.dir}/lines"
    sh(f"ulp-materialize --store {shot(bench)} > {lines}")
    hashed = measure.run(f"exec openssl dgst -sha256 {lines}" if shutil.which("openssl") else "true")
    os.remove(lines)
    bench.floor("7", [("SHA-256 of its lines", hashed.cpu, True), ("the rest", ours.cpu - hashed.cpu, False)], them.cpu, 0.12)


NEWS = {
    "1 % of news in every tile": (0.15, rest),
    "1,000 events in one tile": (0.02, lambda b: f"{rest(b)} | sed 's|\"tile\":\"[^\"]*\"|\"tile\":\"z4/x0/y0\"|' | awk 'NR <= 1000'"),
}


def with_news(bench, name, choose):
    """The store with snapshots and some more events, made once."""
    store = f"{bench.dir}/{name}"
    if not os.path.exists(f"{store}.done"):
        sh(f"rm -rf {store} && cp -r {shot(bench)} {store} && {choose(bench)} | ulp-append --store {store} > /dev/null && touch {store}.done")
    return store


def new_snapshots(bench):
    """Row 8: new snapshots after some more events."""
    for number, (what, (goal, choose)) in enumerate(NEWS.items()):
        base = lambda b, number=number, choose=choose: with_news(b, f"news-{number}", choose)
        work = lambda b: f"{b.dir}/w8"
        clear = lambda b, base=base: aside(b, work(b)) + f"cp -r {base(b)} {work(b)}; sync"
        ours = lambda b: f"exec ulp-materialize -j 2 --store {work(b)} --snapshot > /dev/null"
        sh(clear(bench))
        before = size(work(bench))
        sh(ours(bench))
        written = size(work(bench)) - before
        if state(f"ulp-materialize --store {work(bench)}") != state(f"cat {most(bench)} <({choose(bench)}) | ulp-materialize"):
            raise SystemExit("row 8: the snapshots derive another state")
        peer = Peer("a replay", replay, goal, f"the state out of all the events, kept nowhere; the snapshots wrote {written / 1e6:.1f} MB")
        took, them = bench.row("8", f"--snapshot after {what}, 2 threads", ours, [peer], before=clear)
        derived = measure.run(f"exec ulp-materialize -j 2 --store {base(bench)} > /dev/null")
        parts = [("the state from the old snapshots and the news, all tiles printed", derived.cpu, False), ("the snapshots' part beyond that", took.cpu - derived.cpu, False)]
        parts.append(("the state from snapshots without news", measure.run(f"exec ulp-materialize -j 2 --store {shot(bench)} > /dev/null").cpu, True))
        bench.floor("8", parts, them.cpu, goal)
        sh(aside(bench, work(bench)))
        empty(bench)


def size(directory):
    """The bytes of all files below."""
    return sum(os.path.getsize(os.path.join(where, name)) for where, _, names in os.walk(directory) for name in names)


def check(bench):
    """Row 14: every object hashed."""
    if not shutil.which("openssl"):
        print("\n 14  openssl is missing")
        return
    sh(f"ulp-store check --objects --store {full(bench)}")
    does = "one process, one thread, over the same objects"
    peer = Peer("openssl dgst", lambda b: f"find {full(b)}/objects -type f -print0 | xargs -0 openssl dgst -sha256 > /dev/null", 0.5, does, "wall")
    ours, them = bench.row("14", "ulp-store check --objects, 2 threads", lambda b: f"exec ulp-store -j 2 check --objects --store {full(b)}", [peer])
    alone = f"{bench.dir}/alone"
    sh(f"find {full(bench)}/objects -type f -exec cat {{}} + > {alone}")
    hashed = measure.run(f"exec openssl dgst -sha256 {alone}")
    os.remove(alone)
    parts = [("SHA-256 of the same bytes in one file, on two cores", hashed.cpu / 2, True), ("the rest, on two cores", (ours.cpu - hashed.cpu) / 2, False)]
    bench.floor("14", parts, them.cpu, 0.5)


ROWS = {"5": append, "6": one, "7": from_snapshots, "8": new_snapshots, "14": check}
