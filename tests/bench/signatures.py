"""Row 15: the signatures of events beside the bare verification of the same."""
import json
import os
import shutil
import statistics
import subprocess

import measure


def sh(command):
    subprocess.run(["bash", "-c", command], check=True, stderr=subprocess.DEVNULL)


def check(options, signed):
    """All that holds is passed on as it came, and nothing whose signed text was touched."""
    ours = f"{options.dir}/verified"
    sh(f"um-sign --verify {signed} > {ours} && cmp {signed} {ours}")
    touched = f"head -1000 {signed} | sed 's|\"node_id\":\"node:|&1|' | um-sign --verify"
    passed = subprocess.run(["bash", "-c", touched], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if passed.stdout or not passed.returncode:
        raise SystemExit("row 15: what was touched after it was signed is passed on")
    os.remove(ours)


def rows(options):
    """A tenth as many events as the other rows have: 100 k beside a million."""
    count = max(options.events // 10, 1)
    bench = os.path.join(os.path.dirname(shutil.which("um-sign")), "examples", "sign_bench")
    if not os.access(bench, os.X_OK):
        print(" 15  sign_bench is missing: make bench builds it")
        return
    signed = f"{options.dir}/signed-{count}.jsonl"
    if not os.path.exists(signed):
        sh(f"{bench} make {count} > {signed}.part && mv {signed}.part {signed}")
    check(options, signed)

    def bare():
        run, output = measure.output([bench, "bare", signed])
        said = json.loads(output)
        if not said["held"] == said["of"] == count:
            raise SystemExit(f"row 15: {said['held']} of {count} signatures hold")
        return run._replace(wall=said["wall"], cpu=said["cpu"])

    def verify():
        return measure.run(f"exec um-sign -j 2 --verify {signed} > {options.dir}/verified")

    verify(), bare()
    ours, theirs = zip(*[(verify(), bare()) for _ in range(options.rounds)])
    ratio = statistics.median(a.wall / b.wall for a, b in zip(ours, theirs))
    measure.report("15", "um-sign --verify, 2 threads / verify_strict, 1", measure.median(ours), measure.median(theirs), ratio, 0.6)
    os.remove(f"{options.dir}/verified")
