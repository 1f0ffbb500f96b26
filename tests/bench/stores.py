"""Rows 5 to 10 and 14: the store beside cp, sync, a replay and openssl."""
import os
import re
import shutil
import subprocess
import time

import measure

def sh(command, **more):
    return subprocess.run(["bash", "-c", command], check=True, stderr=subprocess.DEVNULL, **more)


def output(command):
    return sh(command, stdout=subprocess.PIPE).stdout


def new(options, name):
    """A new store of the trace, and what it derives to."""
    store = f"{options.dir}/{name}-{options.events}"
    if not os.path.exists(f"{store}/done"):
        shutil.rmtree(store, ignore_errors=True)
        sh(f"ulp-store init {store} && ulp-append --store {store} < {options.trace} > /dev/null && touch {store}.done && mv {store}.done {store}/done")
    return store


def aside(options, path):
    """A command that puts a directory out of the way, if it is there."""
    trash = f"{options.dir}/trash"
    return f"mkdir -p {trash}; [ ! -e {path} ] || mv {path} {trash}/$(date +%s%N)"


def empty(options):
    """Deletes what was put out of the way."""
    shutil.rmtree(f"{options.dir}/trash", ignore_errors=True)


def canonical(options):
    """The trace in its canonical form."""
    path = f"{options.dir}/canonical-{options.events}.jsonl"
    if not os.path.exists(path):
        sh(f"ulp-append < {options.trace} > {path}.part && mv {path}.part {path}")
    return path


def state(command):
    return output(command + " | b2sum")


def append(options):
    """Row 5: all of it, durable, beside a copy of the same bytes."""
    for name, trace, goal in (("canonical", canonical(options), 1.5), ("raw", options.trace, 2.5)):
        store, copy = f"{options.dir}/w5", f"{options.dir}/copy5"
        # What was deleted a moment ago slows down whoever makes files, so it waits.
        clear = aside(options, store) + f"; rm -f {copy}; ulp-store init {store}; sync"
        sh(clear)
        sh(f"ulp-append --store {store} < {trace} > {copy}")
        if output(f"wc -l < {copy}") != output(f"wc -l < {trace}"):
            raise SystemExit("row 5: not every event was echoed")
        if state(f"ulp-materialize --store {store}") != state(f"ulp-materialize < {trace}"):
            raise SystemExit("row 5: the store derives another state")
        ours = f"exec ulp-append -j 2 --store {store} < {trace} > /dev/null"
        theirs = f"cp {trace} {copy} && sync {copy}"
        measure.compare(options, "5", f"append the {name} trace, durable / cp + sync", ours, theirs, goal, before=clear)
        empty(options)
        shutil.rmtree(store)
        os.remove(copy)


def one(options):
    """Row 6: one event, durable: the last one of the trace that moves a node, under another name each time."""
    store, log = new(options, "full"), f"{options.dir}/appended"
    line, count = f"{options.dir}/one.jsonl", int(time.time())
    last = output(f"tac {options.trace} | grep -m 1 update_transform").decode()

    def write(n):
        with open(line, "w", encoding="utf-8") as out:
            out.write(re.sub(r'"event_id":"[^"]*"', f'"event_id":"bench-{count + n}"', last))

    theirs = f"dd if={line} of={log} bs=4k oflag=append conv=notrunc,fdatasync"
    open(log, "w").close()
    ours_times, theirs_times = [], []
    for n in range(max(options.rounds, 5) * 4):
        write(n)
        ours_times.append(measure.run(f"exec ulp-append -j 1 --store {store} < {line} > {line}.echo"))
        if output(f"wc -l < {line}.echo").strip() != b"1":
            raise SystemExit("row 6: the event was not echoed")
        theirs_times.append(measure.run(f"exec {theirs}"))
    # The first finds out what the tile has; the rest go on from that.
    ours, theirs = measure.median(ours_times[1:]), measure.median(theirs_times[1:])
    measure.report("6", "append one event, durable / dd + fdatasync", ours, theirs, None, None)
    measure.limit("6", "its time", ours.wall * 1e3, 10, "ms")
    if shutil.which("strace"):
        write(1000)
        sh(f"strace -f -o {line}.strace -e trace=fsync,fdatasync,syncfs,openat ulp-append -j 1 --store {store} < {line} > /dev/null")
        trace = open(f"{line}.strace").read()
        measure.limit("6", "its fsyncs", len(re.findall(r"\b(?:fsync|fdatasync|syncfs)\(", trace)), 5, "calls")
        print(f"     files and directories opened: {trace.count('openat(')}")
    else:
        print("     strace is missing: fsyncs are not counted")


