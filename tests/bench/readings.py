"""Writes a trace of sensor readings: N of them into FILE, of SERIES series, as sensors on many gateways give them."""

import json
import random
import sys


def main():
    count, path = int(sys.argv[1]), sys.argv[2]
    series = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    chance = random.Random(7)
    kinds = [("water_level", "m", 1.0), ("rain", "mm/h", 0.5), ("battery", "V", 12.4), ("temperature", "Cel", 9.0)]
    values = [kinds[s % len(kinds)][2] for s in range(series)]
    with open(path, "w") as out:
        for n in range(count):
            s = n % series
            sensor, unit, usual = kinds[s % len(kinds)]
            values[s] += chance.uniform(-0.02, 0.02) * (1 + usual / 10)
            null = chance.random() < 0.001
            event = {
                "actor_id": f"node:gateway_{s // len(kinds)}",
                "event_id": f"evt-{chance.getrandbits(128):032x}",
                "layer_id": "sensors",
                "operation": "sensor_reading",
                "preserves_invariants": [],
                "previous_events": [],
                "scope": {"authority": "source", "boundary": "interior", "policy": "public", "realm": "team"},
                "sensor": sensor,
                "space_id": "valley",
                "tile": f"z0/x{s % 16}/y{s // 16 % 16}",
                "timestamp": 1767225600 + n // series * 60 + s % 60,
                "unit": unit,
                "value": None if null else round(values[s], 3),
            }
            out.write(json.dumps(event, separators=(",", ":")) + "\n")


main()
