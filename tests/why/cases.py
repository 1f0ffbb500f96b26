#!/usr/bin/env python3
"""Small histories, with what ulp-why has to say of them worked out by hand; each from a stream and from a store."""
import json, os, subprocess, sys, tempfile
from pathlib import Path


def run(*args, input=None, cwd=None):
    return subprocess.run(args, capture_output=True, text=True, input=input, cwd=cwd)


def event(name, time, node=None, op="set_properties", **more):
    base = {"event_id": name, "timestamp": time, "space_id": more.pop("space", "s"), "actor_id": more.pop("actor", "a"), "operation": op}
    if node is not None:
        base["node_id"] = node
    if op == "set_properties" and "properties" not in more:
        more["properties"] = {"p": name}
    return base | more


def lines(events):
    return "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in events)


def brief(text):
    """[role, depth, name of the event (of a primitive its own) or None, registers] a line."""
    out = []
    for line in map(json.loads, text.splitlines()):
        name = line["key"].split("/", 1)[1] if "key" in line else None
        things = sorted(t["register"] if "register" in t else t.get("relation") or f"{t['actor_id']}/{t['sensor']}" for t in line.get("registers", []))
        out.append([line["role"], line.get("depth"), name, things])
    return out


def both(events, id_, *options):
    """What is said of an id: the same of a stream as of a store."""
    with tempfile.TemporaryDirectory() as dir_:
        Path(dir_, "t").write_text(lines(events))
        run("ulp-store", "init", "w", cwd=dir_)
        added = run("ulp-append", "--store", "w", "--now", "1900000000", "t", cwd=dir_)
        assert added.returncode == 0, added.stderr
        stream = run("ulp-why", *options, "--", id_, "t", cwd=dir_)
        store = run("ulp-why", "--store", "w", *options, "--", id_, cwd=dir_)
        again = run("ulp-why", "--store", "w", *options, "--", id_, cwd=dir_)
        assert (store.stdout, store.returncode) == (again.stdout, again.returncode)
        strip = lambda text: [{k: v for k, v in json.loads(l).items() if k != "at"} for l in text.splitlines()]
        if "-f" not in options:
            assert strip(stream.stdout) == strip(store.stdout), f"{id_}\n{stream.stdout}\n{store.stdout}"
            for line in map(json.loads, store.stdout.splitlines()):
                holds(line, Path(dir_, "w"))
        assert stream.returncode == store.returncode and "panicked" not in stream.stderr + store.stderr, stream.stderr
        return stream


def holds(line, store):
    """The event is where it is said to be."""
    if "event" in line:
        at = line["at"]
        digits = at["segment"].removeprefix("sha256:")
        bytes_ = (store / "objects/sha256" / digits[:2] / digits[2:]).read_bytes()
        assert json.loads(bytes_[at["offset"]:].split(b"\n", 1)[0]) == line["event"]
        assert (store / at["lane"] / "manifest.json").is_file()


def check(events, id_, expected, *options):
    said = both(events, id_, *options)
    assert brief(said.stdout) == expected, f"{id_}\n{json.dumps(brief(said.stdout))}\n{json.dumps(expected)}"
    assert said.returncode == (0 if expected else 1), said


PRIVATE = {"scope": {"policy": "private"}}
MADE = ["authority", "boundary", "created", "layer"]


