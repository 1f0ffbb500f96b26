#!/usr/bin/env python3
"""Random histories, asked about by ulp-why and by a slow reference written from the pages alone.

Usage: reference.py HISTORIES SEED. Each history is asked from a stream, shuffled, and from a store that grew by pieces.
"""
import json, random, subprocess, sys, tempfile
from pathlib import Path

REALMS, POLICIES = ["personal", "team", "public"], ["private", "redacted", "public"]
DEPTH, LIMIT = 8, 50


def no_stricter(a, b):
    return REALMS.index(a[0]) >= REALMS.index(b[0]) and POLICIES.index(a[1]) >= POLICIES.index(b[1])


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def history(rnd):
    """Some events that go wrong in every way in which clocks, names and lanes do."""
    events, nodes = [], [f"n{i}" for i in range(rnd.randint(1, 5))]
    for number in range(rnd.randint(1, 60)):
        tile = rnd.choice(["z0/x0/y0", "z0/x0/y0", "z0/x1/y-1"])
        realm = rnd.choice(["team"] * 6 + ["public", "public", "personal"])
        policy = rnd.choice(["public"] * 8 + ["private", "redacted"])
        before = [e["event_id"] for e in events if e["tile"] == tile]
        parents = rnd.sample(before, min(len(before), rnd.choice([0, 0, 1, 1, 2, 3])))
        if rnd.random() < 0.1:
            parents.append(f"evt{rnd.randint(0, 80)}")
        node = rnd.choice(nodes)
        event = {
            "event_id": f"evt{number}", "timestamp": 1000 + rnd.choice([number, number, 7, rnd.randint(-50, 90)]),
            "space_id": "s", "layer_id": "l", "actor_id": rnd.choice(["a", "b"]), "tile": tile,
            "scope": {"authority": "source", "boundary": "interior", "policy": policy, "realm": realm},
            "preserves_invariants": [], "previous_events": sorted(set(parents)),
        }
        does = rnd.choice(["create", "create", "set", "set", "move", "move", "delete", "read", "read", "fold", "none"])
        if does == "delete" and rnd.random() < 0.6:
            does = "set"
        event |= {
            "create": {"operation": "create_node", "node_id": node, "kind": "k", "properties": {"p": number}},
            "set": {"operation": "set_properties", "node_id": node, "properties": {rnd.choice("pq"): number % 3}},
            "move": {"operation": "update_transform", "node_id": node, "transform": {"position": [number, 0]}},
            "delete": {"operation": "delete_node", "node_id": node},
            "read": {"operation": "sensor_reading", "sensor": rnd.choice(["u", "v"]), "value": number},
            "fold": {"operation": "merge", "node_id": node, "absorbs": rnd.sample([n for n in nodes if n != node] or ["x"], 1)},
            "none": {"operation": "some_day"},
        }[does]
        if does == "fold":
            event["previous_events"] = sorted(set(event["previous_events"] + ["evt900", "evt901"]))
        events.append(event)
    return events


