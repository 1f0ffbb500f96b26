"""Runs commands in turn, and prints a line of the table for each pair."""
import collections
import os
import statistics
import subprocess
import sys
import time

# Seconds on the wall, seconds of the processors, peak memory in MiB.
Run = collections.namedtuple("Run", "wall cpu peak")


def run(command):
    """One run of a shell command."""
    start = time.monotonic()
    child = subprocess.Popen(["bash", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed with {status}: {command}")
    return Run(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def output(arguments):
    """One run of a program that prints a little, and what it printed."""
    start = time.monotonic()
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed with {status}: {' '.join(arguments)}")
    return Run(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), text


def median(runs):
    return Run(*(statistics.median(column) for column in zip(*runs)))


def pair(ours, theirs, rounds, before=None):
    """Medians of both commands, run in turn after one warm-up each, and that of their ratios."""
    def once(command):
        if before:
            run(before)
        return run(command)

    once(ours), once(theirs)
    a, b = zip(*[(once(ours), once(theirs)) for _ in range(rounds)])
    return median(a), median(b), statistics.median(x.wall / y.wall for x, y in zip(a, b))


HEAD = "row  job                                              ours: wall    cpu  memory | theirs: wall    cpu  memory |   ratio     goal"


def seconds(run):
    digits = 2 if run.wall >= 0.1 else 4
    return f"{run.wall:.{digits}f} s {run.cpu:>6.{digits}f} {run.peak:>4.0f} MiB"


def report(row, job, ours, theirs, ratio, goal):
    """A line of two runs; without a ratio, what they took."""
    verdict = ""
    if ratio is not None:
        verdict = f" | {ratio:>6.3f}x <= {goal:.3f}x  {'reached' if ratio <= goal else 'not reached'}"
    print(f"{row:>3}  {job:<46} {seconds(ours):>24} | {seconds(theirs):>24}{verdict}", flush=True)


def compare(options, row, job, ours, theirs, goal, before=None):
    report(row, job, *pair(ours, theirs, options.rounds, before), goal)


def size(row, job, ours, theirs, goal):
    """A line of two numbers of bytes or of other things."""
    verdict = "reached" if ours / theirs <= goal else "not reached"
    print(f"{row:>3}  {job:<46} {ours:>24,.0f} | {theirs:>24,.0f} | {ours / theirs:>6.3f}x <= {goal:.3f}x  {verdict}", flush=True)


def limit(row, job, ours, goal, unit):
    """A line of one number that has a limit of its own."""
    verdict = "reached" if ours <= goal else "not reached"
    print(f"{row:>3}  {job:<46} {ours:>18.1f} {unit:<5} | {'':>24} | {'':>7} <= {goal} {unit}  {verdict}", flush=True)