def chains():
    events = [
        event("a", 1, "n", "create_node", kind="k"), event("b", 2, "n", previous_events=["a"]),
        event("c", 3, "n", previous_events=["b"]), event("d", 4, "n", "delete_node", previous_events=["c"]),
        event("r", 5, None, "sensor_reading", sensor="u", value=1), event("r2", 6, None, "sensor_reading", sensor="u", value=2, previous_events=["r"]),
    ]
    alive = [e for e in events if e["event_id"] != "d"]
    check(alive, "n", [["self", None, "c", ["properties.p"]], ["set", None, "a", sorted(MADE + ["kind"])], ["cause", 1, "b", []], ["cause", 2, "a", []]])
    check(alive, "b", [["self", None, "b", []], ["cause", 1, "a", []], ["overruled_by", None, "c", ["properties.p"]], ["led_to", 1, "c", []]])
    check(events, "n", [["self", None, "d", ["deleted"]], ["cause", 1, "c", []], ["cause", 2, "b", []], ["cause", 3, "a", []]])
    check(events, "a", [["self", None, "a", []], ["overruled_by", None, "d", ["deleted"]], ["led_to", 1, "b", []], ["led_to", 2, "c", []], ["led_to", 3, "d", []]])
    check(events, "a", [["self", None, "a", []], ["overruled_by", None, "d", ["deleted"]], ["led_to", 1, "b", []]], "--depth", "1")
    check(events, "a/u", [["self", None, "r2", ["a/u"]], ["cause", 1, "r", []]])
    check(events, "r", [["self", None, "r", []], ["overruled_by", None, "r2", ["a/u"]], ["led_to", 1, "r2", []]])
    check(events, "2/b", brief(both(events, "b").stdout))
    check(events, "3/b", [])
    check(events, "nobody", [])
    # What stood in between, as a map's replay calls it.
    check(alive, "n@2/b", [["self", None, "b", ["properties.p"]], ["set", None, "a", sorted(MADE + ["kind"])], ["cause", 1, "a", []],
                           ["overruled_by", None, "c", ["properties.p"]], ["led_to", 1, "c", []]])
    check(events, "a/u@5/r", [["self", None, "r", ["a/u"]], ["overruled_by", None, "r2", ["a/u"]], ["led_to", 1, "r2", []]])
    more = both(events, "a", "--depth", "1", "--log", "json").stderr
    assert "why.more" in more and '"why.unknown"' in both(events, "nobody").stderr


def clocks():
    # A late clock comes after its cause all the same, and a name that is borne twice means both.
    events = [event("a", 100, "n"), event("b", 1, "n", previous_events=["a"])]
    check(events, "100.000000001/b", [["self", None, "b", ["properties.p"]], ["cause", 1, "a", []]])
    twice = [event("a", 1, "n"), event("a", 2, "m"), event("b", 3, "n", previous_events=["a"])]
    check(twice, "b", [["self", None, "b", ["properties.p"]], ["cause", 1, "a", []], ["cause", 1, "a", []]])
    ring = [event("a", 1, "n", previous_events=["b"]), event("b", 2, "n", previous_events=["a", "b"])]
    check(ring, "a", [["self", None, "a", []], ["cause", 1, "b", []], ["overruled_by", None, "b", ["properties.p"]], ["led_to", 1, "b", []]])


def folds():
    merge = event("m", 5, "n", "merge", absorbs=["o"], previous_events=["a", "b"])
    events = [event("a", 1, "n"), event("b", 2, "o"), merge]
    check(events, "b", [["self", None, "b", []], ["overruled_by", None, "m", ["absorbed_into"]], ["led_to", 1, "m", []]])
    check(events, "m", [["self", None, "m", ["absorbed_into"]], ["cause", 1, "b", []], ["cause", 1, "a", []]])
    check(events, "o", [["self", None, "m", ["absorbed_into"]], ["set", None, "b", ["properties.p"]], ["cause", 1, "b", []], ["cause", 1, "a", []]])
    ring = events + [event("w", 6, "o", "merge", absorbs=["n"], previous_events=["m", "b"])]
    check(ring, "a", [["self", None, "a", ["properties.p"]], ["led_to", 1, "m", []], ["led_to", 2, "w", []]])


def macros():
    stamp = event("m", 1, None, "macro.grid", template=[{"operation": "create_node", "node_id": "h{row}"}, {"operation": "link_nodes", "from_node": "h0", "to_node": "h{row}", "relation": "row"}], rows=2, columns=1, dx=1, dy=1)
    events = [stamp, event("c", 3, "h1"), event("x", 4, "h1", "create_node")]
    check(events, "m#0002", [["self", None, "m#0002", []], ["macro", None, "m", []], ["overruled_by", None, "x", MADE]])
    check(events, "h0", [["self", None, "m#0000", MADE], ["macro", None, "m", []]])
    check(events, "m#0009", [])
    said = [json.loads(l) for l in both(events, "m#0002").stdout.splitlines()]
    assert said[0]["operation"] == "create_node" and "event" not in said[0] and said[1]["event"]["operation"] == "macro.grid"