class World:
    def __init__(self, events):
        self.events = events
        self.by_name = {}
        for e in events:
            e_lane = (e["scope"]["realm"], e["scope"]["policy"])
            self.by_name.setdefault((e["tile"], e["event_id"]), []).append((e, e_lane))
        self.eff = self.order()

    def lane(self, e):
        return e["scope"]["realm"], e["scope"]["policy"]

    def causes(self, e):
        """All that bear the names that it names, with whether they count."""
        found = []
        for name in e["previous_events"]:
            for other, lane in self.by_name.get((e["tile"], name), []):
                if other is not e:
                    found.append((other, no_stricter(lane, self.lane(e))))
        return found

    def order(self):
        edges = {id(e): [o for o, counts in self.causes(e) if counts] for e in self.events}

        def reaches(start, goal):
            met, open_ = set(), [start]
            while open_:
                e = open_.pop()
                for o in edges[id(e)]:
                    if o is goal:
                        return True
                    if id(o) not in met:
                        met.add(id(o))
                        open_.append(o)
            return False

        inside = {(id(e), id(o)) for e in self.events for o in edges[id(e)] if reaches(o, e)}
        eff = {id(e): e["timestamp"] * 10**9 for e in self.events}
        changed = True
        while changed:
            changed = False
            for e in self.events:
                for o in edges[id(e)]:
                    if (id(e), id(o)) not in inside and eff[id(e)] <= eff[id(o)]:
                        eff[id(e)] = eff[id(o)] + 1
                        changed = True
        return eff

    def key(self, e):
        return self.eff[id(e)], e["event_id"]

    def shows(self, e):
        realm, policy = self.lane(e)
        return policy == "public" and realm != "personal"

    def asks(self, e, thing):
        """Whether a view takes in what it says of a thing."""
        realm, policy = self.lane(e)
        return self.shows(e)

    def writes(self, e):
        op, node = e["operation"], e.get("node_id")
        if op == "create_node":
            names = ["created", "layer", "authority", "boundary", "kind", "properties.p"]
            return {("n", node, name): e["properties"]["p"] if name == "properties.p" else name for name in names}
        if op == "set_properties":
            return {("n", node, f"properties.{k}"): v for k, v in e["properties"].items()}
        if op == "update_transform":
            return {("n", node, "position"): canonical(e["transform"]["position"])}
        if op == "delete_node":
            return {("n", node, "deleted"): ""}
        if op == "merge":
            return {("n", other, "absorbed_into"): canonical(node) for other in e["absorbs"]}
        if op == "sensor_reading":
            return {("s", e["actor_id"], e["sensor"]): e["value"]}
        return {}

    def standing(self, thing, all_lanes=False):
        best = None
        for e in self.events:
            if thing in self.writes(e) and (all_lanes or self.asks(e, thing)):
                rank = (self.key(e), canonical(self.writes(e)[thing]), canonical(e))
                if best is None or rank > best[0]:
                    best = (rank, e)
        return best and best[1]

    def survivor(self, node):
        met, at = set(), node
        while at not in met:
            met.add(at)
            e = self.standing(("n", at, "absorbed_into"))
            if e is None:
                return at if at != node else None
            at = e["node_id"]
        return None

    def over(self, thing):
        if thing[0] == "n":
            deleted = self.standing(("n", thing[1], "deleted"))
            if deleted is not None:
                return deleted, ("n", thing[1], "deleted")
            if thing[2] != "absorbed_into" and self.survivor(thing[1]) is not None:
                folded = ("n", thing[1], "absorbed_into")
                return self.standing(folded), folded
        return self.standing(thing), thing

    def walk(self, start, role, next_, out):
        met, level, depth, told = {id(start)}, [start], 0, 0
        while level:
            depth += 1
            below = []
            for e in level:
                for o, counts in next_(e):
                    if id(o) in met:
                        continue
                    if depth > DEPTH or told == LIMIT:
                        return
                    met.add(id(o))
                    told += 1
                    shows = counts and self.shows(o)
                    out.append((role, depth, o["event_id"] if shows else None, frozenset()))
                    if shows:
                        below.append(o)
            level = below

    def tell(self, e, things, sets, out):
        shown = self.shows(e)
        if not shown:
            out.append(("self", None, None, frozenset()))
            return
        mine = len(out)
        out.append(None)
        for group in sets:
            out.append(("set", None, group[0]["event_id"] if self.shows(group[0]) else None, frozenset(group[1])))
        down = lambda of: sorted(self.causes(of), key=lambda pair: self.key(pair[0]), reverse=True)
        self.walk(e, "cause", down, out)
        stands, overruled = set(), {}
        for thing in self.writes(e):
            by, instead = self.over(thing)
            if by is e:
                stands.add(instead)
            else:
                overruled.setdefault(self.key(by), (by, set()))[1].add(instead)
        for _, (by, instead) in sorted(overruled.items()):
            out.append(("overruled_by", None, by["event_id"], frozenset(instead)))
        up = lambda of: sorted(
            [(o, True) for o in self.events if o["tile"] == of["tile"] and of["event_id"] in o["previous_events"]
             and o is not of and no_stricter(self.lane(of), self.lane(o))], key=lambda pair: self.key(pair[0]))
        self.walk(e, "led_to", up, out)
        out[mine] = ("self", None, e["event_id"], frozenset(stands if things is None else things))

    def things_of(self, node, all_lanes):
        names = {t for e in self.events for t in self.writes(e) if t[:2] == ("n", node)}
        if not all_lanes and self.standing(("n", node, "deleted")):
            names = {("n", node, "deleted")}
        groups = {}
        for thing in names:
            e = self.standing(thing, all_lanes)
            if e is not None:
                groups.setdefault(self.key(e), (e, set()))[1].add(thing)
        return [groups[key] for key in sorted(groups, reverse=True)]

    def why(self, id_):
        out = []
        for e in sorted([e for e in self.events if e["event_id"] == id_], key=self.key, reverse=True):
            self.tell(e, None, [], out)
        for groups, all_lanes in [(self.things_of(id_, False), False), (self.things_of(id_, True), True)]:
            if groups:
                sets = [] if all_lanes else groups[1:]
                self.tell(groups[0][0], groups[0][1], sets, out)
                break
        if "/" in id_:
            thing = ("s", *id_.split("/", 1))
            e = self.standing(thing) or self.standing(thing, True)
            if e is not None:
                self.tell(e, {thing}, [], out)
        return out


