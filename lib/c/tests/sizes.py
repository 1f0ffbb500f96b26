#!/usr/bin/env python3
"""Prints what each role of ulp_radio.h takes, and fails where that is more than it may.

Usage: sizes.py PROCESSOR OBJECT NM. The object is of roles.c; beside it lies what -fcallgraph-info=su wrote, from which
the deepest stack of each role is worked out. Callbacks are the caller's, and not counted; there is no recursion.
"""

import pathlib
import re
import subprocess
import sys

KIB = 1024
# Of each role: its RAM, stack included, at most; and the functions that it calls.
ROLES = {
    "sensor": (1 * KIB, ["ulp_sensor_begin", "ulp_sensor_hear", "ulp_sensor_line", "ulp_parts_begin", "ulp_parts_next"]),
    "broker": (96 * KIB, ["ulp_node_begin", "ulp_node_hear", "ulp_node_offer", "ulp_node_poll"]),
    "ferry": (6 * KIB, ["ulp_assembly_hear", "ulp_ring_open", "ulp_ring_keep", "ulp_ring_older", "ulp_ferry_answer"]),
}


def symbols(nm, object_file):
    listing = subprocess.run([nm, "-S", object_file], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return {row[3]: (row[2], int(row[1], 16)) for row in rows if len(row) == 4}


def calls(graph):
    """Stack of each function, and whom it calls. A static function's name has its file before it."""
    stack, callees = {}, {}
    for node in re.finditer(r'node: \{ title: "([^"]+)" label: "[^"]*?(\d+) bytes \((\w+)\)', graph):
        name, size, kind = node.groups()
        if kind != "static":
            sys.exit(f"{name}: its stack is {kind}")
        stack[name] = int(size)
    for edge in re.finditer(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', graph):
        callees.setdefault(edge.group(1), set()).add(edge.group(2))
    return stack, callees


def deepest(name, stack, callees):
    below = [deepest(callee, stack, callees) for callee in callees.get(name, ())]
    return stack.get(name, 0) + max(below, default=0)


def main():
    processor, object_file, nm = sys.argv[1:]
    found = symbols(nm, object_file)
    graph = pathlib.Path(object_file).with_suffix(".ci")
    stack, callees = calls(graph.read_text(encoding="utf-8")) if graph.exists() else ({}, {})
    code = sum(size for name, (kind, size) in found.items() if kind in "tTrR" and not name.startswith("ram_of_"))
    writable = [name for name, (kind, _) in found.items() if kind in "bBdDC"]
    print(f"{processor}: {code} bytes of code and tables in all")
    if writable:
        sys.exit(f"{processor}: global variables: {' '.join(writable)}")
    for role, (most, entries) in ROLES.items():
        kept = found[f"ram_of_{role}"][1]
        deep = max(deepest(name, stack, callees) for name in entries)
        depth = f"{deep} of stack" if stack else "stack not measured"
        print(f"{processor}: {role}: {kept} bytes kept, {depth}, of {most}")
        if kept + deep > most:
            sys.exit(f"{processor}: {role}: {kept + deep} bytes, of {most}")


if __name__ == "__main__":
    main()
