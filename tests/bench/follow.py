"""Row 25: following a trace that comes 8 KB at a time, each as soon as the one before it was read, beside reading the
trace as a file: what it costs follows from what is new."""
import fcntl
import itertools
import os
import statistics
import struct
import subprocess
import termios
import time

import measure
from measure import Peer

SIZES = [25_000, 50_000, 100_000, 200_000]
TOOLS = ["projector-2d", "projector-3d", "projector-audio"]
PART = 8 << 10


def part(bench, events):
    """The first events of the trace, as a file."""
    path = os.path.join(bench.dir, f"follow-{events}.jsonl")
    with open(bench.trace, "rb") as trace, open(path, "wb") as out:
        out.writelines(itertools.islice(trace, events))
    return path


def unread(pipe):
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def followed(tool, path):
    """One run that is fed part by part."""
    source, pipe = os.pipe()
    start = time.monotonic()
    child = subprocess.Popen([tool, "--follow"], stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(source)
    with open(path, "rb") as trace:
        while piece := trace.read(PART):
            os.write(pipe, piece)
            while unread(pipe):
                time.sleep(0.0002)
    os.close(pipe)
    return measure.reap(child, start, f"{tool} --follow")


def rows(bench):
    sizes = [events for events in SIZES if events <= bench.events]
    for tool in TOOLS:
        took = {}
        for events in sizes:
            path = part(bench, events)
            pairs = [(followed(tool, path), measure.run(f"exec {tool} < {path}")) for _ in range(min(bench.rounds, 3))]
            peer = Peer("as a file", None, 3.0, "the same tool over the same events, which it reads at once", counted=False)
            took[events] = bench.block("25", f"{tool} --follow, {events} events, 8 KB at a time", list(zip(*pairs)), [None, None], [peer])
        if len(sizes) > 1:
            least, most = sizes[0], sizes[-1]
            times = most / least
            bench.number("25", f"{tool} --follow, CPU in ms of {most} events / of {least}, over {times:.0f}", took[most][0].cpu * 1e3 / times, took[least][0].cpu * 1e3, 1.1, "CPU")
