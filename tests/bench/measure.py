"""Runs commands in turn, counts their instructions, and prints a block for each row.

A command is a function of the bench: the same job runs on the whole trace, where it is timed, and on the first 20,000
events of it, where callgrind counts its instructions, which a busy machine cannot change.
"""
import collections
import os
import re
import statistics
import subprocess
import sys
import time

# Seconds on the wall, seconds of the processors, peak memory in MiB.
Run = collections.namedtuple("Run", "wall cpu peak")

# What a job is set beside: its name, its command, the goal, what it does, by what the goal is (of `BY`), and whether it is a
# program whose instructions say something (an interpreter's do not).
Peer = collections.namedtuple("Peer", "name command goal does by counted", defaults=("cpu", True))

BY = {"wall": "wall", "cpu": "CPU", "peak": "peak memory"}
COUNTED = 20_000


def sh(command, **more):
    return subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, stderr=subprocess.DEVNULL, **more)


def said(command):
    """What a command prints."""
    return sh(command, stdout=subprocess.PIPE).stdout


def holds(command):
    """Whether a command ends well."""
    return not subprocess.run(["bash", "-o", "pipefail", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode


def run(command):
    """One run of a shell command."""
    start = time.monotonic()
    child = subprocess.Popen(["bash", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return reap(child, start, command)


def reap(child, start, command):
    """Waits for a child, which must end well."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        sys.exit(f"failed with {status}: {command}")
    return Run(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def output(arguments):
    """One run of a program that prints a little, and what it printed."""
    start = time.monotonic()
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    text = child.stdout.read()
    return reap(child, start, " ".join(arguments)), text


def median(runs):
    return Run(*(statistics.median(column) for column in zip(*runs)))


def state(command):
    """The hash of what a command prints."""
    return said(command + " | b2sum")


class Bench:
    """Where a benchmark takes its trace from, and where it keeps what it makes."""

    def __init__(self, directory, trace, events, rounds, small=None, verdicts=None):
        self.dir, self.trace, self.events, self.rounds, self.small = directory, trace, events, rounds, small
        self.verdicts = verdicts if verdicts is not None else []
        self.counts = {}

    def made(self, name, command):
        """A file that a command writes, once."""
        path = f"{self.dir}/{name}"
        if not os.path.exists(path):
            sh(f"{command} > {path}.part && mv {path}.part {path}")
        return path

    def canonical(self):
        return self.made("canonical.jsonl", f"ulp-append < {self.trace}")

    def count(self, command, before=None):
        """Instructions in millions, of all processes but the shell, on the small trace; nothing where they are not counted."""
        if not self.small:
            return None
        text = command(self.small)
        if text not in self.counts:
            if before:
                run(before(self.small))
            self.counts[text] = callgrind(text, f"{self.small.dir}/callgrind")
        return self.counts[text]

    def row(self, row, job, ours, peers, before=None, rounds=None):
        """Ours and its peers in turn after a warm-up each, a block of what they took, and medians of them all."""
        def once(command):
            if before:
                run(before(self))
            return run(command(self))

        commands = [ours, *(peer.command for peer in peers)]
        for command in commands:
            once(command)
        runs = [[once(command) for command in commands] for _ in range(rounds or self.rounds)]
        counted = any(peer.counted for peer in peers)
        counts = [self.count(ours, before) if counted else None]
        counts += [self.count(peer.command, before) if peer.counted else None for peer in peers]
        return self.block(row, job, [list(column) for column in zip(*runs)], counts, peers)

    def block(self, row, job, columns, counts, peers):
        """A block of runs that were made: ours first, then those of each peer."""
        print(f"\n{row:>3}  {job}")
        print(f"     {'':<22}{'wall':>10}{'CPU':>12}{'memory':>12}{'instructions':>16}")
        took("ours", median(columns[0]), counts[0])
        for peer, column, count in zip(peers, columns[1:], counts[1:]):
            took(peer.name, median(column), count)
            ratio = Run(*(statistics.median(a / b for a, b in zip(x, y)) for x, y in zip(zip(*columns[0]), zip(*column))))
            of_counts = counts[0] / count if count and counts[0] else None
            times = "".join(f"{r:>{w - 1}.3f}x" for r, w in zip(ratio, (10, 12, 12)))
            times += f"{of_counts:>15.3f}x" if of_counts else f"{'-':>16}"
            verdict = self.verdict(row, f"{job} / {peer.name}", getattr(ratio, peer.by), peer.goal, BY[peer.by])
            print(f"     {'  ratio':<22}{times}   {verdict}")
        for peer in peers:
            print(f"     {peer.name}: {peer.does}")
        sys.stdout.flush()
        return [median(column) for column in columns]

    def verdict(self, row, job, found, goal, what, unit="x"):
        """Whether a goal is reached; kept for the table at the end."""
        if goal is None:
            return ""
        reached = found <= goal
        self.verdicts.append((row, job, found, goal, what, unit, reached))
        return f"goal {goal:.3g}{unit} by {what}: {'reached' if reached else 'NOT REACHED'}"

    def reached(self, row, goal):
        """Whether the last job that was held to a goal of a row reached it."""
        return [v for v in self.verdicts if v[0] == row and v[3] == goal][-1][-1]

    def number(self, row, job, ours, theirs, goal, what):
        """A line of two numbers of bytes or of other things."""
        verdict = self.verdict(row, job, ours / theirs, goal, what)
        print(f"{row:>3}  {job}: {ours:,.0f} / {theirs:,.0f} = {ours / theirs:.3f}x   {verdict}", flush=True)

    def limit(self, row, job, ours, goal, unit):
        """A line of one number that has a limit of its own."""
        verdict = self.verdict(row, job, ours, goal, "itself", f" {unit}")
        print(f"{row:>3}  {job}: {ours:,.1f} {unit}   {verdict}", flush=True)

    def floor(self, row, parts, theirs, goal):
        """Where a goal is missed: the seconds of the processor of each stage, how much of the peer's each is, and what the
        stages marked as the floor come to."""
        if self.reached(row, goal):
            return
        said = ", ".join(f"{name} {s:.2f} s ({s / theirs:.3f}x)" for name, s, _ in parts)
        least = sum(s for _, s, is_floor in parts if is_floor)
        names = " + ".join(name for name, _, is_floor in parts if is_floor)
        print(f"     stages, CPU: {said}")
        print(f"     floor: {names} = {least / theirs:.3f}x, goal {goal:.3g}x", flush=True)


def took(name, run_, count):
    digits = 2 if run_.wall >= 0.1 else 4
    counted = f"{count:,.0f} M" if count else "-"
    print(f"     {name:<22}{run_.wall:>8.{digits}f} s{run_.cpu:>10.{digits}f} s{run_.peak:>8.0f} MiB{counted:>16}")


def callgrind(command, logs):
    """Millions of instructions of a shell command's processes; the shell itself is left out."""
    sh(f"rm -rf {logs}; mkdir -p {logs}")
    tool = ["valgrind", "--tool=callgrind", "--trace-children=yes", "--callgrind-out-file=/dev/null", f"--log-file={logs}/%p"]
    done = subprocess.run([*tool, "bash", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode:
        print(f"     not counted, as it fails under callgrind ({done.returncode}): {command}")
        return None
    total = 0
    for name in os.listdir(logs):
        log = open(f"{logs}/{name}", encoding="utf-8", errors="replace").read()
        ran = re.search(r"Command: (\S+)", log)
        if ran and os.path.basename(ran[1]) != "bash":
            total += sum(map(int, re.findall(r"Collected : (\d+)", log)))
    return total / 1e6
