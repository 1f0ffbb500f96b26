"""Row 26: from a clean clone to the demo's output. It builds for minutes, so it runs only where it is asked for."""
import os
import shutil

from measure import run, sh


def rows(bench):
    clone = os.path.abspath(f"{bench.dir}/clone")
    shutil.rmtree(clone, ignore_errors=True)
    sh(f"git clone -q . {clone}")
    ours = run(f"cd {clone} && unset CARGO_TARGET_DIR && make demo")
    shutil.rmtree(clone)
    bench.block("26", "make demo from a clean clone", [[ours]], [None], [])
    print("     crates that this machine has already are not fetched again")
    bench.limit("26", "its time on the wall", ours.wall, 300, "s")
