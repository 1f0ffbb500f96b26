"""Row 17: laying a trace on the Earth beside deriving its state."""
from measure import Peer

JOBS = ["projector-map -f jsonl", "projector-map -f kml"]


def rows(bench):
    state = Peer("ulp-materialize", lambda b: f"exec ulp-materialize -j 2 < {b.trace} > {b.dir}/state.jsonl", 1.5, "the state of the same trace, which is derived here too")
    for job in JOBS:
        ours, of_state = bench.row("17", f"{job}, 2 threads", lambda b, job=job: f"exec {job} -j 2 --origin 52.5,-1.5 < {b.trace} > {b.dir}/map", [state])
        bench.floor("17", [("state", of_state.cpu, True), ("join, map and drawing", ours.cpu - of_state.cpu, False)], of_state.cpu, 1.5)
