"""Rows 12 and 13: packing a store beside tar and zstd."""
import os
import shutil

import stores
from measure import Peer, run, sh

EVERYONE = "--realm personal --realm team --realm public --policy private --policy redacted --policy public"


def grown(bench):
    """A store of most of the trace that was listed, a moment later given the rest, so that tar can tell the new files."""
    store, have = f"{bench.dir}/grown", f"{bench.dir}/have"
    if not os.path.exists(have):
        shutil.rmtree(store, ignore_errors=True)
        sh(f"ulp-store init {store}; ulp-append --store {store} < {stores.most(bench)} > /dev/null; tile-unpack --list {store} > {have}.part")
        sh(f"sleep 2; touch {bench.dir}/mark; sleep 1; {stores.rest(bench)} | ulp-append --store {store} > /dev/null; mv {have}.part {have}")
    return store


def rows(bench, wanted):
    missing = [peer for peer in ("tar", "zstd") if not shutil.which(peer)]
    if missing:
        print("\n 12  missing:", ", ".join(missing))
        return
    pack = lambda b, more="": f"exec tile-pack -j 2 --store {grown(b)} {more} {EVERYONE} > {b.dir}/ours.tar.zst"
    if "12" in wanted:
        tar = lambda b: f"tar -C {grown(b)} -cf - . | zstd -q -1 -T2 > {b.dir}/theirs.tar.zst"
        peer = Peer("tar + zstd -1 -T2", tar, 1.0, "every file of the store, unread; no hashes, no lists of them")
        compare(bench, "12", "tile-pack of a store, 2 threads", pack, peer, 1.05)
    if "13" in wanted:
        tar = lambda b: f"find {grown(b)} -newer {b.dir}/mark -type f -print0 | tar --null -T - -cf - | zstd -q -1 -T2 > {b.dir}/theirs.tar.zst"
        peer = Peer("tar of the new files", tar, 2.0, "files written since, found by their times; compressed alike")
        have = lambda b: pack(b, f"--have {b.dir}/have")
        compare(bench, "13", "tile-pack --have after 1 % of news, 2 threads", have, peer, 1.1)


def compare(bench, row, job, ours, peer, most):
    us, them = bench.row(row, job, ours, [peer])
    bench.number(row, f"its bytes / {peer.name}", *(os.path.getsize(f"{bench.dir}/{of}.tar.zst") for of in ("ours", "theirs")), most, "bytes")
    packed = run(f"exec zstd -q -1 -T2 -c <(zstd -q -d -c {bench.dir}/ours.tar.zst) > /dev/null")
    hashed = run(f"zstd -q -d -c {bench.dir}/ours.tar.zst | openssl dgst -sha256") if shutil.which("openssl") else run("true")
    unpacked = run(f"exec zstd -q -d -c {bench.dir}/ours.tar.zst > /dev/null")
    parts = [("compressing what it holds", packed.cpu, True), ("SHA-256 of it", max(hashed.cpu - unpacked.cpu, 0), True)]
    parts.append(("the rest", us.cpu - sum(s for _, s, _ in parts), False))
    bench.floor(row, parts, them.cpu, peer.goal)
