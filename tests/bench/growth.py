"""Rows 9 and 10: four times the events, in four times the time and little memory."""
import os
import subprocess
import sys
import time

import measure
import peers
import stores
from measure import Peer, sh, state


def four(bench):
    """A trace of four times the events."""
    return bench.made("four.jsonl", f"{sys.executable} {peers.HERE}/trace.py {4 * bench.events} /dev/stdout")


def jobs(bench):
    """Jobs of a trace and of a store of it."""
    yield "ulp-materialize", lambda trace, _: f"exec ulp-materialize -j 2 < {trace} > /dev/null"
    yield "ulp-materialize --store", lambda _, store: f"exec ulp-materialize -j 2 --store {store} > /dev/null"
    yield "ulp-append", lambda trace, _: f"exec ulp-append -j 2 < {trace} > /dev/null"
    yield "projector-2d -f svg", lambda trace, _: f"exec projector-2d -j 2 -f svg < {trace} > /dev/null"


def linear(bench):
    """Row 9: any job."""
    big = four(bench)
    stores_of = stores.store_of(bench, "four", f"cat {big}"), stores.full(bench)
    for name, job in jobs(bench):
        once = Peer("once the events", lambda b, job=job: job(b.trace, stores_of[1]), 4.2, "the same job, a fourth of the events", counted=False)
        bench.row("9", f"{name}, 4 times the events", lambda b, job=job: job(big, stores_of[0]), [once], rounds=min(bench.rounds, 3))
    into = f"{bench.dir}/w9"
    clear = lambda b: stores.aside(b, into) + f"ulp-store init {into}; sync"
    job = lambda trace: lambda b: f"exec ulp-append -j 2 --store {into} < {trace} > /dev/null"
    once = Peer("once the events", job(bench.trace), 4.2, "the same job, a fourth of the events", counted=False)
    bench.row("9", "ulp-append --store, 4 times the events", job(big), [once], before=clear, rounds=1)
    sh(stores.aside(bench, into))
    stores.empty(bench)


def peak(pid):
    """The most memory that a process has had so far, in MiB."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def streamed(trace):
    """The state of a stream that comes through a pipe: the most memory by its first byte, and in all."""
    feed = subprocess.Popen(["cat", trace], stdout=subprocess.PIPE)
    start = time.monotonic()
    child = subprocess.Popen(["ulp-materialize", "-j", "2"], stdin=feed.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    feed.stdout.close()
    os.read(child.stdout.fileno(), 1)
    first = peak(child.pid)
    while os.read(child.stdout.fileno(), 1 << 16):
        pass
    run = measure.reap(child, start, "ulp-materialize")
    feed.wait()
    return first, run.peak


def memory(bench):
    """Row 10: in a store, tile by tile, and on a stream."""
    big = four(bench)
    store = stores.store_of(bench, "four", f"cat {big}")
    if state(f"ulp-materialize --store {store}") != state(f"ulp-materialize < {big}"):
        raise SystemExit("row 10: the store derives another state")
    print()
    bench.limit("10", f"memory for {4 * bench.events} events in a store", measure.run(f"exec ulp-materialize -j 2 --store {store} > /dev/null").peak, 256, "MiB")
    first, most = streamed(bench.trace)
    bench.limit("10", f"memory for {bench.events} events on a stream", most, 340, "MiB")
    bench.limit("10", "its memory when the first byte came out", first, 250, "MiB")


ROWS = {"9": linear, "10": memory}
