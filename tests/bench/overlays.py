"""Row 17: an overlay of ten thousand nodes, beside deriving the state of the same trace."""
import json
import random
import sys

import peers
from measure import Peer

NODES = 10_000
SHAPES = [
    {"kind": "box", "size": [12, 9, 7]},
    {"kind": "sphere", "radius": 3},
    {"kind": "cylinder", "radius": 0.5, "height": 12},
    {"kind": "polygon", "points": [[-6, -4], [6, -4], [8, 3], [0, 7], [-6, 4]]},
    None,
]
VIEWER = "52.6,-2.0,104,60,3,0,90"


def rows(bench):
    trace = bench.made("overlay.jsonl", f"{sys.executable} {peers.HERE}/overlays.py {bench.events}")
    ours = f"exec projector-ar -j 2 --all --viewer {VIEWER} {trace} > {bench.dir}/overlay"
    state = Peer("ulp-materialize", lambda b: f"exec ulp-materialize -j 2 {trace} > {b.dir}/state.jsonl", 1.2, "the state of the same trace, which is derived here too", counted=False)
    bench.row("17", f"projector-ar, overlay of {NODES:,} nodes, 2 threads", lambda b: ours, [state])


def write(events, nodes=NODES):
    """A town of nodes within 2 km, each made once, then moved and told more of, in turn."""
    chance = random.Random(17)
    place = lambda: [round(chance.uniform(-2000, 2000), 3), round(chance.uniform(-2000, 2000), 3), round(chance.uniform(0, 20), 3)]
    say = lambda n, operation, **payload: print(json.dumps({"actor_id": "a", "event_id": f"e{n}", "operation": operation, "timestamp": n, "tile": "z0/x0/y0", **payload}, separators=(",", ":"), sort_keys=True))
    say(0, "set_properties", node_id="@space", properties={"origin": {"height": 100, "lat": 52.6, "lon": -2}})
    for n in range(1, max(events, nodes + 1)):
        node = f"n{n % nodes}"
        if n <= nodes:
            shape = SHAPES[n % len(SHAPES)]
            more = {"geometry": shape} if shape else {}
            say(n, "create_node", node_id=node, properties={"label": f"thing {n}"}, transform={"position": place(), "rotation": n % 360}, **more)
        elif n % 2:
            say(n, "update_transform", node_id=node, transform={"position": place()})
        else:
            say(n, "set_properties", node_id=node, properties={"seen": n})


if __name__ == "__main__":
    write(int(sys.argv[1]))