def told(text):
    answers = []
    for line in text.splitlines():
        line = json.loads(line)
        things = frozenset(
            ("n", t["node_id"], t["register"]) if "node_id" in t else ("s", t["actor_id"], t["sensor"])
            for t in line.get("registers", []))
        if "event" not in line:
            assert set(line) <= {"role", "depth", "hash"}, line
        answers.append((line["role"], line.get("depth"), line["event"]["event_id"] if "event" in line else None, things))
    return answers


def run(args, **options):
    return subprocess.run(args, capture_output=True, text=True, **options)


def without_place(text):
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        line.pop("at", None)
    return lines


def main():
    count, seed = int(sys.argv[1]), sys.argv[2]
    asked = 0
    for number in range(count):
        rnd = random.Random(f"{seed} {number}")
        events = history(rnd)
        world = World(events)
        with tempfile.TemporaryDirectory() as dir_:
            dir_ = Path(dir_)
            lines = [canonical(e) for e in events]
            rnd.shuffle(lines)
            (dir_ / "t").write_text("".join(line + "\n" for line in lines))
            run(["ulp-store", "init", "w"], cwd=dir_)
            ids = {e["event_id"] for e in events} | {f"n{i}" for i in range(5)} | {"a/u", "b/v", "nobody"}
            ids = rnd.sample(sorted(ids), min(len(ids), 6))
            pieces = sorted(rnd.randint(0, len(lines)) for _ in range(3)) + [len(lines)]
            start = 0
            for end in pieces:
                run(["ulp-append", "--store", "w", "--now", "2000000000"], cwd=dir_, input="".join(l + "\n" for l in lines[start:end]))
                start = end
                run(["ulp-why", ids[0], "--store", "w"], cwd=dir_)
            for id_ in ids:
                asked += 1
                stream, store = run(["ulp-why", id_, "t"], cwd=dir_), run(["ulp-why", id_, "--store", "w"], cwd=dir_)
                where = f"history {number} of seed {seed}: {id_}\n" + "\n".join(sorted(lines, key=lambda l: json.loads(l)["event_id"]))
                assert stream.returncode == store.returncode, f"{where}\n{stream}\n{store}"
                assert without_place(stream.stdout) == without_place(store.stdout), f"{where}\n{stream.stdout}\n{store.stdout}"
                wanted = world.why(id_)
                assert told(stream.stdout) == wanted, f"{where}\n{told(stream.stdout)}\n{wanted}"
                assert stream.returncode == (0 if wanted else 1), f"{where}\n{stream}"
                if id_.startswith("evt"):
                    e = next(e for e in events if e["event_id"] == id_)
                    eff = world.eff[id(e)]
                    whole, rest = divmod(eff, 10**9)
                    key = f"{whole}" + (f".{rest:09}".rstrip("0") if rest else "") + f"/{id_}"
                    assert told(run(["ulp-why", key, "t"], cwd=dir_).stdout) == wanted, f"{where}\n{key}"
    print(f"why: {asked} questions about {count} histories")


main()
