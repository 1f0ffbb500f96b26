"""Row 11: drawing a trace beside deriving its state."""
import measure

JOBS = ["projector-2d -f svg", "projector-2d -f jsonl", "projector-3d -f glb", "projector-3d -f jsonl"]


def rows(options):
    for job in JOBS:
        ours = f"exec {job} < {options.trace} > {options.dir}/view"
        theirs = f"exec ulp-materialize < {options.trace} > {options.dir}/state.jsonl"
        measure.compare(options, "11", f"{job} / ulp-materialize", ours, theirs, 1.5)
