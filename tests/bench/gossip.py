"""Row 27: a graph of who has what: what a line takes, and what a flood makes it hold."""
import json
import os
import subprocess

import measure
from sync import heap

# What a line may take beside the verification of its signature, in microseconds.
LINE = 20
# Lines of a flood, each as long as a line may be.
FLOOD = 20_000


def flood(path):
    """Strangers who say as much as they can, of paths as long as there are, and then noise."""
    space = "~c3~84" * 39
    with open(path, "w") as file:
        for n in range(FLOOD):
            paths = 40 if n % 4 == 0 else 1
            knows = [{"path": f"m/world/{space}/tiles/z30/x-{2**31 - n}/y-{2**31 - k}/public.public/segment/4294967295",
                      "points_to": "sha256:" + "ab" * 32} for k in range(paths)]
            reach = [f"{n}" + "x" * 120] * 4
            line = {"knows": knows, "peer": f"{n}" + "p" * 250, "reach": reach, "seq": 1795000000 + n}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
        file.write("noise\n" * FLOOD)


def rows(bench):
    build = "cargo build --release --locked --quiet -p ulp-peer --example graph_bench"
    if subprocess.run(build.split(), check=False).returncode:
        return print("row 27: graph_bench cannot be built")
    best = {}
    for _ in range(bench.rounds):
        found = json.loads(measure.said("target/release/examples/graph_bench"))
        best = {name: min(value, best.get(name, value)) for name, value in found.items()}
    bench.limit("27", "an unsigned line of one path, 4,096 rows", best["unsigned"], LINE, "us")
    bench.limit("27", "an unsigned line of 64 paths", best["unsigned_64"], LINE, "us")
    bench.limit("27", "a signed line beside its verification", best["signed"] - best["verify"], LINE, "us")
    path, graph = f"{bench.dir}/gossip.jsonl", f"{bench.dir}/gossip.graph"
    flood(path)
    for what in ("rm -f {}", "true"):
        command = f"{what.format(graph)}; ulp-gossip --graph {graph} --now 1795167000 {path}; true"
        bench.limit("27", "a flood, the most memory of its own", heap(command, "ulp-gossip"), 8, "MiB")
    os.remove(path)
    os.remove(graph)
