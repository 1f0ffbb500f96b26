#!/usr/bin/env python3
"""A trace of so many events in 64 tiles, three in ten of them in one: the same argument, the same bytes.

usage: trace.py EVENTS
"""
import random
import sys

TILES = [f"z0/x{x}/y{y}" for x in range(8) for y in range(8)]
HOT = "z0/x3/y4"


def main():
    rng, made, heads = random.Random(1), {}, {}
    for number in range(int(sys.argv[1])):
        tile = HOT if rng.random() < 0.3 else rng.choice(TILES)
        nodes = made.setdefault(tile, [])
        parents = f'"{heads[tile]}"' if tile in heads else ""
        heads[tile] = name = f"evt-{number:08}"
        x, y = rng.randrange(102400) / 100, rng.randrange(102400) / 100
        roll = rng.random()
        if roll < 0.2 or not nodes:
            nodes.append(f"{tile}:{len(nodes)}")
            what = f'"node_id":"{nodes[-1]}","operation":"create_node","kind":"house","transform":{{"position":[{x},{y}]}},"geometry":{{"kind":"rect","width":8,"height":6}}'
        elif roll < 0.6:
            what = f'"node_id":"{rng.choice(nodes)}","operation":"set_properties","properties":{{"people":{rng.randrange(9)}}}'
        elif roll < 0.8:
            what = f'"node_id":"{rng.choice(nodes)}","operation":"update_transform","transform":{{"position":[{x},{y}]}}'
        else:
            gauge = rng.randrange(4)
            what = f'"operation":"sensor_reading","sensor":"level","value":{rng.randrange(300) / 100},"unit":"m","actor_id":"gauge:{tile}:{gauge}"'
        actor = "" if "actor_id" in what else f',"actor_id":"user:{rng.randrange(50)}"'
        print(f'{{"event_id":"{name}","timestamp":{1730000000 + number},"space_id":"valley","tile":"{tile}","previous_events":[{parents}]{actor},{what}}}')


main()
