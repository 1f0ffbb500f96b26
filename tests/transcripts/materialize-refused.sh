ulp-materialize <<'T'
{"event_id":"a","timestamp":1730000000000,"actor_id":"u","operation":"create_node","node_id":"n"}
{"operation":"sensor_reading","sensor":"level","value":1.42,"actor_id":"node:esp32_A12"}
{"event_id":"a","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"n","node_id":"m"}
{"event_id":"a","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"@space"}
T
