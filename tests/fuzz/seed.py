#!/usr/bin/env python3
"""Makes the first inputs of each fuzz target from the test vectors, the flood and the tools in PATH.

usage: seed.py DIR
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLACES = [".ulp-root", ".ulp-scope", ".ulp-ignore", "tiles/"]


def vectors(kind):
    """Name and body of each vector of a kind."""
    folder = os.path.join(ROOT, "tests/vectors", kind)
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            yield name, file.read().split(b"\n", 1)[1]


def run(*command, stdin=None):
    return subprocess.run(command, input=stdin, capture_output=True, check=False).stdout


class Seeds:
    def __init__(self, top):
        self.top, self.count = top, {}

    def add(self, target, data):
        number = self.count[target] = self.count.get(target, 0) + 1
        os.makedirs(os.path.join(self.top, target), exist_ok=True)
        with open(os.path.join(self.top, target, f"seed-{number:04}"), "wb") as file:
            file.write(data)


def lines(seeds):
    for kind in ("json", "event", "state"):
        for _, body in vectors(kind):
            for target in ("event", "form", "canonical", "state", "signed"):
                seeds.add(target, body.rstrip(b"\n"))
    with open(os.path.join(ROOT, "examples/flood/trace.jsonl"), "rb") as file:
        trace = file.read().splitlines()[:400]
    for start in range(0, len(trace), 20):
        part = b"\n".join(trace[start : start + 20])
        seeds.add("event", part)
        seeds.add("form", part)
        seeds.add("form", run("ulp-append", stdin=part + b"\n"))
        seeds.add("state", part)
        seeds.add("state", run("ulp-materialize", stdin=part + b"\n"))
    return trace


def dotfiles(seeds):
    for _, body in vectors("scope"):
        name, text = None, []
        for line in body.split(b"\n") + [b"=== end"]:
            if not line.startswith(b"=== "):
                text.append(line)
                continue
            if name:
                place = next((i for i, p in enumerate(PLACES) if p in name), 1)
                seeds.add("dotfile", bytes([place]) + b"\n".join(text) + b"\n")
            name, text = line[4:].decode(), []


def store(seeds, trace, scratch):
    world = os.path.join(scratch, "w")
    run("ulp-store", "init", world)
    run("ulp-append", "--store", world, stdin=b"\n".join(trace) + b"\n")
    run("ulp-materialize", "--store", world, "--snapshot")
    found = 0
    for folder, _, files in sorted(os.walk(world)):
        for name in sorted(files):
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            if name.endswith(".json") and len(data) < 4096:
                seeds.add("manifest", data)
                found += 1
            elif "cache" in folder and data.startswith(b"ulptab"):
                seeds.add("table", data[4096 : 4096 + 24 * 170] + b"\0\x10\0\3")
    for form in ("tar", "tar.zst"):
        seeds.add("pack", run("tile-pack", "-f", form, stdin=b"\n".join(trace[:30]) + b"\n"))
    return found


def keys(seeds, scratch):
    pem = os.path.join(scratch, "key.pem")
    run("um-key", "generate", "-o", pem)
    with open(pem, "rb") as file:
        seeds.add("key", file.read())
    seeds.add("key", run("um-key", "did", pem).strip())
    event = {
        "event_id": "e", "timestamp": 1, "space_id": "s", "layer_id": "l", "actor_id": "a", "operation": "delete_node",
        "node_id": "n", "tile": "z0/x0/y0", "preserves_invariants": [], "previous_events": [],
        "scope": {"realm": "team", "authority": "source", "boundary": "interior", "policy": "public"},
    }
    seeds.add("signed", run("um-sign", "--key", pem, stdin=json.dumps(event).encode()).strip())
    witness = run("ulp-materialize", stdin=b"")
    seeds.add("signed", witness.strip() or b'{"log":"witness"}')
    fixtures = os.path.join(ROOT, "../shared/fixtures/um")
    for folder, _, files in sorted(os.walk(fixtures)):
        for name in sorted(files):
            with open(os.path.join(folder, name), "rb") as file:
                seeds.add("signed", file.read())


def caches(seeds):
    """Journals of told stories, the documents in their lines, and the events of these."""
    folds = os.path.join(ROOT, "../shared/fixtures/portal/folds.json")
    if not os.path.exists(folds):
        return
    with open(folds) as file:
        stories = json.load(file)[:40]
    for story in stories:
        for line in story["journal"]:
            if line.get("object"):
                line["data"] = json.loads(story["objects"][line["object"]])
            elif line["step"] in ("change", "local"):
                seeds.add("change", json.dumps(line["data"]).encode())
        seeds.add("journal", "".join(json.dumps(line) + "\n" for line in story["journal"]).encode())


def crossings(seeds):
    """What portals read: documents, envelopes, receipts, ledgers."""
    folder = os.path.join(ROOT, "../shared/fixtures/portal/crossing")
    if not os.path.isdir(folder):
        return
    for name in sorted(os.listdir(folder)):
        if name.endswith((".json", ".jsonl")) and name != "attacks.json":
            with open(os.path.join(folder, name), "rb") as file:
                seeds.add("envelope", file.read())


def statements(seeds, scratch):
    world, pem = os.path.join(scratch, "w"), os.path.join(scratch, "key.pem")
    now = ("--now", "1795167000")
    said = run("ulp-gossip", "--store", world, "--objects", *now)
    said += run("ulp-gossip", "--store", world, "--key", pem, "--reach", "ssh:a", *now)
    said += run("ulp-attest", "--store", world, "--key", pem, *now)
    graph = os.path.join(scratch, "graph")
    run("ulp-gossip", "--graph", graph, *now, stdin=said)
    said += run("ulp-gossip", "--graph", graph, "--store", os.path.join(scratch, "empty"), "--want", *now)
    for line in said.splitlines():
        seeds.add("statement", line)
    # Short ones leave a fuzzer room.
    short = [b'{"knows":[{"path":"m/world/%d","points_to":null}],"peer":"%d","seq":%d}' % (n % 3, n % 5, n % 4) for n in range(40)]
    for start in range(0, 40, 5):
        seeds.add("graph", b"\n".join(short[start : start + 10]))
    seeds.add("graph", said[:16000])


def air(seeds, scratch):
    """Packets of signed adverts and of lines in parts, and the lines themselves."""
    pem = os.path.join(scratch, "air.pem")
    did = run("um-key", "generate", "-o", pem).decode().strip()
    tiles = [{"path": f"m/world/demo/tiles/z4/x{n}/y-{n}/head", "points_to": "blake3:0123456789ab"} for n in range(9)]
    advert = json.dumps({"peer": did, "seq": 7, "knows": tiles}).encode()
    sensor = b'{"operation":"sensor_reading","sensor":"water_level","value":1.42,"actor_id":"node:esp32_A12"}'
    seeds.add("frame", advert)
    for options in (("--key", pem), ("--mtu", "51"), ("--mtu", "24"), ("--mtu", "51", "--whole")):
        parts = b""
        for line in run("ulp-radio", *options, stdin=advert + b"\n" + sensor + b"\n").splitlines():
            text = json.loads(line)["packet"]
            packet = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            seeds.add("frame", packet)
            parts += bytes([min(len(packet), 255)]) + packet[:255]
        seeds.add("part", b"\x33\1" + parts)
    seeds.add("part", b"\x33\1" + sensor)


# The formats of ulp-import, by how the names of their files end.
FORMATS = {
    ".canvas": "canvas", ".csv": "csv", ".excalidraw": "excalidraw", ".geojson": "geojson", ".geojsons": "geojson",
    ".gpx": "gpx", ".ocif.json": "ocif", ".json": "senml",
}
SENML = [
    b'[{"bn":"node:a/","bt":1767225600,"bu":"Cel","n":"t","v":1},{"n":"t","t":5,"v":-2.5},{"n":"door","vb":true}]',
    b'{"n":"node:a:t","u":"m","t":1767225600,"v":1e-3}\n{"n":"node:a:s","vs":"x","vd":"YQ"}\n',
    b'\x1e[{"n":"a:b","v":1}]\n\x1e[{"n":"a:b","t":-5,"s":2}]\n',
]


def imports(seeds, trace):
    """What other programs write, and what projectors write for them, behind a byte that says by which options."""
    found = [("senml", text) for text in SENML]
    for top in ("examples", "tests", "../shared/fixtures/import"):
        for folder, _, files in sorted(os.walk(os.path.join(ROOT, top))):
            for name in sorted(files):
                end = next((end for end in FORMATS if name.endswith(end)), None)
                # Not all that ends in .json are readings, but where everything is to be imported.
                if end and (end != ".json" or "import" in folder):
                    with open(os.path.join(folder, name), "rb") as file:
                        found.append((FORMATS[end], file.read()))
    for start in range(0, 200, 20):
        part = b"\n".join(trace[:5] + trace[5 + start : 25 + start]) + b"\n"
        for tool, formats in (("projector-2d", ("canvas", "ocif")), ("projector-map", ("geojson", "gpx"))):
            origin = ("--origin", "52.6,-2") if tool == "projector-map" else ()
            found += [(form, run(tool, "-f", form, *origin, stdin=part)) for form in formats]
    for number, (form, text) in enumerate(found):
        for choice in (0, 255, number * 37 % 256):
            seeds.add(form, bytes([choice]) + text[:16000])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    seeds = Seeds(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        trace = lines(seeds)
        dotfiles(seeds)
        if not store(seeds, trace, scratch):
            sys.exit("no store was made: are the tools in PATH?")
        keys(seeds, scratch)
        caches(seeds)
        crossings(seeds)
        imports(seeds, trace)
        run("ulp-store", "init", os.path.join(scratch, "empty"))
        statements(seeds, scratch)
        air(seeds, scratch)
    print("seeds:", ", ".join(f"{target} {count}" for target, count in sorted(seeds.count.items())))


if __name__ == "__main__":
    main()
