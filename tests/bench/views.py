"""Row 11: drawing a trace beside deriving its state."""
from measure import Peer

JOBS = ["projector-2d -f svg", "projector-3d -f glb", "projector-2d -f jsonl", "projector-3d -f jsonl"]


def rows(bench):
    state = Peer("ulp-materialize", lambda b: f"exec ulp-materialize -j 2 < {b.trace} > {b.dir}/state.jsonl", 1.5, "the state of the same trace, which is derived here too")
    view = Peer("its view", lambda b: f"exec ulp-materialize -j 2 --view < {b.trace} > {b.dir}/view.jsonl", None, "the state, joined over tiles and printed a node a line")
    for job in JOBS:
        ours, of_state, of_view = bench.row("11", f"{job}, 2 threads", lambda b, job=job: f"exec {job} -j 2 < {b.trace} > {b.dir}/view", [state, view])
        parts = [("state", of_state.cpu, True), ("join", max(of_view.cpu - of_state.cpu, 0), True), ("scene and drawing", ours.cpu - max(of_view.cpu, of_state.cpu), False)]
        bench.floor("11", parts, of_state.cpu, 1.5)
