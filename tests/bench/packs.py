"""Rows 12 and 13: packing a store beside tar and zstd."""
import os
import shutil
import subprocess

import measure


def sh(command):
    subprocess.run(["bash", "-c", command], check=True, stderr=subprocess.DEVNULL)


def size(path):
    return os.path.getsize(path)


def stores(options):
    """A store of 99 % of the trace, a list of what it has, and the same store with the rest; made once."""
    store, have = f"{options.dir}/store-{options.events}", f"{options.dir}/have-{options.events}"
    if not os.path.exists(have):
        shutil.rmtree(store, ignore_errors=True)
        most = options.events - options.events // 100
        sh(f"ulp-store init {store}; head -{most} {options.trace} | ulp-append --store {store} > /dev/null")
        sh(f"touch -d '2 seconds ago' {options.dir}/mark; cp -r {store} {store}-old; tile-unpack --list {store} > {have}.part")
        sh(f"sleep 2; touch {options.dir}/mark; tail -n +{most + 1} {options.trace} | ulp-append --store {store} > /dev/null")
        os.rename(have + ".part", have)
    return store, have


def rows(options, wanted):
    missing = [peer for peer in ("tar", "zstd") if not shutil.which(peer)]
    if missing:
        print("12-13 missing:", ", ".join(missing))
        return
    store, have = stores(options)
    ours, theirs = f"{options.dir}/ours.tar.zst", f"{options.dir}/theirs.tar.zst"
    if "12" in wanted:
        us, them, ratio = measure.pair(
            f"tile-pack -j 2 --store {store} --realm personal --realm team --realm public --policy private --policy redacted --policy public > {ours}",
            f"tar -C {store} -cf - . | zstd -q -1 -T2 > {theirs}",
            options.rounds,
        )
        measure.report("12", "tile-pack of a store / tar + zstd -1 -T2", us, them, ratio, 1.0)
        measure.size("12", "its bytes", size(ours), size(theirs), 1.05)
    if "13" in wanted:
        us, them, ratio = measure.pair(
            f"tile-pack -j 2 --store {store} --have {have} --realm personal --realm team --realm public --policy private --policy redacted --policy public > {ours}",
            f"cd {store} && find . -newer ../mark -type f -print0 | tar --null -T - -cf - | zstd -q -1 -T2 > ../theirs.tar.zst",
            options.rounds,
        )
        measure.report("13", "tile-pack --have after 1 % / tar of the new", us, them, ratio, 2.0)
        measure.size("13", "its bytes", size(ours), size(theirs), 1.1)