def links():
    link = lambda name, time, **more: event(name, time, None, "link_nodes", from_node="n", to_node="o", **more)
    events = [event("a", 1, "n", "create_node"), event("b", 1, "o", "create_node"), link("l", 2), link("k", 3, properties={"w": 1})]
    check(events, "l", [["self", None, "l", []], ["overruled_by", None, "k", ["link"]]])
    check(events, "k", [["self", None, "k", ["link"]]])
    cut = events + [event("u", 4, None, "unlink_nodes", from_node="n", to_node="o", observed=["k"])]
    check(cut, "k", [["self", None, "k", []], ["overruled_by", None, "u", ["link"]]])
    check(cut, "l", [["self", None, "l", ["link"]]])
    all_ = events + [event("u", 4, None, "unlink_nodes", from_node="n", to_node="o"), link("j", 5)]
    check(all_, "l", [["self", None, "l", []], ["overruled_by", None, "u", ["link"]]])
    check(all_, "j", [["self", None, "j", ["link"]]])


def alerts():
    alert = event("al", 1730000000, "flood", "create_node", kind="alert", transform={"position": [0, 0]}, properties={"event": "Flooding", "urgency": "Immediate", "severity": "Severe", "certainty": "Observed"})
    named = event("x" * 190, 1730000001, "flood", properties={"severity": "Extreme"}, previous_events=["al"])
    origin = event("o", 1, "@space", properties={"origin": {"lat": 52, "lon": 0, "height": 0}})
    events = [origin, alert, named]
    messages = [json.loads(l) for l in run("projector-alert", input=lines(events)).stdout.splitlines()]
    assert len(messages) == 2 and len(messages[1]["identifier"]) == 32, messages
    for message, name in zip(messages, ["al", "x" * 190]):
        for id_ in [message["identifier"], "urn:ulp:" + message["identifier"]]:
            said = brief(both(events, id_).stdout)
            assert said and said[0][:3] == ["self", None, name], (id_, said)


def hostile():
    names = ["-", "--help", "a b", "\"", "\\", "</script>", "'; rm", "a@b", "a+b", "1/1", "1/a/b", "ü", "\u202e", "\U0001f600", "x" * 256, "{}", "%00", "..", "evt-" + "0" * 32]
    events = [event(name, 10 + i, name, "create_node") for i, name in enumerate(names)]
    events += [event(f"s{i}", 100 + i, None, "sensor_reading", actor=name, sensor=name, value=i) for i, name in enumerate(names)]
    with tempfile.TemporaryDirectory() as dir_:
        Path(dir_, "t").write_text(lines(events))
        run("ulp-store", "init", "w", cwd=dir_)
        assert run("ulp-append", "--store", "w", "--now", "1900000000", "t", cwd=dir_).returncode == 0
        for i, name in enumerate(names):
            for id_, expected in [(name, [name, MADE]), (f"{name}/{name}", [f"s{i}", [f"{name}/{name}"]]), (f"{10 + i}/{name}", [name, MADE])]:
                said = run("ulp-why", "--store", "w", "--", id_, cwd=dir_)
                assert ["self", None, *expected] in brief(said.stdout), (id_, said)
        for id_ in ["", "\n", "a" * 100000, "@" * 500, "/" * 500, "+" * 500, "1/" * 300, "#", "a#", "a#1", "\x7f"]:
            for where in [["--store", "w"], []]:
                said = run("ulp-why", *where, "--", id_, *([] if where else ["t"]), cwd=dir_)
                assert said.returncode == 1 and "panicked" not in said.stderr, (id_[:40], said)


