"""Row 23: two stores that meet: what the wire carries, how long a first clone takes, and what it holds in memory."""
import os
import shutil
import subprocess
import sys
import time

import measure

# Events that each side has of its own, and that only one of them has.
APART = 1000


def event(n, tiles):
    """An event of about the size of those of the trace."""
    return ('{"actor_id":"node:gauge_%d","event_id":"evt-%09d","layer_id":"sensors","node_id":"gauge-%d",'
            '"operation":"set_properties","preserves_invariants":[],"previous_events":[],"properties":'
            '{"label":"Gauge %d","level":%d.%d,"quality":"good","station":"River %d, at the bridge"},'
            '"scope":{"authority":"source","boundary":"interior","policy":"public","realm":"team"},'
            '"space_id":"bench","tile":"z4/x%d/y%d","timestamp":%d}\n'
            % (n % 997, n, n % 997, n % 997, n % 9, n % 7 + 1, n % 53, n % tiles % 16, n % tiles // 16, 1700000000 + n))


def sh(command):
    subprocess.run(["bash", "-c", command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def fill(store, numbers, tiles):
    with subprocess.Popen(["ulp-append", "--store", store], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, text=True) as child:
        for n in numbers:
            child.stdin.write(event(n, tiles))


def sync(here, there, up, down):
    sh(f"ulp-sync --store {here} --with 'tee {up} | ulp-sync --serve --store {there} | tee {down}'")
    return os.path.getsize(up) + os.path.getsize(down)


def heap(command, tool="ulp-sync"):
    """The most memory of its own, in MiB, that any process of a tool has at a time while a command runs."""
    child = subprocess.Popen(["bash", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while child.poll() is None:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                status = open(f"/proc/{pid}/status").read()
            except OSError:
                continue
            if status.startswith(f"Name:\t{tool}"):
                fields = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
                most = max(most, int(fields.get("RssAnon", "0").split()[0]) / 1024)
        time.sleep(0.02)
    if child.returncode:
        sys.exit(f"failed with {child.returncode}: {command}")
    return most


def rows(bench):
    at = f"{bench.dir}/sync"
    shutil.rmtree(at, ignore_errors=True)
    os.makedirs(at)
    up, down = f"{at}/up", f"{at}/down"
    last = bench.events + 2 * APART
    for tiles in (1, 256):
        a, b = f"{at}/a", f"{at}/b"
        for store in (a, b):
            shutil.rmtree(store, ignore_errors=True)
        sh(f"ulp-store init {a}")
        fill(a, range(bench.events), tiles)
        sh(f"cp -r {a} {b}")
        fill(a, range(bench.events, last, 2), tiles)
        fill(b, range(bench.events + 1, last, 2), tiles)
        carried = sum(len(event(n, tiles)) for n in range(bench.events, last))
        job = f"a sync of 1,000 + 1,000 recent events in {tiles} tile(s) / those events"
        bench.number("23", job, sync(a, b, up, down), carried, 1.2, "bytes")
        bench.number("23", "a sync of equal stores / 4 KiB", sync(a, b, up, down), 4096, 1.0, "bytes")
    trace, clone, filled = f"{at}/trace.jsonl", f"{at}/clone", f"{at}/filled"
    with open(trace, "w") as file:
        file.writelines(event(n, 256) for n in range(last))
    init = f"rm -rf {clone} {filled}; ulp-store init {clone}; ulp-store init {filled}"
    ours = f"exec ulp-sync --pull --store {clone} --with 'ulp-sync --serve --store {b}'"
    theirs = f"exec ulp-append --store {filled} < {trace} > /dev/null"
    does = "the same events from a file, into an empty store"
    append = measure.Peer("ulp-append --store", lambda _: theirs, 1.3, does, "wall", False)
    bench.row("23", "a first clone over a local pipe", lambda _: ours, [append], lambda _: init)
    sh(f"rm -rf {clone}; ulp-store init {clone}")
    wire = sync(clone, b, up, down)
    bench.number("23", "a first clone over a local pipe / the events", wire, os.path.getsize(trace), 1.02, "bytes")
    sh(f"rm -rf {clone}; ulp-store init {clone}")
    bench.limit("23", "a first clone, the most memory of its own", heap(ours), 64, "MiB")
    shutil.rmtree(at)
