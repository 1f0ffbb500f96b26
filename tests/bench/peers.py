"""The peers that several rows are set beside, and what stands in for a part of a job."""
import functools
import importlib.util
import json
import os

import measure
from measure import Peer

HERE = os.path.dirname(os.path.abspath(__file__))
DOM = "sonic-rs"
FLOOR = "target/peers/floor/release/floor"
STAGES = "target/release/examples/stages"


def has(module):
    """Whether Python finds a module; says so where it does not."""
    if importlib.util.find_spec(module):
        return True
    print(f"     {module} is missing: make bench-peers")
    return False


def dom(bench, trace, goal):
    """A DOM parse of the same bytes, if its program is there."""
    if not os.access(FLOOR, os.X_OK):
        print("     sonic-rs is missing: make bench-peers")
        return []
    does = "reads the file whole and makes a tree of each line, on one thread; checks nothing else, prints nothing"
    return [Peer(DOM, lambda b: f"exec {FLOOR} {trace(b)}", goal, does)]


@functools.cache
def stages(bench, trace):
    """Seconds of the processor of each stage of deriving, on one thread: medians."""
    if not os.access(STAGES, os.X_OK):
        print("     the stages are not known: make bench builds their program")
        return None
    runs = [json.loads(measure.output([STAGES, trace])[1]) for _ in range(min(bench.rounds, 3))]
    return {name: sorted(run[name] for run in runs)[len(runs) // 2] for name in runs[0]}
