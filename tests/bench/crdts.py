"""Row 16: deriving beside CRDT libraries that apply the same writes, stage by stage and whole by whole."""
import json
import os
import statistics
import sys

import measure
import peers
from measure import Peer

PROGRAM = "target/peers/crdt/release/crdt-peers"
LIBRARIES = {"loro": "Loro", "yrs": "yrs", "automerge": "Automerge"}


def counts(state):
    """Of the state joined over lanes: live nodes, their registers, standing tags of links, sensors."""
    registers, dead, tags, removed, sensors = {}, set(), set(), set(), set()
    for line in open(state, encoding="utf-8"):
        line = json.loads(line)
        operation = line["operation"]
        if operation == "node_state" and "deleted" in line:
            dead.add(line["node_id"])
        elif operation == "node_state":
            names = registers.setdefault(line["node_id"], set())
            names.update(n for n in ("created", "kind", "layer", "authority", "boundary") if n in line)
            names.update(line.get("transform", ()))
            names.update("properties." + key for key in line.get("properties", ()))
        elif operation == "link_state":
            link = line["from_node"], line["relation"], line["to_node"]
            tags.update((link, tag) for tag in line.get("adds", ()))
            removed.update((link, tag) for tag in line.get("removed", ()))
        elif operation == "sensor_state":
            sensors.add((line["actor_id"], line["sensor"]))
    live = [names for node, names in registers.items() if node not in dead and "created" in names]
    return {"nodes": len(live), "registers": sum(len(n) - 1 for n in live), "links": len(tags - removed), "sensors": len(sensors)}


def whole(bench, library):
    return f"exec {PROGRAM} {library} {bench.trace}"


def rows(bench):
    if not os.access(PROGRAM, os.X_OK):
        print("\n 16  Loro, yrs and Automerge are missing: make bench-peers")
        return
    state = f"{bench.dir}/state.jsonl"
    job = lambda b: f"exec ulp-materialize -j 1 < {b.trace} > {b.dir}/state.jsonl"
    measure.run(job(bench))
    # In a process of its own: what a child may be said to have held begins with what its parent holds.
    right = json.loads(measure.said(f"{sys.executable} {__file__} {state}"))

    def applied(library):
        """What the program says of one run."""
        said = json.loads(measure.output([PROGRAM, library, bench.trace])[1])
        if {name: said[name] for name in right} != right:
            raise SystemExit(f"row 16: {library} holds {said}, the state {right}")
        return said

    does = "the trace read with serde_json, its writes applied in the order of the file to one document, which is written out; nothing is checked, ordered or kept apart by lane"
    rounds = min(bench.rounds, 3)
    beside = [Peer(name, lambda b, library=library: whole(b, library), 0.5, does) for library, name in LIBRARIES.items()]
    bench.row("16", "ulp-materialize, 1 thread, whole", job, beside, rounds=rounds)
    stages = peers.stages(bench, bench.trace)
    took = {library: statistics.median(applied(library)["apply"] for _ in range(rounds)) for library in LIBRARIES}
    if not stages:
        return
    derive = stages["order"] + stages["derive"]
    print(f"     stages of ours, CPU: {', '.join(f'{name} {s:.2f} s' for name, s in stages.items())}")
    print(f"     the derive stage: order and derive {derive:.2f} s; applying the same writes: {', '.join(f'{LIBRARIES[l]} {s:.2f} s' for l, s in took.items())}")
    fastest = min(took, key=took.get)
    bench.number("16", f"the derive stage in ms / {LIBRARIES[fastest]} applies", derive * 1e3, took[fastest] * 1e3, 1 / 6, "CPU")


if __name__ == "__main__":
    print(json.dumps(counts(sys.argv[1])))
