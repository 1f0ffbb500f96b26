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


def heap(command):
    """The most memory of its own, in MiB, that any process below a command has at a time."""
    child = subprocess.Popen(["bash", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while child.poll() is None:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                status = open(f"/proc/{pid}/status").read()
            except OSError:
                continue
            if status.startswith("Name:\tulp-sync"):
                fields = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
                most = max(most, int(fields.get("RssAnon", "0").split()[0]) / 1024)
        time.sleep(0.02)
    if child.returncode:
        sys.exit(f"failed with {child.returncode}: {command}")
    return most


def rows(options):
    at = os.path.join(options.dir, "sync")
    shutil.rmtree(at, ignore_errors=True)
    os.makedirs(at)
    up, down = f"{at}/up", f"{at}/down"
    for tiles in (1, 256):
        a, b = f"{at}/a", f"{at}/b"
        for store in (a, b):
            shutil.rmtree(store, ignore_errors=True)
        sh(f"ulp-store init {a}")
        fill(a, range(options.events), tiles)
        sh(f"cp -r {a} {b}")
        last = options.events + 2 * APART
        fill(a, range(options.events, last, 2), tiles)
        fill(b, range(options.events + 1, last, 2), tiles)
        carried = sum(len(event(n, tiles)) for n in range(options.events, last))
        wire = sync(a, b, up, down)
        measure.size("23", f"sync of 1,000 + 1,000 recent, {tiles} tiles / events", wire, carried, 1.2)
        measure.size("23", "sync of equal stores, bytes / 4 KiB", sync(a, b, up, down), 4096, 1.0)
    trace, clone, filled = f"{at}/trace.jsonl", f"{at}/clone", f"{at}/filled"
    with open(trace, "w") as file:
        file.writelines(event(n, 256) for n in range(last))
    init = f"rm -rf {clone} {filled}; ulp-store init {clone}; ulp-store init {filled}"
    ours = f"exec ulp-sync --pull --store {clone} --with 'ulp-sync --serve --store {b}'"
    theirs = f"exec ulp-append --store {filled} < {trace} > /dev/null"
    measure.compare(options, "23", "first clone / ulp-append --store", ours, theirs, 1.3, init)
    sh(f"rm -rf {clone}; ulp-store init {clone}")
    measure.size("23", "first clone, wire / events", sync(clone, b, up, down), os.path.getsize(trace), 1.02)
    sh(f"rm -rf {clone}; ulp-store init {clone}")
    measure.limit("23", "first clone, most memory of its own", heap(ours), 64, "MiB")
    shutil.rmtree(at)
