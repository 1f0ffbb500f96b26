#!/usr/bin/env python3
"""Runs every tool on a million events with one core and 1 GiB of memory, and some on four million.

usage: pi.py [--events N] [--memory MIB] [--dir DIR] [--only WORD]

The limit is a control group's where one can be made (version 2, then 1, then by systemd-run), else `ulimit -v`, which
counts what is only mapped too. All must end with status 0; the state of four million events on a stream may also end
with status 4, if it says why. Nothing may be killed: whoever is has said nothing.
"""
import argparse
import errno
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
V2, V1 = "/sys/fs/cgroup", "/sys/fs/cgroup/memory"
TOLD = 4
EVERYONE = "--realm personal --realm team --realm public --policy private --policy redacted --policy public"


class Group:
    """A control group of its own for each run."""

    def __init__(self, where, limit, swap):
        self.where, self.limit, self.swap = where, limit, swap

    def make(self, memory):
        os.mkdir(self.where)
        write(f"{self.where}/{self.limit}", memory)
        if os.path.exists(f"{self.where}/{self.swap}"):
            write(f"{self.where}/{self.swap}", 0 if self.swap == "memory.swap.max" else memory)

    def enter(self):
        write(f"{self.where}/cgroup.procs", os.getpid())

    def leave(self):
        """Removes it, once the last process is out."""
        for _ in range(100):
            try:
                return os.rmdir(self.where)
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
                time.sleep(0.05)


def write(path, number):
    with open(path, "w", encoding="utf-8") as file:
        file.write(str(number))