def lanes():
    hidden = event("p", 2, "n", **PRIVATE)
    events = [event("a", 1, "n", "create_node"), hidden, event("b", 3, "n", properties={"q": 1}, previous_events=["a", "p"]), event("c", 4, "n", properties={"r": 1}, previous_events=["b"], **PRIVATE), event("z", 5, "secret", **PRIVATE)]
    check(events, "p", [["self", None, None, []]])
    check(events, "secret", [["self", None, None, []]])
    check(events, "b", [["self", None, "b", ["properties.q"]], ["cause", 1, None, []], ["cause", 1, "a", []], ["led_to", 1, None, []]])
    check(events, "n", [["self", None, "b", ["properties.q"]], ["set", None, "a", MADE], ["cause", 1, None, []], ["cause", 1, "a", []], ["led_to", 1, None, []]])
    # Who names the lanes sees them; of what is stricter than an event it is still no cause.
    check(events, "n", [["self", None, "c", ["properties.r"]], ["set", None, "b", ["properties.q"]], ["set", None, "p", ["properties.p"]], ["set", None, "a", MADE], ["cause", 1, "b", []], ["cause", 2, None, []], ["cause", 2, "a", []]], "--policy", "private", "--policy", "public")
    said = both(events, "b")
    assert "secret" not in said.stdout and json.loads(said.stdout.splitlines()[1]).keys() == {"role", "depth", "hash"}
    whole = lines([{"layer_id": "default", "preserves_invariants": [], "previous_events": [], "tile": "z0/x0/y0"} | hidden | {"scope": {"realm": "team", "authority": "source", "boundary": "interior", "policy": "private"}}])
    canonical = json.dumps(json.loads(whole), sort_keys=True, separators=(",", ":"))
    digest = run("b3sum", "--no-names", input=canonical).stdout.strip()
    assert json.loads(said.stdout.splitlines()[1])["hash"] == f"blake3:{digest}"
    redacted = [event("a", 1, "n", "create_node", scope={"policy": "redacted"}, properties={"s": 1}), event("b", 2, "n")]
    check(redacted, "n", [["self", None, "b", ["properties.p"]], ["set", None, None, []]], "--policy", "redacted", "--policy", "public")
    check(redacted, "a", [["self", None, None, []]])
    chosen = [event("a", 1, "n", tile="z0/x0/y0"), event("b", 2, "n", tile="z0/x1/y0"), event("c", 3, "n", space="t")]
    check(chosen, "n", [["self", None, "a", ["properties.p"]]], "--space", "s", "--tile", "z0/x0/y0")
    check(chosen, "n", [["self", None, "b", ["properties.p"]], ["self", None, "c", ["properties.p"]]])
    check(chosen, "c", [], "--space", "s")


def consent():
    person = lambda time, word, name="p1": event(name, time, "alice", "create_node" if name == "p1" else "set_properties", **({"kind": "person"} if name == "p1" else {}), properties={"consent.hand-tracking": word})
    hand = event("h", 5, "hand", "create_node", properties={"sensor": "hand-tracking", "of": "alice"})
    reading = event("r", 6, None, "sensor_reading", sensor="grip", value=1, node_id="hand")
    below = event("w", 7, "watch", "create_node", transform={"parent": "hand"})
    link = event("l", 8, None, "link_nodes", from_node="lamp", to_node="watch", previous_events=["h"])
    lamp = event("i", 3, "lamp", "create_node")
    rest = [lamp, hand, reading, below, link]
    for events, shows in [
        ([person(1, "granted")] + rest, True), ([person(1, "denied")] + rest, False), (rest, False),
        ([person(1, "granted"), person(9, "denied", "p2")] + rest, False), ([person(1, "occluder-only")] + rest, False),
        # What was done before somebody consented stays hidden.
        ([person(1, "denied"), person(9, "granted", "p2")] + rest, False),
        # Who is deleted consents to nothing, and what is deleted was what it was.
        ([person(1, "granted"), event("d", 9, "alice", "delete_node")] + rest, False),
        ([person(1, "denied"), event("d", 9, "hand", "delete_node")] + rest, False),
    ]:
        for id_ in ["h", "hand", "r", "a/grip", "w", "watch", "l"]:
            said = both(events, id_)
            hidden = brief(said.stdout)[0][2] is None
            assert hidden != shows, (id_, said.stdout, lines(events))
            assert shows or all(set(json.loads(l)) == {"role", "hash"} for l in said.stdout.splitlines()), said.stdout
        assert brief(both(events, "lamp").stdout)[0] == ["self", None, "i", MADE]


def forms():
    events = [event("a", 1730000000, "n\u202e", "create_node", actor="x\u202ey"), event("b", 1730000000.5, "n\u202e", previous_events=["a"])]
    tree = both(events, "n\u202e", "-f", "tree").stdout
    assert "\u202e" not in tree and tree.splitlines()[0].startswith("b  set_properties by a at 2024-10-27T03:33:20.500Z"), tree
    assert tree.splitlines()[1].startswith("├─ set by a") and tree.splitlines()[2].startswith("└─ because of a"), tree
    state = run("ulp-materialize", input=lines(events)).stdout
    mixed = run("ulp-why", "b", "--log", "json", input=lines(events) + state)
    assert '"why.history":2' in mixed.stderr and brief(mixed.stdout) == brief(both(events, "b").stdout), mixed.stderr


