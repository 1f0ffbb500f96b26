"""Row 28: a round of a thousand subjects from files, and one look at one of them."""
import json
import os
import shutil
import subprocess

import measure

SUBJECTS = 1000
LOOKS = 50


def make(at):
    """A cache, and a signed manifest a subject."""
    os.makedirs(f"{at}/c")
    subprocess.run(["um-key", "generate", "-o", f"{at}/key.pem"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    did = subprocess.run(["um-key", "did", f"{at}/key.pem"], capture_output=True, text=True, check=True).stdout.strip()
    entity = {"prefs.language.primary": "fi", "prefs.financial.currency": "EUR", "text": "x" * 1000}
    bare = "".join(
        json.dumps({"@context": "c", "@type": "um:Manifest", "manifestVersion": "0.2", "subject": f"urn:subject:{n}",
                    "consents": [{"name": f"consent.{k}", "value": "allowed"} for k in range(8)],
                    "facets": [{"@type": "um:Facet", "entity": entity}]}) + "\n" for n in range(SUBJECTS))
    signed = subprocess.run(["um-sign", "--key", f"{at}/key.pem"], input=bare, capture_output=True, text=True, check=True).stdout
    with open(f"{at}/c/sources.toml", "w") as sources:
        for n, manifest in enumerate(signed.splitlines()):
            with open(f"{at}/{n}.json", "w") as file:
                file.write(manifest)
            sources.write(f'[[source]]\nname = "home"\nsubject = "urn:subject:{n}"\nrole = "authoritative"\n'
                          f'manifest = "{at}/{n}.json"\nkeys = ["{did}"]\n')


def rows(bench):
    at = f"{bench.dir}/caches"
    shutil.rmtree(at, ignore_errors=True)
    make(at)
    for job in ("a first round of 1,000 subjects from files", "a second"):
        run = measure.run(f"exec um-cache --cache {at}/c 2> {at}/log > {at}/views")
        with open(f"{at}/views") as views:
            assert sum('"state":"fresh"' in view for view in views) == SUBJECTS
        bench.limit("28", f"{job}, the processors' time", run.cpu, 1, "s")
        bench.limit("28", f"{job}, the most memory", run.peak, 64, "MiB")
    # Many in a row, so that the shell that starts them does not count.
    ask = f"um-cache --cache {at}/c --permit consent.3 --subject urn:subject:500 2> {at}/log > {at}/answer"
    row = f"for n in $(seq {LOOKS}); do {ask}; done"
    took = measure.median([measure.run(row) for _ in range(bench.rounds)]).wall * 1000 / LOOKS
    bench.limit("28", "one look with --permit, started anew", took, 5, "ms")
    measure.sh(f"um-cache --cache {at}/c --replay > {at}/replayed")
    shutil.rmtree(at)
