"""Row 15: the signatures of events beside the bare verification of the same."""
import json
import os
import subprocess

import measure
from measure import Peer, sh

SIGN = "target/release/examples/sign_bench"


def check(bench, signed):
    """All that holds is passed on as it came, and nothing whose signed text was touched."""
    sh(f"um-sign --verify {signed} | cmp {signed} -")
    touched = f"head -1000 {signed} | sed 's|\"node_id\":\"node:|&1|' | um-sign --verify"
    passed = subprocess.run(["bash", "-c", touched], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if passed.stdout or not passed.returncode:
        raise SystemExit("row 15: what was touched after it was signed is passed on")


def signed(bench):
    """A tenth as many events as the other rows have: 100 k beside a million."""
    return bench.made("signed.jsonl", f"{SIGN} make {max(bench.events // 10, 1)}")


def rows(bench):
    if not os.access(SIGN, os.X_OK):
        print("\n 15  sign_bench is missing: make bench builds it")
        return
    check(bench, signed(bench))

    def bare():
        run, output = measure.output([SIGN, "bare", signed(bench)])
        said = json.loads(output)
        if said["held"] != said["of"]:
            raise SystemExit(f"row 15: {said['held']} of {said['of']} signatures hold")
        return run._replace(wall=said["wall"], cpu=said["cpu"])

    def verify(b):
        return f"exec um-sign -j 2 --verify {signed(b)} > {b.dir}/verified"

    measure.run(verify(bench)), bare()
    ours, theirs = zip(*[(measure.run(verify(bench)), bare()) for _ in range(bench.rounds)])
    does = "a loop over verify_strict of ed25519-dalek on one thread, by its own clock; messages, keys and signatures lie ready, nothing is parsed"
    peer = Peer("verify_strict", None, 0.6, does, "wall")
    counts = [bench.count(verify), bench.count(lambda b: f"exec {SIGN} bare {signed(b)}")]
    us, them = bench.block("15", f"um-sign --verify of {max(bench.events // 10, 1)} signed events, 2 threads", [ours, theirs], counts, [peer])
    parts = [("verify_strict on two cores", them.cpu / 2, True), ("reading, canonical form and writing on two cores", (us.cpu - them.cpu) / 2, False)]
    bench.floor("15", parts, them.cpu, 0.6)
    os.remove(f"{bench.dir}/verified")
