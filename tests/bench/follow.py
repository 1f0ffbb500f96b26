"""Row 25: following a trace that comes 8 KB at a time, each as soon as the one before it was read, beside reading the
trace as a file: what it costs follows from what is new."""
import fcntl
import itertools
import os
import struct
import subprocess
import sys
import termios
import time

import measure

SIZES = [25_000, 50_000, 100_000, 200_000]
TOOLS = ["projector-2d", "projector-3d", "projector-audio"]
PART = 8 << 10


def part(options, events):
    """The first events of the trace, as a file."""
    path = os.path.join(options.dir, f"follow-{events}.jsonl")
    with open(options.trace, "rb") as trace, open(path, "wb") as out:
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
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed with {status}: {tool} --follow")
    return measure.Run(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def rows(options):
    for tool in TOOLS:
        for events in SIZES:
            path = part(options, events)
            ours, theirs = followed(tool, path), measure.run(f"exec {tool} < {path}")
            job = f"{tool} --follow, {events} events / a file, by cpu"
            measure.report("25", job, ours, theirs, ours.cpu / theirs.cpu, 3.0)
