"""Rows 20 and 21: stacks that balls are thrown at, beside life; the same trace checked; a million events at rest."""
import json
import subprocess

import measure
from measure import Peer

START = 1767225600
SECONDS = 60


def node(name, position, physics, geometry):
    event = {"timestamp": START, "space_id": "stacks", "layer_id": "l", "actor_id": "u", "operation": "create_node", "node_id": name}
    return {**event, "transform": {"position": position}, "physics": physics, "geometry": geometry}


def stacks(count):
    """So many stacks of nine boxes on a floor, and a ball thrown at each."""
    side = 1 + int((count - 1) ** 0.5)
    yield node("floor", [0, 0, -0.5], {"body": "static"}, {"kind": "box", "size": [40 * side, 40 * side, 1]})
    for i in range(count):
        x, y = 12 * (i % side), 12 * (i // side)
        for k in range(9):
            yield node(f"box-{i}-{k}", [x, y, 0.5 + k], {"body": "dynamic"}, {"kind": "box", "size": [1, 1, 1]})
        yield node(f"ball-{i}", [x - 4, y, 3], {"body": "dynamic", "velocity": [8, 0.5, 2]}, {"kind": "sphere", "radius": 0.5})


def write(path, events):
    with open(path, "w") as file:
        file.writelines(json.dumps(event, separators=(",", ":")) + "\n" for event in events)


def rows(bench):
    for bodies, goal in [(200, 15), (2000, 1)]:
        trace = f"{bench.dir}/stacks-{bodies}.jsonl"
        write(trace, stacks(bodies // 10))
        solve = f"exec projector-physics -j 1 --until {START + SECONDS} < {trace} > {trace}.steps"
        runs = [measure.run(solve) for _ in range(min(bench.rounds, 3) if bodies < 1000 else 1)]
        took = measure.median(runs).wall
        steps = sum(1 for _ in open(f"{trace}.steps"))
        print(f"\nrow 20: {SECONDS} s of {bodies} bodies, one core: {took:.2f} s, {steps} steps, {SECONDS / took:.1f} times as fast as life (goal {goal})")
        bench.verdict("20", f"projector-physics, {SECONDS} s of {bodies} bodies, -j 1", took, SECONDS / goal, "wall", "s")
        if bodies < 1000:
            subprocess.run(f"cat {trace} {trace}.steps > {trace}.whole", shell=True, check=True)
            run = Peer("the run", lambda b, solve=solve: solve, 0.6, "60 s of 200 bodies on one core, of which these are the steps", counted=False)
            bench.row("21", "projector-physics --check, 2 threads", lambda b, trace=trace: f"exec projector-physics --check -j 2 < {trace}.whole > {b.dir}/checked", [run])
    trace = f"{bench.dir}/at-rest.jsonl"
    subprocess.run(f"cat {bench.dir}/stacks-200.jsonl.whole {bench.trace} > {trace}", shell=True, check=True)
    state = Peer("ulp-materialize", lambda b: f"exec ulp-materialize -j 2 < {trace} > {b.dir}/state.jsonl", 1.2, "the state of the same trace", counted=False)
    bench.row("20", "projector-physics on a world at rest in a million events, 2 threads", lambda b: f"exec projector-physics -j 2 < {trace} > {b.dir}/more", [state])
