#!/usr/bin/env python3
"""A trace of any size for the benchmarks: the same arguments, the same bytes.

usage: trace.py EVENTS OUT

A busy community in 256 tiles: nodes are made, moved, renamed, linked and now and then deleted, gauges read; each
tile's history forks and merges; clocks are skewed by actor, and one line in a hundred comes late. Members are not in
canonical order and some text is escaped, as real writers do it.
"""
import random
import sys

TILES, ACTORS = 256, 64
LABELS = ["dry well", "ford", "sandbags", "Brücke", "m\\u00fchle", "渡し場", "first aid", "boat 7"]
FILLS = ["#264653", "#2a9d8f", "#e9c46a", "#f4a261", "#e76f51", "#8ab17d"]
KINDS = ["boat", "door", "gauge", "label", "person", "pump", "rect", "tent"]
SENSORS = ["depth", "flow", "rain", "wind"]
LAYERS = ["layout", "layout", "people", "sensors"]
INVARIANTS = [
    '["consistency","authority_nontransfer"]',
    '["adjacency","exclusion","consistency"]',
    '["adjacency","exclusion","consistency","boundary_discipline","authority_nontransfer"]',
]


class Tile:
    def __init__(self, name):
        self.name, self.heads, self.past, self.nodes, self.links = name, [], [], [], []

    def parents(self, rng, name):
        """One head mostly; a fork on something older, or two heads that are joined."""
        if not self.heads:
            chosen = []
        elif rng.random() < 0.04 and len(self.heads) < 4:
            chosen = [rng.choice(self.past)]
            self.heads = [h for h in self.heads if h not in chosen]
        else:
            take = 2 if len(self.heads) > 1 and rng.random() < 0.25 else 1
            chosen = [self.heads.pop(rng.randrange(len(self.heads))) for _ in range(take)]
        self.heads.append(name)
        self.past = (self.past + [name])[-32:]
        return chosen


def payload(rng, tile, name, fresh):
    """An operation with its members as text, and whether it made a node."""
    roll = rng.random()
    xy = lambda: f"{rng.randrange(-200000, 200000) / 100},{rng.randrange(-200000, 200000) / 100}"
    if roll < 0.15 or len(tile.nodes) < 2:
        tile.nodes.append(fresh)
        return "create_node", (
            f'"node_id":"node:{fresh:06x}","kind":"{rng.choice(KINDS)}","transform":{{"position":[{xy()},0],'
            f'"scale":[{1 + rng.randrange(8) / 4},1,1]}},"properties":{{"label":"{rng.choice(LABELS)}","fill":"{rng.choice(FILLS)}"}}'
        ), True
    node = tile.nodes[int(len(tile.nodes) * rng.random() ** 2)]
    if roll < 0.55:
        turn = f',"rotation":[0,0,{rng.random():.6f},{rng.random():.6f}]' if rng.random() < 0.3 else ""
        return "update_transform", f'"node_id":"node:{node:06x}","transform":{{"position":[{xy()},{rng.randrange(800) / 8}]{turn}}}', False
    if roll < 0.80:
        sets = [f'"label":"{rng.choice(LABELS)}"', f'"fill":"{rng.choice(FILLS)}"', f'"opacity":{rng.randrange(100) / 100}', f'"rev":{rng.randrange(10**6)}']
        chosen = [s for s in sets if rng.random() < 0.5] or sets[3:]
        return "set_properties", f'"node_id":"node:{node:06x}","properties":{{{",".join(chosen)}}}', False
    if roll < 0.88:
        if tile.links and rng.random() < 0.35:
            a, b, tag = tile.links.pop(rng.randrange(len(tile.links)))
            return "unlink_nodes", f'"from_node":"node:{a:06x}","to_node":"node:{b:06x}","relation":"pipe","observed":["{tag}"]', False
        other = rng.choice(tile.nodes)
        tile.links.append((node, other, name))
        return "link_nodes", f'"from_node":"node:{node:06x}","to_node":"node:{other:06x}","relation":"pipe"', False
    if roll < 0.90:
        return "delete_node", f'"node_id":"node:{node:06x}"', False
    return "sensor_reading", f'"sensor":"{rng.choice(SENSORS)}","value":{rng.randrange(40000) / 100},"node_id":"node:{node:06x}"', False


def lines(events):
    rng = random.Random(20)
    tiles = [Tile(f"z4/x{i % 16}/y{i // 16}") for i in range(TILES)]
    actors = [(f"user:hand{i:02d}" if i % 4 else f"node:esp32_B{i:02d}", rng.randrange(-30, 31)) for i in range(ACTORS)]
    count, made = [0] * ACTORS, 0
    for i in range(events):
        tile = tiles[int(TILES * rng.random() ** 1.7)]
        who = rng.randrange(ACTORS)
        count[who] += 1
        name = f"evt-{who:02x}-{count[who]:06x}"
        parents = ",".join(f'"{p}"' for p in tile.parents(rng, name))
        operation, members, new = payload(rng, tile, name, made)
        made += new
        actor, skew = actors[who]
        yield (
            f'{{"event_id":"{name}","timestamp":{1730000000 + i // 20 + skew},"space_id":"demo","layer_id":"{rng.choice(LAYERS)}",'
            f'"actor_id":"{actor}","operation":"{operation}","scope":{{"realm":"{"team" if i % 10 < 7 else "public"}",'
            f'"authority":"source","boundary":"interior","policy":"public"}},"preserves_invariants":{rng.choice(INVARIANTS)},'
            f'"previous_events":[{parents}],"tile":"{tile.name}",{members}}}\n'
        )


def late(stream):
    """Holds one line in a hundred back for up to 200 lines."""
    rng, held = random.Random(21), []
    for i, line in enumerate(stream):
        if rng.random() < 0.01:
            held.append((i + rng.randrange(200), line))
        else:
            yield line
        while held and held[0][0] <= i:
            yield held.pop(0)[1]
    yield from (line for _, line in held)


if __name__ == "__main__":
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.writelines(late(lines(int(sys.argv[1]))))