def caches():
    """The index is right whatever happens to it, and to the store."""
    with tempfile.TemporaryDirectory() as dir_:
        w = Path(dir_, "w")
        origins = w / "cache/origins"
        run("ulp-store", "init", "w", cwd=dir_)

        def add(*events):
            said = run("ulp-append", "--store", "w", "--now", "1900000000", input=lines(events), cwd=dir_)
            assert said.returncode == 0, said.stderr

        def why(id_, *options):
            said = run("ulp-why", id_, "--store", "w", *options, cwd=dir_)
            assert "panicked" not in said.stderr, said.stderr
            return said

        def agrees(*ids):
            trace = run("ulp-materialize", "--store", "w", "--events", cwd=dir_).stdout
            for id_ in ids:
                stream = run("ulp-why", id_, input=trace, cwd=dir_)
                assert brief(why(id_).stdout) == brief(stream.stdout), (id_, why(id_), stream)

        add(event("b", 5, "n", previous_events=["a"]), event("c", 6, "n", previous_events=["b"]))
        agrees("b", "n", "a")
        # A cause that comes late, and moves all that was there.
        add(event("a", 100, "n"))
        agrees("b", "n", "a", "100.000000001/b", "100.000000002/c", "5/b")
        # One that moves nothing; a second of a name; what closes a ring.
        add(event("x", 7, "n", previous_events=["y"]))
        agrees("x")
        add(event("y", 1, "n"), event("b", 8, "m"), event("q", 9, "n", previous_events=["q2"]), event("q2", 10, "n", previous_events=["q"]))
        agrees("x", "y", "b", "q", "q2", "n", "m")
        for number in range(40):
            add(event(f"many{number}", 200 + number, "n", tile=f"z0/x{number % 3}/y0", previous_events=[f"many{number - 3}"] if number > 2 else []))
            why("n")
        agrees("n", "many0", "many39", "m")
        assert len(list(origins.iterdir())) < 12, list(origins.iterdir())
        good = why("n").stdout
        for path in sorted(origins.iterdir()):
            if not path.exists():
                continue
            bytes_ = path.read_bytes()
            for bad in [b"", bytes_[:-1], bytes_[: len(bytes_) // 2], bytes([bytes_[0] ^ 1]) + bytes_[1:], bytes_[:-40] + bytes([bytes_[-40] ^ 4]) + bytes_[-39:]]:
                if path.exists():
                    path.chmod(0o644)
                path.write_bytes(bad)
                assert why("n").stdout == good, path
        for path in origins.iterdir():
            path.unlink()
        assert why("n").stdout == good and (origins / "lanes").exists()
        # Another history in its place: nothing of the old one is believed.
        saved = Path(dir_, "saved")
        run("cp", "-a", str(origins), str(saved))
        run("rm", "-rf", "w", cwd=dir_)
        run("ulp-store", "init", "w", cwd=dir_)
        add(event("b", 5, "n"), event("k", 6, "n"))
        run("mkdir", "-p", str(w / "cache"))
        run("cp", "-a", str(saved), str(origins))
        agrees("b", "n", "k", "many0", "a")
        # What cannot be written is asked all the same, and a segment that is gone is said to be.
        if os.geteuid() != 0:
            run("chmod", "-R", "a-w", "w", cwd=dir_)
            agrees("n", "b")
            run("chmod", "-R", "u+w", "w", cwd=dir_)
        for path in (w / "objects/sha256").rglob("*"):
            if path.is_file():
                path.unlink()
        lost = why("k")
        assert lost.returncode == 3 and "store.missing" in lost.stderr, lost


def main():
    cases = [chains, clocks, folds, macros, links, alerts, hostile, lanes, consent, forms, caches]
    for case in [case for case in cases if not sys.argv[1:] or case.__name__ in sys.argv[1:]]:
        case()
    print(f"why: {len(cases)} groups of histories as by hand")


main()
