"""Row 16: deriving beside CRDT libraries that apply the same writes.

Ours is the whole job of row 1, from the bytes of the trace to the printed state; theirs is applying the writes to a
document and writing it out, after the trace was read. Processor seconds count, since the libraries use one thread.
"""
import json
import os
import statistics

import measure

PROGRAM = "target/peers/crdt/release/crdt-peers"
PEERS = {"loro": "Loro", "yrs": "yrs", "automerge": "Automerge"}
GOAL = 1 / 6


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


def rows(options):
    if not os.access(PROGRAM, os.X_OK):
        print(" 16  Loro, yrs and Automerge are missing: make bench-peers")
        return
    state = f"{options.dir}/state.jsonl"
    job = f"exec ulp-materialize -j 2 < {options.trace} > {state}"
    measure.run(job)
    right = counts(state)

    def theirs(peer):
        """One run, by the program's own clocks, and the processor seconds of all of it."""
        run, output = measure.output([PROGRAM, peer, options.trace])
        said = json.loads(output)
        if {name: said[name] for name in right} != right:
            raise SystemExit(f"row 16: {peer} holds {said}, the state {right}")
        return run._replace(wall=said["wall"], cpu=said["cpu"]), run.cpu

    once = {peer: theirs(peer)[0] for peer in PEERS}
    fastest = min(once, key=lambda peer: once[peer].cpu)
    ours, peer, whole = zip(*[(measure.run(job), *theirs(fastest)) for _ in range(options.rounds)])
    ratio = statistics.median(a.cpu / b.cpu for a, b in zip(ours, peer))
    us = measure.median(ours)
    measure.report("16", f"all of row 1 / {PEERS[fastest]} applies its writes, CPU", us, measure.median(peer), ratio, GOAL)
    for name in sorted(once, key=lambda name: once[name].cpu):
        if name != fastest:
            measure.report("16", f"the same / {PEERS[name]}, one round", us, once[name], us.cpu / once[name].cpu, GOAL)
    print(f"     {PEERS[fastest]} and reading the trace with serde_json: {statistics.median(whole):.2f} s of CPU")