def snapshots(options, rows):
    """Rows 7 and 8: from snapshots, and new ones after some more events."""
    most = options.events - options.events // 100
    base = f"{options.dir}/shot-{options.events}"
    if not os.path.exists(f"{base}/done"):
        shutil.rmtree(base, ignore_errors=True)
        sh(f"ulp-store init {base} && head -{most} {options.trace} | ulp-append --store {base} > /dev/null")
        sh(f"ulp-materialize --store {base} --snapshot > /dev/null && touch {base}/done")
    whole = f"{options.dir}/most.jsonl"
    sh(f"head -{most} {options.trace} > {whole}")
    replay = f"exec ulp-materialize -j 2 {whole} > /dev/null"
    if "7" in rows:
        ours = f"exec ulp-materialize -j 2 --store {base} > /dev/null"
        if state(f"ulp-materialize --store {base}") != state(f"ulp-materialize {whole}"):
            raise SystemExit("row 7: the snapshots derive another state")
        measure.compare(options, "7", "materialize from snapshots / replay", ours, replay, 0.12)
    if "8" in rows:
        new, work = f"{options.dir}/new.jsonl", f"{options.dir}/w8"
        for name, choose, goal in (
            ("1 % new events", f"tail -n +{most + 1} {options.trace}", 0.10),
            ("1,000 in one tile", f"tail -n +{most + 1} {options.trace} | sed 's|\"tile\":\"[^\"]*\"|\"tile\":\"z4/x0/y0\"|' | head -1000", 0.02),
        ):
            sh(f"{choose} > {new}; rm -rf {work}.base; cp -r {base} {work}.base; ulp-append --store {work}.base < {new} > /dev/null")
            clear = aside(options, work) + f"; cp -r {work}.base {work}; sync"
            ours = f"exec ulp-materialize -j 2 --store {work} --snapshot > /dev/null"
            sh(clear)
            sh(ours)
            if state(f"ulp-materialize --store {work}") != state(f"cat {whole} {new} | ulp-materialize"):
                raise SystemExit("row 8: the snapshots derive another state")
            measure.compare(options, "8", f"--snapshot after {name} / replay", ours, replay, goal, before=clear)
            empty(options)
            shutil.rmtree(work)
            shutil.rmtree(f"{work}.base")
    os.remove(whole)


def growth(options, rows):
    """Rows 9 and 10: four times the events, in four times the time and little memory."""
    four = f"{options.dir}/four-{options.events}"
    traces = f"{options.dir}/trace-{4 * options.events}.jsonl"
    if not os.path.exists(traces):
        sh(f"python3 {os.path.dirname(os.path.abspath(__file__))}/trace.py {4 * options.events} {traces}.part && mv {traces}.part {traces}")
    if not os.path.exists(f"{four}/done"):
        shutil.rmtree(four, ignore_errors=True)
        sh(f"ulp-store init {four} && ulp-append --store {four} < {traces} > /dev/null && touch {four}/done")
    store = new(options, "full")
    if "9" in rows:
        ours, theirs = f"exec ulp-materialize -j 2 {traces} > /dev/null", f"exec ulp-materialize -j 2 {options.trace} > /dev/null"
        measure.compare(options, "9", "materialize 4 times the events / once", ours, theirs, 4.2)
        ours, theirs = f"exec ulp-materialize -j 2 --store {four} > /dev/null", f"exec ulp-materialize -j 2 --store {store} > /dev/null"
        measure.compare(options, "9", "the same from a store", ours, theirs, 4.2)
    if "10" in rows:
        if state(f"ulp-materialize --store {four}") != state(f"ulp-materialize {traces}"):
            raise SystemExit("row 10: the store derives another state")
        peak = measure.run(f"exec ulp-materialize -j 2 --store {four} > /dev/null").peak
        measure.limit("10", "memory for 4 times the events in a store", peak, 256, "MiB")


def check(options):
    """Row 14: every object hashed."""
    if not shutil.which("openssl"):
        print(" 14  openssl is missing")
        return
    store = new(options, "full")
    sh(f"ulp-store check --objects --store {store}")
    ours = f"exec ulp-store -j 2 check --objects --store {store}"
    theirs = f"find {store}/objects -type f -print0 | xargs -0 openssl dgst -sha256 > /dev/null"
    measure.compare(options, "14", "check --objects / openssl dgst", ours, theirs, 0.5)


def rows(options, wanted):
    if "5" in wanted:
        append(options)
    if "6" in wanted:
        one(options)
    if {"7", "8"} & set(wanted):
        snapshots(options, wanted)
    if {"9", "10"} & set(wanted):
        growth(options, wanted)


def last(options, wanted):
    """The row that comes after those of other files."""
    if "14" in wanted:
        check(options)
