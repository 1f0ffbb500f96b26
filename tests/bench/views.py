"""Row 11: drawing a trace beside deriving its state."""

JOBS = ["projector-2d -f svg", "projector-2d -f jsonl", "projector-3d -f glb", "projector-3d -f jsonl"]


def rows(options, pair, report):
    for job in JOBS:
        us, them, ratio = pair(
            f"exec {job} < {options.trace} > {options.dir}/view",
            f"exec ulp-materialize < {options.trace} > {options.dir}/state.jsonl",
            options.rounds,
        )
        report("11", f"{job} / ulp-materialize", f"{us[0]:.2f} s", f"{them[0]:.2f} s", ratio, 1.5)
