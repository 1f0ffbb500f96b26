"""Row 22: one question of a store of a million events, whatever its history: of a trace of many things, and of a world
in which one node was moved and one sensor read all the time."""
import json
import os
import sys

import measure
import peers

LOOKS = 20


def rows(bench):
    busy = bench.made("busy.jsonl", f"{sys.executable} {peers.HERE}/why.py {bench.events}")
    events = f"e{bench.events // 2}"
    ask(bench, "many-things", bench.trace, {"a node": first(bench.trace, "node_id"), "an event": first(bench.trace, "event_id"), "a sensor": sensor(bench.trace)})
    ask(bench, "one-thing", busy, {"the node": "n", "an event in its midst": events, "the sensor": "a/level"})


def ask(bench, name, trace, questions):
    """Asks each question many times, each time anew, once the first has filled the cache."""
    store = f"{bench.dir}/why-{name}"
    if not os.path.exists(f"{store}.done"):
        measure.sh(f"rm -rf {store}; ulp-store init {store} && ulp-append --store {store} < {trace} > /dev/null && touch {store}.done")
    for what, name_of in questions.items():
        question = f"ulp-why --store {store} '{name_of}' > {bench.dir}/answer 2> {bench.dir}/log"
        once = measure.run(question).wall
        row = f"for n in $(seq {LOOKS}); do {question}; done"
        took = measure.median([measure.run(row) for _ in range(bench.rounds)])
        lines = sum(1 for _ in open(f"{bench.dir}/answer"))
        print(f"\n     the first: {1000 * once:.1f} ms; {lines} lines; {took.peak:.0f} MiB")
        bench.limit("22", f"ulp-why of {what} ({name.replace('-', ' ')}), {bench.events:,} events", took.wall * 1000 / LOOKS, 10, "ms")


def first(trace, member):
    """What the first event says that has such a member."""
    with open(trace) as lines:
        return next(event[member] for event in map(json.loads, lines) if member in event)


def sensor(trace):
    with open(trace) as lines:
        event = next(event for event in map(json.loads, lines) if "sensor" in event)
    return f"{event['actor_id']}/{event['sensor']}"


def write(events):
    """One node that is moved and one sensor that is read, in turn."""
    say = lambda n, **event: print(json.dumps({"actor_id": "a", "event_id": f"e{n}", "timestamp": n, **event}, separators=(",", ":"), sort_keys=True))
    say(0, operation="create_node", node_id="n", transform={"position": [0, 0]})
    for n in range(1, events):
        if n % 2:
            say(n, operation="update_transform", node_id="n", transform={"position": [n, 0]})
        else:
            say(n, operation="sensor_reading", sensor="level", value=n, node_id="n")


if __name__ == "__main__":
    write(int(sys.argv[1]))