def group(memory):
    """A control group that can be made here, and what it is called."""
    name = f"ulp-{os.getpid()}"
    for where, limit, swap, called in ((V2, "memory.max", "memory.swap.max", "2"), (V1, "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "1")):
        # What is no control group can hold directories of any name.
        if not os.path.exists(f"{where}/cgroup.procs"):
            continue
        found = Group(f"{where}/{name}", limit, swap)
        try:
            found.make(memory)
        except OSError:
            if os.path.isdir(found.where):
                found.leave()
            continue
        found.leave()
        return found, f"a control group of version {called}"
    return None, None


class Limits:
    """One core, and so much memory."""

    def __init__(self, memory):
        self.memory = memory
        self.core = min(os.sched_getaffinity(0))
        self.group, self.called = group(memory)
        self.prefix = []
        if not self.group and not subprocess.run(self.scope("true"), capture_output=True, check=False).returncode:
            self.prefix, self.called = self.scope(), "a scope of systemd"
        self.called = self.called or "ulimit -v"

    def scope(self, *command):
        return ["systemd-run", "--quiet", "--scope", "-p", f"MemoryMax={self.memory}", "-p", "MemorySwapMax=0", *command] if shutil.which("systemd-run") else ["false"]

    def enter(self):
        os.sched_setaffinity(0, {self.core})
        if self.group:
            self.group.enter()
        elif not self.prefix:
            resource.setrlimit(resource.RLIMIT_AS, (self.memory, self.memory))

    def run(self, command, log):
        """The status of a command, its seconds on the wall and its peak memory in MiB."""
        if self.group:
            self.group.make(self.memory)
        start = time.monotonic()
        with open(log, "wb") as err:
            child = subprocess.Popen([*self.prefix, "bash", "-c", f"exec {command}"], stdout=subprocess.DEVNULL, stderr=err, preexec_fn=self.enter)
            _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        if self.group:
            self.group.leave()
        return os.waitstatus_to_exitcode(status), time.monotonic() - start, usage.ru_maxrss / 1024


def jobs(d):
    """Commands over a million events, in an order in which each finds what it needs."""
    trace, store = f"{d}/trace.jsonl", f"{d}/w"
    yield f"um-key generate -o {d}/key.pem"
    yield f"ulp-append < {trace} > {d}/canonical.jsonl"
    yield f"ulp-append < {d}/canonical.jsonl"
    yield f"ulp-store init {store}"
    yield f"ulp-append --store {store} < {trace}"
    for more in ("", "--view", "--root", "--events"):
        yield f"ulp-materialize {more} < {trace}"
    for more in ("", "--snapshot", "--view", "--events"):
        yield f"ulp-materialize --store {store} {more}"
    for view in ("projector-2d", "projector-2d -f svg", "projector-3d", "projector-3d -f glb", "projector-audio"):
        yield f"{view} < {trace}"
        yield f"{view} --store {store}"
    yield f"tile-pack -o {d}/stream.tar.zst < {trace}"
    yield f"tile-pack --store {store} {EVERYONE} -o {d}/store.tar.zst"
    yield f"tile-unpack --test {d}/store.tar.zst"
    yield f"ulp-store init {d}/w2"
    yield f"tile-unpack --store {d}/w2 {d}/store.tar.zst"
    yield f"um-sign --key {d}/key.pem < {trace} > {d}/signed.jsonl"
    yield f"um-sign --verify < {d}/signed.jsonl"
    for what in ("--rows", f"--key {d}/key.pem > {d}/attestation"):
        yield f"ulp-attest --store {store} {what}"
    yield f"ulp-attest --verify < {d}/attestation"
    for what in ("check", "check --objects", "check --replay", "stat", "prune"):
        yield f"ulp-store {what} --store {store}"


def more(d):
    """Commands over four times the events."""
    trace, store = f"{d}/four.jsonl", f"{d}/w4"
    yield f"ulp-append < {trace}"
    yield f"ulp-store init {store}"
    yield f"ulp-append --store {store} < {trace}"
    yield f"ulp-materialize --store {store}"
    yield f"ulp-materialize --store {store} --snapshot"
    yield f"ulp-store check --objects --store {store}"


def beyond(d):
    """Commands that keep all of a stream."""
    for command in ("ulp-materialize", "projector-2d", "tile-pack"):
        yield f"{command} < {d}/four.jsonl"


def trace(path, events):
    if not os.path.exists(path):
        subprocess.run([sys.executable, f"{HERE}/trace.py", str(events), f"{path}.part"], check=True)
        os.rename(f"{path}.part", path)


def missing(commands):
    """The tools of the package that none of the commands runs."""
    with open(f"{ROOT}/Cargo.toml", encoding="utf-8") as manifest:
        tools = re.findall(r'\[\[bin\]\]\nname = "([^"]+)"', manifest.read())
    return [tool for tool in tools if not any(command.startswith(f"{tool} ") for command in commands)]


def report(limits, command, d, statuses):
    """Runs a command, and says how it ended; answers whether it may end so."""
    log = f"{d}/log"
    status, wall, peak = limits.run(command, log)
    with open(log, "rb") as text:
        last = text.read().decode(errors="replace").strip().splitlines()[-1:]
    reached = status in statuses and (status == 0 or bool(last))
    said = "" if status == 0 else f"  {signal.Signals(-status).name if status < 0 else ''} {''.join(last)[:200]}"
    print(f"{'ok' if reached else 'NOT SO':<7}{status:>3}{wall:>9.1f} s{peak:>6.0f} MiB  {command.replace(d + '/', '')}{said}", flush=True)
    return reached


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--memory", type=int, default=1024, help="MiB")
    parser.add_argument("--dir", default="target/bench/pi")
    parser.add_argument("--only", default="", help="run only the commands with this word in them")
    options = parser.parse_args()
    d = os.path.abspath(options.dir)
    os.makedirs(d, exist_ok=True)
    if not options.only:
        for name in ("w", "w2", "w4", "key.pem"):
            subprocess.run(["rm", "-rf", f"{d}/{name}"], check=True)
    trace(f"{d}/trace.jsonl", options.events)
    trace(f"{d}/four.jsonl", 4 * options.events)
    limits = Limits(options.memory << 20)
    print(f"{options.events} events, then {4 * options.events}; core {limits.core} alone, {options.memory} MiB by {limits.called}")
    chosen = [[c for c in commands if options.only in c] for commands in (jobs(d), more(d), beyond(d))]
    good = [report(limits, command, d, (0,) if which < 2 else (0, TOLD)) for which, commands in enumerate(chosen) for command in commands]
    left_out = missing(chosen[0])
    if left_out and not options.only:
        print("tools that were not run:", ", ".join(left_out))
    sys.exit(0 if all(good) and (options.only or not left_out) else 1)


if __name__ == "__main__":
    main()
