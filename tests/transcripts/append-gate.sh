# A gate without a store: a sensor's short line is completed, a whole one passes as it is, a wrong one is refused.
ulp-append --now 2026-05-01T12:00:00Z <<'T'
{"operation":"sensor_reading","sensor":"water_level","value":1.42,"tile":"z0/x12/y7","actor_id":"node:esp32_A12"}
{"operation":"sensor_reading","sensor":"water_level","value":1.43,"tile":"z0/x12/y7","actor_id":"node:esp32_A12"}
{"event_id":"e","timestamp":1730000000,"actor_id":"user:a","operation":"create_node","node_id":"@space"}
T
